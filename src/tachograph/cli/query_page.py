"""The answer to a query for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from tachograph.cli.pages import new_console, print_table
from tachograph.query.model import NAMES
from tachograph.report.about_query import about_query, listed, query_title
from tachograph.report.layouts import minute
from tachograph.report.printable import printable
from tachograph.report.shown_columns import columns, total_row
from tachograph.report.zones import zone_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from tachograph.query.model import QueryResult

_NOTHING: Final = (
    "Nothing was recorded in this range, with these conditions: widen the range or leave out a condition.\n"
    "'tachograph summary' shows what there is."
)
_LEFT_OUT: Final = "(… the limit leaves rows out; --other brings them together)"
_AT_LEAST: Final = "At least so much, for a log doesn't tell all or a price isn't known"


def query_page(result: QueryResult, *, demo: bool) -> None:
    """The rows and the total, what they are of, and what is to be known about them."""
    console = new_console()
    console.print(Text(_heading(result, demo=demo), style="bold"))
    for line in about_query(result.query):
        console.print(Text(line))
    _print_rows(console, result)
    if result.truncated and not result.query.other:
        console.print(Text(_LEFT_OUT, style="dim"))
    if result.at_least:
        console.print(f"{_AT_LEAST}: {', '.join(result.at_least)}")


def _print_rows(console: Console, result: QueryResult) -> None:
    """The table; where it has no rows, why."""
    by, shown, total = result.query.by, columns(result), total_row(result)
    is_nothing = not result.rows and not any(result.total[name] for name in result.query.measures)
    if not by:
        print_table(console, shown, [total])
    elif result.rows:
        print_table(console, shown, result.rows, total)
        if _total_has_more(result):
            console.print(Text(f"(in all: also what has no {listed(_names(by), 'or')})", style="dim"))
    elif not is_nothing:
        console.print(Text(f"No metric in it has a value for {listed(by, 'and')}. In all:"))
        print_table(console, shown[len(by) :], [total])
    if is_nothing:
        console.print(Text(_NOTHING))


def _heading(result: QueryResult, *, demo: bool) -> str:
    parts = [query_title(result.query)]
    if demo:
        parts.append("in the bundled demo history (made up)")
    if result.start is not None and result.end is not None:
        parts.append(f"{minute(result.start)} to {minute(result.end)}")
    return ", ".join([*parts, f"in {printable(zone_name(result.query.zone))}"])


def _total_has_more(result: QueryResult) -> bool:
    """Whether the total counts what no row does, as far as the counts show."""
    query = result.query
    if "count" not in query.measures or not _names(query.by) or query.rolling > 1:
        return False
    if result.truncated and not query.other:
        return False
    return bool(sum(row["count"] for row in result.rows) < result.total["count"])


def _names(by: Sequence[str]) -> list[str]:
    """The dimensions that a metric may lack."""
    return [name for name in by if name in NAMES]
