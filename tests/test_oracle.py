"""The slow reading of the contract against answers worked out by hand."""

import json
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle import aggregate, attribute, read_lines, window_start, windows_between
from strategies import ANCHORS, EDGES, SPELLINGS, Anchor, Question, bad_lines, good_lines, histories, moments

Metrics = list[dict[str, Any]]

KINDS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
NO_TOKENS = dict.fromkeys(KINDS, 0)
NO_USAGE = {"tokens": 0, **NO_TOKENS, "tokens_at_least": False, "cost_usd": 0, "cost_at_least": False}
SEVEN_TOKENS = NO_USAGE | {"tokens": 7, "cost_at_least": True}
OPUS, SONNET = "claude-opus-4-5-20251101", "claude-sonnet-4-5-20250929"

PATIENT = settings(deadline=None)  # the first look at a zone is slow


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def line(n: int | str, at: str = "2026-03-01T09:00:00Z", type: str = "tool_use", **fields: Any) -> bytes:
    """A line; what isn't a field of the line itself goes into its data."""
    own = {name: fields.pop(name) for name in ("session_id", "user_id", "metadata") if name in fields}
    return json.dumps({"id": f"m{n}", "timestamp": at, "type": type, **own, "data": fields}).encode()


def read(*lines: bytes) -> Metrics:
    metrics, rejects = read_lines(lines)
    assert rejects == []
    return metrics


def local_starts(window: str, first: str, last: str, zone: str) -> list[str]:
    """The labels of the windows from one moment to another."""
    starts = windows_between(window, moment(first), moment(last), zone)
    return [start.astimezone(ZoneInfo(zone)).isoformat() for start in starts]


# Reading


def test_a_line_becomes_a_metric() -> None:
    text = b"""{"id":"9f1c","timestamp":"2026-03-01T10:30:00.125+01:00","type":"tool_use","session_id":"s1",
        "user_id":"ana","data":{"tool_name":"Bash","mystery":1},"metadata":{"host":"h"}}""".replace(b"\n", b"")
    assert read(text) == [
        {
            "id": "9f1c",
            "timestamp": datetime(2026, 3, 1, 9, 30, 0, 125_000, tzinfo=UTC),
            "type": "tool_use",
            "session_id": "s1",
            "user_id": "ana",
            "data": {"tool_name": "Bash", "mystery": 1},
            "metadata": {"host": "h"},
        }
    ]


def test_absent_null_and_empty_are_read_as_the_contract_says() -> None:
    (metric,) = read(b'{"id":"a","timestamp":"2026-03-01","type":"performance","session_id":"","data":null}')
    assert metric["session_id"] is None
    assert metric["user_id"] is None
    assert metric["data"] == {}
    assert metric["metadata"] == {}
    assert metric["timestamp"] == datetime(2026, 3, 1, tzinfo=UTC)


def test_the_first_of_an_id_is_kept() -> None:
    metrics = read(line(1, model="first"), line(2), line(1, model="second"))
    assert [(metric["id"], metric["data"].get("model")) for metric in metrics] == [
        ("m1", "first"),
        ("m2", None),
    ]


def test_a_rejected_line_takes_no_id_and_stops_nothing() -> None:
    metrics, rejects = read_lines([b"", line(1, model=5), b" \r", b"{", line(1, model="good")])
    assert [metric["data"] for metric in metrics] == [{"model": "good"}]
    assert [number for number, _ in rejects] == [2, 4]


def test_the_last_of_a_key_wins() -> None:
    (metric,) = read(b'{"id":5,"id":"a","timestamp":"2026-03-01","type":"x","type":"performance"}')
    assert (metric["id"], metric["type"]) == ("a", "performance")


@pytest.mark.parametrize("value", [2**63 - 1, -(2**63), 0, None])
def test_an_integer_of_64_bits_is_read(value: int | None) -> None:
    assert read(line(1, token_count=value))[0]["data"]["token_count"] == value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("token_count", value) for value in (5.0, True, "5", 2**63, -(2**63) - 1)),
        *(("reasoning_tokens", 1.0), ("cache_write_1h_tokens", "1"), ("agent_run_id", 1), ("tool_name", 1)),
        *(("success", 1), ("success", "true"), ("duration_ms", True), ("duration_ms", "1"), ("cost_usd", [])),
        *(("duration_seconds", "1"), ("duration_seconds", 10**400), ("mystery", float("inf"))),
        *(("duration_ms", float("nan")), ("model", "\ud800"), ("mystery", {"\udfff": 1})),
    ],
)
def test_a_wrong_value_is_rejected(field: str, value: Any) -> None:
    assert len(read_lines([line(1, **{field: value})])[1]) == 1


