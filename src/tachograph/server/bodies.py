"""The body of a request, as far as it may be long: what is longer, or would become longer, is refused."""

from __future__ import annotations

import asyncio
import sys
import zlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.requests import ClientDisconnect

from tachograph.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

SENT_MAX_BYTES: Final = 16 * 2**20
BODY_MAX_BYTES: Final = 64 * 2**20
"""Once it is decompressed."""
_STEP: Final = 2**20
_SENDING_SECONDS: Final = 60
_MEMBERS_MAX: Final = 16
_PLAIN: Final = "identity"


async def sent(request: Request) -> bytes:
    """What was sent, as it came. Raises `Problem` (413) for more than is taken at once."""
    body = bytearray()
    try:
        async with asyncio.timeout(_SENDING_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > SENT_MAX_BYTES:
                    raise too_long(SENT_MAX_BYTES)
    except TimeoutError:
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, f"the body took longer than {_SENDING_SECONDS} s") from None
    except ClientDisconnect:
        raise Problem(HTTPStatus.BAD_REQUEST, "the body ended too early") from None
    return bytes(body)


def decompressed(body: bytes, encoding: str | None) -> bytes:
    """The body as it was before it was encoded. Raises `Problem` (400, 413, 415)."""
    named = (encoding or _PLAIN).strip().lower()
    if named not in _DECOMPRESSORS:
        known = ", ".join(_DECOMPRESSORS)
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"a body can't be read that is encoded as {named[:40]!r}",
            mend=f"encode it as one of {known}",
            headers={"Accept-Encoding": known},
        )
    return _DECOMPRESSORS[named](body)


def too_long(most: int) -> Problem:
    """That a body is longer than `most` bytes."""
    what = f"the body has more than {most // 2**20} MB"
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, what, mend="send less at once")


def _gunzipped(rest: bytes) -> bytes:
    """Members of gzip one after the other, never more at once than a step beyond what is allowed."""
    out = bytearray()
    for _ in range(_MEMBERS_MAX):
        unzip = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            while not unzip.eof:
                before = len(out)
                out += unzip.decompress(rest, _STEP)
                if len(out) > BODY_MAX_BYTES:
                    raise too_long(BODY_MAX_BYTES)
                rest = unzip.unconsumed_tail
                if len(out) == before and not rest and not unzip.eof:
                    raise _broken("gzip ends too early")
        except zlib.error:
            raise _broken("it isn't gzip") from None
        rest = unzip.unused_data
        if not rest:
            return bytes(out)
    raise _broken("it is in too many pieces")


def _unzstd(rest: bytes) -> bytes:
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415 - few send it
    else:
        from backports import zstd  # noqa: PLC0415 - as above
    unzip = zstd.ZstdDecompressor()
    out = bytearray()
    try:
        while not unzip.eof:
            out += unzip.decompress(rest, _STEP)
            rest = b""
            if len(out) > BODY_MAX_BYTES:
                raise too_long(BODY_MAX_BYTES)
            if unzip.needs_input and not unzip.eof:
                raise _broken("zstd ends too early")
    except zstd.ZstdError:
        raise _broken("it isn't zstd") from None
    return bytes(out)


def _broken(what: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, f"the body can't be decompressed: {what}")


_DECOMPRESSORS: Final[dict[str, Callable[[bytes], bytes]]] = {_PLAIN: bytes, "gzip": _gunzipped, "zstd": _unzstd}
