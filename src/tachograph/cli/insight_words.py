"""How the watched measures are called, and how their values are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.report.figures import count, dollars, duration, share, tokens

if TYPE_CHECKING:
    from collections.abc import Callable


class Words(msgspec.Struct, frozen=True):
    """A measure: what it is called, and how values of it and of its groups are shown."""

    title: str
    value: Callable[[Any], str]
    part: Callable[[Any], str]
    """How much of it a group has, on the day or (a mean) on usual ones."""
    events: str = ""
    """What those are, where it is a rate of events."""
    things: str = ""
    """What a rate is taken of."""
    of_things: str = ""
    """What a group's rate is of them, where that isn't the measure."""


def _whole(number: float) -> str:
    return count(round(number))


def _mean(number: float) -> str:
    """With a decimal where it is small and has one."""
    return _whole(number) if number >= 10 or number == int(number) else f"{number:.1f}"


def _tokens(number: float) -> str:
    return tokens(round(number))


WORDS: Final = {
    "count": Words("metrics", _whole, _mean),
    "tokens": Words("tokens", _tokens, _tokens),
    "cost_usd": Words("cost", dollars, dollars),
    "errors": Words("errors", _whole, _mean),
    "error_rate": Words("error rate", share, _mean, "errors", "metrics"),
    "tool_failure_rate": Words("failure rate of tool calls", share, _mean, "failures", "calls"),
    "cache_hit_rate": Words("cache hit rate", share, _tokens, "", "input"),
    "tool_duration_p95": Words(
        "p95 duration of tool calls", duration, _mean, "", "calls", " slower than the usual p95"
    ),
    "agent_duration_p50": Words(
        "median duration of agent runs", duration, _mean, "", "runs", " slower than the usual median"
    ),
}
"""By the measure's name."""
