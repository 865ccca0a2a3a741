"""The answer to a query for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from tachograph.cli.pages import minute, new_console, print_table
from tachograph.cli.printable import printable
from tachograph.cli.query_columns import columns, total_row
from tachograph.cli.zone import zone_name
from tachograph.query.saying import said

if TYPE_CHECKING:
    from tachograph.query.model import QueryResult

_COMPARED: Final = {
    "previous": "compared with as long a range before it",
    "previous_weekdays": "compared with the same weekdays before it",
}
_NOTHING: Final = (
    "Nothing was recorded in this range, with these conditions. Widen the range or leave out a condition; "
    "'tachograph summary' shows what there is."
)
_AT_LEAST: Final = "At least so much, for a log doesn't tell all or a price isn't known"
_LEFT_OUT: Final = "(… there are more rows than --limit shows; --other brings them together)"


def query_page(result: QueryResult, *, demo: bool) -> None:
    """The rows and the total, what they are of, and what is to be known about them."""
    console = new_console()
    console.print(Text(_heading(result, demo=demo), style="bold"))
    for line in _about(result):
        console.print(Text(line))
    shown = columns(result)
    total = total_row(result)
    if result.rows and result.query.by:
        print_table(console, shown, result.rows, total)
    elif not result.query.by:
        print_table(console, shown, [total])
    empty = not any(result.total[name] for name in result.query.measures)
    if empty and not result.rows:
        console.print(Text(_NOTHING))
    elif result.query.by and not result.rows:
        console.print(Text(f"No metric in it has {' and '.join(result.query.by)}. In all:"))
        print_table(console, shown[len(result.query.by) :], [total])
    if result.truncated and not result.query.other:
        console.print(Text(_LEFT_OUT, style="dim"))
    if result.at_least:
        console.print(
            f"At least so much: {', '.join(result.at_least)} (a log doesn't tell all, or a price isn't known)"
        )


def _heading(result: QueryResult, *, demo: bool) -> str:
    by = [printable(name) for name in result.query.by]
    parts = [f"By {', '.join(by[:-1])} and {by[-1]}" if len(by) > 1 else f"By {by[0]}" if by else "In all"]
    if demo:
        parts[0] += " of the bundled demo history (made up)"
    if result.start is not None and result.end is not None:
        parts.append(f"{minute(result.start)} to {minute(result.end)}")
    return ", ".join([*parts, f"in {printable(zone_name(result.query.zone))}"])


def _about(result: QueryResult) -> list[str]:
    """What the query says that its rows don't show."""
    query = result.query
    lines = [] if query.where is None else [f"where {printable(said(query.where))}"]
    if query.rolling > 1:
        lines.append(f"each row over {query.rolling} windows, its own the last")
    if query.compare:
        lines.append(_COMPARED[query.compare])
    return lines
