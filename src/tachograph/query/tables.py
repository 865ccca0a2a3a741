"""The rows of a query's answer as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tachograph.aggregate.result import finite
from tachograph.query.model import CLOCK
from tachograph.query.widths import width
from tachograph.store.measures import TOKEN_KINDS
from tachograph.tables import Columns, Kind, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tachograph.query.model import Query, QueryResult

_WHOLE_MEASURES: Final = frozenset(
    {"count", "sessions", "users", "errors", "success_count", "failure_count", "timed", "tokens", *TOKEN_KINDS}
)


def query_columns(query: Query) -> Columns:
    """The columns of a query's rows: its dimensions, its measures, and, where it compares, what those were before."""
    by = [(name, _dimension(name)) for name in query.by]
    measures = [(name, _measure(name)) for name in query.measures]
    compared: list[tuple[str, Kind]] = [
        column
        for name in (query.measures if query.compare else ())
        for column in (
            (f"{name}_before", _measure(name)),
            (f"{name}_change", _measure(name)),
            (f"{name}_change_relative", "float"),
        )
    ]
    return (*by, *measures, *compared)


def query_table(result: QueryResult) -> Table:
    """A row for each of the answer's; without dimensions the total is the row. A sum that no float holds is None."""
    query = result.query
    rows = finite(result.rows if query.by else [result.total])
    flat = [[*(row[name] for name in query.by), *_numbers(row, query.measures, query.compare)] for row in rows]
    return Table(query_columns(query), flat)


def _dimension(name: str) -> Kind:
    return "time" if width(name) else "whole" if name in CLOCK else "text"


def _measure(name: str) -> Kind:
    return "whole" if name in _WHOLE_MEASURES else "float"


def _numbers(row: Mapping[str, Any], measures: tuple[str, ...], compare: str | None) -> list[Any]:
    values = [row[name] for name in measures]
    if compare:
        before, change = row.get("previous") or {}, row.get("change") or {}
        for name in measures:
            moved = change.get(name) or {}
            values += [before.get(name), moved.get("absolute"), moved.get("relative")]
    return values
