from __future__ import annotations

import math
import random
from typing import Any

import pytest

from cli.made_up import metric
from queried import asked, at, cells
from tachograph.query.measures import percentage
from tachograph.query.model import MEASURES

CALLS = (
    metric("a1", "2026-03-01T09:00:00Z", tool_name="Bash", duration_ms=1500, success=True),
    metric("a2", "2026-03-01T09:01:00Z", tool_name="Bash", duration_ms=500, success=False),
    metric("a3", "2026-03-01T09:20:00Z", tool_name="Read"),
    metric("a4", "2026-03-01T09:21:00Z", "error_occurred", error_type="timeout"),
    metric("b1", "2026-03-01T09:00:30Z", "token_usage", "s2", "ben", input_tokens=10, output_tokens=5),
    metric("b2", "2026-03-01T09:02:30Z", "token_usage", "s2", None, cache_read_tokens=80, cache_write_tokens=10),
    metric("b3", "2026-03-01T09:03:00Z", "token_usage", "s2", "ben", token_count=200, cost_usd=0.25),
    metric("c1", "2026-03-01T09:03:30Z", "performance", None, None, duration_ms=0),
)
EXPECTED = {
    "count": 8,
    "sessions": 2,
    "users": 2,
    "errors": 1,
    "error_rate": 1 / 8,
    "success_count": 1,
    "failure_count": 2,
    "success_rate": 1 / 3,
    "timed": 3,
    "duration_sum": 2000.0,
    "duration_avg": 2000 / 3,
    "duration_min": 0.0,
    "duration_max": 1500.0,
    "duration_p50": 500.0,
    "duration_p99.9": 1500.0,
    "tokens": 305,
    "input_tokens": 10,
    "output_tokens": 5,
    "cache_read_tokens": 80,
    "cache_write_tokens": 10,
    "cache_hit_rate": 0.8,
    "cost_usd": 0.25,
    # s1: 1 min, 5 of 19 min, 1 min; s2: 2 min and half a minute; what has no session has no next.
    "active_ms": (60 + 300 + 60 + 120 + 30) * 1000.0,
    "tokens_per_minute": 305 / 9.5,
}
NOTHING = {
    **dict.fromkeys(EXPECTED, 0),
    **dict.fromkeys(
        (
            "error_rate", "success_rate", "duration_avg", "duration_min", "duration_max", "duration_p50",
            "duration_p99.9", "cache_hit_rate", "tokens_per_minute",
        )
    ),
}  # fmt: skip


def test_each_measure_is_what_it_is_defined_as() -> None:
    assert tuple(name for name in EXPECTED if not percentage(name)) == MEASURES
    assert asked(CALLS, measures=tuple(EXPECTED)).total == EXPECTED


@pytest.mark.parametrize("name", EXPECTED)
def test_each_measure_alone_is_the_same(name: str) -> None:
    assert asked(CALLS, measures=(name,)).total == {name: EXPECTED[name]}


def test_of_nothing_counts_and_sums_are_0_and_the_rest_has_no_value() -> None:
    answer = asked([], measures=tuple(EXPECTED))
    assert answer.total == NOTHING
    assert (answer.rows, answer.start, answer.end, answer.at_least) == ([], None, None, ())


def test_without_dimensions_the_one_row_is_the_total() -> None:
    answer = asked(CALLS, measures=("count", "users"))
    assert answer.rows == [answer.total] == [{"count": 8, "users": 2}]


@pytest.mark.parametrize("percent", ["0.001", "0.1", "5", "29", "50", "57", "95", "99.9", "99.999"])
def test_a_percentile_is_the_duration_at_the_floor_of_its_share(percent: str) -> None:
    draw = random.Random(percent)
    for count in (1, 2, 20, 100, 700, 1000):
        durations = [draw.choice((0.1, 7, 2.5)) * draw.randrange(500) for _ in range(count)]
        lines = [metric(f"m{index}", "2026-03-01T09:00Z", duration_ms=each) for index, each in enumerate(durations)]
        name = f"duration_p{percent}"
        index = count * round(float(percent) * 1000) // 100_000
        assert asked(lines, measures=(name,)).total == {name: sorted(durations)[index]}, count


def test_sums_of_durations_are_exact_at_any_size() -> None:
    lines = [metric(f"m{index}", "2026-03-01T09:00Z", duration_ms=each) for index, each in enumerate([0.1] * 10)]
    huge = [metric(f"h{index}", "2026-03-01T09:00Z", duration_ms=1.5e308) for index in range(2)]
    assert asked(lines, measures=("duration_sum", "duration_avg")).total == {"duration_sum": 1.0, "duration_avg": 0.1}
    total = asked([*lines, *huge], measures=("duration_sum", "duration_max")).total
    assert total == {"duration_sum": math.inf, "duration_max": 1.5e308}


def test_a_session_is_active_within_each_row_for_itself() -> None:
    lines = [
        *at("2026-03-01T09:00Z", "2026-03-01T09:02Z", "2026-03-01T09:04Z", tool_name="Read"),
        metric("b", "2026-03-01T09:01Z", tool_name="Bash"),
    ]
    answer = asked(lines, measures=("active_ms",), by=("tool",))
    assert cells(answer, "tool", "active_ms") == [("Read", 240_000.0), ("Bash", 0.0)]
    assert answer.total == {"active_ms": 240_000.0}


def test_metrics_of_one_moment_are_active_for_no_time() -> None:
    answer = asked(at("2026-03-01T09:00Z", "2026-03-01T09:00Z"), measures=("active_ms", "tokens_per_minute"))
    assert answer.total == {"active_ms": 0.0, "tokens_per_minute": None}


@pytest.mark.parametrize(
    ("data", "at_least"),
    [
        ({"input_tokens": 1, "cost_usd": 0.1}, ()),
        ({"model": "no such model", "input_tokens": 1}, ("cost_usd",)),
        ({}, ("tokens", "input_tokens", "output_tokens", "cost_usd", "tokens_per_minute")),
    ],
)
def test_what_no_log_tells_makes_measures_a_lower_bound(data: dict[str, Any], at_least: tuple[str, ...]) -> None:
    lines = [metric("a", "2026-03-01T09:00Z", "token_usage", **data)]
    measures = ("count", "tokens", "input_tokens", "output_tokens", "cost_usd", "cache_hit_rate", "tokens_per_minute")
    assert asked(lines, measures=measures).at_least == at_least
    assert asked(lines, measures=("count",)).at_least == ()
