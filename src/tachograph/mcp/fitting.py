"""Answers as texts of a bounded length: an agent reads all of what it is given, and pays for it.

What doesn't fit are the last rows, and the answer says how many were left out. Names come from logs: they are
shortened, and nothing in them is invisible.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final

from tachograph.report.printable import printable
from tachograph.report.shortening import shortened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CHARACTERS_MAX: Final = 25_000
_NAME_MAX: Final = 160
_DECIMALS: Final = 6
_KEYS_MAX: Final = 60


def fitted(document: Mapping[str, Any], rows_of: str = "rows", most: int = CHARACTERS_MAX) -> str:
    """The document as JSON of so many characters at most; `rows_of` is the list of which the end may be left out."""
    plain = _plain(document)
    rows: Sequence[Any] = plain.get(rows_of) or []
    text = _text(plain)
    if len(text) <= most:
        return text
    low, high = 0, len(rows)
    while low < high:  # how many rows fit
        middle = (low + high + 1) // 2
        if len(_text(_cut(plain, rows_of, middle))) <= most:
            low = middle
        else:
            high = middle - 1
    text = _text(_cut(plain, rows_of, low))
    if len(text) <= most:
        return text
    return _text(
        {"trouble": f"the answer is longer than {most:,} characters", "mend": "ask for less: narrow the range"}
    )


def _cut(document: Mapping[str, Any], rows_of: str, number: int) -> dict[str, Any]:
    rows = document.get(rows_of) or []
    told = (
        f"{len(rows) - number} of {len(rows)} {rows_of} did not fit: narrow the question, or give a limit and an order"
    )
    return {**document, rows_of: rows[:number], "left_out": told}


def _text(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    """The value with short names and numbers."""
    if isinstance(value, str):
        return shortened(printable(value), _NAME_MAX)
    if isinstance(value, float):
        return round(value, _DECIMALS) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {shortened(printable(str(key)), _KEYS_MAX): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
