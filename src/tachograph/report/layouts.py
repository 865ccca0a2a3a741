"""Which columns the table of each question has, and how their values are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any, Final, Literal

import msgspec

from tachograph.aggregate.question import AggregationType
from tachograph.report.figures import count, dollars, duration, tokens
from tachograph.report.printable import printable

Row = Mapping[str, Any]
DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_TOOLS_NAMED: Final = 3


class Column(msgspec.Struct, frozen=True):
    """A column: its title, what it shows of a row, and of what kind that is.

    Where there is too little room, details and lists are left out, an id is cut with a …, a name is folded; numbers
    and labels are always shown as they are.
    """

    title: str
    text: Callable[[Row], str]
    kind: Literal["number", "detail", "label", "name", "id", "list"] = "number"


class Layout(msgspec.Struct, frozen=True):
    """A table: its title, its columns, and what is said where it has no rows."""

    title: str
    columns: tuple[Column, ...]
    without_rows: str


def _value(key: str, show: Callable[[Any], str], row: Row) -> str:
    return show(row[key])


def _number(title: str, key: str, show: Callable[[Any], str] = count) -> Column:
    return Column(title, partial(_value, key, show))


def _name(title: str, key: str) -> Column:
    return Column(title, partial(_value, key, printable), "name")


def _label(title: str, key: str, show: Callable[[str], str]) -> Column:
    return Column(title, partial(_value, key, show), "label")


def hour_shown(label: str) -> str:
    """An hour's or a minute's label, with the offset."""
    clock, offset = label[11:19], label[19:]
    return f"{label[:10]} {clock.removesuffix(':00') if len(clock) > 5 else clock} {offset}"


def minute(label: str) -> str:
    """A moment's label, to the minute."""
    return f"{label[:10]} {label[11:16]}"


def day_shown(label: str) -> str:
    """A day's label, with the name of the day."""
    return f"{label[:10]} {DAYS[date.fromisoformat(label[:10]).weekday()]}"


def _tools(uses: Mapping[str, int]) -> str:
    named = [f"{printable(tool)} {count(number)}" for tool, number in list(uses.items())[:_TOOLS_NAMED]]
    more = len(uses) - len(named)
    return ", ".join([*named, f"{more} more"] if more else named)


METRICS: Final = _number("metrics", "metrics_count")
SESSIONS: Final = _number("sessions", "sessions")
USERS: Final = _number("users", "users")
ERRORS: Final = _number("errors", "errors")
TIME: Final = _number("time", "total_duration_ms", duration)
TOKENS: Final = Column("tokens", lambda row: ("≥" if row["tokens_at_least"] else "") + tokens(row["tokens"]))
COST: Final = Column("cost", lambda row: ("≥" if row["cost_at_least"] else "") + dollars(row["cost_usd"]))
USAGE: Final = (
    TOKENS,
    *(
        Column(title, partial(_value, f"{key}_tokens", tokens), "detail")
        for title, key in (
            ("input", "input"), ("output", "output"), ("cache read", "cache_read"), ("cache write", "cache_write"),
        )
    ),
    COST,
)  # fmt: skip
TOOLS_USED: Final = Column("tools used", partial(_value, "tool_uses", _tools), "list")
CALLS: Final = (
    _number("calls", "count"),
    _number("succeeded", "success"),
    _number("failed", "failure"),
    TIME,
    _number("average", "avg_duration_ms", duration),
)

LAYOUTS: Final = {
    AggregationType.HOURLY: Layout(
        "Hours", (_label("hour", "timestamp", hour_shown), METRICS, ERRORS, TIME, *USAGE), "No hours."
    ),
    AggregationType.DAILY: Layout(
        "Days", (_label("day", "timestamp", day_shown), METRICS, SESSIONS, ERRORS, TIME, *USAGE), "No days."
    ),
    AggregationType.WEEKLY: Layout(
        "Weeks",
        (
            _label("week from", "week_start", lambda label: label[:10]),
            METRICS,
            SESSIONS,
            USERS,
            ERRORS,
            TIME,
            *USAGE,
        ),
        "No weeks.",
    ),
    AggregationType.MONTHLY: Layout(
        "Months",
        (_label("month", "month", lambda label: label[:7]), METRICS, SESSIONS, USERS, ERRORS, TIME, *USAGE),
        "No months.",
    ),
    AggregationType.BY_SESSION: Layout(
        "Sessions",
        (
            Column("session", partial(_value, "session_id", printable), "id"),
            _label("began", "start_time", minute),
            Column("lasted", lambda row: duration(row["duration_seconds"] * 1000), "detail"),
            METRICS,
            ERRORS,
            TIME,
            *USAGE,
            TOOLS_USED,
        ),
        "No metric names a session.",
    ),
    AggregationType.BY_USER: Layout(
        "Users",
        (_name("user", "user_id"), SESSIONS, METRICS, ERRORS, TIME, *USAGE, TOOLS_USED),
        "No metric or session names a user.",
    ),
    AggregationType.BY_TOOL: Layout("Tools", (_name("tool", "tool"), *CALLS), "No metric names a tool."),
    AggregationType.BY_AGENT: Layout("Agents", (_name("agent", "agent"), *CALLS, *USAGE), "No metric names an agent."),
    AggregationType.BY_MODEL: Layout(
        "Models",
        (_name("model", "model"), _number("requests", "requests"), SESSIONS, *USAGE),
        "No metric names a model.",
    ),
    AggregationType.BY_PROJECT: Layout(
        "Projects",
        (_name("project", "project_path"), SESSIONS, USERS, METRICS, ERRORS, TIME, *USAGE, TOOLS_USED),
        "No metric or session names a project.",
    ),
}
