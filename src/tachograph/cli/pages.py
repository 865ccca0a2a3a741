"""Answers for people: tables that fit the terminal, in full where they go elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, Literal

from rich.box import SIMPLE, SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tachograph.report.figures import count, dollars, duration, several, share, tokens
from tachograph.report.layouts import LAYOUTS, Column, Row, minute
from tachograph.report.printable import printable
from tachograph.report.summary_parts import summary_parts
from tachograph.report.why_at_least import why_at_least
from tachograph.report.zones import zone_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

    from tachograph.aggregate.result import AggregationResult

_FULL_WIDTH: Final = 1_000_000
"""Columns of what isn't a terminal: enough that nothing is cut."""
_DAYS_SHOWN, _NAMES_SHOWN = 7, 5
_GAP: Final = 2
"""Between two columns."""
_NARROWEST: Final = 12
"""How far a name is folded or an id cut."""
_LIST: Final = 24
"""A list with less room than this isn't worth showing."""
_NOTHING: Final = "Nothing was recorded in this range, with these filters."


def answer_page(result: AggregationResult, zone: tzinfo, *, demo: bool, limit: int | None = None) -> None:
    """One question's rows, and the figures of the whole range below them; `limit` is how many rows were asked for."""
    layout = LAYOUTS[result.type]
    console = new_console()
    console.print(_heading(layout.title, result, zone, demo=demo))
    if result.time_series:
        print_table(console, layout.columns, result.time_series)
        if len(result.time_series) == limit:
            console.print(f"The first {count(limit)}.")
    elif result.total_metrics:
        console.print(f"\n{layout.without_rows}\n")
    for line in _totals(result):
        console.print(line)


def summary_page(days: AggregationResult, projects: AggregationResult, zone: tzinfo, *, demo: bool) -> None:
    """Everything at a glance, from the answers by day and by project."""
    console = new_console()
    console.print(_heading("Summary", days, zone, demo=demo))
    for line in _totals(days):
        console.print(line)
    for part in summary_parts(days, projects):
        rows, which = part.first(_DAYS_SHOWN if part.is_time else _NAMES_SHOWN)
        if rows:
            console.print(Text(f"\n{part.layout.title}{which}", style="bold"))
            print_table(console, part.layout.columns, rows)


class _Console(Console):
    """One that leaves a broken pipe to the command, which knows that it is no failure."""

    def on_broken_pipe(self) -> None:
        """Tells of it, where Rich would end the program."""
        raise BrokenPipeError


def new_console() -> Console:
    """One for stdout, in which no markup is looked for."""
    terminal = sys.stdout is not None and sys.stdout.isatty()
    return _Console(width=None if terminal else _FULL_WIDTH, highlight=False, markup=False, emoji=False)


def _heading(title: str, result: AggregationResult, zone: tzinfo, *, demo: bool) -> Text:
    parts = [f"{title} of the bundled demo history (made up)" if demo else title]
    if result.start_time is not None and result.end_time is not None:
        parts.append(f"{minute(result.start_time)} to {minute(result.end_time)}")
    return Text(", ".join([*parts, f"in {printable(zone_name(zone))}"]), style="bold")


def print_table(console: Console, columns: Sequence[Column], rows: Sequence[Row], total: Row | None = None) -> None:
    """A table that fits; where it can't, it is as wide as it has to be, and the terminal wraps its lines.

    A total stands below a rule.
    """
    widths, left_out, table = _fitted(columns, rows, total, console.width)
    needed = _total_width(widths)
    (console if needed <= console.width else _Console(width=needed, highlight=False)).print(table)
    if left_out:
        console.print(f"(… a wider terminal also shows: {', '.join(dict.fromkeys(left_out))})", style="dim")


def table_of(columns: Sequence[Column], rows: Sequence[Row], room: int) -> Table:
    """A table that fits into so many columns if it can."""
    return _fitted(columns, rows, None, room)[2]


