"""What an endpoint of the API is: its address, its parameters, and how it answers. `asgi` puts it on the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from tachograph.server.parameters import Parameter

if TYPE_CHECKING:
    from datetime import datetime

    from tachograph.server.access import Granted
    from tachograph.server.forms import Form
    from tachograph.store.duckdb import Store
    from tachograph.tables import Table

Method = Literal["GET", "POST"]
Need = Literal["read", "write", "admin", "any"]
"""The scope that a key needs; or it may have any."""
Schema = dict[str, Any]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked of an endpoint."""

    granted: Granted
    values: Mapping[str, Any]
    """Those of the parameters, and of the places in the address."""
    body: bytes = b""
    now: datetime
    """Aware; of a later page it is when the first one was asked for."""
    offset: int = 0
    """How many rows were on the pages before."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer in each form that it can have, each made when it is wanted."""

    document: Callable[[], Any]
    table: Callable[[], Table] | None = None
    has_more: bool = False
    """Whether there is a next page."""
    total: int | None = None
    """How many rows all pages have together, where that is known."""


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A question that was understood."""

    name: str
    """What it is known by: no other question of the endpoint is called so. Pages of one question share it."""
    answer: Callable[[Store], Answer] | Answer
    """In a thread of its own; what that gives doesn't need the store any longer. Or it is known without the store."""
    page_rows: int | None = None
    """How many rows a page has; None where there are no pages."""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One address, and what it answers."""

    path: str
    name: str
    """Of the operation, for programs that are made from the document."""
    what: str
    """What it answers, in one line."""
    forms: tuple[Form, ...]
    prepare: Callable[[Asked], Prepared]
    """Raises `BadQuestion` for what can't be answered as it was asked, and `Problem`."""
    schema: Schema
    """Of the JSON form."""
    parameters: tuple[Parameter, ...] = ()
    places: tuple[Parameter, ...] = ()
    """What stands in braces in the address."""
    method: Method = "GET"
    need: Need = "read"
    body: Schema | None = None
    example: Any = None
    """Of the body."""
    may_lack: bool = False
    """Whether there may be nothing at the address: a 404."""
