"""`tachograph ingest`: reads logs into the store, each line once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tachograph.cli.answering import nothing_to_read, say_waiting, trouble_with
from tachograph.cli.home import new_in, places, store_place, users
from tachograph.cli.options import Parser, add_home, add_json
from tachograph.cli.reading import read_into
from tachograph.errors import NoLogs
from tachograph.report.figures import count, several, size
from tachograph.report.printable import printable
from tachograph.sources import source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tachograph.ingest.plan import Plan, Skipped
    from tachograph.ingest.reader import Summary
    from tachograph.store.ledger import FileEntry

_EXAMPLES: Final = (
    "tachograph ingest                              what is new in this machine's agent logs",
    "tachograph ingest metrics/                     a folder of metrics logs",
    "tachograph ingest old.jsonl --source claude-code",
)
_LISTED_MAX: Final = 20


def run(command: str, arguments: Sequence[str]) -> int:
    """Reads what is asked for, and says what came of it."""
    parser = Parser(
        command,
        usage="tachograph ingest [PATH …] [options]",
        description="Reads logs into the store: those named, or what is new in this machine's agent logs.\n"
        "Reading a log again adds nothing twice.",
        examples=_EXAMPLES,
    )
    parser.add_argument("paths", metavar="PATH", nargs="*", type=Path, help="a log, or a folder of logs")
    parser.add_argument(
        "--source", metavar="NAME", help="the format, where it isn't recognised: see tachograph sources"
    )
    parser.add_argument(
        "--user", metavar="NAME", help="who used the agents, where the logs don't say (else TACHOGRAPH_USER)"
    )
    add_home(parser)
    add_json(parser)
    options = parser.parse_args(arguments)
    if options.source is not None:
        source(options.source)
    place = store_place(options)
    path = place.path
    planned = _given(path, options.paths, options.source) if options.paths else _in_places(path, options.source)
    whose = users(places(path), options.user)
    with trouble_with(place):
        if not place.is_there():
            planned({})  # so that a mistake leaves no store behind
        with place.open(waits=say_waiting, in_bulk=True) as store:
            before = store.metrics_count()
            summary = read_into(store, planned(store.files()), whose)
            added = store.metrics_count() - before
    if options.json:
        from tachograph.cli.documents import write_json

        write_json(_document(summary, added))
    else:
        _page(summary, added)
    return 0


def _given(store: Path, paths: Sequence[Path], forced: str | None) -> Callable[[Mapping[str, FileEntry]], Plan]:
    from tachograph.ingest.plan import find_given, plan

    skipped: list[Skipped] = []
    found = find_given(paths, forced, skipped, places(store))
    return lambda ledger: plan(found, ledger, list(skipped))


def _in_places(store: Path, only: str | None) -> Callable[[Mapping[str, FileEntry]], Plan]:
    where = places(store, only)
    if not where:
        raise NoLogs(f"no place is known in which {only} keeps its logs", mend="name one: tachograph ingest PATH")

    def planned(ledger: Mapping[str, FileEntry]) -> Plan:
        what = new_in(where, ledger)
        if not (ledger or what.to_read):
            raise nothing_to_read(where, what)
        return what

    return planned


def _document(summary: Summary, added: int) -> dict[str, Any]:
    return {
        "files_read": summary.files_read,
        "files_unchanged": summary.files_unchanged,
        "bytes_read": summary.bytes_read,
        "metrics_added": added,
        "lines_rejected": summary.lines_rejected,
        "unfinished": summary.unfinished,
        "skipped": [{"path": skipped.path, "reason": skipped.reason} for skipped in summary.skipped],
    }


def _page(summary: Summary, added: int) -> None:
    read = f"Read {several(summary.files_read, 'file')} ({size(summary.bytes_read)})"
    print(f"{read}: {several(added, 'new metric')}; {several(summary.files_unchanged, 'file')} unchanged.")
    if summary.lines_rejected:
        print(f"{several(summary.lines_rejected, 'line')} could not be read: see tachograph rejects")
    if summary.unfinished:
        print(f"{several(summary.unfinished, 'file')} with a last line that isn't whole yet: read when it is.")
    for skipped in summary.skipped[:_LISTED_MAX]:
        print(f"skipped {printable(skipped.path)}: {printable(skipped.reason)}")
    if len(summary.skipped) > _LISTED_MAX:
        print(f"… and {count(len(summary.skipped) - _LISTED_MAX)} more skipped (--json lists all)")