@pytest.mark.parametrize(
    "text",
    [
        *("2026-02-30", "2026-03-01T25:00", "yesterday", "", "2026-03-01T10:00:00+24:00"),
        *("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-00:01"),
    ],
)
def test_a_timestamp_that_no_calendar_has_is_rejected(text: str) -> None:
    assert len(read_lines([line(1, text)])[1]) == 1


def test_what_follows_an_object_makes_its_line_bad() -> None:
    assert [number for number, _ in read_lines([line(1) + b" {}", line(2) + b"x", line(3) + b" \r"])[1]] == [
        1,
        2,
    ]


def test_a_number_too_large_for_a_float_is_rejected_anywhere() -> None:
    text = b'{"id":"a","timestamp":"2026-03-01","type":"performance","metadata":{"n":[1e999]}}'
    assert len(read_lines([text])[1]) == 1


@given(good_lines())
def test_a_good_line_is_a_metric(text: bytes) -> None:
    assert len(read(text)) == 1


@given(bad_lines())
def test_a_bad_line_is_a_reject(text: bytes) -> None:
    metrics, rejects = read_lines([text])
    assert (metrics, len(rejects)) == ([], 1)


@given(moments(ANCHORS, far=True), st.sampled_from(SPELLINGS), st.sampled_from(ANCHORS))
def test_every_spelling_of_a_moment_is_that_moment(at: datetime, spelling: Any, near: Anchor) -> None:
    assert read(line(1, spelling(at, near)))[0]["timestamp"] == at


# Attribution


def test_a_session_lends_its_user_and_its_project_whatever_the_order() -> None:
    metrics = read(
        line(1, "2026-03-01T12:00Z", session_id="s1"),
        line(2, "2026-03-01T11:00Z", session_id="s1", user_id="late", project_path="/late"),
        line(3, "2026-03-01T10:00Z", session_id="s1", user_id="ana"),
        line(4, "2026-03-01T09:00Z", session_id="s1", project_path=""),
        line(5, "2026-03-01T09:00Z", session_id="s2"),
        line(6, "2026-03-01T09:00Z"),
    )
    assert [(metric["user_id"], metric["project_path"]) for metric in attribute(metrics)] == [
        *(("ana", ""), ("late", "/late"), ("ana", ""), ("ana", "")),
        *((None, None), (None, None)),
    ]


def test_at_the_same_moment_the_lower_id_lends() -> None:
    metrics = read(
        line("b", session_id="s", user_id="bo"),
        line("a", session_id="s", user_id="ana"),
        line("c", session_id="s"),
    )
    assert attribute(metrics)[2]["user_id"] == "ana"


def test_a_metric_outside_the_range_lends_and_filters_see_what_is_lent() -> None:
    metrics = read(
        line(1, "2026-03-01T00:00Z", session_id="s1", user_id="ana", project_path="/a"),
        line(2, "2026-03-02T00:00Z", session_id="s1", tool_name="Bash"),
        line(3, "2026-03-02T00:00Z", session_id="s2", tool_name="Bash"),
    )
    answer = aggregate(
        metrics,
        "by_project",
        start=moment("2026-03-02T00:00Z"),
        filters={"user_id": ["ana", "bo"], "project_path": "/a"},
    )
    assert answer["total_metrics"] == 1
    assert [row["project_path"] for row in answer["time_series"]] == ["/a"]


# The whole range


