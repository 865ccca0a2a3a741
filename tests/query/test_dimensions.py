from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from claude_lines import ingest
from cli.made_up import HISTORY, metric, write_transcript
from queried import asked, cells
from tachograph.query.model import NAMES, All, Any_, AnyOf, Between, NoneOf, Not, Pattern, Prefix, Query
from tachograph.query.run import run
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from pathlib import Path

    from tachograph.query.model import Filter

ROWS = {
    "session": [("s1", 5), ("s2", 4)],
    "user": [("ana", 5), ("ben", 4)],
    "project": [("/srv/api", 5), ("/srv/web", 4)],
    "type": [
        ("tool_use", 3), ("session_start", 2), ("agent_execution", 1), ("command_executed", 1), ("error_occurred", 1),
        ("token_usage", 1),
    ],
    "tool": [("Bash", 2), ("Read", 1)],
    "agent": [("Explore", 1)],
    "acting_agent": [("Explore", 1)],
    "model": [("opus", 1)],
    "source": [("metrics-log", 9)],
    "error_type": [("rate_limit", 1)],
    "command": [("/commit", 1)],
    "operation": [],
    "hook": [],
    "outcome": [("success", 3), ("failure", 2)],
    "hour_of_day": [(12, 4), (9, 2), (0, 1), (8, 1), (23, 1)],
    "weekday": [(2, 4), (7, 4), (1, 1)],
}  # fmt: skip


@pytest.mark.parametrize(("name", "rows"), ROWS.items())
def test_each_dimension_has_a_row_for_each_of_its_values(name: str, rows: list[tuple[Any, int]]) -> None:
    assert set(NAMES) < set(ROWS)
    answer = asked(HISTORY, by=(name,))
    assert cells(answer, name, "count") == rows
    assert answer.total == {"count": 9}


def test_rows_are_the_combinations_that_occur_of_metrics_that_have_all_dimensions() -> None:
    answer = asked(HISTORY, measures=("count", "duration_sum"), by=("project", "tool", "outcome", "weekday"))
    assert answer.rows == [
        {"project": "/srv/api", "tool": "Bash", "outcome": "failure", "weekday": 7, "count": 1, "duration_sum": 500.0},
        {"project": "/srv/api", "tool": "Bash", "outcome": "success", "weekday": 7, "count": 1, "duration_sum": 1500.0},
        {"project": "/srv/api", "tool": "Read", "outcome": "success", "weekday": 7, "count": 1, "duration_sum": 10.0},
    ]


def test_operations_and_hooks_are_dimensions() -> None:
    lines = [
        metric("a", "2026-03-01T09:00Z", "performance", operation="index"),
        metric("b", "2026-03-01T09:00Z", "hook_triggered", hook_name="Stop"),
    ]
    assert cells(asked(lines, by=("operation",)), "operation", "count") == [("index", 1)]
    assert cells(asked(lines, by=("hook",)), "hook", "count") == [("Stop", 1)]


def test_what_a_run_of_an_agent_does_is_done_by_that_agent() -> None:
    lines = [
        metric("a", "2026-03-01T09:00Z", "agent_execution", agent_id="Plan", agent_run_id="r1"),
        metric("b", "2026-03-01T09:01Z", "agent_execution", agent_id="Explore", agent_run_id="r1"),
        metric("c", "2026-03-01T09:02Z", tool_name="Read", agent_run_id="r1"),
        metric("d", "2026-03-01T09:03Z", tool_name="Read", agent_run_id="r2"),
    ]
    assert cells(asked(lines, by=("acting_agent",)), "acting_agent", "count") == [("Explore", 2), ("Plan", 1)]
    # Who a run is of is known of the whole store, whatever part of it is asked about.
    late = asked(lines, by=("acting_agent",), start="2026-03-01T09:02Z")
    assert cells(late, "acting_agent", "count") == [("Explore", 1)]
    assert asked(lines, where=AnyOf("acting_agent", ("Explore",))).total == {"count": 2}


