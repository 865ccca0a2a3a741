"""The HTTP side of the server: what is sent to it, what is asked of it, and how it is."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tachograph.server.api import api_routes
from tachograph.server.asgi import let_in
from tachograph.server.headers import SECURITY_HEADERS
from tachograph.server.otlp_http import otlp_routes
from tachograph.server.page import page_routes
from tachograph.server.problems import Problem
from tachograph.server.records import record_routes

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from tachograph.collector.collector import Collector
    from tachograph.server.access import Access
    from tachograph.server.figures import Figures
    from tachograph.server.receiving import Receiver

_HEADERS: Final = {name.lower().encode(): value.encode() for name, value in SECURITY_HEADERS.items()}


class Status(msgspec.Struct):
    """How collecting goes for one tenant: bytes that aren't in its store yet, what was no metric, what was damaged."""

    tenant: str
    unread_bytes: int
    unmapped: dict[str, int]
    damages: list[str]


def http_app(collector: Collector, receiver: Receiver, access: Access, figures: Figures) -> ASGIApp:
    """All of it, as one application."""

    async def health(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(_: Request) -> Response:
        trouble = collector.trouble()
        if trouble:
            return PlainTextResponse(f"{trouble}\n", HTTPStatus.SERVICE_UNAVAILABLE)
        return PlainTextResponse("ready\n")

    async def metrics(request: Request) -> Response:
        let_in(access, request, "admin")
        return figures.response()

    async def status(request: Request) -> Response:
        collected = collector.of(let_in(access, request, "admin").tenant)
        told = Status(collected.name, collected.unread(), collected.unmapped, collected.damages)
        return Response(msgspec.json.encode(told), media_type="application/json")

    async def explain(_: Request, problem: Exception) -> Response:
        assert isinstance(problem, Problem)
        return problem.response()

    app = Starlette(
        routes=[
            *otlp_routes(receiver, access),
            *record_routes(receiver, access),
            Route("/api/v1/collector", status),
            Route("/healthz", health),
            Route("/readyz", ready),
            Route("/metrics", metrics),
            *api_routes(collector.tenants, access),
            *page_routes(),
        ],
        exception_handlers={Problem: explain},
    )
    return _told(app, figures)


def _told(app: ASGIApp, figures: Figures) -> ASGIApp:
    """Counts all answers, and gives each the headers that keep a browser from taking it for something else."""

    async def telling(scope: Scope, receive: Receive, send: Send) -> None:
        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                figures.answered(message["status"])
                given = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in _HEADERS.items() if pair[0] not in given)]
            await send(message)

        await app(scope, receive, tell if scope["type"] == "http" else send)

    return telling
