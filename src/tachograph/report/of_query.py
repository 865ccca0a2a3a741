"""A report of a query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tachograph.aggregate.windows import label
from tachograph.query.spans import earlier
from tachograph.query.tables import query_table
from tachograph.report.about_query import query_title
from tachograph.report.charting import query_chart
from tachograph.report.report import Figure, Period, Section
from tachograph.report.shown_columns import RATES, columns, shows, total_row
from tachograph.report.zones import zone_name

if TYPE_CHECKING:
    from tachograph.query.model import QueryResult

_AT_LEAST: Final = "At least so much, for a log doesn't tell all or a price isn't known"


def query_period(result: QueryResult) -> Period:
    """The range of the answer."""
    return Period(result.start, result.end, zone_name(result.query.zone))


def query_before(result: QueryResult) -> Period | None:
    """What it is compared with."""
    if not result.query.compare:
        return None
    zone, span = result.query.zone, earlier(result.query)
    edges = [None if us is None else label(us, zone) for us in (span.start_us, span.end_us)]
    return Period(edges[0], edges[1], zone_name(zone))


def query_figures(result: QueryResult) -> tuple[Figure, ...]:
    """Each measure over the whole range."""
    before, change = result.total.get("previous") or {}, result.total.get("change") or {}
    return tuple(
        Figure(
            name=name,
            title=name,
            value=result.total[name],
            show=shows(name),
            is_rate=name in RATES,
            is_at_least=name in result.at_least,
            before=before.get(name),
            change=change.get(name, {}) if result.query.compare else None,
        )
        for name in result.query.measures
    )


def query_section(result: QueryResult) -> Section:
    """The rows, and the total below them."""
    notes = []
    if result.truncated and not result.query.other:
        notes.append("The limit leaves rows out; what stands below them is of all.")
    if result.query.by and not result.rows:
        notes.append("Nothing in it has a value for all of these.")
    return Section(
        title=query_title(result.query),
        columns=tuple(columns(result)),
        rows=result.rows if result.query.by else (),
        total=total_row(result),
        note=" ".join(notes),
        table=query_table(result),
        chart=query_chart(result),
    )


def query_remarks(result: QueryResult) -> list[str]:
    """What is to be known of the figures."""
    lines = [f"{_AT_LEAST}: {', '.join(result.at_least)}"] if result.at_least else []
    if not result.exact:
        lines.append(
            "Of old metrics only sums are kept: some may belong to another row, and percentiles are within 1 %"
        )
    return lines
