"""Windows of local time: where an hour, day, week or month begins in a zone, as moments in UTC.

The engine is given edges, never a zone: its own functions merge the hour that a clock change repeats. Edges are
brought into runs of equal width, because a year of days is four runs (two of them a day long, at the clock changes),
and a comparison per run is cheaper than a join.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from tachograph.metric import EPOCH, FIRST_US, LAST_US, microseconds_of, moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

WindowKind = Literal["hour", "day", "week", "month"]

HOUR_US: Final = 3_600_000_000
DAY_US: Final = 24 * HOUR_US
_SECOND_US: Final = 1_000_000
_LIMIT_US: Final = 2 * DAY_US
"""So near to the ends of the calendar a local time may not exist; the offset of the nearest that does is taken."""


class Run(msgspec.Struct, frozen=True):
    """`count` windows of `width_us` each, one after the other, the first beginning at `start_us`."""

    start_us: int
    width_us: int
    count: int

    @property
    def end_us(self) -> int:
        """Where the last window ends."""
        return self.start_us + self.width_us * self.count


def runs(kind: WindowKind, zone: tzinfo, days: Iterable[int]) -> list[Run]:
    """The windows that cover the given days, in order.

    `days` are numbers of whole UTC days since 1970 in which something happened, so that moments that lie centuries
    apart cost nothing for the time between.
    """
    active = stretches(days)
    if kind == "hour":
        return as_runs(window for first, last in active for window in _hours(first * DAY_US, (last + 1) * DAY_US, zone))
    begins: dict[date, None] = {}
    for first, last in active:
        day = _first_of(kind, local_date(first * DAY_US, zone, -1))
        end = local_date((last + 1) * DAY_US - 1, zone, 1)
        while day <= end:
            begins[day] = None
            following = _next(kind, day)
            if following <= day:
                break
            day = following
    return as_runs(_dated(kind, begins, zone))


def window_start(windows: Iterable[Run], moment: str) -> str:
    """The beginning of the window of a moment, in SQL; every number in it is our own."""
    return _cases(
        windows,
        moment,
        lambda run: str(run.start_us) if run.count == 1 else f"{moment} - {_into(run, moment)}",
    )


def window_end(windows: Iterable[Run], moment: str) -> str:
    """Where the window of a moment ends, in SQL."""
    return _cases(
        windows,
        moment,
        lambda run: str(run.end_us) if run.count == 1 else f"{moment} - {_into(run, moment)} + {run.width_us}",
    )


def _into(run: Run, moment: str) -> str:
    return f"({moment} - ({run.start_us})) % {run.width_us}"


def _cases(windows: Iterable[Run], moment: str, edge: Callable[[Run], str]) -> str:
    branches = [f"WHEN {moment} < {run.end_us} THEN {edge(run)}" for run in windows]
    return f"CASE {' '.join(branches)} END"


def label(start_us: int, zone: tzinfo) -> str:
    """A window's beginning as ISO 8601 with the zone's offset at that moment."""
    start = moment(min(max(start_us, FIRST_US), LAST_US))
    try:
        return start.astimezone(zone).isoformat()
    except OverflowError:
        return start.isoformat()


def midnight(day: date, zone: tzinfo) -> int:
    """The first moment of a local date, in microseconds since 1970.

    Where the clocks pass over midnight it is the moment of the change, where they show it twice the first. A date
    that was left out altogether begins where the next one does.
    """
    naive = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the zone's rules are applied below
    first = naive - _offset(naive.replace(tzinfo=zone))
    exists = _shows(first, zone) == naive
    if exists:
        return microseconds_of(first)
    before, after = first - timedelta(days=1), first + timedelta(days=1)
    while after - before > timedelta(microseconds=1):  # when do the clocks first show midnight or later?
        middle = before + (after - before) // 2
        if _shows(middle, zone) >= naive:
            after = middle
        else:
            before = middle
    return microseconds_of(after)


def _offset(aware: datetime) -> timedelta:
    return aware.utcoffset() or timedelta(0)


def _shows(naive_utc: datetime, zone: tzinfo) -> datetime:
    """What the clocks of the zone show at a moment, both without a zone."""
    return naive_utc.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)


def offset_us(us: int, zone: tzinfo) -> int:
    """How far the clocks of the zone are ahead of UTC at a moment, in microseconds."""
    clamped = min(max(us, FIRST_US + _LIMIT_US), LAST_US - _LIMIT_US)
    return _offset(moment(clamped).astimezone(zone)) // timedelta(microseconds=1)


def local_date(us: int, zone: tzinfo, margin_days: int = 0) -> date:
    """The date that the clocks show at a moment, or so many days later, within the calendar."""
    local = us + offset_us(us, zone) + margin_days * DAY_US
    return moment(min(max(local, FIRST_US), LAST_US)).date()


def stretches(days: Iterable[int]) -> list[tuple[int, int]]:
    """Runs of days that are near each other, as (first, last), in order."""
    found: list[tuple[int, int]] = []
    for day in sorted(set(days)):
        if found and day <= found[-1][1] + 3:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def _first_of(kind: WindowKind, day: date) -> date:
    if kind == "week":
        return day - timedelta(days=min(day.weekday(), day.toordinal() - 1))
    return day.replace(day=1) if kind == "month" else day


def _next(kind: WindowKind, day: date) -> date:
    """The beginning of the window after; the last day of the calendar has none and stands for itself."""
    try:
        if kind == "month":
            return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
        return day + timedelta(days=7 if kind == "week" else 1)
    except OverflowError:
        return day


def _dated(kind: WindowKind, begins: Iterable[date], zone: tzinfo) -> Iterator[tuple[int, int]]:
    for day in sorted(begins):
        following = _next(kind, day)
        start = edge(day, zone)
        end = edge(following, zone) if following > day else LAST_US + 1
        if end > start:
            yield start, end


def edge(day: date, zone: tzinfo) -> int:
    """`midnight`, also where the calendar ends."""
    if zone is UTC:
        return (day.toordinal() - EPOCH.toordinal()) * DAY_US
    try:
        return midnight(day, zone)
    except OverflowError:
        midnight_utc = (day.toordinal() - EPOCH.toordinal()) * DAY_US
        return midnight_utc - offset_us(midnight_utc, zone)


def _hours(start_us: int, end_us: int, zone: tzinfo) -> Iterator[tuple[int, int]]:
    """The hours of a stretch of time; a clock change ends one and begins another."""
    position = start_us - DAY_US  # so that a change in the hour before the stretch is known
    offset = offset_us(position, zone)
    position -= (position + offset) % HOUR_US
    while position < end_us:
        change = next_change(position, end_us, zone)
        limit = end_us if change is None else change
        while position < limit:
            following = position + HOUR_US - (position + offset) % HOUR_US
            if change is not None:
                following = min(following, change)
            yield position, following
            position = following
        offset = offset_us(position, zone)


def next_change(start_us: int, end_us: int, zone: tzinfo) -> int | None:
    """The first moment after `start_us` and before `end_us` with another offset than the moment before it."""
    position = start_us
    offset = offset_us(position, zone)
    while position < end_us:
        ahead = min(position + DAY_US // 4, end_us)
        if offset_us(ahead, zone) != offset:
            before, after = position // _SECOND_US, -(-ahead // _SECOND_US)
            while after - before > 1:
                middle = (before + after) // 2
                if offset_us(middle * _SECOND_US, zone) == offset:
                    before = middle
                else:
                    after = middle
            change = after * _SECOND_US
            return change if change < end_us else None
        position = ahead
    return None


def as_runs(windows: Iterable[tuple[int, int]]) -> list[Run]:
    """Brings windows that follow each other and have the same width into runs."""
    merged: list[Run] = []
    for start, end in windows:
        last = merged[-1] if merged else None
        if last and start < last.end_us:
            continue
        if last and last.end_us == start and last.width_us == end - start:
            merged[-1] = Run(last.start_us, last.width_us, last.count + 1)
        else:
            merged.append(Run(start, end - start, 1))
    return merged
