"""Asks a store's table without us: with plain SQL, or with plain Python over its rows. Prints the answer as JSON.

usage: uv run bench/scale_plain.py sql FILE MEMORY QUESTION    (MEMORY in DuckDB's words; null if it isn't enough)
       uv run bench/scale_plain.py python FILE MEMORY          (the rows by day, percentiles, and the seconds they took)
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import duckdb

from scale_questions import QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

_FETCHED = "SELECT ts, session_id, type, duration_ms, token_count, cost FROM metrics"
_DAY_US = 86_400_000_000


def by_sql(connection: duckdb.DuckDBPyConnection, name: str) -> list[tuple[Any, ...]] | None:
    """The rows of the question of that name; None where the engine hasn't enough memory for it."""
    sql = next(question.sql for question in QUESTIONS if question.name == name)
    try:
        return connection.execute(sql).fetchall()
    except duckdb.OutOfMemoryException:
        return None


class Day:
    """What adds up of a day."""

    def __init__(self) -> None:
        self.metrics = self.errors = self.tokens = self.cost = 0
        self.duration_ms = 0.0
        self.sessions: set[str] = set()


def by_python(rows: Sequence[tuple[Any, ...]]) -> dict[str, list[Any]]:
    """The days in their order, and the exact percentiles of all durations, with what Python itself has."""
    days: defaultdict[int, Day] = defaultdict(Day)
    durations = []
    for ts, session, kind, duration_ms, tokens, cost in rows:
        day = days[ts // _DAY_US]
        day.metrics += 1
        if session is not None:
            day.sessions.add(session)
        if kind == "error_occurred":
            day.errors += 1
        if duration_ms is not None:
            day.duration_ms += duration_ms
            durations.append(duration_ms)
        if tokens is not None:
            day.tokens += tokens
        if cost is not None:
            day.cost += cost
    durations.sort()
    return {
        "rows": [_row(number, days[number]) for number in sorted(days)],
        "percentiles": [durations[len(durations) * percent // 100] for percent in (50, 95, 99)],
    }


def _row(number: int, day: Day) -> tuple[Any, ...]:
    start = datetime.fromtimestamp(number * _DAY_US // 1_000_000, UTC).isoformat()
    return start, day.metrics, len(day.sessions), day.errors, day.duration_ms, day.tokens, day.cost / 1e24


def fetched(connection: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    """All metrics as tuples: what a program would have that keeps its metrics in lists."""
    cursor, rows = connection.execute(_FETCHED), []
    while some := cursor.fetchmany(100_000):
        rows += some
    return rows


def main() -> None:
    """Opens the store to read alone, with as much memory as ours has, and asks."""
    way, file, memory_limit, *name = sys.argv[1:]
    connection = duckdb.connect(file, read_only=True, config={"memory_limit": memory_limit})
    if way == "sql":
        print(json.dumps(by_sql(connection, *name)))
        return
    rows = fetched(connection)
    connection.close()
    start = time.perf_counter()
    answer = by_python(rows)
    print(json.dumps({**answer, "seconds": time.perf_counter() - start}))


if __name__ == "__main__":
    main()
