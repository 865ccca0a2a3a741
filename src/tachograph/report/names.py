"""What the aggregations are called by those who ask for them, and what a row of each is about."""

from __future__ import annotations

from typing import Final

from tachograph.aggregate.question import AggregationType

AGGREGATIONS: Final = {
    "hourly": (AggregationType.HOURLY, "hour"),
    "daily": (AggregationType.DAILY, "day"),
    "weekly": (AggregationType.WEEKLY, "week"),
    "monthly": (AggregationType.MONTHLY, "month"),
    "sessions": (AggregationType.BY_SESSION, "session"),
    "users": (AggregationType.BY_USER, "user"),
    "tools": (AggregationType.BY_TOOL, "tool"),
    "agents": (AggregationType.BY_AGENT, "agent"),
    "projects": (AggregationType.BY_PROJECT, "project folder"),
    "models": (AggregationType.BY_MODEL, "model"),
}
