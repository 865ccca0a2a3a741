"""Insights for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tachograph.cli.insight_words import command
from tachograph.cli.zone import zone_name
from tachograph.insights.judging import LEAST_PAST

if TYPE_CHECKING:
    from argparse import Namespace

    from tachograph.insights.insight import Days, Findings, Insight


def document(findings: Findings, days: Days, options: Namespace) -> dict[str, Any]:
    """Everything that was found, and how much was looked at."""
    return {
        "demo": options.demo,
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
        "insights": [_insight(one, options) for one in findings.insights],
    }


def _insight(insight: Insight, options: Namespace) -> dict[str, Any]:
    fields = {
        name: msgspec.to_builtins(getattr(insight, name)) for name in insight.__struct_fields__ if name != "query"
    }
    return {**fields, "command": command(insight, options)}
