"""The columns of a query's table for people: how each dimension and measure is shown."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from tachograph.query.model import CLOCK, NAMES, OTHER
from tachograph.query.widths import width
from tachograph.report.figures import count, dollars, duration, share, tokens
from tachograph.report.layouts import DAYS, Column, day_shown, hour_shown
from tachograph.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from tachograph.query.model import Query, QueryResult
    from tachograph.report.layouts import Row

    Show = Callable[[Any], str]

_NONE: Final = "–"
_IN_ALL: Final = "in all"
_MANY: Final = 9
"""From ten times as much on it is told how many times, and not the percentage."""
RATES: Final = frozenset({"error_rate", "success_rate", "cache_hit_rate"})


def columns(result: QueryResult) -> list[Column]:
    """A column per dimension, and one per measure or, where it is compared, three."""
    query = result.query
    shown = [
        _dimension(name, _IN_ALL if place == 0 else "", month_start=query.month_start)
        for place, name in enumerate(query.by)
    ]
    for measure in query.measures:
        show = shows(measure)
        shown.append(Column(measure, partial(_measured, measure, show, measure in result.at_least)))
        if query.compare:
            shown.append(Column("before", partial(_before, measure, show), "detail"))
            shown.append(Column("change", partial(_change, measure, show, _may_be_new(query))))
    return shown


def shows(measure: str) -> Show:
    """How a value of the measure is shown."""
    if measure in RATES:
        return share
    if measure.startswith("duration_") or measure == "active_ms":
        return duration
    if measure == "cost_usd":
        return _dollars
    if measure == "tokens_per_minute":
        return _per_minute
    return tokens if measure.endswith("tokens") else count


def _dimension(name: str, in_total: str, *, month_start: int) -> Column:
    wide = width(name)
    if wide:
        show: dict[str, Show] = {"minute": hour_shown, "hour": hour_shown, "day": day_shown}
        show["month"] = partial(_month, month_start)
        return Column(name, partial(_named, name, show.get(wide.unit, _date), in_total), "label")
    if name in CLOCK:
        return Column(name, partial(_named, name, _weekday if name == "weekday" else _hour_of_day, in_total), "label")
    return Column(name, partial(_named, name, printable, in_total), "id" if name == "session" else "name")


def _named(name: str, show: Show, in_total: str, row: Row) -> str:
    if name not in row:  # the total
        return in_total
    value = row[name]
    return OTHER if value is None or value == OTHER else show(value)


def _date(label: str) -> str:
    return label[:10]


def _month(month_start: int, label: str) -> str:
    return label[:7] if month_start == 1 else label[:10]


def _weekday(number: int) -> str:
    return DAYS[number - 1]


def _hour_of_day(hour: int) -> str:
    return f"{hour:02}:00"


def _measured(measure: str, show: Show, at_least: bool, row: Row) -> str:  # noqa: FBT001 - always from a partial
    """The total's is a lower bound where that is known; a row doesn't tell."""
    value = row[measure]
    if value is None:
        return _NONE
    return f"≥{show(value)}" if at_least and row.get(_IN_ALL) else show(value)


def total_row(result: QueryResult) -> Row:
    """The total as a row, which is known by having no dimension."""
    return {**result.total, _IN_ALL: True}


def _before(measure: str, show: Show, row: Row) -> str:
    value = (row.get("previous") or {}).get(measure)
    return _NONE if value is None else show(value)


def _may_be_new(query: Query) -> bool:
    """Whether a row that the earlier range lacks is something new, and not a time in which nothing happened."""
    return any(name in NAMES for name in query.by) and not any(map(width, query.by))


def _change(measure: str, show: Show, may_be_new: bool, row: Row) -> str:  # noqa: FBT001 - always from a partial
    """What changed, or that it is new."""
    if may_be_new and not row.get(_IN_ALL) and all(value is None for value in (row.get("previous") or {}).values()):
        return "new"
    change = (row.get("change") or {}).get(measure) or {}
    return change_shown(change.get("absolute"), change.get("relative"), show, is_rate=measure in RATES)


def change_shown(absolute: float | None, relative: float | None, show: Show, *, is_rate: bool) -> str:
    """A percentage; of rates the points between them; the difference itself where there is no percentage."""
    if absolute is None:
        return _NONE
    if absolute == 0:
        return "="
    sign = "+" if absolute > 0 else "−"
    if is_rate:
        return f"{sign}{abs(absolute) * 100:.1f} pp"
    if relative is None:
        return f"{sign}{show(abs(absolute))}"
    return f"×{1 + relative:,.0f}" if _MANY <= relative < math.inf else f"{sign}{_percent(abs(relative))}"


def _percent(rate: float) -> str:
    if not math.isfinite(rate):
        return "∞"
    return f"{rate * 100:,.1f} %" if rate < 0.1 else f"{rate * 100:,.0f} %"


def _dollars(usd: float) -> str:
    return f"−{dollars(-usd)}" if usd < 0 else dollars(usd)


def _per_minute(rate: float) -> str:
    return tokens(round(rate)) if rate >= 100 else f"{rate:.1f}"
