"""The range that a range is compared with: the "compared" of docs/queries.md."""

from datetime import UTC, datetime, timedelta, tzinfo

from tachograph.query.model import Query

from .query_windows import Windows, is_midnight, zone_name
from .windows import moment_of

WEEK = timedelta(days=7)


def earlier_range(query: Query) -> tuple[datetime, datetime]:
    """Its start and its end, in UTC. The query has both and says how it compares."""
    assert query.start is not None
    assert query.end is not None
    start, end, zone = query.start.astimezone(UTC), query.end.astimezone(UTC), zone_name(query.zone)
    if query.compare == "previous_weekdays":
        return _weeks_before(_wall(start, query.zone), _wall(end, query.zone), zone)
    if is_midnight(start, zone) and is_midnight(end, zone):
        days = Windows(1, "day", zone)
        return days.back(start, len(days.between(start, end))), start
    return start - (end - start), start


def _wall(moment: datetime, zone: tzinfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _weeks_before(wall_start: datetime, wall_end: datetime, zone: str) -> tuple[datetime, datetime]:
    weeks = 1
    while weeks * WEEK < wall_end - wall_start:
        weeks += 1
    return moment_of(wall_start - weeks * WEEK, zone), moment_of(wall_end - weeks * WEEK, zone)