def test_nothing_is_the_empty_answer() -> None:
    assert aggregate([], "daily") == {
        "type": "daily",
        "total_metrics": 0,
        "total_sessions": 0,
        "total_users": 0,
        "total_errors": 0,
        "duration_stats": dict.fromkeys(("total_ms", "avg_ms"), 0)
        | dict.fromkeys(("min_ms", "max_ms", "p50_ms", "p95_ms", "p99_ms")),
        "token_stats": {
            "total": 0,
            "avg_per_session": 0,
            **NO_TOKENS,
            "at_least": False,
            "unknown": 0,
            "lower_bounds": 0,
        },
        "cost_stats": {
            "total_usd": 0,
            "avg_per_session_usd": 0,
            "reported_usd": 0,
            "at_least": False,
            "unpriced": [],
        },
        "success_metrics": {"success_count": 0, "failure_count": 0, "success_rate": 0},
        "breakdowns": {"by_type": {}, "tools": {}, "agents": {}, "errors": {}, "models": {}},
        "time_series": [],
    }


def test_a_range_has_its_start_and_not_its_end() -> None:
    metrics = read(line(1, "2026-03-01T00:00Z"), line(2, "2026-03-01T23:59:59.999999Z"), line(3, "2026-03-02T00:00Z"))
    start, end = moment("2026-03-01T01:00+01:00"), moment("2026-03-02T00:00Z")
    assert aggregate(metrics, "daily", start, end)["total_metrics"] == 2


def test_percentiles_are_values_at_an_exact_index() -> None:
    durations = aggregate(read(*(line(n, duration_ms=n) for n in range(20))), "daily")["duration_stats"]
    assert (durations["p50_ms"], durations["p95_ms"], durations["p99_ms"]) == (10, 19, 19)
    durations = aggregate(read(*(line(n, duration_ms=n) for n in range(100))), "daily")["duration_stats"]
    assert (durations["p50_ms"], durations["p95_ms"], durations["p99_ms"]) == (50, 95, 99)
    assert (durations["total_ms"], durations["avg_ms"], durations["min_ms"], durations["max_ms"]) == (
        4950,
        49.5,
        0,
        99,
    )


def test_seconds_count_where_milliseconds_are_absent() -> None:
    metrics = read(line(1, duration_ms=1, duration_seconds=9), line(2, duration_ms=None, duration_seconds=2), line(3))
    assert aggregate(metrics, "daily")["duration_stats"]["total_ms"] == 2001


def test_a_part_of_a_token_kind_is_not_added_again() -> None:
    kinds: dict[str, Any] = {
        "input_tokens": 1,
        "output_tokens": 20,
        "cache_read_tokens": 300,
        "cache_write_tokens": 4000,
    }
    parts: dict[str, Any] = {"reasoning_tokens": 7, "cache_write_1h_tokens": 7}
    metrics = read(
        line(1, session_id="a", **kinds, **parts),
        line(2, session_id="b", token_count=0, **kinds),
        line(3, input_tokens=None, output_tokens=5),
    )
    stats = aggregate(metrics, "daily")["token_stats"]
    assert (stats["total"], stats["avg_per_session"]) == (4326, 2163)
    assert {kind: stats[kind] for kind in KINDS} == dict(zip(KINDS, (2, 45, 600, 8000), strict=True))


def test_totals_are_exact_beyond_64_bits() -> None:
    metrics = read(line(1, token_count=2**63 - 1), line(2, token_count=2**63 - 1))
    assert aggregate(metrics, "daily")["token_stats"]["total"] == 2**64 - 2


def test_an_unknown_outcome_is_neither_and_an_error_fails_unless_it_says_otherwise() -> None:
    metrics = read(
        *(line(1, success=True), line(2, success=False), line(3), line(4, success=None)),
        line(5, type="error_occurred", error_type="Timeout"),
        line(6, type="error_occurred", success=True),
        line(7, type="error_occurred", success=None),
        line(8, error_type="no error"),
    )
    answer = aggregate(metrics, "daily")
    assert answer["success_metrics"] == {"success_count": 2, "failure_count": 3, "success_rate": 0.4}
    assert answer["total_errors"] == 3
    assert answer["breakdowns"]["errors"] == {"Timeout": 1}
    assert answer["breakdowns"]["by_type"] == {"tool_use": 5, "error_occurred": 3}


