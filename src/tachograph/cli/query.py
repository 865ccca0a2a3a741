"""`tachograph query`: any measure by any combination of dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tachograph.cli.options import Parser, add_filters, add_place, with_order
from tachograph.cli.query_options import add_query

if TYPE_CHECKING:
    from argparse import Namespace
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
        from tachograph.cli.documents import write_rows
        from tachograph.query.tables import query_table
        from tachograph.report.table_csv import table_csv

        write_rows(table_csv(query_table(result)))
    else:
        from tachograph.cli.query_page import query_page

        query_page(result, demo=demo)


def _parser(command: str) -> Parser:
    parser = Parser(command, usage="tachograph query [options]", description=_DESCRIPTION.rstrip(), examples=_EXAMPLES)
    add_query(parser)
    add_filters(parser)
    add_place(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="the answer as one JSON document")
    form.add_argument("--csv", action="store_true", help="the rows as comma-separated values")
    parser.add_argument("--list", action="store_true", help="the measures, dimensions and fields there are, and exit")
    return parser
