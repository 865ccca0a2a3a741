"""The rows of a query as comma-separated values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tachograph.report.columns import query_columns
from tachograph.report.csv_text import csv_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tachograph.query.model import QueryResult


def query_csv(result: QueryResult) -> str:
    """A line of titles and one per row; without dimensions the total is the row. What has no value is empty."""
    return csv_text([name for name, _ in query_columns(result.query)], flat_rows(result))


def flat_rows(result: QueryResult) -> list[list[Any]]:
    """A value for each column."""
    query = result.query
    rows = result.rows if query.by else [result.total]
    return [[*(row[name] for name in query.by), *_numbers(row, query.measures, query.compare)] for row in rows]


def _numbers(row: Mapping[str, Any], measures: tuple[str, ...], compare: str | None) -> list[Any]:
    values = [row[name] for name in measures]
    if compare:
        before, change = row.get("previous") or {}, row.get("change") or {}
        for name in measures:
            moved = change.get(name) or {}
            values += [before.get(name), moved.get("absolute"), moved.get("relative")]
    return values
