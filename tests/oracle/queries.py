"""A query to its answer: docs/queries.md, plain and slow.

Of the engine it knows the form of a question (`tachograph.query.model`), and nothing else.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from tachograph.query.model import CLOCK, OTHER, Query

from . import usage
from .query_earlier import earlier_range
from .query_fields import attributed, meets
from .query_measures import measured
from .query_table import Asked, Series, Table, asked, series_of, table
from .query_windows import label
from .reading import Metric

Row = dict[str, Any]
Key = tuple[Callable[["Line"], Any], bool]  # what is ordered by, and whether the largest comes first


class Line(NamedTuple):
    """A row in the making. The one of all that was left out has no series."""

    window: datetime | None
    series: Series | None
    metrics: list[Metric]
    values: Row


def answer(metrics: list[Metric], query: Query) -> dict[str, Any]:
    """`total`, `rows`, whether the answer is `truncated`, and whether tokens and cost are `at_least` so much.

    `metrics` are all there are, as `read_lines` gives them. The query must be a valid one.
    """
    question = asked(query)
    passing = [
        metric for metric in attributed(metrics) if query.where is None or meets(query.where, metric, question.zone)
    ]
    now = table(passing, question, _utc(query.start), _utc(query.end))
    kept, left_out = _limited(now, question)
    before = table(passing, question, *earlier_range(query)) if query.compare else None
    lines = kept + (_others(left_out, now, question) if query.other else [])
    rows = [_row(line, question, now, before, kept) for line in _ordered(lines, _keys(question, question.query.by))]
    total = _measures(now.chosen, question)
    if before:
        total |= _compared(total, _measures(before.chosen, question))
    return {"total": total, "rows": rows, "truncated": bool(left_out), "at_least": _at_least(now.chosen, question)}


def _at_least(chosen: list[Metric], question: Asked) -> list[str]:
    """Which of `tokens` and `cost_usd` are asked for and leave something out."""
    untold = any(map(usage.is_of_unknown_usage, chosen))
    unknown = {"tokens": untold, "cost_usd": untold or any(map(usage.is_unpriced, chosen))}
    return [name for name in question.query.measures if unknown.get(name)]


def _utc(moment: datetime | None) -> datetime | None:
    return moment and moment.astimezone(UTC)


def _measures(metrics: list[Metric], question: Asked) -> Row:
    return {name: measured(name, metrics) for name in question.query.measures}


# Order and limit


def _line(window: datetime | None, series: Series | None, metrics: list[Metric], question: Asked) -> Line:
    return Line(window, series, metrics, _measures(metrics, question))


def _keys(question: Asked, by: tuple[str, ...]) -> list[Key]:
    """What rows by these dimensions are in the order of, the most important first."""
    known = (*question.query.measures, *by)
    ordered = [name for name in question.query.order if name.removeprefix("-") in known]
    windows_first = [name for name in (question.window,) if name in by]
    keys = [_key(name, question) for name in (*ordered, *(windows_first or question.query.measures[:1]), *by)]
    # The row of what was left out: the last of its window, unless rows of several windows are mixed.
    leading = (*ordered, *windows_first)[:1]
    in_its_window = question.others != () and leading in ((question.window,), (f"-{question.window}",))
    keys.insert(1 if in_its_window else 0, (_is_other, False))
    return keys


def _is_other(line: Line) -> bool:
    return line.series is None


def _key(said: str, question: Asked) -> Key:
    """What a word of `order` means: a "-" turns round what is usual, measures downwards and dimensions upwards."""
    name, turned = said.removeprefix("-"), said.startswith("-")
    if name in question.query.measures:
        return (lambda line: line.values[name]), not turned
    if name == question.window:
        return (lambda line: line.window), turned
    place = question.others.index(name)
    return (lambda line: None if line.series is None else line.series[place]), turned


def _ordered(lines: Iterable[Line], keys: list[Key]) -> list[Line]:
    """Sorted by each key, from the least important to the most; what has no value stays behind, whichever way."""
    ordered = list(lines)
    for key, largest_first in reversed(keys):
        there = [line for line in ordered if key(line) is not None]
        absent = [line for line in ordered if key(line) is None]
        ordered = sorted(there, key=key, reverse=largest_first) + absent
    return ordered


def _limited(now: Table, question: Asked) -> tuple[list[Line], list[Line]]:
    """The rows that the limit keeps, and those that it leaves out."""
    lines = [_line(*cell, metrics, question) for cell, metrics in now.cells.items()]
    limit = question.query.limit
    if limit is None:
        return lines, []
    if question.window and question.others:
        kept = _kept_series(now, question, limit)
        return [line for line in lines if line.series in kept], [line for line in lines if line.series not in kept]
    ordered = _ordered(lines, _keys(question, question.query.by))
    return ordered[:limit], ordered[limit:]


def _kept_series(now: Table, question: Asked, limit: int) -> list[Series | None]:
    whole_range = [
        _line(None, series, [metric for metric in now.chosen if series_of(metric, question) == series], question)
        for series in {series for _, series in now.cells}
    ]
    return [line.series for line in _ordered(whole_range, _keys(question, question.others))[:limit]]


def _others(left_out: list[Line], now: Table, question: Asked) -> list[Line]:
    """What was left out as one row, or as one in each window."""
    if question.windows and not question.others:
        starts = {line.window for line in left_out}
        rest = [metric for metric in now.chosen if question.windows.start(metric["timestamp"]) in starts]
        return [_line(None, None, rest, question)] if left_out else []
    return [
        _line(window, None, [metric for line in left_out if line.window == window for metric in line.metrics], question)
        for window in {line.window for line in left_out}
    ]


# Rows


def _row(line: Line, question: Asked, now: Table, before: Table | None, kept: list[Line]) -> Row:
    row = {name: _label(name, line, question) for name in question.query.by} | line.values
    if before is None:
        return row
    earlier = _earlier_metrics(line, now, before, kept)
    return row | _compared(line.values, None if earlier is None else _measures(earlier, question))


def _label(name: str, line: Line, question: Asked) -> Any:
    if name == question.window:
        return line.window and label(line.window, question.zone)
    if line.series is None:
        return None if name in CLOCK else OTHER
    return line.series[question.others.index(name)]


# Compared


def _earlier_metrics(line: Line, now: Table, before: Table, kept: list[Line]) -> list[Metric] | None:
    """Those of the earlier row of the same name, None where there is no such row."""
    window = None
    if line.window is not None:
        index = now.windows.index(line.window)
        if index >= len(before.windows):
            return None
        window = before.windows[index]
    if line.series is not None:
        return before.cells.get((window, line.series))
    shown = {one.series for one in kept}
    groups = [cell for (at, series), cell in before.cells.items() if at == window and series not in shown]
    return [metric for group in groups for metric in group] if groups else None


def _compared(now: Mapping[str, Any], before: Mapping[str, Any] | None) -> Row:
    return {"previous": before, "change": {name: _change(now[name], (before or {}).get(name)) for name in now}}


def _change(now: float | None, before: float | None) -> Row:
    if now is None or before is None:
        return {"absolute": None, "relative": None}
    return {"absolute": now - before, "relative": (now - before) / before if before else None}
