"""Where a window begins in a zone: the contract's "Time zones".

All moments that come in and go out are in UTC: Python compares datetimes of one zone by their wall clocks.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

WINDOWS = ("hourly", "daily", "weekly", "monthly")
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=seconds) for seconds in (1, 60, 3600, 86400))
FIRST_MOMENT, LAST_MOMENT = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def window_start(window: str, moment: datetime, zone: str) -> datetime:
    """The first moment of the window, one of WINDOWS, that `moment` is in."""
    if window == "hourly":
        return _hour_start(moment, zone)
    return first_moment(_first_day(window, day_of(moment, zone)), zone)


def windows_between(window: str, first: datetime, last: datetime, zone: str) -> Iterator[datetime]:
    """The starts of all windows from the one of `first` to the one of `last`, both included."""
    start = window_start(window, first, zone)
    while start <= last:
        yield start
        start = _next_start(window, start, zone)


def _next_start(window: str, start: datetime, zone: str) -> datetime:
    """The start of the window after the one that begins at `start`."""
    if window == "hourly":
        full_hour = start - _past_the_hour(start, zone) + HOUR
        return min([full_hour, *changes(start, full_hour, zone)])
    day = day_of(start, zone)
    while first_moment(_first_day(window, day), zone) <= start:
        day += DAY
    return first_moment(_first_day(window, day), zone)


def _hour_start(moment: datetime, zone: str) -> datetime:
    """The latest of: the moment at which the present hour of the wall clock began, a change of the clock."""
    full_hour = moment - _past_the_hour(moment, zone)
    return max([full_hour, *changes(full_hour, moment, zone)])


def _past_the_hour(moment: datetime, zone: str) -> timedelta:
    local = moment.astimezone(ZoneInfo(zone))
    return timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)


def day_of(moment: datetime, zone: str) -> date:
    """The latest day that has begun: the wall clock may have gone back to the day before since then."""
    day = moment.astimezone(ZoneInfo(zone)).date()
    while day < date.max and first_moment(day + DAY, zone) <= moment:
        day += DAY
    return day


def _first_day(window: str, day: date) -> date:
    if window == "weekly":
        return day - day.weekday() * DAY
    return day.replace(day=1) if window == "monthly" else day


@cache
def first_moment(day: date, zone: str) -> datetime:
    """The first moment at which the zone's wall clock reads midnight of this day or anything later."""
    return moment_of(datetime.combine(day, time()), zone)


def moment_of(wall: datetime, zone: str) -> datetime:
    """The first moment at which the zone's wall clock reads this naive time or anything later.

    Between two changes the wall clock just runs, so only the stretches between changes have to be looked at.
    Two days on either side are enough, as no zone is a whole day away from UTC.
    """
    read = wall.replace(tzinfo=UTC)
    begin = read - min(2 * DAY, read - FIRST_MOMENT)
    end = read + min(2 * DAY, LAST_MOMENT - read)
    edges = [begin, *changes(begin, end, zone), end]
    for stretch_start, stretch_end in pairwise(edges):
        reads_it = read - _offset(stretch_start, zone)
        if reads_it < stretch_end:
            return max(reads_it, stretch_start)
    raise OverflowError(f"{wall} isn't reached in the calendar's years")


def changes(begin: datetime, end: datetime, zone: str) -> list[datetime]:
    """The moments, begin < moment <= end, at which the zone's clock is changed."""
    days = range((end.date() - begin.date()).days + 1)
    found = [change for n in days for change in _changes_on(begin.date() + n * DAY, zone)]
    return [change for change in found if begin < change <= end]


@cache
def _changes_on(day: date, zone: str) -> list[datetime]:
    """The moments of a UTC day at which the offset differs from the one a second before.

    Every minute is looked at, and every second of those whose ends differ: clocks change on a full second.
    """
    midnight = datetime.combine(day, time(), tzinfo=UTC)
    begin = midnight - SECOND if midnight > FIRST_MOMENT else midnight
    minutes = [begin + n * MINUTE for n in range(1441)]
    offsets = [_offset(minute, zone) for minute in minutes]
    changes = []
    for minute, before, after in zip(minutes, offsets, offsets[1:], strict=False):
        if before != after:
            seconds = [minute + n * SECOND for n in range(1, 61)]
            changes += [second for second in seconds if _offset(second, zone) != _offset(second - SECOND, zone)]
    return changes


def _offset(moment: datetime, zone: str) -> timedelta:
    offset = moment.astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return offset
