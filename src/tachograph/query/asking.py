"""`ask`: a query, of an open store or of a metrics log that is read for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tachograph.ingest.reader import plan_paths, read
from tachograph.query.run import run
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from tachograph.ingest.parser import MetricsParser
    from tachograph.query.model import Query, QueryResult


def ask(source: Store | MetricsParser, query: Query) -> QueryResult:
    """The answer to a query, of an open `Store` or of a `MetricsParser`, whose log is read into memory each time.

    Raises `BadQuestion` for a query that can't be meant, and `NoLogs` where there is no log.
    """
    if isinstance(source, Store):
        return run(source, query)
    with Store.in_memory() as store:
        read(store, plan_paths(store, source.files(), "metrics-log"))
        return run(store, query)
