"""Queries of small made-up histories."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from cli.made_up import metric
from tachograph.ingest.reader import plan_paths, read
from tachograph.query.model import Query
from tachograph.query.run import run
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tachograph.query.model import QueryResult


@contextmanager
def store_of(lines: Sequence[str]) -> Iterator[Store]:
    """A store that has read a metrics log of these lines."""
    with tempfile.TemporaryDirectory() as folder, Store.in_memory() as store:
        log = Path(folder, "metrics_20260301_000000.jsonl")
        log.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        read(store, plan_paths(store, [log], "metrics-log"))
        yield store


def asked(lines: Sequence[str], **query: Any) -> QueryResult:
    """The answer to a query of these lines; a `start`, `end` or `zone` may be given as text."""
    with store_of(lines) as store:
        return run(store, query_of(**query))


def query_of(**query: Any) -> Query:
    """The query; times are given as ISO 8601, a zone by its name."""
    for name in ("start", "end"):
        if isinstance(query.get(name), str):
            query[name] = datetime.fromisoformat(query[name])
    if isinstance(query.get("zone"), str):
        query["zone"] = ZoneInfo(query["zone"])
    return Query(**query)


def cells(answer: QueryResult, *names: str) -> list[tuple[Any, ...]]:
    """Of each row the values of these names."""
    return [tuple(row[name] for name in names) for row in answer.rows]


def at(*timestamps: str, **data: Any) -> list[str]:
    """A metric at each of these moments, alike but for that."""
    return [metric(f"m{number}", timestamp, **data) for number, timestamp in enumerate(timestamps)]


def every(minutes: int, start: str, count: int) -> list[str]:
    """So many metrics, the first at a moment and each so many minutes after the one before."""
    first = datetime.fromisoformat(start)
    return at(*((first + timedelta(minutes=minutes * number)).isoformat() for number in range(count)))
