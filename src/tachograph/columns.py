"""Metrics as columns: how parsers hand over what they read, without a Python object per metric further on.

A `ColumnBatch` holds, for each column that has any value, its values as bytes that cross a process boundary cheaply.
What is absent is marked by a value that doesn't occur, instead of by validity bits, and repeated strings are numbers
into a list of words: both because packing bits and joining strings were half of the cost of a bulk read.
Columns without any value are left out.
"""

from __future__ import annotations

import sys
from array import array
from itertools import accumulate
from math import isnan, nan
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ColumnKind = Literal["key", "words", "int64", "float64"]

COLUMNS: Final[dict[str, ColumnKind]] = {
    "id": "key",
    "moment": "key",  # a timestamp as text, where it isn't given as a number
    "ts": "int64",  # microseconds since 1970, UTC; absent while only the end of a call is known
    "ended_ts": "int64",  # when the result of a call came, likewise
    "type": "words",
    "session_id": "words",
    "user_id": "words",
    "tool_name": "words",
    "agent_id": "words",
    "agent_run_id": "words",
    "command_name": "words",
    "error_type": "words",
    "operation": "words",
    "hook_name": "words",
    "project_path": "words",
    "cwd": "words",  # where the agent worked: the session's project where no metric names one
    "model": "words",
    "success": "words",  # false or true
    "duration_ms": "float64",
    "token_count": "int64",
    "input_tokens": "int64",
    "output_tokens": "int64",
    "cache_read_tokens": "int64",
    "cache_write_tokens": "int64",
    "cache_write_1h_tokens": "int64",
    "reasoning_tokens": "int64",
    "cost_usd": "float64",
    "blocks": "words",  # of a reply: its lines and their characters while none ended it, `FINISHED` once one did
    "request": "int64",  # of a reply: the number of the request that it answers (`request_number`)
    "other_request": "int64",  # another one, where a copy of the reply names it
    "witness": "int64",  # how well it is known, where others may tell of the same under another id: see WITNESSES
    "extra": "words",  # JSON object: the keys of data that the engine doesn't know
    "metadata": "words",  # JSON object
    "other": "words",  # JSON object: unknown keys beside data
}
"""Every column of a metric on its way into the store, in order."""

FINISHED: Final = "."
"""What `blocks` says of a reply of which a line has said why it ended: that its counters are final."""

BY_REQUEST: Final = 0
"""The witness of a reply that is known by its request alone: it is the one with that request, once that is known."""
WITNESSES: Final = range(1, 4)
"""What was told without an id that others share: as an event (1), as a span (2), as a counter (3).

Of one session's metrics of one type only those of the best witnesses count; best are those without any such mark.
"""
_REQUESTS: Final = 2**61 - 1
_IS_HASH: Final = sys.hash_info.modulus == _REQUESTS
"""Whether Python's own hash of a number is the rest, as on all machines of 64 bits, and found without dividing."""

ABSENT_INT: Final = -(2**63)
"""What marks an absent integer. (No counter goes that low; a column that has it as a value all the same says where.)"""


_BYTE_WORDS: Final = 256


def request_number(request: str) -> int:
    """A number that stands for the name of a request: one of 2^61, as good as different for different names."""
    number = int.from_bytes(request.encode(), "big")
    return hash(number) if _IS_HASH else number % _REQUESTS


