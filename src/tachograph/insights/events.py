"""How unusual a number of events is: errors among metrics, failures among calls, errors in a day. Pure functions.

A share of few things says little: one failure in two calls is no rate of 50 %. So each day's number is compared with
what chance alone makes of the past's rate, exactly, and then with how much more than chance the days differ anyway.
"""

from __future__ import annotations

import math
from itertools import count
from statistics import NormalDist, median
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.insights.robust import spread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NORMAL: Final = NormalDist()
_SMALLEST: Final = 1e-300
"""Chances below this are taken for it: 37 standard deviations."""
_NEGLIGIBLE: Final = 1e-17
"""A term so small beside the sum of those before it adds nothing to a float."""


class Events(msgspec.Struct, frozen=True):
    """So many of a day's things had it (`number`), of so many (`of`); None where they are counted by the day."""

    number: int
    of: int | None = None


def event_z(judged: Events, past: Sequence[Events]) -> float:
    """A z-score of a day's events beside those of past days, of which there is one at least.

    Every day is given the normal score of its exact chance (binomial, or Poisson for numbers in a day) at the past's
    rate; those of the past tell by their median and spread how far days differ beyond chance. Laney's p′ chart (Quality
    Engineering 14, 2002), with exact scores and a robust spread.
    """
    number = sum(day.number for day in past)
    of = None if judged.of is None else sum(day.of or 0 for day in past)
    rate = (number + 0.5) / (len(past) if of is None else of + 1)  # never 0: an event that never happened yet may
    scores = [normal_score(day, rate) for day in past]
    return (normal_score(judged, rate) - median(scores)) / max(spread(scores), 1.0)


def normal_score(day: Events, rate: float) -> float:
    """What a standard normal variable would be, were it as far out as so many events are at that rate.

    By the mid-p value: half of the chance of just so many belongs to either side. `rate` is above 0, and below 1 where
    events are of so many things.
    """
    expected = rate if day.of is None else rate * day.of
    if day.number >= expected:
        return -_NORMAL.inv_cdf(_tail(_chances(day, rate, 1)))
    return _NORMAL.inv_cdf(_tail(_chances(day, rate, -1)))


def _tail(chances: Iterator[float]) -> float:
    """The mid-p value: half of the first chance, and all of the others up to where they no longer count."""
    total = next(chances) / 2
    for one in chances:
        total += one
        if one <= total * _NEGLIGIBLE:
            break
    return min(max(total, _SMALLEST), 0.5)


def _chances(day: Events, rate: float, step: int) -> Iterator[float]:
    """The chances of so many events, of one more (or fewer, by the step), and so on: away from what is expected."""
    if day.of is None:
        numbers = count(day.number) if step > 0 else range(day.number, -1, -1)
        return (math.exp(k * math.log(rate) - rate - math.lgamma(k + 1)) for k in numbers)
    of = day.of
    ways, some, none = math.lgamma(of + 1), math.log(rate), math.log1p(-rate)
    return (
        math.exp(ways - math.lgamma(k + 1) - math.lgamma(of - k + 1) + k * some + (of - k) * none)
        for k in (range(day.number, of + 1) if step > 0 else range(day.number, -1, -1))
    )
