"""A record as a line of the log, or why it can't be one.

What is usual (names, numbers, truths) is looked over and encoded at once. Anything else is copied into plain JSON
values and its line read as the contract reads it (`metric.parse_line`): what a reader would refuse is refused here.
Half a character (a lone surrogate, as in a file name that isn't UTF-8) becomes the replacement character, because a
program can't help the names that it meets.
"""

from __future__ import annotations

from datetime import datetime
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.errors import BadRecord
from tachograph.metric import DATA_FIELDS, METRIC_TYPES, MetricType, Refused, aware, parse_line

if TYPE_CHECKING:
    from collections.abc import Mapping

LINE_BYTES_MAX: Final = 4 << 20
"""A longer record is refused: a metric is counters and names."""
_EXACT_MAX: Final = 2**53
"""The integers up to here are small enough that no sum of some of them is too large."""
_SCALARS: Final = frozenset({str, int, float, bool})
_KINDS: Final[dict[str, frozenset[type]]] = {
    "string": frozenset({str}),
    "integer": frozenset({int}),
    "number": frozenset({int, float}),
    "boolean": frozenset({bool}),
}
_KNOWN: Final = {field.name: _KINDS[field.kind] for field in DATA_FIELDS}
_FREE: Final[dict[str, frozenset[type]]] = {}
_NO_TEXT: Final = (str, type(None))
_TYPES: Final = (str, MetricType)
_SECONDS_MAX: Final = 1e300
"""Seconds beyond this are too many milliseconds for a float."""


class _Line(msgspec.Struct, omit_defaults=True, gc=False):
    id: str
    timestamp: str
    type: str
    session_id: str | None = None
    user_id: str | None = None
    data: dict[str, Any] = {}
    metadata: dict[str, Any] = {}


_encode: Final = msgspec.json.Encoder().encode


def line_of(
    id: str,
    timestamp: str,
    type: str,
    session_id: str | None,
    user_id: str | None,
    data: dict[str, Any],
    metadata: dict[str, Any],
) -> bytes:
    """The record's line, with its newline. Raises `BadRecord` where it can't be a metric; `timestamp` has to be one."""
    usual = (
        type.__class__ in _TYPES  # an unhashable one can't be looked up
        and type in METRIC_TYPES
        and id.__class__ is str
        and id != ""
        and _is_usual(data, _KNOWN)
        and (not metadata or _is_usual(metadata, _FREE))
        and session_id.__class__ in _NO_TEXT
        and user_id.__class__ in _NO_TEXT
    )
    if usual:
        try:
            line = _encode(_Line(id, timestamp, type, session_id, user_id, data, metadata))
        except UnicodeEncodeError:
            pass
        else:
            if b":null" not in line and len(line) < LINE_BYTES_MAX:  # as which the encoder writes NaN and infinities
                return line + b"\n"
    return exact_line(id, timestamp, type, session_id, user_id, data, metadata)


def exact_line(
    id: object,
    timestamp: object,
    type: object,
    session_id: object,
    user_id: object,
    data: Mapping[str, Any],
    metadata: Mapping[str, Any],
) -> bytes:
    """As `line_of`, of values of any kind, read again by the contract."""
    record = {
        "id": id, "timestamp": _stamp(timestamp), "type": type,
        "session_id": session_id, "user_id": user_id, "data": data, "metadata": metadata,
    }  # fmt: skip
    name = str(type)[:40]
    try:
        line = _encode({key: _plain(value, key) for key, value in record.items() if value is not None})
        parse_line(line)
    except Refused as refusal:
        raise _bad(str(refusal), name) from None
    except RecursionError:
        raise _bad("it is nested too deeply, or holds itself", name) from None
    if len(line) >= LINE_BYTES_MAX:
        raise _bad(f"it is longer than {LINE_BYTES_MAX >> 20} MiB", name)
    return line + b"\n"


def _is_usual(values: Mapping[str, Any], kinds: Mapping[str, frozenset[type]]) -> bool:
    for name, value in values.items():
        kind = value.__class__
        if kind not in kinds.get(name, _SCALARS) or name.__class__ is not str:
            return False
        if kind is int and not -_EXACT_MAX <= value <= _EXACT_MAX:
            return False
        if name == "duration_seconds" and value > _SECONDS_MAX:
            return False
    return True


def _plain(value: Any, where: str) -> Any:
    """A copy made of what JSON has, or raises `Refused`."""
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return _whole(value)
    if isinstance(value, int):
        if not -(2**63) <= value < 2**64:
            raise Refused(f"{where} does not fit in 64 bits")
        return int(value)
    if isinstance(value, float):
        if not isfinite(value):
            raise Refused(f"{where} is not a finite number")
        return float(value)
    if isinstance(value, dict):
        return {_key(name, where): _plain(part, f"{where}.{name}") for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part, where) for part in value]
    raise Refused(f"{where} is a {type(value).__name__}, which JSON doesn't have")


def _key(name: object, where: str) -> str:
    if not isinstance(name, str):
        raise Refused(f"{where} has a key that is no text: {name!r:.40}")
    return _whole(name)


def _whole(text: str) -> str:
    """The text, with the replacement character for each half of a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return str.__str__(text)


def _stamp(timestamp: object) -> object:
    return aware(timestamp).isoformat() if isinstance(timestamp, datetime) else timestamp


def _bad(what: str, type: str) -> BadRecord:
    return BadRecord(what, where=f"a record of type {type!r}", mend="mend the call that records it")
