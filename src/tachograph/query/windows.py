"""Windows of any width: where each begins, in SQL and in Python.

Days, weeks and months begin at edges that Python's zones give. Hours and minutes are cut out of what the clock shows,
a new one wherever it was changed. Both agree with `aggregate.windows` where that has the kind.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final, Protocol, get_args

import msgspec

from tachograph.aggregate.windows import DAY_US, Run, as_runs, edge, local_date, stretches, window_start
from tachograph.metric import EPOCH, FIRST_US, LAST_US
from tachograph.query.model import Query, Weekday
from tachograph.query.offsets import clock_window, offsets
from tachograph.query.widths import Width, width

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import tzinfo

_MINUTE_US: Final = 60_000_000
_EPOCH_DAY: Final = EPOCH.toordinal()
_EPOCH_WEEKDAY: Final = 3
"""1 January 1970 was a Thursday, counted from Monday as 0."""


class Windows(Protocol):
    """All windows of one width, in one zone."""

    def start(self, moment: str, days: Iterable[int]) -> str:
        """When the window of a moment in one of those days (of UTC, counted from 1970) begins, in SQL."""

    def covering(self, first_us: int, last_us: int) -> list[Run]:
        """The windows from the one that holds a moment to the one that holds another, in order."""


class QueryWindows(msgspec.Struct, frozen=True):
    """The dimension of a query that is a window: which one, from 0, how wide, and all windows of that width."""

    index: int
    width: Width
    all: Windows

    def since(self, moment_us: int, more: int) -> int:
        """When the window begins that is so many before the one of a moment, or the calendar's first."""
        if not more:
            return _begin(self.all.covering(moment_us, moment_us))
        # A month is never longer than 31 days, and a clock change no longer than a day.
        months = self.width.unit == "month"
        reach = more * (self.width.at_least_us * 32 // 28 if months else self.width.at_least_us) + 2 * DAY_US
        begins = list(each_start(self.all.covering(max(moment_us - reach, FIRST_US), moment_us)))
        return begins[max(len(begins) - 1 - more, 0)]

    def count(self, start_us: int, end_us: int) -> int:
        """How many windows have anything from a moment until before another, later one."""
        return sum(run.count for run in self.all.covering(start_us, end_us - 1))


def day_windows(query: Query) -> QueryWindows:
    """The days of a query's zone."""
    wide = Width(1, "day")
    return QueryWindows(0, wide, _Dated(wide, query))


def windows_of(query: Query) -> QueryWindows | None:
    """The windows among a checked query's dimensions; None where there are none."""
    for index, name in enumerate(query.by):
        wide = width(name)
        if wide and wide.minutes:
            return QueryWindows(index, wide, _Clocked(wide.minutes * _MINUTE_US, query.zone))
        if wide:
            return QueryWindows(index, wide, _Dated(wide, query))
    return None


def each_start(found: Iterable[Run]) -> Iterator[int]:
    """When each window of runs begins."""
    return (start for run in found for start in range(run.start_us, run.end_us, run.width_us))


def _begin(runs: list[Run]) -> int:
    last = runs[-1]
    return last.end_us - last.width_us


def _overlapping(found: list[Run], first_us: int, last_us: int) -> list[Run]:
    """The windows of runs that hold anything from one moment to another, both included."""
    cut = []
    for run in found:
        skipped = max((first_us - run.start_us) // run.width_us, 0)
        count = min((last_us - run.start_us) // run.width_us + 1, run.count)
        if count > skipped:
            cut.append(Run(run.start_us + skipped * run.width_us, run.width_us, count - skipped))
    return cut


class _Clocked:
    """Windows of minutes."""

    def __init__(self, width_us: int, zone: tzinfo) -> None:
        self._width_us = width_us
        self._zone = zone

    def start(self, moment: str, days: Iterable[int]) -> str:
        return clock_window(offsets(self._zone, days), moment, self._width_us)

    def covering(self, first_us: int, last_us: int) -> list[Run]:
        days = range(first_us // DAY_US, last_us // DAY_US + 1)
        return _overlapping(as_runs(self._pieces(days)), first_us, last_us)

    def _pieces(self, days: Iterable[int]) -> Iterator[tuple[int, int]]:
        for offset in offsets(self._zone, days):
            position = offset.start_us
            while position < offset.end_us:
                into_day = (position + offset.ahead_us) % DAY_US
                left = min(self._width_us - into_day % self._width_us, DAY_US - into_day)
                yield position, min(position + left, offset.end_us)
                position += left


class _Dated:
    """Windows of days, weeks or months, numbered from the one that 1 January 1970 is in."""

    def __init__(self, wide: Width, query: Query) -> None:
        self._wide = wide
        self._zone = query.zone
        self._month_start = query.month_start
        self._week_shift = (_EPOCH_WEEKDAY - get_args(Weekday).index(query.week_start)) % 7

    def start(self, moment: str, days: Iterable[int]) -> str:
        spans = [(first * DAY_US, (last + 1) * DAY_US - 1) for first, last in stretches(days)]
        found = as_runs(window for first, last in spans for window in self._between(first, last))
        return window_start(found, moment) if found else "NULL::BIGINT"

    def covering(self, first_us: int, last_us: int) -> list[Run]:
        return _overlapping(as_runs(self._between(first_us, last_us)), first_us, last_us)

    def _between(self, first_us: int, last_us: int) -> Iterator[tuple[int, int]]:
        first = self._number(local_date(first_us, self._zone, -1))
        last = self._number(local_date(last_us, self._zone, 1))
        for number in range(first, last + 1):
            start, end = self._edge(number), self._edge(number + 1)
            if end > start:
                yield start, end

    def _number(self, day: date) -> int:
        """The number of the window that a date is in."""
        if self._wide.unit == "month":
            units = (day.year - 1970) * 12 + day.month - 1 - (day.day < self._month_start) + (self._month_start > 1)
        else:
            units = day.toordinal() - _EPOCH_DAY
            if self._wide.unit == "week":
                units = (units + self._week_shift) // 7
        return units // self._wide.count

    def _edge(self, number: int) -> int:
        """When a window begins; before the calendar that is its beginning, after it its end."""
        units = number * self._wide.count
        if self._wide.unit == "month":
            year, month = divmod(units + 1970 * 12 - (self._month_start > 1), 12)
            if not 1 <= year <= 9999:
                return FIRST_US - DAY_US if year < 1 else LAST_US + 1
            return edge(date(year, month + 1, self._month_start), self._zone)
        days = units * 7 - self._week_shift if self._wide.unit == "week" else units
        ordinal = days + _EPOCH_DAY
        if not 1 <= ordinal <= date.max.toordinal():
            return FIRST_US - DAY_US if ordinal < 1 else LAST_US + 1
        return edge(date.fromordinal(ordinal), self._zone)
