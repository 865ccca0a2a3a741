from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.insights.judging import Judgement, Point, amount_z, comparable, judge
from tachograph.insights.watched import WATCHED

BY_NAME = {one.name: one for one in WATCHED}
COST, ERRORS, ERROR_RATE = BY_NAME["cost_usd"], BY_NAME["errors"], BY_NAME["error_rate"]
CACHE, P95 = BY_NAME["cache_hit_rate"], BY_NAME["tool_duration_p95"]
MONDAY = date(2026, 3, 2)
FRIDAY = date(2026, 4, 10)
WORKDAYS = [MONDAY + timedelta(days=number) for number in range(40) if (MONDAY + timedelta(days=number)).weekday() < 5]
AMOUNTS = st.lists(st.floats(0.01, 1e6), min_size=10, max_size=42)


def _days(values: list[float]) -> list[Point]:
    """A value for each of the first working days."""
    return [Point(day, value, None, 100) for day, value in zip(WORKDAYS, values, strict=False)]


def _judged(values: list[float], today: float) -> Judgement:
    judged = judge(COST, FRIDAY, [*_days(values), Point(FRIDAY, today, None, 100)])
    assert judged is not None
    return judged


def test_a_day_is_told_by_the_median_of_its_past_and_where_eight_of_ten_days_are() -> None:
    judged = _judged([float(number) for number in range(1, 12)], 500)
    assert (judged.usual, judged.low, judged.high) == (6, 2, 10)
    assert judged.is_unusual
    assert judged.z > 0


def test_what_is_lower_than_usual_has_a_score_below_zero() -> None:
    judged = _judged([9.0, 10.0, 11.0] * 4, 2)
    assert judged.is_unusual
    assert judged.z < 0


def test_too_few_days_are_compared_with_nothing() -> None:
    today = Point(FRIDAY, 100, None, 100)
    assert judge(COST, FRIDAY, [*_days([1.0] * 9), today]) is None
    assert judge(COST, FRIDAY, [*_days([1.0] * 10), today]) is not None


def test_a_day_without_metrics_is_not_judged() -> None:
    assert judge(COST, FRIDAY, _days([1.0] * 28)) is None


def test_the_past_is_the_six_weeks_before_a_day() -> None:
    days = [FRIDAY - timedelta(days=number) for number in range(60, -1, -1)]
    past = comparable(ERROR_RATE, FRIDAY, [Point(day, 1, 100, 100) for day in days])
    assert (past[0].day, past[-1].day, len(past)) == (FRIDAY - timedelta(days=42), FRIDAY - timedelta(days=1), 42)


def test_amounts_of_working_days_are_not_compared_with_those_of_weekends() -> None:
    days = [FRIDAY - timedelta(days=number) for number in range(42, -1, -1)]
    series = [Point(day, 100, None, 100) for day in days]
    assert len(comparable(COST, FRIDAY, series)) == 30
    assert len(comparable(COST, FRIDAY - timedelta(days=5), series)) == 11  # a Sunday


def test_rates_of_few_are_neither_judged_nor_compared_with() -> None:
    series = [Point(day, 0, 19, 19) for day in WORKDAYS]
    assert comparable(ERROR_RATE, FRIDAY, series) == []
    series = [Point(day, 0, 20, 20) for day in WORKDAYS]
    assert judge(ERROR_RATE, FRIDAY, [*series[:28], Point(FRIDAY, 10, 19, 19)]) is None
    assert judge(ERROR_RATE, FRIDAY, [*series[:28], Point(FRIDAY, 10, 20, 20)]) is not None


def test_small_changes_are_not_told_however_regular_the_past_was() -> None:
    assert not _judged([0.10] * 28, 0.90).is_unusual  # nine times as much, but less than a dollar more
    assert not _judged([100.0] * 28, 140).is_unusual  # 40 dollars more, but less than half as much again
    assert _judged([100.0] * 28, 160).is_unusual


def test_days_that_took_less_than_no_time_are_no_error() -> None:
    assert not _judged([-5.0, -4.0, -6.0] * 4, -5).is_unusual


def test_where_nothing_was_ever_spent_spending_is_unusual() -> None:
    assert _judged([0.0] * 28, 5).is_unusual
    assert not _judged([0.0] * 28, 0).is_unusual


def test_a_day_without_cost_is_a_drop() -> None:
    judged = _judged([19.0, 20.0, 21.0, 22.0] * 7, 0)
    assert judged.is_unusual
    assert judged.z < 0


@given(AMOUNTS)
def test_a_constant_series_never_alarms(values: list[float]) -> None:
    assert amount_z(values[0], [values[0]] * len(values), 1) == pytest.approx(0, abs=1e-9)


@given(AMOUNTS, st.floats(0.01, 1e6), st.floats(1e-3, 1e3))
def test_scores_of_amounts_do_not_depend_on_the_unit(values: list[float], today: float, unit: float) -> None:
    scaled = amount_z(today * unit, [value * unit for value in values], 1)
    assert scaled == pytest.approx(amount_z(today, values, 1), rel=1e-6, abs=1e-6)


@given(AMOUNTS, st.floats(0.01, 1e6))
def test_the_order_of_past_days_does_not_matter(values: list[float], today: float) -> None:
    assert amount_z(today, sorted(values), 1) == pytest.approx(amount_z(today, values, 1), rel=1e-9)


def test_errors_that_come_with_more_work_alone_are_no_rate() -> None:
    series = [Point(day, 2, 100, 100) for day in WORKDAYS[:28]]
    judged = judge(ERROR_RATE, FRIDAY, [*series, Point(FRIDAY, 20, 1000, 1000)])
    assert judged is not None
    assert not judged.is_unusual


def test_numbers_of_errors_have_to_be_unusual_as_numbers_and_as_amounts() -> None:
    wild = [float(number) for number in (0, 1, 9, 30, 2, 12, 4, 25, 3, 6)]
    judged = judge(ERRORS, FRIDAY, [*_days(wild * 2), Point(FRIDAY, 45, None, 500)])
    assert judged is not None
    assert not judged.is_unusual
    tame = [float(number) for number in (2, 3, 4, 3, 2, 5, 3, 4, 3, 2)]
    judged = judge(ERRORS, FRIDAY, [*_days(tame * 2), Point(FRIDAY, 45, None, 500)])
    assert judged is not None
    assert judged.is_unusual


def test_shares_of_tokens_that_cannot_be_are_not_counted() -> None:
    series = [Point(day, 900, 1000, 50) for day in WORKDAYS[:28]]
    assert judge(CACHE, FRIDAY, [*series, Point(FRIDAY, -5, 1000, 50)]) is None
    assert judge(CACHE, FRIDAY, [*series, Point(FRIDAY, 1001, 1000, 50)]) is None
    assert judge(CACHE, FRIDAY, [*series, Point(FRIDAY, 0, 0, 50)]) is None
    judged = judge(CACHE, FRIDAY, [*series, Point(FRIDAY, 500, 1000, 50)])
    assert judged is not None
    assert judged.is_unusual
    assert judged.point.value == 0.5


def test_durations_are_compared_whatever_the_day_of_the_week() -> None:
    days = [FRIDAY - timedelta(days=number) for number in range(42, 0, -1)]
    series = [Point(day, 1000, None, 100) for day in days]
    judged = judge(P95, FRIDAY, [*series, Point(FRIDAY, 5000, None, 100)])
    assert judged is not None
    assert (len(judged.past), judged.is_unusual) == (42, True)
