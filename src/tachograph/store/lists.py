"""A few rows as lists, a parameter of a statement for each column.

For some hundred rows that is as quick as Arrow (`arrow.py`), and needs no more of DuckDB than its engine.
"""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any, Final

from tachograph.columns import (
    ABSENT_INT,
    COLUMNS,
    FloatColumn,
    IntegerColumn,
    KeyColumn,
    MomentColumn,
    WordColumn,
)
from tachograph.store.statements import sql_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tachograph.columns import Column, ColumnBatch

_PREFIX: Final = "column_"


class BatchLists:
    """Batches as one table of all columns that any of them has, and `seq`: the rows' numbers, from `first_seq` on."""

    def __init__(self, batches: Sequence[ColumnBatch], first_seq: int) -> None:
        self.names = [name for name in COLUMNS if any(name in batch.columns for batch in batches)]
        length = sum(batch.length for batch in batches)
        self._lists: dict[str, list[Any]] = {
            name: [value for batch in batches for value in _values(batch.columns.get(name), batch.length)]
            for name in self.names
        }
        self._lists["seq"] = list(range(first_seq, first_seq + length))

    def columns(self) -> dict[str, str]:
        """The stored columns that the table fills, and the expression that makes the value of each."""
        expressions = {name: f'"{name}"' for name in self.names if name != "moment"}
        if "moment" in self.names:
            moment = "epoch_us(CAST(moment AS TIMESTAMP))"
            expressions["ts"] = f"coalesce({expressions['ts']}, {moment})" if "ts" in expressions else moment
        return {**expressions, "seq": "seq"}

    def table(self) -> str:
        """The table in SQL; what it holds is in `parameters`."""
        lists = ", ".join(f'unnest(${_PREFIX}{name}::{_type(name)}[]) AS "{name}"' for name in self._lists)
        return f"(SELECT {lists})"

    def parameters(self) -> dict[str, list[Any]]:
        """The columns, by the names of the parameters."""
        return {f"{_PREFIX}{name}": values for name, values in self._lists.items()}


def _type(name: str) -> str:
    return "BIGINT" if name == "seq" else sql_type(name)


def _values(column: Column | None, length: int) -> list[Any]:
    match column:
        case None:
            return [None] * length
        case KeyColumn(text, offsets):
            ends = memoryview(offsets).cast("i")
            return [text[ends[row] : ends[row + 1]].decode() for row in range(length)]
        case MomentColumn(text, width):
            return [text[row * width : (row + 1) * width].decode() for row in range(length)]
        case IntegerColumn(values, lowest):
            numbers = memoryview(values).cast("q")
            return [
                None if number == ABSENT_INT and row not in lowest else number for row, number in enumerate(numbers)
            ]
        case FloatColumn(values):
            return [None if isnan(number) else number for number in memoryview(values).cast("d")]
        case WordColumn(indexes, words):
            return [words[index] for index in (memoryview(indexes).cast("i") if column.is_wide else indexes)]
