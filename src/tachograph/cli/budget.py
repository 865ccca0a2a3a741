"""`tachograph budget`: what may be used in a day, week or month, and whether it was more."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from tachograph.cli.home import store_path
from tachograph.cli.options import Parser, add_json, add_place
from tachograph.errors import TachographError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from pathlib import Path

    from tachograph.budgets.budget import Budget
    from tachograph.budgets.checking import Used

_EXAMPLES: Final = (
    "tachograph budget set month --usd 200 --per month             all together",
    "tachograph budget set api --usd 15 --per day --project .      one project",
    "tachograph budget set each-user --tokens 50000000 --each user --per week",
    "tachograph budget                                             how much is used, and what it comes to",
    "tachograph budget check --alert || echo 'over budget'         for cron: tells webhooks, once each",
    "tachograph budget remove api",
)
_DESCRIPTION: Final = """\
Budgets, in US dollars or tokens, by day, week or month: of everything, of a project, user or model, or of each of them.
check (as without ACTION) shows how much of each is used; its exit code is 1 where one is used up.
With --alert it tells the webhooks of those that are used up, or soon will be: once for each window of time.
They are kept in budgets.toml in the store's folder; set and remove write that file again, without its comments.
"""
_OVER: Final = 1
_ACTIONS: Final = ("check", "set", "remove")
_SETTING: Final = ("usd", "tokens", "per", "project", "user", "model", "each", "warn_at", "webhook")


def run(command: str, arguments: Sequence[str]) -> int:
    """Does what was asked; 1 where a budget is used up."""
    parser = _parser(command)
    options = parser.parse_args(arguments)
    _check_options(parser, options)
    from tachograph.budgets.budget import FILE

    path = store_path(options.home).parent / FILE
    if options.do == "set":
        return _set(path, options)
    if options.do == "remove":
        return _remove(path, options.name)
    return _check(path, options)


def _parser(command: str) -> Parser:
    parser = Parser(
        command,
        usage="tachograph budget [check|set NAME|remove NAME] [options]",
        description=_DESCRIPTION.rstrip(),
        examples=_EXAMPLES,
    )
    parser.add_argument(
        "do", metavar="ACTION", nargs="?", default="check", choices=_ACTIONS, help="check, set or remove"
    )
    parser.add_argument("name", metavar="NAME", nargs="?", help="of the budget")
    group = parser.add_argument_group("a budget (for set)")
    group.add_argument("--usd", metavar="AMOUNT", type=float, help="in US dollars")
    group.add_argument("--tokens", metavar="N", type=int, help="in tokens")
    group.add_argument("--per", choices=("day", "week", "month"), help="month unless said")
    group.add_argument("--project", metavar="FOLDER", help="only this project's; '.' is this one")
    group.add_argument("--user", metavar="NAME", help="only this user's")
    group.add_argument("--model", metavar="NAME", help="only this model's")
    group.add_argument("--each", choices=("project", "user", "model"), help="so much for each of them")
    group.add_argument("--warn-at", metavar="PERCENT", type=float, help="from when on it is a warning (80)")
    group.add_argument("--webhook", metavar="URL", help="where --alert tells of it, as JSON")
    checking = parser.add_argument_group("checking")
    checking.add_argument("--alert", action="store_true", help="tells the webhooks, once each")
    checking.add_argument("--timezone", metavar="ZONE", help="whose midnights count, as Europe/Rome; else the system's")
    add_place(parser)
    add_json(parser)
    return parser


def _check_options(parser: Parser, options: Namespace) -> None:
    given = [name for name in _SETTING if getattr(options, name) is not None]
    if options.do != "set" and given:
        parser.error(f"--{given[0].replace('_', '-')} goes with set")
    if (options.do == "check") == (options.name is not None):
        parser.error("a NAME goes with set and remove, and they need one")
    if options.do != "check" and (options.alert or options.json):
        parser.error("--alert and --json go with check")


def _set(path: Path, options: Namespace) -> int:
    from tachograph.budgets.budget import budget_of, read_budgets
    from tachograph.cli.asking import project_named

    table: dict[str, Any] = {name: value for name in _SETTING if (value := getattr(options, name)) is not None}
    if "project" in table:
        table["project"] = project_named(table["project"])
    budget = budget_of(options.name, table, "budget set")
    there = [each for each in read_budgets(path) if each.name != budget.name]
    _write(path, [*there, budget])
    print(f"Budget {budget.name}: {_said(budget)}")
    return 0


def _remove(path: Path, name: str) -> int:
    from tachograph.budgets.budget import BadBudget, read_budgets

    there = read_budgets(path)
    left = [each for each in there if each.name != name]
    if len(left) == len(there):
        known = ", ".join(each.name for each in there) or "none"
        raise BadBudget(f"there is no budget {name!r}", where=str(path), mend=f"known: {known}")
    _write(path, left)
    print(f"Removed the budget {name}.")
    return 0


def _write(path: Path, budgets: list[Budget]) -> None:
    from tachograph.budgets.budget import budgets_text
    from tachograph.cli.output import write_file

    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, budgets_text(budgets).encode())


def _check(path: Path, options: Namespace) -> int:
    from tachograph.budgets.budget import read_budgets
    from tachograph.cli.answering import opened
    from tachograph.cli.asking import asked_zone

    budgets, zone = read_budgets(path), asked_zone(options.timezone)
    if not budgets:
        raise TachographError(
            "there are no budgets yet", where=str(path), mend="make one: tachograph budget set --help"
        )
    remarks: list[str] = []
    with opened(options, remarks) as store:
        from tachograph.budgets.checking import used

        found = used(store, budgets, datetime.now(UTC), zone)
    if options.json:
        from tachograph.budgets.alerts import alert_document
        from tachograph.cli.documents import write_json

        write_json({"budgets": [alert_document(one) for one in found]})
    else:
        from tachograph.cli.budget_page import budgets_page

        budgets_page(found, zone)
    for line in remarks:
        print(line, file=sys.stderr)
    if options.alert:
        _alert(path, found)
    return _OVER if any(one.level == "over" for one in found) else 0


def _alert(path: Path, found: Sequence[Used]) -> None:
    from tachograph.budgets.alerts import STATE, alert

    alert(path.with_name(STATE), found)


def _said(budget: Budget) -> str:
    from tachograph.report.figures import count, dollars
    from tachograph.report.printable import printable

    amount = f"{count(int(budget.limit))} tokens" if budget.usd is None else dollars(budget.usd)
    of = [printable(value) for value in (budget.project, budget.user, budget.model) if value]
    each = f" for each {budget.each}" if budget.each else ""
    whose = f" of {', '.join(of)}" if of else ""
    return f"{amount} a {budget.per}{each}{whose}"
