"""The metrics log: the engine's own format, which any program may write (`metric.py` says what a line is).

Whole blocks are decoded at once into typed structs and turned into columns; a block that holds anything but good
lines is read again line by line by `metric.parse_line`, which decides what is refused and why. The keys that occur are
learned from the decoder's complaint about the first of each, because a log has few of those that there are; from then
on they are decoded as what they are, those that the engine doesn't know as raw JSON.
"""

from __future__ import annotations

import re
from datetime import date
from math import inf, isnan, nan
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeGuard

import msgspec

from tachograph.columns import ABSENT_INT, ColumnBatch, ColumnBuilder, add_dicts
from tachograph.metric import (
    ADDED_TOKEN_KINDS,
    DATA_FIELDS,
    INT64_MAX,
    ParsedLine,
    Refused,
    microseconds,
    parse_line,
)
from tachograph.sources.decoding import BAD_JSON
from tachograph.sources.protocol import LineProblem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tachograph.sources.protocol import Block

_UNKNOWN_KEY: Final = re.compile(
    r"Object contains unknown field `(.*)` - at `\$(\[(?:\d+|\.\.\.)\])?(\.data)?`", re.DOTALL
)
_CAN_BE_NAMED: Final = re.compile(r'[^"\\\x00-\x1f]*')
_LEARNED_KEYS_MAX: Final = 48
_DIGITS_TO_ZERO: Final = bytes.maketrans(b"123456789", b"000000000")
_SHAPES: Final = frozenset(
    f"0000-00-00T00:00:00{fraction}{zone}".encode() for fraction in ("", ".000", ".000000") for zone in ("Z", "+00:00")
)
"""The commonest shapes of a timestamp in UTC."""
_UTC_ZONES: Final = (b"Z", b"+00:00")
_ZERO, _TWO, _THREE, _FIVE = b"0235"

_Type = Literal[
    "session_start",
    "session_end",
    "tool_use",
    "agent_execution",
    "checkpoint_created",
    "hook_triggered",
    "command_executed",
    "error_occurred",
    "token_usage",
    "performance",
]
_Int64 = Annotated[int, msgspec.Meta(ge=-INT64_MAX, le=INT64_MAX)]
_FIELD_TYPES: Final[dict[str, tuple[Any, Any]]] = {
    "string": (str | None, None),
    "integer": (_Int64 | None, ABSENT_INT),
    "number": (float | None, nan),
    "boolean": (bool | None, None),
}
"""The type of each kind of field and what stands for its absence, so that most columns need no second pass."""
_NAMES: Final = (
    "tool_name", "agent_id", "command_name", "error_type", "operation", "hook_name", "model", "success",
)  # fmt: skip
"""Fields of few values, of which few combinations occur."""
_DATA_TYPES: Final = {field.name: _FIELD_TYPES[field.kind] for field in DATA_FIELDS}


class _NotPlain(Exception):  # noqa: N818 - a signal inside this module
    """The block isn't made of good lines alone."""


class MetricsLogReader:
    """Reads blocks into columns, block by block, or line by line where a block has a bad line."""

    def __init__(self) -> None:
        self._decoder = _BlockDecoder()
        self._builder = ColumnBuilder()
        self._full: list[ColumnBatch] = []

    @property
    def waiting(self) -> int:
        """How many rows wait."""
        return self._builder.length + sum(batch.length for batch in self._full)

    def read(self, path: str, blocks: Iterable[Block]) -> Iterator[LineProblem]:
        """Takes in blocks, and tells the lines that it refuses."""
        del path
        for block in blocks:
            try:
                columns = self._decoder.decode(block.lines, block.newlines())
            except _NotPlain:
                rows, problems = _line_by_line(block)
                self._make_room_for(None)
                add_dicts(self._builder, rows)
                yield from problems
            else:
                self._make_room_for(columns.moments)
                columns.add_to(self._builder)

    def take(self) -> list[ColumnBatch]:
        """What waits; as one batch, unless the shapes of the timestamps differ."""
        self._finish()
        batches, self._full = self._full, []
        return batches

    def _make_room_for(self, moments: _Moments | None) -> None:
        if not self._builder.takes_moments(moments.width if moments else None):
            self._finish()

    def _finish(self) -> None:
        if self._builder.length:
            self._full.append(self._builder.batch())
            self._builder = ColumnBuilder()


def _line_by_line(block: Block) -> tuple[list[dict[str, Any]], list[LineProblem]]:
    rows: list[dict[str, Any]] = []
    problems: list[LineProblem] = []
    for number, offset, line in block.numbered_lines():
        try:
            rows.append(_row(parse_line(line)))
        except Refused as refusal:
            problems.append(LineProblem(number, offset, str(refusal)))
    return rows, problems


def _row(parsed: ParsedLine) -> dict[str, Any]:
    row = dict(parsed.fields)
    extra = {name: bytes(raw) for name, raw in parsed.extra.items()}
    seconds = row.pop("duration_seconds", None)
    if seconds is not None:
        row.setdefault("duration_ms", seconds * 1000)
        extra["duration_seconds"] = msgspec.json.encode(seconds)
    added = [row[name] for name in ADDED_TOKEN_KINDS if name in row]
    if added:
        row.setdefault("token_count", sum(added))
    row.update(id=parsed.id, ts=parsed.ts, type=parsed.type, session_id=parsed.session_id, user_id=parsed.user_id)
    row.update(extra=_object_text(extra), metadata=_raw_text(parsed.metadata), other=_raw_text(parsed.other))
    return row


