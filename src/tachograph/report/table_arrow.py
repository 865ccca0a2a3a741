"""Tables as a stream of Arrow's, by nanoarrow: https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format."""

from __future__ import annotations

from array import array
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from tachograph.errors import TachographError
from tachograph.tables import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import BinaryIO

    from tachograph.tables import Columns, Kind

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LIBRARY: Final = "nanoarrow"


def write_arrow(columns: Columns, batches: Iterable[Sequence[Sequence[Any]]], stream: BinaryIO) -> None:
    """A batch for each of those of rows: whole numbers as int64, others as float64, moments in microseconds of UTC.

    Texts are UTF-8, and counts by name JSON. Raises `TachographError` where a number is beyond 64 bits, and without
    nanoarrow.
    """
    try:
        import nanoarrow  # noqa: PLC0415 - for those who want it
        from nanoarrow import ipc  # noqa: PLC0415
    except ImportError:
        raise TachographError(
            f"Arrow needs more than is installed: {_LIBRARY}", mend="pip install 'tachograph[export]'"
        ) from None
    types = {
        "time": nanoarrow.timestamp("us", timezone="UTC"),
        "whole": nanoarrow.int64(),
        "float": nanoarrow.float64(),
        "flag": nanoarrow.bool_(),
        "text": nanoarrow.string(),
        "counts": nanoarrow.string(),
    }
    schema = nanoarrow.struct({name: types[kind] for name, kind in columns})
    with ipc.StreamWriter.from_writable(stream) as writer:
        started = False
        for rows in chain(batches, [()]):  # without any rows, one batch of none
            if rows or not started:
                values = list(zip(*rows, strict=True)) or [()] * len(columns)
                arrays = [_column(each, kind, types[kind]) for (_, kind), each in zip(columns, values, strict=True)]
                batch = nanoarrow.c_array_from_buffers(schema, len(rows), [None], children=arrays)
                if started:
                    writer.write_array(batch)
                else:
                    writer.write_stream(batch)
                started = True


def microseconds(label: str) -> int:
    """Since 1970, of a moment in ISO 8601 with an offset."""
    return (datetime.fromisoformat(label) - _EPOCH) // _MICROSECOND


def _column(values: Sequence[Any], kind: Kind, type_: Any) -> Any:
    import nanoarrow  # noqa: PLC0415 - as above

    if kind in {"flag", "text", "counts"}:
        shown = [plain(value, kind) for value in values] if kind == "counts" else list(values)
        return nanoarrow.c_array(shown, type_)
    numbers = [None if value is None or kind != "time" else microseconds(value) for value in values]
    known = numbers if kind == "time" else values
    try:
        held = array("d" if kind == "float" else "q", [0 if value is None else value for value in known])
    except OverflowError:
        raise TachographError(
            "a number of the answer is beyond the 64 bits that this form has for it", mend="choose JSON or CSV"
        ) from None
    return nanoarrow.c_array_from_buffers(type_, len(values), [_validity(known), held], null_count=-1)


def _validity(values: Sequence[Any]) -> bytes | None:
    """A bit for each value that there is, the first one the lowest of its byte; None where there are all."""
    if None not in values:
        return None
    bits = bytearray((len(values) + 7) // 8)
    for place, value in enumerate(values):
        bits[place // 8] |= (value is not None) << place % 8
    return bytes(bits)
