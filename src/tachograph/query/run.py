"""A query to its answer, from a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tachograph.aggregate.condensed import is_any
from tachograph.aggregate.windows import label
from tachograph.metric import FIRST_US
from tachograph.query.certainty import is_certain
from tachograph.query.checking import checked
from tachograph.query.comparison import Changes, changes, earlier_rows
from tachograph.query.groups import Groups, Kept
from tachograph.query.measures import AT_LEAST
from tachograph.query.model import Query, QueryResult
from tachograph.query.rows import Row, criteria, in_order
from tachograph.query.side import Side
from tachograph.query.spans import earlier, span_of

if TYPE_CHECKING:
    from tachograph.store.duckdb import Store


def run(store: Store, query: Query) -> QueryResult:
    """The answer to a query; only groups, never metrics, come to Python. Raises `BadQuestion` as `checked` does."""
    asked = checked(query)
    return store.answered(lambda: _Run(store, asked).result())


class _Run:
    """One query on its way to its answer."""

    def __init__(self, store: Store, query: Query) -> None:
        self._query = query
        condensed = is_any(store.connection)
        compared = earlier(query) if query.compare else None
        self._now = Side(store, query, span_of(query), condensed=condensed, compared=compared)
        self._before = Side(store, query, compared, condensed=condensed, beside=self._now) if compared else None
        self._groups = Groups(self._now)

    def result(self) -> QueryResult:
        now, before = self._now, self._before
        rows, truncated = self._rows()
        span, total = now.span, now.total
        return QueryResult(
            query=self._query,
            start=self._bound(span.start_us, total.get("first_ts"), 0),
            end=self._bound(span.end_us, total.get("last_ts"), 1),
            total=now.measures() | (changes(now.measures(), before.measures()) if before else {}),
            rows=rows,
            exact=all(is_certain(side) for side in (now, before) if side),
            at_least=tuple(
                name for name in self._query.measures if any(total[cause] for cause in AT_LEAST.get(name, ()))
            ),
            truncated=truncated,
        )

    def _bound(self, asked: int | None, found: int | None, beyond: int) -> str | None:
        us = found + beyond if asked is None and found is not None else asked
        return None if us is None else self._label(us)

    def _label(self, us: int) -> str:
        return label(max(us, FIRST_US), self._query.zone)

    def _rows(self) -> tuple[list[dict[str, Any]], bool]:
        """The rows as the answer has them, and whether there are more."""
        query, groups, limit = self._query, self._groups, self._query.limit
        if not query.by:
            return self._alone(), False
        if limit is None:
            return self._shown(groups.all(), None), False
        if self._now.windows is None:
            rows = groups.first(limit)
            kept = Kept(tuple(range(len(query.by))), [row.key for row in rows[:limit]])
            return self._shown(rows[:limit], kept, more=len(rows) > limit), len(rows) > limit
        if len(query.by) > 1:
            found = groups.first_series(limit)
            kept = Kept(found.columns, found.values[:limit])
            more = len(found.values) > limit
            return self._shown(groups.all(kept), kept, more=more), more
        rows = in_order(groups.all(), criteria(query, query.by), 0)
        kept = Kept((0,), [row.key for row in rows[:limit]])
        return self._shown(rows[:limit], kept, more=len(rows) > limit), len(rows) > limit

    def _alone(self) -> list[dict[str, Any]]:
        """The one row that there is without dimensions."""
        now, before = self._now, self._before
        if not now.total["metrics_count"]:
            return []
        was = before.measures() if before and before.total["metrics_count"] else None
        return [now.measures() | (changes(now.measures(), was) if before else {})]

    def _shown(self, rows: list[Row], kept: Kept | None, *, more: bool = False) -> list[dict[str, Any]]:
        """The rows in their order, with that of everything else, and what they are compared with."""
        query, now, before = self._query, self._now, self._before
        other = more and query.other
        if kept and other:
            rows = rows + self._groups.other(kept)
        in_order(rows, criteria(query, query.by), now.windows.index if now.windows else None)
        compared = Changes(earlier_rows(now, before, kept, other=other), now) if before else None
        return [self._named(row) | row.measures | (compared.of(row) if compared else {}) for row in rows]

    def _named(self, row: Row) -> dict[str, Any]:
        """The dimensions of a row by their names, a window by its label."""
        windows, key = self._now.windows, row.key
        named = dict(zip(self._query.by, key, strict=True))
        if windows and key[windows.index] is not None:
            named[self._query.by[windows.index]] = self._label(key[windows.index])
        return named
