"""The rows of an aggregation as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tachograph.aggregate.question import AggregationType
from tachograph.store.measures import TOKEN_KINDS
from tachograph.tables import Columns, Kind, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tachograph.aggregate.result import AggregationResult

_USAGE: Final = ("tokens", *TOKEN_KINDS, "tokens_at_least", "cost_usd", "cost_at_least")
_CALLS: Final = ("count", "success", "failure", "total_duration_ms", "avg_duration_ms")
_LONG: Final = ("metrics_count", "sessions", "users", "errors", "total_duration_ms")
_USES: Final = ("metrics_count", "tool_uses", "errors", "total_duration_ms")
_KEYS: Final[Mapping[AggregationType, tuple[str, ...]]] = {
    AggregationType.HOURLY: ("timestamp", "metrics_count", "errors", "total_duration_ms"),
    AggregationType.DAILY: ("timestamp", "metrics_count", "sessions", "errors", "total_duration_ms"),
    AggregationType.WEEKLY: ("week_start", *_LONG),
    AggregationType.MONTHLY: ("month", *_LONG),
    AggregationType.BY_SESSION: ("session_id", "start_time", "end_time", "duration_seconds", *_USES),
    AggregationType.BY_USER: ("user_id", "sessions", *_USES),
    AggregationType.BY_TOOL: ("tool", *_CALLS),
    AggregationType.BY_AGENT: ("agent", *_CALLS),
    AggregationType.BY_PROJECT: ("project_path", "sessions", "users", *_USES),
    AggregationType.BY_MODEL: ("model", "requests", "sessions"),
}
_KINDS: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(("timestamp", "week_start", "month", "start_time", "end_time"), "time"),
    **dict.fromkeys(("session_id", "user_id", "tool", "agent", "project_path", "model", "error"), "text"),
    **dict.fromkeys(("duration_seconds", "total_duration_ms", "avg_duration_ms", "cost_usd"), "float"),
    **dict.fromkeys(("tokens_at_least", "cost_at_least"), "flag"),
    "tool_uses": "counts",
}
"""All others are whole numbers."""


def columns_of(kind: AggregationType) -> Columns:
    """The columns of an aggregation's rows, in their order."""
    return tuple((name, kind_of(name)) for name in (*_KEYS[kind], *_USAGE))


def kind_of(name: str) -> Kind:
    """What the values of a key of a row, or of a breakdown, are."""
    return _KINDS.get(name, "whole")


def table_of(result: AggregationResult) -> Table:
    """The rows of an answer."""
    columns = columns_of(result.type)
    rows = result.to_dict()["time_series"]
    return Table(columns, [[row[name] for name, _ in columns] for row in rows])
