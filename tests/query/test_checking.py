from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from queried import query_of
from tachograph import BadQuestion
from tachograph.query.checking import checked
from tachograph.query.model import All, Any_, AnyOf, Between, NoneOf, Not, Pattern, Prefix, Query

DAY = {"start": "2026-03-01T00:00Z", "end": "2026-03-02T00:00Z"}
MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"measures": ()}, "measures: nothing is measured (name one, such as count)"),
    ({"measures": "count"}, "measures: 'count' is a text, not several names (write ('count',))"),
    ({"measures": (5,)}, "measures: 5 is no name (names are texts)"),
    ({"measures": ("counts",)}, "measures: there is no measure 'counts' (did you mean count? known are count, sessions,"),
    ({"measures": ("Duration_Sum",)}, "there is no measure 'Duration_Sum' (did you mean duration_sum?"),
    ({"measures": ("count", "count")}, "measures: 'count' is there twice (name it once)"),
    ({"measures": ("duration_p0",)}, "measures: there is no percentile 'duration_p0' (a percentile is above 0 and below"),
    ({"measures": ("duration_p100",)}, "there is no percentile 'duration_p100'"),
    ({"measures": ("duration_p99.9999",)}, "there is no percentile 'duration_p99.9999'"),
    ({"measures": ("duration_p05",)}, "there is no percentile 'duration_p05'"),
    ({"measures": ("duration_p-5",)}, "there is no percentile 'duration_p-5'"),
    ({"by": ("tol",)}, "by: there is no dimension 'tol' (did you mean tool? known are session, user,"),
    ({"by": ("duration_ms",)}, "by: there is no dimension 'duration_ms'"),
    ({"by": ("fortnight",)}, "by: there is no dimension 'fortnight'"),
    ({"by": ("tool", "user", "tool")}, "by: 'tool' is there twice"),
    ({"by": ("tool", "user", "type", "model", "agent")}, "by: 5 dimensions are too many (name up to 4)"),
    ({"by": ("day", "tool", "2 weeks")}, "by: there are two windows, 'day' and '2 weeks' (name one;"),
    ({"by": ("0 days",)}, "by: windows of '0 days' have no width (write 1 day or more)"),
    ({"by": ("25 hours",)}, "by: '25 hours' is longer than a day (count it in days, such as '2 days')"),
    ({"by": ("1441 minutes",)}, "by: '1441 minutes' is longer than a day"),
    ({"by": ("999999999 months",)}, "by: '999999999 months' is longer than the calendar"),
    ({"start": datetime(2026, 3, 1)}, "start: 2026-03-01 00:00:00 is in no zone (give it one, such as tzinfo=UTC)"),  # noqa: DTZ001 - that is the mistake
    ({"end": "2026-03-01"}, "end: 2026-03-01 00:00:00 is in no zone"),
    ({"start": DAY["end"], "end": DAY["start"]}, "the end (2026-03-01 00:00:00+00:00) is before the start (2026-03-02"),
    ({"order": ("sessions",)}, "order: 'sessions' is not in this query (known are count)"),
    ({"order": ("-cont",), "by": ("tool",)}, "order: 'cont' is not in this query (did you mean count? known are count, tool)"),
    ({"order": ("count", "-count")}, "order: 'count' is there twice"),
    ({"order": "count"}, "order: 'count' is a text, not several names"),
    ({"limit": 0}, "limit: a limit of 0 leaves nothing (give 1 or more, or none)"),
    ({"other": True, "by": ("tool",)}, "other: without a limit nothing is left out (give a limit)"),
    ({"fill": True, "by": ("tool",)}, "fill: there are no windows (name one among the dimensions, such as day)"),
    ({"rolling": 7}, "rolling: there are no windows"),
    ({"rolling": 0, "by": ("day",)}, "rolling: 0 windows can't be looked at together (give 1 to 1,000)"),
    ({"rolling": 1001, "by": ("day",)}, "rolling: 1001 windows can't be"),
    ({"compare": "previous", "start": DAY["start"]}, "compare: what has no start or no end can't be compared (give both)"),
    ({"compare": "previos", **DAY}, "compare: there is no comparison 'previos' (did you mean previous? known are"),
    ({"week_start": "Monday"}, "week_start: there is no weekday 'Monday' (did you mean monday?"),
    ({"month_start": 29}, "month_start: not every month has a day 29 (give 1 to 28)"),
    ({"month_start": 0}, "month_start: not every month has a day 0"),
    ({"fill": True, "by": ("minute",), "start": "2000-01-01T00:00Z", "end": "2026-01-01T00:00Z"}, "by: that would be more than 1,000,000 windows"),
    ({"where": AnyOf("tol", ("Bash",))}, "where: there is no field 'tol' to filter by (did you mean tool?"),
    ({"where": AnyOf("day", ("2026-03-01",))}, "where: there is no field 'day' to filter by (say from when to when by start and end;"),
    ({"where": AnyOf("tool", (5,))}, "where: tool is a text, and 5 is none (write '5')"),
    ({"where": AnyOf("tool", ("\ud800",))}, "is no text that UTF-8 has"),
    ({"where": AnyOf("type", ("tool_used",))}, "where: type is never 'tool_used' (did you mean tool_use? known are agent_execution,"),
    ({"where": NoneOf("outcome", ("failed",))}, "where: outcome is never 'failed' (did you mean failure? known are success, failure)"),
    ({"where": AnyOf("hour_of_day", (24,))}, "where: hour_of_day is never 24 (it is a number from 0 to 23)"),
    ({"where": AnyOf("weekday", ("monday",))}, "where: weekday is never 'monday' (it is a number from 1 to 7)"),
    ({"where": AnyOf("weekday", (True,))}, "where: weekday is never True"),
    ({"where": AnyOf("tokens", (5,))}, "where: tokens is an amount (give it a range, no values)"),
    ({"where": Prefix("duration_ms", "1")}, "where: duration_ms is a number (give it values or a range, no text)"),
    ({"where": Pattern("weekday", "*")}, "where: weekday is a number"),
    ({"where": Between("tool", low=1)}, "where: tool is a name, which has no range"),
    ({"where": Between("tokens")}, "where: the range of tokens has no bound"),
    ({"where": Between("tokens", low=float("nan"))}, "where: nan can't bound tokens (a bound is a number)"),
    ({"where": Between("tokens", high=10**400)}, "can't bound tokens"),
    ({"where": Between("tokens", low=5, high=4)}, "where: the range of tokens ends (4) before it begins (5) (swap them)"),
    ({"where": Not(All((Any_((AnyOf("modle", ("a",)),)),)))}, "where: there is no field 'modle' to filter by (did you mean model?"),
    ({"where": All(tuple(AnyOf("tool", ("a",)) for _ in range(1001)))}, "where: the filter has more than 100 levels or 1,000 conditions"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "said"), MISTAKES)