def test_the_average_of_a_tool_is_over_its_timed_calls() -> None:
    metrics = read(
        line(1, tool_name="Bash", duration_ms=100, success=True),
        line(2, "2026-03-01T09:00Z", "error_occurred", tool_name="Bash", duration_ms=300),
        line(3, tool_name="Bash"),
        line(4, tool_name=""),
    )
    answer = aggregate(metrics, "by_tool")
    bash = {"count": 3, "success": 1, "failure": 1, "total_duration_ms": 400, "avg_duration_ms": 200}
    untimed = {"count": 1, "success": 0, "failure": 0, "total_duration_ms": 0, "avg_duration_ms": None}
    assert answer["breakdowns"]["tools"] == {"Bash": bash, "": untimed}
    assert answer["time_series"] == [{"tool": "Bash", **bash, **NO_USAGE}, {"tool": "", **untimed, **NO_USAGE}]


def test_all_filters_must_pass_and_any_value_of_one() -> None:
    metrics = read(
        line(1, tool_name="Bash", model="big"),
        line(2, tool_name="Read", model="big"),
        line(3, tool_name="Bash"),
        line(4),
    )
    assert aggregate(metrics, "daily", filters={"tool_name": ["Bash", "Read"]})["total_metrics"] == 3
    assert aggregate(metrics, "daily", filters={"tool_name": "Bash", "model": ["big"]})["total_metrics"] == 1


@pytest.mark.parametrize("name", ["nonsense", "source"])
def test_a_filter_that_is_not_known_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        aggregate(read(line(1)), "daily", filters={name: "x"})


def test_an_aggregation_that_is_not_known_is_an_error() -> None:
    with pytest.raises(ValueError, match="yearly"):
        aggregate([], "yearly")


# Tokens and cost


def total_usd(*lines: bytes) -> float:
    total: float = aggregate(read(*lines), "daily")["cost_stats"]["total_usd"]
    return total


def test_a_request_costs_what_its_kinds_do() -> None:
    kinds: dict[str, Any] = {
        "input_tokens": 1000,
        "output_tokens": 100,
        "cache_read_tokens": 10_000,
        "cache_write_tokens": 2000,
    }
    usd = 0.005 + 0.0025 + 0.005 + 0.0125
    assert total_usd(line(1, model=OPUS, **kinds)) == pytest.approx(usd)
    assert total_usd(line(1, model=OPUS, **kinds, cache_write_1h_tokens=2000)) == pytest.approx(usd + 0.0075)
    assert total_usd(line(1, model=OPUS, token_count=5, reasoning_tokens=9, **kinds)) == pytest.approx(usd)


def test_each_request_has_a_tier_of_its_own() -> None:
    below: dict[str, Any] = {"input_tokens": 100_000, "cache_read_tokens": 100_000}
    assert total_usd(line(1, model=SONNET, **below), line(2, model=SONNET, **below)) == pytest.approx(0.66)
    assert total_usd(line(1, model=SONNET, **below, cache_write_tokens=1)) == pytest.approx(0.6600075)


def test_the_price_is_that_of_the_moment() -> None:
    before, after = "2026-03-12T23:59:59Z", "2026-03-13T00:00Z"
    assert total_usd(line(1, before, model="claude-sonnet-4-6", input_tokens=300_000)) == pytest.approx(1.8)
    assert total_usd(line(1, after, model="claude-sonnet-4-6", input_tokens=300_000)) == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("reported", "usd"),
    [
        (0.25, 0.25),
        (6e-13, 1e-12),
        (4e-13, 0),
        (999_999_999.5, 999_999_999.5),
        *((nothing, 0.000005) for nothing in (0, -0.25, 1e9, 10**30, None)),
    ],
)
def test_a_reported_cost_wins_unless_it_tells_nothing(reported: float | None, usd: float) -> None:
    metrics = read(line(1, model=OPUS, input_tokens=1, cost_usd=reported))
    stats = aggregate(metrics, "daily")["cost_stats"]
    assert stats["total_usd"] == pytest.approx(usd, abs=0)
    assert stats["reported_usd"] == pytest.approx(usd if usd != 0.000005 else 0, abs=0)
    assert not stats["at_least"]


