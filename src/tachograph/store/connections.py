"""Connections of the engine to databases: how they are set, and what it means where there can be none."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tachograph.errors import StoreDamaged, StoreUnusable
from tachograph.store import memory
from tachograph.store.files import quoted_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tachograph.store.engine import DuckDBPyConnection

IN_MEMORY: Final = ":memory:"
_BUSY_SECONDS: Final = 30.0
_BUSY_POLL_SECONDS: Final = 0.02
_IS_HELD: Final = "Could not set lock on file"
"""What DuckDB says of a file that another process has open; whatever else it says may name a path with any words."""
_CONFIG: Final[dict[str, str | bool | int | float | list[str]]] = {
    "preserve_insertion_order": False,  # `seq` has the order, so that all cores may append
    "max_vacuum_tasks": 0,  # merging row groups when it closes would rewrite half of what was just appended
    "autoinstall_known_extensions": False,  # nothing is fetched from anywhere
    "autoload_known_extensions": False,
}
_GROUP_ROWS: Final = 61_440
"""A group of as many rows is compressed as a whole; a multiple of 2,048, hardly less than what is appended together."""


def make_file(path: Path) -> None:
    """Makes an empty database there, or nothing: what a full disk or a kill leaves of one DuckDB takes for damaged."""
    with _making(path) as new:
        connect_patiently(new, read_only=False).close()


@contextmanager
def _making(path: Path) -> Iterator[Path]:
    """Where a file may be made that gets its name when it is whole, unless there is another one by then."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    try:
        yield new
        if not path.exists():
            new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def connect(database: str, *, read_only: bool, in_bulk: bool = False) -> DuckDBPyConnection:
    """A connection to a file, made where there is none, or to a new database `IN_MEMORY`. Raises the engine's errors.

    With `in_bulk` it is made ready for many rows at once.
    """
    from tachograph.store import engine  # noqa: PLC0415 - takes time, which a command that asks nothing shouldn't pay

    config = _CONFIG | {"memory_limit": memory.for_questions()}
    if database == IN_MEMORY:
        from tempfile import gettempdir  # noqa: PLC0415 - few need it

        config["temp_directory"] = str(Path(gettempdir(), f"tachograph-{os.getpid()}"))
    if in_bulk:
        connection = _connect_in_bulk(database, config | {"temp_directory": f"{database}.tmp"})
    else:
        connection = engine.connect(database, read_only=read_only, config=config)
    if not read_only:
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")  # see Store.close
    return connection


def _connect_in_bulk(database: str, config: dict[str, Any]) -> DuckDBPyConnection:
    """To groups of rows that are as large as what is appended together: else it would be copied into larger ones.

    The size holds for what this connection appends, and can be given in no other way. A file that isn't there is made
    by this connection too, as another one takes the engine 20 ms.
    """
    from tachograph.store import engine  # noqa: PLC0415 - as above

    connection = engine.connect(IN_MEMORY, config=config)
    path = Path(database)
    try:
        if not path.exists():
            with _making(path) as new:
                connection.execute(f"ATTACH {quoted_path(new)} AS new")
                connection.execute("DETACH new")
        connection.execute(f"ATTACH {quoted_path(path)} AS store (ROW_GROUP_SIZE {_GROUP_ROWS})")
        connection.execute("USE store")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_patiently(path: Path, *, read_only: bool, in_bulk: bool = False) -> DuckDBPyConnection:
    """As `connect`, once no other process holds the file. Raises `StoreUnusable`, or `StoreDamaged`."""
    from tachograph.store import engine  # noqa: PLC0415 - as above

    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            return connect(str(path), read_only=read_only, in_bulk=in_bulk)
        except engine.IOException as error:
            message = str(error)
            if _IS_HELD not in message:
                raise _unusable(path, message) from None
            if time.monotonic() > deadline:
                raise StoreUnusable(
                    "another process has held it for half a minute",
                    where=str(path),
                    mend="wait for it, or end it",
                ) from None
            time.sleep(_BUSY_POLL_SECONDS)
        except engine.Error as error:
            raise _unusable(path, str(error)) from None


def _unusable(path: Path, message: str) -> StoreUnusable:
    first_line = message.splitlines()[0] if message else "unknown error"
    if "ermission denied" in message:
        return StoreUnusable("it can't be read or written: permission denied", where=str(path), mend="choose --home")
    if "Could not write file" in message:
        return StoreUnusable(f"DuckDB can't write it: {first_line}", where=str(path), mend="free some disk space")
    return StoreDamaged(
        f"DuckDB can't open it: {first_line}",
        where=str(path),
        mend="if it is damaged, 'tachograph doctor --repair' makes it again from its copy",
    )
