"""What the client of a server raises, told in a line: what the server said, or why it doesn't answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tachograph.errors import StoreUnusable

if TYPE_CHECKING:
    from clickhouse_connect.driver.exceptions import Error

_SAID: Final = re.compile(
    r"DB::Exception: (.*?)(?: \([A-Z_0-9]+\))?(?: \(version [^)]*\)+.*| \(for url \S+\))*$", re.DOTALL
)
_SYSTEM_ERROR: Final = re.compile(r"\[Errno -?\d+\] ([^'\")]+)")
_CERTIFICATE: Final = re.compile(r"certificate verify failed: ([^(]+)")
_REFUSED: Final = frozenset({192, 193, 194, 516})
"""Codes of who isn't known, or has another password."""
_CANCELLED: Final = 394
_MEND: Final = "see that it runs, and who may ask it"
_LONGEST: Final = 300
_REASONS: Final = {
    "ReadTimeoutError": "it took too long",
    "ConnectTimeoutError": "it took too long",
    "ProtocolError": "it closed the connection",
}


def unusable(error: Error, where: str | None) -> StoreUnusable:
    """The error for people. Nothing of an address that was asked is in it: there are parameters in those."""
    if error.code in _REFUSED:
        return StoreUnusable(
            "ClickHouse knows no such user with that password", where=where, mend="look at the address"
        )
    text = str(error)
    if "DB::Exception" in text:
        said = _SAID.search(text)
        told = " ".join((said[1] if said else text).split())
        return StoreUnusable(f"ClickHouse can't do that: {told:.{_LONGEST}}", where=where)
    return StoreUnusable(f"ClickHouse doesn't answer: {_reason(error):.{_LONGEST}}", where=where, mend=_MEND)


def is_cancelled(error: Error) -> bool:
    """Whether it says that somebody ended the statement."""
    return error.code == _CANCELLED


def _reason(error: Error) -> str:
    """Why nobody answered."""
    cause = error.__cause__
    cause = getattr(cause, "reason", cause)
    text = str(cause or error)
    if certificate := _CERTIFICATE.search(text):
        return f"its certificate isn't trusted: {certificate[1].strip()}"
    if "SSL" in text:
        return "it speaks no TLS there"
    if said := _SYSTEM_ERROR.search(text):
        return said[1]
    return _REASONS.get(type(cause).__name__, " ".join(str(error).partition(" with url")[0].split()))
