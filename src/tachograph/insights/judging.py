"""Is a day unusual beside the days before it? Of one measure of one project; pure functions of values."""

from __future__ import annotations

import math
from bisect import bisect_left
from datetime import timedelta
from statistics import median, quantiles
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.insights.events import Events, event_z
from tachograph.insights.robust import chance, modified_z, surprising

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from tachograph.insights.watched import Watched

PAST_DAYS: Final = 42
"""How many days before a day are its past: six weeks, which have 30 working days and 12 that are none."""
LEAST_PAST: Final = 10
"""Where fewer of those can be compared with, nothing is said."""
UNUSUAL_Z: Final = 3.5
"""Iglewicz and Hoaglin's threshold of the modified z-score."""
_LEAST_SPREAD: Final = 0.1
"""Days that differ by less than 10 % (in odds, for shares) are taken to differ by that."""
_STARTED: Final = 10
"""A logarithm is taken of an amount plus this part of what is usual, so that there is one of 0 too."""
_SATURDAY: Final = 5


class Point(msgspec.Struct, frozen=True):
    """A measure on one day: its value is `part`, or `part / whole` where there is a whole."""

    day: date
    part: float
    whole: float | None
    basis: int

    @property
    def value(self) -> float:
        """In the measure's unit; 0 where the whole is."""
        if self.whole is None:
            return self.part
        return self.part / self.whole if self.whole else 0.0


class Judgement(msgspec.Struct, frozen=True):
    """How unusual a day's value is."""

    point: Point
    past: tuple[Point, ...]
    """The days that it was compared with, in order."""
    usual: float
    """Their median."""
    low: float
    high: float
    """Eight of ten of them are between."""
    z: float
    """The modified z-score, above 0 for more than usual."""
    chance: float
    """How probable such a score is if nothing has changed."""
    is_unusual: bool
    """Whether the score is beyond the threshold and the change large enough to be told."""


def judge(watched: Watched, day: date, series: Sequence[Point]) -> Judgement | None:
    """Compares a day with its past in the series (which is in order). None if there is too little of either."""
    place = bisect_left(series, day, key=_day)
    if place == len(series) or series[place].day != day or not _counts(watched, series[place]):
        return None
    point = series[place]
    past = comparable(watched, day, series)
    if len(past) < LEAST_PAST:
        return None
    values = [one.value for one in past]
    usual = median(values)
    z = _score(watched, point, past)
    tenths = quantiles(values, n=10, method="inclusive")
    return Judgement(
        point, tuple(past), usual, tenths[0], tenths[-1], z, chance(z, len(past)),
        abs(z) >= UNUSUAL_Z and z * (point.value - usual) > 0 and _is_large(watched, point.value, usual),
    )  # fmt: skip


def surprises(judgements: Iterable[Judgement], false_share: float) -> list[Judgement]:
    """The unusual ones among all that were judged at once, of which no more than that share may be chance."""
    judged = list(judgements)
    limit = surprising([one.chance for one in judged], false_share)
    return [one for one in judged if one.is_unusual and one.chance <= limit]


def comparable(watched: Watched, day: date, series: Sequence[Point]) -> list[Point]:
    """The days of the past that a day is compared with.

    Only those on which anything happened. What depends on how much people work is compared with days of the same kind:
    Mondays to Fridays, or Saturdays and Sundays.
    """
    first = bisect_left(series, day - timedelta(days=PAST_DAYS), key=_day)
    return [
        one
        for one in series[first : bisect_left(series, day, key=_day)]
        if _counts(watched, one) and (not watched.needs_whole_days or _is_weekend(one.day) == _is_weekend(day))
    ]


def _day(point: Point) -> date:
    return point.day


def _counts(watched: Watched, point: Point) -> bool:
    """Whether there is enough behind a day's value; logs may also say of tokens what can't be."""
    possible = point.whole is None or (point.whole > 0 and 0 <= point.part <= point.whole)
    return possible and point.basis >= watched.least_basis


def _is_weekend(day: date) -> bool:
    return day.weekday() >= _SATURDAY


def _is_large(watched: Watched, value: float, usual: float) -> bool:
    """Whether a change is worth telling, however regular the past was."""
    smaller, larger = sorted((value, usual))
    return larger - smaller >= watched.least_change and larger >= smaller * watched.least_ratio


def _score(watched: Watched, point: Point, past: Sequence[Point]) -> float:
    if watched.kind in ("events", "rate"):
        by_chance = event_z(_events(point), [_events(one) for one in past])
        if watched.kind == "rate":
            return by_chance
        as_amount = amount_z(point.value, [one.value for one in past], watched.least_change)
        return min(by_chance, as_amount, key=abs)
    if watched.kind == "share":
        return modified_z(_log_odds(point), [_log_odds(one) for one in past], _LEAST_SPREAD)
    return amount_z(point.value, [one.value for one in past], watched.least_change)


def amount_z(value: float, past: Sequence[float], least_change: float) -> float:
    """The modified z-score of amounts, which differ by factors rather than by differences: of their logarithms.

    Each is added a tenth of what is usual (or of `least_change` where nothing is usual): Tukey's started logarithm,
    Exploratory Data Analysis (1977). The unit doesn't matter.
    """
    usual = median(past)
    start = (usual if usual > 0 else least_change) / _STARTED
    return modified_z(_log(value, start), [_log(one, start) for one in past], _LEAST_SPREAD)


def _log(value: float, start: float) -> float:
    return math.log(max(value, 0) + start)  # logs may say that something took less than no time


def _events(point: Point) -> Events:
    return Events(int(point.part), None if point.whole is None else int(point.whole))


def _log_odds(point: Point) -> float:
    assert point.whole is not None
    return math.log((point.part + 0.5) / (point.whole - point.part + 0.5))
