"""Pages of rows: a token says where the next one begins, and of which question it is.

Nothing is kept for a token, so it survives restarts. It isn't a secret and lets nobody in: the digest in it tells a
damaged token, or one of another question, from a good one. Whoever forges one gets another page of their own answer.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

import msgspec

from tachograph.digest import digest
from tachograph.errors import BadQuestion

USUAL_ROWS: Final = 10_000
MOST_ROWS: Final = 100_000
_LONGEST: Final = 200
_OFFSET_MAX: Final = 2**53
_ASKED_US_MAX: Final = 4 * 10**15
"""In the year 2096."""
_MEND: Final = "use the link of the page before, with the same question"


class Token(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a page begins, when its question was asked first, and what tells whether it is of that question."""

    offset: int
    asked_us: int
    """For ranges such as "last 24 hours", which are to stay what they were on the first page."""
    digest: str

    def text(self) -> str:
        """The token as it is sent."""
        return urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")


def token(question: str, offset: int, asked_us: int) -> Token:
    """The token of the page of that question that begins there."""
    return Token(offset, asked_us, digest(f"{offset} {asked_us} {question}".encode(), 12))


def read_token(text: str) -> Token:
    """What a token says. Raises `BadQuestion` for what is none; whose it is, `check` tells."""
    try:
        content = urlsafe_b64decode(text[:_LONGEST].encode("ascii") + b"===")
        found = msgspec.json.decode(content, type=Token)
    except (UnicodeEncodeError, binascii.Error, msgspec.DecodeError):
        raise _bad() from None
    if found.text() != text or not 0 < found.offset <= _OFFSET_MAX or not 0 <= found.asked_us <= _ASKED_US_MAX:
        raise _bad()
    return found


def check(found: Token, question: str) -> None:
    """Raises `BadQuestion` for the token of another question."""
    if found != token(question, found.offset, found.asked_us):
        raise _bad()


def _bad() -> BadQuestion:
    return BadQuestion("the page is none of this question's", where="page", mend=_MEND)
