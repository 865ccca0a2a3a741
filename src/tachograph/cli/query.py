"""`tachograph query`: any measure by any combination of dimensions."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, get_args

from tachograph.cli.options import Parser, add_filters, add_place, add_range, with_order
from tachograph.query.keys import KEYS
from tachograph.query.model import Compare

if TYPE_CHECKING:
    from argparse import BooleanOptionalAction, Namespace
    from collections.abc import Sequence

    from tachograph.query.model import QueryResult

_EXAMPLES: Final = (
    "tachograph query",
    "tachograph query --measure count,duration_p95,error_rate --by tool --top 5",
    'tachograph query -m tokens,cost_usd --by week --last "8 weeks" --compare previous',
    "tachograph query --by weekday,hour_of_day --where 'duration_ms>=1000 and not tool~mcp__*'",
    'tachograph query -m cost_usd --by "6 hours",model --project . --range "this month" --csv',
    "tachograph query --file slow-tools.toml --last month",
    "tachograph query --list",
)
_DESCRIPTION: Final = """\
Any measure by any combination of dimensions; --list says which there are. Without options: the count of everything.
What is new in this machine's agent logs is read first.

Conditions (--where) compare fields with values, and are joined by and, or, not and parentheses:
  tool=Bash,Read      one of these          duration_ms>1000    also >=, <, <=, or 1<=tokens<=9
  tool!=Bash          none of these         weekday=sat,sun     hour_of_day=9,10
  model^=claude-      begins so             project='/my code'  in quotes where it holds spaces, commas or signs
  tool~mcp__*         * any text, ? any character

Ranges (--range): today, yesterday, this week, last month, last 7 days, last 24 hours; also quarter, year.
"""


def run(command: str, arguments: Sequence[str]) -> int:
    """Answers the query that the options and the file ask together."""
    options = _parser(command).parse_args(with_order(arguments))
    if options.list:
        from tachograph.cli.query_list import say_vocabulary

        say_vocabulary(as_json=options.json)
        return 0
    from tachograph.cli.answering import answers
    from tachograph.cli.query_asking import ask_query
    from tachograph.cli.query_kind import QUERIES

    given = answers(QUERIES, [ask_query(options)], options)
    _say(given.results[0], options, demo=given.demo)
    given.remark()
    return 0


def _say(result: QueryResult, options: Namespace, *, demo: bool) -> None:
    if options.json:
        from tachograph.cli.documents import write_json
        from tachograph.report.query_document import query_document

        write_json(query_document(result))
    elif options.csv:
        from tachograph.report.query_csv import query_csv

        _write_csv(query_csv(result))
    else:
        from tachograph.cli.query_page import query_page

        query_page(result, demo=demo)


def _write_csv(text: str) -> None:
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure:
        reconfigure(newline="")  # lines end in CR LF on every system
    print(text, end="")


def _parser(command: str) -> Parser:
    from argparse import BooleanOptionalAction

    parser = Parser(command, usage="tachograph query [options]", description=_DESCRIPTION.rstrip(), examples=_EXAMPLES)
    _add_question(parser)
    _add_range(parser)
    _add_rows(parser, BooleanOptionalAction)
    add_filters(parser)
    add_place(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="the answer as one JSON document")
    form.add_argument("--csv", action="store_true", help="the rows as comma-separated values")
    parser.add_argument("--list", action="store_true", help="the measures, dimensions and fields there are, and exit")
    return parser


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


def _add_rows(parser: Parser, either: type[BooleanOptionalAction]) -> None:
    rows = parser.add_argument_group("the rows")
    rows.add_argument("--order", metavar="NAMES", action="append", help=KEYS["order"].what)
    first = rows.add_mutually_exclusive_group()
    first.add_argument("--limit", metavar="N", type=int, help=KEYS["limit"].what)
    first.add_argument("--top", metavar="N", type=int, help="--limit with --other")
    rows.add_argument("--other", action=either, default=None, help=KEYS["other"].what)
    rows.add_argument("--fill", action=either, default=None, help=KEYS["fill"].what)
    rows.add_argument("--rolling", metavar="N", type=int, help=KEYS["rolling"].what)
