"""The store on a ClickHouse server: the same metrics and ledger as in the embedded one, of one tenant of several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from tachograph.store.clickhouse import commits, layouts, progress, writing
from tachograph.store.clickhouse.condensing import ServerCondensing
from tachograph.store.clickhouse.connection import Connection
from tachograph.store.clickhouse.settling import SettledLoading
from tachograph.store.clickhouse.tables import tables
from tachograph.store.clickhouse.writing import Turn
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tachograph.store.clickhouse.address import Address
    from tachograph.store.condense import Condensable, Condensing, WindowsOf

_Answer = TypeVar("_Answer")
_TAKEN: Final = "SELECT sum(total_bytes) FROM system.tables WHERE database = {database:String}"
_COLUMNS: Final = "SELECT table, name FROM system.columns WHERE database = {database:String}"


class ClickHouseStore(Store):
    """A store on a server. Close it, or use it in a `with` statement."""

    connection: Any

    def __init__(self, connection: Connection, address: Address, home: Path | None, owner: str) -> None:
        super().__init__(connection, None)  # type: ignore[arg-type]
        self.address = address
        self.home = home
        self.owner = owner
        """Who writes, if it does: another one has to wait until this one is done."""

    @classmethod
    def connect(
        cls,
        address: Address,
        *,
        tenant: str,
        home: Path | None = None,
        owner: str = "",
        tells: layouts.Tells | None = None,
    ) -> Self:
        """The store at an address; tables are made where there are none, and those of an earlier version made new ones.

        `tells` is told, where that takes long, how much of how much is done. Raises `StoreUnusable`.
        """
        again = None if address.scheme == "chdb" else address.client
        connection = Connection(address.client(), tenant, address.database, again, address.shown())
        store = cls(connection, address, home, owner)
        try:
            store._make_ready_there(tells)
        except BaseException:
            connection.close()
            raise
        return store

    def _make_ready_there(self, tells: layouts.Tells | None) -> None:
        connection, database, cluster = self.connection, self.address.database, self.address.cluster
        there: dict[str, set[str]] = {}
        for table, column in connection.ask(_COLUMNS, {"database": database}).fetchall():
            there.setdefault(table, set()).add(column)
        found = layouts.find(connection, self.address, there)
        if not there:
            connection.do(f"CREATE DATABASE IF NOT EXISTS {database}{f' ON CLUSTER {cluster}' if cluster else ''}")
        for name, its in (("writers", writing), ("commits", commits), ("kept", progress)):
            if name not in there:
                connection.do(its.definition(database, cluster))
        for name, table in tables().items():
            known = there.get(name)
            for statement in (
                table.definition(database, cluster) if known is None else table.missing(database, known, cluster)
            ):
                connection.do(statement)
        layouts.bring_up_to_date(connection, self.address, found, tells)

    def close(self) -> None:
        """Closes the connection; a second call does nothing."""
        if not self._closed:
            self._closed = True
            self.connection.close()

    def loading(self, *, keep_journal: bool = True) -> SettledLoading:  # noqa: ARG002 - there is none beside a server
        """A way in for new metrics."""
        return SettledLoading(self)

    def holds_anything(self) -> bool:
        """Whether anything was ever read into it, or collected."""
        return any(
            self.connection.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone() is not None
            for name in ("files", "metrics", "condensed")
        )

    def forget_ledger(self) -> None:
        """Forgets how far files were read, so that all that are still there are read again, and adds nothing twice."""
        with self.loading() as loading:
            loading.forget_ledger()

    def set_aside(self, name: str, rows: str, parameters: Mapping[str, Any], most: int) -> bool:  # noqa: ARG002 - as said
        """Nothing: what a question needs again the server has in its caches."""
        return False

    def has_spilled(self) -> bool:
        """Nothing of it is on this machine."""
        return False

    def somebody_waits(self) -> bool:
        """Readers wait for nobody."""
        return False

    def let_others_in(self) -> None:
        """They are in."""

    def write_back_if_much(self) -> None:
        """The server does, when it thinks best."""

    def use_cores(self, cores: int | None) -> None:
        """The server has its own."""

    def answered(self, ask: Callable[[], _Answer]) -> _Answer:
        """What `ask` gives, which may ask several statements: all of them go by one state of a condensing."""
        return self.connection.answered(ask)  # type: ignore[no-any-return]

    def condensable(self, asked: Condensing) -> Condensable:
        """Which metrics `condense` would condense. Nothing is changed."""
        return ServerCondensing(self.connection, Turn(self.connection, self.owner), self.address).condensable(asked)

    def condense(self, asked: Condensing, windows_of: WindowsOf) -> Condensable:
        """Keeps the sums of old metrics by window, and deletes their detail; which those were.

        Whoever dies on the way is followed by one who ends what was begun, or takes it back. Raises `StoreUnusable`
        where the server or another writer is in the way.
        """
        with self.loading() as loading:
            return loading.condense(asked, windows_of)

    def taken(self) -> int:
        """How many bytes the tables of its database take, those of other tenants included.

        In a cluster, on the node that is asked.
        """
        found = self.connection.ask(_TAKEN, {"database": self.address.database}).fetchone()
        return int(found[0] or 0) if found else 0

    def roll_up(self) -> None:
        """Brings the sums by quarter of an hour up to the last metric, however many there are."""
        with self.loading() as loading:
            loading.roll_up()

    def forget_sums(self) -> None:
        """Sums belong to their quarters' metrics, and are made again with them."""

    def bring_copy_up_to_date(self) -> None:
        """There is no copy of it here."""
