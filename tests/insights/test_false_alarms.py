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


def _judged(projects: Sequence[Days]) -> list[Judgement]:
    """Each of the last eight days, by every measure."""
    judged = (judge(BY_NAME[name], day, points) for one in projects for name, points in one.items() for day in PAGE)
    return [one for one in judged if one is not None]


@pytest.fixture(scope="module")
def pages() -> list[list[Judgement]]:
    chance = random.Random(20260302)
    return [_judged([stationary(chance)]) for _ in range(100)]


@pytest.mark.parametrize(("false_share", "most"), [(0.01, 4), (0.05, 10), (0.2, 25)])
def test_of_histories_in_which_nothing_changes_a_page_is_seldom_not_empty(
    pages: list[list[Judgement]], false_share: float, most: int
) -> None:
    assert sum(bool(surprises(page, false_share)) for page in pages) <= most


def test_more_projects_make_no_more_false_alarms() -> None:
    chance = random.Random(20260303)
    pages = [_judged([stationary(chance, calls=60) for _ in range(5)]) for _ in range(20)]
    assert sum(bool(surprises(page, 0.05)) for page in pages) <= 2


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
    found = planted = 0
    while planted < 25:
        history = stationary(chance)
        if _has_friday(history[measure]):
            history[measure] = _with_friday(history[measure], change)
            planted += 1
            found += any(_is_planted(one, history[measure]) for one in surprises(_judged([history]), 0.05))
    assert found / planted >= at_least


def _is_planted(one: Judgement, points: Sequence[Point]) -> bool:
    return one.point.day == FRIDAY and one.point in points


def _has_friday(points: Sequence[Point]) -> bool:
    return any(point.day == FRIDAY for point in points)
