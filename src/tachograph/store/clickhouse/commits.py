"""A commit to a server's tables is there as a whole or not at all: it is written down first, in one row, then done.

A writer who dies before that row is there has changed nothing. One who dies after it is followed by a writer who does
all of it again, with the same versions: what was done already stays as it is. That a commit is done is seen by the last
of its inserts, which is what the store says of itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.store.clickhouse.everywhere import everywhere

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tachograph.store.clickhouse.connection import Connection

_COLUMNS: Final = """
    tenant LowCardinality(String), version UInt64, places Array(String), tokens Array(String), bodies Array(String)
"""
_KEPT: Final = "ORDER BY tenant"
"""The latest of each tenant's takes the place of those before."""
_INSERTING: Final = {
    "max_partitions_per_insert_block": 0,
    "input_format_parquet_preserve_order": 1,  # so that a repeated insert has the same blocks
    "max_insert_threads": 1,
    "insert_deduplicate": 1,
}
_SEVEN_BITS: Final = 7


class Insert(msgspec.Struct, frozen=True):
    """Rows for one table, as Parquet."""

    place: str
    """The table, with its database."""
    token: str
    """What tells it from any other, so that it is inserted once."""
    body: bytes


def insert(there: Connection, what: Insert) -> None:
    """Inserts rows, unless they were inserted already. Raises `StoreUnusable`."""
    there.insert(what.place, what.body, "Parquet", insert_deduplication_token=what.token, **_INSERTING)


class Commits:
    """The commits of one tenant, for whoever has the turn to write."""

    def __init__(self, there: Connection) -> None:
        self._there = there
        self._table = f"{there.database}.commits"

    def do(self, inserts: Sequence[Insert], version: int) -> None:
        """Does all of that. The last one has to say `whole` in `meta`, as of that version. Raises `StoreUnusable`."""
        names = [each.place.encode() for each in inserts]
        tokens = [each.token.encode() for each in inserts]
        row = _text(self._there.tenant.encode()) + version.to_bytes(8, "little")
        row += _texts(names) + _texts(tokens) + _texts([each.body for each in inserts])
        self._there.insert(self._table, row, "RowBinary")
        self._do(inserts)

    def finish(self) -> None:
        """Does what a writer wrote down, and hasn't done all of. Raises `StoreUnusable`."""
        database, of_tenant = self._there.database, "WHERE tenant = {tenant:String}"
        found = self._there.ask(
            f"SELECT (SELECT max(version) FROM {self._table} {of_tenant}),"
            f" (SELECT max(version) FROM {database}.meta {of_tenant} AND name = 'whole')"
        ).fetchone()
        if not found or (found[0] or 0) <= (found[1] or 0):
            return
        rows = self._there.rows_as(
            f"SELECT places, tokens, bodies FROM {self._table} {of_tenant} AND version = {{version:UInt64}} LIMIT 1",
            "RowBinary",
            {"version": found[0]},
        )
        reading = _Reading(rows)
        places, tokens, bodies = reading.texts(), reading.texts(), reading.texts()
        told = zip(places, tokens, bodies, strict=True)
        self._do([Insert(place.decode(), token.decode(), body) for place, token, body in told])

    def _do(self, inserts: Sequence[Insert]) -> None:
        for each in inserts:
            insert(self._there, each)


def definition(database: str, cluster: str | None) -> str:
    """The statement that makes the table of commits where it isn't there."""
    return everywhere("commits", _COLUMNS, _KEPT, database, cluster, engine="ReplacingMergeTree", by="version")


def _number(number: int) -> bytes:
    """A length as ClickHouse's RowBinary has it: seven bits a byte, the lowest first."""
    found = bytearray()
    while number >> _SEVEN_BITS:
        found.append(number & 0x7F | 0x80)
        number >>= _SEVEN_BITS
    found.append(number)
    return bytes(found)


def _text(text: bytes) -> bytes:
    return _number(len(text)) + text


def _texts(texts: Sequence[bytes]) -> bytes:
    return _number(len(texts)) + b"".join(map(_text, texts))


class _Reading:
    """What is read of RowBinary, from its beginning on."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._place = 0

    def texts(self) -> list[bytes]:
        """A list of texts."""
        return [self._text() for _ in range(self._number())]

    def _text(self) -> bytes:
        length = self._number()
        start, self._place = self._place, self._place + length
        return self._content[start : self._place]

    def _number(self) -> int:
        number = shift = 0
        while True:
            byte = self._content[self._place]
            self._place += 1
            number |= (byte & 0x7F) << shift
            shift += _SEVEN_BITS
            if not byte & 0x80:
                return number
