"""The options of a query, for the commands that take one."""

from __future__ import annotations

from argparse import BooleanOptionalAction
from typing import TYPE_CHECKING, get_args

from tachograph.cli.options import add_range
from tachograph.query.keys import KEYS
from tachograph.query.model import Compare

if TYPE_CHECKING:
    from tachograph.cli.options import Parser


def add_query(parser: Parser) -> None:
    """The question, its range, and its rows; filters and the place are those of all commands."""
    _add_question(parser)
    _add_range(parser)
    _add_rows(parser)


def _add_question(parser: Parser) -> None:
    asked = parser.add_argument_group("the question")
    names = "as a,b or repeated"
    asked.add_argument(
        "-m", "--measure", dest="measures", metavar="NAMES", action="append", help=f"{KEYS['measures'].what}; {names}"
    )
    asked.add_argument("--by", metavar="NAMES", action="append", help=f"{KEYS['by'].what}; {names}; up to four")
    asked.add_argument(
        "--where", metavar="CONDITION", action="append", help="only what meets it; repeated: each of them"
    )
    asked.add_argument(
        "--file", metavar="FILE", help="a query in JSON or TOML; options beside it win, conditions add up; - is stdin"
    )


def _add_range(parser: Parser) -> None:
    asked = add_range(parser)
    named = asked.add_mutually_exclusive_group()
    named.add_argument("--range", metavar="NAME", help=KEYS["range"].what)
    named.add_argument("--last", metavar="SPAN", help='"7 days" is --range "last 7 days"')
    asked.add_argument("--week-start", metavar="WEEKDAY", help=f"{KEYS['week_start'].what}; Monday unless said")
    asked.add_argument("--month-start", metavar="DAY", type=int, help=f"{KEYS['month_start'].what}, 1 to 28")
    asked.add_argument("--compare", choices=get_args(Compare), help=KEYS["compare"].what)


def _add_rows(parser: Parser) -> None:
    rows = parser.add_argument_group("the rows")
    rows.add_argument("--order", metavar="NAMES", action="append", help=KEYS["order"].what)
    first = rows.add_mutually_exclusive_group()
    first.add_argument("--limit", metavar="N", type=int, help=KEYS["limit"].what)
    first.add_argument("--top", metavar="N", type=int, help="--limit with --other")
    rows.add_argument("--other", action=BooleanOptionalAction, default=None, help=KEYS["other"].what)
    rows.add_argument("--fill", action=BooleanOptionalAction, default=None, help=KEYS["fill"].what)
    rows.add_argument("--rolling", metavar="N", type=int, help=KEYS["rolling"].what)
