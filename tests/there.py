"""Stores on ClickHouse: on the server that `TACHOGRAPH_TEST_CLICKHOUSE` names, else on its engine in this process.

Each is another tenant's, in one database, so that whatever one shows of another's is noticed.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

from tachograph.store.clickhouse.address import address
from tachograph.store.clickhouse.store import ClickHouseStore

if TYPE_CHECKING:
    from pathlib import Path

SERVER = os.environ.get("TACHOGRAPH_TEST_CLICKHOUSE")
ADDRESS = SERVER or "chdb://?database=tachograph"


def on_clickhouse(tenant: str | None = None) -> ClickHouseStore:
    """An empty store, or that of a tenant who had one before."""
    return ClickHouseStore.connect(address(ADDRESS), tenant=tenant or uuid4().hex, owner="tests")


def address_for(folder: Path) -> str:
    """The address of an empty store for processes of their own: a database of the server's, else an engine's folder."""
    if SERVER is None:
        return f"chdb://{folder / 'clickhouse'}"
    parts = urlsplit(SERVER)
    return urlunsplit(parts._replace(path=f"/test_{uuid4().hex}"))
