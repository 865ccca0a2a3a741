"""The body of a request, as far as it may be long: what is longer, or would become longer, is refused."""

from __future__ import annotations

import asyncio
import zlib
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.requests import ClientDisconnect

from tachograph.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from starlette.requests import Request

SENT_MAX_BYTES: Final = 16 * 2**20
BODY_MAX_BYTES: Final = 32 * 2**20
"""Once it is decompressed."""
_STEP: Final = 2**20
_SENDING_SECONDS: Final = 60
_AT_ONCE_MAX_BYTES: Final = 128 * 2**20
_AGAIN: Final = "send it again"
_MEMBERS_MAX: Final = 16
_PLAIN: Final = "identity"


class Budget:
    """How many bytes of bodies there are at once, from their arrival to their acknowledgement."""

    def __init__(self, most: int = _AT_ONCE_MAX_BYTES) -> None:
        self._most = most
        self._held = 0

    @contextmanager
    def held(self) -> Iterator[Callable[[int], None]]:
        """Gives what counts more bytes until the block ends, and raises `Problem` (503) where there are too many."""
        mine = 0

        def count(more: int) -> None:
            nonlocal mine
            if self._held and self._held + more > self._most:
                what = "too much is being received"
                raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, what, mend=_AGAIN, headers={"Retry-After": "1"})
            mine += more
            self._held += more

        try:
            yield count
        finally:
            self._held -= mine

    @asynccontextmanager
    async def body(self, request: Request) -> AsyncIterator[bytes]:
        """What was sent, as it came. Raises `Problem` (400, 408, 413, 503)."""
        with self.held() as count:
            yield await _sent(request, count)


async def _sent(request: Request, count: Callable[[int], None]) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(_SENDING_SECONDS):
            async for part in request.stream():
                count(len(part))
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
    return Problem(HTTPStatus(413), what, mend="send less at once")


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
    from tachograph.zstandard import zstd  # noqa: PLC0415 - few send it

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
