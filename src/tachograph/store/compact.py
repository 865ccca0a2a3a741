"""Gives the disk back what a store's file no longer uses: DuckDB keeps the room of deleted rows for others."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from tachograph.store.duckdb import Store
from tachograph.store.files import sync, write_anew

if TYPE_CHECKING:
    from pathlib import Path

    from tachograph.store.engine import DuckDBPyConnection

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


def compact(path: Path) -> str | None:
    """Writes a closed store anew where much of its file is unused, and puts that in the file's place.

    A crash leaves the file as it was, or the new one. Meanwhile nobody else can write to the store; whoever waited
    for it finds the new one. Gives the reason where that can't be done, and the file is as it was.

    Raises `StoreUnusable` where the store can't be opened.
    """
    from tachograph.store import engine  # noqa: PLC0415 - takes time, which a command that asks nothing shouldn't pay

    new = path.with_name(f"{path.name}.compacting")
    with Store.open(path) as store:
        try:
            store.connection.execute("CHECKPOINT")
            if _is_worth_it(store.connection):
                write_anew(store.connection, new)
                new.replace(path)
                sync(path.parent)
        except (OSError, engine.Error) as error:
            return str(error).partition("\n")[0]
        finally:
            with suppress(OSError):
                new.unlink()
    return None


def _is_worth_it(store: DuckDBPyConnection) -> bool:
    return any(
        unused * _WORTH_IT >= total > 0 for sql in (_BLOCKS, _ROWS) for unused, total in store.execute(sql).fetchall()
    )
