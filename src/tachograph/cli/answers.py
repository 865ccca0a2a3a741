"""The questions, from `hourly` to `models`: one row for each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tachograph.aggregate.question import ORDERS, WINDOWS
from tachograph.cli.answering import answers
from tachograph.cli.asking import ask
from tachograph.cli.kinds import AGGREGATIONS
from tachograph.cli.options import Parser, add_json, add_question, add_rows, with_order
from tachograph.report import names

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXAMPLES: Final = (
    "tachograph {command}",
    "tachograph {command} --since 2026-03-01 --until 2026-03-31 --timezone Europe/Rome",
    "tachograph {command} --project . --tool Bash --tool Edit",
    "tachograph {command} --order -tokens --limit 10",
    "tachograph {command} --json",
)


def run(command: str, arguments: Sequence[str]) -> int:
    """Answers the question of that name."""
    kind, thing = names.AGGREGATIONS[command]
    parser = Parser(
        command,
        usage=f"tachograph {command} [options]",
        description=f"One row per {thing}. What is new in this machine's agent logs is read first.",
        examples=[example.format(command=command) for example in _EXAMPLES],
    )
    add_question(parser, windows=kind in WINDOWS)
    add_rows(parser, ORDERS[kind])
    add_json(parser)
    options = parser.parse_args(with_order(arguments))
    asked = ask(kind, options)
    given = answers(AGGREGATIONS, [asked], options)
    if options.json:
        from tachograph.cli.documents import write_json

        write_json(given.results[0].to_dict())
    else:
        from tachograph.cli.pages import answer_page

        answer_page(given.results[0], asked.zone, demo=given.demo, limit=asked.limit)
    given.remark()
    return 0
