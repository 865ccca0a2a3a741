"""The tenants of a collector: each has a store of its own, so that no question can reach another's."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tachograph.collector.remote import RemoteStore
from tachograph.collector.shared import SPARING, SharedStore
from tachograph.errors import TachographError
from tachograph.store.place import DEFAULT_TENANT, StorePlace
from tachograph.store.state import state_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tachograph.store.duckdb import Store

DEFAULT: Final = DEFAULT_TENANT
"""Whose store is the one that all other commands use."""
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.ASCII)


def checked(name: str) -> str:
    """The name of a tenant. Raises `TachographError` for one that can't be the name of a folder everywhere."""
    if not _NAME.fullmatch(name):
        mend = "use lower-case letters, digits, - and _, 63 at most, a letter or digit first"
        raise TachographError(f"{name!r} can't be a tenant's name", mend=mend)
    return name


class Tenant:
    """One tenant: a store of its own, and a way to ask it."""

    def __init__(self, name: str, folder: Path, address: str | None = None, cores: int | None = SPARING) -> None:
        """`cores` as of `SharedStore`."""
        self.name = name
        self.folder = folder
        self._place = StorePlace(folder / "tachograph.duckdb", address, name)
        self.shared = RemoteStore(self._place) if address else SharedStore(self._place.path, cores)

    def is_there(self) -> bool:
        """Whether the tenant has a store."""
        return self._place.is_there()

    def state(self) -> str | None:
        """As `state_of`: what changes with each commit; None where there is none. Raises `StoreUnusable`."""
        return self.shared.state() if isinstance(self.shared, RemoteStore) else state_of(self._place.path)

    @contextmanager
    def asked(self) -> Iterator[Store]:
        """The store, to be asked in this thread for as long as the block lasts; it sees what is committed by then.

        Raises `StoreBusy` where another process has it for too long, and `StoreUnusable`.
        """
        with self.shared.asked() as store:
            yield store


class Tenants:
    """All tenants of the collector whose folder is `home`, with stores in there or at one address."""

    def __init__(self, home: Path, address: str | None = None, cores: int | None = SPARING) -> None:
        self.home = home
        self._cores = cores
        self._address = address
        self._known: dict[str, Tenant] = {}
        self._guard = threading.Lock()

    def get(self, name: str) -> Tenant:
        """The tenant of that name; its store is made when it is first needed."""
        with self._guard:
            known = self._known.get(name)
            if known is None:
                folder = self.home if name == DEFAULT else self.home / "tenants" / checked(name)
                known = self._known[name] = Tenant(name, folder, self._address, self._cores)
            return known

    def known(self) -> list[Tenant]:
        """Those that were asked for."""
        with self._guard:
            return list(self._known.values())

    def on_disk(self) -> list[str]:
        """The names of those that have a folder."""
        folder = self.home / "tenants"
        names = [path.name for path in folder.iterdir() if _NAME.fullmatch(path.name)] if folder.is_dir() else []
        return [DEFAULT, *sorted(names)]

    def close(self) -> None:
        """Closes their stores; whoever is asked for after that has it opened again."""
        with self._guard:
            known, self._known = self._known, {}
        for tenant in known.values():
            tenant.shared.close()
