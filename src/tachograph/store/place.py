"""Where metrics are kept: in the file of a home, or on a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tachograph.store.duckdb import Store, is_there, make_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tachograph.store.clickhouse.address import Address
    from tachograph.store.clickhouse.store import ClickHouseStore
    from tachograph.store.gate import Reading

DEFAULT_TENANT = "default"


class StorePlace:
    """A store that may be opened, for one tenant of it."""

    def __init__(
        self,
        path: Path,
        address: str | None = None,
        tenant: str = DEFAULT_TENANT,
        tells: Callable[[int, int], None] | None = None,
    ) -> None:
        """`path` is the file of the embedded store, in the folder where this machine keeps its own things in any case.

        With an `address` metrics are kept there instead; `tells` is told how much of how much is done, where tables of
        an earlier version are brought up to date there. Raises `StoreUnusable` where no address can be read.
        """
        self._tells = tells
        self.path = path
        self.tenant = tenant
        self.text = address
        """The address as it was given; it may have a password."""
        self.address: Address | None = None
        if address is not None:
            from tachograph.store.clickhouse.address import address as read_address  # noqa: PLC0415 - few need it

            self.address = read_address(address)

    def __str__(self) -> str:
        return self.address.shown() if self.address else str(self.path)

    def is_there(self) -> bool:
        """Whether there is a store, or a copy of one, from which it is made again; on a server there always is."""
        return self.address is not None or is_there(self.path)

    def open(
        self,
        *,
        read_only: bool = False,
        reading: Reading | None = None,
        waits: Callable[[], None] | None = None,
        in_bulk: bool = False,
    ) -> Store:
        """The store, as `Store.open`; on a server, whoever opens it may read and write. Raises `StoreUnusable`."""
        if self.address is None:
            return Store.open(self.path, read_only=read_only, reading=reading, waits=waits, in_bulk=in_bulk)
        return self._connect(self.address)

    def taken(self) -> int:
        """How many bytes of a disk it takes. Raises `StoreUnusable`, and `OSError` where its file isn't there.

        Of an embedded store, with what was written last and isn't in its file yet. On a server, what all tenants of
        that database take.
        """
        if self.address is None:
            log = self.path.with_name(f"{self.path.name}.wal")
            return self.path.stat().st_size + (log.stat().st_size if log.exists() else 0)
        with self._connect(self.address) as store:
            return store.taken()

    def _connect(self, address: Address) -> ClickHouseStore:
        import socket  # noqa: PLC0415 - as below

        from tachograph.store.clickhouse.address import need_libraries  # noqa: PLC0415 - few need it

        need_libraries()
        from tachograph.store.clickhouse.store import ClickHouseStore  # noqa: PLC0415 - few need it

        make_folder(self.path)
        owner = f"{socket.gethostname()}:{self.path.parent}"
        return ClickHouseStore.connect(
            address, tenant=self.tenant, home=self.path.parent, owner=owner, tells=self._tells
        )
