"""One range of a query, asked: its total, its groups, and which of them the limit keeps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.aggregate.windows import DAY_US
from tachograph.errors import BadQuestion
from tachograph.query.checking import WINDOWS_MAX, check_windows_count
from tachograph.query.conditions import Parameters
from tachograph.query.grouping import NULL_OF_NOTHING, Wanted, grouped
from tachograph.query.measures import AT_LEAST, measure, percentile_column
from tachograph.query.model import CLOCK, NAMES, OTHER
from tachograph.query.needs import needs_of
from tachograph.query.rows import Row, criteria, filled, order_by
from tachograph.query.selection import DAYS, Selection
from tachograph.query.sources import ONE_BY_ONE, TOGETHER
from tachograph.query.spans import Span
from tachograph.query.widths import width
from tachograph.query.windows import each_start, windows_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tachograph.aggregate.windows import Run
    from tachograph.query.model import Query
    from tachograph.query.rows import Key
    from tachograph.store.duckdb import Store

_DAYS_LISTED_MAX: Final = 400
"""In a longer range it is looked for days in which anything happened."""


class Side:
    """A query in one range of time: the one asked for, or the one that it is compared with."""

    def __init__(self, store: Store, query: Query, span: Span, *, condensed: bool) -> None:
        self._connection = store.connection
        self.query = query
        self.needs = needs_of(query)
        self._wanted = Wanted(self.needs.sums, self.needs.percentiles)
        self.windows = windows_of(query)
        self.span = span
        self.condensed = condensed
        self.parameters = Parameters()
        source = TOGETHER if condensed and not self.needs.amounts else ONE_BY_ONE
        whole = TOGETHER.rows if condensed else ONE_BY_ONE.rows
        reach = Span(self._reach(), span.end_us)
        days = self._days(reach, whole if condensed else source.rows) if self.windows or self.needs.clock else ()
        self._in_range = Selection(query, self.needs, source, whole, self.windows, span, days, self.parameters)
        self.looked_at = msgspec.structs.replace(self._in_range, span=reach)
        self.total = self._total()

    def _reach(self) -> int | None:
        """Since when something counts: before the start, where windows are looked at together."""
        start = self.span.start_us
        if self.windows is None or start is None or self.query.rolling == 1:
            return start
        return self.windows.since(start, self.query.rolling - 1)

    def _days(self, span: Span, rows: str) -> Sequence[int]:
        start, end = span.start_us, span.end_us
        if start is not None and end is not None and end - start <= _DAYS_LISTED_MAX * DAY_US:
            return range(start // DAY_US, (end - 1) // DAY_US + 1)
        last = "last_ts" if rows == TOGETHER.rows else "ts"
        met = "metrics.ts IS NOT NULL"
        if start is not None:
            met += f" AND metrics.{last} >= {self.parameters.add(start)}"
        if end is not None:
            met += f" AND metrics.ts < {self.parameters.add(end)}"
        moments = " UNION ".join(
            f"SELECT DISTINCT {DAYS.format(moment=moment)} AS day FROM {rows} WHERE {met}"
            for moment in dict.fromkeys(("ts", last))
        )
        return [row["day"] for row in self.asked(moments)]

    def asked(self, sql: str) -> list[dict[str, Any]]:
        """The rows of an answer, with their names."""
        used = {name: self.parameters.values[name] for name in re.findall(r"\$(p\d+)", sql)}
        cursor = self._connection.execute(sql, used or None)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def _total(self) -> dict[str, Any]:
        """The sums of the whole range, with the first and the last moment, and what makes them lower bounds."""
        more = [cause for name in self.query.measures for cause in AT_LEAST.get(name, ())]
        bounded = self.span.start_us is not None and self.span.end_us is not None
        moments = () if bounded and not self.windows else ("first_ts", "last_ts")
        wanted = Wanted(
            tuple(dict.fromkeys(["metrics_count", *self.needs.sums, *more, *moments])), self.needs.percentiles
        )
        rows = self._in_range.rows(wanted.columns(), keyed=False)
        (total,) = self.asked(grouped(rows, (), wanted, condensed=self._in_range.source.condensed))
        return total

    def measured(self, sums: Mapping[str, Any]) -> dict[str, Any]:
        """Each measure of the query, of a group's sums."""
        return {name: measure(name).value(sums) for name in self.query.measures}

    # Rows

    def starts(self) -> list[int]:
        """When each window of the range begins, in order; without a start or an end, from the first or to the last."""
        return list(each_start(self._runs(self.span.start_us)))

    def _runs(self, start_us: int | None) -> list[Run]:
        windows, span = self.windows, self.span
        assert windows is not None
        first = self.total["first_ts"] if start_us is None else start_us
        last = self.total["last_ts"] if span.end_us is None else span.end_us - 1
        if first is None or last is None or last < first:
            return []
        check_windows_count((last - first) // windows.width.at_least_us)
        return windows.all.covering(first, last)

    def groups(self) -> str:
        """The statement that gives all rows with their sums, in no order."""
        return self._grouped(self._rolled(self._rows()), self.looked_at.keys())

    def _rows(self) -> str:
        return self.looked_at.rows(self._wanted.columns())

    def _grouped(self, rows: str, keys: Sequence[str]) -> str:
        return grouped(rows, keys, self._wanted, condensed=self.looked_at.source.condensed)

    def _rolled(self, rows: str) -> str:
        """Rows, each once for every window of the range that looks at its own: that one and those after it."""
        if self.windows is None or self.query.rolling == 1:
            return rows
        runs, starts = self._runs(self._in_reach()), self.starts()
        key, add = self.looked_at.keys()[self.windows.index], self.parameters.add
        listed = [add([getattr(run, name) for run in runs]) for name in ("start_us", "end_us", "width_us")]
        a, b, w = (f"unnest({one}::BIGINT[])" for one in listed)
        return f"""
            WITH windows AS (
                SELECT start_us, row_number() OVER (ORDER BY start_us) AS number FROM (
                    SELECT unnest(range(a, b, w)) AS start_us FROM (SELECT {a} AS a, {b} AS b, {w} AS w)
                )
            )
            SELECT rows.* REPLACE (shown.start_us AS {key}) FROM ({rows}) AS rows
            JOIN windows AS own ON own.start_us = rows.{key}
            CROSS JOIN range({self.query.rolling}) AS steps(step)
            JOIN windows AS shown ON shown.number = own.number + steps.step
            WHERE shown.start_us >= {add(starts[0] if starts else 0)}
        """

    def _in_reach(self) -> int | None:
        return self.looked_at.span.start_us

    def all_rows(self, kept: Sequence[Key] | None = None, columns: Sequence[int] = ()) -> list[Row]:
        """Every row, filled if that is asked; of `kept` only those whose dimensions `columns` have such values."""
        rows = self._rows()
        if kept is not None:
            rows = self._joined(rows, "SEMI", kept, columns)
        found = self._read(self._grouped(self._rolled(rows), self.looked_at.keys()))
        return self._filled(found)

    def _read(self, sql: str) -> list[Row]:
        keys = self.looked_at.keys()
        return [Row(tuple(sums[key] for key in keys), self.measured(sums)) for sums in self.asked(sql)]

    def _filled(self, rows: list[Row]) -> list[Row]:
        if self.windows is None or not (self.query.fill or self.query.rolling > 1):
            return rows
        starts, index = self.starts(), self.windows.index
        series = {row.key[:index] + row.key[index + 1 :] for row in rows}
        if len(self.query.by) == 1:
            series = {()}
        if len(series) * len(starts) > WINDOWS_MAX:
            raise BadQuestion(
                f"{len(starts):,} windows of {len(series):,} rows each are too many to be filled in",
                where="by",
                mend="narrow the range, widen the windows, or give a limit",
            )
        return filled(rows, starts, index, series, self.measured(self._nothing()))

    def _nothing(self) -> dict[str, Any]:
        """The sums of no rows."""
        return {
            **{name: None if name in NULL_OF_NOTHING else 0 for name in self.needs.sums},
            **{percentile_column(percent): None for percent in self.needs.percentiles},
        }

    def first_rows(self, limit: int) -> list[Row]:
        """Of rows without a window the first ones, and one more where there are more."""
        wanted = order_by(criteria(self.query, self.query.by), self.looked_at.keys())
        return self._read(f"SELECT * FROM ({self.groups()}) ORDER BY {wanted} LIMIT {limit + 1:d}")

    def first_series(self, limit: int) -> list[Key]:
        """Of the series the first ones, and one more where there are more: their values of all but the window."""
        columns = self.series_columns()
        keys = [self.looked_at.keys()[index] for index in columns]
        by = [self.query.by[index] for index in columns]
        groups = self._grouped(self._in_range.rows(self._wanted.columns()), keys)
        if self.query.rolling > 1:
            groups = self._with_earlier_series(groups, keys)
        sql = f"SELECT * FROM ({groups}) ORDER BY {order_by(criteria(self.query, by), keys)} LIMIT {limit + 1:d}"
        return [tuple(found[key] for key in keys) for found in self.asked(sql)]

    def _with_earlier_series(self, groups: str, keys: Sequence[str]) -> str:
        """Groups of the range, and those that only windows before it have, with nothing in them."""
        named = ", ".join(keys)
        sums = [
            f"coalesce(found.{name}, 0) AS {name}" if nothing == 0 else f"found.{name}"
            for name, nothing in self._nothing().items()
        ]
        return f"""
            SELECT {", ".join([*(f"known.{key}" for key in keys), *sums])}
            FROM (SELECT DISTINCT {named} FROM ({self.looked_at.rows(())})) AS known
            LEFT JOIN ({groups}) AS found USING ({named})
        """

    def series_columns(self) -> list[int]:
        """The dimensions that aren't the window."""
        return [index for index, name in enumerate(self.query.by) if not width(name)]

    def other_rows(self, kept: Sequence[Key], columns: Sequence[int]) -> list[Row]:
        """What isn't among the rows whose dimensions `columns` have values that were kept, in one row.

        Where those are the series of windows, it is one for each window.
        """
        by_window = self.windows is not None and self.windows.index not in columns
        selection = self.looked_at if by_window else self._in_range
        rows = self._joined(selection.rows(self._wanted.columns()), "ANTI", kept, columns)
        if not (by_window and self.windows):
            (sums,) = self.asked(self._grouped(rows, ()))
            return [Row(self._other_key(None), self.measured(sums), is_other=True)]
        key = selection.keys()[self.windows.index]
        found = [
            Row(self._other_key(sums[key]), self.measured(sums), is_other=True)
            for sums in self.asked(self._grouped(self._rolled(rows), [key]))
        ]
        return self._filled(found) if found else []

    def _other_key(self, start_us: int | None) -> Key:
        return tuple(start_us if width(name) else OTHER if name in NAMES else None for name in self.query.by)

    def _joined(self, rows: str, how: str, kept: Sequence[Key], columns: Sequence[int]) -> str:
        """The rows whose dimensions have values that were kept (SEMI), or the others (ANTI)."""
        keys = self.looked_at.keys()
        lists = [
            f"unnest({self.parameters.add([key[place] for key in kept])}::{self._kind(index)}[]) AS {keys[index]}"
            for place, index in enumerate(columns)
        ]
        same = " AND ".join(f"rows.{keys[index]} = kept.{keys[index]}" for index in columns)
        return f"SELECT rows.* FROM ({rows}) AS rows {how} JOIN (SELECT {', '.join(lists)}) AS kept ON {same}"

    def _kind(self, index: int) -> str:
        name = self.query.by[index]
        return "BIGINT" if name in CLOCK or width(name) else "VARCHAR"
