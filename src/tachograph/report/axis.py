"""Where the lines of a chart's axis stand: at round values, from nothing to above the largest."""

from __future__ import annotations

import math
from typing import Final

_LINES: Final = 4
_ROUND: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_MS: Final = (
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000,
    600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 18_000_000, 36_000_000,
)  # fmt: skip
"""Steps of durations that are round in the units in which those are told."""


def lines(largest: float, *, is_duration: bool = False, is_whole: bool = False) -> list[float]:
    """The values of the lines, 0 the first; `largest` is positive and finite."""
    step = _step(largest / _LINES, is_duration=is_duration)
    if is_whole:
        step = max(1.0, step if step >= 10 else math.ceil(step))
    return [step * number for number in range(math.ceil(largest / step - 1e-9) + 1)]


def _step(least: float, *, is_duration: bool) -> float:
    """The smallest round step that is no smaller than that."""
    if is_duration and 1 <= least <= _MS[-1]:
        return float(next(step for step in _MS if step >= least))
    power = math.floor(math.log10(least))
    scale = 10.0**power
    return next((each * scale for each in _ROUND if each * scale >= least * (1 - 1e-9)), 10 * scale)
