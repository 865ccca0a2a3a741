"""The HTTP API: every query and report of a tenant's store, and the document that describes it."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.responses import Response
from starlette.routing import Route

from tachograph.digest import digest
from tachograph.server import openapi
from tachograph.server.aggregations import aggregations, session, summary
from tachograph.server.asgi import Door, not_allowed, respond
from tachograph.server.headers import SECURITY_HEADERS
from tachograph.server.insights import insights
from tachograph.server.problems import Problem
from tachograph.server.queries import queries, values
from tachograph.server.running import Runner
from tachograph.server.sources import me, sources
from tachograph.server.timelines import timelines

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from tachograph.collector.tenants import Tenants
    from tachograph.server.access import Access
    from tachograph.server.endpoints import Endpoint

BASE: Final = "/api/v1"


def endpoints() -> list[Endpoint]:
    """Everything that can be asked."""
    return [*aggregations(), summary(), *queries(), insights(), sources(), session(), timelines(), values(), me()]


def api_routes(tenants: Tenants, access: Access, runner: Runner | None = None) -> list[Route]:
    """The routes of the API, for any Starlette application; every answer and every error is theirs.

    No other origin is allowed anything: an application that wants that puts Starlette's `CORSMiddleware` before them.
    """
    running = runner or Runner()
    known = endpoints()
    by_path: dict[str, list[Endpoint]] = {}
    for endpoint in known:
        by_path.setdefault(endpoint.path, []).append(endpoint)
    return [
        *(Route(_pattern(path), Door(each, tenants, access, running)) for path, each in by_path.items()),
        Route(openapi.PATH, Description(known)),
        Route(f"{BASE}/{{rest:path}}", nothing_there),
    ]


def _pattern(path: str) -> str:
    return path.replace("{id}", "{id:path}")  # an id may have any signs


class Description:
    """The document that describes the API: open to whoever reaches the server, for there is no data in it."""

    def __init__(self, known: list[Endpoint]) -> None:
        self._content = json.dumps(openapi.document(known)).encode()
        self._tag = f'"{digest(self._content, 20)}"'

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        await respond(self._answer, scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method not in {"GET", "HEAD"}:
            raise not_allowed(["GET", "HEAD"])
        headers = {**SECURITY_HEADERS, "Cache-Control": "no-cache", "ETag": self._tag}
        if request.headers.get("if-none-match") == self._tag:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(self._content, headers=headers, media_type="application/json")


class _Nothing:
    """What is at all other addresses."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        await respond(self._answer, scope, receive, send)

    async def _answer(self, _: Request) -> Response:
        raise Problem(
            HTTPStatus.NOT_FOUND, "there is nothing at this address", mend=f"{openapi.PATH} says what there is"
        )


nothing_there: Final = _Nothing()
