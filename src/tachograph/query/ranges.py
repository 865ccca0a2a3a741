"""Ranges of time by name: "today", "this month", "last week", "last 7 days", "last 24 hours".

Days, weeks, months, quarters and years are whole ones of the zone. "last week" is the one before this; "last 2 weeks"
are two of which this one is the last, up to its end. Quarters and years are the windows of 3 and 12 months: those of
the calendar where months begin on its first day. Hours and minutes go back from now.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Final, NoReturn

from tachograph.aggregate.windows import midnight
from tachograph.errors import BadQuestion
from tachograph.metric import moment
from tachograph.query.closest import closest
from tachograph.query.values import WEEKDAYS

if TYPE_CHECKING:
    from tachograph.query.model import Weekday

Range = tuple[datetime, datetime]

_SHORT: Final = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
_WHOLE: Final = ("week", *_MONTHS)
_UNITS: Final = (*_SHORT, "day", *_WHOLE)
_LIKE: Final = (
    "today",
    "yesterday",
    *(f"{which} {unit}" for which in ("this", "last") for unit in _WHOLE),
    "last 7 days",
    "last 24 hours",
)
_COUNTED: Final = re.compile(r"last ([0-9]{1,9}) ([a-z]+)")


def named_range(
    text: str,
    now: datetime,
    zone: tzinfo = UTC,
    *,
    week_start: Weekday = "monday",
    month_start: int = 1,
    where: str | None = None,
) -> Range:
    """From when, and up to (without) when; aware. `now` is aware too.

    Raises `BadQuestion` for what names no range, with `where` as its place, and for one that leaves the calendar.
    """
    return _Calendar(now, zone, WEEKDAYS.index(week_start), month_start).range(text, where)


class _Calendar:
    """A moment, and how its zone's days are brought together."""

    def __init__(self, now: datetime, zone: tzinfo, week_start: int, month_start: int) -> None:
        self._now = now.astimezone(UTC)
        self._zone = zone
        self._today = now.astimezone(zone).date()
        self._week_start = week_start
        self._month_start = month_start

    def range(self, text: str, where: str | None) -> Range:
        """The range of that name."""
        name = " ".join(text.lower().split())
        try:
            found = self._single(name) or self._counted(name)
        except (OverflowError, ValueError):
            raise BadQuestion(f"{text!r} leaves the calendar", where=where, mend="ask for fewer") from None
        if found is None:
            _unknown(text, name, where)
        return found

    def _single(self, name: str) -> Range | None:
        if name in {"today", "yesterday"}:
            last = self._today if name == "today" else self._today - timedelta(days=1)
            return self._days(last, last + timedelta(days=1))
        which, _, unit = name.partition(" ")
        if which not in {"this", "last"} or unit not in _WHOLE:
            return None
        return self._whole(unit, 0 if which == "this" else 1, 1)

    def _counted(self, name: str) -> Range | None:
        written = _COUNTED.fullmatch(name)
        if written is None or int(written[1]) == 0:
            return None
        unit = written[2].removesuffix("s")
        number = int(written[1])
        if unit in _SHORT:
            return self._now - number * _SHORT[unit], self._now
        if unit == "day":
            tomorrow = self._today + timedelta(days=1)
            return self._days(tomorrow - timedelta(days=number), tomorrow)
        return self._whole(unit, 0, number) if unit in _WHOLE else None

    def _whole(self, unit: str, back: int, number: int) -> Range:
        """So many weeks, months, quarters or years, of which the last is so many before this one."""
        if unit == "week":
            this = self._today - timedelta(days=(self._today.weekday() - self._week_start) % 7)
            following = this + timedelta(weeks=1 - back)
            return self._days(following - timedelta(weeks=number), following)
        width = _MONTHS[unit]
        end = self._month() // width + 1 - back
        return self._days(self._first_of((end - number) * width), self._first_of(end * width))

    def _month(self) -> int:
        """The number of today's month, counted from the one that 1 January 1970 is in."""
        return _months(self._today, self._month_start) - _months(date(1970, 1, 1), self._month_start)

    def _first_of(self, month: int) -> date:
        year, place = divmod(month + _months(date(1970, 1, 1), self._month_start), 12)
        return date(year, place + 1, self._month_start)

    def _days(self, first: date, end: date) -> Range:
        return moment(midnight(first, self._zone)), moment(midnight(end, self._zone))


def _months(day: date, month_start: int) -> int:
    """How many months that begin on that day of the month have begun since year 0."""
    return day.year * 12 + day.month - 1 - (day.day < month_start)


def _unknown(text: str, name: str, where: str | None) -> NoReturn:
    written = _COUNTED.fullmatch(name if name.startswith("last ") else f"last {name}")
    if written and int(written[1]) and written[2].removesuffix("s") in _UNITS:
        mend = f"say last {written[1]} {written[2]}"
    elif written and int(written[1]):
        mend = f"count {', '.join(f'{unit}s' for unit in _UNITS)}"
    else:
        mend = closest(name, _LIKE)
    raise BadQuestion(f"{text!r} is no range of time", where=where, mend=mend)
