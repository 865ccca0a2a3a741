"""What a reader gives, as plain dictionaries: the parts of metrics, and the metrics that they merge to."""

from __future__ import annotations

from array import array
from itertools import pairwise
from math import isnan
from typing import TYPE_CHECKING, Any

from tachograph.columns import ABSENT_INT, FloatColumn, IntegerColumn, KeyColumn, WordColumn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tachograph.columns import Column, ColumnBatch

Row = dict[str, Any]


def parts(batches: Iterable[ColumnBatch]) -> list[Row]:
    """The rows of batches; of each what it has."""
    found: list[Row] = []
    for batch in batches:
        columns = {name: _values(column) for name, column in batch.columns.items() if batch.length}
        found += [
            {name: value for name, value in zip(columns, row, strict=True) if value is not None}
            for row in zip(*columns.values(), strict=True)
        ]
    return found


def merged(rows: Iterable[Row]) -> list[Row]:
    """The metrics of parts, by moment and id, as a store merges them: a least upper bound. (Without a moment it is none.)"""
    metrics: dict[str, Row] = {}
    for row in rows:
        known = metrics.setdefault(row["id"], {})
        for name, value in row.items():
            least = min if name in ("ts", "ended_ts", "success") else max
            known[name] = least(known[name], value) if name in known else value
    return sorted((row for row in metrics.values() if "ts" in row), key=lambda row: (row["ts"], row["id"]))


def _values(column: Column) -> list[Any]:
    if isinstance(column, KeyColumn):
        offsets = array("i", column.offsets)
        return [column.text[begin:end].decode() for begin, end in pairwise(offsets)]
    if isinstance(column, WordColumn):
        return [column.words[index] for index in array("i" if column.is_wide else "B", column.indexes)]
    if isinstance(column, IntegerColumn):
        return [None if value == ABSENT_INT else value for value in array("q", column.values)]
    assert isinstance(column, FloatColumn)
    return [None if isnan(value) else value for value in array("d", column.values)]
