"""How the watched measures are called and their values are shown; and the command that shows an insight."""

from __future__ import annotations

import shlex
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.cli.figures import count, dollars, duration, share, tokens
from tachograph.cli.zone import zone_name
from tachograph.query.model import All, AnyOf

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterator

    from tachograph.insights.insight import Insight
    from tachograph.query.model import Filter


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


def command(insight: Insight, options: Namespace) -> str:
    """The command line that shows the days of an insight and of the past that they were compared with."""
    query = insight.query
    assert query.start is not None
    assert query.end is not None
    last = (query.end.astimezone(query.zone) - timedelta(microseconds=1)).date()
    words = [
        "tachograph", "query", "--measure", ",".join(query.measures), "--by", ",".join(query.by),
        *_filters(query.where),
        "--since", str(query.start.astimezone(query.zone).date()), "--until", str(last),
    ]  # fmt: skip
    if zone_name(query.zone) != "local time":
        words += ["--timezone", zone_name(query.zone)]
    if options.demo:
        words.append("--demo")
    if options.home is not None:
        words += ["--home", options.home]
    return shlex.join(words)


_OPTIONS: Final = {"type": "--type", "project": "--project"}


def _filters(where: Filter | None) -> Iterator[str]:
    """The options that say the same."""
    if isinstance(where, All):
        for one in where.of:
            yield from _filters(one)
    elif isinstance(where, AnyOf):
        for value in where.values:
            yield _OPTIONS[where.field]
            yield str(value)
