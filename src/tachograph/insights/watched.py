"""What is watched, declared: a new measure is a new row."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from tachograph.query.model import AnyOf, Filter

Kind = Literal["amount", "events", "rate", "share", "duration"]
"""An amount or a number of events in a day; a rate of events among things; a share of tokens; a percentile."""
Sense = Literal["bad", "good", "neutral"]


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """A measure that is looked at day by day. Its value of a day is the sum of `part`, divided by that of `whole`."""

    name: str
    kind: Kind
    family: str
    """Measures of one family tend to change together: they are told together."""
    part: tuple[str, ...]
    whole: tuple[str, ...] = ()
    where: Filter | None = None
    basis: str = "count"
    """The measure that says how much a day's value rests on."""
    least_basis: int = 1
    """Days whose value rests on less aren't judged and aren't compared with."""
    least_change: float
    """A smaller change, in the measure's own unit, is never told."""
    least_ratio: float = 1.5
    """Nor one by less than this factor."""
    percentile: float | None = None
    """Of a duration: the share of metrics that take longer is the rest of 1."""
    up_is: Sense
    shown_by: tuple[str, ...]
    """The measures of a query that shows it."""
    dimensions: tuple[str, ...]
    """What may explain a change, the most telling first."""

    @property
    def needs_whole_days(self) -> bool:
        """Whether a day that isn't over has less of it; and days off have less than working days."""
        return self.kind in ("amount", "events")

    @property
    def measures(self) -> tuple[str, ...]:
        """All that is asked to know a day's value."""
        return tuple(dict.fromkeys((*self.part, *self.whole, self.basis)))


_TOOL_CALLS: Final = AnyOf("type", ("tool_use",))
_AGENT_RUNS: Final = AnyOf("type", ("agent_execution",))
_REQUESTS: Final = AnyOf("type", ("token_usage",))
_SPENDING: Final = ("project", "model", "acting_agent", "user", "session")

WATCHED: Final = (
    Watched(
        name="count",
        kind="amount",
        family="use",
        part=("count",),
        least_change=50,
        up_is="neutral",
        shown_by=("count", "sessions"),
        dimensions=("project", "tool", "hook", "command", "user", "session"),
    ),
    Watched(
        name="tokens",
        kind="amount",
        family="use",
        part=("tokens",),
        least_change=100_000,
        up_is="neutral",
        shown_by=("tokens",),
        dimensions=_SPENDING,
    ),
    Watched(
        name="cost_usd",
        kind="amount",
        family="use",
        part=("cost_usd",),
        least_change=1,
        up_is="bad",
        shown_by=("cost_usd",),
        dimensions=_SPENDING,
    ),
    Watched(
        name="errors",
        kind="events",
        family="errors",
        part=("errors",),
        least_change=5,
        up_is="bad",
        shown_by=("errors", "error_rate"),
        dimensions=("error_type", "project", "tool", "model", "user", "session"),
    ),
    Watched(
        name="error_rate",
        kind="rate",
        family="errors",
        part=("errors",),
        whole=("count",),
        least_basis=20,
        least_change=0.02,
        up_is="bad",
        shown_by=("error_rate", "errors", "count"),
        dimensions=("error_type", "project", "tool", "model", "user", "session"),
    ),
    Watched(
        name="tool_failure_rate",
        kind="rate",
        family="failures",
        part=("failure_count",),
        whole=("success_count", "failure_count"),
        where=_TOOL_CALLS,
        least_basis=20,
        least_change=0.05,
        up_is="bad",
        shown_by=("failure_count", "success_rate"),
        dimensions=("tool", "error_type", "project", "agent", "user", "session"),
    ),
    Watched(
        name="cache_hit_rate",
        kind="share",
        family="cache",
        part=("cache_read_tokens",),
        whole=("input_tokens", "cache_read_tokens", "cache_write_tokens"),
        where=_REQUESTS,
        least_basis=20,
        least_change=0.05,
        least_ratio=1,
        up_is="good",
        shown_by=("cache_hit_rate", "cache_read_tokens"),
        dimensions=_SPENDING,
    ),
    Watched(
        name="tool_duration_p95",
        kind="duration",
        family="tool durations",
        part=("duration_p95",),
        where=_TOOL_CALLS,
        basis="timed",
        least_basis=40,
        percentile=0.95,
        least_change=500,
        up_is="bad",
        shown_by=("duration_p95", "timed"),
        dimensions=("tool", "project", "user", "session"),
    ),
    Watched(
        name="agent_duration_p50",
        kind="duration",
        family="agent durations",
        part=("duration_p50",),
        where=_AGENT_RUNS,
        basis="timed",
        least_basis=12,
        percentile=0.5,
        least_change=5000,
        up_is="bad",
        shown_by=("duration_p50", "timed"),
        dimensions=("agent", "project", "model", "user", "session"),
    ),
)
