"""`MetricsAggregator`: the nine aggregations, from the store or from a metrics log queried in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tachograph.aggregate.compute import compute
from tachograph.aggregate.question import AggregationType, Question, question
from tachograph.ingest.reader import plan_paths, read
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, tzinfo

    from tachograph.aggregate.result import AggregationResult
    from tachograph.ingest.parser import MetricsParser


class MetricsAggregator:
    """Aggregates what a source holds: an open `Store`, or a `MetricsParser`, whose log is read in memory each time."""

    def __init__(self, source: Store | MetricsParser) -> None:
        self._source = source

    async def aggregate(
        self,
        type: AggregationType | str,
        start: datetime | None = None,
        end: datetime | None = None,
        filters: Mapping[str, str | Iterable[str] | None] | None = None,
        *,
        timezone: tzinfo | str = "UTC",
        fill: bool = False,
    ) -> AggregationResult:
        """The metrics with `start <= timestamp < end` that pass every filter, grouped by `type`.

        Naive times are UTC; windows begin at midnight of `timezone`; `fill` adds the windows in which nothing
        happened. A log that doesn't exist raises `NoLogs`, a question that makes no sense `BadQuestion`.
        """
        import asyncio  # noqa: PLC0415 - takes as long to import as an answer

        asked = question(type, start, end, filters, zone=timezone, fill=fill)
        return await asyncio.to_thread(self._answer, asked)

    def _answer(self, asked: Question) -> AggregationResult:
        if isinstance(self._source, Store):
            return compute(self._source, asked)
        with Store.in_memory() as store:
            read(store, plan_paths(store, self._source.files(), "metrics-log"))
            return compute(store, asked)
