"""The tenants of a collector: each has a store of its own, so that no question can reach another's."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tachograph.errors import TachographError
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEFAULT: Final = "default"
"""Whose store is the one that all other commands use."""
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.ASCII)


def checked(name: str) -> str:
    """The name of a tenant. Raises `TachographError` for one that can't be the name of a folder everywhere."""
    if not _NAME.fullmatch(name):
        mend = "use lower-case letters, digits, - and _, 63 at most, a letter or digit first"
        raise TachographError(f"{name!r} can't be a tenant's name", mend=mend)
    return name


class Tenant:
    """One tenant: whose store it is, and a way to ask it."""

    def __init__(self, name: str, store: Path) -> None:
        self.name = name
        self.store = store

    @contextmanager
    def asked(self) -> Iterator[Store]:
        """The store, to be asked in this thread for as long as the block lasts; it sees what is committed by then."""
        with Store.open(self.store, read_only=True) as store:
            yield store


class Tenants:
    """All tenants of the collector whose folder is `home`."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def get(self, name: str) -> Tenant:
        """The tenant of that name; its store may not be there yet."""
        folder = self.home if name == DEFAULT else self.home / "tenants" / checked(name)
        return Tenant(name, folder / "tachograph.duckdb")
