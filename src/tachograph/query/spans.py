"""Ranges of time in microseconds, and the earlier ones that they are compared with."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.aggregate.windows import DAY_US, edge, local_date, offset_us
from tachograph.metric import FIRST_US, LAST_US, microseconds_of
from tachograph.query.windows import day_windows

if TYPE_CHECKING:
    from datetime import tzinfo

    from tachograph.query.model import Query

_WEEK_US: Final = 7 * DAY_US


class Span(msgspec.Struct, frozen=True):
    """From `start_us` until before `end_us`, microseconds since 1970; None where nothing bounds it."""

    start_us: int | None = None
    end_us: int | None = None


def span_of(query: Query) -> Span:
    """The range of a query."""
    return Span(_microseconds(query.start), _microseconds(query.end))


def _microseconds(time: datetime | None) -> int | None:
    return None if time is None else min(max(microseconds_of(time), FIRST_US), LAST_US + 1)


def earlier(query: Query) -> Span:
    """The range that a query with a start and an end is compared with."""
    asked = span_of(query)
    start_us, end_us = asked.start_us, asked.end_us
    assert start_us is not None
    assert end_us is not None
    zone = query.zone
    if query.compare == "previous_weekdays":
        shown = end_us + offset_us(end_us, zone) - start_us - offset_us(start_us, zone)
        weeks = max(-(-shown // _WEEK_US), 1)
        return Span(_days_before(start_us, 7 * weeks, zone), _days_before(end_us, 7 * weeks, zone))
    if start_us < end_us and all(edge(local_date(us, zone), zone) == us for us in (start_us, end_us)):
        days = day_windows(query)
        return Span(days.since(start_us, days.count(start_us, end_us)), start_us)
    return Span(max(2 * start_us - end_us, FIRST_US), start_us)


def _days_before(us: int, days: int, zone: tzinfo) -> int:
    """When the clocks showed the same so many days earlier.

    Where they left it out, it is the first moment after it; where they showed it twice, the first.
    """
    day = local_date(us, zone)
    if day.toordinal() <= days:
        return FIRST_US
    if edge(day, zone) == us:
        return edge(day - timedelta(days=days), zone)
    shown_us = us + offset_us(us, zone) - days * DAY_US
    return first_showing(shown_us, zone)


def first_showing(shown_us: int, zone: tzinfo) -> int:
    """The first moment at which the clocks of a zone show a time, or a later one where they never show it.

    The time is given as if it were UTC's.
    """
    before, after = shown_us - 2 * DAY_US, shown_us + 2 * DAY_US
    candidates = sorted({shown_us - offset_us(near, zone) for near in (before, after)})
    for us in candidates:
        if us + offset_us(us, zone) == shown_us:
            return us
    while after - before > 1:
        middle = (before + after) // 2
        if middle + offset_us(middle, zone) >= shown_us:
            after = middle
        else:
            before = middle
    return after
