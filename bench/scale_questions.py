"""What is asked of a store of made-up metrics, in our words and in plain SQL on the table `metrics`.

The plain SQL is what somebody would write who has the table and DuckDB alone. It tells less: no breakdowns, no tools of
each session, user and project, and totals and percentiles only where they are asked for themselves; each of our
aggregations has them beside its rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Question:
    """A question: the arguments of our command, and the same in SQL; both name what they give alike."""

    name: str
    asked: tuple[str, ...]
    rows_in: str
    """Under which key our answer has its rows."""
    columns: tuple[str, ...]
    """What both say; the SQL gives them in this order, and both give the rows in the same."""
    sql: str

    def rows(self, answer: Mapping[str, Any]) -> list[Row]:
        """The rows of our answer, as far as the SQL says the same."""
        return [tuple(row[column] for column in self.columns) for row in answer[self.rows_in]]


_COUNTED: Final = {
    "metrics_count": "count(*)",
    "sessions": "count(DISTINCT session_id)",
    "users": "count(DISTINCT user_id)",
    "errors": "count(*) FILTER (type = 'error_occurred')",
    "total_duration_ms": "coalesce(sum(duration_ms), 0)",
    "tokens": "coalesce(sum(token_count), 0)",
    "cost_usd": "coalesce(sum(cost), 0) / 1e24",
}
_OF_CALLS: Final = {
    "count": "count(*)",
    "success": "count(*) FILTER (success)",
    "failure": "count(*) FILTER (NOT success)",
    "total_duration_ms": "coalesce(sum(duration_ms), 0)",
    "avg_duration_ms": "coalesce(avg(duration_ms), 0)",
}
_RANKS: Final = "[0.5, 0.05, 0.01]"
"""Of the negated durations: so the value is the one at floor(n·p), as ours, and not at ceil(n·p) − 1."""


def _selected(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{expression} AS {name}" for name, expression in columns.items())


def _without(*left_out: str) -> dict[str, str]:
    return {name: expression for name, expression in _COUNTED.items() if name not in left_out}


def _totals() -> Question:
    counted = {"count" if name == "metrics_count" else name: expression for name, expression in _COUNTED.items()}
    counted["duration_sum"] = counted.pop("total_duration_ms")
    percentiles = ("duration_p50", "duration_p95", "duration_p99")
    found = ", ".join(f"-percentiles[{number}] AS {name}" for number, name in enumerate(percentiles, 1))
    columns = (*counted, *percentiles)
    sql = f"""
        SELECT * EXCLUDE (percentiles), {found}
        FROM (SELECT {_selected(counted)}, quantile_disc(-duration_ms, {_RANKS}) AS percentiles FROM metrics)
    """
    return Question("totals", ("query", "--measure", ",".join(columns)), "rows", columns, sql)


def _windows(command: str, unit: str, key: str, *left_out: str) -> Question:
    counted, start = _without(*left_out), f"date_trunc('{unit}', make_timestamp(ts))"
    sql = f"""
        SELECT strftime({start}, '%Y-%m-%dT%H:%M:%S+00:00') AS {key}, {_selected(counted)}
        FROM metrics GROUP BY {start} ORDER BY {start}
    """
    return Question(command, (command,), "time_series", (key, *counted), sql)


def _sessions() -> Question:
    counted = _without("sessions", "users")
    sql = f"""
        SELECT session_id, (max(ts) - min(ts)) / 1e6 AS duration_seconds, {_selected(counted)}
        FROM metrics WHERE session_id IS NOT NULL GROUP BY session_id
        ORDER BY tokens DESC, min(ts), session_id LIMIT 1000
    """
    columns = ("session_id", "duration_seconds", *counted)
    asked = ("sessions", "--order", "-tokens", "--limit", "1000")
    return Question("sessions, most tokens first", asked, "time_series", columns, sql)


def _users() -> Question:
    counted = _without("users")
    sql = f"""
        SELECT user_id, {_selected(counted)} FROM metrics WHERE user_id IS NOT NULL
        GROUP BY user_id ORDER BY metrics_count DESC, user_id
    """
    return Question("users", ("users",), "time_series", ("user_id", *counted), sql)


def _projects() -> Question:
    sql = f"""
        WITH owned AS (
            SELECT session_id, any_value(project_path) AS project
            FROM metrics WHERE project_path IS NOT NULL GROUP BY session_id
        )
        SELECT project, {_selected(_COUNTED)} FROM metrics JOIN owned USING (session_id)
        GROUP BY project ORDER BY metrics_count DESC, project
    """
    return Question("projects", ("projects",), "time_series", ("project_path", *_COUNTED), sql)


def _calls(command: str, key: str, column: str) -> Question:
    sql = f"""
        SELECT {column}, {_selected(_OF_CALLS)} FROM metrics WHERE {column} IS NOT NULL
        GROUP BY {column} ORDER BY count DESC, {column}
    """
    return Question(command, (command,), "time_series", (key, *_OF_CALLS), sql)


TOTALS: Final = _totals()
DAILY: Final = _windows("daily", "day", "timestamp", "users")
NINE: Final = (
    _windows("hourly", "hour", "timestamp", "sessions", "users"),
    DAILY,
    _windows("weekly", "week", "week_start"),
    _windows("monthly", "month", "month"),
    _sessions(),
    _users(),
    _calls("tools", "tool", "tool_name"),
    _calls("agents", "agent", "agent_id"),
    _projects(),
)
QUESTIONS: Final = (TOTALS, *NINE)


def difference(ours: Sequence[Row], others: Sequence[Row]) -> str | None:
    """The first place where two answers differ; None if they are the same, but for the last digits of floats."""
    if len(ours) != len(others):
        return f"{len(ours)} rows, and {len(others)}"
    pairs = zip(ours, others, strict=True)
    return next((f"{one}, and {other}" for one, other in pairs if not _same_row(one, other)), None)


def _same_row(one: Row, other: Row) -> bool:
    return len(one) == len(other) and all(_same(*values) for values in zip(one, other, strict=True))


def _same(one: Any, other: Any) -> bool:
    """Floats are added up in another order on each run, whole numbers are the same or wrong."""
    if isinstance(one, float) or isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-6)
    return bool(one == other)
