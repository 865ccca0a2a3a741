"""A query to its answer, from a store."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tachograph.aggregate.condensed import is_any
from tachograph.aggregate.windows import label
from tachograph.metric import FIRST_US
from tachograph.query.certainty import is_certain
from tachograph.query.checking import checked
from tachograph.query.measures import AT_LEAST
from tachograph.query.model import Query, QueryResult
from tachograph.query.rows import Row, criteria, in_order
from tachograph.query.side import Side
from tachograph.query.spans import earlier, span_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tachograph.query.rows import Key
    from tachograph.store.duckdb import Store


def run(store: Store, query: Query) -> QueryResult:
    """The answer to a query; only groups, never metrics, come to Python. Raises `BadQuestion` as `checked` does."""
    return _Run(store, checked(query)).result()


class _Run:
    """One query on its way to its answer."""

    def __init__(self, store: Store, query: Query) -> None:
        self._query = query
        condensed = is_any(store.connection)
        self._now = Side(store, query, span_of(query), condensed=condensed)
        self._before = Side(store, query, earlier(query), condensed=condensed) if query.compare else None

    def result(self) -> QueryResult:
        now, before, query = self._now, self._before, self._query
        rows, truncated = self._rows()
        return QueryResult(
            query=query,
            start=self._bound(now.span.start_us, now.total.get("first_ts"), 0),
            end=self._bound(now.span.end_us, now.total.get("last_ts"), 1),
            total=now.measured(now.total) | (self._change_of_total(before) if before else {}),
            rows=rows,
            exact=all(is_certain(side) for side in (now, before) if side),
            at_least=tuple(
                name for name in query.measures if any(now.total[cause] for cause in AT_LEAST.get(name, ()))
            ),
            truncated=truncated,
        )

    def _change_of_total(self, before: Side) -> dict[str, Any]:
        return _compared(self._now.measured(self._now.total), before.measured(before.total))

    def _bound(self, asked: int | None, found: int | None, beyond: int) -> str | None:
        if asked is not None:
            return self._label(asked)
        return None if found is None else self._label(found + beyond)

    def _label(self, us: int) -> str:
        return label(max(us, FIRST_US), self._query.zone)

    def _rows(self) -> tuple[list[dict[str, Any]], bool]:
        """The rows as the answer has them, and whether there are more."""
        limit, window = self._query.limit, self._now.windows
        if not self._query.by:
            return self._alone(), False
        if limit is None:
            return self._shown(self._now.all_rows(), None, ()), False
        if window is None:
            return self._of_groups(limit)
        if len(self._query.by) > 1:
            return self._of_series(limit)
        return self._of_windows(limit)

    def _alone(self) -> list[dict[str, Any]]:
        """The one row that there is without dimensions."""
        now, before = self._now, self._before
        if not now.total["metrics_count"]:
            return []
        earlier = before.measured(before.total) if before and before.total["metrics_count"] else None
        row = Row((), now.measured(now.total))
        return [self._as_shown(row, (earlier,) if before else None)]

    def _of_groups(self, limit: int) -> tuple[list[dict[str, Any]], bool]:
        rows = self._now.first_rows(limit)
        truncated = len(rows) > limit
        del rows[limit:]
        return self._shown(rows, [row.key for row in rows], range(len(self._query.by)), other=truncated), truncated

    def _of_series(self, limit: int) -> tuple[list[dict[str, Any]], bool]:
        kept, columns = self._now.first_series(limit), self._now.series_columns()
        truncated = len(kept) > limit
        del kept[limit:]
        return self._shown(self._now.all_rows(kept, columns), kept, columns, other=truncated), truncated

    def _of_windows(self, limit: int) -> tuple[list[dict[str, Any]], bool]:
        rows = in_order(self._now.all_rows(), criteria(self._query, self._query.by), 0)
        truncated = len(rows) > limit
        del rows[limit:]
        return self._shown(rows, [row.key for row in rows], (0,), other=truncated), truncated

    def _shown(
        self, rows: list[Row], kept: Sequence[Key] | None, columns: Sequence[int], *, other: bool = False
    ) -> list[dict[str, Any]]:
        """The rows in their order, with that of everything else and what they are compared with."""
        earlier = self._earlier(kept, columns, other=other and self._query.other) if self._before else None
        if other and self._query.other:
            rows += self._now.other_rows(kept or (), columns)
        window = self._now.windows
        in_order(rows, criteria(self._query, self._query.by), window.index if window else None)
        numbers = _numbers(self._now)
        return [
            self._as_shown(
                row,
                None if earlier is None else (earlier.get(_matched(row, window.index if window else None, numbers)),),
            )
            for row in rows
        ]

    def _earlier(
        self, kept: Sequence[Key] | None, columns: Sequence[int], *, other: bool
    ) -> dict[tuple[Any, ...], dict[str, Any]]:
        """The measures of the earlier range, by what a row of the range is found by."""
        before = self._before
        assert before is not None
        window = before.windows
        numbers = _numbers(before)
        if kept is not None and window and window.index in columns:
            starts = before.starts()
            those = {_numbers(self._now).get(key[0]) for key in kept}
            kept = [(start,) for number, start in enumerate(starts) if number in those]
        rows = before.all_rows(kept, columns)
        if other:
            rows += before.other_rows(kept or (), columns)
        return {_matched(row, window.index if window else None, numbers): row.measures for row in rows}

    def _as_shown(self, row: Row, before: tuple[dict[str, Any] | None] | None) -> dict[str, Any]:
        window = self._now.windows
        named = {
            name: self._label(value) if window and index == window.index and value is not None else value
            for index, (name, value) in enumerate(zip(self._query.by, row.key, strict=True))
        }
        compared = _compared(row.measures, before[0]) if before else {}
        return named | row.measures | compared


def _numbers(side: Side) -> dict[int, int]:
    """The number of each window of a side's range, from 0, by its beginning."""
    if side.windows is None or side.query.compare is None:
        return {}
    return {start: number for number, start in enumerate(side.starts())}


def _matched(row: Row, window: int | None, numbers: Mapping[int, int]) -> tuple[Any, ...]:
    """What a row has in common with the row that it is compared with."""
    key = (numbers.get(value) if index == window else value for index, value in enumerate(row.key))
    return (row.is_other, *key)


def _compared(now: dict[str, Any], before: dict[str, Any] | None) -> dict[str, Any]:
    """What the measures were before, and how they changed."""
    known = before or dict.fromkeys(now)
    return {"previous": before, "change": {name: _change(now[name], known[name]) for name in now}}


def _change(now: Any, before: Any) -> dict[str, Any]:
    if now is None or before is None:
        return {"absolute": None, "relative": None}
    absolute = now - before
    if not math.isfinite(absolute):
        return {"absolute": None, "relative": None}
    return {"absolute": absolute, "relative": absolute / before if before else None}
