"""`tachograph live`: the sessions that run now, again and again."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from tachograph.cli.answering import opened
from tachograph.cli.asking import asked_zone
from tachograph.cli.ending import process_goes_on
from tachograph.cli.options import Parser, add_filters, add_place

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from datetime import tzinfo

    from tachograph.cli.live_view import View

_EXAMPLES: Final = (
    "tachograph live                          until Ctrl-C",
    "tachograph live --idle 60 --project .    also sessions that were last heard of an hour ago, of this project",
    "tachograph live --once                   one look, for a script or another program's window",
)
_EVERY_SECONDS: Final = 3.0
_IDLE_MINUTES: Final = 15


def run(command: str, arguments: Sequence[str]) -> int:
    """Shows them until Ctrl-C, which is no failure; or once, also where nobody watches."""
    options = _parser(command).parse_args(arguments)
    zone = asked_zone(options.timezone)
    from tachograph.cli.live_page import print_view, watching

    remarks: list[str] = []
    if options.once or sys.stdout is None or not sys.stdout.isatty():
        print_view(_look(options, zone, remarks))
        for line in remarks:
            print(line, file=sys.stderr)
        return 0
    process_goes_on()
    try:
        with watching() as show:
            while True:
                show(_look(options, zone, []))
                time.sleep(options.every)
    except KeyboardInterrupt:
        return 0


def _parser(command: str) -> Parser:
    parser = Parser(
        command,
        usage="tachograph live [options]",
        description="The sessions that run now: what each did and used so far, how fast, and when it was last heard\n"
        "of; below them today's figures and the blocks of five hours that go on. Logs are read as they grow.",
        examples=_EXAMPLES,
    )
    shown = parser.add_argument_group("the view")
    shown.add_argument("--every", metavar="SECONDS", type=_seconds, default=_EVERY_SECONDS, help="between looks (3)")
    shown.add_argument("--idle", metavar="MINUTES", type=_minutes, default=_IDLE_MINUTES, help="how long ago a session"
                       " may have been heard of (15)")  # fmt: skip
    shown.add_argument("--once", action="store_true", help="one look, and no more")
    shown.add_argument("--timezone", metavar="ZONE", help="whose midnights count, as Europe/Rome; else the system's")
    add_filters(parser)
    add_place(parser)
    return parser


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0.2 <= seconds <= 3600:
        raise ValueError
    return seconds


def _minutes(text: str) -> int:
    minutes = int(text)
    if not 1 <= minutes <= 10_080:
        raise ValueError
    return minutes


def _look(options: Namespace, zone: tzinfo, remarks: list[str]) -> View:
    """What there is to be seen now; of the demo history, at its end."""
    from tachograph.cli.query_asking import conditions_asked
    from tachograph.query.model import All

    conditions = conditions_asked(options)
    where = All(conditions) if conditions else None
    with opened(options, remarks) as store:
        from tachograph.cli.live_view import last_moment, view

        now = (last_moment(store) if options.demo else None) or datetime.now(UTC)
        return view(store, now, timedelta(minutes=options.idle), where, zone, demo=options.demo)
