from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from cli.made_up import metric
from insights.planted import LAST, history, last_week, stored
from tachograph import BadQuestion, ask, find_insights
from tachograph.insights.finding import look

if TYPE_CHECKING:
    from pathlib import Path

    from tachograph import Insight
    from tachograph.insights.insight import Days

THURSDAY, FRIDAY = LAST - timedelta(days=1), LAST
API, WEB = "/srv/api", "/srv/web"


def _found(tmp_path: Path, lines: list[str], days: Days | None = None) -> list[Insight]:
    with stored(tmp_path, lines) as store:
        return list(look(store, days or last_week()).insights)


def _groups(insight: Insight) -> dict[str, list[str | None]]:
    return {one.dimension: [group.group for group in one.groups] for one in insight.explanations}


def test_a_history_in_which_nothing_changes_is_quiet(tmp_path: Path) -> None:
    with stored(tmp_path, history()) as store:
        findings = look(store, last_week())
    assert findings.insights == ()
    assert findings.comparisons > 50
    assert (findings.active_days, findings.past_days, findings.latest) == (5, 29, FRIDAY)


def test_a_failing_tool_is_found_with_its_project_and_since_when(tmp_path: Path) -> None:
    failing = {"failing": {"Bash"}}
    (found,) = _found(tmp_path, history({(THURSDAY, API): failing, (FRIDAY, API): failing}))
    assert (found.measure, found.project, found.direction, found.sense) == ("tool_failure_rate", API, "up", "bad")
    assert (found.since, found.last, found.days) == (THURSDAY, FRIDAY, 2)
    assert found.low <= found.usual <= found.high < 0.1 < found.value
    assert _groups(found)["tool"] == ["Bash"]
    (group,) = next(one.groups for one in found.explanations if one.dimension == "tool")
    assert group.share >= 0.8
    assert group.own is not None
    assert group.mix is not None
    assert abs(group.own) > abs(group.mix)


def test_what_began_before_the_days_looked_at_is_told_from_when(tmp_path: Path) -> None:
    days = [LAST - timedelta(days=number) for number in range(14)]
    (found,) = _found(tmp_path, history({(day, API): {"failing": {"Bash", "Read"}} for day in days}))
    assert found.since == LAST - timedelta(days=11)  # a Monday
    assert found.days >= 8  # as they become usual, the last may not be unusual any more
    assert found.day >= LAST - timedelta(days=6)


def test_a_dear_model_is_found_and_the_contributions_add_up(tmp_path: Path) -> None:
    (found,) = _found(tmp_path, history({(FRIDAY, WEB): {"cost": 20}}))
    assert (found.measure, found.project, found.day) == ("cost_usd", WEB, FRIDAY)
    assert _groups(found)["model"] == ["opus"]
    explanation = next(one for one in found.explanations if one.dimension == "model")
    assert explanation.after == pytest.approx(found.value)
    (opus,) = explanation.groups
    assert opus.change == pytest.approx(opus.share * (explanation.after - explanation.before))


def test_errors_of_a_kind_are_found_once_for_their_number_and_their_rate(tmp_path: Path) -> None:
    (found,) = _found(tmp_path, history({(FRIDAY, API): {"errors": 25}}))
    assert {found.measure, *(one.measure for one in found.also)} == {"errors", "error_rate"}
    assert _groups(found)["error_type"] == ["rate_limit"]


def test_slow_tools_are_found(tmp_path: Path) -> None:
    (found,) = _found(tmp_path, history({(FRIDAY, API): {"slow": {"WebFetch", "Bash"}}}))
    assert (found.measure, found.project) == ("tool_duration_p95", API)
    assert found.value > 2 * found.usual
    assert _groups(found)["tool"] == ["Bash"] or set(_groups(found)["tool"]) == {"Bash", "WebFetch"}


def test_a_cache_that_is_missed_is_found_where_there_are_enough_requests(tmp_path: Path) -> None:
    (found,) = _found(tmp_path, history({(FRIDAY, WEB): {"cache": 0.5, "calls": 1.4}}))
    assert (found.measure, found.project, found.direction, found.sense) == ("cache_hit_rate", WEB, "down", "bad")
    assert found.value == pytest.approx(0.5)
    assert found.usual == pytest.approx(0.95)


def test_more_work_is_told_once_with_all_that_goes_with_it(tmp_path: Path) -> None:
    (found,) = _found(tmp_path, history({(FRIDAY, API): {"calls": 6}}))
    assert found.project == API
    assert {found.measure, *(one.measure for one in found.also)} == {"count", "tokens", "cost_usd"}


def test_a_change_of_a_project_alone_is_not_told_as_one_of_everything(tmp_path: Path) -> None:
    found = _found(tmp_path, history({(FRIDAY, API): {"failing": {"Bash", "Read", "Edit"}}}))
    assert [one.project for one in found] == [API]


def test_a_change_in_all_projects_is_told_of_everything(tmp_path: Path) -> None:
    changes = {(FRIDAY, project): {"failing": {"Bash", "Read", "Edit"}} for project in (API, WEB)}
    assert None in {one.project for one in _found(tmp_path, history(changes))}


def test_a_single_project_is_told_by_its_name_only(tmp_path: Path) -> None:
    found = _found(tmp_path, history({(FRIDAY, API): {"cost": 20}}, projects=[(API, "ana")]))
    assert [one.project for one in found] == [API]


