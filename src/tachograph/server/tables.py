"""Rows with columns of known kinds, as comma-separated values and as a stream of Arrow's."""

from __future__ import annotations

import json
from array import array
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.report.columns import Kind
from tachograph.report.csv_text import csv_text
from tachograph.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Table(msgspec.Struct, frozen=True):
    """Columns, each with the kind of its values, and rows with a value for each; None is no value."""

    columns: Sequence[tuple[str, Kind]]
    rows: Sequence[Sequence[Any]]


def as_csv(table: Table) -> bytes:
    """As the command line prints it; counts by name are JSON, and flags `true` or `false`."""
    plain = [_flat if kind in {"counts", "flag"} else _same for _, kind in table.columns]
    rows = ([show(value) for show, value in zip(plain, row, strict=True)] for row in table.rows)
    return csv_text([name for name, _ in table.columns], rows).encode()


def as_arrow(table: Table) -> bytes:
    """One batch: whole numbers as int64, others as float64, moments in microseconds of UTC, texts in UTF-8.

    Raises a 406 where a number is beyond 64 bits.
    """
    import nanoarrow  # noqa: PLC0415 - for those who want it
    from nanoarrow import ipc  # noqa: PLC0415

    types = {
        "time": nanoarrow.timestamp("us", timezone="UTC"),
        "whole": nanoarrow.int64(),
        "float": nanoarrow.float64(),
        "flag": nanoarrow.bool_(),
        "text": nanoarrow.string(),
        "counts": nanoarrow.string(),
    }
    schema = nanoarrow.struct({name: types[kind] for name, kind in table.columns})
    columns = list(zip(*table.rows, strict=True)) or [()] * len(table.columns)
    arrays = [_column(values, kind, types[kind]) for (_, kind), values in zip(table.columns, columns, strict=True)]
    batch = nanoarrow.c_array_from_buffers(schema, len(table.rows), [None], children=arrays)
    stream = BytesIO()
    with ipc.StreamWriter.from_writable(stream) as writer:
        writer.write_stream(batch)
    return stream.getvalue()


def _same(value: Any) -> Any:
    return value


def _flat(value: Any) -> str | None:
    return None if value is None else json.dumps(value)


def _microseconds(label: str) -> int:
    return (datetime.fromisoformat(label) - _EPOCH) // _MICROSECOND


def _column(values: Sequence[Any], kind: Kind, type_: Any) -> Any:
    import nanoarrow  # noqa: PLC0415 - as above

    if kind in {"flag", "text", "counts"}:
        show: Callable[[Any], Any] = _flat if kind == "counts" else _same
        return nanoarrow.c_array([show(value) for value in values], type_)
    numbers = [None if value is None or kind != "time" else _microseconds(value) for value in values]
    known = numbers if kind == "time" else values
    try:
        held = array("d" if kind == "float" else "q", [0 if value is None else value for value in known])
    except OverflowError:
        detail = "a number of the answer is beyond the 64 bits that this form has for it"
        raise Problem(HTTPStatus.NOT_ACCEPTABLE, detail, mend="accept application/json or text/csv") from None
    return nanoarrow.c_array_from_buffers(type_, len(values), [_validity(known), held], null_count=-1)


def _validity(values: Sequence[Any]) -> bytes | None:
    """A bit for each value that there is, the first one the lowest of its byte; None where there are all."""
    if None not in values:
        return None
    bits = bytearray((len(values) + 7) // 8)
    for place, value in enumerate(values):
        bits[place // 8] |= (value is not None) << place % 8
    return bytes(bits)
