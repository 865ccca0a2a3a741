"""What a dimension or a field of a filter is of a row of `metrics`, in SQL."""

from __future__ import annotations

from typing import Final

import msgspec

from tachograph.query.model import CLOCK
from tachograph.store.measures import SUCCEEDED


class Field(msgspec.Struct, frozen=True):
    """A name of a metric, and which tables have to be joined for it."""

    sql: str
    joins: tuple[str, ...] = ()


def _owned(column: str) -> Field:
    """The session's where the metric has none."""
    return Field(f"coalesce(metrics.{column}, sessions.{column})", ("sessions",))


_NAMED: Final = {
    "session": "session_id",
    "type": "type",
    "tool": "tool_name",
    "agent": "agent_id",
    "model": "model",
    "source": "source",
    "error_type": "error_type",
    "command": "command_name",
    "operation": "operation",
    "hook": "hook_name",
}
FIELDS: Final[dict[str, Field]] = {
    **{name: Field(f"metrics.{column}") for name, column in _NAMED.items()},
    "user": _owned("user_id"),
    "project": _owned("project_path"),
    "acting_agent": Field("coalesce(metrics.agent_id, runs.agent_id)", ("runs",)),
    "outcome": Field(f"CASE {SUCCEEDED} WHEN true THEN 'success' WHEN false THEN 'failure' END"),
    "duration_ms": Field("metrics.duration_ms"),
    "tokens": Field("metrics.token_count"),
    "cost_usd": Field("metrics.cost"),
}
"""All but those of the clock, which depend on the zone."""


def joins(names: frozenset[str]) -> list[str]:
    """The tables that these fields need, each once."""
    return sorted({join for name in names if name not in CLOCK for join in FIELDS[name].joins})
