"""What agents can ask: each tool a method, which answers with a short document.

Every one only reads. Rows come as lists of values, whose names are in `columns`: that is half as long as names in every
row.
"""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from tachograph.aggregate.compute import compute
from tachograph.aggregate.question import question
from tachograph.insights.asking import day_named, days_asked
from tachograph.insights.finding import look
from tachograph.mcp.asked import Period, asked_query, zone_of
from tachograph.query.model import AnyOf
from tachograph.query.run import run
from tachograph.query.vocabulary import AMOUNTS_SAY, DIMENSIONS_SAY, MEASURES_SAY
from tachograph.report.insight_documents import insights_document
from tachograph.report.names import AGGREGATIONS
from tachograph.report.zones import zone_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import tzinfo

    from tachograph.aggregate.result import AggregationResult
    from tachograph.query.model import QueryResult
    from tachograph.store.duckdb import Store

Document = dict[str, Any]
_FAILING: Final = ("failure_count", "count", "success_rate")
_IN_PROJECTS: Final = 3
_VALUES_MAX: Final = 100


class Tools:
    """The tools, over a store that is opened for each question with all that is new in it.

    `open_store` gives it, and adds what is to be remarked to a list; only one is open at a time. Every tool raises
    `TachographError` for what can't be answered as it was asked.
    """

    def __init__(self, open_store: Callable[[list[str]], AbstractContextManager[Store]], zone: tzinfo) -> None:
        self._open_store = open_store
        self._zone = zone
        self._lock = Lock()

    def aggregate(
        self, by: str, period: Period, filters: Mapping[str, Sequence[str] | None], order: str | None, limit: int
    ) -> Document:
        """The rows of an aggregation, and the totals of the whole period."""
        whole = asked_query(period, self._zone)
        kind = AGGREGATIONS[by][0]
        asked = question(kind, whole.start, whole.end, filters, zone=whole.zone, order=order, limit=limit)
        return self._answered(lambda store: _aggregated(compute(store, asked), whole.zone))

    def query(self, period: Period, where: str | None, **given: Any) -> Document:
        """Any measures by any dimensions."""
        asked = asked_query(period, self._zone, where, **given)
        return self._answered(lambda store: _queried(run(store, asked)))

    def expensive_sessions(self, period: Period, where: str | None, limit: int) -> Document:
        """The sessions that cost most, with whose they are, what they used and what failed in them."""
        measures = ["cost_usd", "tokens", "active_ms", "count", "failure_count", "errors"]
        asked = asked_query(period, self._zone, where, measures=measures, by=["session"], limit=limit)

        def answer(store: Store) -> Document:
            found = run(store, asked)
            sessions = [row["session"] for row in found.rows]
            named = {name: self._named(store, period, sessions, name) for name in ("project", "user", "model")}
            document = _queried(found)
            columns, rows = document["columns"], document["rows"]
            document["columns"] = [columns[0], *named, *columns[1:]]
            document["rows"] = [[row[0], *(named[name].get(row[0]) for name in named), *row[1:]] for row in rows]
            return document

        return self._answered(answer)

    def _named(self, store: Store, period: Period, sessions: Sequence[str], name: str) -> dict[str, str]:
        """For each session the value of a dimension that most of its metrics have."""
        if not sessions:
            return {}
        only = (AnyOf("session", tuple(sessions)),)
        found = run(store, asked_query(period, self._zone, None, only, measures=["count"], by=["session", name]))
        named: dict[str, str] = {}
        for row in found.rows:  # the most first
            named.setdefault(row["session"], row[name])
        return named

    def failing_tools(self, period: Period, where: str | None, limit: int) -> Document:
        """The tools whose calls failed most often, and in which projects those were."""
        only = (AnyOf("type", ("tool_use",)), AnyOf("outcome", ("failure",)))
        calls = (AnyOf("type", ("tool_use",)),)
        asked = asked_query(period, self._zone, where, calls, measures=list(_FAILING), by=["tool"], limit=limit)
        by_project = asked_query(period, self._zone, where, only, measures=["count"], by=["tool", "project"])

        def answer(store: Store) -> Document:
            found = run(store, asked)
            projects: dict[str, list[list[Any]]] = {}
            for row in run(store, by_project).rows:
                projects.setdefault(row["tool"], []).append([row["project"], row["count"]])
            document = _queried(found)
            failing = [row for row in document["rows"] if row[1]]
            document["columns"] = [*document["columns"], "failures_by_project"]
            document["rows"] = [[*row, projects.get(row[0], [])[:_IN_PROJECTS]] for row in failing]
            return document

        return self._answered(answer)

    def explain_change(self, period: Period, projects: Sequence[str], sensitivity: Any) -> Document:
        """Which days were unusual against their past, and which groups explain it."""
        zone = zone_of(period, self._zone)
        since, until = self._days(period)
        days = days_asked(
            since, until, now=datetime.now(UTC), zone=zone, projects=tuple(projects), sensitivity=sensitivity,
            since_name="since",
        )  # fmt: skip
        return self._answered(lambda store: insights_document(look(store, days), days))

    def _days(self, period: Period) -> tuple[Any, Any]:
        """The first and the last day, of a range by name too."""
        if period.range is None:
            return day_named(period.since, "since"), day_named(period.until, "until")
        whole = asked_query(period, self._zone)
        assert whole.start is not None
        assert whole.end is not None
        now = datetime.now(UTC)
        last = min(whole.end, now).astimezone(whole.zone)
        is_midnight = last.time().isoformat() == "00:00:00"
        last_day = last.date().fromordinal(last.date().toordinal() - 1) if is_midnight else last.date()
        return whole.start.astimezone(whole.zone).date(), last_day

    def values(self, dimension: str) -> Document:
        """The values of a dimension, the most used first."""
        asked = asked_query(Period(), self._zone, None, measures=["count"], by=[dimension], limit=_VALUES_MAX)
        return self._answered(lambda store: _queried(run(store, asked)))

    def schema(self) -> Document:
        """What there is to ask for."""
        return {
            "measures": MEASURES_SAY,
            "dimensions": DIMENSIONS_SAY,
            "fields_of_conditions": AMOUNTS_SAY | {"and": "all dimensions but windows of time"},
            "conditions": "tool=Bash,Read; tool!=Bash; model^=claude-; tool~mcp__*; duration_ms>1000;"
            " joined by and, or, not and parentheses; values with spaces in 'quotes'",
            "ranges": "today, yesterday, this week, last week, last month, last 7 days, last 24 hours, this year",
            "aggregations": {name: f"one row per {thing}" for name, (_, thing) in AGGREGATIONS.items()},
            "order": "names of measures or dimensions; measures go from the largest down, a - turns one round",
        }

    def _answered(self, answer: Callable[[Store], Document]) -> Document:
        remarks: list[str] = []
        with self._lock, self._open_store(remarks) as store:
            document = answer(store)
        return {**document, "remarks": remarks} if remarks else document


def _aggregated(result: AggregationResult, zone: tzinfo) -> Document:
    document, table = result.to_dict(), result.to_table()
    return {
        "period": {"start": result.start_time, "end": result.end_time, "timezone": zone_name(zone)},
        "totals": {
            name: document[name]
            for name in (
                "total_metrics", "total_sessions", "total_users", "total_errors", "duration_stats", "token_stats",
                "cost_stats", "success_metrics",
            )
        },
        "columns": [name for name, _ in table.columns],
        "rows": [list(row) for row in table.rows],
    }  # fmt: skip


def _queried(result: QueryResult) -> Document:
    table = result.to_table()
    document: Document = {
        "period": {"start": result.start, "end": result.end, "timezone": zone_name(result.query.zone)},
        "totals": {name: result.total[name] for name in result.query.measures},
        "columns": [name for name, _ in table.columns],
        "rows": [list(row) for row in table.rows] if result.query.by else [],
    }
    if result.query.compare:
        document["totals_before"] = result.total["previous"]
        document["totals_change"] = result.total["change"]
    if result.truncated:
        document["truncated"] = "there are more rows than the limit"
    if result.at_least:
        document["at_least"] = list(result.at_least)
    if not result.exact:
        document["exact"] = False
    return document
