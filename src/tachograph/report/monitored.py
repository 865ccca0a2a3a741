"""What monitoring is told: aggregates as families of numbers with labels, whatever takes them.

Over all of the history they are counters, which only grow; over a range they are gauges.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.store.measures import TOKEN_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tachograph.aggregate.result import AggregationResult, Calls

_NAMES_MAX: Final = 1_000
"""More names of one kind are too many series for anybody's monitoring: the largest are told."""
Labels = tuple[tuple[str, str], ...]


class Family(msgspec.Struct, frozen=True):
    """Numbers of one kind: what it is called (without a prefix), what it is, in which unit, and a number per label."""

    name: str
    what: str
    unit: str
    samples: tuple[tuple[Labels, float | int], ...]


def families(days: AggregationResult, projects: AggregationResult, users: AggregationResult) -> list[Family]:
    """Those that there are any numbers of, from the answers by day, project and user."""
    found = days.breakdowns
    models = list(found.models.items())[:_NAMES_MAX]
    made = (
        Family("metrics", "Metrics, by type.", "1", _counted("type", found.by_type)),
        Family("sessions", "Distinct sessions.", "1", (((), days.total_sessions),)),
        Family("users", "Distinct users.", "1", (((), days.total_users),)),
        Family("errors", "Errors, by kind.", "1", _counted("error_type", found.errors)),
        Family("tool_calls", "Calls of tools, by outcome.", "1", tuple(_outcomes("tool", found.tools))),
        Family("tool_duration_seconds", "Time that calls of tools took.", "s", _durations("tool", found.tools)),
        Family("agent_runs", "Runs of agents, by outcome.", "1", tuple(_outcomes("agent", found.agents))),
        Family("agent_duration_seconds", "Time that runs of agents took.", "s", _durations("agent", found.agents)),
        Family("requests", "Requests to models.", "1", _of_models(models, "requests")),
        Family("tokens", "Tokens, by model and kind.", "1", tuple(_tokens(models))),
        Family("cost_usd", "US dollars, by model.", "USD", _of_models(models, "cost_usd")),
        *_owned("project", "project_path", projects),
        *_owned("user", "user_id", users),
    )  # fmt: skip
    return [each for each in made if each.samples]


def _label(name: str, value: str) -> Labels:
    return ((name, value),)


def _counted(label: str, counts: Mapping[str, int]) -> tuple[tuple[Labels, int], ...]:
    return tuple((_label(label, name), number) for name, number in list(counts.items())[:_NAMES_MAX])


def _outcomes(label: str, calls: Mapping[str, Calls]) -> Iterator[tuple[Labels, int]]:
    for name, one in list(calls.items())[:_NAMES_MAX]:
        unknown = one.count - one.success - one.failure
        for outcome, number in (("success", one.success), ("failure", one.failure), ("unknown", unknown)):
            yield (*_label(label, name), ("outcome", outcome)), number


def _durations(label: str, calls: Mapping[str, Calls]) -> tuple[tuple[Labels, float], ...]:
    return tuple(
        (_label(label, name), one.total_duration_ms / 1000)
        for name, one in list(calls.items())[:_NAMES_MAX]
        if math.isfinite(one.total_duration_ms)
    )


def _of_models(models: Sequence[tuple[str, Mapping[str, Any]]], key: str) -> tuple[tuple[Labels, float], ...]:
    return tuple((_label("model", name), row[key]) for name, row in models)


def _tokens(models: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[tuple[Labels, int]]:
    for name, row in models:
        for kind in TOKEN_KINDS:
            yield (*_label("model", name), ("kind", kind.removesuffix("_tokens"))), row[kind]


def _owned(label: str, key: str, result: AggregationResult) -> Iterator[Family]:
    rows = result.time_series[:_NAMES_MAX]
    for measure, what, unit in (
        ("sessions", "Distinct sessions", "1"),
        ("tokens", "Tokens", "1"),
        ("cost_usd", "US dollars", "USD"),
        ("errors", "Errors", "1"),
    ):
        samples = tuple((_label(label, row[key]), row[measure]) for row in rows)
        yield Family(f"{label}_{measure}", f"{what}, by {label}.", unit, samples)
