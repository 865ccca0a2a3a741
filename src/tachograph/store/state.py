"""What tells a store from what it was before, without opening it: for answers that are kept for as long as it is so."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from tachograph.digest import digest
from tachograph.price_list import data_version

if TYPE_CHECKING:
    from pathlib import Path

_FORM: Final = 4
"""Goes up when the same question has another answer."""
_HEADERS: Final = 3 * 4096
"""A DuckDB file begins with three headers, of which one counts the checkpoints."""
_END_OF_WAL: Final = 4096


def state_of(store: Path) -> str | None:
    """What changes with the form of answers, the prices and each commit to the store; None where there is no store.

    What was asked belongs to the state in which the store is before it is closed: others may write to it then. Raises
    `PricesUnusable` where downloaded prices are damaged.
    """
    try:
        with store.open("rb") as handle:
            headers = handle.read(_HEADERS)
            size = handle.seek(0, os.SEEK_END)
        written = digest(headers + _end_of_wal(store), 16)
    except OSError:
        return None
    return " ".join((str(_FORM), data_version(store.parent), written, str(size)))


def _end_of_wal(store: Path) -> bytes:
    """What tells the write-ahead log from what it was before: its size and its end, which has checksums."""
    try:
        with store.with_name(f"{store.name}.wal").open("rb") as handle:
            size = handle.seek(0, os.SEEK_END)
            handle.seek(max(0, size - _END_OF_WAL))
            return b"%d %b" % (size, handle.read())
    except FileNotFoundError:
        return b""
