"""The rows of an answer: the contract's "The rows (`time_series`), by type of aggregation"."""

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from . import measures as measure
from . import usage
from .reading import Metric

Row = dict[str, Any]

COLUMNS: dict[str, Callable[[list[Metric]], Any]] = {
    "sessions": lambda metrics: measure.distinct(metrics, "session_id"),
    "users": lambda metrics: measure.distinct(metrics, "user_id"),
    "metrics_count": len,
    "tool_uses": lambda metrics: measure.counts(metric["data"].get("tool_name") for metric in metrics),
    "errors": measure.errors,
    "total_duration_ms": measure.total_duration_ms,
}
AMOUNTS = ("metrics_count", "errors", "total_duration_ms")

# Aggregation -> the name of its label, the columns after it.
WINDOW_ROWS = {
    "hourly": ("timestamp", AMOUNTS),
    "daily": ("timestamp", (*AMOUNTS, "sessions")),
    "weekly": ("week_start", (*AMOUNTS, "sessions", "users")),
    "monthly": ("month", (*AMOUNTS, "sessions", "users")),
}


class Grouping(NamedTuple):
    """What the rows are by: the name of the key in a row, the key of a metric, what a row says beside the usage."""

    label: str
    key: Callable[[Metric], str | None]
    row: Callable[[list[Metric]], Row]


def _columns(*names: str) -> Callable[[list[Metric]], Row]:
    return lambda metrics: {name: COLUMNS[name](metrics) for name in names}


GROUPINGS = {
    "by_user": Grouping("user_id", lambda m: m["user_id"], _columns("sessions", "tool_uses", *AMOUNTS)),
    "by_tool": Grouping("tool", measure.field("tool_name"), measure.calls),
    "by_agent": Grouping("agent", measure.field("agent_id"), measure.calls),
    "by_project": Grouping(
        "project_path", lambda m: m["project_path"], _columns("sessions", "users", "tool_uses", *AMOUNTS)
    ),
}


def window_rows(window: str, windows: dict[datetime, list[Metric]], zone: str) -> list[Row]:
    """A row for each window, given by its first moment, in the order in which they come."""
    label, columns = WINDOW_ROWS[window]
    return [
        {label: _iso(start, ZoneInfo(zone)), **_columns(*columns)(metrics), **usage.usage(metrics)}
        for start, metrics in windows.items()
    ]


def session_rows(metrics: list[Metric], zone: tzinfo) -> list[Row]:
    """A row for each session, by start time, then id."""
    rows = []
    for session_id, session in measure.groups(metrics, lambda m: m["session_id"]).items():
        first = min(metric["timestamp"] for metric in session)
        last = max(metric["timestamp"] for metric in session)
        row = {
            "session_id": session_id,
            "start_time": _iso(first, zone),
            "end_time": _iso(last, zone),
            "duration_seconds": (last - first).total_seconds(),
            **_columns("tool_uses", *AMOUNTS)(session),
            **usage.usage(session),
        }
        rows.append((first, session_id, row))
    return [row for _, _, row in sorted(rows, key=lambda entry: entry[:2])]


def group_rows(type: str, metrics: list[Metric]) -> list[Row]:
    """A row for each user, tool, agent or project, by count, largest first, then by name."""
    grouping = GROUPINGS[type]
    return [
        {grouping.label: name, **grouping.row(group), **usage.usage(group)}
        for name, group in measure.groups(metrics, grouping.key).items()
    ]


def model_rows(metrics: list[Metric]) -> list[Row]:
    """A row for each model, in the order of the answer's models."""
    return [{"model": name, **row} for name, row in usage.models(metrics).items()]


def _iso(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).isoformat()
