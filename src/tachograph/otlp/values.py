"""Values of attributes: numbers and booleans may come as strings, and what isn't sane is refused."""

from __future__ import annotations

import re
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.otlp.decoded import Refused, Row

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

Told = dict[str, Any]
"""Attributes that were asked for: strings, numbers and booleans; what is empty or of another kind is None."""

MOST_TOKENS: Final = 2**53
"""More than any request has, and few enough that sums of a few fit in 64 bits."""
LONGEST_MS: Final = 10**15
MOST_DOLLARS: Final = 10**9
_LONGEST_NAME: Final = 4096
_ATTRIBUTES_MAX: Final = 1024
_DIGITS_MAX: Final = 19
_NAMES: Final = frozenset(
    {
        "id", "session_id", "user_id", "tool_name", "agent_id", "agent_run_id", "command_name", "error_type",
        "operation", "hook_name", "project_path", "cwd", "model", "request_id",
    }
)  # fmt: skip
_WORD: Final = re.compile(r"[\w.:/+@-]{1,60}", re.ASCII)
_TITLE: Final = re.compile(r"[\w.:/+@-]{1,200}", re.ASCII)
_TRUE: Final = frozenset({1, "true", "True", "TRUE", "1"})
_FALSE: Final = frozenset({0, "false", "False", "FALSE", "0"})


def told(attributes: Sequence[KeyValue], wanted: Collection[str]) -> Told:
    """Those of the attributes that are wanted. Raises `Refused` where there are more than any agent gives."""
    if len(attributes) > _ATTRIBUTES_MAX:
        raise Refused(f"more than {_ATTRIBUTES_MAX:,} attributes")
    found: Told = {}
    for attribute in attributes:
        key = attribute.key
        if key in wanted:
            value = attribute.value
            found[key] = value.string_value or _other(value)
    return found


def _other(value: AnyValue) -> float | bool | None:
    kind = value.WhichOneof("value")
    if kind in ("int_value", "double_value", "bool_value"):
        number: float | bool = getattr(value, kind)
        return number
    return None


def count(value: Any, name: str) -> int | None:
    """So many; None where it isn't told."""
    if value.__class__ is int and 0 <= value <= MOST_TOKENS:
        return int(value)
    number = _number(value, name, MOST_TOKENS)
    if number is None:
        return None
    if number != int(number):
        raise Refused(f"{name} is no integer")
    return int(number)


def milliseconds(value: Any, name: str = "duration_ms") -> float | None:
    """A duration; None where it isn't told."""
    return _number(value, name, LONGEST_MS)


def dollars(value: Any, name: str = "cost_usd") -> float | None:
    """A cost; None where it isn't told."""
    return _number(value, name, MOST_DOLLARS)


def _number(value: Any, name: str, most: int) -> float | None:
    if value is None:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise Refused(f"{name} is no number") from None
    if value.__class__ is bool or not isfinite(number):
        raise Refused(f"{name} is no number")
    if not 0 <= number <= most:
        raise Refused(f"{name} is {'negative' if number < 0 else 'too large'}")
    return number


def flag(value: Any) -> bool | None:
    """An outcome; None where it isn't told, or can't be read as one."""
    if value in _TRUE:
        return True
    return False if value in _FALSE else None


def name(value: Any) -> str | None:
    """A name or an id; a number is its digits."""
    if value.__class__ is str or value is None:
        return value
    return None if value.__class__ is bool else str(value)


@lru_cache(4096)
def word(value: Any) -> str | None:
    """A word of the agent's own, such as `ENOENT`: what has a space in it may be a text, and is none."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else None


def shown(title: str) -> str:
    """A name of a service, a scope or a thing as it may be told: what has a space in it may be a text."""
    return title if _TITLE.fullmatch(title) else "(unnamed)"


def extra(told: Mapping[str, Any], keys: Iterable[tuple[str, str]]) -> str | None:
    """Counters, flags and words that the engine doesn't know, as JSON: `keys` are attributes and what they become."""
    found = {}
    for attribute, key in keys:
        value = told.get(attribute)
        kept = _kept(value) if value.__class__ is str else value
        if kept is not None and not (kept.__class__ is float and not isfinite(kept)):
            found[key] = kept
    return msgspec.json.encode(found).decode() if found else None


@lru_cache(4096)
def _kept(text: str) -> int | str | None:
    return int(text) if text.isdecimal() and text.isascii() and len(text) < _DIGITS_MAX else word(text)


def finished(row: Row) -> Row:
    """The row without what isn't told. Raises `Refused` where a name is longer than any: it is never cut."""
    kept: Row = {}
    for key, value in row.items():
        if value is None:
            continue
        if key in _NAMES:
            if value.__class__ is not str:
                value = name(value)  # noqa: PLW2901 - the value is the same, as a name
                if value is None:
                    continue
            if len(value) > _LONGEST_NAME:
                raise Refused(f"{key} is longer than {_LONGEST_NAME:,} characters")
        kept[key] = value
    return kept
