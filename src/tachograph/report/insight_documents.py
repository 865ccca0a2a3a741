"""Insights for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tachograph.insights.judging import LEAST_PAST
from tachograph.report.insight_command import command
from tachograph.report.zones import zone_name

if TYPE_CHECKING:
    from tachograph.insights.insight import Days, Findings, Insight


def insights_document(findings: Findings, days: Days, *, demo: bool = False, home: str | None = None) -> dict[str, Any]:
    """Everything that was found, and how much was looked at."""
    return {
        "demo": demo,
        "since": str(days.since),
        "until": str(days.until),
        "timezone": zone_name(days.zone),
        "sensitivity": days.sensitivity,
        "comparisons": findings.comparisons,
        "active_days": findings.active_days,
        "past_days": findings.past_days,
        "past_days_needed": LEAST_PAST,
        "latest": None if findings.latest is None else str(findings.latest),
        "at_least": list(findings.at_least),
        "exact": findings.is_exact,
        "insights": [_insight(one, command(one, demo=demo, home=home)) for one in findings.insights],
    }


def _insight(insight: Insight, shown_by: str) -> dict[str, Any]:
    fields = {
        name: msgspec.to_builtins(getattr(insight, name)) for name in insight.__struct_fields__ if name != "query"
    }
    return {**fields, "command": shown_by}
