"""The rows that a query counts, and what each adds: metrics one by one, or beside the sums of condensed ones.

A source of rows has, under the name `metrics`, the columns `store.measures.NAMES` and `ts`, and an expression for each
column of `Source`. Whatever has sums by those names can be one: which names and sums a query needs is in its `Needs`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.aggregate import counting
from tachograph.store.measures import SUMS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tachograph.query.needs import Needs


class Source(msgspec.Struct, frozen=True):
    """One kind of rows."""

    rows: str
    """What stands after FROM."""
    columns: Mapping[str, str]
    """What a row adds to each of `measures.SUMS`, and:

    `last_ts`: when the last metric of it happened. `moment`: when it happened, null for more than one metric.
    `shortest`, `longest`, `duration_ms`: its durations, the last null for more than one. `durations`: their histogram.
    """
    condensed: bool = False
    """Whether some rows stand for several metrics, whose durations are in `durations` alone."""


_SINGLE: Final = {
    "last_ts": "metrics.ts",
    "moment": "metrics.ts",
    "shortest": "metrics.duration_ms",
    "longest": "metrics.duration_ms",
    "duration_ms": "metrics.duration_ms",
    "durations": "NULL::MAP(INTEGER, BIGINT)",
}
_ONES: Final = {each.name: f"CAST({each.of_one} AS {each.kind})" for each in SUMS}
ONE_BY_ONE: Final = Source("metrics", _ONES | _SINGLE)

TOGETHER: Final = Source(
    counting.TOGETHER.rows, {name: f"metrics.{name}" for name in (*_ONES, *_SINGLE)}, condensed=True
)
CONDENSED: Final = "(SELECT *, first_ts AS ts FROM condensed) AS metrics"
"""Condensed metrics alone, a row of them where its first one happened."""


def source_of(needs: Needs, *, condensed: bool) -> Source:
    """The rows that answer a query with such needs; `condensed` is whether the store has condensed metrics."""
    if needs.amounts:  # no single one is known of what was condensed
        return ONE_BY_ONE
    return whole(condensed=condensed)


def whole(*, condensed: bool) -> Source:
    """All metrics of the store."""
    return TOGETHER if condensed else ONE_BY_ONE
