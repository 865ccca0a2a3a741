"""Windows of any width: the "Windows" of docs/queries.md.

All moments that come in and go out are in UTC.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from .windows import DAY, MINUTE, changes, day_of, first_moment

INSTANT = timedelta(microseconds=1)
EPOCH = date(1970, 1, 1)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WINDOW = re.compile(r"(?:(?P<n>[1-9]\d*) )?(?P<unit>minute|hour|day|week|month)s?")


class Windows(NamedTuple):
    """Windows of `n` units by the clock or the calendar of a zone."""

    n: int
    unit: str
    zone: str
    week_start: str = "monday"
    month_start: int = 1

    def start(self, moment: datetime) -> datetime:
        """The first moment of the window that `moment` is in."""
        if self.unit in ("minute", "hour"):
            wall = moment.astimezone(ZoneInfo(self.zone))
            begun = moment - (_since_midnight(wall) - self._mark_before(wall))
            return max([begun, *changes(begun, moment, self.zone)])
        return first_moment(self._first_day(self._number(day_of(moment, self.zone))), self.zone)

    def after(self, start: datetime) -> datetime:
        """The start of the window after the one that begins at `start`."""
        if self.unit in ("minute", "hour"):
            wall = start.astimezone(ZoneInfo(self.zone))
            mark = min(DAY, self._mark_before(wall) + self._width())
            over = start + (mark - _since_midnight(wall))
            return min([over, *changes(start, over, self.zone)])
        number = self._number(day_of(start, self.zone)) + 1
        while first_moment(self._first_day(number), self.zone) <= start:  # a day may have no moment at all
            number += 1
        return first_moment(self._first_day(number), self.zone)

    def back(self, start: datetime, windows: int) -> datetime:
        """The start of the window so many before the one that begins at `start`."""
        for _ in range(windows):
            start = self.start(start - INSTANT)
        return start

    def between(self, start: datetime, end: datetime) -> list[datetime]:
        """The starts of all windows with a moment in start <= moment < end."""
        starts = []
        window = self.start(start) if start < end else end
        while window < end:
            starts.append(window)
            window = self.after(window)
        return starts

    def _width(self) -> timedelta:
        return self.n * (60 if self.unit == "hour" else 1) * MINUTE

    def _mark_before(self, wall: datetime) -> timedelta:
        """When the window began by the wall clock, from its midnight on."""
        return _since_midnight(wall) // self._width() * self._width()

    def _number(self, day: date) -> int:
        """Which window a day is in: 0 begins with the unit that 1 January 1970 is in."""
        return (self._units(day) - self._units(EPOCH)) // self.n

    def _units(self, day: date) -> int:
        """How many units there were before the day's since the calendar's beginning."""
        if self.unit == "month":
            return day.year * 12 + day.month - 1 - (day.day < self.month_start)
        return day.toordinal() if self.unit == "day" else (day.toordinal() - 1 - self._shift()) // 7

    def _first_day(self, number: int) -> date:
        units = self._units(EPOCH) + number * self.n
        if self.unit == "month":
            return date(units // 12, units % 12 + 1, self.month_start)
        return date.fromordinal(units if self.unit == "day" else units * 7 + 1 + self._shift())

    def _shift(self) -> int:
        """The first weekday of weeks; the calendar's first day was a Monday."""
        return WEEKDAYS.index(self.week_start)


def windows(dimension: str, zone: str, week_start: str, month_start: int) -> Windows | None:
    """The windows that a dimension names, such as "hour" or "15 minutes"; None if it is no window."""
    named = WINDOW.fullmatch(dimension)
    return named and Windows(int(named["n"] or 1), named["unit"], zone, week_start, month_start)


def zone_name(zone: tzinfo) -> str:
    """The IANA name of a query's zone."""
    return str(getattr(zone, "key", "UTC"))


def label(start: datetime, zone: str) -> str:
    """ISO 8601 with the zone's offset at that moment."""
    return start.astimezone(ZoneInfo(zone)).isoformat()


def is_midnight(moment: datetime, zone: str) -> bool:
    """Whether a local day begins at that moment."""
    return first_moment(day_of(moment, zone), zone) == moment.astimezone(UTC)


def _since_midnight(wall: datetime) -> timedelta:
    return datetime.combine(date.min, wall.time()) - datetime.combine(date.min, time())
