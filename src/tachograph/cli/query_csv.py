"""The rows of a query as comma-separated values, as RFC 4180 has them.

A spreadsheet takes a cell that begins with one of a few signs for a formula, and a log may name a tool so: such a name
gets a ' before it. What isn't plainly visible in a name is written as its escape, for the file may be shown on a
terminal. The JSON form has names as they are.
"""

from __future__ import annotations

import csv
import io
import sys
from typing import TYPE_CHECKING, Any, Final

from tachograph.cli.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tachograph.query.model import QueryResult

_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")


def write_csv(result: QueryResult) -> None:
    """A line of titles and one per row; without dimensions the total is the row. What has no value is empty."""
    query = result.query
    text = io.StringIO()
    lines = csv.writer(text)
    compared = [f"{name}_{what}" for name in query.measures for what in ("before", "change", "change_relative")]
    lines.writerow([*query.by, *query.measures, *(compared if query.compare else [])])
    for row in result.rows if query.by else [result.total]:
        lines.writerow([*(_cell(row[name]) for name in query.by), *_numbers(row, query.measures, query.compare)])
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure:
        reconfigure(newline="")  # lines end in CR LF on every system
    print(text.getvalue(), end="")


def _numbers(row: Mapping[str, Any], measures: tuple[str, ...], compare: str | None) -> list[Any]:
    values = [row[name] for name in measures]
    if compare:
        before, change = row.get("previous") or {}, row.get("change") or {}
        for name in measures:
            moved = change.get(name) or {}
            values += [before.get(name), moved.get("absolute"), moved.get("relative")]
    return values


def _cell(name: Any) -> Any:
    if not isinstance(name, str):
        return name
    return f"'{printable(name)}" if name.startswith(_FORMULAS) else printable(name)