@pytest.mark.parametrize(
    "fields",
    [
        {"token_count": 5},
        {"token_count": 5, "cache_write_1h_tokens": 5},
        {"input_tokens": -1, "output_tokens": 5},
        {"input_tokens": 10**9 + 1},
        {"cache_write_tokens": 5, "cache_write_1h_tokens": 6},
        {"cache_write_tokens": 5, "cache_write_1h_tokens": -1},
        {"input_tokens": 5, "cache_write_1h_tokens": 1},
        {"input_tokens": 5, "model": None},
        {"input_tokens": 5, "model": "acme-1"},
    ],
)
def test_what_has_no_price_is_named_with_its_tokens(fields: dict[str, Any]) -> None:
    metric = line(1, "2026-03-01T09:00Z", "performance", **{"model": OPUS} | fields)
    stats = aggregate(read(metric), "daily")["cost_stats"]
    assert (stats["total_usd"], stats["at_least"]) == (0, True)
    (unpriced,) = stats["unpriced"]
    assert (unpriced["model"], unpriced["requests"]) == (fields.get("model", OPUS), 1)
    assert unpriced["tokens"] > 0


def test_what_is_unpriced_stands_by_its_tokens_then_by_name() -> None:
    metrics = read(
        *(line(n, model=model, token_count=5) for n, model in enumerate(("b", "a", None, "c", "c"))),
        line(9, model="none", token_count=0),
    )
    assert aggregate(metrics, "daily")["cost_stats"]["unpriced"] == [
        {"model": "c", "requests": 2, "tokens": 10},
        {"model": None, "requests": 1, "tokens": 5},
        {"model": "a", "requests": 1, "tokens": 5},
        {"model": "b", "requests": 1, "tokens": 5},
    ]


def test_a_request_without_counters_is_unknown_and_makes_all_at_least() -> None:
    metrics = read(
        line(1, type="token_usage", session_id="s", model=OPUS),
        line(2, type="token_usage", session_id="s", model=OPUS, input_tokens=0),
        line(3, session_id="s", model=OPUS),
    )
    answer = aggregate(metrics, "by_model")
    assert answer["token_stats"] == {
        "total": 0, "avg_per_session": 0, **NO_TOKENS, "at_least": True, "unknown": 1, "lower_bounds": 0
    }  # fmt: skip
    assert (answer["cost_stats"]["at_least"], answer["cost_stats"]["unpriced"]) == (True, [])
    usage = NO_USAGE | {"tokens_at_least": True, "cost_at_least": True}
    assert answer["breakdowns"]["models"] == {OPUS: {"requests": 2, "sessions": 1, **usage}}
    assert answer["time_series"] == [{"model": OPUS, "requests": 2, "sessions": 1, **usage}]


def test_models_stand_by_their_cost_then_by_tokens_then_by_name() -> None:
    metrics = read(
        *(line(n, model=model, token_count=5) for n, model in enumerate("ba")),
        line(3, model="much", token_count=6),
        line(4, model="dear", cost_usd=0.5),
        line(5, model="unused"),
        line(6, token_count=5),
    )
    assert list(aggregate(metrics, "daily")["breakdowns"]["models"]) == ["dear", "much", "a", "b"]


# The rows


def test_a_session_row_runs_from_its_first_metric_to_its_last() -> None:
    metrics = read(
        line(1, "2026-03-01T12:00:00.5Z", session_id="s1", tool_name="Bash", duration_ms=2, token_count=7),
        line(2, "2026-03-01T11:00:00Z", "error_occurred", session_id="s1", tool_name="Bash"),
        line(3, "2026-03-01T09:00:00Z"),
    )
    assert aggregate(metrics, "by_session", zone="Europe/Rome")["time_series"] == [
        {
            "session_id": "s1",
            "start_time": "2026-03-01T12:00:00+01:00",
            "end_time": "2026-03-01T13:00:00.500000+01:00",
            "duration_seconds": 3600.5,
            "metrics_count": 2,
            "tool_uses": {"Bash": 2},
            "errors": 1,
            "total_duration_ms": 2,
            **SEVEN_TOKENS,
        }
    ]


def test_sessions_stand_by_their_start_then_by_id() -> None:
    metrics = read(
        line(1, "2024-11-03T06:30Z", session_id="Later"),  # 01:30 for the second time
        line(2, "2024-11-03T05:45Z", session_id="b"),  # 01:45 for the first time
        line(3, "2024-11-03T05:45Z", session_id="a"),
    )
    rows = aggregate(metrics, "by_session", zone="America/New_York")["time_series"]
    assert [row["session_id"] for row in rows] == ["a", "b", "Later"]


