"""What the readers of agents' JSON share: parts that may be missing or odd, and how a refusal is told."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

NOTHING: Final = msgspec.Raw(b"")
"""A part that isn't there. (A union of raw JSON and null would accept nothing but null.)"""
BAD_JSON: Final = (msgspec.DecodeError, UnicodeError, RecursionError)
"""What decoding raises for what isn't JSON, or has another shape than was asked for."""
_T = TypeVar("_T")


def told(decoder: msgspec.json.Decoder[_T], raw: msgspec.Raw) -> _T | None:
    """What a part of a record holds, or None where it isn't there or has another shape than the one counted."""
    if raw is NOTHING:
        return None
    try:
        return decoder.decode(raw)
    except BAD_JSON:
        return None


def reason_of(error: Exception) -> str:
    """Why JSON was refused, for people."""
    kind = "unknown shape" if isinstance(error, msgspec.ValidationError) else "not JSON"
    return f"{kind}: {str(error).removeprefix('JSON is malformed: ')[:200]}"
