"""A table as comma-separated values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tachograph.report.csv_text import csv_text
from tachograph.tables import plain

if TYPE_CHECKING:
    from tachograph.tables import Table


def table_csv(table: Table) -> str:
    """A line of titles and one per row; what has no value is empty, counts by name are JSON, flags true or false."""
    kinds = [kind for _, kind in table.columns]
    rows = ([plain(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in table.rows)
    return csv_text([name for name, _ in table.columns], rows)
