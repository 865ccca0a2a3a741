"""One range of a query, asked: the rows that it looks at, its total, and its windows."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.aggregate.narrowing import narrowed
from tachograph.aggregate.percentiles import by_buckets
from tachograph.aggregate.windows import DAY_US
from tachograph.query.checking import check_windows_count
from tachograph.query.conditions import Parameters, owners
from tachograph.query.grouping import Wanted, grouped
from tachograph.query.measures import AT_LEAST, measure, percentile_column
from tachograph.query.needs import needs_of
from tachograph.query.selection import DAY, Selection
from tachograph.query.sources import ONE_BY_ONE, source_of, whole
from tachograph.query.spans import Span
from tachograph.query.sums import sums_for
from tachograph.query.windows import each_start, windows_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tachograph.aggregate.windows import Run
    from tachograph.query.model import Query
    from tachograph.query.needs import Needs
    from tachograph.query.sources import Source
    from tachograph.query.sums import QuarterSums
    from tachograph.store.duckdb import Store

LARGE: Final = 8_000_000
"""Of more metrics, not all durations are kept in memory at once."""
_DAYS_LISTED_MAX: Final = 400
"""In a longer range it is looked for the days in which anything happened."""


class Side:
    """A query in one range of time: the one asked for, or the one that it is compared with."""

    def __init__(
        self, store: Store, query: Query, span: Span, *, condensed: bool, beside: Side | None = None, few: bool = True
    ) -> None:
        """`beside` is the same query in another range; with `few`, few metrics that may pass are looked for first."""
        self._store = store
        self._connection = store.connection
        self._beside, self._few = beside, few
        self.query = query
        self.needs = needs_of(query)
        self._values = [(name, measure(name).value) for name in query.measures]
        self.wanted = Wanted(self.needs.sums, self.needs.percentiles)
        self.windows = windows_of(query)
        self.span = span
        self.condensed = condensed
        self.parameters = Parameters()
        all_metrics = whole(condensed=condensed)
        reach = Span(self._reach(), span.end_us)
        self._sums = sums_for(self._connection, query, span)
        days = self._days(reach, self._sums.days() if self._sums else self.unsummed) if self._has_time() else ()
        summed = self._sums and self._sums.source(self.needs, self.windows, days)
        self.in_range = Selection(
            query, self.needs, summed or self.unsummed, all_metrics.rows, self.windows, span, days, self.parameters
        )
        self.looked_at = msgspec.structs.replace(self.in_range, span=reach)
        self._in_total = self._of_total()
        self.large = bool(not condensed and self.needs.percentiles and self._sums and self._many(self._sums) > LARGE)

    def _has_time(self) -> bool:
        return self.windows is not None or self.needs.clock

    def _many(self, sums: QuarterSums) -> int:
        (row,) = self.asked(sums.count())
        return int(row["many"])

    @cached_property
    def unsummed(self) -> Source:
        """The rows themselves, where sums don't say enough of them."""
        if self._beside is not None:
            return self._beside.unsummed
        rows = source_of(self.needs, condensed=self.condensed)
        few = narrowed(self._store, owners(self.query.where)) if self._few and rows is ONE_BY_ONE else None
        return rows if few is None else msgspec.structs.replace(rows, rows=few)

    def _of_total(self) -> Selection:
        """What the total is taken from: sums by more names than the rows need may say enough of it."""
        needs = self._needs_of_total()
        summed = self._sums and self._sums.source(needs, None, self.in_range.days)
        return msgspec.structs.replace(self.in_range, needs=needs, source=summed or self.unsummed)

    def _needs_of_total(self) -> Needs:
        names = dict.fromkeys([*self.needs.sums, *self._causes(), *self._moments()])
        percentiles = () if self._knows_percentiles() else self.needs.percentiles
        return msgspec.structs.replace(self.needs, dimensions=frozenset(), sums=tuple(names), percentiles=percentiles)

    def _knows_percentiles(self) -> bool:
        """Whether the percentiles of the whole range are known from sums."""
        return self._sums is not None and self.query.where is None and not self.condensed

    def _causes(self) -> list[str]:
        """What makes measures lower bounds."""
        return [cause for name in self.query.measures for cause in AT_LEAST.get(name, ())]

    def _moments(self) -> tuple[str, ...]:
        """The first and the last moment, where they may be needed."""
        bounded = self.span.start_us is not None and self.span.end_us is not None
        return () if bounded else ("first_ts", "last_ts")

    def _reach(self) -> int | None:
        """Since when something counts: before the start, where windows are looked at together."""
        start = self.span.start_us
        if self.windows is None or start is None or self.query.rolling == 1:
            return start
        return self.windows.since(start, self.query.rolling - 1)

    def _days(self, span: Span, source: Source) -> Sequence[int]:
        """The days of UTC, counted from 1970, in which anything may have happened."""
        start, end = span.start_us, span.end_us
        if start is not None and end is not None and end - start <= _DAYS_LISTED_MAX * DAY_US:
            return range(start // DAY_US, (end - 1) // DAY_US + 1)
        last = source.columns["last_ts"]
        met = "metrics.ts IS NOT NULL"
        if start is not None:
            met += f" AND {last} >= {self.parameters.add(start)}"
        if end is not None:
            met += f" AND metrics.ts < {self.parameters.add(end)}"
        found = " UNION ".join(
            f"SELECT DISTINCT {DAY.format(moment=moment)} AS day FROM {source.rows} WHERE {met}"
            for moment in dict.fromkeys(("metrics.ts", last))
        )
        return [row["day"] for row in self.asked(found)]

    def asked(self, sql: str) -> list[dict[str, Any]]:
        """The rows of an answer, with their names."""
        used = {name: self.parameters.values[name] for name in re.findall(r"\$(p\d+)", sql)}
        cursor = self._connection.execute(sql, used or None)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    @cached_property
    def total(self) -> dict[str, Any]:
        """The sums of the whole range, with how many metrics there are, and what makes sums lower bounds.

        Also the first and the last moment, where they may be needed.
        """
        needs = self._in_total.needs
        wanted = Wanted(tuple(dict.fromkeys(["metrics_count", *needs.sums])), needs.percentiles)
        rows = self._in_total.rows(wanted.columns(), keyed=False)
        condensed = self._in_total.source.condensed
        (total,) = self.asked(grouped(rows, (), wanted, condensed=condensed, large=self.large))
        if self._sums and self._knows_percentiles():
            columns = map(percentile_column, self.needs.percentiles)
            total |= zip(columns, by_buckets(self.asked, self._sums.rolled, self.needs.percentiles), strict=True)
        return total

    def measured(self, sums: Mapping[str, Any]) -> dict[str, Any]:
        """Each measure of the query, of a group's sums."""
        return {name: value(sums) for name, value in self._values}

    def measures(self) -> dict[str, Any]:
        """Each measure of the whole range."""
        return self.measured(self.total)

    @cached_property
    def starts(self) -> list[int]:
        """When each window of the range begins, in order; without a start or an end, from the first or to the last."""
        return list(each_start(self.window_runs(self.span.start_us)))

    @cached_property
    def numbers(self) -> dict[int, int]:
        """The number of each window of the range, from 0, by when it begins."""
        return {start: number for number, start in enumerate(self.starts)} if self.windows else {}

    def window_runs(self, start_us: int | None) -> list[Run]:
        """The windows from a moment (None: from the first metric of the range) to the end of the range."""
        windows, end_us = self.windows, self.span.end_us
        assert windows is not None
        first = self.total["first_ts"] if start_us is None else start_us
        last = self.total["last_ts"] if end_us is None else end_us - 1
        if first is None or last is None or last < first:
            return []
        check_windows_count((last - first) // windows.width.at_least_us)
        return windows.all.covering(first, last)
