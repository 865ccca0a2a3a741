"""Where an agent is to send what it counts, and the key with which it is let in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from tachograph.errors import TachographError

if TYPE_CHECKING:
    from collections.abc import Mapping

HTTP: Final = "http://127.0.0.1:4318"
GRPC: Final = "http://127.0.0.1:4317"

_SERVER: Final = re.compile(r"(https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?", re.ASCII | re.IGNORECASE)
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)*", re.ASCII)
_SIGNAL: Final = re.compile(r"/v1/(logs|metrics|traces)\Z", re.ASCII)
_KEY: Final = re.compile(r"tg_[0-9a-z]+_[0-9a-z]+", re.ASCII)
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})


class Destination(NamedTuple):
    """A server, as `https://name:port/path` without a slash at its end, how it is spoken to, and a key."""

    url: str
    is_grpc: bool = False
    key: str | None = None

    def of(self, signal: str) -> str:
        """The address of one signal (`logs`, `metrics`, `traces`); gRPC has one for all."""
        return self.url if self.is_grpc else f"{self.url}/v1/{signal}"

    @property
    def is_open(self) -> bool:
        """Whether what is sent can be read on its way, because it leaves this machine unencrypted."""
        server = _SERVER.match(self.url)
        return server is not None and server[1].lower() == "http" and server[2].lower() not in _LOOPBACK


def destination(url: str | None, *, is_grpc: bool, key: str | None) -> Destination:
    """The destination at a URL, or at the usual one of this machine. Raises `TachographError` for what can't be one."""
    named = (GRPC if is_grpc else HTTP) if url is None else url.rstrip("/")
    server = _SERVER.match(named)
    rest = named[server.end() :] if server else ""
    if server is None or not _PATH.fullmatch(rest) or not 0 < int(server[3] or 1) < 65536:
        raise _refused(named, "isn't a server's URL", f"such as {HTTP}")
    if _SIGNAL.search(rest):
        raise _refused(named, "is the address of one signal", "leave out what begins with /v1")
    if is_grpc and rest:
        raise _refused(named, "has a path, and gRPC knows none", f"such as {GRPC}")
    return Destination(named, is_grpc, key)


def _refused(url: str, what: str, mend: str) -> TachographError:
    return TachographError(f"{url!r} {what}", where="--url", mend=mend)


def key_in_file(name: str) -> str:
    """The key that a file holds. Raises `TachographError`, which repeats nothing of what it holds, or `OSError`."""
    try:
        text = Path(name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        text = ""
    return _checked(text, name)


def key_in_environment(environment: Mapping[str, str], name: str) -> str:
    """The key that an environment variable holds. Raises `TachographError`, which repeats nothing of it."""
    if not _VARIABLE.fullmatch(name) or name not in environment:
        raise TachographError(f"there is no environment variable {name!r}", where="--key-env", mend="set and export it")
    return _checked(environment[name], name)


def _checked(text: str, where: str) -> str:
    key = text.strip()
    if not _KEY.fullmatch(key):
        mend = "'tachograph keys create --scope write' on the server makes one"
        raise TachographError("that isn't a key of Tachograph's", where=where, mend=mend)
    return key
