"""What a machine sends of its store: the rows that its journal has, in the order in which they were read.

Where the journal goes on from a base (after old detail was deleted), that goes first. The other side merges by the same
ids and in the same way as this one did, so whatever is sent again changes nothing.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.columns import COLUMNS, ColumnBuilder
from tachograph.store.copies import StoreCopy
from tachograph.store.duckdb import Store
from tachograph.store.journal import Damage, Rows, framed, frames
from tachograph.store.statements import STORED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tachograph.store.engine import DuckDBPyConnection

_SENT_BYTES: Final = 2 * 2**20
_ROWS: Final = 20_000
_STATE: Final = "pushed.json"


class Sent(msgspec.Struct, frozen=True):
    """How far a store was sent to one server.

    That is, of which generation of its copy; of the base up to which row, of the journal up to which byte.
    """

    generation: int = 0
    row: int = 0
    position: int = 0


class Portion(msgspec.Struct, frozen=True):
    """What is sent at once, how many rows that are, and how far the store is sent once it has arrived."""

    body: bytes
    rows: int
    sent: Sent


class Progress:
    """How far a store was sent to each server, in a file beside it."""

    def __init__(self, store: Path, server: str) -> None:
        self._path = store.parent / _STATE
        self._server = server

    def read(self) -> Sent:
        """How far, to this server; what can't be read was nothing: to send it again does no harm."""
        return self._all().get(self._server, Sent())

    def write(self, sent: Sent) -> None:
        """Remembers that. Raises `OSError`."""
        half = self._path.with_name(f"{_STATE}.{os.getpid()}")
        half.write_bytes(msgspec.json.encode(self._all() | {self._server: sent}))
        half.replace(self._path)

    def _all(self) -> dict[str, Sent]:
        with suppress(OSError, msgspec.DecodeError):
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, Sent])
        return {}


class Pushing:
    """A store's copy, to be sent from where that ended the last time."""

    def __init__(self, store: Path, end: tuple[int, int], sent: Sent) -> None:
        """`end` is the generation of the store's copy, and how much of its journal belongs to the store, in bytes."""
        self._copy = StoreCopy(store)
        self._generation, self._end = end
        self._from = sent if sent.generation == self._generation else Sent(self._generation)

    def left(self) -> int:
        """How many bytes of the journal weren't sent yet."""
        return max(self._end - self._from.position, 0)

    def portions(self) -> Iterator[Portion]:
        """What is left to send, portion by portion. Raises `OSError` and `StoreUnusable` where it can't be read."""
        sent = self._from
        base = self._copy.base(self._generation)
        if sent.position == 0 and base.exists():
            for portion in _of_base(base, sent):
                sent = portion.sent
                yield portion
        yield from _of_journal(self._copy.journal(self._generation), sent, self._end)


def condensed_count(connection: DuckDBPyConnection) -> int:
    """Of how many metrics there are sums alone, which can't be sent."""
    row = connection.execute("SELECT coalesce(sum(metrics_count), 0)::BIGINT FROM condensed").fetchone()
    return int(row[0]) if row else 0


def _of_base(base: Path, sent: Sent) -> Iterator[Portion]:
    names = [*STORED, "source", "in_parts", "seq"]
    listed = ", ".join(f'"{name}"' for name in names)
    with Store.without_waiting(base, read_only=True) as store:
        while rows := store.connection.execute(
            f"SELECT {listed} FROM metrics WHERE seq > ? ORDER BY seq LIMIT ?", [sent.row, _ROWS]
        ).fetchall():
            sent = msgspec.structs.replace(sent, row=rows[-1][-1])
            by_kind: dict[tuple[str, bool], list[tuple[object, ...]]] = {}
            for row in rows:
                by_kind.setdefault((row[-3], row[-2]), []).append(row[:-3])
            body = b"".join(framed(_frame(*kind, kept)) for kind, kept in by_kind.items())
            yield Portion(body, len(rows), sent)


def _frame(source: str, in_parts: bool, rows: list[tuple[object, ...]]) -> Rows:  # noqa: FBT001 - a frame's own
    builder = ColumnBuilder()
    kept = [(name, column) for name, column in zip(STORED, zip(*rows, strict=True), strict=True) if _is_told(column)]
    for name, column in kept:
        builder.add_exact(name, column)
    builder.end_block(len(rows))
    batch = builder.batch()
    return Rows(source, in_parts, None, batch.length, batch.columns)


def _is_told(column: tuple[object, ...]) -> bool:
    """Whether a column has any value."""
    return any(value is not None for value in column)


def _of_journal(path: Path, sent: Sent, end: int) -> Iterator[Portion]:
    body, rows, position = bytearray(), 0, sent.position
    if position >= end:
        return
    for found in frames(path, start=position):
        if isinstance(found, Damage):
            continue
        position, frame = found
        if position > end:
            break
        if isinstance(frame, Rows):
            body += framed(_known(frame))
            rows += frame.length
        if len(body) >= _SENT_BYTES:
            yield Portion(bytes(body), rows, msgspec.structs.replace(sent, position=position))
            body, rows = bytearray(), 0
    yield Portion(bytes(body), rows, msgspec.structs.replace(sent, position=min(position, end)))


def _known(frame: Rows) -> Rows:
    """Without columns that an older version wrote and nobody knows any more."""
    if frame.columns.keys() <= COLUMNS.keys():
        return frame
    columns = {name: column for name, column in frame.columns.items() if name in COLUMNS}
    return msgspec.structs.replace(frame, columns=columns)
