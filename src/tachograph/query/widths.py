"""How long the windows of a dimension are: so many minutes, hours, days, weeks or months."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from tachograph.query.model import UNITS

_WIDTH: Final = re.compile(rf"(?:(\d{{1,9}}) +)?({'|'.join(UNITS)})s?", re.ASCII)
_MINUTES: Final = {"minute": 1, "hour": 60}
MINUTES_A_DAY: Final = 24 * 60


class Width(msgspec.Struct, frozen=True):
    """`count` units together are one window."""

    count: int
    unit: str

    @property
    def minutes(self) -> int | None:
        """How many minutes of the clock that is; None for days, weeks and months, which have no fixed number."""
        return self.count * _MINUTES[self.unit] if self.unit in _MINUTES else None

    @property
    def at_least_us(self) -> int:
        """No window is shorter than that, in microseconds, but for those that a clock change or a day's end cuts."""
        minutes = self.minutes or self.count * {"day": 1, "week": 7, "month": 28}[self.unit] * MINUTES_A_DAY
        return minutes * 60_000_000


def width(dimension: str) -> Width | None:
    """What "hour", "15 minutes" or "2 weeks" mean; None for a dimension that isn't a window.

    A width of 0 is one, and so is one of more minutes than a day has: whoever checks a query says so.
    """
    matched = _WIDTH.fullmatch(dimension)
    return Width(int(matched[1] or 1), matched[2]) if matched else None
