"""What a condition can be put on, and which values each field takes when they are written as text."""

from __future__ import annotations

import re
from math import isfinite
from typing import Final, get_args

from tachograph.query.model import AMOUNTS, CLOCK, NAMES, Weekday

FIELDS: Final = (*NAMES, *CLOCK, *AMOUNTS)
WEEKDAYS: Final[tuple[str, ...]] = get_args(Weekday)
CLOCK_RANGES: Final = {"hour_of_day": range(24), "weekday": range(1, 8)}
NUMBERS_MAX: Final = 2**63 - 1
_NUMBER: Final = re.compile(r"[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,4})?")
_SHORTEST_DAY: Final = 3


def number(text: str) -> int | float:
    """A number as it is written, whole where it has no point and no exponent. Raises `ValueError` for what is none."""
    if _NUMBER.fullmatch(text) is None:
        raise ValueError(text)
    value = int(text) if re.fullmatch(r"[+-]?[0-9]+", text) else float(text)
    if not isfinite(value) or (isinstance(value, int) and abs(value) > NUMBERS_MAX):
        raise ValueError(text)
    return value


def clock_value(field: str, text: str) -> int:
    """An hour, or a weekday by its number or (at least three letters of) its name. Raises `ValueError` for others."""
    if field == "weekday" and len(text) >= _SHORTEST_DAY:
        for place, day in enumerate(WEEKDAYS, 1):
            if day.startswith(text.lower()):
                return place
    value = int(text) if re.fullmatch(r"[0-9]{1,2}", text) else -1
    if value not in CLOCK_RANGES[field]:
        raise ValueError(text)
    return value


def clock_values_like(field: str) -> str:
    """What a value of that field of the clock would be."""
    return "give 0 to 23" if field == "hour_of_day" else "give 1 for Monday to 7, or mon to sun"
