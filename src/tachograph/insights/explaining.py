"""Which groups explain that a day was unusual, beside the usual days of its past."""

from __future__ import annotations

from collections import defaultdict
from statistics import fmean
from typing import TYPE_CHECKING, Final

from tachograph.insights.events import Events, normal_score
from tachograph.insights.history import both, day_of, of_scope, summed
from tachograph.insights.insight import Explanation
from tachograph.insights.judging import UNUSUAL_Z
from tachograph.insights.parts import Amounts, of_amount, of_numerator, of_rate, telling
from tachograph.query.model import Between

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from tachograph.insights.history import History, Scope
    from tachograph.insights.judging import Judgement, Point
    from tachograph.insights.parts import Contribution
    from tachograph.insights.watched import Watched
    from tachograph.query.model import Filter

_OF_EVENTS: Final = frozenset({"error_type"})
"""Dimensions that only the events have: what is no error is of no kind."""
_OF_ONE_DAY: Final = frozenset({"session"})
"""Dimensions whose groups of other days are taken together: hardly any of them comes again."""

Sums = dict[tuple["date", str | None], float]
"""A sum by day and group; None for all that has no group."""


def explanations(history: History, watched: Watched, scope: Scope, judged: Judgement) -> tuple[Explanation, ...]:
    """For each dimension that explains the change, the groups that do; the dimension with the fewest groups first.

    None of a duration's where of some of the past only sums are kept: how many took longer isn't known then.
    """
    if watched.kind == "duration" and not _is_known(history, watched, scope, judged):
        return ()
    days = usual_days(judged.past)
    found = []
    for dimension in watched.dimensions:
        if dimension == "project" and scope is not None:
            continue
        groups = _amounts(history, watched, scope, judged, dimension, days)
        if dimension in _OF_ONE_DAY and _are_few(groups.values()):
            continue
        told = telling(_contributions(watched, dimension, groups))
        if told:
            found.append(_explanation(watched, dimension, told, _together(groups.values())))
    return tuple(sorted(found, key=lambda one: len(one.groups)))


def usual_days(past: Sequence[Point]) -> list[date]:
    """The middle half of the past by value: its mean is Tukey's midmean, and means of groups over it add up."""
    ordered = sorted(past, key=lambda one: (one.value, one.day))
    quarter = len(ordered) // 4
    return sorted(one.day for one in ordered[quarter : len(ordered) - quarter])


def is_beyond_chance(history: History, watched: Watched, scope: Scope, judged: Judgement) -> bool:
    """Whether the day has more durations longer than usual, or fewer, than chance makes of so many.

    A percentile of few durations varies much, however regular the days with many are.
    """
    assert watched.percentile is not None
    day = judged.point.day
    rows = history.rows([watched], ("day",), _slow(watched, scope, judged), day, day).rows
    slow = Events(rows[0]["timed"] if rows else 0, judged.point.basis)
    return normal_score(slow, 1 - watched.percentile) * (1 if judged.z > 0 else -1) >= UNUSUAL_Z


def _is_known(history: History, watched: Watched, scope: Scope, judged: Judgement) -> bool:
    first, last = judged.past[0].day, judged.point.day
    return history.rows([watched], ("day",), _slow(watched, scope, judged), first, last).exact


def _are_few(groups: Iterable[Amounts]) -> bool:
    """Whether one group had all of the day, so that it can't but explain it."""
    return sum(bool(one.part_after or one.whole_after) for one in groups) < 2


def _slow(watched: Watched, scope: Scope, judged: Judgement) -> Filter | None:
    return both(of_scope(watched, scope), Between("duration_ms", low=judged.usual, low_outside=True))


def _amounts(
    history: History, watched: Watched, scope: Scope, judged: Judgement, dimension: str, days: Sequence[date]
) -> dict[str | None, Amounts]:
    """Each group's parts and wholes; those of all groups add up to everything's."""
    where = of_scope(watched, scope)
    if watched.kind == "duration":
        slow = _slow(watched, scope, judged)
        part = _sums(history, watched, ("timed",), slow, judged, dimension)
        whole = _sums(history, watched, ("timed",), where, judged, dimension)
    else:
        part = _sums(history, watched, watched.part, where, judged, dimension)
        whole = _sums(history, watched, watched.whole, where, judged, dimension)
    today = judged.point.day
    return {
        group: Amounts(
            fmean(part.get((day, group), 0.0) for day in days),
            fmean(whole.get((day, group), 0.0) for day in days),
            part.get((today, group), 0.0),
            whole.get((today, group), 0.0),
        )
        for group in dict.fromkeys(group for _, group in (*part, *whole))
    }


def _sums(
    history: History, watched: Watched, measures: Sequence[str], where: Filter | None, judged: Judgement, dimension: str
) -> Sums:
    """By day and group, and for each day what is in no group."""
    first, last = judged.past[0].day, judged.point.day
    sums: Sums = defaultdict(float)
    for row in history.rows([watched], ("day",), where, first, last).rows:
        sums[day_of(row), None] = summed(row, measures)
    since = last if dimension in _OF_ONE_DAY else first
    for row in history.rows([watched], ("day", dimension), where, since, last).rows:
        value = summed(row, measures)
        sums[day_of(row), row[dimension]] += value
        sums[day_of(row), None] -= value
    return sums


def _contributions(watched: Watched, dimension: str, groups: Mapping[str | None, Amounts]) -> list[Contribution]:
    if watched.kind in ("amount", "events"):
        return of_amount(groups)
    return of_numerator(groups) if dimension in _OF_EVENTS else of_rate(groups)


def _explanation(watched: Watched, dimension: str, told: tuple[Contribution, ...], all_: Amounts) -> Explanation:
    before, after = all_.part_before, all_.part_after
    if watched.kind not in ("amount", "events"):
        before = before / all_.whole_before if all_.whole_before else 0.0
        after = after / all_.whole_after if all_.whole_after else 0.0
    return Explanation(dimension, told, before, after, all_.whole_before, all_.whole_after)


def _together(groups: Iterable[Amounts]) -> Amounts:
    rows = [(one.part_before, one.whole_before, one.part_after, one.whole_after) for one in groups]
    return Amounts(*map(sum, zip(*rows, strict=True)))
