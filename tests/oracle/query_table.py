"""Which metrics are in which row: combinations, windows, filled and rolling, of one range."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from tachograph.query.model import Query

from .query_fields import value
from .query_windows import INSTANT, Windows, windows, zone_name
from .reading import Metric

Series = tuple[Any, ...]
Cells = dict[tuple[datetime | None, Series], list[Metric]]


class Asked(NamedTuple):
    """A query in the oracle's own words: its dimensions without the window, the window, the name of the zone."""

    query: Query
    others: tuple[str, ...]
    window: str | None
    windows: Windows | None
    zone: str


class Table(NamedTuple):
    """The metrics of a range; the windows of it, ascending, where they are needed; the metrics of each row by window and series."""

    chosen: list[Metric]
    windows: list[datetime]
    cells: Cells


def asked(query: Query) -> Asked:
    """What a valid query asks."""
    zone = zone_name(query.zone)
    named = {name: windows(name, zone, query.week_start, query.month_start) for name in query.by}
    window = next((name for name in query.by if named[name]), None)
    others = tuple(name for name in query.by if name != window)
    return Asked(query, others, window, named[window] if window else None, zone)


def table(metrics: list[Metric], question: Asked, start: datetime | None, end: datetime | None) -> Table:
    """The rows of a range. `metrics` are all that pass the filter, whenever they were."""
    chosen = _within(metrics, start, end)
    if question.windows is None:
        return Table(chosen, [], _cells(chosen, question))
    query = question.query
    needed = query.fill or query.rolling > 1 or query.compare  # an unbounded range may have far too many of them
    listed = _windows_of(question.windows, chosen, start, end) if needed else []
    if query.rolling > 1:
        return Table(chosen, listed, _rolling(_within(metrics, None, end), listed, question))
    cells = _cells(chosen, question)
    return Table(chosen, listed, _filled(cells, listed, question) if query.fill else cells)


def series_of(metric: Metric, question: Asked) -> Series:
    """The metric's values of the dimensions but for the window."""
    return tuple(value(name, metric, question.zone) for name in question.others)


def _within(metrics: list[Metric], start: datetime | None, end: datetime | None) -> list[Metric]:
    return [
        metric
        for metric in metrics
        if (start is None or start <= metric["timestamp"]) and (end is None or metric["timestamp"] < end)
    ]


def _windows_of(of: Windows, chosen: list[Metric], start: datetime | None, end: datetime | None) -> list[datetime]:
    """All windows of the range; an end that isn't given is the first or last chosen metric, if there is one."""
    moments = [metric["timestamp"] for metric in chosen]
    first = start or min(moments, default=None)
    last = end or max((moment + INSTANT for moment in moments), default=None)
    return of.between(first.astimezone(UTC), last.astimezone(UTC)) if first and last else []


def _cells(metrics: list[Metric], question: Asked) -> Cells:
    cells: Cells = {}
    for metric in metrics:
        series = series_of(metric, question)
        window = question.windows.start(metric["timestamp"]) if question.windows else None
        if None not in series:
            cells.setdefault((window, series), []).append(metric)
    return cells


def _every_series(cells: Cells, question: Asked) -> set[Series]:
    return {series for _, series in cells} if question.others else {()}


def _filled(cells: Cells, listed: list[datetime], question: Asked) -> Cells:
    series = _every_series(cells, question)
    return {(window, one): cells.get((window, one), []) for window in listed for one in series}


def _rolling(metrics: list[Metric], listed: list[datetime], question: Asked) -> Cells:
    """For each window of the range the metrics of it and of the n − 1 before it, also of before the range."""
    if not listed or question.windows is None:
        return {}
    more = question.query.rolling - 1
    looked_at = question.windows.between(question.windows.back(listed[0], more), listed[-1] + INSTANT)
    cells = _cells([metric for metric in metrics if metric["timestamp"] >= looked_at[0]], question)
    return {
        (window, series): [
            metric for earlier in looked_at[index : index + more + 1] for metric in cells.get((earlier, series), [])
        ]
        for index, window in enumerate(listed)
        for series in _every_series(cells, question)
    }
