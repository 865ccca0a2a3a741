from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec

from tachograph.insights.insight import Explanation, Insight
from tachograph.insights.parts import Amounts, Contribution
from tachograph.insights.telling import told
from tachograph.query.model import Query

FRIDAY = date(2026, 4, 24)
ONE = Insight(
    project="/srv/api", measure="error_rate", direction="up", sense="bad", day=FRIDAY, since=FRIDAY, last=FRIDAY, days=1,
    value=0.2, usual=0.01, low=0, high=0.02, past_days=30, is_over=True, z=8, chance=1e-8, query=Query(),
)  # fmt: skip


def _like(**fields: Any) -> Insight:
    return msgspec.structs.replace(ONE, **fields)


def _by_project(share: float, project: str = "/srv/api") -> tuple[Explanation, ...]:
    group = Contribution(project, 0.1 * share, share, None, None, Amounts())
    return (Explanation("project", (group,), 0.1, 0.2, 0, 0),)


def _names(*insights: Insight) -> list[tuple[str | None, str, list[str]]]:
    return [(one.project, one.measure, [other.measure for other in one.also]) for one in told(insights)]


def test_what_is_bad_comes_first_and_then_what_is_most_unusual() -> None:
    cheap = _like(measure="cost_usd", direction="down", sense="good", z=-20)
    busy = _like(measure="count", sense="neutral", z=12, project="/srv/web")
    slow = _like(measure="tool_duration_p95", z=9)
    assert [one.measure for one in told([cheap, busy, ONE, slow])] == [
        "tool_duration_p95", "error_rate", "count", "cost_usd",
    ]  # fmt: skip


def test_related_measures_of_the_same_days_are_told_together() -> None:
    assert _names(ONE, _like(measure="errors", z=5)) == [("/srv/api", "error_rate", ["errors"])]


def test_related_measures_of_other_days_or_projects_or_directions_are_not() -> None:
    before = FRIDAY - timedelta(days=1)
    others = [
        _like(measure="errors", day=before, since=before, last=before, z=5),
        _like(measure="errors", project="/srv/web", z=5),
        _like(measure="errors", direction="down", sense="good", z=-5),
    ]
    for other in others:
        assert len(told([ONE, other])) == 2


def test_more_errors_of_more_work_belong_to_that() -> None:
    work, errors = _like(measure="count", sense="neutral", z=9), _like(measure="errors", z=6)
    cost = _like(measure="cost_usd", z=7)
    assert _names(work, cost, errors) == [("/srv/api", "cost_usd", ["errors", "count"])]
    assert len(told([work, errors, ONE])) == 2


def test_a_change_of_everything_that_is_a_projects_is_told_of_that() -> None:
    everything = _like(project=None, explanations=_by_project(0.85))
    assert _names(everything, ONE) == [("/srv/api", "error_rate", [])]
    assert _names(everything, _like(measure="errors")) == [("/srv/api", "errors", [])]


def test_a_change_of_everything_is_told_where_no_project_is_most_of_it_or_told_itself() -> None:
    assert len(told([_like(project=None, explanations=_by_project(0.6)), ONE])) == 2
    assert len(told([_like(project=None, explanations=_by_project(0.9, "/srv/web")), ONE])) == 2
    assert len(told([_like(project=None, explanations=_by_project(0.9)), _like(measure="cost_usd")])) == 2
