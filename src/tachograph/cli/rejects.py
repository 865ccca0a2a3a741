"""`tachograph rejects`: which lines couldn't be read, and why, as compilers print it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.cli.answering import trouble_with
from tachograph.cli.home import store_place
from tachograph.cli.options import Parser, add_home, add_json
from tachograph.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tachograph.store.ledger import RejectEntry
    from tachograph.store.place import StorePlace

_EXAMPLES: Final = ("tachograph rejects", "tachograph rejects --json")


def run(command: str, arguments: Sequence[str]) -> int:
    """Lists the refused lines; a store that isn't there has none."""
    parser = Parser(
        command,
        usage="tachograph rejects [options]",
        description="The lines that couldn't be read: file, line and reason. They are in no other answer.\n"
        "With --json: a list of {path, line, offset, reason}.",
        examples=_EXAMPLES,
    )
    add_home(parser)
    add_json(parser)
    options = parser.parse_args(arguments)
    refused = _refused(store_place(options))
    if options.json:
        from tachograph.cli.documents import write_json

        write_json(
            [
                dict(zip(("path", "line", "offset", "reason"), msgspec.structs.astuple(line), strict=True))
                for line in refused
            ]
        )
    elif refused:
        for line in refused:
            print(f"{printable(line.path)}:{line.line}: {printable(line.reason)}")
    else:
        print("No line was refused.")
    return 0


def _refused(place: StorePlace) -> list[RejectEntry]:
    with trouble_with(place):
        if not place.is_there():
            return []
        with place.open(read_only=True) as store:
            return store.rejects()
