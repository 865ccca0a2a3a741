"""Batches of columns as a stream that DuckDB scans in place, over Arrow's C interface.

The structures are filled in with `ctypes`: no library that is small enough makes dictionary arrays. Everything that
they point to is kept by the `BatchStream`, which outlives the query that reads it, so releasing them frees nothing.
Source of the layout: https://arrow.apache.org/docs/format/CDataInterface.html, CStreamInterface.html and
CDataInterface/PyCapsuleInterface.html.
"""

from __future__ import annotations

import ctypes
from array import array
from math import nan
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

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tachograph.columns import Column, ColumnBatch

_NULLABLE: Final = 2


class _Schema(ctypes.Structure):
    pass


class _Array(ctypes.Structure):
    pass


class _Stream(ctypes.Structure):
    pass


_ReleaseSchema = ctypes.CFUNCTYPE(None, ctypes.POINTER(_Schema))
_ReleaseArray = ctypes.CFUNCTYPE(None, ctypes.POINTER(_Array))
_ReleaseStream = ctypes.CFUNCTYPE(None, ctypes.POINTER(_Stream))
_GetSchema = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Schema))
_GetNext = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Array))
_GetLastError = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.POINTER(_Stream))

_Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_char_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.c_void_p),
    ("dictionary", ctypes.c_void_p),
    ("release", _ReleaseSchema),
    ("private_data", ctypes.c_void_p),
]
_Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.c_void_p),
    ("children", ctypes.c_void_p),
    ("dictionary", ctypes.c_void_p),
    ("release", _ReleaseArray),
    ("private_data", ctypes.c_void_p),
]
_Stream._fields_ = [
    ("get_schema", _GetSchema),
    ("get_next", _GetNext),
    ("get_last_error", _GetLastError),
    ("release", _ReleaseStream),
    ("private_data", ctypes.c_void_p),
]


def _forget_schema(schema: Any) -> None:
    schema.contents.release = _ReleaseSchema()


def _forget_array(filled: Any) -> None:
    filled.contents.release = _ReleaseArray()


def _forget_stream(stream: Any) -> None:
    stream.contents.release = _ReleaseStream()


_release_schema: Final = _ReleaseSchema(_forget_schema)
_release_array: Final = _ReleaseArray(_forget_array)
_release_stream: Final = _ReleaseStream(_forget_stream)
_new_capsule: Final = ctypes.pythonapi.PyCapsule_New
_new_capsule.restype = ctypes.py_object
_new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]


