"""Answers to make reports of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cli.made_up import metric
from queried import store_of
from tachograph.aggregate.compute import compute
from tachograph.aggregate.question import question
from tachograph.query.model import Query
from tachograph.query.run import run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tachograph.aggregate.result import AggregationResult
    from tachograph.query.model import QueryResult

LINES = (
    metric("a1", "2026-02-27T08:59:59Z", "session_start", project_path="/srv/api", model="claude-opus-4-5"),
    metric("a2", "2026-02-27T09:00:00Z", tool_name="Bash", duration_ms=1500, success=True),
    metric("a3", "2026-02-27T09:10:00Z", "token_usage", model="claude-opus-4-5", input_tokens=1000, output_tokens=200),
    metric("b1", "2026-03-01T08:59:59Z", "session_start", "s2", project_path="/srv/api", model="claude-opus-4-5"),
    metric("b2", "2026-03-01T09:00:00Z", "tool_use", "s2", tool_name="Bash", duration_ms=2500, success=True),
    metric("b3", "2026-03-01T09:30:00Z", "tool_use", "s2", tool_name="Bash", duration_ms=500, success=False),
    metric("b4", "2026-03-01T23:30:00Z", "tool_use", "s2", tool_name="Read", duration_ms=10, success=True),
    metric("b5", "2026-03-01T23:40:00Z", "token_usage", "s2", model="claude-opus-4-5", input_tokens=1_200_000, output_tokens=34),
    metric("b6", "2026-03-02T10:00:00Z", "token_usage", "s2", model="unheard-of", input_tokens=500, output_tokens=5),
    metric("c1", "2026-03-02T12:00:00Z", "session_start", "s3", "ben", project_path="/srv/web"),
    metric("c2", "2026-03-02T12:00:01Z", "agent_execution", "s3", "ben", agent_id="Explore", duration_ms=7_200_000, success=True),
    metric("c3", "2026-03-02T12:00:02Z", "error_occurred", "s3", "ben", error_type="rate_limit"),
    metric("c4", "2026-03-02T12:00:03Z", "token_usage", "s3", "ben", model="claude-sonnet-4-5", input_tokens=90_000, output_tokens=900, cache_read_tokens=40_000),
)  # fmt: skip
BEFORE, START, END = (datetime(2026, *day, tzinfo=UTC) for day in ((2, 27), (3, 1), (3, 3)))


def aggregations(
    *kinds: str, lines: Sequence[str] = LINES, start: datetime | None = START, end: datetime | None = END
) -> list[AggregationResult]:
    """The answers, one for each kind."""
    with store_of(lines) as store:
        return [compute(store, question(kind, start, end)) for kind in kinds]


def queried(lines: Sequence[str] = LINES, **query: Any) -> QueryResult:
    """The answer to a query of the range."""
    given: dict[str, Any] = {"start": START, "end": END} | query
    with store_of(lines) as store:
        return run(store, Query(**given))
