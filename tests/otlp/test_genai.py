"""What is exported by the conventions for generative AI, of Copilot CLI and of programs that we don't know."""

from __future__ import annotations

from typing import Any

import pytest

from exported import (
    NOON_US,
    counter,
    decoded,
    durations,
    event,
    histogram,
    logs,
    metrics,
    only,
    point,
    rows,
    span,
    traces,
)
from tachograph.otlp import Row, Unmapped

CHAT = {
    "gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-sonnet-5",
    "gen_ai.response.model": "claude-sonnet-5-20260301", "gen_ai.conversation.id": "c1", "gen_ai.response.id": "resp_1",
    "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 200,
}  # fmt: skip
CALL = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search", "gen_ai.tool.call.id": "call_1"}


def counters(row: Row) -> tuple[Any, ...]:
    kinds = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
    return tuple(row.get(kind) for kind in kinds)


def test_a_request_is_known_by_its_response() -> None:
    cached = {
        "gen_ai.usage.cache_read.input_tokens": 700, "gen_ai.usage.cache_write.input_tokens": 100,
        "gen_ai.usage.reasoning.output_tokens": 150, "gen_ai.usage.cost": 0.01,
    }  # fmt: skip
    assert rows(traces(span("chat claude-sonnet-5", CHAT | cached, took=1.5), service="shop-assistant")) == [
        (
            "otel",
            {
                "id": "otel:resp_1", "ts": NOON_US + 1_500_000, "type": "token_usage", "session_id": "c1",
                "model": "claude-sonnet-5-20260301", "duration_ms": 1500.0, "witness": 2, "input_tokens": 200,
                "output_tokens": 200, "cache_read_tokens": 700, "cache_write_tokens": 100, "reasoning_tokens": 150,
                "token_count": 1200, "cost_usd": 0.01,
            },
        )
    ]  # fmt: skip


def test_a_request_without_a_response_is_known_by_its_span() -> None:
    usage = {key: value for key, value in CHAT.items() if key != "gen_ai.response.id"}
    row = only(traces(span("chat", usage, number=7)))
    assert row["id"] == "otel:span:00000000000000000000000000000001:0000000000000007"


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"gen_ai.usage.prompt_tokens": 10, "gen_ai.usage.completion_tokens": 4}, (10, 4, None, None, None)),
        (
            {
                "gen_ai.usage.input_tokens": "10",
                "gen_ai.usage.cache_creation.input_tokens": 3,
                "gen_ai.usage.cache_read_input_tokens": 2,
            },
            (5, None, 2, 3, None),
        ),
        ({"gen_ai.usage.input_tokens": 5, "gen_ai.usage.cache_read.input_tokens": 900}, (5, None, 900, None, None)),
        ({"gen_ai.usage.output_tokens": 7, "gen_ai.usage.reasoning_tokens": 6}, (None, 7, None, None, 6)),
    ],
)
def test_counters_are_found_by_all_names_that_they_have_had(
    attributes: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    assert counters(only(traces(span("openai.chat", {"gen_ai.system": "openai", **attributes})))) == expected


def test_a_request_that_failed_is_an_error_and_its_tokens() -> None:
    found = rows(traces(span("chat", CHAT | {"error.type": "429"}, failed=True)))
    assert [(row["type"], row.get("error_type")) for _, row in found] == [
        ("token_usage", None),
        ("error_occurred", "rate_limit"),
    ]


@pytest.mark.parametrize(
    ("error", "kind"), [("timeout_error", "timeout"), ("_OTHER", "unknown"), ("a text with spaces", "unknown")]
)
def test_the_kind_of_an_error_is_a_word_or_a_status(error: str, kind: str) -> None:
    about = {"gen_ai.operation.name": "chat", "error.type": error}
    assert only(traces(span("chat", about)))["error_type"] == kind


def test_a_call_is_timed_and_judged_by_its_span() -> None:
    row = only(traces(span("execute_tool search", CALL, took=0.25)))
    assert row == {
        "id": "otel:call_1", "ts": NOON_US, "type": "tool_use", "tool_name": "search", "success": True,
        "duration_ms": 250.0, "witness": 2,
    }  # fmt: skip
    row = only(traces(span("execute_tool search", CALL | {"error.type": "timeout"}, failed=True)))
    assert (row["success"], row["error_type"]) == (False, "timeout")


def test_an_agents_span_is_its_run_without_the_usage_that_it_repeats() -> None:
    about = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "planner", "gen_ai.usage.input_tokens": 1000}
    row = only(traces(span("invoke_agent planner", about, took=9), service="shop-assistant"))
    assert (row["type"], row["agent_id"], row["duration_ms"]) == ("agent_execution", "planner", 9000.0)
    assert counters(row) == (None, None, None, None, None)


