"""`ReportGenerator`: answers as a report, in any of its formats."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from tachograph.aggregate.result import AggregationResult
from tachograph.errors import BadQuestion
from tachograph.query.model import QueryResult
from tachograph.report.about_query import about_query, query_title
from tachograph.report.layouts import LAYOUTS
from tachograph.report.of_aggregation import (
    aggregation_section,
    figures,
    period_of,
    remarks_of,
    summary_sections,
)
from tachograph.report.of_query import query_before, query_figures, query_period, query_remarks, query_section
from tachograph.report.report import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from tachograph.report.report import Figure, Period, Section

FORMATS: Final = {
    "markdown": "tachograph.report.as_markdown",
    "html": "tachograph.report.as_html",
    "json": "tachograph.report.as_document",
    "csv": "tachograph.report.as_csv",
    "text": "tachograph.report.as_text",
}
"""Each format, and the module whose `render` makes it of a report."""


class ReportGenerator:
    """Makes reports of answers that were given before; it asks nothing itself.

    `title` is the reports', unless they are to be called by what they are of. `timezone` is what the zone of
    aggregations is called (an answer has only its offset). `about` are lines that say what else was asked, and `made`
    is when that was, if it is to be told.
    """

    def __init__(
        self,
        title: str | None = None,
        *,
        timezone: str | None = None,
        about: Sequence[str] = (),
        made: datetime | None = None,
    ) -> None:
        self._title = title
        self._timezone = timezone
        self._about = tuple(about)
        self._made = None if made is None else made.isoformat(timespec="seconds")

    def generate(
        self,
        *results: AggregationResult | QueryResult,
        format: str = "markdown",
        before: AggregationResult | None = None,
    ) -> str:
        """The report in that format: `markdown`, `html`, `json`, `csv` or `text`.

        Its period and its figures are those of the first result, and it has a table for each of them. `before` is an
        aggregation of an earlier range that the figures are compared with; a query has its own comparison. Raises
        `BadQuestion` for an unknown format, and without any result.
        """
        return rendered(self.report(*results, before=before), format)

    def report(
        self,
        *results: AggregationResult | QueryResult,
        before: AggregationResult | None = None,
        limit: int | None = None,
    ) -> Report:
        """What the report says; `limit` is how many rows were asked for. Raises `BadQuestion` without any result."""
        if not results:
            raise BadQuestion("there is nothing to report", mend="give the result of an aggregation or a query")
        first = results[0]
        sections = [
            aggregation_section(one, limit) if isinstance(one, AggregationResult) else query_section(one)
            for one in results
        ]
        if isinstance(first, QueryResult):
            return self._made_of(
                self._title or query_title(first.query), query_period(first), query_before(first), query_figures(first),
                sections, about_query(first.query), [line for one in results for line in _remarks(one)],
            )  # fmt: skip
        title = self._title or LAYOUTS[first.type].title
        remarks = [line for one in results for line in _remarks(one)]
        return self._of_aggregation(title, first, before, sections, remarks)

    def summary(
        self, days: AggregationResult, projects: AggregationResult, before: AggregationResult | None = None
    ) -> Report:
        """What happened, by day, model, tool, agent, project and kind of error; from the answers by day and project."""
        return self._of_aggregation(
            self._title or "Summary", days, before, summary_sections(days, projects), remarks_of(days)
        )

    def _of_aggregation(
        self,
        title: str,
        result: AggregationResult,
        before: AggregationResult | None,
        sections: Sequence[Section],
        remarks: Sequence[str],
    ) -> Report:
        earlier = None if before is None else period_of(before, self._timezone)
        period = period_of(result, self._timezone)
        return self._made_of(title, period, earlier, figures(result, before), sections, [], remarks)

    def _made_of(
        self,
        title: str,
        period: Period,
        before: Period | None,
        summary: tuple[Figure, ...],
        sections: Sequence[Section],
        about: Sequence[str],
        remarks: Sequence[str],
    ) -> Report:
        return Report(
            title=title,
            period=period,
            before=before,
            about=(*self._about, *about),
            summary=summary,
            sections=tuple(sections),
            remarks=tuple(dict.fromkeys(remarks)),
            made=self._made,
        )


def rendered(report: Report, format: str) -> str:
    """The report in that format. Raises `BadQuestion` for an unknown one."""
    if format not in FORMATS:
        raise BadQuestion(f"there is no format {format!r}", mend=f"known are {', '.join(FORMATS)}")
    render: Callable[[Report], str] = import_module(FORMATS[format]).render
    return render(report)


def _remarks(result: AggregationResult | QueryResult) -> list[str]:
    return remarks_of(result) if isinstance(result, AggregationResult) else query_remarks(result)
