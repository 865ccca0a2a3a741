"""From words of a command line, or a line of JSON, to a metric that can be recorded."""

from __future__ import annotations

import json
import re
from difflib import get_close_matches
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

from tachograph.errors import TachographError
from tachograph.metric import DATA_FIELDS, INT64_MAX, METRIC_TYPES, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tachograph.metric import FieldKind

_KINDS: Final[dict[str, FieldKind]] = {field.name: field.kind for field in DATA_FIELDS}
_OWN: Final = ("session_id", "user_id", "id", "timestamp")
"""What a metric has beside its data."""
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,19}")
_NUMBER: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_TRUTHS: Final = {"true": True, "false": False}
_RIGHT: Final[dict[FieldKind, str]] = {
    "string": "a text",
    "integer": "an integer of 64 bits, such as 1200",
    "number": "a number, such as 412.5",
    "boolean": "true or false",
}
_TOP: Final = frozenset({*_OWN, "type", "data", "metadata"})

LINE_BYTES_MAX: Final = 32 << 20
"""More than the longest record takes, however its characters are escaped."""


class Given(NamedTuple):
    """A metric, of which the id and the moment may be left to the recorder."""

    type: str
    data: dict[str, Any]
    metadata: dict[str, Any]
    id: str | None = None
    timestamp: str | None = None
    session_id: str | None = None
    user_id: str | None = None


def metric_of_pairs(type: str, pairs: Sequence[str], metadata: Sequence[str]) -> Given:
    """The metric of a command line. Raises `TachographError` for what can't be one, naming the key and its value."""
    if type not in METRIC_TYPES:
        raise TachographError(f"there is no type of metric {type!r}", mend=_other_types(type))
    fields = _split(pairs, "a field is written")
    own = {name: fields.pop(name) or None for name in _OWN if name in fields}
    data = {name: _value(name, text) for name, text in fields.items()}
    free = {name: _free(text) for name, text in _split(metadata, "--metadata is written").items()}
    return Given(type, data, free, **own)


def metric_of_line(line: bytes) -> Given:
    """The metric of a line of JSON, whose fields the recorder checks. Raises `Refused` where it isn't an object."""
    if len(line) >= LINE_BYTES_MAX:
        raise Refused(f"the line is longer than {LINE_BYTES_MAX >> 20} MiB")
    try:
        top = json.loads(line)
    except RecursionError:
        raise Refused("nested too deeply") from None
    except ValueError as error:
        raise Refused(f"not JSON: {error}") from None
    if not isinstance(top, dict):
        raise Refused("not a JSON object")
    unknown = [name for name in top if name not in _TOP]
    if unknown:
        raise Refused(f"{unknown[0]!r} is no part of a metric: put it into 'data'")
    if not isinstance(top.get("type"), str):
        raise Refused("no type")
    return Given(**{name: value for name, value in top.items() if value is not None} | _payload(top))


def _payload(top: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    payload = {name: {} if top.get(name) is None else top[name] for name in ("data", "metadata")}
    for name, value in payload.items():
        if not isinstance(value, dict):
            raise Refused(f"{name} is not an object")
    return payload


def _other_types(type: str) -> str:
    close = get_close_matches(type, METRIC_TYPES, n=1)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(sorted(METRIC_TYPES))}"


def _split(pairs: Sequence[str], rule: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise TachographError(
                f"{pair!r} has no key" if equals else f"{pair!r} has no '='", mend=f"{rule} KEY=VALUE"
            )
        if name in found:
            raise TachographError(f"{name} is given twice", mend="leave one out")
        found[name] = text
    return found


def _value(name: str, text: str) -> Any:
    """A field as the contract wants it, or as JSON where the contract doesn't know it."""
    kind = _KINDS.get(name)
    if kind is None:
        return _free(text)
    if kind == "string":
        return text
    if kind == "boolean" and text.lower() in _TRUTHS:
        return _TRUTHS[text.lower()]
    if kind == "integer" and _INTEGER.fullmatch(text) and -INT64_MAX - 1 <= int(text) <= INT64_MAX:
        return int(text)
    if kind == "number" and _NUMBER.fullmatch(text) and isfinite(float(text)):
        return float(text)
    raise TachographError(f"{name}={text!r} is not {_RIGHT[kind].partition(',')[0]}", mend=f"give {_RIGHT[kind]}")


def _free(text: str) -> Any:
    """What the engine doesn't know: as JSON where it is such, else as the text itself."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return text


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)
