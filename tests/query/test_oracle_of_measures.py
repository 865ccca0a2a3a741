"""The slow reading of measures, dimensions and filters against answers worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from query_by_hand import ask, line, rows, total
from tachograph.query.model import All, Any_, AnyOf, Between, Filter, NoneOf, Not, Pattern, Prefix

OPUS = "claude-opus-4-5-20251101"


# Measures

HISTORY = [
    line(1, session_id="s1", user_id="ana", duration_ms=100, success=True, input_tokens=10, output_tokens=5),
    line(2, "2026-03-01T09:02:00Z", session_id="s1", duration_ms=300, success=False, cache_read_tokens=30),
    line(3, "2026-03-01T09:10:00Z", "error_occurred", session_id="s1", cache_write_tokens=20, cost_usd=0.5),
    line(4, "2026-03-01T09:03:00Z", session_id="s2", duration_seconds=0.2, token_count=40, cost_usd=0.25),
    line(5, "2026-03-01T09:03:30Z"),
]


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        *(("count", 5), ("sessions", 2), ("users", 1), ("errors", 1), ("error_rate", 0.2)),
        *(("success_count", 1), ("failure_count", 2), ("success_rate", 1 / 3)),
        *(("timed", 3), ("duration_sum", 600), ("duration_avg", 200), ("duration_min", 100), ("duration_max", 300)),
        *(("duration_p33.333", 100), ("duration_p50", 200), ("duration_p66.667", 300), ("duration_p99.9", 300)),
        *(("tokens", 105), ("input_tokens", 10), ("output_tokens", 5)),
        *(("cache_read_tokens", 30), ("cache_write_tokens", 20), ("cache_hit_rate", 0.5)),
        ("cost_usd", 0.75),
        ("active_ms", 2 * 60_000 + 5 * 60_000),  # of the 8 minutes before the error no more than 5 count
        ("tokens_per_minute", 15),
    ],
)
def test_a_measure_is_what_it_says(measure: str, value: float) -> None:
    assert total(HISTORY, measure) == value


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        *((name, 0) for name in ("count", "sessions", "users", "errors", "success_count", "failure_count", "timed")),
        *((name, 0) for name in ("duration_sum", "tokens", "output_tokens", "cost_usd", "active_ms")),
        *((name, None) for name in ("error_rate", "success_rate", "duration_avg", "duration_min", "duration_max")),
        *((name, None) for name in ("duration_p50", "cache_hit_rate", "tokens_per_minute")),
    ],
)
def test_of_nothing_sums_are_zero_and_the_rest_is_null(measure: str, value: int | None) -> None:
    assert ask([], measure) == {"total": {measure: value}, "rows": [], "truncated": False, "at_least": []}


@pytest.mark.parametrize(
    ("n", "p", "index"), [(1000, "99.9", 999), (1000, "0.1", 1), (1000, "0.099", 0), (20, "95", 19), (2, "50", 1)]
)
def test_a_percentile_is_the_value_at_an_exact_index(n: int, p: str, index: int) -> None:
    assert total([line(i, duration_ms=i) for i in range(n)], f"duration_p{p}") == index


def test_a_tie_of_times_and_a_session_of_one_metric_add_no_active_time() -> None:
    lines = [line(1, session_id="s1"), line(2, session_id="s1"), line(3, session_id="s2")]
    assert ask(lines, "active_ms", "tokens_per_minute")["total"] == {"active_ms": 0, "tokens_per_minute": None}


def test_metrics_without_a_session_add_no_active_time() -> None:
    assert total([line(1), line(2, "2026-03-01T09:01:00Z")], "active_ms") == 0


def test_active_time_is_between_the_metrics_of_the_row() -> None:
    lines = [
        line(1, "2026-03-01T09:00Z", session_id="s1", tool_name="Bash"),
        line(2, "2026-03-01T09:01Z", session_id="s1", tool_name="Read"),
        line(3, "2026-03-01T09:03:00.5Z", session_id="s1", tool_name="Bash"),
    ]
    assert rows(lines, "active_ms", by=("tool",)) == [("Bash", 180_500), ("Read", 0)]
    assert total(lines, "active_ms") == 180_500


def test_a_cost_is_reported_or_priced_or_nothing() -> None:
    lines = [line(1, model=OPUS, input_tokens=1_000_000), line(2, model="acme", input_tokens=9), line(3, cost_usd=0.5)]
    assert rows(lines, "cost_usd", by=("model",)) == [(OPUS, 5), ("acme", 0)]
    assert total(lines, "cost_usd") == 5.5


def test_tokens_and_cost_are_at_least_so_much_where_something_is_untold() -> None:
    untold, unpriced, told = line(1, type="token_usage"), line(2, token_count=5), line(3, cost_usd=1, token_count=5)
    assert ask([untold], "count", "tokens", "cost_usd")["at_least"] == ["tokens", "cost_usd"]
    assert ask([unpriced], "tokens", "cost_usd")["at_least"] == ["cost_usd"]
    assert ask([told], "tokens", "cost_usd")["at_least"] == []


# Dimensions


def test_rows_are_the_combinations_that_occur() -> None:
    lines = [
        line(1, tool_name="Bash", success=True),
        line(2, tool_name="Bash", success=True),
        line(3, tool_name="Bash"),
        line(4, tool_name="Read", success=False),
        line(5, success=True),
    ]
    answered = ask(lines, by=("tool", "outcome"))
    assert answered["rows"] == [
        {"tool": "Bash", "outcome": "success", "count": 2},
        {"tool": "Read", "outcome": "failure", "count": 1},
    ]
    assert answered["total"] == {"count": 5}


def test_a_range_has_its_start_and_not_its_end() -> None:
    lines = [line(1, "2026-03-01T00:00Z"), line(2, "2026-03-01T23:59:59.999999Z"), line(3, "2026-03-02T00:00Z")]
    assert total(lines, "count", start="2026-03-01T01:00+01:00", end="2026-03-02T00:00Z") == 2


def test_without_dimensions_there_is_one_combination_at_most() -> None:
    assert rows([line(1), line(2)]) == [(2,)]
    assert rows([]) == []


@pytest.mark.parametrize(
    ("dimension", "fields", "value"),
    [
        *(("session", {"session_id": "s1"}, "s1"), ("user", {"user_id": "ana"}, "ana"), ("type", {}, "tool_use")),
        *(
            ("project", {"project_path": "/a"}, "/a"),
            ("tool", {"tool_name": ""}, ""),
            ("agent", {"agent_id": "x"}, "x"),
        ),
        *(("model", {"model": "m"}, "m"), ("source", {}, "metrics-log"), ("error_type", {"error_type": "e"}, "e")),
        *(("command", {"command_name": "/c"}, "/c"), ("operation", {"operation": "o"}, "o")),
        *(("hook", {"hook_name": "h"}, "h"), ("outcome", {"success": False}, "failure"), ("hour_of_day", {}, 9)),
        *(
            ("weekday", {}, 7),
            ("acting_agent", {"agent_id": ""}, ""),
            ("acting_agent", {"agent_id": "x", "agent_run_id": "r"}, "x"),
        ),
    ],
)
def test_a_dimension_is_what_the_metric_has(dimension: str, fields: dict[str, Any], value: Any) -> None:
    assert rows([line(1, **fields)], by=(dimension,)) == [(value, 1)]


def test_an_error_without_an_outcome_is_a_failure() -> None:
    lines = [line(1, type="error_occurred"), line(2, type="error_occurred", success=True), line(3)]
    assert rows(lines, by=("outcome",)) == [("failure", 1), ("success", 1)]


def test_the_acting_agent_is_the_one_that_any_metric_of_the_run_names() -> None:
    lines = [
        line(1, "2026-01-01T00:00Z", agent_id="Plan", agent_run_id="r"),
        line(2, "2026-01-02T00:00Z", agent_id="Explore", agent_run_id="r"),
        line(3, agent_run_id="r"),
        line(4, agent_run_id="other"),
    ]
    assert rows(lines, by=("acting_agent",), start="2026-02-01T00:00Z") == [("Explore", 1)]


def test_a_session_lends_its_user_and_project_to_rows_and_filters() -> None:
    lines = [line(1, "2026-01-01T00:00Z", session_id="s", user_id="ana", project_path="/a"), line(2, session_id="s")]
    asked = {"by": ("user", "project"), "start": "2026-02-01T00:00Z", "where": AnyOf("user", ("ana",))}
    assert rows(lines, **asked) == [("ana", "/a", 1)]


def test_hours_of_the_day_and_weekdays_are_the_wall_clocks() -> None:
    lines = [line(1, "2026-03-01T18:14Z"), line(2, "2026-03-01T18:15Z")]
    assert rows(lines, by=("weekday", "hour_of_day"), zone="Asia/Kathmandu") == [(1, 0, 1), (7, 23, 1)]


# Filters

NAMED = [line(n, tool_name=name) for n, name in enumerate(("Bash", "bash", "mcp__a", "mcp__b", "a%b", "a\nb"))]
NAMED.append(line("none"))


@pytest.mark.parametrize(
    ("where", "count"),
    [
        *((AnyOf("tool", ("Bash",)), 1), (AnyOf("tool", ("Bash", "mcp__a", "no")), 2), (NoneOf("tool", ("Bash",)), 6)),
        *((Prefix("tool", "mcp_"), 2), (Prefix("tool", ""), 6), (Prefix("tool", "b"), 1)),
        *((Pattern("tool", "*"), 6), (Pattern("tool", "?ash"), 2), (Pattern("tool", "mcp__?"), 2)),
        *((Pattern("tool", "a?b"), 2), (Pattern("tool", "a%b"), 1), (Pattern("tool", "[Bb]ash"), 0)),
        *((Pattern("tool", "as"), 0), (Pattern("tool", "a_b"), 0), (Pattern("tool", "B*"), 1)),
        *((Not(AnyOf("tool", ("Bash",))), 6), (Not(NoneOf("tool", ("Bash",))), 1), (Not(Prefix("tool", "")), 1)),
        *((All((Prefix("tool", "mcp"), NoneOf("tool", ("mcp__a",)))), 1), (All(()), 7)),
        *((Any_((AnyOf("tool", ("Bash",)), Pattern("tool", "*b"))), 4), (Any_(()), 0)),
        *((AnyOf("weekday", (6, 7)), 7), (AnyOf("hour_of_day", (8, 10)), 0)),
    ],
)
def test_a_filter_is_met_by_so_many(where: Filter, count: int) -> None:
    assert total(NAMED, "count", where=where) == count


@pytest.mark.parametrize(
    ("where", "count"),
    [
        *((Between("duration_ms", low=100), 3), (Between("duration_ms", low=100, low_outside=True), 2)),
        *((Between("duration_ms", low=100, high=300), 3), (Between("duration_ms", high=300, high_outside=True), 2)),
        *((Not(Between("duration_ms", low=0)), 2), (Between("tokens", low=20, high=30), 2)),
        *(
            (Between("tokens", high=40), 4),
            (Between("cost_usd", low=0.25, high=0.5), 2),
            (Between("weekday", low=6), 5),
        ),
    ],
)
def test_a_range_is_met_by_those_that_have_the_amount(where: Filter, count: int) -> None:
    assert total(HISTORY, "count", where=where) == count
