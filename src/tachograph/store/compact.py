"""Gives the disk back what a store's file no longer uses: DuckDB keeps the room of deleted rows for others."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

_WORTH_IT: Final = 4
"""One part in so many has to be unused."""
_BLOCKS: Final = "SELECT free_blocks, total_blocks FROM pragma_database_size()"
_ROWS: Final = """
    SELECT kept - (SELECT count(*) FROM metrics), kept
    FROM (
        SELECT coalesce(sum(count), 0) AS kept FROM pragma_storage_info('metrics')
        WHERE column_name = 'ts' AND segment_type = 'BIGINT'
    )
"""
"""Deleted rows of which DuckDB keeps the room, because others that it keeps with them aren't deleted."""


def compact(path: Path) -> None:
    """Writes a closed store anew where much of its file is free, and puts that in the file's place.

    A crash leaves the file as it was, or the new one. Meanwhile nobody else can write to the store; whoever waited
    for it finds the new one. Raises `duckdb.Error` or `OSError` where that can't be done, and the file is as it was.
    """
    import duckdb  # noqa: PLC0415 - takes a tenth of a second, which a command that asks nothing shouldn't pay

    new = path.with_name(f"{path.name}.compacting")
    new.unlink(missing_ok=True)  # of a process that was killed
    with duckdb.connect(str(path)) as old:
        old.execute("CHECKPOINT")
        if not _is_worth_it(old):
            return
        name = old.execute("SELECT current_database()").fetchall()[0][0]
        try:
            old.execute(f"ATTACH {_quoted(str(new))} AS compacted")
            old.execute(f'COPY FROM DATABASE "{name}" TO compacted')
            old.execute("DETACH compacted")
            _sync(new)
            new.replace(path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
        _sync(path.parent)


def _is_worth_it(store: duckdb.DuckDBPyConnection) -> bool:
    return any(
        unused * _WORTH_IT >= total > 0 for sql in (_BLOCKS, _ROWS) for unused, total in store.execute(sql).fetchall()
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
