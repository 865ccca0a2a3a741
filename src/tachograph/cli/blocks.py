"""`tachograph blocks`: what was used in each block of five hours, how fast, and what that comes to."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

from tachograph.cli.answering import opened
from tachograph.cli.options import Parser, add_filters, add_json, add_place, add_range

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from tachograph.query.model import Query

_EXAMPLES: Final = (
    "tachograph blocks --limit 10",
    "tachograph blocks --active                      the ones that go on: how fast, and what they come to",
    "tachograph blocks --source claude-code --since 2026-03-01 --json",
)


def run(command: str, arguments: Sequence[str]) -> int:
    """Shows the blocks, the last one at the bottom."""
    options = _parser(command).parse_args(arguments)
    query = _query(options)
    remarks: list[str] = []
    with opened(options, remarks) as store:
        from tachograph.query.blocks import blocks
        from tachograph.query.singles import LEFT_OUT, leave_any_out

        found = blocks(store, query)
        remarks += [LEFT_OUT] if leave_any_out(store) else []
    now_us = time.time_ns() // 1000
    if options.active:
        found = [one for one in found if one.is_active(now_us)]
    if options.limit is not None:
        found = found[-options.limit :]
    if options.json:
        from tachograph.cli.documents import write_json
        from tachograph.report.block_documents import blocks_document

        write_json(blocks_document(found, now_us, query.zone))
    else:
        from tachograph.cli.block_pages import blocks_page

        blocks_page(found, now_us, query.zone, demo=options.demo, only_active=options.active)
    for line in remarks:
        print(line, file=sys.stderr)
    return 0


def _parser(command: str) -> Parser:
    parser = Parser(
        command,
        usage="tachograph blocks [options]",
        description="What each source used in blocks of five hours, as subscriptions count: a block begins at the\n"
        "full hour of the first request after the one before has ended. Of one that goes on: tokens per minute and\n"
        "cost per hour since its first request, and what it comes to at that speed.",
        examples=_EXAMPLES,
    )
    shown = parser.add_argument_group("which blocks")
    shown.add_argument("--active", action="store_true", help="only those that go on now")
    shown.add_argument("--limit", metavar="N", type=_number, help="the last N")
    add_range(parser)
    add_filters(parser)
    add_place(parser)
    add_json(parser)
    return parser


def _number(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _query(options: Namespace) -> Query:
    from tachograph.cli.asking import asked_zone
    from tachograph.cli.query_asking import conditions_asked
    from tachograph.query.bounds import bounds
    from tachograph.query.checking import checked
    from tachograph.query.model import All, Query

    zone = asked_zone(options.timezone)
    start, end = bounds(options.since, options.until, zone)
    conditions = conditions_asked(options)
    return checked(Query(start=start, end=end, zone=zone, where=All(conditions) if conditions else None))
