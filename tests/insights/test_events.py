from __future__ import annotations

import random
from math import comb
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.insights.events import Events, event_z, normal_score


def _by_summing(number: int, of: int, rate: float) -> float:
    """The mid-p chance of so many or more."""
    chances = [comb(of, k) * rate**k * (1 - rate) ** (of - k) for k in range(of + 1)]
    return sum(chances[number + 1 :]) + chances[number] / 2


@given(st.integers(1, 60), st.data(), st.floats(0.01, 0.9))
def test_a_score_is_that_of_the_exact_chance(of: int, data: st.DataObject, rate: float) -> None:
    number = data.draw(st.integers(0, of))
    chance = _by_summing(number, of, rate)
    beyond_half = min(chance, 0.5) if number >= of * rate else max(chance, 0.5)
    score = normal_score(Events(number, of), rate)
    assert NormalDist().cdf(-score) == pytest.approx(beyond_half, abs=1e-9)


def test_one_failure_of_two_calls_is_no_spike() -> None:
    past = [Events(2, 100)] * 20
    assert event_z(Events(1, 2), past) < 2.5
    assert event_z(Events(50, 100), past) > 10


def test_no_events_where_there_were_few_are_no_drop() -> None:
    assert event_z(Events(0, 100), [Events(1, 100)] * 20) > -1.5
    assert event_z(Events(0, 1000), [Events(50, 1000)] * 20) < -5


def test_an_event_that_never_happened_before_may_happen_once() -> None:
    assert event_z(Events(1, 100), [Events(0, 100)] * 20) < 3.5
    assert event_z(Events(8, 100), [Events(0, 100)] * 20) > 3.5


def test_numbers_of_events_in_a_day_need_no_whole() -> None:
    assert event_z(Events(3), [Events(n) for n in (1, 2, 3) * 5]) < 1
    assert event_z(Events(30), [Events(n) for n in (1, 2, 3) * 5]) > 8


def test_days_that_differ_more_than_by_chance_are_allowed_to() -> None:
    wild = [Events(number, 1000) for number in (5, 100, 20, 150, 60, 10, 120, 40, 80, 30)]
    tame = [Events(number, 1000) for number in (58, 65, 60, 63, 62, 59, 61, 66, 57, 64)]
    assert event_z(Events(150, 1000), wild) < 3.5 < event_z(Events(150, 1000), tame)


def test_large_numbers_are_no_trouble() -> None:
    assert normal_score(Events(51_000, 1_000_000), 0.05) == pytest.approx(4.575, abs=0.01)
    assert normal_score(Events(1_000_000, 1_000_000), 0.05) > 30
    assert normal_score(Events(0, 0), 0.05) == 0


@given(st.integers(0, 50), st.integers(50, 200), st.integers(10, 42))
def test_days_that_are_all_the_same_are_never_unusual(number: int, of: int, days: int) -> None:
    assert event_z(Events(number, of), [Events(number, of)] * days) == 0
    assert event_z(Events(number), [Events(number)] * days) == 0


def test_scores_of_chance_alone_are_rarely_beyond_the_threshold() -> None:
    rng = random.Random(20260302)
    beyond = 0
    for _ in range(500):
        days = [Events(sum(rng.random() < 0.03 for _ in range(of)), of) for of in rng.choices((40, 100, 300), k=21)]
        beyond += abs(event_z(days[0], days[1:])) >= 3.5
    assert beyond <= 5
