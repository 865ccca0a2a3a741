"""What is wrong with a query, before any of it is asked: what, where, and what would have been right."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Final, get_args

from tachograph.errors import BadQuestion
from tachograph.query.checking_filters import check_filter
from tachograph.query.closest import closest
from tachograph.query.measures import is_measure
from tachograph.query.model import CLOCK, GROUPS_MAX, MEASURES, NAMES, UNITS, Compare, Query, Weekday
from tachograph.query.widths import MINUTES_A_DAY, width

if TYPE_CHECKING:
    from collections.abc import Sequence

WINDOWS_MAX: Final = 1_000_000
"""So many rows that were filled in are no answer to anybody."""
ROLLING_MAX: Final = 1_000
_MEASURE_NAMES: Final = (*MEASURES, "duration_p50", "duration_p95", "duration_p99", "duration_p99.9")


def checked(query: Query) -> Query:
    """The same query. Raises `BadQuestion` for what can't be meant."""
    _check_measures(query.measures)
    _check_dimensions(query.by)
    _check_range(query)
    if query.where is not None:
        check_filter(query.where)
    _check_order(query)
    _check_windows(query)
    return query


def _check_measures(measures: Sequence[str]) -> None:
    _check_names("measures", measures)
    if not measures:
        raise BadQuestion("nothing is measured", where="measures", mend="name one, such as count")
    for name in measures:
        if is_measure(name):
            continue
        if name.startswith("duration_p"):
            raise BadQuestion(
                f"there is no percentile {name!r}",
                where="measures",
                mend="a percentile is above 0 and below 100, with up to 3 decimals: duration_p95, duration_p99.9",
            )
        raise BadQuestion(f"there is no measure {name!r}", where="measures", mend=closest(name, _MEASURE_NAMES))


def _check_dimensions(by: Sequence[str]) -> None:
    _check_names("by", by)
    if len(by) > GROUPS_MAX:
        raise BadQuestion(f"{len(by)} dimensions are too many", where="by", mend=f"name up to {GROUPS_MAX}")
    for name in by:
        wide = width(name)
        if wide is None and name not in (*NAMES, *CLOCK):
            raise BadQuestion(
                f"there is no dimension {name!r}", where="by", mend=closest(name, (*NAMES, *CLOCK, *UNITS))
            )
        if wide and not wide.count:
            raise BadQuestion(f"windows of {name!r} have no width", where="by", mend=f"write 1 {wide.unit} or more")
        if wide and (wide.minutes or 0) > MINUTES_A_DAY:
            raise BadQuestion(f"{name!r} is longer than a day", where="by", mend="count it in days, such as '2 days'")
        if wide and wide.count > _most(wide.unit):
            raise BadQuestion(f"{name!r} is longer than the calendar", where="by", mend="ask without a window")
    windows = [name for name in by if width(name)]
    if len(windows) > 1:
        raise BadQuestion(
            f"there are two windows, {windows[0]!r} and {windows[1]!r}",
            where="by",
            mend="name one; hour_of_day and weekday go with it",
        )


def _most(unit: str) -> int:
    return {"day": 3_652_059, "week": 521_722, "month": 119_988}.get(unit, MINUTES_A_DAY)


def _check_names(option: str, names: Sequence[object]) -> None:
    if isinstance(names, str):
        raise BadQuestion(f"{names!r} is a text, not several names", where=option, mend=f"write ({names!r},)")
    for index, name in enumerate(names):
        if not isinstance(name, str):
            raise BadQuestion(f"{name!r} is no name", where=option, mend="names are texts")
        if name in names[:index]:
            raise BadQuestion(f"{name!r} is there twice", where=option, mend="name it once")


def _check_range(query: Query) -> None:
    if not isinstance(query.zone, tzinfo):
        raise BadQuestion(f"{query.zone!r} is no time zone", where="zone", mend="give UTC or a ZoneInfo")
    for option, time in (("start", query.start), ("end", query.end)):
        if time is None:
            continue
        if not isinstance(time, datetime):
            raise BadQuestion(f"{time!r} is no moment", where=option, mend="give a datetime with a zone")
        if time.utcoffset() is None:
            raise BadQuestion(f"{time} is in no zone", where=option, mend="give it one, such as tzinfo=UTC")
    if query.start and query.end and query.end < query.start:
        raise BadQuestion(f"the end ({query.end}) is before the start ({query.start})", mend="swap them")
    if query.compare is not None and query.compare not in get_args(Compare):
        raise BadQuestion(
            f"there is no comparison {query.compare!r}", where="compare", mend=closest(query.compare, get_args(Compare))
        )
    if query.compare and not (query.start and query.end):
        raise BadQuestion("what has no start or no end can't be compared", where="compare", mend="give both")


def _check_order(query: Query) -> None:
    _check_names("order", query.order)
    known = (*query.measures, *query.by)
    plain = [name.removeprefix("-") for name in query.order]
    for name in plain:
        if name not in known:
            raise BadQuestion(f"{name!r} is not in this query", where="order", mend=closest(name, known))
    _check_names("order", plain)
    if query.limit is not None and query.limit < 1:
        raise BadQuestion(f"a limit of {query.limit} leaves nothing", where="limit", mend="give 1 or more, or none")
    if query.other and query.limit is None:
        raise BadQuestion("without a limit nothing is left out", where="other", mend="give a limit")


def _check_windows(query: Query) -> None:
    """What is asked of windows, and how they are laid."""
    if query.week_start not in get_args(Weekday):
        raise BadQuestion(
            f"there is no weekday {query.week_start!r}",
            where="week_start",
            mend=closest(str(query.week_start), get_args(Weekday)),
        )
    if not 1 <= query.month_start <= 28:
        raise BadQuestion(f"not every month has a day {query.month_start}", where="month_start", mend="give 1 to 28")
    if not 1 <= query.rolling <= ROLLING_MAX:
        raise BadQuestion(
            f"{query.rolling} windows can't be looked at together", where="rolling", mend=f"give 1 to {ROLLING_MAX:,}"
        )
    option = "fill" if query.fill else "rolling" if query.rolling > 1 else None
    if option is None:
        return
    wide = next(filter(None, map(width, query.by)), None)
    if wide is None:
        raise BadQuestion("there are no windows", where=option, mend="name one among the dimensions, such as day")
    if query.start and query.end:
        check_windows_count((query.end - query.start).total_seconds() * 1e6 // wide.at_least_us)


def check_windows_count(count: float) -> None:
    """Raises `BadQuestion` for more rows than can be filled in."""
    if count > WINDOWS_MAX:
        raise BadQuestion(
            f"that would be more than {WINDOWS_MAX:,} windows",
            where="by",
            mend="narrow the range, or widen the windows",
        )
