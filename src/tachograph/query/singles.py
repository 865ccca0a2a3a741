"""Metrics one by one: what passes a query's range and filter, for questions that sums don't answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.aggregate.condensed import is_any
from tachograph.query.side import Side
from tachograph.query.sources import ONE_BY_ONE
from tachograph.query.spans import span_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tachograph.query.model import Query
    from tachograph.store.duckdb import Store


LEFT_OUT: Final = "of old metrics only sums are kept: they are left out"
"""What is to be remarked where a store has condensed metrics."""


def leave_any_out(store: Store) -> bool:
    """Whether there are metrics of which only sums are kept."""
    return is_any(store.connection)


class Singles:
    """The rows of `metrics` that pass. Of the query only the range, the filter and the zone count.

    Condensed metrics have no detail, and aren't among them.
    """

    def __init__(self, store: Store, query: Query, fields: Iterable[str] = ()) -> None:
        """`fields` are those that are asked for beside what the filter needs."""
        side = Side(store, query, span_of(query), condensed=False, few=False)
        selection = msgspec.structs.replace(side.in_range, source=ONE_BY_ONE)
        passing = selection.passing(selection.fields("metrics.ts"))
        joined = selection.joined(selection.needs.filtered | frozenset(fields))
        self._connection = store.connection
        self._parameters = selection.parameters
        self.rows = f"FROM {ONE_BY_ONE.rows} {joined} WHERE {passing}"
        """What stands after SELECT and its columns."""

    def asked(self, sql: str) -> Any:
        """A cursor over the answer to a statement with `rows` in it."""
        return self._connection.execute(sql, self.parameters(sql))

    def parameters(self, sql: str) -> dict[str, Any] | None:
        """The values that a statement with `rows` in it needs beside its text."""
        return {name: self._parameters.values[name] for name in re.findall(r"\$(p\d+)", sql)} or None
