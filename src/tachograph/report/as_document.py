"""A report as a JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tachograph.aggregate.result import finite
from tachograph.report.documents import as_json

if TYPE_CHECKING:
    from tachograph.report.report import Figure, Report


def render(report: Report) -> str:
    """One document on one line, with all values as they are."""
    return as_json(
        finite({
            "title": report.title,
            "made": report.made,
            "period": msgspec.structs.asdict(report.period),
            "before": None if report.before is None else msgspec.structs.asdict(report.before),
            "about": list(report.about),
            "summary": [_figure(each) for each in report.summary],
            "tables": [
                {
                    "title": each.title,
                    "columns": [name for name, _ in each.table.columns],
                    "rows": each.table.dictionaries(),
                    "note": each.note or None,
                }
                for each in report.sections
            ],
            "remarks": list(report.remarks),
        })
    )  # fmt: skip


def _figure(figure: Figure) -> dict[str, Any]:
    value = {"name": figure.name, "value": figure.value, "at_least": figure.is_at_least}
    if figure.change is None:
        return value
    return {**value, "before": figure.before, "change": dict(figure.change)}
