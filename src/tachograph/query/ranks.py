"""Percentiles of groups of so many durations that they don't fit in memory: exact, by what is in one bucket of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tachograph.query.measures import percentile_column
from tachograph.store.measures import WIDE_BUCKET

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction


def with_ranks(rows: str, keys: Sequence[str], percents: Sequence[Fraction], plain: str, by: str) -> str:
    """Groups of rows, with percentiles (in percent).

    `plain` selects all else of a group, and `by` groups it. How many durations a group has in each bucket says in which
    one a percentile is; of the durations in there, which are sorted on the disk if need be, it is the one at its rank.
    """
    listed = "".join(f"{key}, " for key in keys)
    partition = f"PARTITION BY {', '.join(keys)}" if keys else ""
    bucket = WIDE_BUCKET.replace("metrics.", "")
    wanted = ", ".join(f"({int(percent * 1000)}::HUGEINT)" for percent in percents)
    same_place = " AND ".join([*(f"timed.{key} = places.{key}" for key in keys), "timed.bucket = places.bucket"])
    same_group = " AND ".join(f"plain.{key} = found.{key}" for key in keys) or "true"
    columns = ", ".join(
        f"min(duration_ms) FILTER (thousandth = {int(percent * 1000)}) AS {percentile_column(percent)}"
        for percent in percents
    )
    names = ", ".join(f"found.{percentile_column(percent)}" for percent in percents)
    return f"""
        WITH plain AS ({plain} FROM ({rows}) {by}), timed AS (
            SELECT {listed} duration_ms, {bucket} AS bucket FROM ({rows}) WHERE duration_ms IS NOT NULL
        ), buckets AS (
            SELECT {listed} bucket, count(*) AS many FROM timed GROUP BY {listed} bucket
        ), counted AS (
            SELECT *,
                sum(many) OVER ({partition} ORDER BY bucket) AS upto,
                sum(many) OVER ({partition}) AS whole
            FROM buckets
        ), places AS (
            SELECT {listed} bucket, thousandth, whole * thousandth // 100000 - (upto - many) AS rank
            FROM counted CROSS JOIN (VALUES {wanted}) AS wanted(thousandth)
            WHERE whole * thousandth // 100000 < upto AND whole * thousandth // 100000 >= upto - many
        ), ranked AS (
            SELECT {"".join(f"timed.{key}, " for key in keys)} thousandth, timed.duration_ms, places.rank,
                row_number() OVER (
                    PARTITION BY {"".join(f"timed.{key}, " for key in keys)} thousandth ORDER BY timed.duration_ms
                ) - 1 AS place
            FROM timed JOIN places ON {same_place}
        ), found AS (
            SELECT {listed} {columns} FROM ranked WHERE place = rank {by}
        )
        SELECT plain.*, {names} FROM plain LEFT JOIN found ON {same_group}
    """