def test_other_groups_stand_by_count_then_by_name() -> None:
    metrics = read(
        *(line(n, user_id=user) for n, user in enumerate(["bo", "\U0001f600", "ana", "\uff5e", "zoe", "zoe"]))
    )
    rows = aggregate(metrics, "by_user")["time_series"]
    assert [row["user_id"] for row in rows] == ["zoe", "ana", "bo", "\uff5e", "\U0001f600"]


def test_a_project_is_charged_with_its_sessions_whole_work() -> None:
    metrics = read(
        line(1, "2026-03-01T09:00Z", "session_start", session_id="s1", user_id="ana", project_path="/a"),
        line(2, "2026-03-01T09:01Z", session_id="s1", tool_name="Bash", duration_ms=5, token_count=7),
        line(3, "2026-03-01T09:02Z", "error_occurred", session_id="s1", tool_name="Read"),
    )
    amounts = {
        "metrics_count": 3,
        "errors": 1,
        "total_duration_ms": 5,
        "tool_uses": {"Bash": 1, "Read": 1},
        **SEVEN_TOKENS,
    }
    assert aggregate(metrics, "by_project")["time_series"] == [
        {"project_path": "/a", "sessions": 1, "users": 1, **amounts}
    ]
    assert aggregate(metrics, "by_user")["time_series"] == [{"user_id": "ana", "sessions": 1, **amounts}]


@pytest.mark.parametrize(
    ("window", "label", "start", "distinct"),
    [
        ("hourly", "timestamp", "2026-03-05T09:00:00+00:00", {}),
        ("daily", "timestamp", "2026-03-05T00:00:00+00:00", {"sessions": 1}),
        ("weekly", "week_start", "2026-03-02T00:00:00+00:00", {"sessions": 1, "users": 1}),
        ("monthly", "month", "2026-03-01T00:00:00+00:00", {"sessions": 1, "users": 1}),
    ],
)
def test_a_window_row_says_what_the_contract_lists(
    window: str, label: str, start: str, distinct: dict[str, int]
) -> None:
    metrics = read(
        line(1, "2026-03-05T09:30Z", session_id="s1", user_id="ana", duration_ms=5),
        line(2, "2026-03-05T09:59:59Z", "error_occurred", session_id="s1", token_count=7),
    )
    amounts = {"metrics_count": 2, "errors": 1, "total_duration_ms": 5, **SEVEN_TOKENS}
    assert aggregate(metrics, window)["time_series"] == [{label: start, **amounts, **distinct}]


def test_filling_adds_every_window_of_the_range() -> None:
    metrics = read(line(1, "2026-03-02T12:00Z"), line(2, "2026-03-04T12:00Z"))
    start, end = moment("2026-03-01T18:00Z"), moment("2026-03-06T00:00Z")

    def counts(start: datetime | None, end: datetime | None, *, fill: bool) -> list[int]:
        return [row["metrics_count"] for row in aggregate(metrics, "daily", start, end, fill=fill)["time_series"]]

    assert counts(start, end, fill=False) == [1, 1]
    assert counts(start, end, fill=True) == [0, 1, 0, 1, 0]
    assert counts(None, None, fill=True) == [1, 0, 1]


# Windows


def test_a_day_of_a_clock_change_has_23_or_25_hours() -> None:
    spring = list(
        windows_between("daily", moment("2024-03-10T12:00Z"), moment("2024-03-11T12:00Z"), "America/New_York")
    )
    autumn = list(
        windows_between("daily", moment("2024-11-03T12:00Z"), moment("2024-11-04T12:00Z"), "America/New_York")
    )
    assert spring[1] - spring[0] == timedelta(hours=23)
    assert autumn[1] - autumn[0] == timedelta(hours=25)


def test_the_repeated_hour_is_two_windows() -> None:
    assert local_starts("hourly", "2024-11-03T05:10Z", "2024-11-03T07:10Z", "America/New_York") == [
        "2024-11-03T01:00:00-04:00",
        "2024-11-03T01:00:00-05:00",
        "2024-11-03T02:00:00-05:00",
    ]


