"""Sending one document to an address that the user named, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from tachograph.errors import TachographError

if TYPE_CHECKING:
    import http.client
    from collections.abc import Mapping

_SECONDS: Final = 10
_ANSWER_BYTES: Final = 4_096


class NotSent(TachographError):  # noqa: N818 - the names of errors read as sentences
    """It wasn't taken there, or nobody could be reached."""


def check_address(url: str, where: str | None = None) -> None:
    """Raises `TachographError` for what is no address that something can be sent to."""
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError:
        raise TachographError(f"{url!r} is no address", where=where, mend="such as https://example.com/hook") from None
    if split.scheme not in {"http", "https"} or not split.hostname or port == 0:
        raise TachographError(f"{url!r} is no address", where=where, mend="such as https://example.com/hook")


def post(
    url: str, body: bytes, *, content_type: str = "application/json", headers: Mapping[str, str] | None = None
) -> None:
    """Sends it, and returns when it was taken (any 2xx). Follows nowhere else.

    Raises `NotSent`, whose words hold nothing of the address but its host: an address may be a secret.
    """
    import http.client  # noqa: PLC0415 - for those who send

    check_address(url)
    split = urlsplit(url)
    target = (split.path or "/") + (f"?{split.query}" if split.query else "")
    name = f"{split.scheme}://{split.netloc.rpartition('@')[2]}"
    connection = _connection(split.scheme, str(split.hostname), split.port)
    try:
        connection.request("POST", target, body, {"Content-Type": content_type, **(headers or {})})
        answer = connection.getresponse()
        answer.read(_ANSWER_BYTES)
    except (OSError, ValueError, http.client.HTTPException) as error:
        what = f"it can't be reached: {str(error) or type(error).__name__}"
        raise NotSent(what, where=name, mend="see whether the address is right, and try again") from None
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        words = http.client.responses.get(answer.status, "an unknown answer")
        raise NotSent(f"it says {answer.status}: {words}", where=name, mend="see whether the address is right")


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    import http.client  # noqa: PLC0415 - as above

    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=_SECONDS)
    return http.client.HTTPConnection(host, port, timeout=_SECONDS)
