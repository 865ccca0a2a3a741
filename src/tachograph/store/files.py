"""Files of databases: written anew from one that is open, and known to be on the disk."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tachograph.store.engine import DuckDBPyConnection


def write_anew(connection: DuckDBPyConnection, new: Path, *changes: str) -> None:
    """Writes all tables into a new file, with nothing in it that isn't used, and waits until it is on the disk.

    `changes` are statements on its tables, in a database called `anew`. What a killed process left there is removed.
    """
    for leftover in (new, new.with_name(f"{new.name}.wal")):
        leftover.unlink(missing_ok=True)
    row = connection.execute("SELECT current_database()").fetchone()
    here = str(row[0] if row else "").replace('"', '""')
    connection.execute(f"ATTACH {quoted_path(new)} AS anew")
    try:
        connection.execute(f'COPY FROM DATABASE "{here}" TO anew')
        for change in changes:
            connection.execute(change)
        connection.execute("CHECKPOINT anew")
    finally:
        connection.execute("DETACH anew")
    sync(new)


def quoted_path(path: Path) -> str:
    """A file's name in SQL, for statements that take no parameter there."""
    name = str(path).replace("'", "''")
    return f"'{name}'"


def write_cache(path: Path, content: bytes) -> None:
    """Writes a file that is no loss, as a whole or not at all: in a folder that can't be written, or on a full disk."""
    half = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        half.write_bytes(content)
        half.replace(path)
    except OSError:
        with suppress(OSError):
            half.unlink()


def sync(path: Path) -> None:
    """Waits until a file, or the names in a folder, are on the disk."""
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
