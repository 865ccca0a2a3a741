"""`tachograph report`: answers as a document to be sent, printed or kept."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.cli.options import Parser, add_filters, add_place, with_order
from tachograph.cli.query_options import add_query
from tachograph.report.names import AGGREGATIONS

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from tachograph.aggregate.question import Question
    from tachograph.query.model import Query
    from tachograph.report.generator import ReportGenerator
    from tachograph.report.report import Report

_EXAMPLES: Final = (
    'tachograph report --last "7 days" --output week.html           everything, beside the week before',
    'tachograph report daily models --range "last month"            in Markdown, on stdout',
    "tachograph report sessions --project . --order -cost_usd --limit 20 --format text",
    'tachograph report -m cost_usd,tokens --by week,model --last "8 weeks" --output models.html',
    "tachograph report --demo --format html > demo.html",
)
_DESCRIPTION: Final = """\
A report of what happened (without WHAT), of one or several aggregations (WHAT: hourly, daily, weekly, monthly,
sessions, users, tools, agents, projects, models), or of a query (with its options): title, period, figures, what they
were before, and tables. HTML is one file with charts that needs nothing else, and prints well.

Where the range has a start and an end, the figures of aggregations stand beside those of the range before it.
"""
_SUFFIXES: Final = {
    ".html": "html", ".htm": "html", ".md": "markdown", ".markdown": "markdown", ".json": "json", ".csv": "csv",
    ".txt": "text",
}  # fmt: skip
_OF_QUERIES: Final = {
    "measures": "--measure", "by": "--by", "where": "--where", "file": "--file", "top": "--top", "other": "--other",
    "rolling": "--rolling",
}  # fmt: skip
"""Options that only a query has."""


def run(command: str, arguments: Sequence[str]) -> int:
    """Writes the report that was asked for, to stdout or into a file."""
    parser = _parser(command)
    options = parser.parse_args(with_order(arguments))
    format = _format(parser, options)
    asks_query = any(getattr(options, name) is not None for name in _OF_QUERIES)
    _check(parser, options, asks_query=asks_query)
    report, remarks = _of_query(options) if asks_query else _of_aggregations(options)
    from tachograph.report.generator import rendered

    _write(rendered(report, format), options.output, format)
    for line in remarks:
        print(line, file=sys.stderr)
    return 0


def _parser(command: str) -> Parser:
    parser = Parser(
        command, usage="tachograph report [WHAT …] [options]", description=_DESCRIPTION.rstrip(), examples=_EXAMPLES
    )
    parser.words = tuple(AGGREGATIONS)
    parser.add_argument("what", metavar="WHAT", nargs="*", help="what has a table; else everything")
    form = parser.add_argument_group("the report")
    form.add_argument(
        "--format", choices=("markdown", "html", "json", "csv", "text"), help="else by the file's name, else markdown"
    )
    form.add_argument("-o", "--output", metavar="FILE", help="into this file, instead of stdout")
    form.add_argument("--title", metavar="TEXT", help="what stands above it")
    form.add_argument("--no-compare", action="store_true", help="without what the figures were before")
    add_query(parser)
    add_filters(parser)
    add_place(parser)
    return parser


def _format(parser: Parser, options: Namespace) -> str:
    if options.format is not None:
        return str(options.format)
    if options.output is None:
        return "markdown"
    suffix = Path(options.output).suffix.lower()
    if suffix not in _SUFFIXES:
        parser.error(f"--output {options.output}: name a format with --format, or a file that ends in .html or .md")
    return _SUFFIXES[suffix]


def _check(parser: Parser, options: Namespace, *, asks_query: bool) -> None:
    for name in options.what:
        if name not in AGGREGATIONS:
            parser.error(f"there is no report of {name!r}; known are {', '.join(AGGREGATIONS)}")
    if options.what and asks_query:
        given = next(option for name, option in _OF_QUERIES.items() if getattr(options, name) is not None)
        parser.error(f"{given} goes with a query, not with {options.what[0]}")
    if not asks_query and (options.week_start or options.month_start) and not (options.range or options.last):
        parser.error("--week-start and --month-start go with a query, or with a range by name")
    if options.compare and options.no_compare:
        parser.error("--compare and --no-compare contradict each other")
    if not asks_query and not options.what and (options.order or options.limit):
        parser.error("--order and --limit go with what has a table: tachograph report sessions --limit 10")


def _generator(options: Namespace, query: Query, about: Sequence[str], *, demo: bool) -> ReportGenerator:
    from tachograph.report.generator import ReportGenerator
    from tachograph.report.zones import zone_name

    now = datetime.now(UTC)
    more = ["from the bundled demo history, which is made up"] if demo else []
    if query.end is not None and query.end > now:
        more.append("the period isn't over yet")
    return ReportGenerator(options.title, timezone=zone_name(query.zone), about=[*more, *about], made=now)


def _of_query(options: Namespace) -> tuple[Report, list[str]]:
    from tachograph.cli.answering import answers
    from tachograph.cli.query_asking import ask_query
    from tachograph.cli.query_kind import QUERIES

    query = ask_query(options)
    given = answers(QUERIES, [query], options)
    return _generator(options, query, (), demo=given.demo).report(*given.results), given.remarks


def _of_aggregations(options: Namespace) -> tuple[Report, list[str]]:
    from tachograph.cli.answering import answers
    from tachograph.cli.kinds import AGGREGATIONS as ANSWERED
    from tachograph.query.saying import said

    query, asked, before = _questions(options)
    given = answers(ANSWERED, [*asked, *before], options)
    where = [] if query.where is None else [f"where {said(query.where)}"]
    generator = _generator(options, query, where, demo=given.demo)
    results, earlier = given.results[: len(asked)], next(iter(given.results[len(asked) :]), None)
    if options.what:
        return generator.report(*results, before=earlier, limit=asked[0].limit), given.remarks
    days, projects = results
    return generator.summary(days, projects, before=earlier), given.remarks


def _questions(options: Namespace) -> tuple[Query, list[Question], list[Question]]:
    """The range and the filters as a query, the questions, and that of the earlier range, if it is compared."""
    from tachograph.aggregate.question import AggregationType
    from tachograph.cli.range_asking import ask_aggregations
    from tachograph.query.spans import earlier

    kinds = [AGGREGATIONS[name][0] for name in options.what] or [AggregationType.DAILY, AggregationType.BY_PROJECT]
    query, asked = ask_aggregations(kinds, options)
    if options.no_compare or not (query.start and query.end):
        return query, asked, []
    span = earlier(msgspec.structs.replace(query, compare=query.compare or "previous"))
    first = msgspec.structs.replace(asked[0], start_us=span.start_us, end_us=span.end_us, order=None, limit=None)
    return query, asked, [first]


def _write(text: str, output: str | None, format: str) -> None:
    if output is not None:
        from tachograph.cli.output import write_file

        write_file(Path(output), text.encode())
    elif format == "csv":
        from tachograph.cli.documents import write_rows

        write_rows(text)
    elif format == "html" and sys.stdout is not None:
        sys.stdout.buffer.write(text.encode())  # as the page says of itself, whatever the terminal has
    else:
        print(text, end="")
