"""Percentiles of groups that have durations of which only a histogram is left: within 1 %."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tachograph.query.measures import percentile_column
from tachograph.store.measures import BUCKET, MIDDLE_OF_BUCKET

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction


def with_histograms(rows: str, keys: Sequence[str], percents: Sequence[Fraction], plain: str, by: str) -> str:
    """Groups of rows, with percentiles (in percent); those of groups without condensed durations are exact.

    `plain` selects all else of a group, and its exact `percentiles`, as far as it has them; `by` groups it.
    """
    listed = "".join(f"{key}, " for key in keys)
    partition = f"PARTITION BY {', '.join(keys)}" if keys else ""
    same = " AND ".join(f"plain.{key} IS NOT DISTINCT FROM near.{key}" for key in keys) or "true"
    near = ", ".join(
        f"min(bucket) FILTER (above > whole * {int(percent * 1000)} // 100000) AS {percentile_column(percent)}"
        for percent in percents
    )
    found = ", ".join(
        f"""CASE WHEN near.any_condensed
        THEN greatest(plain.least, least(plain.most, {_middle(f"near.{percentile_column(percent)}")}))
        ELSE -plain.percentiles[{index}] END AS {percentile_column(percent)}"""
        for index, percent in enumerate(percents, 1)
    )
    return f"""
        WITH rows AS MATERIALIZED ({rows}), plain AS (
            {plain}, min(shortest) AS least, max(longest) AS most FROM rows {by}
        ), buckets AS (
            SELECT {listed} bucket, sum(many)::HUGEINT AS many, bool_or(condensed) AS condensed FROM (
                SELECT {listed} {BUCKET.replace("metrics.", "")} AS bucket, 1 AS many, false AS condensed
                FROM rows WHERE duration_ms IS NOT NULL
                UNION ALL
                SELECT {listed} unnest(map_keys(durations)), unnest(map_values(durations)), true
                FROM rows WHERE durations IS NOT NULL
            ) GROUP BY {listed} bucket
        ), counted AS (
            SELECT *,
                sum(many) OVER ({partition} ORDER BY bucket) AS above,
                sum(many) OVER ({partition}) AS whole
            FROM buckets
        ), near AS (SELECT {listed} bool_or(condensed) AS any_condensed, {near} FROM counted {by})
        SELECT plain.* EXCLUDE (percentiles, least, most), {found} FROM plain LEFT JOIN near ON {same}
    """


def _middle(bucket: str) -> str:
    return MIDDLE_OF_BUCKET.format(bucket=bucket)