def _raw_text(values: Mapping[str, msgspec.Raw] | None) -> str | None:
    return _object_text({name: bytes(raw) for name, raw in values.items()}) if values else None


def _object_text(values: Mapping[str, bytes]) -> str | None:
    """The JSON text of an object whose values are JSON texts already."""
    if not values:
        return None
    members = (msgspec.json.encode(name) + b":" + text for name, text in values.items())
    return (b"{" + b",".join(members) + b"}").decode()


class _BlockDecoder:
    """Decodes blocks of good lines, and learns unknown keys as it meets them."""

    def __init__(self) -> None:
        self._known: list[str] = []
        self._data_keys: list[str] = []
        self._top_keys: list[str] = []
        self._build()

    def _build(self) -> None:
        data_type = msgspec.defstruct(
            "Data",
            [(name, *_DATA_TYPES[name]) for name in self._known] + _raw_fields(self._data_keys),
            rename=_renaming(self._data_keys),
            forbid_unknown_fields=True,
            gc=False,
        )
        line_type = msgspec.defstruct(
            "Line",
            [
                ("id", str),
                ("timestamp", str),
                ("type", _Type),
                ("session_id", str | None, None),
                ("user_id", str | None, None),
                ("data", data_type | None, None),
                ("metadata", dict[str, msgspec.Raw] | None, None),
                *_raw_fields(self._top_keys),
            ],
            rename=_renaming(self._top_keys),
            forbid_unknown_fields=True,
            gc=False,
        )
        self._empty = data_type()
        self._decode_lines = msgspec.json.Decoder(line_type).decode_lines

    def decode(self, block: bytes, count: int) -> _BlockColumns:
        """The block's metrics, checked, or raises `_NotPlain`."""
        lines = self._lines(block, count)
        ids, stamps, types, sessions, users, payloads, metadata, *others = _transposed(lines)
        if "" in ids:
            raise _NotPlain
        values = _transposed([payload or self._empty for payload in payloads])
        known: dict[str, Sequence[Any]] = dict(zip(self._known, values, strict=False))
        extras = dict(zip(self._data_keys, values[len(self._known) :], strict=True))
        seconds = known.pop("duration_seconds", None)
        if seconds is not None and _any_value(seconds, nan):
            known["duration_ms"] = _durations(known.get("duration_ms"), seconds)
            extras = {"duration_seconds": _numbers(seconds), **extras}
        known.update(_token_counts(known))
        names: dict[str, Sequence[Any]] = {name: known.pop(name) for name in _NAMES if name in known}
        names["type"] = types
        moments = _moments(stamps)
        if moments is None:
            known["ts"] = _timestamps(stamps)
        texts = {
            "extra": _texts(extras),
            "metadata": [_checked(_raw_text(value)) for value in metadata] if any(metadata) else None,
            "other": _texts(dict(zip(self._top_keys, others, strict=True))),
        }
        known.update({name: column for name, column in texts.items() if column is not None})
        return _BlockColumns(ids, moments, sessions, users, names, known)

    def _lines(self, block: bytes, count: int) -> list[Any]:
        if b"\r" in block:
            block = block.replace(b"\r\n", b"\n")
        one_object_a_line = block.startswith(b"{") and block.endswith(b"}\n") and block.count(b"}\n{") == count - 1
        if not one_object_a_line or not _is_utf8(block):
            raise _NotPlain
        while True:
            try:
                lines: list[Any] = self._decode_lines(block)
            except msgspec.ValidationError as error:
                self._learn(str(error))
            except BAD_JSON:
                raise _NotPlain from None
            else:
                if len(lines) != count:
                    raise _NotPlain
                return lines

    def _learn(self, complaint: str) -> None:
        found = _UNKNOWN_KEY.fullmatch(complaint)
        if found and found[3] and found[1] in _DATA_TYPES:
            self._known.append(found[1])
            self._build()
            return
        keys = self._data_keys if found and found[3] else self._top_keys
        if (
            not found
            or found[1] in keys
            or not _CAN_BE_NAMED.fullmatch(found[1])
            or len(self._data_keys) + len(self._top_keys) >= _LEARNED_KEYS_MAX
        ):
            raise _NotPlain
        keys.append(found[1])
        self._build()


def _raw_fields(keys: Sequence[str]) -> list[tuple[str, Any, Any]]:
    return [(f"raw_{index}", msgspec.Raw, None) for index in range(len(keys))]


def _renaming(keys: Sequence[str]) -> dict[str, str]:
    return {f"raw_{index}": key for index, key in enumerate(keys)}


def _transposed(structs: Sequence[Any]) -> list[Sequence[Any]]:
    return list(zip(*map(msgspec.structs.astuple, structs), strict=True))


def _is_utf8(block: bytes) -> bool:
    if block.isascii():
        return True
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True


