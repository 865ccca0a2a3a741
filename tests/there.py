"""Stores on ClickHouse: on the server that `TACHOGRAPH_TEST_CLICKHOUSE` names, else on its engine in this process.

Each is another tenant's, several in one database, so that whatever one shows of another's is noticed. A new database is
begun after some, as many small inserts make whoever asks slower.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import msgspec

from tachograph.store.clickhouse.address import Address, address
from tachograph.store.clickhouse.store import ClickHouseStore

if TYPE_CHECKING:
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

SERVER = os.environ.get("TACHOGRAPH_TEST_CLICKHOUSE")
ADDRESS = SERVER or "chdb://"


_TOGETHER = 16
_made: dict[str, int] = {}
_kept: list[Client] = []
"""A connection, without which an engine in memory would forget everything between two stores."""


def on_clickhouse(tenant: str | None = None) -> ClickHouseStore:
    """An empty store; or of the tenant who is named, in the database of the store before."""
    known = address(ADDRESS)
    if not _kept:
        _kept.append(known.client())
    newest = next(reversed(_made), None)
    if newest is None or (tenant is None and _made[newest] >= _TOGETHER):
        for name in list(_made)[:-1]:  # the newest may still be in use
            _drop(known, name)
        newest = f"test_{uuid4().hex}"
        _made[newest] = 0
    _made[newest] += 1
    place = msgspec.structs.replace(known, database=newest)
    return ClickHouseStore.connect(place, tenant=tenant or uuid4().hex, owner="tests")


def _drop(known: Address, name: str) -> None:
    client = known.client()
    client.command(f"DROP DATABASE IF EXISTS {name}")
    client.close()
    del _made[name]


def address_here() -> str:
    """The address of an empty store for this process: a database of its own."""
    name = f"test_{uuid4().hex}"
    if SERVER is None:
        return f"{ADDRESS}?database={name}"
    return urlunsplit(urlsplit(SERVER)._replace(path=f"/{name}"))


def address_for(folder: Path) -> str:
    """The address of an empty store for processes of their own: a database of the server's, else an engine's folder."""
    if SERVER is None:
        return f"chdb://{folder / 'clickhouse'}"
    parts = urlsplit(SERVER)
    return urlunsplit(parts._replace(path=f"/test_{uuid4().hex}"))
