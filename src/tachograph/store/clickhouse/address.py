"""Addresses of stores on a server: `clickhouse://user:password@host:port/database?cluster=…&tenant=…`."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from tachograph.errors import StoreUnusable
from tachograph.store.clickhouse.trouble import unusable

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

SCHEMES: Final = ("clickhouse", "clickhouses", "chdb")
"""Over HTTP, over HTTPS, and the engine in this very process."""
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}", re.ASCII)
_LIKE: Final = "write clickhouse://user:password@host:8123/database"
_PORTS: Final = {"clickhouse": 8123, "clickhouses": 8443}


class Address(msgspec.Struct, frozen=True):
    """Where a store is. It has a password: it is shown by `shown` alone."""

    scheme: str
    host: str
    port: int
    user: str
    password: str
    database: str
    cluster: str | None = None
    path: str = ""
    """The folder of an engine in this process; empty for one in memory."""

    def shown(self) -> str:
        """As it may be shown."""
        if self.scheme == "chdb":
            return f"chdb://{self.path}"
        return f"{self.scheme}://{self.host}:{self.port}/{self.database}"

    def client(self) -> Client:
        """A connection. Raises `StoreUnusable` where nobody answers."""
        import clickhouse_connect  # noqa: PLC0415 - few need it
        from clickhouse_connect.driver.exceptions import Error  # noqa: PLC0415 - as above

        logging.getLogger("clickhouse_connect").addHandler(logging.NullHandler())  # what it logs is raised too
        given: dict[str, Any] = {"interface": "chdb"}
        if self.scheme == "chdb":
            given |= {"path": self.path} if self.path else {}
        else:
            given = {
                "host": self.host, "port": self.port, "username": self.user, "password": self.password,
                "secure": self.scheme == "clickhouses",
            }  # fmt: skip
        try:
            return clickhouse_connect.get_client(**given)
        except Error as error:
            raise unusable(error, self.shown()) from None
        except ImportError as error:
            raise _lacking(error) from None


def need_libraries() -> None:
    """Raises `StoreUnusable` where what a store on a server needs isn't installed."""
    try:
        import clickhouse_connect  # noqa: F401, PLC0415 - few need it
        import sqlglot  # noqa: F401, PLC0415 - as above
    except ImportError as error:
        raise _lacking(error) from None


def _lacking(error: ImportError) -> StoreUnusable:
    mend = "pip install chdb" if error.name == "chdb" else "pip install 'tachograph[clickhouse]'"
    return StoreUnusable(f"stores on a server need more than is installed: {error.name or error}", mend=mend)


def address(text: str) -> Address:
    """The address that a text is. Raises `StoreUnusable`, which shows nothing of a password, for any other."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise StoreUnusable("the address of the store can't be read", mend=_LIKE) from None
    if parts.scheme not in SCHEMES:
        raise StoreUnusable("the address of the store can't be read", mend=_LIKE)
    asked = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = asked.keys() - {"cluster", "database"}
    if unknown:
        raise StoreUnusable(f"an address of a store has no {min(unknown)!r}", mend="it may have cluster=NAME")
    if parts.scheme == "chdb":
        path = unquote(parts.netloc + parts.path)
        return Address("chdb", "", 0, "", "", _name(asked.get("database", "default")), path=path)
    if not parts.hostname:
        raise StoreUnusable("the address of the store names no host", mend=_LIKE)
    cluster = asked.get("cluster")
    return Address(
        parts.scheme,
        parts.hostname,
        port or _PORTS[parts.scheme],
        unquote(parts.username or "default"),
        unquote(parts.password or ""),
        _name(unquote(parts.path.strip("/")) or "tachograph"),
        _name(cluster) if cluster else None,
    )


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise StoreUnusable(
            f"{text!r:.60} can't be the name of a database or cluster", mend="use letters, digits and _"
        )
    return text
