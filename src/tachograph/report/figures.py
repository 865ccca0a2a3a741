"""Numbers for people. The exact ones are in the JSON form."""

from __future__ import annotations

import math
from typing import Final

_NONE: Final = "–"
_TIMES: Final = (("ms", 1, 1000), ("s", 1000, 60), ("min", 60_000, 60), ("h", 3_600_000, math.inf))
"""A unit, its milliseconds, and how many of it make one of the next."""
_THOUSANDS: Final = (("k", 1e3), ("M", 1e6), ("B", 1e9), ("T", 1e12))
_SIZES: Final = (("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12))
_LONG_HOURS: Final = 1e12


def count(number: int) -> str:
    """1234567 as 1,234,567."""
    return f"{number:,}"


def duration(ms: float | None) -> str:
    """Milliseconds in the unit that suits them; a dash for none, ∞ for a sum that no float holds."""
    if ms is None:
        return _NONE
    if not math.isfinite(ms):
        return "∞"
    unit, value = "ms", float(ms)
    for name, width, limit in _TIMES:
        unit, value = name, ms / width
        if abs(round(value, 1)) < limit and (name != "ms" or abs(round(value)) < limit):
            break
    if value == 0 or (unit == "ms" and abs(value) >= 10):
        return f"{value:.0f} {unit}"
    return f"{value:,.1f} {unit}" if abs(value) < _LONG_HOURS else f"{value:.1e} {unit}"


def tokens(number: int) -> str:
    """1234567 as 1.2M."""
    return _short(number, _THOUSANDS, "", "")


def dollars(usd: float) -> str:
    """12.345 as $12.35; what is less than a cent as $0.0012, and what is less than that as <$0.0001."""
    if usd == 0:
        return "$0"
    if usd < 0.00005:
        return "<$0.0001"
    return f"${usd:,.4f}" if usd < 0.00995 else f"${usd:,.2f}"


def size(number: int) -> str:
    """Bytes, in units of a thousand."""
    return _short(number, _SIZES, " ", " B")


def share(rate: float) -> str:
    """0.973 as 97.3 %; only all of them are 100 %, and only none are 0 %."""
    percent = min(max(rate * 100, 0.1), 99.9) if 0 < rate < 1 else rate * 100
    return f"{percent:.0f} %" if percent in {0, 100} else f"{percent:.1f} %"


def several(number: int, thing: str, things: str | None = None) -> str:
    """1 file, 2 files."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def _short(number: int, units: tuple[tuple[str, float], ...], space: str, plain: str) -> str:
    if abs(number) < 1000:
        return f"{number}{plain}"
    unit, width = units[0]
    for unit, width in units:  # noqa: B007 - the unit that was stopped at
        if abs(round(number / width, 1)) < 1000:
            break
    return f"{number / width:,.1f}{space}{unit}"
