"""`tachograph push`: sends what the store has to a server, each metric once."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tachograph.cli.answering import say_waiting, trouble_with
from tachograph.cli.home import new_in, places, store_path, users
from tachograph.cli.options import Parser, add_home_folder, add_json
from tachograph.cli.reading import read_into
from tachograph.errors import NoLogs, TachographError
from tachograph.report.figures import count, several, size
from tachograph.store.duckdb import Store, is_there

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from tachograph.collector.pushing import Portion, Pushing

_EXAMPLES: Final = (
    "tachograph push https://tachograph.example.com --key-file ~/.config/tachograph.key",
    "TACHOGRAPH_KEY=tg_… tachograph push http://127.0.0.1:4318",
)
_KEY: Final = "TACHOGRAPH_KEY"


def run(command: str, arguments: Sequence[str]) -> int:
    """Picks up what is new, and sends what the server hasn't got."""
    parser = Parser(
        command,
        usage="tachograph push URL [options]",
        description="Sends what the store has to a server, from where that ended the last time. Sending again adds\n"
        "nothing twice. It sends counters and names (projects, tools, models), never what was said.",
        examples=_EXAMPLES,
    )
    parser.add_argument("url", metavar="URL", help="of the server, such as https://tachograph.example.com")
    parser.add_argument("--key-file", metavar="FILE", type=Path, help=f"where the key is (else in {_KEY})")
    parser.add_argument("--ca", metavar="FILE", type=Path, help="whose certificates are trusted, if not the system's")
    parser.add_argument("--user", metavar="NAME", help="who used the agents, where the logs don't say")
    parser.add_argument("--no-ingest", action="store_true", help="send the store as it is, without what is new")
    parser.add_argument("--again", action="store_true", help="from the beginning, as if nothing had been sent yet")
    add_home_folder(parser)
    add_json(parser)
    options = parser.parse_args(arguments)
    path = store_path(options.home)
    with trouble_with(path):
        return _push(options, path)


def _push(options: Namespace, path: Path) -> int:
    from tachograph.collector.pushing import Progress, Pushing, Sent, condensed_count
    from tachograph.collector.sending import Server
    from tachograph.store.copies import state

    server = Server(options.url, _key(options), options.ca)
    with _store(options, path) as store:
        end, condensed = state(store.connection), condensed_count(store.connection)
    progress = Progress(path, server.name)
    pushing = Pushing(path, end, Sent() if options.again else progress.read())
    sent_rows, sent_bytes = 0, 0
    with server, _bar(pushing) as advance:
        for portion in pushing.portions():
            if portion.body:
                server.send(portion.body)
            progress.write(portion.sent)
            sent_rows += portion.rows
            sent_bytes += len(portion.body)
            advance(portion)
    _say(options, server.name, sent_rows, sent_bytes, condensed)
    return 0


def _store(options: Namespace, path: Path) -> Store:
    """The store with what is new, unless that isn't wanted. Raises `NoLogs` where there is nothing to send."""
    if options.no_ingest:
        if not is_there(path):
            raise NoLogs("there is no store yet", where=str(path), mend="leave out --no-ingest")
        return Store.open(path, read_only=True, waits=say_waiting)
    where = places(path)
    store = Store.open(path, waits=say_waiting)
    try:
        read_into(store, new_in(where, store.files()), users(where, options.user))
    except BaseException:
        store.close()
        raise
    return store


def _key(options: Namespace) -> str | None:
    if options.key_file is None:
        return os.environ.get(_KEY) or None
    try:
        key = options.key_file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError) as error:
        raise TachographError(f"the key can't be read: {error}", where=str(options.key_file)) from None
    return str(key)


def _bar(pushing: Pushing) -> AbstractContextManager[Callable[[Portion], None]]:
    """Tells of each portion, where somebody watches."""
    if sys.stderr is None or not sys.stderr.isatty() or not pushing.left():
        return nullcontext(lambda _: None)
    from tachograph.cli.push_bar import bar

    return bar(pushing.left())


def _say(options: Namespace, server: str, rows: int, sent: int, condensed: int) -> None:
    if options.json:
        from tachograph.cli.documents import write_json

        write_json({"server": server, "rows": rows, "bytes": sent, "condensed": condensed})
        return
    if rows:
        print(f"sent {several(rows, 'row')} ({size(sent)}) to {server}")
    else:
        print(f"{server} has all there is")
    if condensed:
        remark = f"of {count(condensed)} old metrics only sums are kept, which can't be sent"
        print(remark, file=sys.stderr)
