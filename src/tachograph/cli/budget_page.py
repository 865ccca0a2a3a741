"""Budgets for people: a line for each, or for each project, user or model of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from tachograph.cli.pages import new_console, print_table
from tachograph.report.figures import dollars, share, tokens
from tachograph.report.layouts import Column
from tachograph.report.printable import printable
from tachograph.report.zones import zone_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import tzinfo

    from tachograph.budgets.checking import Used

_LEVELS: Final = {"fine": "", "warning": "soon used up", "over": "USED UP"}


def budgets_page(found: Sequence[Used], zone: tzinfo) -> None:
    """How much of each is used, and what it comes to."""
    console = new_console()
    console.print(Text(f"Budgets, in {printable(zone_name(zone))}", style="bold"))
    if not found:
        console.print("Nothing was used of any of them.")
        return
    print_table(console, _columns(zone), [{"used": one} for one in found])


def _of(show: Callable[[Used], str]) -> Callable[[Any], str]:
    return lambda row: show(row["used"])


def _amount(used: Used, amount: float) -> str:
    return tokens(round(amount)) if used.budget.usd is None else dollars(amount)


def _for(used: Used) -> str:
    budget = used.budget
    named = [name for name in (budget.project, budget.user, budget.model, used.group) if name]
    return ", ".join(map(printable, named)) or "everything"


def _columns(zone: tzinfo) -> tuple[Column, ...]:
    return (
        Column("budget", _of(lambda one: printable(one.budget.name)), "name"),
        Column("for", _of(_for), "name"),
        Column("since", _of(lambda one: f"{one.start.astimezone(zone):%Y-%m-%d}"), "label"),
        Column("a", _of(lambda one: one.budget.per), "label"),
        Column("budgeted", _of(lambda one: _amount(one, one.budget.limit))),
        Column("used", _of(lambda one: f"{'≥' if one.is_at_least else ''}{_amount(one, one.used)}")),
        Column("part", _of(lambda one: share(one.share))),
        Column("comes to", _of(lambda one: _amount(one, one.projected)), "detail"),
        Column("", _of(lambda one: _LEVELS[one.level]), "label"),
    )
