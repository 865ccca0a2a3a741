"""Frames of rows as one machine sends them to another: the form of a journal, and nothing in it is believed.

What is wrong with a column would only show where it is read through bare pointers, so all of it is checked here.
"""

from __future__ import annotations

from array import array
from itertools import pairwise
from math import isfinite, isnan
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.columns import (
    ABSENT_INT,
    COLUMNS,
    FloatColumn,
    IntegerColumn,
    KeyColumn,
    MomentColumn,
    WordColumn,
)
from tachograph.errors import TachographError
from tachograph.metric import FIRST_US, INT64_MAX, LAST_US, MetricType, microseconds
from tachograph.store.journal import Rows, read_frames

if TYPE_CHECKING:
    from tachograph.columns import Column

FRAMES: Final = "application/vnd.tachograph.frames"
"""What the body of a request is that holds them."""
_NAME_MAX: Final = 200
_TEXT_MAX: Final = 65_536
_MOMENT_MAX: Final = 40
_COUNTER_MAX: Final = 2**60
_TYPES: Final = frozenset(MetricType)
_DECODER: Final = msgspec.msgpack.Decoder(Rows)
_BOUNDS: Final = {"ts": (FIRST_US, LAST_US), "ended_ts": (FIRST_US, LAST_US)}
_NOT_NEGATIVE: Final = frozenset(name for name, kind in COLUMNS.items() if kind == "int64" and name.endswith("_tokens"))


class BadFrames(TachographError):  # noqa: N818 - the names of errors read as sentences
    """What was sent isn't rows of metrics."""


def rows_of(body: bytes, most: int) -> list[Rows]:
    """The frames of a body, which may take `most` bytes decompressed. Raises `BadFrames`."""
    try:
        found = read_frames(body, _DECODER, most)
    except ValueError as error:
        raise BadFrames(str(error)) from None
    return [_without_texts(_checked(rows)) for rows in found]


def _checked(rows: Rows) -> Rows:
    if not 0 < rows.length <= most_rows(rows):
        raise BadFrames("a frame has no rows, or not as many as it says")
    if not 0 < len(rows.source) <= _NAME_MAX or (rows.user is not None and not 0 < len(rows.user) <= _NAME_MAX):
        raise BadFrames("a frame's source or user can't be one")
    if "id" not in rows.columns or "type" not in rows.columns:
        raise BadFrames("rows have no ids, or no types")
    for name, column in rows.columns.items():
        kind = COLUMNS.get(name)
        if kind is None:
            what = f"there is no column {name[:40]!r}: it was made by a newer version"
            raise BadFrames(what, mend="update the server")
        try:
            good = _is_good(name, kind, column, rows.length)
        except (ValueError, IndexError, TypeError, UnicodeError):
            good = False
        if not good:
            raise BadFrames(f"the column {name} isn't as it should be")
    return rows


def _without_texts(rows: Rows) -> Rows:
    """With moments as numbers, as only we know how to read each form of them."""
    column = rows.columns.get("moment")
    if not isinstance(column, MomentColumn):
        return rows
    text, width = column.text.decode("ascii"), column.width
    try:
        told = [microseconds(text[at : at + width]) for at in range(0, len(text), width)]
    except ValueError as error:
        raise BadFrames(f"a moment can't be read: {error}") from None
    values = array("q", told)
    columns = {name: other for name, other in rows.columns.items() if name != "moment"}
    return msgspec.structs.replace(rows, columns=columns | {"ts": IntegerColumn(values.tobytes())})


def most_rows(rows: Rows) -> int:
    """As many rows as the ids of a frame can be for, at most."""
    column = rows.columns.get("id")
    return len(column.offsets) // 4 - 1 if isinstance(column, KeyColumn) else 0


def _is_good(name: str, kind: str, column: Column, length: int) -> bool:
    """Whether a column is of the kind that its name says, and whole."""
    match column:
        case KeyColumn():
            return kind == "key" and name == "id" and _good_keys(column, length)
        case WordColumn():
            return kind == "words" and _good_words(name, column, length)
        case IntegerColumn():
            return kind == "int64" and _good_integers(name, column, length)
        case FloatColumn(values):
            told = array("d", values)
            return kind == "float64" and len(told) == length and all(isfinite(one) or isnan(one) for one in told)
        case MomentColumn(text, width):
            return name == "moment" and 0 < width <= _MOMENT_MAX and len(text) == width * length


def _good_keys(column: KeyColumn, length: int) -> bool:
    offsets, text = array("i", column.offsets), column.text
    text.decode()
    return (
        len(offsets) == length + 1
        and offsets[0] == 0
        and offsets[-1] == len(text)
        and all(begin < end <= begin + _TEXT_MAX for begin, end in pairwise(offsets))
        and not any(text[offset] & 0xC0 == 0x80 for offset in offsets[:-1])  # within a character
    )


def _good_words(name: str, column: WordColumn, length: int) -> bool:
    indexes = array("i", column.indexes) if column.is_wide else column.indexes
    words = column.words
    wanted = bool if name == "success" else str
    return (
        len(indexes) == length
        and min(indexes) >= 0
        and max(indexes) < len(words)
        and all(word is None or (isinstance(word, wanted) and _is_short(word)) for word in words)
        and (name != "type" or all(words[index] in _TYPES for index in set(indexes)))
        and len(set(words)) == len(words)
    )


def _is_short(word: object) -> bool:
    return not isinstance(word, str) or len(word.encode()) <= _TEXT_MAX


def _good_integers(name: str, column: IntegerColumn, length: int) -> bool:
    values = array("q", column.values)
    told = [value for value in values if value != ABSENT_INT]
    least, most = _BOUNDS.get(name, (0, _COUNTER_MAX) if name in _NOT_NEGATIVE else (ABSENT_INT, INT64_MAX))
    return (
        len(values) == length
        and all(least <= value <= most for value in told)
        and all(0 <= row < length for row in column.lowest)
    )