def test_a_mistake_is_named_with_what_would_have_been_right(query: dict[str, Any], said: str) -> None:
    with pytest.raises(BadQuestion) as caught:
        checked(query_of(**query))
    assert said in str(caught.value)
    assert caught.value.mend
    assert "\n" not in str(caught.value)


def test_a_zone_by_its_name_is_no_zone() -> None:
    with pytest.raises(BadQuestion, match="zone: 'Europe/Rome' is no time zone"):
        checked(Query(zone="Europe/Rome"))  # type: ignore[arg-type]


def test_a_filter_nested_by_a_mischief_maker_is_refused_and_not_followed() -> None:
    where: Any = AnyOf("tool", ("Bash",))
    for _ in range(100_000):
        where = Not(where)
    with pytest.raises(BadQuestion, match="more than 100 levels"):
        checked(Query(where=where))
    while isinstance(where, Not):  # let go of level by level: Python would do it by recursion
        where = where.of


@pytest.mark.parametrize(
    "query",
    [
        {},
        {
            "measures": ("duration_p0.001", "duration_p99.999", "duration_p5"),
            "by": ("1 day", "tool", "user", "weekday"),
        },
        {"by": ("24 hours",), "fill": True, "rolling": 1000, **DAY},
        {"limit": 1, "other": True},
        {"start": DAY["start"], "end": DAY["start"], "compare": "previous_weekdays"},
        {"where": All((AnyOf("tool", ()), Between("cost_usd", low=0.5, high=0.5), NoneOf("weekday", (1, 7))))},
    ],
)
def test_what_can_be_meant_is_handed_on_as_it_is(query: dict[str, Any]) -> None:
    asked = query_of(**query)
    assert checked(asked) is asked


def test_a_query_without_anything_counts_everything_in_utc() -> None:
    assert Query() == Query(measures=("count",), by=(), zone=UTC, week_start="monday", month_start=1, rolling=1)
