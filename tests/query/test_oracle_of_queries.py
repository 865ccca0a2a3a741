"""The slow reading of what a query is, against answers worked out by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from oracle import read_lines
from oracle.queries import answer
from oracle.query_earlier import earlier_range
from oracle.query_windows import Windows, windows
from query_strategies import QUERY_ANCHORS, WINDOWS, Asking, askings
from strategies import Anchor, moments
from tachograph.query.model import (
    All,
    Any_,
    AnyOf,
    Between,
    Compare,
    Filter,
    NoneOf,
    Not,
    Pattern,
    Prefix,
    Query,
)

OPUS = "claude-opus-4-5-20251101"
PATIENT = settings(deadline=None)  # the first look at a zone is slow
NOTHING = {"absolute": None, "relative": None}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def line(n: int | str, at: str = "2026-03-01T09:00:00Z", type: str = "tool_use", **fields: Any) -> bytes:
    """A line; what isn't a field of the line itself goes into its data."""
    own = {name: fields.pop(name) for name in ("session_id", "user_id") if name in fields}
    return json.dumps({"id": f"m{n}", "timestamp": at, "type": type, **own, "data": fields}).encode()


def ask(lines: list[bytes], *measures: str, zone: str = "UTC", **asked: Any) -> dict[str, Any]:
    metrics, rejects = read_lines(lines)
    assert rejects == []
    for name in ("start", "end"):
        if name in asked:
            asked[name] = moment(asked[name])
    return answer(metrics, Query(measures=measures or ("count",), zone=ZoneInfo(zone), **asked))


def total(lines: list[bytes], measure: str, **asked: Any) -> Any:
    return ask(lines, measure, **asked)["total"][measure]


