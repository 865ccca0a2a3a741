"""Codex's exports: each event and counter, and the metric that it becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from exported import NOON_US, counter, decoded, durations, event, histogram, logs, metrics, only, point, rows
from tachograph.otlp import Row, Unmapped

if TYPE_CHECKING:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

THREAD = "019fa6e6-4f2e-7000-8000-000000000001"
CALL = "call_0123456789abcdef01234567"
WHO = {"conversation.id": THREAD, "user.account_id": "acc", "user.email": "ana@example.com", "model": "gpt-6.1-codex"}
BASE: Row = {"ts": NOON_US, "session_id": THREAD, "user_id": "ana@example.com"}


def told(name: str, attributes: dict[str, Any]) -> ExportLogsServiceRequest:
    """An event as Codex exports it: the record's own name is a place in its program."""
    record = event(f"codex.{name}", {**WHO, **attributes})
    record.event_name = "event otel/src/events/session_telemetry.rs:712"
    return logs(record, service="codex_cli_rs")


def counted(*found: Any) -> list[Row]:
    return [row for _, row in rows(metrics(*found, service="codex_cli_rs"))]


def test_a_thread_starts_under_its_id() -> None:
    request = told("conversation_starts", {"provider_name": "OpenAI"})
    assert rows(request) == [("codex", BASE | {"id": f"codex:{THREAD}:start", "type": "session_start"})]


def test_a_response_is_its_tokens_as_disjoint_kinds() -> None:
    response = {
        "event.kind": "response.completed", "input_token_count": "1000", "output_token_count": "300",
        "cached_token_count": 900, "reasoning_token_count": 200, "tool_token_count": "1300",
    }  # fmt: skip
    row = only(told("sse_event", response))
    assert row == BASE | {
        "id": row["id"], "type": "token_usage", "model": "gpt-6.1-codex", "input_tokens": 100,
        "cache_read_tokens": 900, "output_tokens": 300, "reasoning_tokens": 200, "token_count": 1300, "witness": 1,
    }  # fmt: skip


def test_other_events_of_a_stream_are_nothing() -> None:
    assert rows(told("sse_event", {"event.kind": "response.output_item.done", "duration_ms": "12"})) == []


def test_a_stream_that_failed_is_an_error() -> None:
    row = only(told("sse_event", {"event.kind": "response.failed", "error.message": "stream disconnected"}))
    assert (row["type"], row["error_type"], row["witness"]) == ("error_occurred", "connection", 1)


def test_a_call_has_the_id_that_it_has_in_the_rollout() -> None:
    call = {"tool_name": "exec_command", "call_id": CALL, "duration_ms": "1500", "success": "true", "output": "secret"}
    assert only(told("tool_result", call)) == BASE | {
        "id": f"codex:{CALL}", "ts": NOON_US - 1_500_000, "type": "tool_use", "tool_name": "exec_command",
        "success": True, "duration_ms": 1500.0,
    }  # fmt: skip


def test_a_call_with_a_short_id_is_its_threads() -> None:
    assert only(told("tool_result", {"call_id": "call_7", "success": "true"}))["id"] == f"codex:{THREAD}:call_7"


def test_a_call_without_an_id_is_a_witness_of_its_own() -> None:
    assert only(told("tool_result", {"tool_name": "shell", "success": False}))["witness"] == 1


@pytest.mark.parametrize(
    ("output", "success", "kind"),
    [
        ("Exit code: 2\nOutput: secret", False, "exit_code"),
        ("exec command rejected by user", None, "rejected_by_user"),
        ("aborted by user after 3.2s", None, "interrupted"),
        ("something that says nothing", False, "tool_error"),
    ],
)
def test_how_a_call_failed_is_read_from_how_its_output_begins(output: str, success: bool | None, kind: str) -> None:
    row = only(told("tool_result", {"call_id": CALL, "success": "false", "output": output}))
    assert (row.get("success"), row["error_type"]) == (success, kind)


def test_a_tool_of_a_server_is_called_as_in_the_rollout() -> None:
    call = {"call_id": CALL, "tool_name": "search", "mcp_server": "docs", "success": "true"}
    assert only(told("tool_result", call))["tool_name"] == "mcp__docs__search"
    call["tool_name"] = "mcp__docs__search"
    assert only(told("tool_result", call))["tool_name"] == "mcp__docs__search"