def _any_value(column: Sequence[Any], absent: object = None) -> bool:
    return column.count(absent) != len(column)


class _Moments(msgspec.Struct, frozen=True):
    """The timestamps of a block as text, where all have one of the commonest shapes, and their width."""

    width: int
    text: bytes


class _BlockColumns(msgspec.Struct, frozen=True):
    """A block's metrics, checked, on their way into a batch."""

    ids: Sequence[str]
    moments: _Moments | None
    sessions: Sequence[str | None]
    users: Sequence[str | None]
    names: dict[str, Sequence[Any]]
    others: dict[str, Sequence[Any]]

    def add_to(self, builder: ColumnBuilder) -> None:
        """Adds the block to a batch."""
        builder.add_keys(self.ids)
        if self.moments:
            builder.add_moments(self.moments.text, self.moments.width)
        builder.add_words("session_id", self.sessions, absent="")
        builder.add_words("user_id", self.users, absent="")
        builder.add_combined(self.names)
        for name, column in self.others.items():
            builder.add(name, column)
        builder.end_block(len(self.ids))


def _moments(stamps: Sequence[str]) -> _Moments | None:
    """The timestamps as text for the engine to convert, where all are moments in one of the commonest shapes."""
    text = "".join(stamps).encode()
    width = len(stamps[0])
    shape = text[:width].translate(_DIGITS_TO_ZERO)
    zone = text[19:width].lstrip(b".0123456789")
    if shape not in _SHAPES or zone not in _UTC_ZONES or text.translate(_DIGITS_TO_ZERO) != shape * len(stamps):
        return None
    offsets = (
        text[position::width].count(b"0") for position in range(width - len(zone), width) if shape[position] == _ZERO
    )
    in_utc = all(zeros == len(stamps) for zeros in offsets)
    return _Moments(width, text) if in_utc and _are_moments(text, width, stamps) else None


def _timestamps(stamps: Sequence[str]) -> list[int]:
    try:
        return list(map(microseconds, stamps))
    except ValueError:
        raise _NotPlain from None


def _are_moments(text: bytes, width: int, stamps: Sequence[str]) -> bool:
    """Whether strings of one shape name days that exist and times of day below 24:00:00, column by column."""
    if max(text[14::width]) > _FIVE or max(text[17::width]) > _FIVE:
        return False
    if any(
        (tens == _TWO and ones > _THREE) or tens > _TWO
        for tens, ones in set(zip(text[11::width], text[12::width], strict=True))
    ):
        return False
    try:
        for day in {stamp[:10] for stamp in stamps}:
            date.fromisoformat(day)
    except ValueError:
        return False
    return True


def _durations(milliseconds: Sequence[float | None] | None, seconds: Sequence[float | None]) -> list[float | None]:
    if milliseconds is None:
        milliseconds = [None] * len(seconds)
    durations = [
        ms if _is_there(ms) else s * 1000 if _is_there(s) else None for ms, s in zip(milliseconds, seconds, strict=True)
    ]
    if inf in durations or -inf in durations:
        raise _NotPlain
    return durations


def _is_there(value: float | None) -> TypeGuard[float]:
    return value is not None and not isnan(value)


def _token_counts(known: Mapping[str, Sequence[int | None]]) -> dict[str, Sequence[int | None]]:
    """The stated counts, and where there is none the sum of the kinds; nothing where no kind is there."""
    kinds = [known[name] for name in ADDED_TOKEN_KINDS if name in known and _any_value(known[name], ABSENT_INT)]
    if not kinds:
        return {}
    stated = known.get("token_count") or [None] * len(kinds[0])
    counts: list[int | None] = []
    for count, values in zip(stated, zip(*kinds, strict=True), strict=True):
        if count is None or count == ABSENT_INT:
            present = [value for value in values if value is not None and value != ABSENT_INT]
            total = sum(present) if present else None
            if total is not None and abs(total) > INT64_MAX:
                raise _NotPlain
            counts.append(total)
        else:
            counts.append(count)
    return {"token_count": counts}


def _numbers(column: Sequence[float | None]) -> Sequence[bytes | None]:
    return [msgspec.json.encode(value) if _is_there(value) else None for value in column]


def _texts(columns: Mapping[str, Sequence[bytes | msgspec.Raw | None]]) -> Sequence[str | None] | None:
    """Of each row the JSON object of what it has under these keys, if any; such keys are rare, so sparsely."""
    members: dict[int, dict[str, bytes]] = {}
    length = 0
    for key, column in columns.items():
        length = len(column)
        if _any_value(column):
            for index in [index for index, raw in enumerate(column) if raw is not None]:
                members.setdefault(index, {})[key] = bytes(column[index])  # type: ignore[arg-type]
    if not members:
        return None
    texts: list[str | None] = [None] * length
    for index, values in members.items():
        texts[index] = _checked(_object_text(values))
    return texts


def _checked(text: str | None) -> str | None:
    """A JSON text, once it is sure that every number in it is one."""
    if text is not None:
        try:
            msgspec.json.decode(text)
        except BAD_JSON:
            raise _NotPlain from None
    return text
