"""New rows become metrics of a server's, by the rules that the embedded store has.

A row may complete another, be a copy of it, end a run, or change whose a session is. So for each commit a small
embedded store is given the new rows and whatever of the server's they may touch: rows of the same ids, runs and
requests, and, if sessions tell of each other's metrics, all of those. It settles them as it does its own (`load.sql`),
and what that changed is inserted, as a later version of what is there.

All that a commit inserts is written down first (`commits.py`). The last of it is what the store says of itself: how
many rows are settled, and how far a collector has got. Whoever dies before it is written down has changed nothing, and
the next one is given the same batch again; whoever dies after that is followed by one who does the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

from tachograph.price_list import data_version
from tachograph.store.clickhouse.commits import Commits
from tachograph.store.clickhouse.condensing import ServerCondensing
from tachograph.store.clickhouse.layouts import SAID
from tachograph.store.clickhouse.minutes import of_rows
from tachograph.store.clickhouse.neighbours import Neighbours
from tachograph.store.clickhouse.sums import ServerSums
from tachograph.store.clickhouse.transfer import Transfer
from tachograph.store.clickhouse.writing import Turn
from tachograph.store.duckdb import Loading, Store
from tachograph.store.meta import say
from tachograph.store.statements import settling_statements

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tachograph.store.clickhouse.store import ClickHouseStore
    from tachograph.store.condense import Condensable, Condensing, WindowsOf
    from tachograph.store.ledger import FileEntry, RejectEntry

_SAID: Final = ("whole", "prices", "witnessed", "collected", "rolled")
_OF_ONE_COMMIT: Final = (
    "metrics", "sessions", "claims", "claimed_starts", "condensed_ids", "condensed_owners", "files", "rejects",
    "rollup_dirty",
)  # fmt: skip
_OF_PATHS: Final = "path GLOBAL IN (SELECT key FROM paths)"
_AT_ONCE: Final = 500_000
"""So many rows are priced again by one commit."""


class SettledLoading(Loading):
    """A way in for new metrics of a server's; use it in a `with` statement. One may be open for a tenant at a time."""

    rows_a_commit = 250_000
    """They are kept in memory until then."""

    def __init__(self, target: ClickHouseStore) -> None:
        self._target = target
        self._there = target.connection
        self._work = Store.in_memory()
        super().__init__(self._work, keep_journal=False)
        self._prices = target.home
        self._transfer = Transfer(self._work.connection, self._there)
        self._turn = Turn(self._there, target.owner)
        self._commits = Commits(self._there)
        self._sums = ServerSums(self._there, self._turn)

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            self._turn.begin()
            self._learn()
        except BaseException:
            self._let_go()
            raise
        return self

    def __exit__(self, *problem: object) -> None:
        try:
            super().__exit__(*problem)
            self._turn.end()
        finally:
            self._let_go()

    def _let_go(self) -> None:
        self._transfer.close()
        self._work.close()

    def _learn(self) -> None:
        """What the server's store says of itself; what a writer left unfinished there is done, or said to be gone."""
        self._commits.finish()
        said = self._there.said()
        ServerCondensing(self._there, self._turn, self._target.address).end_what_was_begun(said)
        for name in _SAID:
            if name in said:
                say(self._work.connection, name, said[name])
        last = int(said.get("whole", 0))
        self._transfer.fetch("metrics", "seq > {last:Int64}", {"last": last})
        self._transfer.send("metrics", "FROM metrics", self._turn.version, gone=True)
        self._work.connection.execute("DELETE FROM metrics")

    def _price_again(self, by: str | None) -> None:
        super()._price_again(by)
        if by is not None and by != data_version(self._prices):
            self._price_all_again()

    def _price_all_again(self) -> None:
        """Costs of the server's metrics by the prices that are known now."""
        connection = self._work.connection
        self._forget_sums()
        for first in range(0, self._last, _AT_ONCE):
            priced = "seq > {first:Int64} AND seq <= {end:Int64} AND (cost IS NOT NULL OR model IS NOT NULL)"
            self._transfer.fetch("metrics", priced, {"first": first, "end": min(first + _AT_ONCE, self._last)})
            connection.execute("CREATE OR REPLACE TEMP TABLE before AS FROM metrics")
            models = connection.execute("SELECT DISTINCT model FROM metrics WHERE model IS NOT NULL").fetchall()
            self._find_prices({model for (model,) in models})
            self._run("price_again")
            self._transfer.send("metrics", "FROM metrics EXCEPT FROM before", self._turn.version)
            connection.execute("DELETE FROM metrics")
            self._turn.next()

    def _forget_sums(self) -> None:
        """From now on nobody answers from sums, until they are made again."""
        say(self._work.connection, "rolled", "0")
        self._send("meta", "FROM meta WHERE name = 'rolled'")
        self._turn.next()
        self._rolled = 0

    def _load(self) -> None:
        neighbours = Neighbours(self._work.connection, self._transfer, self._there, self._last)
        neighbours.fetch(witnessed=self._witnessed)
        super()._load()

    def commit(
        self,
        entries: Sequence[FileEntry],
        gone: Sequence[str] = (),
        rejects: Sequence[RejectEntry] = (),
        moved: Sequence[tuple[str, FileEntry]] = (),
        *,
        position: int | None = None,
        said: Mapping[str, str] | None = None,
    ) -> None:
        """As the embedded store's. Raises `StoreUnusable` where the server or another writer is in the way."""
        self._begin()
        self._turn.hold()
        settles = bool(self.appended or self._waiting)
        paths = [path for path, _ in moved]
        self._fetch_rejects(paths)
        super().commit(entries, (), rejects, moved, position=position, said=said)
        self._transfer.keep()
        self._send("rollup_dirty", "SELECT DISTINCT quarter FROM rollup_dirty")
        if settles:
            self._send_metrics()
        self._send_ledger([*gone, *paths])
        self._send_said(said or {})
        self._turn.check()
        self._commits.do(self._transfer.kept(), self._turn.version + 1)
        for name in _OF_ONE_COMMIT:
            self._work.connection.execute(f"DELETE FROM {name}")
        self._turn.next()
        if settles and self._sums.is_due(self._rolled, self._settled()):
            self.roll_up()

    def roll_up(self) -> None:
        """Brings the sums by quarter of an hour up to the last metric. Nothing may be under way."""
        settled = self._settled()
        said = dict(self._work.connection.execute("SELECT name, value FROM meta").fetchall())
        self._sums.roll_up(int(said.get("rolled", 0)), settled)
        say(self._work.connection, "rolled", str(settled))

    def condense(self, asked: Condensing, windows_of: WindowsOf) -> Condensable:
        """Condenses what is old enough; which metrics those were. Nothing may be under way. Raises `StoreUnusable`."""
        return ServerCondensing(self._there, self._turn, self._target.address).condense(asked, windows_of)

    def _settled(self) -> int:
        """The number of the last row that is settled."""
        row = self._work.connection.execute("SELECT value::BIGINT FROM meta WHERE name = 'whole'").fetchone()
        return int(row[0]) if row else 0

    def _sum_up(self, appended: int) -> None:
        """Sums are the server's."""

    def _send(self, name: str, rows: str) -> None:
        self._transfer.send(name, rows, self._turn.version + 1)

    def forget_ledger(self) -> None:
        """Says that no file was read; of the refused lines only those of no file that is known are kept."""
        self._transfer.fetch("files", "true")
        self._transfer.fetch("rejects", "path IN (SELECT path FROM {files})".format(files=self._there.reading("files")))
        for name in ("rejects", "files"):
            self._transfer.send(name, f"FROM {name}", self._turn.version, gone=True)
            self._work.connection.execute(f"DELETE FROM {name}")
        self._turn.next()

    def _fetch_rejects(self, paths: Sequence[str]) -> None:
        if paths:
            self._transfer.name_texts("paths", paths)
            self._transfer.fetch("rejects", _OF_PATHS)

    def _send_metrics(self) -> None:
        gone, version = self._turn.version, self._turn.version + 1
        sql = settling_statements()
        self._transfer.send("minutes", of_rows(sql["changed_metrics"]), version)
        self._transfer.send("metrics", sql["gone_metrics"], gone, gone=True)
        self._transfer.send("metrics", sql["changed_metrics"], version)
        self._transfer.send("sessions", sql["gone_sessions"], gone, gone=True)
        self._transfer.send("sessions", "FROM sessions", version)
        self._transfer.send("claims", "FROM claims EXCEPT FROM claims_before", version)
        self._transfer.send("claimed_starts", "FROM claimed_starts EXCEPT FROM starts_before", version)

    def _send_ledger(self, paths: Sequence[str]) -> None:
        """What is known of files now; of `paths` nothing is known any more, but for what this commit says."""
        gone, version = self._turn.version, self._turn.version + 1
        if paths:
            self._transfer.name_texts("paths", paths)
            for name in ("rejects", "files"):
                table = f"there_{name}"
                self._work.connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS FROM {name} LIMIT 0")
                self._transfer.fetch(name, _OF_PATHS, into=table)
                self._transfer.send(name, f"FROM {table}", gone, gone=True)
        self._transfer.send("rejects", "FROM rejects", version)
        self._transfer.send("files", "FROM files", version)

    def _send_said(self, said: Mapping[str, str]) -> None:
        """What the store says of itself; once that is there, all of the commit is."""
        for name, value in (("schema", SAID), *said.items()):
            say(self._work.connection, name, value)
        self._work.connection.execute("SET VARIABLE said = ?", [["schema", *_SAID, *said]])
        rows = "FROM meta WHERE list_contains(getvariable('said'), name)"
        self._transfer.send("meta", rows, self._turn.version + 1)
