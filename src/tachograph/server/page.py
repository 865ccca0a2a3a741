"""The dashboard's page: files that were built into the package, which ask the API for everything else.

There is no data in them, so they are open to whoever reaches the server. Nothing in the page may run, load or connect
to anything but what is of this very server, and nothing written into the document itself may run at all.
"""

from __future__ import annotations

import gzip
import re
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tachograph.digest import digest
from tachograph.server.asgi import not_allowed, respond
from tachograph.server.headers import SECURITY_HEADERS
from tachograph.server.problems import Problem

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

PATH: Final = "/dashboard/"
_FOLDER: Final = Path(__file__).with_name("dashboard")
_FIRST: Final = "index.html"
_KINDS: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_POLICY: Final = "; ".join([
    "default-src 'none'",
    *(f"{kind}-src 'self'" for kind in ("script", "style", "img", "connect")),
    "require-trusted-types-for 'script'",
    "trusted-types default",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
])  # fmt: skip
_HEADERS: Final = {
    **SECURITY_HEADERS,
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Vary": "Accept-Encoding",
}
_NEVER: Final = re.compile(r"q=0(\.0*)?", re.ASCII)
_FOR_GOOD: Final = "public, max-age=31536000, immutable"
"""Of files whose names change with what is in them."""


class _File(msgspec.Struct, frozen=True):
    """A file of the page, also compressed, and what tells it from what it was before."""

    content: bytes
    packed: bytes
    kind: str
    tag: str
    lasting: str


def page_routes() -> list[Route]:
    """The page, and the way to it from the server's own address."""
    return [
        *(Route(path, _WayToThePage()) for path in ("/", "/dashboard")),
        Route(f"{PATH}{{name:path}}", PageFiles()),
    ]


class _WayToThePage:
    """Sends on to the page, by an address that holds behind a proxy too."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        await respond(self._answer, scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        _check_method(request)
        return RedirectResponse("dashboard/", HTTPStatus.TEMPORARY_REDIRECT, SECURITY_HEADERS)


class PageFiles:
    """The files of the page."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        await respond(self._answer, scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        _check_method(request)
        file = _files().get(request.path_params["name"] or _FIRST)
        if file is None:
            raise Problem(HTTPStatus.NOT_FOUND, "there is no such file", mend=f"the dashboard is at {PATH}")
        headers = {**_HEADERS, "Cache-Control": file.lasting, "ETag": file.tag}
        if request.headers.get("if-none-match") == file.tag:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        if _takes_gzip(request.headers.get("accept-encoding", "")):
            return Response(file.packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=file.kind)
        return Response(file.content, headers=headers, media_type=file.kind)


def _check_method(request: Request) -> None:
    if request.method not in {"GET", "HEAD"}:
        raise not_allowed(["GET", "HEAD"])


def _takes_gzip(accepted: str) -> bool:
    for item in accepted.lower().split(","):
        name, *details = (part.strip() for part in item.split(";"))
        if name == "gzip":
            return not any(_NEVER.fullmatch(detail) for detail in details)
    return False


@cache
def _files() -> dict[str, _File]:
    """All of them, by where they are below the page's address; read once, and few enough to keep."""
    found = {}
    for path in sorted(_FOLDER.rglob("*")):
        kind = _KINDS.get(path.suffix)
        if kind is not None and path.is_file():
            content = path.read_bytes()
            name = path.relative_to(_FOLDER).as_posix()
            lasting = _FOR_GOOD if name.startswith("assets/") else "no-cache"
            tag = f'"{digest(content, 20)}"'
            found[name] = _File(content, gzip.compress(content, mtime=0), kind, tag, lasting)
    return found