def test_only_the_projects_asked_for_are_looked_at(tmp_path: Path) -> None:
    lines = history({(FRIDAY, API): {"cost": 20}, (FRIDAY, WEB): {"cost": 20}})
    assert {one.project for one in _found(tmp_path, lines, last_week(projects=(WEB,)))} == {WEB}
    assert _found(tmp_path / "other", lines, last_week(projects=("/srv/none",))) == []


def test_a_day_that_is_not_over_is_judged_by_its_rates_alone(tmp_path: Path) -> None:
    lines = history({(FRIDAY, API): {"failing": {"Bash", "Read"}, "cost": 30}})
    noon = datetime(2026, 4, 24, 12, tzinfo=UTC)
    found = _found(tmp_path, lines, last_week(now=noon))
    assert [(one.measure, one.is_over) for one in found] == [("tool_failure_rate", False)]


def test_days_without_metrics_are_neither_drops_nor_counted(tmp_path: Path) -> None:
    gone = {THURSDAY, LAST - timedelta(days=21)}
    lines = history(is_active=lambda day: day.weekday() < 5 and day not in gone)
    with stored(tmp_path, lines) as store:
        findings = look(store, last_week())
    assert findings.insights == ()
    assert (findings.active_days, findings.past_days) == (4, 27)  # of 29 working days before Friday


def test_too_little_history_says_nothing(tmp_path: Path) -> None:
    begins = LAST - timedelta(days=9)
    lines = history({(FRIDAY, API): {"cost": 50}}, is_active=lambda day: day > begins)
    with stored(tmp_path, lines) as store:
        findings = look(store, last_week())
    assert (findings.insights, findings.comparisons, findings.past_days) == ((), 0, 8)


def test_one_session_alone_says_nothing(tmp_path: Path) -> None:
    lines = [
        metric("a", "2026-04-24T09:00:00Z", "session_start"),
        metric("b", "2026-04-24T09:00:01Z", tool_name="Bash"),
    ]
    with stored(tmp_path, lines) as store:
        findings = look(store, last_week())
    assert (findings.insights, findings.comparisons, findings.active_days) == ((), 0, 1)


def test_an_empty_store_says_nothing(tmp_path: Path) -> None:
    with stored(tmp_path, ["{}"]) as store:
        findings = look(store, last_week())
    assert (findings.insights, findings.latest) == ((), None)


def test_a_history_that_cost_nothing_has_no_insight_of_cost(tmp_path: Path) -> None:
    lines = [line.replace('"cost_usd": 0.05', '"cost_usd": 0') for line in history({(FRIDAY, API): {"calls": 6}})]
    (found,) = _found(tmp_path, lines)
    assert {found.measure, *(one.measure for one in found.also)} == {"count", "tokens"}


def test_days_are_those_of_the_zone(tmp_path: Path) -> None:
    # At 20:00 in UTC it is the next morning in Tokyo, where Thursday's failures are Friday's.
    lines = history({(THURSDAY, API): {"failing": {"Bash", "Read"}}}, hour=20)
    (found,) = _found(tmp_path, lines, last_week(zone=ZoneInfo("Asia/Tokyo")))
    assert found.day == FRIDAY
    (found,) = _found(tmp_path / "utc", lines)
    assert found.day == THURSDAY


def test_a_clock_change_in_the_past_moves_no_day(tmp_path: Path) -> None:
    rome = ZoneInfo("Europe/Rome")  # summer time from 29 March on
    lines = history({(FRIDAY, API): {"cost": 20}}, zone=rome, hour=0)
    (found,) = _found(tmp_path, lines, last_week(zone=rome))
    assert (found.day, found.past_days) == (FRIDAY, 29)


def test_the_query_of_an_insight_shows_it(tmp_path: Path) -> None:
    with stored(tmp_path, history({(FRIDAY, API): {"cost": 20}})) as store:
        (found,) = look(store, last_week()).insights
        rows = ask(store, found.query).rows
    assert [row["day"][:10] for row in rows][-1] == str(FRIDAY)
    assert rows[-1]["cost_usd"] == pytest.approx(found.value)
    assert len(rows) == found.past_days + 1


def test_insights_in_python_take_days_and_the_name_of_a_zone(tmp_path: Path) -> None:
    with stored(tmp_path, history({(FRIDAY, API): {"cost": 20}})) as store:
        (found,) = find_insights(store, THURSDAY, FRIDAY, timezone="Europe/Rome", projects=[API])
        assert (found.project, found.day) == (API, FRIDAY)
        assert find_insights(store, date(2026, 3, 2), date(2026, 3, 6)) == []
        with pytest.raises(BadQuestion, match="no time zone"):
            find_insights(store, THURSDAY, FRIDAY, timezone="Europe/Atlantis")
        with pytest.raises(BadQuestion, match="before the first"):
            find_insights(store, FRIDAY, THURSDAY)
        with pytest.raises(BadQuestion, match="more than 366 days"):
            find_insights(store, date(2024, 1, 1), FRIDAY)


def test_a_higher_sensitivity_tells_no_less(tmp_path: Path) -> None:
    lines = history({(FRIDAY, API): {"calls": 2.2, "errors": 6}, (THURSDAY, WEB): {"slow": {"Edit"}}})
    with stored(tmp_path, lines) as store:
        found = [len(look(store, last_week(sensitivity=one)).insights) for one in ("low", "normal", "high")]
    assert found == sorted(found)