def test_the_left_out_hour_is_no_window() -> None:
    assert local_starts("hourly", "2024-03-10T06:10Z", "2024-03-10T07:10Z", "America/New_York") == [
        "2024-03-10T01:00:00-05:00",
        "2024-03-10T03:00:00-04:00",
    ]


def test_an_hour_that_lord_howe_cuts_begins_at_the_change() -> None:
    assert local_starts("hourly", "2024-04-06T14:00Z", "2024-04-06T15:40Z", "Australia/Lord_Howe") == [
        "2024-04-07T01:00:00+11:00",
        "2024-04-07T01:30:00+10:30",
        "2024-04-07T02:00:00+10:30",
    ]
    assert local_starts("hourly", "2024-10-05T14:40Z", "2024-10-05T16:10Z", "Australia/Lord_Howe") == [
        "2024-10-06T01:00:00+10:30",
        "2024-10-06T02:30:00+11:00",
        "2024-10-06T03:00:00+11:00",
    ]


def test_hours_and_days_of_kathmandu_begin_at_a_quarter_past_in_utc() -> None:
    assert window_start("hourly", moment("2026-03-01T12:20Z"), "Asia/Kathmandu") == moment("2026-03-01T12:15Z")
    assert window_start("daily", moment("2026-03-01T18:14Z"), "Asia/Kathmandu") == moment("2026-02-28T18:15Z")
    assert window_start("daily", moment("2026-03-01T18:15Z"), "Asia/Kathmandu") == moment("2026-03-01T18:15Z")


@pytest.mark.parametrize(
    ("zone", "first", "last", "days"),
    [
        # 00:00 -> 01:00
        (
            "America/Sao_Paulo",
            "2018-11-04T02:00Z",
            "2018-11-05T02:00Z",
            ["2018-11-03T00:00:00-03:00", "2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"],
        ),
        # 23:30 -> 00:30
        (
            "America/Toronto",
            "1919-03-31T04:00Z",
            "1919-04-01T04:00Z",
            ["1919-03-30T00:00:00-05:00", "1919-03-31T00:30:00-04:00", "1919-04-01T00:00:00-04:00"],
        ),
        # From the end of the 29th to the 31st
        (
            "Pacific/Apia",
            "2011-12-30T09:00Z",
            "2011-12-31T10:00Z",
            ["2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00", "2012-01-01T00:00:00+14:00"],
        ),
    ],
)
def test_a_day_without_midnight_begins_at_its_first_moment(zone: str, first: str, last: str, days: list[str]) -> None:
    assert local_starts("daily", first, last, zone) == days


@pytest.mark.parametrize(
    ("zone", "first", "last", "days"),
    [
        # 01:00 -> 00:00
        (
            "America/Havana",
            "2024-11-03T03:00Z",
            "2024-11-04T05:00Z",
            ["2024-11-02T00:00:00-04:00", "2024-11-03T00:00:00-04:00", "2024-11-04T00:00:00-05:00"],
        ),
        # 00:01 -> 23:01
        (
            "America/St_Johns",
            "2006-10-29T02:00Z",
            "2006-10-30T03:30Z",
            ["2006-10-28T00:00:00-02:30", "2006-10-29T00:00:00-02:30", "2006-10-30T00:00:00-03:30"],
        ),
        # 00:00 -> 23:00: that midnight is only reached the second time
        (
            "America/Sao_Paulo",
            "2018-02-18T01:00Z",
            "2018-02-18T03:00Z",
            ["2018-02-17T00:00:00-02:00", "2018-02-18T00:00:00-03:00"],
        ),
    ],
)
def test_a_day_with_two_midnights_begins_at_the_first(zone: str, first: str, last: str, days: list[str]) -> None:
    assert local_starts("daily", first, last, zone) == days


def test_the_evening_that_st_johns_repeats_is_of_the_new_day() -> None:
    evening = moment("2006-10-28T23:30:00-03:30")
    assert window_start("daily", evening, "America/St_Johns") == moment("2006-10-29T00:00:00-02:30")
    assert window_start("hourly", evening, "America/St_Johns") == moment("2006-10-28T23:01:00-03:30")
    assert window_start("weekly", evening, "America/St_Johns") == moment("2006-10-23T00:00:00-02:30")