def test_of_copilot_cli_the_span_above_all_is_a_turn_and_those_below_are_agents() -> None:
    about = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "explore", "gen_ai.conversation.id": "c1"}
    found = rows(
        traces(
            span("invoke_agent", about, took=9),
            span("invoke_agent explore", about, number=2, parent=1),
            span("chat", CHAT, number=3, parent=1),
            service="github-copilot",
        )
    )
    assert [(source, row["type"], row["witness"]) for source, row in found] == [
        ("copilot-cli", "performance", 2), ("copilot-cli", "agent_execution", 2), ("copilot-cli", "token_usage", 2),
    ]  # fmt: skip
    assert found[0][1]["operation"] == "turn"


def test_other_spans_are_named_by_their_first_word() -> None:
    found = decoded(traces(span("GET /a path that may be a text", {}), service="shop"))
    assert found.unmapped == {Unmapped("traces", "shop", "GET"): 1}


def test_the_event_of_a_request_is_apart_from_its_span() -> None:
    row = only(logs(event("gen_ai.client.inference.operation.details", CHAT), service="shop"))
    assert (row["id"], row["witness"], row["token_count"]) == ("otel:event:resp_1", 1, 1200)


def test_tokens_that_are_counted_by_several_names_count_by_the_newest() -> None:
    use = {"gen_ai.request.model": "m"}
    of_usage = (
        counter("gen_ai.client.inference.usage.input_tokens", point(100, use)),
        counter("gen_ai.client.inference.usage.cache_read.input_tokens", point(60, use)),
        counter("gen_ai.client.inference.usage.output_tokens", point(9, use)),
    )
    by_kind = histogram(
        "gen_ai.client.token.usage",
        durations(100, 1, {**use, "gen_ai.token.type": "input"}),
        durations(9, 1, {**use, "gen_ai.token.type": "output"}),
    )
    of_operation = histogram("gen_ai.client.inference.operation.input_tokens", durations(100, 1, use))
    row = only(metrics(*of_usage, by_kind, of_operation, service="shop"))
    assert counters(row) == (40, 9, 60, None, None)
    assert counters(only(metrics(by_kind, of_operation, service="shop"))) == (100, 9, None, None, None)
    assert counters(only(metrics(of_operation, service="shop"))) == (100, None, None, None, None)


def test_durations_are_calls_and_runs_in_milliseconds() -> None:
    found = rows(
        metrics(
            histogram("gen_ai.execute_tool.duration", durations(3, 2, {"gen_ai.tool.name": "search"})),
            histogram("gen_ai.invoke_agent.duration", durations(9, 1, {"gen_ai.agent.name": "planner"})),
            histogram("gen_ai.client.operation.duration", durations(2, 1, {}), durations(1, 1, {"error.type": "500"})),
            service="github-copilot",
        )
    )
    assert [(row["type"], row["duration_ms"]) for _, row in found] == [
        ("tool_use", 1500.0), ("tool_use", 1500.0), ("agent_execution", 9000.0), ("error_occurred", 1000.0),
    ]  # fmt: skip


def test_calls_that_copilot_cli_counts_twice_count_once() -> None:
    use = {"gen_ai.tool.name": "search"}
    request = metrics(
        histogram("github.copilot.tool.call.duration", durations(3, 2, use)),
        counter("github.copilot.tool.call.count", point(2, use)),
        histogram("gen_ai.execute_tool.duration", durations(3, 2, use)),
        service="github-copilot",
    )
    assert len(rows(request)) == 2


def test_gauges_and_what_goes_down_are_no_counters() -> None:
    gauge = counter("gen_ai.client.inference.usage.input_tokens")
    gauge.gauge.data_points.append(point(5, {}))
    changing = counter("gen_ai.client.inference.usage.output_tokens", point(5, {}), monotonic=False)
    found = decoded(metrics(gauge, changing))
    assert (found.rows, found.redundant, found.rejected) == ([], 2, 0)
