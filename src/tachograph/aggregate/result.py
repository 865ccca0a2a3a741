"""An answer: the figures of the whole range, its breakdowns, and the rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

from tachograph.aggregate.question import AggregationType
from tachograph.tables import Tabular

if TYPE_CHECKING:
    from tachograph.tables import Table


class DurationStats(msgspec.Struct, frozen=True):
    """Of the metrics that have a duration, in milliseconds; None where there is none to take it from."""

    total_ms: float = 0
    avg_ms: float = 0
    min_ms: float | None = None
    max_ms: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None


class TokenStats(msgspec.Struct, frozen=True):
    """Tokens of all kinds, and by kind; the four kinds are disjoint.

    They are `at_least` so many where logs don't tell all: of `unknown` requests they tell no tokens, and of
    `lower_bounds` they never told the last of the output.
    """

    total: int = 0
    avg_per_session: float = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    at_least: bool = False
    unknown: int = 0
    lower_bounds: int = 0


class Unpriced(msgspec.Struct, frozen=True):
    """What has tokens and no known price: the model (None: the log names none), how many requests and tokens."""

    model: str | None
    requests: int
    tokens: int


class CostStats(msgspec.Struct, frozen=True):
    """What the tokens cost, in US dollars: what a log says that it was (`reported_usd`), else what its model charged.

    The total is `at_least` so much where something has no price, or tokens aren't all known.
    """

    total_usd: float = 0
    avg_per_session_usd: float = 0
    reported_usd: float = 0
    """The part of the total that logs tell; the rest is worked out from tokens and prices."""
    at_least: bool = False
    unpriced: list[Unpriced] = msgspec.field(default_factory=list)
    """Most tokens first."""


class SuccessMetrics(msgspec.Struct, frozen=True):
    """Of the metrics whose outcome is known."""

    success_count: int = 0
    failure_count: int = 0
    success_rate: float = 0


class Calls(msgspec.Struct):
    """What was done with one tool, or by one agent."""

    count: int = 0
    success: int = 0
    failure: int = 0
    timed: int = 0
    total_duration_ms: float = 0

    @property
    def avg_duration_ms(self) -> float | None:
        """Over the calls that were timed; None where none was."""
        return self.total_duration_ms / self.timed if self.timed else None

    def to_dict(self) -> dict[str, Any]:
        """The contract's form."""
        return {
            "count": self.count,
            "success": self.success,
            "failure": self.failure,
            "total_duration_ms": self.total_duration_ms,
            "avg_duration_ms": self.avg_duration_ms,
        }


class Breakdowns(msgspec.Struct, frozen=True):
    """Counts by type and kind of error, calls by tool and agent; each largest first, then by name.

    Requests, sessions, tokens and cost by model: dearest first, then by tokens and name.
    """

    by_type: dict[str, int] = msgspec.field(default_factory=dict)
    tools: dict[str, Calls] = msgspec.field(default_factory=dict)
    agents: dict[str, Calls] = msgspec.field(default_factory=dict)
    errors: dict[str, int] = msgspec.field(default_factory=dict)
    models: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)


class Condensed(msgspec.Struct, frozen=True):
    """What an answer takes from metrics whose detail was condensed: sums by window of a zone, and by names."""

    metrics: int
    """How many of the answer's metrics those are."""
    before: str
    """Where the last of their windows ends, ISO 8601; what happened later has all its detail."""
    resolution: str
    """How long the windows are: "hour", "day" or "month"; the longest, where some are longer than others."""
    timezone: str
    """Whose windows they are."""
    uncertain: int
    """How many metrics may belong to another row, or on the other side of the range's start or end.

    They are counted where the first of those they are kept with happened, and one of those lies beyond an edge.
    """
    duration_percentiles: str
    """"exact", or "within 1 %" where durations are among what was condensed."""


class AggregationResult(Tabular, msgspec.Struct, frozen=True):
    """The answer to a question. `start_time` and `end_time` (outside) are ISO 8601, None where nothing bounds them."""

    type: AggregationType
    start_time: str | None
    end_time: str | None
    total_metrics: int
    total_sessions: int
    total_users: int
    total_errors: int
    duration_stats: DurationStats
    token_stats: TokenStats
    cost_stats: CostStats
    success_metrics: SuccessMetrics
    breakdowns: Breakdowns
    time_series: list[dict[str, Any]]
    condensed: Condensed | None = None
    """None where nothing of the answer was condensed; the JSON form then has no such key."""

    def to_dict(self) -> dict[str, Any]:
        """The contract's JSON form. A sum of durations that no float holds is None."""
        duration, tokens, success = self.duration_stats, self.token_stats, self.success_metrics
        form: dict[str, Any] = finite({
            "type": str(self.type),
            "start_time": self.start_time,
            "end_time": self.end_time,
            "total_metrics": self.total_metrics,
            "total_sessions": self.total_sessions,
            "total_users": self.total_users,
            "total_errors": self.total_errors,
            "duration_stats": msgspec.structs.asdict(duration),
            "token_stats": msgspec.structs.asdict(tokens),
            "cost_stats": msgspec.to_builtins(self.cost_stats),
            "success_metrics": msgspec.structs.asdict(success),
            "breakdowns": {
                "by_type": self.breakdowns.by_type,
                "tools": {name: calls.to_dict() for name, calls in self.breakdowns.tools.items()},
                "agents": {name: calls.to_dict() for name, calls in self.breakdowns.agents.items()},
                "errors": self.breakdowns.errors,
                "models": self.breakdowns.models,
            },
            "time_series": self.time_series,
            **({"condensed": msgspec.structs.asdict(self.condensed)} if self.condensed else {}),
        })  # fmt: skip
        return form

    def to_table(self) -> Table:
        """The rows, with the kind of each column."""
        from tachograph.aggregate.tables import table_of  # noqa: PLC0415 - which knows this module

        return table_of(self)


def finite(value: Any) -> Any:
    """A value for JSON: its dictionaries, lists and all; what no float holds is None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [finite(item) for item in value]
    return value
