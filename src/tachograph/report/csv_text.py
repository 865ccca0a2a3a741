"""Rows as comma-separated values, as RFC 4180 has them.

A spreadsheet takes a cell that begins with one of a few signs for a formula, and a log may name a tool so: such a name
gets a ' before it. What isn't plainly visible in a name is written as its escape, for the file may be shown on a
terminal. The JSON form has names as they are.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

from tachograph.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_text(titles: Sequence[str] | None, rows: Iterable[Sequence[Any]]) -> str:
    """A line of titles, if there are any, and one per row; lines end in CR LF. What has no value is empty."""
    text = io.StringIO()
    lines = csv.writer(text)
    if titles is not None:
        lines.writerow([_cell(title) for title in titles])
    lines.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return f"'{printable(value)}" if value.startswith(_FORMULAS) else printable(value)
