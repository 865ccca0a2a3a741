"""API keys: `tg_<id>_<secret>`, of which the file `keys.json` in the store's folder holds no secret.

A secret is 256 random bits, and what is kept of it is its SHA-256. A slow hash with a salt is for passwords, which can
be guessed: of 2²⁵⁶ equally likely secrets none is found by trying, however quick a try is, and no two are the same.

A file that can't be read, or that was there and is gone, is an error: to take it for "no keys" would open the door.
"""

from __future__ import annotations

import hmac
import os
import secrets
import threading
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Literal, get_args

import msgspec

from tachograph.collector.private import alone, write_private
from tachograph.collector.tenants import checked
from tachograph.errors import TachographError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FILE: Final = "keys.json"

Scope = Literal["write", "read", "admin"]
"""`write` sends, `read` asks, `admin` sees the server's own state; none implies another."""
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)

_PREFIX: Final = "tg"
_ID_BYTES: Final = 4
_SECRET_BYTES: Final = 32
_DIGITS: Final = frozenset("0123456789abcdef")
_LONGEST_LABEL: Final = 200

_State = tuple[int, int, int, int] | None
"""What an unchanged file is known by: inode, size, when it and its inode changed last; None where there is none."""


class KeysUnusable(TachographError):  # noqa: N818 - the names of errors read as sentences
    """The file of the keys can't be read, isn't one, or is gone; nobody can be let in."""


class Key(msgspec.Struct, frozen=True):
    """A key, without its secret: whose store it is for, what it allows; its moments are in µs since 1970."""

    id: str
    tenant: str
    scopes: frozenset[Scope]
    label: str
    created_us: int
    revoked_us: int | None


class _Kept(Key, frozen=True, forbid_unknown_fields=True):
    """A key as the file has it."""

    sha256: str

    def key(self) -> Key:
        return Key(self.id, self.tenant, self.scopes, self.label, self.created_us, self.revoked_us)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: Literal[1]
    keys: list[_Kept]


class Keys:
    """The keys of the store in `home`: what its file says at each call, also where another process changed it.

    Threads may share one. Each question costs a `stat`; the file is read again only where that tells of a change.
    """

    def __init__(self, home: Path) -> None:
        self.path = home / FILE
        self._state: _State = None
        self._by_id: dict[str, _Kept] = {}
        self._is_empty = True
        self._reading = threading.Lock()

    def is_empty(self) -> bool:
        """Whether there is no key that isn't revoked. Raises `KeysUnusable`."""
        self._look()
        return self._is_empty

    def find(self, secret: str) -> Key | None:
        """The key whose whole text `tg_<id>_<secret>` this is; None for an unknown or revoked one.

        Raises `KeysUnusable`.
        """
        by_id = self._look()
        prefix, _, rest = secret.partition("_")
        name, _, random = rest.partition("_")
        kept = by_id.get(name)
        if kept is None or prefix != _PREFIX or kept.revoked_us is not None:
            return None
        return kept.key() if hmac.compare_digest(_digest(random), kept.sha256) else None

    def all(self) -> list[Key]:
        """All of them, revoked ones too, from the oldest on. Raises `KeysUnusable`."""
        return [kept.key() for kept in self._look().values()]

    def create(self, tenant: str, scopes: Iterable[Scope], label: str, now_us: int) -> tuple[Key, str]:
        """A new key, and its whole text, which nobody can be told again.

        Raises `TachographError` for no scope, a tenant's name or a label that can't be; `KeysUnusable`.
        """
        allowed = frozenset(scopes)
        if not allowed:
            raise TachographError("a key without a scope would allow nothing", mend=f"scopes are {', '.join(SCOPES)}")
        if len(label) > _LONGEST_LABEL or not label.isprintable():
            raise TachographError("that can't be a label", mend=f"use {_LONGEST_LABEL} printable characters at most")
        random = secrets.token_hex(_SECRET_BYTES)
        with alone(self.path):
            there = self._look()
            name = _unused(there)
            kept = _Kept(name, checked(tenant), allowed, label, now_us, None, _digest(random))
            self._write([*there.values(), kept])
        return kept.key(), f"{_PREFIX}_{name}_{random}"

    def revoke(self, name: str, now_us: int) -> tuple[Key, bool]:
        """Revokes the key with that id, for good; gives it as it was before, and whether that changed anything.

        Raises `TachographError` where there is no such key; `KeysUnusable`.
        """
        with alone(self.path):
            there = self._look()
            kept = there.get(name)
            if kept is None:
                raise TachographError(
                    f"there is no key {name}", mend="'tachograph keys list' shows those that there are"
                )
            if kept.revoked_us is None:
                revoked = msgspec.structs.replace(kept, revoked_us=now_us)
                self._write([revoked if each is kept else each for each in there.values()])
        return kept.key(), kept.revoked_us is None

    def _write(self, kept: list[_Kept]) -> None:
        write_private(self.path, msgspec.json.format(msgspec.json.encode(_File(1, kept), order="sorted")) + b"\n")
        self._look()

    def _look(self) -> dict[str, _Kept]:
        """The keys by their ids, read again where the file has changed."""
        try:
            found = _state(os.stat(self.path))  # noqa: PTH116 - for each request, and half the time of Path.stat
        except FileNotFoundError:
            found = None
        except OSError as error:
            raise self._unusable(f"it can't be read: {error.strerror}") from None
        if found != self._state:
            with self._reading:
                self._read()
        return self._by_id

    def _read(self) -> None:
        try:
            with self.path.open("rb") as file:
                state = _state(os.fstat(file.fileno()))
                content = file.read()
        except FileNotFoundError:
            if self._state is not None:
                raise self._unusable("it was there, and is gone") from None
            return
        except OSError as error:
            raise self._unusable(f"it can't be read: {error.strerror}") from None
        by_id = self._parsed(content)
        self._is_empty = all(kept.revoked_us is not None for kept in by_id.values())
        self._by_id, self._state = by_id, state

    def _parsed(self, content: bytes) -> dict[str, _Kept]:
        try:
            kept = msgspec.json.decode(content, type=_File).keys
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise self._unusable(f"it isn't a file of keys: {error}") from None
        by_id = {each.id: each for each in kept}
        if len(by_id) < len(kept) or not all(_is_digest(each.sha256) for each in kept):
            raise self._unusable("it isn't a file of keys: an id is there twice, or a sha256 isn't one")
        return by_id

    def _unusable(self, what: str) -> KeysUnusable:
        mend = (
            "put a good copy back, or move it away, restart the server and make new keys; nobody is let in until then"
        )
        return KeysUnusable(what, where=str(self.path), mend=mend)


def _unused(there: dict[str, _Kept]) -> str:
    while (name := secrets.token_hex(_ID_BYTES)) in there:
        pass
    return name


def _digest(random: str) -> str:
    return sha256(random.encode(errors="surrogatepass")).hexdigest()


def _is_digest(text: str) -> bool:
    return len(text) == sha256().digest_size * 2 and _DIGITS.issuperset(text)


def _state(status: os.stat_result) -> _State:
    return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
