"""A report of aggregations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.aggregate.result import finite
from tachograph.aggregate.tables import kind_of, table_of
from tachograph.report.charting import rows_chart
from tachograph.report.figures import count, dollars, duration, share, tokens
from tachograph.report.layouts import LAYOUTS
from tachograph.report.report import Figure, Period, Section
from tachograph.report.summary_parts import summary_parts
from tachograph.report.why_at_least import why_at_least
from tachograph.tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tachograph.aggregate.question import AggregationType
    from tachograph.aggregate.result import AggregationResult
    from tachograph.report.summary_parts import Part

_DAYS_MAX, _NAMES_MAX = 366, 20


class _Said(msgspec.Struct, frozen=True):
    """A figure: what it is called, and what it is of an answer (None where there is none)."""

    name: str
    title: str
    of: Callable[[AggregationResult], Any]
    show: Callable[[Any], str]
    is_rate: bool = False
    is_at_least: Callable[[AggregationResult], bool] = lambda _: False


def _success_rate(result: AggregationResult) -> float | None:
    known = result.success_metrics
    return known.success_rate if known.success_count + known.failure_count else None


def _work(result: AggregationResult) -> float | None:
    total = result.duration_stats.total_ms
    return total if math.isfinite(total) else None


_FIGURES: Final = (
    _Said(
        "cost_usd", "cost", lambda it: it.cost_stats.total_usd, dollars, is_at_least=lambda it: it.cost_stats.at_least
    ),
    _Said("tokens", "tokens", lambda it: it.token_stats.total, tokens, is_at_least=lambda it: it.token_stats.at_least),
    _Said("sessions", "sessions", lambda it: it.total_sessions, count),
    _Said("users", "users", lambda it: it.total_users, count),
    _Said("metrics", "metrics", lambda it: it.total_metrics, count),
    _Said("errors", "errors", lambda it: it.total_errors, count),
    _Said("success_rate", "success rate", _success_rate, share, is_rate=True),
    _Said("duration_sum", "work", _work, duration),
    _Said("duration_p50", "median duration", lambda it: it.duration_stats.p50_ms, duration),
    _Said("duration_p95", "p95 duration", lambda it: it.duration_stats.p95_ms, duration),
)


def period_of(result: AggregationResult, timezone: str | None) -> Period:
    """The period of an answer; a zone that isn't named is told by its offset."""
    start = result.start_time
    offset = "" if start is None or start.endswith("+00:00") else start[-6:]
    return Period(start, result.end_time, timezone or f"UTC{offset}")


def figures(result: AggregationResult, before: AggregationResult | None) -> tuple[Figure, ...]:
    """The figures of the whole range, beside those of an earlier one."""
    return tuple(
        Figure(
            name=said.name,
            title=said.title,
            value=said.of(result),
            show=said.show,
            is_rate=said.is_rate,
            is_at_least=said.is_at_least(result),
            before=None if before is None else said.of(before),
            change=None if before is None else _change(said.of(result), said.of(before)),
        )
        for said in _FIGURES
    )


def _change(now: Any, before: Any) -> dict[str, Any]:
    absolute = None if now is None or before is None else now - before
    return {"absolute": absolute, "relative": absolute / before if absolute is not None and before else None}


def aggregation_section(result: AggregationResult, limit: int | None = None) -> Section:
    """The rows of an answer; `limit` is how many were asked for."""
    layout, rows = LAYOUTS[result.type], result.time_series
    note = "" if rows else layout.without_rows
    if rows and len(rows) == limit:
        note = f"The first {count(limit)}; the figures of the whole period are of all."
    return Section(
        title=layout.title,
        columns=layout.columns,
        rows=rows,
        note=note,
        table=table_of(result),
        chart=rows_chart(result.type, rows),
    )


def summary_sections(days: AggregationResult, projects: AggregationResult) -> list[Section]:
    """What happened, by everything that there is: the parts that have any rows."""
    return [_part(part) for part in summary_parts(days, projects) if part.rows]


def _part(part: Part) -> Section:
    rows, which = part.first(_DAYS_MAX if part.is_time else _NAMES_MAX)
    kind = _type_of(part)
    names = list(rows[0])
    plain = finite(list(rows))
    return Section(
        title=f"{part.layout.title}{which}",
        columns=part.layout.columns,
        rows=rows,
        table=Table(tuple((name, kind_of(name)) for name in names), [[row[name] for name in names] for row in plain]),
        chart=None if kind is None else rows_chart(kind, rows),
    )


def _type_of(part: Part) -> AggregationType | None:
    """The aggregation whose first column the part's is."""
    first = part.layout.columns[0].title
    return next((kind for kind, layout in LAYOUTS.items() if layout.columns[0].title == first), None)


def remarks_of(result: AggregationResult) -> list[str]:
    """What is to be known of the figures."""
    lines = why_at_least(result)
    if result.condensed:
        lines.append(
            f"Of {count(result.condensed.metrics)} metrics from before {result.condensed.before} only sums are kept"
        )
    return lines
