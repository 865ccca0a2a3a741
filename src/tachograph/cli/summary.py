"""`tachograph summary`: what happened, on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.aggregate.question import AggregationType
from tachograph.cli.answering import answers
from tachograph.cli.asking import ask
from tachograph.cli.kinds import AGGREGATIONS
from tachograph.cli.options import Parser, add_json, add_question

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXAMPLES: Final = (
    "tachograph summary",
    "tachograph summary --since 2026-03-01 --project .",
    "tachograph summary --demo",
)


def run(command: str, arguments: Sequence[str]) -> int:
    """Shows the page; over the demo history where the machine has no logs and nothing was ever read."""
    parser = Parser(
        command,
        usage="tachograph summary [options]",
        description="What happened, on one page. Without agent logs it is a bundled, made-up history's.\n"
        "With --json: one document of the daily and the by_project answers.",
        examples=_EXAMPLES,
    )
    add_question(parser)
    add_json(parser)
    options = parser.parse_args(arguments)
    by_day = ask(AggregationType.DAILY, options)
    given = answers(
        AGGREGATIONS,
        [by_day, msgspec.structs.replace(by_day, type=AggregationType.BY_PROJECT)],
        options,
        else_demo=True,
    )
    days, projects = given.results
    if options.json:
        from tachograph.cli.documents import write_json
        from tachograph.report.documents import summary_document

        write_json(summary_document(days, projects, demo=given.demo))
    else:
        from tachograph.cli.pages import summary_page

        summary_page(days, projects, by_day.zone, demo=given.demo)
    given.remark()
    return 0
