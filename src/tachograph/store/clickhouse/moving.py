"""An embedded store's content goes to a server, and stays what it was.

It goes in portions of rows, by their number. What has arrived is said by the server's store itself, with each portion,
so that whoever goes on knows where; a portion that arrives twice changes nothing. What a store says of itself and its
ledger go last: until then nobody reads on from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tachograph.errors import StoreUnusable
from tachograph.store.clickhouse.layouts import SAID
from tachograph.store.clickhouse.minutes import of_rows
from tachograph.store.clickhouse.transfer import Transfer
from tachograph.store.clickhouse.writing import Turn
from tachograph.store.measures import TOKEN_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tachograph.store.clickhouse.store import ClickHouseStore
    from tachograph.store.duckdb import Store

_PORTION: Final = 500_000
_WHOLE: Final = (
    "sessions",
    "claims",
    "claimed_starts",
    "condensed",
    "condensed_ids",
    "condensed_owners",
    "rejects",
    "files",
)
_MOVED: Final = "moved"
_SAID: Final = ("whole", "prices", "witnessed", "collected")
_TOKENS: Final = ", ".join(f"coalesce(sum({kind}), 0) AS {kind}" for kind in TOKEN_KINDS)
TOTALS: Final = f"""
    SELECT source, type, count(*) AS metrics, count(DISTINCT session_id) AS sessions, {_TOKENS},
        coalesce(sum(cost), 0) AS cost, count(duration_ms) AS timed, min(duration_ms) AS shortest,
        max(duration_ms) AS longest, min(ts) AS first_ts, max(ts) AS last_ts
    FROM metrics WHERE ts IS NOT NULL GROUP BY source, type ORDER BY source, type
"""
"""What has to be the same on both sides."""


class Moving:
    """The way of one embedded store, open to be read, to an empty store on a server."""

    def __init__(self, store: Store, target: ClickHouseStore) -> None:
        self._store = store
        self._target = target
        said = dict(store.connection.execute("SELECT name, value FROM meta").fetchall())
        self._said = {name: said[name] for name in _SAID if name in said}
        self.rows = int(said["whole"])
        """How many numbers of rows there are to go through."""

    def portions(self) -> Iterator[int]:
        """Moves all, and tells after each portion up to which row.

        Raises `StoreUnusable` where the server's store has something of its own already, or another process writes to
        it; what has arrived by then isn't sent again the next time.
        """
        there = self._target.connection
        turn = Turn(there, self._target.owner)
        transfer = Transfer(self._store.connection, there)
        try:
            done = self._arrived()
            turn.begin()
            while done < self.rows:
                upto = min(done + _PORTION, self.rows)
                rows = f"SELECT * FROM metrics WHERE seq > {done} AND seq <= {upto}"
                transfer.send("minutes", of_rows(rows), turn.version + 1)
                transfer.send("metrics", rows, turn.version + 1)
                transfer.send("meta", _one(_MOVED, f"{upto} of {self._name()}"), turn.version + 1)
                turn.next()
                turn.hold()
                turn.check()
                done = upto
                yield done
            for name in _WHOLE:
                transfer.send(name, f"FROM {name}", turn.version + 1)
            turn.next()
            said = " UNION ALL ".join(_one(*pair) for pair in {"schema": SAID, **self._said}.items())
            transfer.send("meta", said, turn.version + 1)
            turn.end()
        finally:
            transfer.close()

    def differences(self) -> list[tuple[Any, Any]]:
        """Totals by source and type that aren't the same on both sides: here, and there."""
        here, there = self._totals(self._store), self._totals(self._target)
        return [
            (here.get(key), there.get(key))
            for key in sorted({*here, *there}, key=repr)
            if here.get(key) != there.get(key)
        ]

    def _totals(self, store: Store) -> dict[Any, Any]:
        return {row[:2]: row for row in store.connection.execute(TOTALS).fetchall()}

    def _name(self) -> str:
        """What tells this store from others: where its copy stands, and how much it has."""
        return f"{self._store.path} {self.rows}"

    def _arrived(self) -> int:
        """Up to which row all is there."""
        said = dict(self._target.connection.execute("SELECT name, value FROM meta").fetchall())
        upto, _, whose = said.get(_MOVED, "").partition(" of ")
        if "whole" in said or (whose and whose != self._name()):
            raise StoreUnusable(
                "it has metrics already"
                if "whole" in said
                else "another store is on its way there, or this one has grown",
                where=self._target.address.shown(),
                mend="name a database that is empty; or send to a server that keeps them there: tachograph push",
            )
        return int(upto) if upto.isdecimal() else 0


def _one(name: str, value: str) -> str:
    return f"SELECT {_text(name)} AS name, {_text(value)} AS value"


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
