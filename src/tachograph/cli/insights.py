"""`tachograph insights`: what changed, against the project's own past, and what explains it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from tachograph.cli.answering import opened
from tachograph.cli.asking import asked_zone, project_named
from tachograph.cli.options import Parser, add_home, add_json

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from datetime import date, tzinfo

    from tachograph.insights.insight import Days, Findings
    from tachograph.store.duckdb import Store

_EXAMPLES: Final = (
    "tachograph insights",
    "tachograph insights --project . --since 2026-03-01 --until 2026-03-31",
    "tachograph insights --demo --sensitivity high",
)


def run(command: str, arguments: Sequence[str]) -> int:
    """Shows the page, also where there is nothing to tell: it says why."""
    options = _parser(command).parse_args(arguments)
    zone = asked_zone(options.timezone)
    since, until = _day("--since", options.since), _day("--until", options.until)
    remarks: list[str] = []
    with opened(options, remarks) as store:
        from tachograph.insights.finding import look

        days = _days(store, options, zone, since, until)
        findings = look(store, days)
    if options.json:
        from tachograph.cli.documents import write_json
        from tachograph.report.insight_documents import insights_document

        write_json(insights_document(findings, days, demo=options.demo, home=options.home))
    else:
        from tachograph.cli.insight_pages import insights_page

        insights_page(findings, days, options)
    for line in [*remarks, *_of(findings)]:
        print(line, file=sys.stderr)
    return 0


def _parser(command: str) -> Parser:
    parser = Parser(
        command,
        usage="tachograph insights [options]",
        description="Which days were unusual in errors, cost, latency, cache hits and use, against the six weeks\n"
        "before each of them, and which tools, models, agents, users or sessions explain it.\n"
        "The last 7 days and today, unless others are named. docs/insights.md says how it is worked out.",
        examples=_EXAMPLES,
    )
    asked = parser.add_argument_group("which days")
    asked.add_argument("--since", metavar="DAY", help="from this day on: 2026-03-01")
    asked.add_argument("--until", metavar="DAY", help="up to this day, which is within")
    asked.add_argument("--timezone", metavar="ZONE", help="whose midnights count, as Europe/Rome; else the system's")
    asked.add_argument(
        "--project", metavar="FOLDER", action="append", help="only this project's; '.' is this one (repeatable)"
    )
    asked.add_argument(
        "--sensitivity",
        choices=("low", "normal", "high"),
        default="normal",
        help="how much of what is told may be chance: 1 %%, 5 %% (normal) or 20 %%",
    )
    where = parser.add_argument_group("from where")
    add_home(where)
    where.add_argument("--no-ingest", action="store_true", help="from what the store has; don't look for new logs")
    where.add_argument("--demo", action="store_true", help="from the bundled, made-up history; nothing is stored")
    add_json(parser)
    return parser


def _day(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    from tachograph.insights.asking import day_named

    return day_named(text, option)


def _days(store: Store, options: Namespace, zone: tzinfo, since: date | None, until: date | None) -> Days:
    """The days asked for, else the last ones: of the demo history, where that is looked at."""
    from tachograph.insights.asking import days_asked
    from tachograph.insights.history import History

    return days_asked(
        since,
        until or (History(store, zone).latest() if options.demo else None),
        now=datetime.now(UTC),
        zone=zone,
        projects=tuple(project_named(folder) for folder in options.project or ()),
        sensitivity=options.sensitivity,
    )


def _of(findings: Findings) -> list[str]:
    """What is to be remarked of the figures."""
    remarks = []
    if findings.at_least:
        named = ", ".join(findings.at_least)
        remarks.append(f"not all of {named} is known: that it changed may mean that more or less of it is told")
    if not findings.is_exact:
        remarks.append(
            "of some of these days only sums are kept: their percentiles are within 1 %, or some are of another day"
        )
    return remarks