def test_weeks_begin_on_monday_and_months_on_their_first() -> None:
    sunday = moment("2026-03-01T12:00Z")
    assert window_start("weekly", sunday, "Europe/Rome") == moment("2026-02-23T00:00+01:00")
    assert window_start("monthly", sunday, "Europe/Rome") == moment("2026-03-01T00:00+01:00")
    assert local_starts("monthly", "2026-03-15T00:00Z", "2026-05-01T00:00Z", "Europe/Rome") == [
        "2026-03-01T00:00:00+01:00",
        "2026-04-01T00:00:00+02:00",
        "2026-05-01T00:00:00+02:00",
    ]


def test_the_calendar_ends_are_in_a_window() -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    assert window_start("weekly", first, "UTC") == first
    assert window_start("daily", last, "UTC") == moment("9999-12-31T00:00Z")


@pytest.mark.parametrize("anchor", ANCHORS, ids=lambda anchor: f"{anchor.zone} {anchor.moment:%F}")
def test_days_are_where_a_clock_that_is_watched_shows_a_later_date(anchor: Anchor) -> None:
    zone, at = ZoneInfo(anchor.zone), anchor.moment - timedelta(days=2, hours=12)
    latest, began = at.astimezone(zone).date(), None
    for _ in range(4 * 24 * 60):
        at += timedelta(minutes=1)
        if at.astimezone(zone).date() > latest:
            latest, began = at.astimezone(zone).date(), at
        if began:
            assert window_start("daily", at, anchor.zone) == began


@pytest.mark.parametrize("anchor", ANCHORS, ids=lambda anchor: f"{anchor.zone} {anchor.moment:%F}")
def test_hours_are_where_a_clock_that_is_watched_shows_a_full_hour_or_jumps(anchor: Anchor) -> None:
    zone, at, began = ZoneInfo(anchor.zone), anchor.moment - timedelta(hours=3), None
    for _ in range(6 * 60):
        before, at = at, at + timedelta(minutes=1)
        local = at.astimezone(zone)
        if local.minute == 0 or local.utcoffset() != before.astimezone(zone).utcoffset():
            began = at
        if began:
            assert window_start("hourly", at, anchor.zone) == began


@PATIENT
@given(st.data(), st.sampled_from(ANCHORS), st.sampled_from(["hourly", "daily", "weekly", "monthly"]))
def test_windows_follow_each_other_without_a_gap(data: st.DataObject, anchor: Anchor, window: str) -> None:
    at = data.draw(moments((anchor,)))
    start, following = islice(windows_between(window, at, at + timedelta(days=32), anchor.zone), 2)
    assert start <= at < following
    assert window_start(window, start, anchor.zone) == start
    assert window_start(window, following - timedelta(microseconds=1), anchor.zone) == start
    assert window_start(window, following, anchor.zone) == following


# Random histories


def test_the_edges_of_an_anchor_are_near_it() -> None:
    assert all(abs(edge - anchor.moment) < timedelta(days=40) for anchor in ANCHORS for edge in EDGES[anchor])


@PATIENT
@given(histories(bounded=True))
def test_a_filled_answer_has_the_rows_of_the_bare_one(history: tuple[list[bytes], Question]) -> None:
    lines, question = history
    metrics, _ = read_lines(lines)
    asked = question._asdict()
    bare, filled = aggregate(metrics, **asked), aggregate(metrics, **asked, fill=True)
    rows = filled.pop("time_series")
    assert [row for row in rows if row.get("metrics_count") != 0] == bare.pop("time_series")
    assert bare == filled


@PATIENT
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_the_metrics_does_not_matter(history: tuple[list[bytes], Question], random: Any) -> None:
    lines, question = history
    metrics, _ = read_lines(lines)
    asked = question._asdict()
    answer = aggregate(metrics, **asked)
    random.shuffle(metrics)
    assert json.dumps(aggregate(metrics, **asked)) == json.dumps(answer)


@PATIENT
@given(histories())
def test_a_metric_is_in_one_window_of_a_history(history: tuple[list[bytes], Question]) -> None:
    lines, question = history
    metrics, _ = read_lines(lines)
    asked = question._asdict()
    for window in ("hourly", "daily", "weekly", "monthly"):
        answer = aggregate(metrics, **(asked | {"type": window}))
        assert sum(row["metrics_count"] for row in answer["time_series"]) == answer["total_metrics"]
