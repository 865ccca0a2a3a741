"""The view of `tachograph live` on the terminal: drawn in place where somebody watches, printed once elsewhere."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from rich.console import Group
from rich.live import Live
from rich.text import Text

from tachograph.cli.block_pages import going_on
from tachograph.cli.pages import new_console, print_table, table_of
from tachograph.metric import microseconds_of
from tachograph.report.figures import count, dollars, duration, several, tokens
from tachograph.report.layouts import Column
from tachograph.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tachograph.cli.live_view import Running, View

_NOW_SECONDS: Final = 90


def print_view(view: View) -> None:
    """Once."""
    console = new_console()
    console.print(_heading(view))
    if view.sessions:
        print_table(console, _columns(view), _rows(view))
    else:
        console.print(_nobody(view))
    for line in _below(view):
        console.print(Text(line), soft_wrap=True)


@contextmanager
def watching() -> Iterator[Callable[[View], None]]:
    """Draws each view in the place of the one before, on a screen of its own that is gone afterwards."""
    console = new_console()
    with Live(console=console, screen=True, auto_refresh=False) as live:

        def show(view: View) -> None:
            parts: list[Any] = [_heading(view)]
            parts += [table_of(_columns(view), _rows(view), console.width)] if view.sessions else [_nobody(view)]
            live.update(Group(*parts, *map(Text, _below(view))), refresh=True)

        yield show


def _heading(view: View) -> Text:
    whose = "Live, at the end of the bundled demo history (made up)" if view.demo else "Live"
    return Text(f"{whose}, {view.now.astimezone(view.zone):%Y-%m-%d %H:%M:%S}", style="bold")


def _nobody(view: View) -> Text:
    return Text(f"No session was heard of in the last {duration(view.idle.total_seconds() * 1000)}.")


def _below(view: View) -> list[str]:
    today, bounds = view.today, view.today_at_least
    cost = f"{'≥' if 'cost_usd' in bounds else ''}{dollars(today['cost_usd'])}"
    used = f"{'≥' if 'tokens' in bounds else ''}{tokens(int(today['tokens']))} tokens"
    figures = [cost, used, several(today["sessions"], "session"), several(today["errors"], "error")]
    now_us = microseconds_of(view.now)
    return ["", f"Today: {', '.join(figures)}", *(line for one in view.blocks for line in going_on(one, now_us))]


def _rows(view: View) -> list[dict[str, Any]]:
    return [{"session": one} for one in view.sessions]


def _columns(view: View) -> tuple[Column, ...]:
    def of(show: Callable[[Running], str]) -> Callable[[Any], str]:
        return lambda row: show(row["session"])

    def heard(session: Running) -> str:
        seconds = (view.now - session.last).total_seconds()
        return "now" if seconds < _NOW_SECONDS else f"{duration(seconds // 60 * 60_000)} ago"

    return (
        Column("session", of(lambda one: printable(one.session)), "id"),
        Column("project", of(lambda one: printable(one.project or "–")), "name"),
        Column("model", of(lambda one: printable(one.model or "–")), "list"),
        Column("heard of", of(heard), "label"),
        Column("cost", of(lambda one: dollars(one.cost_usd))),
        Column("tokens", of(lambda one: tokens(one.tokens))),
        Column("a minute", of(lambda one: tokens(round(one.per_minute))), "detail"),
        Column("metrics", of(lambda one: count(one.metrics)), "detail"),
        Column("failed", of(lambda one: count(one.failures))),
        Column("errors", of(lambda one: count(one.errors)), "detail"),
    )
