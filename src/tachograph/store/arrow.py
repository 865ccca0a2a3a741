"""A batch of columns as a stream that DuckDB scans in place, over the Arrow C interface."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

import nanoarrow
from nanoarrow.c_array import c_array_from_buffers
from nanoarrow.c_array_stream import CArrayStream

from tachograph.columns import (
    ABSENT_INT,
    ColumnBatch,
    FloatColumn,
    IntegerColumn,
    KeyColumn,
    MomentColumn,
    WordColumn,
)

from tachograph.store.statements import sql_type

if TYPE_CHECKING:
    from tachograph.columns import Column


class BatchStream:
    """One batch, offered as an Arrow stream as often as it is asked for."""

    def __init__(self, batch: ColumnBatch) -> None:
        fields = {name: _array(column, batch.length) for name, column in batch.columns.items()}
        schema = nanoarrow.struct({name: kind for name, (kind, _) in fields.items()})
        children = [array for _, array in fields.values()]
        self._array = c_array_from_buffers(schema, batch.length, [None], children=children)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        stream = CArrayStream.from_c_arrays([self._array], self._array.schema)
        return stream.__arrow_c_stream__(requested_schema)


def select_list(batch: ColumnBatch) -> tuple[list[str], list[str], list[Any]]:
    """The batch's column names, the expression that gives each, and the parameters in order."""
    names: list[str] = []
    expressions: list[str] = []
    parameters: list[Any] = []
    for name, column in batch.columns.items():
        names.append(name)
        match column:
            case KeyColumn():
                expressions.append(f'"{name}"')
            case WordColumn(_, words):
                expressions.append(f'CAST(? AS {sql_type(name)}[])["{name}" + 1]')
                parameters.append(words)
            case IntegerColumn():
                expressions.append(f'nullif("{name}", {ABSENT_INT})')
            case FloatColumn():
                expressions.append(f'CASE WHEN NOT isnan("{name}") THEN "{name}" END')
            case MomentColumn(_, _, digits):
                expressions.append(f'epoch_us(CAST("{name}"[1:{digits}] AS TIMESTAMP))')
    return names, expressions, parameters


def _array(column: Column, length: int) -> tuple[Any, Any]:
    match column:
        case KeyColumn(text, offsets):
            kind, buffers = nanoarrow.string(), [None, offsets, text]
        case WordColumn(indexes, _):
            kind = nanoarrow.uint8() if len(indexes) == length else nanoarrow.int32()
            buffers = [None, indexes]
        case IntegerColumn(values):
            kind, buffers = nanoarrow.int64(), [None, values]
        case FloatColumn(values):
            kind, buffers = nanoarrow.float64(), [None, values]
        case MomentColumn(text, width, _):
            kind, buffers = nanoarrow.string(), [None, array("i", range(0, length * width + 1, width)), text]
    return kind, c_array_from_buffers(kind, length, buffers)
