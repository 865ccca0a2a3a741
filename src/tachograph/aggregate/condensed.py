"""What an answer takes from metrics whose detail was condensed, and what that does to it.

A row of `condensed` is counted where the first of its metrics happened. That is exact as long as its last one is in
the same window of the answer and on the same side of the range's ends; how many aren't is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tachograph.aggregate.question import WINDOWS
from tachograph.aggregate.result import Condensed
from tachograph.aggregate.windows import DAY_US, label, runs, window_start
from tachograph.metric import FIRST_US
from tachograph.store.measures import BUCKET, middle_of_bucket

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import duckdb

    from tachograph.aggregate.question import Question

    Query = Callable[[str], list[dict[str, Any]]]

EXACT: Final = "exact"
WITHIN: Final = "within 1 %"
_PERCENTS: Final = (50, 95, 99)


def is_any(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the store has condensed metrics at all, or is about to have some: it knows their ids first."""
    return connection.execute("SELECT 1 FROM condensed_ids LIMIT 1").fetchone() is not None


def part_of_answer(query: Query, asked: Question, joined: str, passing: Sequence[str]) -> Condensed | None:
    """What of the answer was condensed; None where nothing of it was.

    `passing` are the conditions of the filters, and `joined` the table that they need.
    """
    starts = [] if asked.start_us is None else ["metrics.last_ts >= $start"]
    ends = [] if asked.end_us is None else ["metrics.first_ts < $end"]
    source = f"FROM condensed AS metrics {joined} WHERE {' AND '.join([*starts, *ends, *passing]) or 'true'}"
    chosen = "true" if asked.start_us is None else "metrics.first_ts >= $start"
    beyond = _beyond(query, asked, source)
    (row,) = query(f"""
        SELECT
            count(*) AS any,
            coalesce(sum(metrics.metrics_count) FILTER ({chosen}), 0)::BIGINT AS metrics,
            coalesce(sum(metrics.timed) FILTER ({chosen}), 0)::BIGINT AS timed,
            max(metrics.window_end) AS before,
            arg_max(metrics.resolution, metrics.window_end - metrics.window_start) AS resolution,
            arg_max(metrics.timezone, metrics.window_end - metrics.window_start) AS timezone,
            coalesce(sum(metrics.metrics_count) FILTER (NOT ({chosen}) OR {beyond}), 0)::BIGINT AS uncertain
        {source}
    """)
    if not row["any"]:
        return None
    return Condensed(
        metrics=row["metrics"],
        before=label(row["before"], asked.zone),
        resolution=row["resolution"],
        timezone=row["timezone"],
        uncertain=row["uncertain"],
        duration_percentiles=WITHIN if row["timed"] else EXACT,
    )


def _beyond(query: Query, asked: Question, source: str) -> str:
    """Whether the last metric of a condensed row is beyond an edge that its first one isn't."""
    conditions = [] if asked.end_us is None else ["metrics.last_ts >= $end"]
    if asked.type in WINDOWS:
        found = query(f"""
            SELECT DISTINCT unnest([
                (metrics.first_ts - {FIRST_US}) // {DAY_US}, (metrics.last_ts - {FIRST_US}) // {DAY_US}
            ]) AS day {source}
        """)
        windows = runs(WINDOWS[asked.type], asked.zone, [row["day"] + FIRST_US // DAY_US for row in found])
        if windows:
            first, last = window_start(windows, "metrics.first_ts"), window_start(windows, "metrics.last_ts")
            conditions.append(f"{first} <> {last}")
    return " OR ".join(conditions) or "false"


def percentiles(query: Query, source: str, shortest: float, longest: float) -> tuple[float, float, float]:
    """The percentiles 50, 95 and 99 of the durations of all rows, each less than 1 % from the exact one.

    `source` is the FROM and WHERE that chooses rows of `counting.TOGETHER`, of which some have a duration.
    """
    buckets = query(f"""
        SELECT bucket, sum(many)::BIGINT AS many
        FROM (
            SELECT {BUCKET} AS bucket, 1 AS many {source} AND metrics.duration_ms IS NOT NULL
            UNION ALL
            SELECT unnest(map_keys(metrics.durations)), unnest(map_values(metrics.durations))
            {source} AND metrics.durations IS NOT NULL
        )
        GROUP BY bucket
        ORDER BY bucket
    """)
    total = sum(row["many"] for row in buckets)
    p50, p95, p99 = (
        min(max(middle_of_bucket(_bucket_at(buckets, total * percent // 100)), shortest), longest)
        for percent in _PERCENTS
    )
    return p50, p95, p99


def _bucket_at(buckets: Sequence[dict[str, Any]], rank: int) -> int:
    """The bucket with the value of a rank, counted from 0."""
    for row in buckets:
        rank -= row["many"]
        if rank < 0:
            return int(row["bucket"])
    raise AssertionError("a rank beyond the last value")
