"""The body of a request: JSON, and not too long."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from tachograph.server.problems import Problem

if TYPE_CHECKING:
    from starlette.requests import Request

BYTES_MAX: Final = 1_000_000


async def body_of(request: Request) -> bytes:
    """All of it. Raises a 413 or 415 problem where that isn't wanted."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        mend = "send it as Content-Type: application/json"
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the body isn't said to be JSON", mend=mend)
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and len(stated) < 20 and int(stated) > BYTES_MAX:
        raise _too_long()
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > BYTES_MAX:
            raise _too_long()
    return bytes(content)


def _too_long() -> Problem:
    status = HTTPStatus(413)  # whose name differs between versions of Python
    return Problem(status, f"the body is longer than {BYTES_MAX:,} bytes", mend="say it with less")