def test_a_call_that_the_user_denied_is_part_of_the_same_metric() -> None:
    row = only(told("tool_decision", {"call_id": CALL, "tool_name": "shell", "decision": "denied", "source": "user"}))
    assert (row["id"], row["error_type"]) == (f"codex:{CALL}", "rejected_by_user")
    assert "success" not in row
    assert rows(told("tool_decision", {"call_id": CALL, "decision": "approved"})) == []


@pytest.mark.parametrize("name", ["api_request", "websocket_request", "websocket_connect"])
def test_a_failed_request_is_an_error_and_an_answered_one_is_told_by_its_response(name: str) -> None:
    failed = {"http.response.status_code": 429, "error.message": "too many", "attempt": 1, "duration_ms": "30"}
    row = only(told(name, failed))
    assert row == BASE | {
        "id": row["id"], "type": "error_occurred", "error_type": "rate_limit", "success": False, "witness": 1,
        "model": "gpt-6.1-codex", "duration_ms": 30.0, "extra": '{"attempt":1,"status_code":429}',
    }  # fmt: skip
    assert rows(told(name, {"http.response.status_code": 200, "duration_ms": "30"})) == []


def test_the_tokens_of_turns_are_the_sums_of_a_histogram() -> None:
    kinds = {"total": 1300, "input": 1000, "cached_input": 900, "output": 300, "reasoning_output": 200}
    points = [durations(count, 1, {"token_type": kind, "model": "m"}) for kind, count in kinds.items()]
    (row,) = counted(histogram("codex.turn.token_usage", *points))
    assert row == {
        "id": row["id"], "ts": NOON_US, "type": "token_usage", "model": "m", "input_tokens": 100,
        "cache_read_tokens": 900, "output_tokens": 300, "reasoning_tokens": 200, "token_count": 1300, "witness": 3,
    }  # fmt: skip


def test_calls_that_are_counted_take_the_average_of_their_durations_each() -> None:
    points = (
        durations(600, 3, {"tool": "shell", "success": "true"}),
        durations(5, 1, {"tool": "x", "success": "false"}),
    )
    found = counted(histogram("codex.tool.call.duration_ms", *points))
    shape = [(row["tool_name"], row["success"], row["duration_ms"], row["witness"]) for row in found]
    assert shape == [("shell", True, 200.0, 3)] * 3 + [("x", False, 5.0, 3)]
    assert len({row["id"] for row in found}) == 4


def test_what_another_counter_tells_is_redundant() -> None:
    request = metrics(
        counter("codex.tool.call", point(3, {"tool": "shell"})),
        counter("codex.turn.cost_microusd", point(900, {"conversation.id": THREAD})),
        service="codex_cli_rs",
    )
    assert (decoded(request).redundant, rows(request)) == (2, [])


def test_failed_requests_that_are_counted_are_errors() -> None:
    found = counted(
        counter(
            "codex.api_request",
            point(2, {"status": "503", "success": "false"}),
            point(9, {"status": "200", "success": "true"}),
        )
    )
    assert [(row["type"], row["error_type"]) for row in found] == [("error_occurred", "server_error")] * 2


def test_threads_hooks_and_turns_that_are_counted_are_metrics() -> None:
    found = counted(
        counter(
            "codex.thread.started",
            point(1, {"session_source": "cli"}),
            point(1, {"session_source": "subagent_review"}),
        ),
        counter("codex.hooks.run", point(1, {"hook_name": "Stop", "status": "failed"})),
        histogram("codex.turn.e2e_duration_ms", durations(9000, 1, {"model": "m"})),
    )
    assert [row["type"] for row in found] == ["session_start", "hook_triggered", "performance"]
    assert (found[1]["success"], found[2]["operation"], found[2]["duration_ms"]) == (False, "turn", 9000.0)


def test_a_prompt_and_unknown_events_are_named_and_not_counted() -> None:
    found = decoded(told("user_prompt", {"prompt": "secret"}))
    assert (found.rows, found.unmapped) == ([], {Unmapped("logs", "codex_cli_rs", "codex.user_prompt"): 1})
