"""Answers for programs: one JSON document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tachograph.aggregate.result import AggregationResult


def as_json(document: Any) -> str:
    """The document on one line, which ends with a line feed, in ASCII so that no encoding can harm it."""
    return f"{json.dumps(document, allow_nan=False)}\n"


def summary_document(days: AggregationResult, projects: AggregationResult, *, demo: bool) -> dict[str, Any]:
    """What happened: by day, and by project."""
    return {"demo": demo, "daily": days.to_dict(), "by_project": projects.to_dict()}
