from __future__ import annotations

import math
import random
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.insights.robust import chance, modified_z, spread, surprising

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=42)


def test_the_spread_of_five_values_by_hand() -> None:
    # median 0, MAD 1; weights of distances 0, 1, 1, 2 (in ninths, squared: 0, 1/81, 1/81, 4/81), and none beyond nine
    above = 2 * (80 / 81) ** 4 + 4 * (77 / 81) ** 4
    below = 1 + 2 * (80 / 81) * (76 / 81) + (77 / 81) * (61 / 81)
    assert spread([0, 1, -1, 2, -100]) == pytest.approx(math.sqrt(5 * above) / below)


def test_the_spread_of_many_normal_values_is_their_standard_deviation() -> None:
    rng = random.Random(20260301)
    assert spread([rng.gauss(7, 3) for _ in range(20_000)]) == pytest.approx(3, rel=0.02)


def test_outliers_of_the_past_hide_no_other() -> None:
    past = [4, 4, 5, 5, 6, 6, 7, 7, 8, 8]
    assert modified_z(25, [*past, 1e9], 0.1) == modified_z(25, [*past, 1e3], 0.1) > 3.5


def test_where_most_days_are_the_same_the_least_spread_counts() -> None:
    assert spread([5, 5, 5, 5, 9]) == 0
    assert modified_z(7, [5, 5, 5, 5, 9], 0.5) == 4


@given(VALUES, st.floats(0.01, 10))
def test_the_median_itself_is_never_unusual(past: list[float], least: float) -> None:
    assert modified_z(sorted(past)[len(past) // 2], [sorted(past)[len(past) // 2]] * 12, least) == 0


@given(st.integers(10, 42), st.floats(0, 30), st.floats(0.01, 30))
def test_what_is_further_out_is_less_probable(days: int, z: float, more: float) -> None:
    assert chance(z + more, days) < chance(z, days) <= 1
    assert chance(-z, days) == chance(z, days)


def test_chances_are_those_of_normal_samples() -> None:
    rng = random.Random(20260301)
    for days in (10, 20, 40):
        beyond = 0
        for _ in range(4000):
            past = [rng.gauss(0, 1) for _ in range(days)]
            beyond += abs(modified_z(rng.gauss(0, 1), past, 1e-9)) > 2.5
        assert beyond / 4000 == pytest.approx(chance(2.5, days), rel=0.25)


def test_of_many_days_the_chance_is_that_of_the_normal_distribution() -> None:
    assert chance(3, 100_000) == pytest.approx(2 * NormalDist().cdf(-3), rel=0.01)


def test_of_several_chances_those_are_surprising_that_are_small_for_their_rank() -> None:
    # limits 0.01, 0.02, 0.03, 0.04, 0.05: the third is above its limit, the fourth below its own
    assert surprising([0.9, 0.005, 0.035, 0.02, 0.038], 0.05) == 0.038
    assert surprising([0.9, 0.011, 0.2, 0.3, 0.4], 0.05) == 0
    assert surprising([], 0.05) == 0


def test_scores_beyond_all_floats_are_no_error() -> None:
    assert chance(1e300, 10) == 0
