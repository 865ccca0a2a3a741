"""The tables of a report as comma-separated values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tachograph.report.csv_text import csv_text
from tachograph.report.table_csv import table_csv

if TYPE_CHECKING:
    from tachograph.report.report import Report


def render(report: Report) -> str:
    """The table as any program reads it; of several each with its title above it, and an empty line between them."""
    texts = [table_csv(each.table) for each in report.sections]
    if len(texts) == 1:
        return texts[0]
    titled = [csv_text([each.title], []) + text for each, text in zip(report.sections, texts, strict=True)]
    return "\r\n".join(titled)
