"""Stores on ClickHouse: on the server that `TACHOGRAPH_TEST_CLICKHOUSE` names, else on its engine in this process.

Each is another tenant's, in one database, so that whatever one shows of another's is noticed.
"""

from __future__ import annotations

import os
from uuid import uuid4

from tachograph.store.clickhouse.address import address
from tachograph.store.clickhouse.store import ClickHouseStore

ADDRESS = os.environ.get("TACHOGRAPH_TEST_CLICKHOUSE", "chdb://?database=tachograph")


def on_clickhouse(tenant: str | None = None) -> ClickHouseStore:
    """An empty store, or that of a tenant who had one before."""
    return ClickHouseStore.connect(address(ADDRESS), tenant=tenant or uuid4().hex, owner="tests")
