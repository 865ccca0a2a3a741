"""The API of a folder of stores, asked in this process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
from starlette.applications import Starlette

from tachograph.collector.keys import Keys
from tachograph.collector.tenants import DEFAULT, Tenants
from tachograph.ingest.reader import plan_paths, read
from tachograph.server.access import Access
from tachograph.server.api import api_routes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tachograph.collector.keys import Scope
    from tachograph.server.running import Runner
    from tachograph.store.duckdb import Store

AGGREGATIONS = (
    *("hourly", "daily", "weekly", "monthly", "sessions", "users", "tools", "agents", "projects", "models"),
)


class Served:
    """Asks the API of the tenants in `home`; without keys, as everybody on this machine may."""

    def __init__(self, home: Path, runner: Runner | None = None) -> None:
        self.home = home
        self.tenants = Tenants(home)
        self.keys = Keys(home)
        self.access = Access(self.keys, is_loopback=True)
        self.app = Starlette(routes=api_routes(self.tenants, self.access, runner))

    def load(self, lines: Iterable[str | bytes], tenant: str = DEFAULT, name: str = "1") -> None:
        """Reads lines of a metrics log into a tenant's store."""
        log = self.home / "logs" / tenant / f"metrics_20260301_00000{name}.jsonl"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines))

        def take_in(store: Store) -> None:
            read(store, plan_paths(store, [log], "metrics-log"))

        assert self.tenants.get(tenant).shared.fill(take_in)

    def key(self, *scopes: Scope, tenant: str = DEFAULT) -> str:
        """A new key; from now on one is needed."""
        return self.keys.create(tenant, scopes, "test", 0)[1]

    def get(self, path: str, key: str | None = None, **more: Any) -> httpx.Response:
        return self.ask("GET", path, key, **more)

    def post(self, document: Any, path: str = "/api/v1/query", **more: Any) -> httpx.Response:
        return self.ask("POST", path, json=document, **more)

    def ask(self, method: str, path: str, key: str | None = None, **more: Any) -> httpx.Response:
        headers = {**({"Authorization": f"Bearer {key}".encode("latin-1")} if key else {}), **more.pop("headers", {})}
        return asyncio.run(self._ask(method, path, headers=headers, **more))

    async def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, **more)

    def pages(self, path: str, **more: Any) -> list[Any]:
        """The documents of all pages."""
        found: list[Any] = []
        address: str | None = path
        while address is not None:
            answer = self.get(address, **more)
            assert answer.status_code == 200, answer.text
            found.append(answer.json())
            address = answer.links.get("next", {}).get("url")
        return found


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem that the answer is, which is as every problem has to be."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    told: dict[str, Any] = answer.json()
    assert told["status"] == status
    assert told.keys() <= {"title", "status", "detail", "parameter", "mend"}
    return told


def rows(documents: Sequence[Any], key: str = "time_series") -> list[Any]:
    return [row for document in documents for row in document[key]]
