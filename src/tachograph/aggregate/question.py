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


def question(
    kind: AggregationType | str,
    start: datetime | None = None,
    end: datetime | None = None,
    filters: Mapping[str, str | Iterable[str] | None] | None = None,
    *,
    zone: tzinfo | str = UTC,
    fill: bool = False,
) -> Question:
    """Checks what is asked for. Naive times are UTC; a filter is one value or several, None is no filter.

    Raises `BadQuestion` for an unknown aggregation, filter, type or zone, and where the end is before the start.
    """
    start_us, end_us = _microseconds(start), _microseconds(end)
    if start_us is not None and end_us is not None and end_us < start_us:
        raise BadQuestion(f"the end ({end}) is before the start ({start})", mend="swap them")
    wanted = {name: _values(value) for name, value in (filters or {}).items() if value is not None}
    for name in wanted:
        if name not in FILTERS:
            raise BadQuestion(f"there is no filter {name!r}", mend=f"known are {', '.join(FILTERS)}")
    for value in wanted.get("type", ()):
        if value not in METRIC_TYPES:
            raise BadQuestion(
                f"there is no type of metric {value!r}", mend=f"known are {', '.join(sorted(METRIC_TYPES))}"
            )
    return Question(_kind(kind), start_us, end_us, wanted, time_zone(zone) if isinstance(zone, str) else zone, fill)


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
