"""Which chart a table has."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from tachograph.aggregate.question import WINDOWS, AggregationType
from tachograph.query.model import CLOCK, OTHER
from tachograph.query.widths import width
from tachograph.report.figures import count, dollars, tokens
from tachograph.report.layouts import LAYOUTS
from tachograph.report.printable import printable
from tachograph.report.report import Chart, Series
from tachograph.report.shown_columns import columns, shows
from tachograph.store.measures import TOKEN_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tachograph.query.model import QueryResult
    from tachograph.report.layouts import Column, Row

_SERIES_MAX: Final = 5
_NAMES_MAX: Final = 12
_OTHERS: Final = "all others"
_SUMS: Final = frozenset({
    "count", "errors", "success_count", "failure_count", "timed", "duration_sum", "tokens", *TOKEN_KINDS, "cost_usd",
    "active_ms",
})  # fmt: skip
"""Measures of which those of several groups add up."""
_PLACES_MAX: Final = 800
"""More columns than that are no wider than a line."""
_LEAST: Final = 2
"""One value is no chart."""
_MEASURES: Final[Mapping[str, tuple[str, Callable[[Any], str]]]] = {
    "cost_usd": ("cost", dollars),
    "tokens": ("tokens", tokens),
    "metrics_count": ("metrics", count),
    "count": ("calls", count),
    "requests": ("requests", count),
}
"""What a chart is of: the first of these that the rows have anything of."""
_COUNTED_FIRST: Final = ("count", *_MEASURES)
_CALLS: Final = frozenset({AggregationType.BY_TOOL, AggregationType.BY_AGENT})


def rows_chart(kind: AggregationType, rows: Sequence[Row]) -> Chart | None:
    """Of the rows of an aggregation: over time, or by name."""
    order = _COUNTED_FIRST if kind in _CALLS else tuple(_MEASURES)
    measure = next((name for name in order if any(row.get(name) for row in rows)), None)
    if measure is None or len(rows) < _LEAST:
        return None
    title, show = _MEASURES[measure]
    label = LAYOUTS[kind].columns[0]
    if kind in WINDOWS:
        begins = [row[_key(kind)] for row in rows]
        values = tuple(row[measure] for row in rows)
        return _over_time(title, show, begins, [label.text(row) for row in rows], (Series(title, values),))
    return _by_name(title, show, [(label.text(row), row[measure]) for row in rows])


def _key(kind: AggregationType) -> str:
    return {AggregationType.WEEKLY: "week_start", AggregationType.MONTHLY: "month"}.get(kind, "timestamp")


def query_chart(result: QueryResult) -> Chart | None:
    """Of the rows of a query: its first measure, over time if there are windows, the other dimensions in series."""
    query = result.query
    measure = query.measures[0]
    shown = columns(result)[: len(query.by)]
    window = next((index for index, name in enumerate(query.by) if width(name)), None)
    rows = [row for row in result.rows if row[measure] is not None]
    if not query.by or len(rows) < _LEAST:
        return None
    is_duration = measure.startswith("duration_") or measure == "active_ms"
    if window is None:
        if any(name in CLOCK for name in query.by):
            rows = sorted(rows, key=lambda row: tuple(row[name] for name in query.by if name in CLOCK))
        named = [(" · ".join(column.text(row) for column in shown), row[measure]) for row in rows]
        most = 24 if query.by[0] in CLOCK else _NAMES_MAX
        return _by_name(measure, shows(measure), named, is_duration=is_duration, most=most, keeps_order=True)
    by = query.by[window]
    rows = [row for row in rows if row[by] is not None]
    others = [column for index, column in enumerate(shown) if index != window]
    return _in_series(measure, by, rows, shown[window], others, is_duration=is_duration)


def _in_series(
    measure: str, by: str, rows: Sequence[Row], label: Column, others: Sequence[Column], *, is_duration: bool
) -> Chart | None:
    labels = {row[by]: label.text(row) for row in rows}
    begins = sorted(labels, key=datetime.fromisoformat)
    if len(begins) < _LEAST:
        return None
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for row in rows:
        name = " · ".join(column.text(row) for column in others) or measure
        found[name][row[by]] = row[measure]
    by_size = sorted(found, key=lambda name: (name == OTHER, -sum(map(abs, found[name].values()))))
    is_sum = measure in _SUMS
    if is_sum and len(by_size) > _SERIES_MAX:
        found[_OTHERS] = {
            begin: sum(found[name].get(begin, 0) for name in by_size[_SERIES_MAX - 1 :]) for begin in begins
        }
        by_size[_SERIES_MAX - 1 :] = [_OTHERS]
    series = tuple(Series(name, tuple(found[name].get(begin) for begin in begins)) for name in by_size[:_SERIES_MAX])
    shown = [labels[begin] for begin in begins]
    return _over_time(measure, shows(measure), begins, shown, series, is_sum=is_sum, is_duration=is_duration)


def _over_time(
    title: str,
    show: Callable[[Any], str],
    begins: Sequence[str],
    labels: Sequence[str],
    series: tuple[Series, ...],
    *,
    is_sum: bool = True,
    is_duration: bool = False,
) -> Chart | None:
    if len(begins) > _PLACES_MAX:
        return None
    places = tuple(datetime.fromisoformat(begin).timestamp() for begin in begins)
    return Chart(
        kind="time", measure=title, show=show, labels=tuple(labels), places=places, series=series,
        is_sum=is_sum, is_duration=is_duration,
    )  # fmt: skip


def _by_name(
    title: str,
    show: Callable[[Any], str],
    named: Sequence[tuple[str, float]],
    *,
    is_duration: bool = False,
    most: int = _NAMES_MAX,
    keeps_order: bool = False,
) -> Chart | None:
    largest = sorted(named, key=lambda each: -each[1])[:most]
    chosen = named[:most] if keeps_order else largest
    return Chart(
        kind="names",
        measure=printable(title),
        show=show,
        labels=tuple(name for name, _ in chosen),
        series=(Series(title, tuple(value for _, value in chosen)),),
        is_duration=is_duration,
    )
