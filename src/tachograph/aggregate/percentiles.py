"""Exact percentiles in SQL: of n values the one at index floor(n·p), counted from 0, in ascending order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from fractions import Fraction

    from tachograph.aggregate.rolled import Rolled

    Query = Callable[[str], list[dict[str, Any]]]

PERCENTS: Final = (50, 95, 99)
_IN_MEMORY: Final = 8_000_000
"""So many values of one bucket are looked through in memory; of more, how often each one occurs is counted."""


def at_once(query: Query, source: str) -> tuple[float, float, float]:
    """Of the durations of the metrics that FROM and WHERE choose, of which there are some.

    The value at floor(n·p) from below is the one at ceil(n·(1 − p)) − 1 from above, which is what quantile_disc gives
    of negated values; 1 − p has to be an exact decimal for it.
    """
    (row,) = query(f"""
        SELECT quantile_disc(-metrics.duration_ms, [0.5, 0.05, 0.01]) AS percentiles
        {source} AND metrics.duration_ms IS NOT NULL
    """)
    p50, p95, p99 = (-value for value in row["percentiles"])
    return p50, p95, p99


def by_buckets(query: Query, rolled: Rolled, percents: Sequence[Fraction | int] = PERCENTS) -> list[float | None]:
    """Percentiles (in percent) of a range of which sums are kept: for each the durations of one bucket are looked at.

    None where there is no duration.
    """
    buckets = query(rolled.histogram())
    total = sum(row["many"] for row in buckets)
    if not total:
        return [None] * len(percents)
    many = {row["bucket"]: row["many"] for row in buckets}
    places = [_place(buckets, int(total * percent // 100)) for percent in percents]
    return [_value(query, rolled.values(bucket), many[bucket], rank) for bucket, rank in places]


def _place(buckets: Sequence[dict[str, Any]], rank: int) -> tuple[int, int]:
    """In which bucket the value of a rank is, and its rank among those in there; both are counted from 0."""
    for row in buckets:
        if rank < row["many"]:
            return row["bucket"], rank
        rank -= row["many"]
    raise AssertionError("a rank beyond the last value")


def _value(query: Query, values: str, many: int, rank: int) -> float:
    """The value of a rank among so many."""
    if many <= _IN_MEMORY:
        (row,) = query(f"SELECT quantile_disc(duration_ms, {(rank + 0.5) / many!r}) AS found FROM ({values})")
    else:
        (row,) = query(f"""
            WITH counted AS (SELECT duration_ms, count(*) AS many FROM ({values}) GROUP BY duration_ms),
            added AS (SELECT duration_ms, sum(many) OVER (ORDER BY duration_ms) AS upto FROM counted)
            SELECT min(duration_ms) AS found FROM added WHERE upto > {rank}
        """)
    return float(row["found"])
