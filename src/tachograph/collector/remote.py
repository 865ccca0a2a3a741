"""A tenant's store on a server: one thread fills it, and whoever asks it has a connection of its own."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tachograph.price_list import data_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tachograph.store.duckdb import Store
    from tachograph.store.place import StorePlace


class RemoteStore:
    """The store at a place on a server, with connections that are kept for those who ask next. Close it."""

    def __init__(self, place: StorePlace) -> None:
        self._place = place
        self._guard = threading.Lock()
        self._free: list[Store] = []

    @contextmanager
    def asked(self) -> Iterator[Store]:
        """The store over a connection of its own, in this thread. Raises `StoreUnusable`."""
        with self._guard:
            store = self._free.pop() if self._free else None
        if store is None:
            store = self._place.open(read_only=True)
        try:
            yield store
        except BaseException:
            store.close()
            raise
        with self._guard:
            self._free.append(store)

    def fill(self, change: Callable[[Store], None]) -> bool:
        """Lets one thread change the store. Raises what `change` raises, and `StoreUnusable`."""
        with self.asked() as store:
            change(store)
        return True

    def give_way(self) -> None:
        """Others are served beside it."""

    def state(self) -> str:
        """What changes with the prices and each commit to the store. Raises `StoreUnusable`."""
        with self.asked() as store:
            said = store.connection.execute("SELECT name, value FROM meta ORDER BY name").fetchall()
        return f"{data_version(self._place.path.parent)} {said}"

    def close(self) -> None:
        """Closes the connections that nobody uses; whoever asks after that has new ones."""
        with self._guard:
            free, self._free = self._free, []
        for store in free:
            store.close()
