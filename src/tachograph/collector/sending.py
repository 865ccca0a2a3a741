"""Sending to a server over HTTP, again and again where it is busy or away."""

from __future__ import annotations

import http.client
import random
import ssl
import time
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

import msgspec

from tachograph.collector.wire import FRAMES
from tachograph.errors import TachographError

if TYPE_CHECKING:
    from pathlib import Path

_RECORDS: Final = "/api/v1/records"
_SECONDS: Final = 30
_ATTEMPTS: Final = 8
_LONGEST_PAUSE_SECONDS: Final = 30.0
_AGAIN: Final = frozenset({408, 429, 502, 503, 504})


class NotSent(TachographError):  # noqa: N818 - the names of errors read as sentences
    """The server didn't take it, or can't be reached."""


class _Told(msgspec.Struct):
    detail: str = ""
    mend: str = ""


class Server:
    """A server, over one connection that is made anew when it breaks. Close it, or use it in a `with` statement."""

    def __init__(self, url: str, key: str | None, authorities: Path | None = None) -> None:
        """Raises `TachographError` for what is no such address."""
        split = urlsplit(url)
        try:
            port = split.port
        except ValueError:
            port = -1
        if split.scheme not in {"http", "https"} or not split.hostname or port == -1 or split.query or split.fragment:
            raise TachographError(
                f"{url!r} isn't the address of a server", mend="such as https://tachograph.example.com"
            )
        self._host, self._port = split.hostname, port
        self._path = split.path.rstrip("/") + _RECORDS
        self.name = f"{split.scheme}://{split.netloc.rpartition('@')[2]}{split.path.rstrip('/')}"
        """Its address, without what tells who asks."""
        self._headers = {"Content-Type": FRAMES} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._tls = _trusting(authorities) if split.scheme == "https" else None
        self._connection: http.client.HTTPConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    def send(self, body: bytes) -> None:
        """Returns when the server has said that it is kept. Raises `NotSent`."""
        trouble = ""
        for attempt in range(_ATTEMPTS):
            pause = min(2.0**attempt / 2, _LONGEST_PAUSE_SECONDS) * random.uniform(0.5, 1)  # noqa: S311 - no secret
            try:
                status, asked_pause, content = self._post(body)
            except (OSError, http.client.HTTPException) as error:
                trouble = f"it can't be reached: {str(error) or type(error).__name__}"
                if isinstance(error, ssl.SSLCertVerificationError):
                    break
            else:
                if status == http.client.OK:
                    return
                trouble = _explained(status, content)
                if status not in _AGAIN:
                    break
                pause = max(pause, min(asked_pause, _LONGEST_PAUSE_SECONDS))
            if attempt < _ATTEMPTS - 1:
                time.sleep(pause)
        raise NotSent(trouble, where=self.name, mend="what it has got isn't sent again: run the command again")

    def _post(self, body: bytes) -> tuple[int, float, bytes]:
        """The status, the pause that is asked for (in seconds), and the body of the answer."""
        if self._connection is None:
            self._connection = (
                http.client.HTTPSConnection(self._host, self._port, timeout=_SECONDS, context=self._tls)
                if self._tls
                else http.client.HTTPConnection(self._host, self._port, timeout=_SECONDS)
            )
        try:
            self._connection.request("POST", self._path, body, self._headers)
            answer = self._connection.getresponse()
            content = answer.read(65_536)
        except BaseException:
            self._connection.close()
            self._connection = None
            raise
        if not answer.isclosed() or answer.will_close:
            self._connection.close()
            self._connection = None
        pause = answer.headers.get("Retry-After", "")
        return answer.status, float(pause) if pause.isdecimal() else 0.0, content


def _trusting(authorities: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authorities)
    except (OSError, ssl.SSLError) as error:
        raise TachographError(f"no certificates can be read there: {error}", where=str(authorities)) from None


def _explained(status: int, content: bytes) -> str:
    try:
        told = msgspec.json.decode(content, type=_Told)
    except msgspec.DecodeError:
        told = _Told()
    words = told.detail or http.client.responses.get(status, "an unknown answer")
    return f"it says {status}: {words}" + (f" ({told.mend})" if told.mend else "")
