"""Where things are on this machine: the store, and the places where agents keep their logs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tachograph.errors import TachographError
from tachograph.folders import store_folder
from tachograph.ingest.plan import Plan, find_in_places, known_places, plan

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping

    from tachograph.ingest.plan import Skipped
    from tachograph.ingest.users import Users
    from tachograph.sources.protocol import Source
    from tachograph.store.ledger import FileEntry
    from tachograph.store.place import StorePlace

Places = list[tuple["Source", Path]]


def store_path(home: str | None) -> Path:
    """The file of the store, in the folder named, or TACHOGRAPH_HOME, or the platform's for such data."""
    return store_folder(os.environ, home) / "tachograph.duckdb"


def store_place(options: Namespace) -> StorePlace:
    """Where metrics are kept, by the options --home and --store and the environment."""
    from tachograph.store.place import StorePlace

    address = options.store or os.environ.get("TACHOGRAPH_STORE") or None
    return StorePlace(store_path(options.home), address, tells=say_brought)


def say_brought(done: int, of: int) -> None:
    """Says, to somebody who watches, why it takes long: a line for about each tenth."""
    if sys.stderr is not None and sys.stderr.isatty() and (not done or done * 10 // of > (done - 1) * 10 // of):
        said = f"bringing the server's tables, which an earlier version made, up to date: {done} of {of} parts are done"
        print(said, file=sys.stderr)


def places(store: Path, source: str | None = None) -> Places:
    """The places of every source, or of one; the logs of ours are in the folder of that store."""
    try:
        user = Path.home()
    except RuntimeError:
        raise TachographError("this user has no home folder to look for logs in", mend="set HOME") from None
    environment = {**os.environ, "TACHOGRAPH_HOME": str(store.parent)}
    return [(known, place) for known, place in known_places(environment, user) if source in {None, known.name}]


def users(where: Places, named: str | None = None) -> Users:
    """Whose the metrics are that name nobody: for the name of a source, and whether a log lies in its place."""
    from tachograph.ingest.users import Users

    return Users({known.name: known for known, _ in where}, os.environ, Path.home(), named)


def new_in(where: Places, ledger: Mapping[str, FileEntry]) -> Plan:
    """What the places hold that the ledger doesn't know."""
    skipped: list[Skipped] = []
    return plan(find_in_places(where, skipped), ledger, skipped)


def listed(where: Places) -> str:
    """Whose places they are, in words."""
    return ", ".join(dict.fromkeys(known.title for known, _ in where))
