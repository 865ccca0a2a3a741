"""The columns of answers with rows, and what their values are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from tachograph.aggregate.question import AggregationType
from tachograph.query.model import CLOCK
from tachograph.query.widths import width
from tachograph.store.measures import TOKEN_KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tachograph.query.model import Query

Kind = Literal["time", "text", "whole", "float", "flag", "counts"]
"""A moment (ISO 8601), a name, a whole number, another number, true or false, or how many by name."""
Columns = tuple[tuple[str, Kind], ...]

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
    **dict.fromkeys(("session_id", "user_id", "tool", "agent", "project_path", "model"), "text"),
    **dict.fromkeys(("duration_seconds", "total_duration_ms", "avg_duration_ms", "cost_usd"), "float"),
    **dict.fromkeys(("tokens_at_least", "cost_at_least"), "flag"),
    "tool_uses": "counts",
}
"""All others are whole numbers."""
_WHOLE_MEASURES: Final = frozenset(
    {"count", "sessions", "users", "errors", "success_count", "failure_count", "timed", "tokens", *TOKEN_KINDS}
)


def columns_of(kind: AggregationType) -> Columns:
    """The columns of an aggregation's rows, in their order."""
    return tuple((name, _KINDS.get(name, "whole")) for name in (*_KEYS[kind], *_USAGE))


def query_columns(query: Query) -> Columns:
    """The columns of a query's rows: its dimensions, its measures, and, where it compares, what those were before."""
    by = [(name, _dimension(name)) for name in query.by]
    measures = [(name, _measure(name)) for name in query.measures]
    compared: list[tuple[str, Kind]] = [
        column
        for name in (query.measures if query.compare else ())
        for column in (
            (f"{name}_before", _measure(name)),
            (f"{name}_change", _measure(name)),
            (f"{name}_change_relative", "float"),
        )
    ]
    return (*by, *measures, *compared)


def _dimension(name: str) -> Kind:
    return "time" if width(name) else "whole" if name in CLOCK else "text"


def _measure(name: str) -> Kind:
    return "whole" if name in _WHOLE_MEASURES else "float"