def _fitted(
    columns: Sequence[Column], rows: Sequence[Row], total: Row | None, room: int
) -> tuple[dict[Column, int], list[str], Table]:
    """How wide each column is, which were left out, and the table."""
    cells = {column: [column.text(row) for row in (*rows, *([] if total is None else [total]))] for column in columns}
    widths = {column: max(map(cell_len, [column.title, *texts])) for column, texts in cells.items()}
    left_out = _make_fit(widths, room)
    ruled = total is not None
    table = Table(
        box=SIMPLE if ruled else SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, show_footer=ruled
    )
    for column, width in widths.items():
        justify: Literal["right", "left"] = "right" if column.kind in ("number", "detail") else "left"
        foot = _cell(column, cells[column].pop()) if ruled else ""
        table.add_column(column.title, foot, justify=justify, width=width, overflow="fold")
    for texts in zip(*(cells[column] for column in widths), strict=True):
        table.add_row(*map(_cell, widths, texts))
    return widths, left_out, table


def _make_fit(widths: dict[Column, int], room: int) -> list[str]:
    """Makes columns narrower until they fit if they can. Gives the titles of those that are left out."""
    left_out: list[Column] = []
    details = [column for column in widths if column.kind == "detail"]
    smallest = {
        column: min(width, _LIST if column.kind == "list" else _NARROWEST if column.kind in ("id", "name") else width)
        for column, width in widths.items()
    }
    if details and _total_width(smallest) > room:
        left_out += details
    for column in widths:
        others = _total_width({other: widths[other] for other in widths if other not in (column, *left_out)})
        if column.kind == "list" and others + _GAP + _LIST > room:
            left_out.append(column)
    for column in left_out:
        del widths[column]
    for kind in ("list", "id", "name"):
        for column in [column for column in widths if column.kind == kind]:
            excess = _total_width(widths) - room
            narrowest = min(widths[column], max(len(column.title), _NARROWEST))
            widths[column] = max(narrowest, widths[column] - max(excess, 0))
    return [column.title for column in left_out]


def _total_width(widths: Mapping[Column, int]) -> int:
    return sum(widths.values()) + _GAP * (len(widths) - 1)


def _cell(column: Column, text: str) -> Text:
    """As text, in which no markup is looked for."""
    return Text(text) if column.kind == "name" else Text(text, no_wrap=True, overflow="ellipsis")


def _totals(result: AggregationResult) -> list[str]:
    """The figures of the whole range."""
    if not result.total_metrics:
        return [_NOTHING]
    success, times = result.success_metrics, result.duration_stats
    known = success.success_count + success.failure_count
    total = [
        several(result.total_metrics, "metric"),
        several(result.total_sessions, "session"),
        several(result.total_users, "user"),
        several(result.total_errors, "error"),
        f"{duration(times.total_ms)} of work",
        _bounded(result.token_stats.at_least, f"{tokens(result.token_stats.total)} tokens"),
        _bounded(result.cost_stats.at_least, dollars(result.cost_stats.total_usd)),
    ]
    if known:
        total.append(f"{share(success.success_rate)} success in {several(known, 'outcome')}")
    lines = [f"In all: {', '.join(total)}"]
    if times.p50_ms is not None:
        named = {"p50": times.p50_ms, "p95": times.p95_ms, "p99": times.p99_ms, "longest": times.max_ms}
        lines.append(f"Durations: {', '.join(f'{name} {duration(value)}' for name, value in named.items())}")
    return [*lines, *_usage_lines(result)]


def _usage_lines(result: AggregationResult) -> list[str]:
    """Tokens by kind, and why tokens or cost are no more than a lower bound."""
    used = result.token_stats
    lines = []
    if used.total:
        kinds = {
            "input": used.input_tokens,
            "output": used.output_tokens,
            "cache read": used.cache_read_tokens,
            "cache write": used.cache_write_tokens,
        }
        lines.append(f"Tokens: {', '.join(f'{name} {tokens(number)}' for name, number in kinds.items())}")
    return [*lines, *why_at_least(result)]


def _bounded(is_least: object, text: str) -> str:
    return f"at least {text}" if is_least else text