class KeyColumn(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Strings that are all there and mostly differ: the UTF-8 of all, and where each begins (int32, one more)."""

    text: bytes
    offsets: bytes


class WordColumn(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """For each row the position of its value in `words`: a byte each, or where there are more than 256 an int32."""

    indexes: bytes
    words: list[Any]

    @property
    def is_wide(self) -> bool:
        """Whether the positions are int32."""
        return len(self.words) > _BYTE_WORDS


class IntegerColumn(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Int64 values, of which `ABSENT_INT` stands for nothing, but for the rows in `lowest`, whose value it is."""

    values: bytes
    lowest: frozenset[int] = frozenset()


class FloatColumn(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Float64 values, of which NaN stands for nothing."""

    values: bytes


class MomentColumn(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """ISO 8601 strings that were found to be moments in UTC, `width` characters each."""

    text: bytes
    width: int


Column = KeyColumn | WordColumn | IntegerColumn | FloatColumn | MomentColumn


class ColumnBatch(msgspec.Struct, frozen=True):
    """So many metrics, as columns."""

    length: int
    columns: dict[str, Column]

    def words(self, name: str) -> list[Any]:
        """The different values of a column of words, None among them."""
        column = self.columns.get(name)
        return column.words if isinstance(column, WordColumn) else []


class ColumnBuilder:
    """Collects blocks of metrics into one batch; a column that a block lacks is absent for its rows.

    A block is so many calls of the `add_` methods and then one of `end_block`.
    """

    def __init__(self) -> None:
        self.length = 0
        self._key_texts: list[bytes] = []
        self._key_offsets = array("i", [0])
        self._words: dict[str, _Words] = {}
        self._combinations: dict[tuple[str, ...], dict[tuple[Any, ...], int]] = {}
        self._integers: dict[str, array[int]] = {}
        self._lowest: dict[str, set[int]] = {}
        """Rows whose value is the one that marks absence."""
        self._floats: dict[str, array[float]] = {}
        self._moments: int | None = None
        self._moment_texts: list[bytes] = []

    def add_keys(self, values: Sequence[str]) -> None:
        """The ids, which are all there and mostly differ."""
        text = "".join(values).encode()
        begin, width = self._key_offsets.pop(), len(values[0])
        if len(text) == width * len(values) and set(map(len, values)) == {width}:
            offsets: Iterable[int] = range(begin, begin + len(text) + 1, width)
        else:
            offsets = accumulate((len(value.encode()) for value in values), initial=begin)
        self._key_offsets.extend(offsets)
        self._key_texts.append(text)

    def add_words(self, name: str, values: Sequence[Any], absent: object = None) -> None:
        """Strings or booleans that mostly repeat; None and `absent` stand for nothing."""
        found = set(values)
        if found <= {None, absent}:
            return
        self._words_of(name).add(values, found, self.length, absent)

    def add_combined(self, columns: dict[str, Sequence[Any]]) -> None:
        """Columns of words of which few combinations occur, None where there is nothing.

        Rows are looked up once, by the combination; each column then follows from that at the speed of a byte.
        """
        rows = list(zip(*columns.values(), strict=True))
        known = self._combinations.setdefault(tuple(columns), {})
        try:
            indexes = bytes(map(known.__getitem__, rows))
        except (KeyError, ValueError):  # a new combination, or more than a byte counts
            for row in set(rows):
                known.setdefault(row, len(known))
            if len(known) > _BYTE_WORDS:
                for name, values in columns.items():
                    self.add_words(name, values)
                return
            indexes = bytes(map(known.__getitem__, rows))
        for name, values in zip(columns, zip(*known, strict=True), strict=True):
            found = set(values)
            if found != {None}:
                self._words_of(name).add_translated(indexes, values, found, self.length)

    def add_integers(self, name: str, values: Sequence[int | None]) -> None:
        """Integers of 64 bits; None and `ABSENT_INT` stand for nothing."""
        filled = _array("q", values, ABSENT_INT)
        if filled[0] != ABSENT_INT or filled.count(ABSENT_INT) != len(filled) or name in self._lowest:
            column = self._integers.setdefault(name, array("q"))
            _pad(column, self.length, ABSENT_INT)
            column += filled

    def add_floats(self, name: str, values: Sequence[float | None]) -> None:
        """Finite numbers; None and NaN stand for nothing."""
        filled = _array("d", values, nan)
        if not all(map(isnan, filled)):
            column = self._floats.setdefault(name, array("d"))
            _pad(column, self.length, nan)
            column += filled

    def takes_moments(self, width: int | None) -> bool:
        """Whether timestamps of so many characters (None: numbers) can be added to what is there already."""
        return self._moments == width or self.length == 0

    def add_moments(self, text: bytes, width: int) -> None:
        """Timestamps as text, all of so many characters, checked."""
        self._moments = width
        self._moment_texts.append(text)

    def add(self, name: str, values: Sequence[Any]) -> None:
        """A column of any kind; None, and in numbers `ABSENT_INT` and NaN, where there is nothing."""
        kind = COLUMNS[name]
        if kind == "key":
            self.add_keys(values)
        elif kind == "words":
            self.add_words(name, values)
        elif kind == "int64":
            self.add_integers(name, values)
        else:
            self.add_floats(name, values)

    def add_exact(self, name: str, values: Sequence[Any]) -> None:
        """A column of any kind, None and nothing else where there is nothing."""
        if COLUMNS[name] == "int64" and ABSENT_INT in values:
            rows = (self.length + row for row, value in enumerate(values) if value == ABSENT_INT)
            self._lowest.setdefault(name, set()).update(rows)
        self.add(name, values)

    def add_rows(self, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """A block from rows that all have the same few columns."""
        if rows:
            for name, values in zip(names, zip(*rows, strict=True), strict=True):
                self.add_exact(name, values)
            self.end_block(len(rows))

    def end_block(self, length: int) -> None:
        """Ends a block of so many rows."""
        self.length += length

    def batch(self) -> ColumnBatch:
        """All blocks as one batch."""
        columns: dict[str, Column] = {"id": KeyColumn(b"".join(self._key_texts), self._key_offsets.tobytes())}
        if self._moments is not None:
            columns["moment"] = MomentColumn(b"".join(self._moment_texts), self._moments)
        for name, words in self._words.items():
            columns[name] = words.column(self.length)
        for name, integers in self._integers.items():
            _pad(integers, self.length, ABSENT_INT)
            columns[name] = IntegerColumn(integers.tobytes(), frozenset(self._lowest.get(name, ())))
        for name, floats in self._floats.items():
            _pad(floats, self.length, nan)
            columns[name] = FloatColumn(floats.tobytes())
        return ColumnBatch(self.length, columns)

    def _words_of(self, name: str) -> _Words:
        words = self._words.get(name)
        if words is None:
            words = self._words[name] = _Words(self.length)
        return words


class _Words:
    """A column of words in the making; word 0 is nothing."""

    def __init__(self, length: int) -> None:
        self._positions: dict[Any, int] = {None: 0}
        self._indexes: bytearray | array[int] = bytearray(length)

    def add(self, values: Sequence[Any], found: set[Any], length: int, absent: object) -> None:
        if absent is not None:
            self._positions[absent] = 0
        self._make_room(found, length)
        if len(found) == 1:
            self._indexes.extend([self._positions[values[0]]] * len(values))
        else:
            self._indexes.extend(map(self._positions.__getitem__, values))

    def add_translated(self, indexes: bytes, values: Sequence[Any], found: set[Any], length: int) -> None:
        """Adds rows that are given as positions in `values`."""
        self._make_room(found, length)
        if isinstance(self._indexes, bytearray):
            table = bytes(self._positions[value] for value in values)
            self._indexes += indexes.translate(table.ljust(_BYTE_WORDS, b"\0"))
        else:
            self._indexes.extend(self._positions[values[index]] for index in indexes)

    def _make_room(self, found: set[Any], length: int) -> None:
        positions = self._positions
        for word in found:
            positions.setdefault(word, len(positions))
        if len(positions) > _BYTE_WORDS and isinstance(self._indexes, bytearray):
            self._indexes = array("i", list(self._indexes))
        _pad(self._indexes, length, 0)

    def column(self, length: int) -> WordColumn:
        _pad(self._indexes, length, 0)
        words: list[Any] = [None] * len(self._positions)
        for word, position in self._positions.items():
            if position:
                words[position] = word
        return WordColumn(bytes(self._indexes), words)


def _array(kind: str, values: Sequence[Any], absent: float) -> array[Any]:
    try:
        return array(kind, values)
    except TypeError:  # None is among them
        return array(kind, [absent if value is None else value for value in values])


def _pad(column: Any, length: int, absent: float) -> None:
    missing = length - len(column)
    if missing > 0:
        column.extend(array(column.typecode, [absent]) * missing if isinstance(column, array) else bytes(missing))


def add_dicts(builder: ColumnBuilder, rows: Sequence[dict[str, Any]]) -> None:
    """A block from rows as dictionaries, for sources with few metrics to many bytes."""
    for name in COLUMNS:
        if any(name in row for row in rows):
            builder.add_exact(name, [row.get(name) for row in rows])
    builder.end_block(len(rows))
