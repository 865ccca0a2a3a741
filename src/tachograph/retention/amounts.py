"""Spans of time and sizes as people write them: 12h, 30d, 500MB, 2GiB."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

_AMOUNT: Final = re.compile(r"(\d{1,12}(?:\.\d{1,6})?) ?([A-Za-z]+)", re.ASCII)
_SECONDS: Final = {"min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_BYTES: Final = {
    "B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
}  # fmt: skip
_LONGEST: Final = timedelta(days=365_000)
SPANS_LIKE: Final = "a number with min, h, d or w, such as 12h or 30d"
SIZES_LIKE: Final = "a number with B, kB, MB, GB or TB, such as 500MB or 2GB"


def span(text: str) -> timedelta:
    """A span of time above 0 and up to a thousand years. Raises `ValueError` for anything else."""
    seconds = _amount(text, _SECONDS)
    if not 0 < seconds <= _LONGEST.total_seconds():
        raise ValueError(text)
    return timedelta(seconds=seconds)


def size(text: str) -> int:
    """A size in bytes, above 0. Raises `ValueError` for anything else."""
    amount = round(_amount(text, _BYTES))
    if amount <= 0:
        raise ValueError(text)
    return amount


def _amount(text: str, units: dict[str, int]) -> float:
    written = _AMOUNT.fullmatch(text.strip())
    if written is None or written[2] not in units:
        raise ValueError(text)
    return float(written[1]) * units[written[2]]