class BatchStream:
    """Batches as one Arrow stream, offered as often as it is asked for.

    Every batch has all columns that any of them has, each in the form that fits all, and `seq`: the rows' numbers,
    from `first_seq` on.
    """

    def __init__(self, batches: Sequence[ColumnBatch], first_seq: int) -> None:
        self._kept: list[Any] = []
        self.names = [name for name in COLUMNS if any(name in batch.columns for batch in batches)]
        self._exact = {name for batch in batches for name, column in batch.columns.items() if _has_lowest(column)}
        self._wide = {name for batch in batches for name, column in batch.columns.items() if _is_wide(column)}
        fields = [self._schema_of(name) for name in self.names]
        fields.append(self._make_schema(b"l", b"seq"))
        self._schema = self._make_schema(b"+s", b"", children=fields, flags=0)
        self._arrays: list[_Array] = []
        for batch in batches:
            children = [self._array_of(name, batch.columns.get(name), batch.length) for name in self.names]
            numbers = array("q", range(first_seq, first_seq + batch.length))
            children.append(self._make_array(batch.length, [None, numbers.tobytes()]))
            self._arrays.append(self._make_array(batch.length, [None], children=children))
            first_seq += batch.length

    def columns(self) -> dict[str, str]:
        """The stored columns that the stream fills, and the expression that makes the value of each."""
        expressions = {name: self._expression(name) for name in self.names if name != "moment"}
        if "moment" in self.names:
            moment = "epoch_us(CAST(moment AS TIMESTAMP))"
            expressions["ts"] = f"coalesce({expressions['ts']}, {moment})" if "ts" in expressions else moment
        return {**expressions, "seq": "seq"}

    def let_go(self) -> None:
        """Forgets the batches, which nobody reads any more: streams refer to them in circles that Python finds late."""
        self._kept.clear()
        self._arrays.clear()

    def _expression(self, name: str) -> str:
        kind = COLUMNS[name]
        if name == "success":
            return "CAST(success AS BOOLEAN)"
        if kind == "int64" and name not in self._exact:
            return f'nullif("{name}", {ABSENT_INT})'
        if kind == "float64":
            return f'CASE WHEN NOT isnan("{name}") THEN "{name}" END'
        return f'"{name}"'

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """A capsule with a new stream over the batches."""
        waiting = iter(self._arrays)

        def get_schema(_: Any, out: Any) -> int:
            ctypes.memmove(out, ctypes.byref(self._schema), ctypes.sizeof(_Schema))
            return 0

        def get_next(_: Any, out: Any) -> int:
            following = next(waiting, None)
            if following is None:
                out.contents.release = _ReleaseArray()  # the end
            else:
                ctypes.memmove(out, ctypes.byref(following), ctypes.sizeof(_Array))
            return 0

        def get_last_error(_: Any) -> None:
            return None

        stream = _Stream(
            _GetSchema(get_schema), _GetNext(get_next), _GetLastError(get_last_error), _release_stream, None
        )
        self._kept.append(stream)
        return _new_capsule(ctypes.addressof(stream), b"arrow_array_stream", None)

    def _schema_of(self, name: str) -> _Schema:
        key, kind = name.encode(), COLUMNS[name]
        if kind == "words":
            return self._make_schema(b"i" if name in self._wide else b"C", key, dictionary=self._make_schema(b"u", b""))
        return self._make_schema({"key": b"u", "int64": b"l", "float64": b"g"}[kind], key)

    def _array_of(self, name: str, column: Column | None, length: int) -> _Array:
        match column:
            case None:
                return self._absent(name, length)
            case KeyColumn(text, offsets):
                return self._make_array(length, [None, offsets, text])
            case MomentColumn(text, width):
                starts = array("i", range(0, length * width + 1, width))
                return self._make_array(length, [None, starts.tobytes(), text])
            case IntegerColumn(values, lowest):
                validity = _validity(values, lowest) if name in self._exact else None
                return self._make_array(length, [validity, values], null_count=-1 if validity else 0)
            case FloatColumn(values):
                return self._make_array(length, [None, values])
            case WordColumn(indexes, words):
                if name in self._wide and not column.is_wide:
                    indexes = array("i", list(indexes)).tobytes()
                return self._make_array(length, [None, indexes], dictionary=self._dictionary(words))

    def _absent(self, name: str, length: int) -> _Array:
        kind = COLUMNS[name]
        if kind == "words":
            width = 4 if name in self._wide else 1
            return self._make_array(length, [None, bytes(width * length)], dictionary=self._dictionary([None]))
        if kind == "key":
            return self._make_array(length, [bytes((length + 7) // 8), bytes(4 * length + 4), b""], null_count=length)
        if name in self._exact:
            return self._make_array(length, [bytes((length + 7) // 8), bytes(8 * length)], null_count=length)
        values = array("q", [ABSENT_INT]) if kind == "int64" else array("d", [nan])
        return self._make_array(length, [None, (values * length).tobytes()])

    def _dictionary(self, words: list[Any]) -> _Array:
        """The words, of which only the first may be nothing; truths are 'true' and 'false'."""
        encoded = [_text(word).encode() for word in words]
        offsets, end = array("i", [0]), 0
        for word in encoded:
            end += len(word)
            offsets.append(end)
        validity = bytearray(b"\xff" * ((len(words) + 7) // 8))
        if words[0] is None:
            validity[0] &= 0xFE
        buffers = [bytes(validity), offsets.tobytes(), b"".join(encoded)]
        return self._make_array(len(words), buffers, null_count=int(words[0] is None))

    def _make_schema(
        self,
        kind: bytes,
        name: bytes,
        *,
        children: Sequence[_Schema] = (),
        dictionary: _Schema | None = None,
        flags: int = _NULLABLE,
    ) -> _Schema:
        schema = _Schema(
            kind, name, None, flags, len(children), self._addresses(map(ctypes.addressof, children)),
            None if dictionary is None else ctypes.addressof(dictionary), _release_schema, None,
        )  # fmt: skip
        self._kept += [schema, kind, name]
        return schema

    def _make_array(
        self,
        length: int,
        buffers: Sequence[bytes | None],
        *,
        children: Sequence[_Array] = (),
        dictionary: _Array | None = None,
        null_count: int = 0,
    ) -> _Array:
        filled = _Array(
            length, null_count, 0, len(buffers), len(children), self._addresses(map(_address, buffers)),
            self._addresses(map(ctypes.addressof, children)),
            None if dictionary is None else ctypes.addressof(dictionary), _release_array, None,
        )  # fmt: skip
        self._kept += [filled, buffers]
        return filled

    def _addresses(self, each: Iterable[int | None]) -> int:
        """Where a list of addresses is."""
        listed = list(each)
        addresses = (ctypes.c_void_p * len(listed))(*listed)
        self._kept.append(addresses)
        return ctypes.addressof(addresses)


def _address(buffer: bytes | None) -> int | None:
    """Where the bytes are. What `ctypes.cast` gives refers to itself, and would keep them until Python sees it."""
    return None if buffer is None else ctypes.c_void_p.from_buffer(ctypes.c_char_p(buffer)).value


def _text(word: str | bool | None) -> str:  # noqa: FBT001 - a value
    if isinstance(word, bool):
        return "true" if word else "false"
    return "" if word is None else str(word)


def _is_wide(column: Column) -> bool:
    return isinstance(column, WordColumn) and column.is_wide


def _has_lowest(column: Column) -> bool:
    return isinstance(column, IntegerColumn) and bool(column.lowest)


def _validity(values: bytes, lowest: frozenset[int]) -> bytes:
    """A bit per value, the first one lowest, of whether it is there."""
    bits = bytearray((len(values) // 8 + 7) // 8)
    for row, value in enumerate(memoryview(values).cast("q")):
        if value != ABSENT_INT or row in lowest:
            bits[row // 8] |= 1 << row % 8
    return bytes(bits)
