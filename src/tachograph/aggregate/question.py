"""What can be asked: a type of aggregation, a range of time, filters, a zone; and what is wrong with a question."""

from __future__ import annotations

import enum
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.errors import BadQuestion
from tachograph.metric import FIRST_US, LAST_US, METRIC_TYPES, microseconds_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tachograph.aggregate.windows import WindowKind


class AggregationType(enum.StrEnum):
    """How the rows of an answer are grouped."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    BY_SESSION = "by_session"
    BY_USER = "by_user"
    BY_TOOL = "by_tool"
    BY_AGENT = "by_agent"
    BY_PROJECT = "by_project"
    BY_MODEL = "by_model"


WINDOWS: Final[dict[AggregationType, WindowKind]] = {
    AggregationType.HOURLY: "hour",
    AggregationType.DAILY: "day",
    AggregationType.WEEKLY: "week",
    AggregationType.MONTHLY: "month",
}

_USAGE: Final = (
    "tokens", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "cost_usd",
)  # fmt: skip
_CALLS: Final = ("count", "success", "failure", "total_duration_ms", "avg_duration_ms")
_COUNTS: Final = ("metrics_count", "errors", "total_duration_ms")
_LONG: Final = ("sessions", "users", *_COUNTS)
ORDERS: Final = {
    kind: (*keys, *_USAGE)
    for kind, keys in {
        AggregationType.HOURLY: ("timestamp", *_COUNTS),
        AggregationType.DAILY: ("timestamp", "sessions", *_COUNTS),
        AggregationType.WEEKLY: ("week_start", *_LONG),
        AggregationType.MONTHLY: ("month", *_LONG),
        AggregationType.BY_SESSION: ("start_time", "end_time", "duration_seconds", "session_id", *_COUNTS),
        AggregationType.BY_USER: ("user_id", "sessions", *_COUNTS),
        AggregationType.BY_TOOL: ("tool", *_CALLS),
        AggregationType.BY_AGENT: ("agent", *_CALLS),
        AggregationType.BY_PROJECT: ("project_path", *_LONG),
        AggregationType.BY_MODEL: ("model", "requests", "sessions"),
    }.items()
}
"""The keys of a row by which rows can be ordered."""

FILTERS: Final = (
    "session_id",
    "user_id",
    "type",
    "tool_name",
    "agent_id",
    "project_path",
    "model",
    "error_type",
    "command_name",
    "source",
)
"""What an aggregation can be narrowed by; user and project are those of the session where a metric names none."""


class Question(msgspec.Struct, frozen=True):
    """An aggregation that was asked for, checked. Times are microseconds since 1970, the end is outside."""

    type: AggregationType
    start_us: int | None = None
    end_us: int | None = None
    filters: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    zone: tzinfo = UTC
    fill: bool = False
    order: str | None = None
    """The key of a row by which rows are ordered, a "-" before it for the largest first; None for the usual order."""
    limit: int | None = None
    """So many rows at most; the totals are of all."""
    offset: int = 0
    """So many rows before those are left out."""


def question(  # noqa: PLR0913 - a question has as many parts
    kind: AggregationType | str,
    start: datetime | None = None,
    end: datetime | None = None,
    filters: Mapping[str, str | Iterable[str] | None] | None = None,
    *,
    zone: tzinfo | str = UTC,
    fill: bool = False,
    order: str | None = None,
    limit: int | None = None,
    called: Mapping[str, str] | None = None,
) -> Question:
    """Checks what is asked for. Naive times are UTC; a filter is one value or several, None is no filter.

    `called` says how whoever asks calls `type`, `order` and `limit`, for errors to name those.

    Raises `BadQuestion` for an unknown aggregation, filter, type, zone or order, a limit below 1, and where the end is
    before the start.
    """
    start_us, end_us = _microseconds(start), _microseconds(end)
    if start_us is not None and end_us is not None and end_us < start_us:
        raise BadQuestion(f"the end ({end}) is before the start ({start})", mend="swap them")
    wanted = {name: _values(value) for name, value in (filters or {}).items() if value is not None}
    for name in wanted:
        if name not in FILTERS:
            raise BadQuestion(f"there is no filter {name!r}", mend=f"known are {', '.join(FILTERS)}")
    names = called or {}
    for value in wanted.get("type", ()):
        if value not in METRIC_TYPES:
            known = ", ".join(sorted(METRIC_TYPES))
            raise BadQuestion(
                f"there is no type of metric {value!r}", where=names.get("type"), mend=f"known are {known}"
            )
    if limit is not None and limit < 1:
        raise BadQuestion(f"{limit} rows are none", where=names.get("limit"), mend="give a limit of 1 or more")
    asked = _kind(kind)
    if order is not None and order.removeprefix("-") not in ORDERS[asked]:
        mend = f"known are {', '.join(ORDERS[asked])}, with a '-' before it for the largest first"
        raise BadQuestion(f"there is no order {order!r} of {asked}", where=names.get("order"), mend=mend)
    within = time_zone(zone) if isinstance(zone, str) else zone
    return Question(asked, start_us, end_us, wanted, within, fill, order, limit)


def time_zone(name: str) -> tzinfo:
    """The zone of an IANA name. Raises `BadQuestion` where there is none."""
    if name.upper() == "UTC":
        return UTC
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - for other zones alone

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadQuestion(f"there is no time zone {name!r}", mend="give an IANA name such as Europe/Rome") from None


def _kind(kind: AggregationType | str) -> AggregationType:
    try:
        return AggregationType(kind)
    except ValueError:
        known = ", ".join(AggregationType)
        raise BadQuestion(f"there is no aggregation {kind!r}", mend=f"known are {known}") from None


def _values(value: str | Iterable[str]) -> tuple[str, ...]:
    return (str(value),) if isinstance(value, str) else tuple(str(one) for one in value)


def _microseconds(time: datetime | None) -> int | None:
    if time is None:
        return None
    return min(max(microseconds_of(time), FIRST_US), LAST_US + 1)
