"""Pseudonyms of users: one doesn't tell whose it is, and a user has the same one for as long as a key is kept.

The key is `pseudonyms.key` in the store's folder, made by whoever needs it first, and stays as it is. It can't be made
again: with another one all users get other pseudonyms, and nothing tells which of the old ones was whose. Who has the
key can try names, and find the ones that they guess.
"""

from __future__ import annotations

import hmac
import secrets
from functools import cached_property
from typing import TYPE_CHECKING, Final

from tachograph.collector.private import make_private
from tachograph.errors import TachographError

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "pseudonyms.key"
_KEY_BYTES: Final = 32
_DIGITS: Final = 16
"""Hexadecimal ones of a pseudonym: among a million users, two have the same one with a chance of 3 in 100 million."""


class Pseudonyms:
    """The pseudonyms that the key in `home` makes, and which is made where there is none."""

    def __init__(self, home: Path) -> None:
        self.path = home / FILE

    def of(self, user: str) -> str:
        """The pseudonym of a user: `user-` and 16 hexadecimal digits of HMAC-SHA256.

        Raises `TachographError` where the file isn't a key (another is never made in its place), `OSError`.
        """
        digest = hmac.digest(self._key, user.encode(errors="surrogatepass"), "sha256")
        return f"user-{digest.hex()[:_DIGITS]}"

    @cached_property
    def _key(self) -> bytes:
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            make_private(self.path, secrets.token_hex(_KEY_BYTES).encode() + b"\n")
            text = self.path.read_bytes()
        try:
            key = bytes.fromhex(text.decode("ascii"))
        except ValueError:
            key = b""
        if len(key) != _KEY_BYTES:
            mend = "put a copy of it back; without it (once it is moved away) all users get other pseudonyms"
            raise TachographError("it isn't a key of pseudonyms", where=str(self.path), mend=mend)
        return key