def cells(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """The rows' values, without the names of their columns."""
    return [tuple(row.values()) for row in rows]


def rows(lines: list[bytes], *measures: str, **asked: Any) -> list[tuple[Any, ...]]:
    return cells(ask(lines, *measures, **asked)["rows"])


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


# Windows


def labels(dimension: str, start: str, end: str, zone: str = "UTC", **starts: Any) -> list[str]:
    """The windows of a range, as a filled answer lists them."""
    return [row[0] for row in rows([], by=(dimension,), start=start, end=end, zone=zone, fill=True, **starts)]


def test_windows_of_minutes_are_counted_from_midnight_and_the_last_ends_with_the_day() -> None:
    assert labels("7 minutes", "2026-03-01T23:50Z", "2026-03-02T00:08Z") == [
        "2026-03-01T23:48:00+00:00",
        "2026-03-01T23:55:00+00:00",
        "2026-03-02T00:00:00+00:00",
        "2026-03-02T00:07:00+00:00",
    ]
    assert labels("5 hours", "2026-03-01T15:00Z", "2026-03-02T00:30Z") == [
        "2026-03-01T15:00:00+00:00",
        "2026-03-01T20:00:00+00:00",
        "2026-03-02T00:00:00+00:00",
    ]


def test_what_the_clock_shows_twice_is_two_windows_of_any_width() -> None:
    assert labels("6 hours", "2024-10-26T22:00Z", "2024-10-27T06:00Z", "Europe/Rome") == [
        "2024-10-27T00:00:00+02:00",
        "2024-10-27T02:00:00+01:00",
        "2024-10-27T06:00:00+01:00",
    ]
    assert labels("30 minutes", "2024-10-27T00:00Z", "2024-10-27T02:00Z", "Europe/Rome") == [
        "2024-10-27T02:00:00+02:00",
        "2024-10-27T02:30:00+02:00",
        "2024-10-27T02:00:00+01:00",
        "2024-10-27T02:30:00+01:00",
    ]


def test_a_window_that_a_change_cuts_ends_there() -> None:
    assert labels("90 minutes", "2024-03-30T23:30Z", "2024-03-31T03:00Z", "Europe/Rome") == [
        "2024-03-31T00:00:00+01:00",
        "2024-03-31T01:30:00+01:00",
        "2024-03-31T03:00:00+02:00",
        "2024-03-31T04:30:00+02:00",
    ]
    assert labels("hour", "1972-01-07T00:00Z", "1972-01-07T02:00Z", "Africa/Monrovia") == [
        "1972-01-06T23:00:00-00:44:30",
        "1972-01-07T00:44:30+00:00",
        "1972-01-07T01:00:00+00:00",
    ]


def test_several_days_weeks_and_months_are_counted_from_those_of_1970() -> None:
    assert labels("3 days", "1969-12-29T00:00Z", "1970-01-05T00:00Z") == [
        "1969-12-29T00:00:00+00:00",
        "1970-01-01T00:00:00+00:00",
        "1970-01-04T00:00:00+00:00",
    ]
    assert labels("2 weeks", "1969-12-20T00:00Z", "1970-01-13T00:00Z") == [
        "1969-12-15T00:00:00+00:00",
        "1969-12-29T00:00:00+00:00",
        "1970-01-12T00:00:00+00:00",
    ]
    assert labels("3 months", "2026-02-01T00:00Z", "2026-07-02T00:00Z") == [
        "2026-01-01T00:00:00+00:00",
        "2026-04-01T00:00:00+00:00",
        "2026-07-01T00:00:00+00:00",
    ]


def test_weeks_and_months_begin_on_the_day_that_is_said() -> None:
    assert labels("week", "2026-03-03T00:00Z", "2026-03-09T00:00Z", week_start="sunday") == [
        "2026-03-01T00:00:00+00:00",
        "2026-03-08T00:00:00+00:00",
    ]
    assert (
        labels("2 weeks", "1970-01-01T00:00Z", "1970-01-09T00:00Z", week_start="friday")
        == [
            "1969-12-26T00:00:00+00:00",
            "1970-01-09T00:00:00+00:00",
        ][:1]
    )
    assert labels("month", "2026-03-14T23:59Z", "2026-03-15T00:01Z", month_start=15) == [
        "2026-02-15T00:00:00+00:00",
        "2026-03-15T00:00:00+00:00",
    ]
    assert labels("3 months", "1970-01-01T00:00Z", "1970-03-16T00:00Z", month_start=15) == [
        "1969-12-15T00:00:00+00:00",
        "1970-03-15T00:00:00+00:00",
    ]


def test_days_that_have_no_moment_are_no_windows() -> None:
    assert labels("day", "2011-12-29T11:00Z", "2011-12-31T11:00Z", "Pacific/Apia") == [
        "2011-12-29T00:00:00-10:00",
        "2011-12-31T00:00:00+14:00",
        "2012-01-01T00:00:00+14:00",
    ]


def watched(anchor: Anchor, hours: int) -> list[datetime]:
    """Each half minute about an anchor."""
    return [anchor.moment + timedelta(seconds=30 * n) for n in range(-hours * 120, hours * 120)]


@pytest.mark.parametrize("dimension", ["minute", "7 minutes", "90 minutes", "6 hours"])
@pytest.mark.parametrize("anchor", QUERY_ANCHORS, ids=lambda anchor: f"{anchor.zone} {anchor.moment:%F}")
def test_windows_are_where_a_clock_that_is_watched_shows_their_mark_or_jumps(anchor: Anchor, dimension: str) -> None:
    zone, began = ZoneInfo(anchor.zone), None
    of = windows(dimension, anchor.zone, "monday", 1)
    assert of is not None
    minutes = of.n * (60 if of.unit == "hour" else 1)
    before = None
    for at in watched(anchor, 7):
        wall = at.astimezone(zone)
        on_the_mark = wall.second == 0 and (wall.hour * 60 + wall.minute) % minutes == 0
        if on_the_mark or (before is not None and wall.utcoffset() != before):
            began = at
        before = wall.utcoffset()
        if began:
            assert of.start(at) == began


@PATIENT
@given(st.data(), st.sampled_from(QUERY_ANCHORS), st.sampled_from(WINDOWS), st.integers(1, 28))
def test_windows_follow_each_other_without_a_gap(
    data: st.DataObject, anchor: Anchor, dimension: str, month_start: int
) -> None:
    at = data.draw(moments((anchor,)))
    of = windows(dimension, anchor.zone, data.draw(st.sampled_from(("monday", "sunday"))), month_start)
    assert isinstance(of, Windows)
    start = of.start(at)
    following = of.after(start)
    assert start <= at < following
    assert of.start(start) == start
    assert of.start(following) == following
    assert of.back(following, 1) == start


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


# Order and limit

TOOLS = [
    *(line(f"b{n}", tool_name="Bash", duration_ms=10, session_id="s1") for n in range(3)),
    *(line(f"r{n}", tool_name="Read", session_id=f"s{n}") for n in range(2)),
    *(line(f"g{n}", tool_name="Grep", duration_ms=50, session_id="s2") for n in range(2)),
]


@pytest.mark.parametrize(
    ("order", "tools"),
    [
        ((), ["Bash", "Grep", "Read"]),
        (("-count",), ["Grep", "Read", "Bash"]),
        (("tool",), ["Bash", "Grep", "Read"]),
        (("-tool",), ["Read", "Grep", "Bash"]),
        (("duration_avg",), ["Grep", "Bash", "Read"]),
        (("-duration_avg",), ["Bash", "Grep", "Read"]),
        (("-count", "-tool"), ["Read", "Grep", "Bash"]),
    ],
)
def test_rows_stand_as_ordered_and_null_is_last_whichever_way(order: tuple[str, ...], tools: list[str]) -> None:
    assert [row[0] for row in rows(TOOLS, "count", "duration_avg", by=("tool",), order=order)] == tools


def test_windows_stand_first_and_names_by_code_point() -> None:
    lines = [
        *(line(f"z{n}", "2026-03-02T00:00Z", tool_name="z") for n in range(3)),
        line(1, "2026-03-02T00:00Z", tool_name="\U0001f600"),
        line(2, "2026-03-02T00:00Z", tool_name="\uff5e"),
        line(3, "2026-03-01T00:00Z", tool_name="b"),
    ]
    assert [row[0] for row in rows(lines, by=("tool", "day"))] == ["b", "z", "\uff5e", "\U0001f600"]
    assert [row[0] for row in rows(lines, by=("tool", "day"), order=("-day",))][-1] == "b"
    assert rows(lines, by=("tool", "day"), order=("count",))[0][0] == "z"


def test_a_limit_keeps_the_first_rows_and_other_brings_the_rest_together() -> None:
    kept = ask(TOOLS, "count", "sessions", "duration_p50", by=("tool",), limit=1)
    assert (cells(kept["rows"]), kept["truncated"]) == ([("Bash", 3, 1, 10)], True)
    answered = ask(TOOLS, "count", "sessions", "duration_p50", by=("tool",), limit=1, other=True)
    assert cells(answered["rows"]) == [("Bash", 3, 1, 10), ("(other)", 4, 3, 50)]
    whole = ask(TOOLS, by=("tool",), limit=3, other=True)
    assert (len(whole["rows"]), whole["truncated"]) == (3, False)


def test_other_is_null_where_a_dimension_is_a_number_and_last_whatever_the_order() -> None:
    asked: dict[str, Any] = {"by": ("hour_of_day", "tool"), "limit": 1, "other": True, "order": ("-count",)}
    assert rows(TOOLS, **asked) == [(9, "Grep", 2), (None, "(other)", 5)]


SERIES = [
    *(line(f"a{n}", "2026-03-01T00:00Z", tool_name="A") for n in range(2)),
    *(line(f"b{n}", "2026-03-02T00:00Z", tool_name="B", duration_ms=5) for n in range(3)),
    line("c1", "2026-03-01T00:00Z", tool_name="C"),
    line("a3", "2026-03-02T00:00Z", tool_name="A"),
    line("c2", "2026-03-03T00:00Z", tool_name="C"),
]


def test_a_limit_keeps_the_series_that_come_first_over_the_whole_range() -> None:
    asked: dict[str, Any] = {"by": ("day", "tool"), "limit": 1}
    assert [row[1:] for row in rows(SERIES, **asked)] == [("A", 2), ("A", 1)]
    assert [row[1:] for row in rows(SERIES, **asked, order=("-tool",))] == [("C", 1), ("C", 1)]
    assert [row[1:] for row in rows(SERIES, "count", "timed", **asked, order=("timed",))] == [("B", 3, 3)]
    assert [row[1:] for row in rows(SERIES, **asked, order=("-day",))] == [("A", 1), ("A", 2)]


def test_other_is_one_row_a_window_and_its_last() -> None:
    asked: dict[str, Any] = {"by": ("day", "tool"), "limit": 1, "other": True}
    assert [(row[0][8:10], *row[1:]) for row in rows(SERIES, **asked)] == [
        *(("01", "A", 2), ("01", "(other)", 1), ("02", "A", 1), ("02", "(other)", 3), ("03", "(other)", 1))
    ]


def test_a_limit_on_windows_alone_keeps_the_first_and_other_has_null_for_its_window() -> None:
    asked: dict[str, Any] = {"by": ("day",), "limit": 1, "other": True}
    assert rows(SERIES, **asked) == [("2026-03-01T00:00:00+00:00", 3), (None, 5)]
    assert rows(SERIES, **asked, order=("count",)) == [("2026-03-02T00:00:00+00:00", 4), (None, 4)]
    assert rows(SERIES, **asked, rolling=2)[1:] == [(None, 5)]


# Filled and rolling


def test_filling_adds_empty_windows_for_every_series_of_the_range() -> None:
    asked: dict[str, Any] = {"by": ("day", "tool"), "start": "2026-03-02T00:00Z", "end": "2026-03-04T00:00Z"}
    filled = rows(SERIES, "count", "duration_avg", **asked, fill=True, where=NoneOf("tool", ("A",)))
    assert [(row[0][8:10], *row[1:]) for row in filled] == [
        *(("02", "B", 3, 5), ("02", "C", 0, None), ("03", "B", 0, None), ("03", "C", 1, None))
    ]


def test_filling_without_ends_goes_from_the_first_metric_to_the_last() -> None:
    assert [row[1] for row in rows(SERIES, by=("day",), fill=True, where=AnyOf("tool", ("C",)))] == [1, 0, 1]


def test_a_rolling_row_looks_back_also_before_the_start() -> None:
    lines = [
        line(1, "2026-03-01T12:00Z", session_id="s1", duration_ms=1),
        line(2, "2026-03-03T12:00Z", session_id="s1", duration_ms=5),
        line(3, "2026-03-03T13:00Z", session_id="s2", duration_ms=9),
    ]
    asked: dict[str, Any] = {"by": ("day",), "start": "2026-03-02T00:00Z", "end": "2026-03-05T00:00Z", "rolling": 3}
    answered = ask(lines, "count", "sessions", "duration_p50", **asked)
    assert [row[1:] for row in cells(answered["rows"])] == [(1, 1, 1), (3, 2, 5), (2, 2, 9)]
    assert answered["total"] == {"count": 2, "sessions": 2, "duration_p50": 9}


def test_a_rolling_row_has_what_comes_before_the_start_in_its_own_window_and_nothing_after_the_end() -> None:
    lines = [line(n, f"2026-03-01T{hour}:00Z") for n, hour in enumerate(("08", "12", "20"))]
    asked: dict[str, Any] = {"by": ("day",), "start": "2026-03-01T10:00Z", "end": "2026-03-01T18:00Z"}
    assert [row[1] for row in rows(lines, **asked)] == [1]
    assert [row[1] for row in rows(lines, **asked, rolling=2)] == [2]


# Compared


def test_each_measure_is_compared_with_the_range_before() -> None:
    lines = [
        *(line(f"x{n}", "2026-02-28T12:00Z", tool_name="Bash", duration_ms=4) for n in range(2)),
        line("y", "2026-02-28T13:00Z", tool_name="Gone"),
        *(line(f"b{n}", "2026-03-01T12:00Z", tool_name="Bash") for n in range(3)),
        line("n", "2026-03-01T13:00Z", tool_name="New"),
    ]
    day: dict[str, Any] = {"start": "2026-03-01T00:00Z", "end": "2026-03-02T00:00Z", "compare": "previous"}
    answered = ask(lines, "count", "duration_max", by=("tool",), **day)
    assert answered["rows"] == [
        {
            "tool": "Bash",
            "count": 3,
            "duration_max": None,
            "previous": {"count": 2, "duration_max": 4},
            "change": {"count": {"absolute": 1, "relative": 0.5}, "duration_max": NOTHING},
        },
        {
            "tool": "New",
            "count": 1,
            "duration_max": None,
            "previous": None,
            "change": {"count": NOTHING, "duration_max": NOTHING},
        },
    ]
    assert answered["total"]["previous"] == {"count": 3, "duration_max": 4}
    assert answered["total"]["change"]["count"] == {"absolute": 1, "relative": 1 / 3}


def test_a_change_from_zero_has_no_relation() -> None:
    lines = [line(1, "2026-02-28T12:00Z"), line(2, token_count=5)]
    day: dict[str, Any] = {"start": "2026-03-01T00:00Z", "end": "2026-03-02T00:00Z", "compare": "previous"}
    assert ask(lines, "tokens", **day)["total"]["change"] == {"tokens": {"absolute": 5, "relative": None}}


def earlier(start: str, end: str, zone: str, compare: Compare = "previous") -> tuple[str, ...]:
    at = Query(start=moment(start), end=moment(end), compare=compare, zone=ZoneInfo(zone))
    return tuple(edge.astimezone(ZoneInfo(zone)).isoformat() for edge in earlier_range(at))


def test_whole_days_are_counted_in_days_and_other_ranges_in_time() -> None:
    assert earlier("2024-10-27T00:00+02:00", "2024-10-29T00:00+01:00", "Europe/Rome") == (
        "2024-10-25T00:00:00+02:00",
        "2024-10-27T00:00:00+02:00",
    )
    assert earlier("2024-10-28T00:00+01:00", "2024-10-29T00:00+01:00", "Europe/Rome") == (
        "2024-10-27T00:00:00+02:00",
        "2024-10-28T00:00:00+01:00",
    )
    assert earlier("2024-10-28T01:00+01:00", "2024-10-29T01:00+01:00", "Europe/Rome") == (
        "2024-10-27T02:00:00+02:00",
        "2024-10-28T01:00:00+01:00",
    )
    assert earlier("2024-10-28T00:00+01:00", "2024-10-28T12:00+01:00", "Europe/Rome") == (
        "2024-10-27T12:00:00+01:00",
        "2024-10-28T00:00:00+01:00",
    )
    assert earlier("2024-10-27T18:15Z", "2024-10-28T18:15Z", "Asia/Kathmandu") == (
        "2024-10-27T00:00:00+05:45",
        "2024-10-28T00:00:00+05:45",
    )


def test_a_day_without_midnight_is_a_whole_day_too() -> None:
    assert earlier("2018-11-04T01:00-02:00", "2018-11-05T00:00-02:00", "America/Sao_Paulo") == (
        "2018-11-03T00:00:00-03:00",
        "2018-11-04T01:00:00-02:00",
    )


def test_previous_weekdays_are_whole_weeks_earlier_by_the_local_clock() -> None:
    assert earlier("2024-10-28T08:00+01:00", "2024-10-28T18:00+01:00", "Europe/Rome", "previous_weekdays") == (
        "2024-10-21T08:00:00+02:00",
        "2024-10-21T18:00:00+02:00",
    )
    assert earlier("2024-10-21T00:00+02:00", "2024-10-28T00:00+01:00", "Europe/Rome", "previous_weekdays") == (
        "2024-10-14T00:00:00+02:00",
        "2024-10-21T00:00:00+02:00",
    )
    assert earlier("2026-03-01T00:00Z", "2026-03-09T00:00Z", "UTC", "previous_weekdays") == (
        "2026-02-15T00:00:00+00:00",
        "2026-02-23T00:00:00+00:00",
    )


def test_a_range_within_the_repeated_hour_is_none_by_the_clock_a_week_earlier() -> None:
    repeated: dict[str, Any] = {"start": "2024-10-27T02:45+02:00", "end": "2024-10-27T02:45+01:00", "by": ("hour",)}
    lines = [line(1, "2024-10-20T02:45+02:00"), line(2, "2024-10-27T02:50+02:00")]
    compared = ask(lines, zone="Europe/Rome", compare="previous_weekdays", **repeated)
    assert compared["total"]["previous"] == {"count": 0}
    assert [row["previous"] for row in compared["rows"]] == [None]


def test_the_nth_window_is_compared_with_the_nth_of_the_earlier_range() -> None:
    lines = [
        line(1, "2026-02-27T12:00Z"),
        line(2, "2026-03-02T12:00Z"),
        *(line(n, "2026-03-01T12:00Z") for n in range(3, 6)),
    ]
    asked: dict[str, Any] = {"by": ("day",), "start": "2026-03-01T00:00Z", "end": "2026-03-03T00:00Z"}
    compared = ask(lines, **asked, compare="previous")["rows"]
    assert [(row["count"], row["previous"]) for row in compared] == [(3, {"count": 1}), (1, None)]
    assert compared[0]["change"] == {"count": {"absolute": 2, "relative": 2}}
    filled = ask(lines, **asked, compare="previous", fill=True)["rows"]
    assert [(row["count"], row["previous"]) for row in filled] == [(3, {"count": 1}), (1, {"count": 0})]


def test_other_is_compared_with_all_that_is_not_shown() -> None:
    lines = [
        *(line(f"b{n}", "2026-02-28T12:00Z", tool_name="Bash") for n in range(2)),
        *(line(f"g{n}", "2026-02-28T12:00Z", tool_name="Gone") for n in range(5)),
        line("r0", "2026-02-28T12:00Z", tool_name="Read"),
        *(line(f"b{n}", "2026-03-01T12:00Z", tool_name="Bash") for n in range(2, 5)),
        line("r1", "2026-03-01T12:00Z", tool_name="Read"),
    ]
    day: dict[str, Any] = {"start": "2026-03-01T00:00Z", "end": "2026-03-02T00:00Z", "compare": "previous"}
    compared = ask(lines, by=("tool",), limit=1, other=True, **day)["rows"]
    assert [(row["tool"], row["count"], row["previous"]) for row in compared] == [
        ("Bash", 3, {"count": 2}),
        ("(other)", 1, {"count": 6}),
    ]


# Random histories

FEW = settings(PATIENT, max_examples=50)


@FEW
@given(askings(max_queries=2), st.randoms(use_true_random=False))
def test_the_order_of_the_metrics_does_not_matter(asking: Asking, random: Any) -> None:
    lines, asked = asking
    metrics, rejects = read_lines(lines)
    assert rejects == []
    answers = [answer(metrics, query) for query in asked]
    random.shuffle(metrics)
    assert [answer(metrics, query) for query in asked] == answers


@FEW
@given(askings(max_queries=2))
def test_no_metric_is_counted_twice_in_rows_that_do_not_look_back(asking: Asking) -> None:
    lines, asked = asking
    metrics, _ = read_lines(lines)
    for query in asked:
        counted = answer(metrics, structs.replace(query, measures=("count",), rolling=1, limit=None, other=False))
        assert sum(row["count"] for row in counted["rows"]) <= counted["total"]["count"]


@FEW
@given(askings(max_queries=2))
def test_other_adds_nothing_and_leaves_nothing_out(asking: Asking) -> None:
    lines, asked = asking
    metrics, _ = read_lines(lines)
    for query in asked:
        every = structs.replace(query, measures=("count",), order=(), rolling=1, compare=None)
        all_rows = answer(metrics, structs.replace(every, limit=None, other=False))["rows"]
        brought_together = answer(metrics, structs.replace(every, limit=1, other=True))["rows"]
        assert sum(row["count"] for row in brought_together) == sum(row["count"] for row in all_rows)
