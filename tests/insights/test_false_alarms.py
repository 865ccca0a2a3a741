"""How often something is told of histories in which nothing changed, and how often a change isn't missed.

docs/insights.md gives the same figures from more histories.
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from insights.stationary import DAYS, FIRST, stationary
from tachograph.insights.judging import Judgement, judge, surprises
from tachograph.insights.watched import WATCHED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from insights.stationary import Days
    from tachograph.insights.judging import Point

BY_NAME = {one.name: one for one in WATCHED}
FRIDAY = FIRST + timedelta(days=DAYS - 3)
PAGE = [FIRST + timedelta(days=number) for number in range(DAYS - 8, DAYS)]


def _told(projects: Sequence[Days], false_share: float) -> list[Judgement]:
    """What is told of the last eight days of these projects, were the days' durations as many as there are."""
    judged = (judge(BY_NAME[name], day, points) for one in projects for name, points in one.items() for day in PAGE)
    return surprises([one for one in judged if one is not None], false_share)


@pytest.mark.parametrize(("false_share", "most"), [(0.01, 3), (0.05, 9), (0.2, 26)])
def test_of_histories_in_which_nothing_changes_a_page_is_seldom_not_empty(false_share: float, most: int) -> None:
    chance = random.Random(20260302)
    pages = [[stationary(chance)] for _ in range(100)]
    assert sum(bool(_told(page, false_share)) for page in pages) <= most


def test_more_projects_make_no_more_false_alarms() -> None:
    chance = random.Random(20260303)
    pages = [[stationary(chance, calls=60) for _ in range(5)] for _ in range(20)]
    assert sum(bool(_told(page, 0.05)) for page in pages) <= 2


def _with_friday(points: Sequence[Point], change: Callable[[Point], float]) -> list[Point]:
    return [msgspec.structs.replace(point, part=change(point)) if point.day == FRIDAY else point for point in points]


@pytest.mark.parametrize(
    ("measure", "change", "at_least"),
    [
        ("cost_usd", lambda point: point.part * 12, 0.7),
        ("error_rate", lambda point: point.whole * 0.08, 0.7),
        ("tool_failure_rate", lambda point: round(point.whole * 0.3), 0.9),
        ("cache_hit_rate", lambda point: point.whole * 0.6, 0.9),
        ("tool_duration_p95", lambda point: point.part * 4, 0.7),
        ("agent_duration_p50", lambda point: point.part * 5, 0.7),
    ],
)
def test_a_large_change_is_seldom_missed(measure: str, change: Callable[[Point], float], at_least: float) -> None:
    chance = random.Random(20260304)
    histories = [one for one in (stationary(chance) for _ in range(40)) if _has_friday(one[measure])]
    found = 0
    for history in histories:
        planted = {**history, measure: _with_friday(history[measure], change)}
        found += any(
            one.point.day == FRIDAY and one.point.part != _friday(history[measure]) for one in _told([planted], 0.05)
        )
    assert found / len(histories) >= at_least


def _has_friday(points: Sequence[Point]) -> bool:
    return any(point.day == FRIDAY for point in points)


def _friday(points: Sequence[Point]) -> float:
    return next(point.part for point in points if point.day == FRIDAY)