def test_a_metric_belongs_to_its_sessions_user_and_project_where_it_names_none() -> None:
    lines = [
        metric("a", "2026-03-01T09:00Z", "session_start", "s1", "ana", project_path="/srv/api"),
        metric("b", "2026-03-01T10:00Z", session="s1", user=None),
        metric("c", "2026-03-01T10:00Z", session="s1", user="ben", project_path="/srv/web"),
        metric("d", "2026-03-01T10:00Z", session=None, user=None),
    ]
    late: dict[str, Any] = {"start": "2026-03-01T09:30Z"}
    assert cells(asked(lines, by=("user",), **late), "user", "count") == [("ana", 1), ("ben", 1)]
    assert asked(lines, measures=("users", "sessions"), **late).total == {"users": 2, "sessions": 1}
    assert asked(lines, where=AnyOf("project", ("/srv/api",)), **late).total == {"count": 1}


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        (AnyOf("tool", ("Bash", "Read")), "abc"),
        (AnyOf("tool", ()), ""),
        (NoneOf("tool", ("Bash",)), "cde"),
        (NoneOf("tool", ()), "abcde"),
        (Prefix("tool", "Ba"), "ab"),
        (Prefix("tool", "ba"), ""),
        (Pattern("tool", "*a*"), "abc"),
        (Pattern("tool", "?ash"), "ab"),
        (Pattern("tool", "Bas"), ""),
        (Pattern("tool", "*"), "abcd"),
        (Pattern("tool", "100%_*\\"), "d"),
        (Pattern("tool", "100?_\u00e4?\\"), "d"),
        (Not(Pattern("tool", "*a*")), "de"),
        (Between("duration_ms", low=500), "ab"),
        (Between("duration_ms", low=500, low_outside=True), "a"),
        (Between("duration_ms", high=500), "bc"),
        (Between("duration_ms", low=10, high=500, high_outside=True), "c"),
        (Not(Between("duration_ms", low=500)), "cde"),
        (Between("tokens", low=6.5, high=7.5), "e"),
        (Between("tokens", low=7, low_outside=True), ""),
        (Between("tokens", low=-(10**40), high=10**40), "e"),
        (Between("cost_usd", low=0.1, high=0.1), "e"),
        (Between("cost_usd", low=0.1, low_outside=True), ""),
        (Between("cost_usd", high=1e300), "e"),
        (Between("hour_of_day", low=10), "cde"),
        (AnyOf("hour_of_day", (9, 10)), "abc"),
        (NoneOf("weekday", (7,)), "e"),
        (AnyOf("outcome", ("failure",)), "bd"),
        (AnyOf("session", ("s2",)), "e"),
        (All((AnyOf("tool", ("Bash",)), AnyOf("outcome", ("success",)))), "a"),
        (Any_((AnyOf("tool", ("Read",)), Between("tokens", low=1))), "ce"),
        (All(()), "abcde"),
        (Any_(()), ""),
        (
            Not(All((AnyOf("tool", ("Bash",)), Not(Any_((AnyOf("outcome", ("success",)), Prefix("model", "o"))))))),
            "acde",
        ),
    ],
)
def test_a_filter_takes_what_meets_it(where: Filter, ids: str) -> None:
    lines = [
        metric("a", "2026-03-01T09:00Z", tool_name="Bash", duration_ms=1500, success=True),
        metric("b", "2026-03-01T09:30Z", tool_name="Bash", duration_ms=500, success=False),
        metric("c", "2026-03-01T10:00Z", tool_name="Read", duration_ms=10),
        metric("d", "2026-03-01T11:00Z", "error_occurred", tool_name="100%_\u00e4\u00e4\\"),
        metric("e", "2026-03-02T12:00Z", "token_usage", "s2", input_tokens=7, cost_usd=0.1, command_name="e"),
    ]
    each = {"a": 9 * 60, "b": 9 * 60 + 30, "c": 600, "d": 660, "e": 36 * 60}
    answer = asked(lines, by=("minute",), where=where)
    assert [row["minute"][8:16] for row in answer.rows] == [
        f"{1 + each[id] // 1440:02}T{each[id] % 1440 // 60:02}:{each[id] % 60:02}" for id in ids
    ]
    assert answer.total == {"count": len(ids)}


def test_text_that_means_something_in_sql_is_text() -> None:
    name = "'; DROP TABLE metrics; -- $p0 {x}"
    lines = [metric("a", "2026-03-01T09:00Z", tool_name=name), metric("b", "2026-03-01T09:00Z", tool_name="Bash")]
    for where in (AnyOf("tool", (name,)), Prefix("tool", name[:5]), Pattern("tool", f"{name[:-4]}*")):
        answer = asked(lines, by=("tool",), where=where, limit=5, other=True)
        assert cells(answer, "tool", "count") == [(name, 1)]


@pytest.mark.parametrize("count", [0, 1, 200, 201, 20_000])
def test_any_number_of_values_can_be_asked_for(count: int) -> None:
    names = tuple(f"tool {number}" for number in range(count))
    lines = [metric(name, "2026-03-01T09:00Z", tool_name=name) for name in ("tool 0", "tool 199", "tool 19999", "Bash")]
    found = sum(name in names for name in ("tool 0", "tool 199", "tool 19999"))
    assert asked(lines, where=AnyOf("tool", names)).total == {"count": found}
    assert asked(lines, where=NoneOf("tool", names)).total == {"count": 4 - found}


def test_a_filter_may_have_a_thousand_conditions_and_a_hundred_levels() -> None:
    wide = Any_(tuple(AnyOf("user", (f"u{number}", "ana")) for number in range(999)))
    deep: Filter = AnyOf("tool", ("Bash",))
    for _ in range(33):
        deep = All((Any_((Not(Not(deep)) if _ == 0 else deep,)), NoneOf("tool", ("Read",))))
    assert asked(HISTORY, where=wide).total == {"count": 5}
    assert asked(HISTORY, where=deep).total == {"count": 2}


def test_agents_own_logs_are_asked_alike(tmp_path: Path) -> None:
    with Store.in_memory() as store:
        ingest(store, write_transcript(tmp_path))
        answer = run(store, Query(measures=("count", "tokens"), by=("source", "tool", "outcome")))
    assert answer.rows == [{"source": "claude-code", "tool": "Bash", "outcome": "success", "count": 1, "tokens": 0}]
    assert answer.total["tokens"] == 112
