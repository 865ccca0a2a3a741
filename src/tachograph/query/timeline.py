"""One session's metrics in the order of time: what was called when, for how long, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.prices import in_dollars
from tachograph.query.fields import FIELDS
from tachograph.store.measures import LOWER_BOUND, TOKEN_KINDS

if TYPE_CHECKING:
    from tachograph.store.duckdb import Store

_NAMES: Final = {
    "type": "metrics.type",
    "run": "runs.number",
    "agent": FIELDS["acting_agent"].sql,
    "tool": "metrics.tool_name",
    "model": "metrics.model",
    "command": "metrics.command_name",
    "operation": "metrics.operation",
    "hook": "metrics.hook_name",
    "error_type": "metrics.error_type",
    "outcome": FIELDS["outcome"].sql,
}
_AMOUNTS: Final = {
    "duration_ms": "metrics.duration_ms",
    "tokens": "metrics.token_count",
    **{kind: f"metrics.{kind}" for kind in TOKEN_KINDS},
    "tokens_at_least": f"coalesce({LOWER_BOUND}, false)",
    "cost": "metrics.cost",
}
_STEPS: Final = f"""
    WITH runs AS (
        SELECT
            source, agent_run_id, min(agent_id) AS agent_id,
            row_number() OVER (ORDER BY min(ts), source, agent_run_id) AS number
        FROM metrics
        WHERE session_id = $session AND ts IS NOT NULL AND agent_run_id IS NOT NULL
        GROUP BY source, agent_run_id
    )
    SELECT metrics.ts, {", ".join(f"{sql} AS {name}" for name, sql in (_NAMES | _AMOUNTS).items())}
    FROM metrics
    LEFT JOIN runs ON runs.source = metrics.source AND runs.agent_run_id = metrics.agent_run_id
    WHERE metrics.session_id = $session AND metrics.ts IS NOT NULL
    ORDER BY metrics.ts, metrics.id
    LIMIT $limit OFFSET $offset
"""
_SPAN: Final = """
    SELECT count(*), min(ts), max(ts), max(ts + coalesce(greatest(duration_ms, 0), 0) * 1000.0)
    FROM metrics WHERE session_id = $session AND ts IS NOT NULL
"""
_CONDENSED: Final = "SELECT coalesce(sum(metrics_count), 0)::BIGINT FROM condensed WHERE session_id = $session"


class Step(msgspec.Struct, frozen=True):
    """One metric of a session. What isn't known of it is None."""

    start_us: int
    """When it began, in microseconds since 1970."""
    type: str
    run: int | None
    """The agent's run that it is a part of, or tells of; a session's runs are numbered from 1, as they began."""
    agent: str | None
    """That it names, else whose run it is a part of."""
    tool: str | None
    model: str | None
    command: str | None
    operation: str | None
    hook: str | None
    error_type: str | None
    outcome: str | None
    """`success` or `failure`."""
    duration_ms: float | None
    tokens: int | None
    input_tokens: int | None
    output_tokens: int | None
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    tokens_at_least: bool
    """Whether the log has less than the whole output."""
    cost_usd: float | None


class Timeline(msgspec.Struct, frozen=True):
    """Some of a session's metrics, those that began first first, and what is known of all of them."""

    total: int
    """How many metrics there are, those aside of which there are only sums."""
    start_us: int | None
    """When the first one began, in microseconds since 1970; None where there is none."""
    end_us: int | None
    """When the last one was over."""
    condensed: int
    """Of how many more metrics only sums are kept."""
    steps: tuple[Step, ...]


def timeline(store: Store, session: str, *, offset: int, limit: int) -> Timeline:
    """The metrics of a session, but the first `offset`, and `limit` at most; none of a session that isn't there."""
    return store.answered(lambda: _timeline(store, session, offset, limit))


def _timeline(store: Store, session: str, offset: int, limit: int) -> Timeline:
    asked: dict[str, Any] = {"session": session}
    total, first, last, ended = store.connection.execute(_SPAN, asked).fetchone() or (0, None, None, None)
    condensed = store.connection.execute(_CONDENSED, asked).fetchone() or (0,)
    rows = store.connection.execute(_STEPS, {**asked, "limit": limit, "offset": offset}).fetchall() if total else []
    end = None if last is None else max(last, int(min(ended, 2**62)))
    return Timeline(total, first, end, condensed[0], tuple(map(_step, rows)))


def _step(row: tuple[Any, ...]) -> Step:
    *_, at_least, cost = row
    return Step(*(*row[:-2], bool(at_least), None if cost is None else in_dollars(cost)))
