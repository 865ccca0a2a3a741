"""`tachograph migrate`: copies the embedded store to a server, and compares what arrived."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final

from tachograph.cli.answering import say_waiting, trouble_with
from tachograph.cli.home import say_brought, store_path
from tachograph.cli.options import Parser, add_home_folder, add_json
from tachograph.errors import NoLogs, StoreUnusable, TachographError
from tachograph.report.figures import several
from tachograph.store.duckdb import Store, is_there
from tachograph.store.place import StorePlace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

_EXAMPLES: Final = (
    "tachograph migrate --to clickhouse://ana:secret@db.example.com:8123/tachograph",
    "TACHOGRAPH_STORE=clickhouse://… tachograph summary              afterwards",
)


def run(command: str, arguments: Sequence[str]) -> int:
    """Copies what the store has; whoever is interrupted calls it again, and it goes on."""
    parser = Parser(
        command,
        usage="tachograph migrate --to ADDRESS [options]",
        description="Copies the embedded store to an empty database of a ClickHouse server, and compares the totals\n"
        "of both. The embedded store stays as it is. After an interruption it goes on where it was.",
        examples=_EXAMPLES,
    )
    parser.add_argument("--to", metavar="ADDRESS", required=True, help="clickhouse://user:password@host:port/database")
    add_home_folder(parser)
    add_json(parser)
    options = parser.parse_args(arguments)
    path = store_path(options.home)
    target = StorePlace(path, options.to, tells=say_brought)
    if not is_there(path):
        raise NoLogs("there is no store yet", where=str(path), mend="read logs first: tachograph ingest")
    with trouble_with(path):
        rows = _move(target)
    if options.json:
        from tachograph.cli.documents import write_json

        write_json({"rows": rows, "to": str(target)})
    else:
        print(f"{several(rows, 'row')} moved to {target}; the totals are the same on both sides.")
    return 0


def _move(target: StorePlace) -> int:
    from tachograph.store.clickhouse.moving import Moving
    from tachograph.store.clickhouse.store import ClickHouseStore

    with Store.open(target.path, read_only=True, waits=say_waiting) as store, target.open() as there:
        if not isinstance(there, ClickHouseStore):
            raise TachographError("that is no address of a server", where="--to", mend="begin it with clickhouse://")
        moving = Moving(store, there)
        with _bar(moving.rows) as advance:
            for upto in moving.portions():
                advance(upto)
        different = moving.differences()
        if different:
            here, beyond = different[0]
            raise StoreUnusable(
                f"{several(len(different), 'total')} differ after all had arrived: {here} here, {beyond} there",
                where=str(target),
                mend="drop that database, and migrate again",
            )
        return moving.rows


def _bar(total: int) -> AbstractContextManager[Callable[[int], None]]:
    """Tells of each portion, where somebody watches."""
    if sys.stderr is None or not sys.stderr.isatty():
        return nullcontext(lambda _: None)
    from tachograph.cli.row_bar import bar

    return bar(total)
