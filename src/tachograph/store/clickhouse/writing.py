"""Whose turn it is to write to a tenant's tables: one writer's at a time, as for the embedded store.

A writer says that it begins, under a number that nobody had before; the first one to have said so has the turn, until
it says that it ends, or for half a minute after it last said that it goes on. The versions of what it inserts begin
with its number, so that they are later than whatever was inserted before.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from tachograph.errors import StoreUnusable
from tachograph.store.clickhouse.everywhere import everywhere
from tachograph.store.clickhouse.layouts import SAID

if TYPE_CHECKING:
    from tachograph.store.clickhouse.connection import Connection

_PATIENCE_SECONDS: Final = 30
_COMMITS: Final = 2**24
_BUSY: Final = "another process writes to it"
_MEND: Final = "try again in half a minute"
_COLUMNS: Final = """
    tenant LowCardinality(String), number UInt64, owner String, nonce String, at DateTime64(6, 'UTC') DEFAULT now64(6),
    done UInt8
"""
_KEPT: Final = "ORDER BY (tenant, number) TTL toDateTime(at) + INTERVAL 1 WEEK"


class Turn:
    """One writer's turn. `owner` names who it is when it comes again: it need not wait for itself."""

    def __init__(self, there: Connection, owner: str) -> None:
        self._there = there
        self._owner = owner
        self._nonce = uuid.uuid4().hex
        self._number = 0
        self._commit = 0

    @property
    def number(self) -> int:
        """Its number, which no other writer's turn has."""
        return self._number

    @property
    def version(self) -> int:
        """The version of what is said to be gone now; what is inserted has the next one."""
        return self._number * _COMMITS + 2 * self._commit

    def begin(self) -> None:
        """Takes the turn. Raises `StoreUnusable` where another writer has it."""
        found = self._there.ask(
            f"SELECT number, owner, max(done), max(at) > now64(6) - INTERVAL {_PATIENCE_SECONDS} SECOND"
            f" FROM {self._there.database}.writers WHERE tenant = {{tenant:String}}"
            " GROUP BY number, owner ORDER BY number DESC LIMIT 1"
        ).fetchone()
        if found and not found[2] and found[3] and found[1] != self._owner:
            raise StoreUnusable(_BUSY, mend=_MEND)
        self._number = max(int(found[0]) if found else 0, self._newest()) + 1
        self._say(done=False)
        self.check()

    def hold(self) -> None:
        """Says that it goes on."""
        self._say(done=False)

    def check(self) -> None:
        """Raises `StoreUnusable` where it isn't its turn any more: another one said that number first, or a later."""
        found = self._there.ask(
            f"SELECT nonce FROM {self._there.database}.writers WHERE tenant = {{tenant:String}}"
            " AND number >= {number:UInt64} GROUP BY number, nonce ORDER BY number DESC, min(at), nonce LIMIT 1",
            {"number": self._number},
        ).fetchone()
        if not found or found[0] != self._nonce:
            raise StoreUnusable(_BUSY, mend=_MEND)

    def next(self) -> None:
        """What comes now is another commit."""
        self._commit += 1

    def end(self) -> None:
        """Gives the turn away."""
        self._say(done=True)

    def _newest(self) -> int:
        """The number of whoever wrote last: turns are forgotten after a week, and what was inserted isn't."""
        database, of_tenant = self._there.database, "WHERE tenant = {tenant:String}"
        found = self._there.ask(
            f"SELECT (SELECT max(version) FROM {database}.meta {of_tenant}),"
            f" (SELECT max(version) FROM {database}.commits {of_tenant})"
        ).fetchone()
        return max((int(version or 0) // _COMMITS for version in found or ()), default=0)

    def _say(self, *, done: bool) -> None:
        self._there.do(
            f"INSERT INTO {self._there.database}.writers (tenant, number, owner, nonce, done)"
            " SELECT {tenant:String}, {number:UInt64}, {owner:String}, {nonce:String}, {done:UInt8}",
            {"number": self._number, "owner": self._owner, "nonce": self._nonce, "done": int(done)},
        )


def definition(database: str, cluster: str | None) -> str:
    """The statement that makes the table of turns where it isn't there."""
    return everywhere("writers", _COLUMNS, f"{_KEPT} COMMENT '{SAID}'", database, cluster)
