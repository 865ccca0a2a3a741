"""Gemini CLI's exports: each event and counter, and the metric that it becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from exported import (
    CUMULATIVE,
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
from tachograph.otlp import Row, Series

if TYPE_CHECKING:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

WHO = {"session.id": "g1", "user.email": "ana@example.com", "installation.id": "i1"}
BASE: Row = {"ts": NOON_US, "session_id": "g1", "user_id": "ana@example.com"}


def told(name: str, attributes: dict[str, Any]) -> ExportLogsServiceRequest:
    """An event as Gemini CLI exports it: the body is a sentence."""
    record = event(f"gemini_cli.{name}", {**WHO, **attributes}, body="Something happened. Success: true.")
    return logs(record, service="gemini-cli", scope="gemini-cli")


def test_a_session_starts_under_the_id_of_its_file() -> None:
    assert rows(told("config", {"model": "m"})) == [
        ("gemini-cli", BASE | {"id": "gemini-cli:g1:start", "type": "session_start"})
    ]


def test_a_reply_is_its_tokens_as_disjoint_kinds() -> None:
    reply = {
        "model": "gemini-3.8-flash", "status_code": 200, "duration_ms": 1200, "input_token_count": 1000,
        "output_token_count": 50, "cached_content_token_count": 800, "thoughts_token_count": 30, "tool_token_count": 20,
        "total_token_count": 1100, "auth_type": "oauth-personal",
    }  # fmt: skip
    row = only(told("api_response", reply))
    assert row == BASE | {
        "id": row["id"], "type": "token_usage", "model": "gemini-3.8-flash", "duration_ms": 1200.0,
        "input_tokens": 220, "cache_read_tokens": 800, "output_tokens": 80, "reasoning_tokens": 30,
        "token_count": 1100, "witness": 1, "extra": '{"auth_type":"oauth-personal","status_code":200}',
    }  # fmt: skip


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({"status_code": 429}, "rate_limit"),
        ({"error.message": "status: UNAVAILABLE"}, "overloaded"),
        ({"status_code": "401", "error_type": "X"}, "authentication"),
        ({}, "unknown"),
    ],
)
def test_a_failed_request_is_an_error_of_the_files_kinds(attributes: dict[str, Any], kind: str) -> None:
    row = only(told("api_error", {**attributes, "model_name": "m", "duration": 12}))
    assert (row["error_type"], row["model"], row["duration_ms"], row["witness"]) == (kind, "m", 12.0, 1)


def test_a_call_is_a_witness_of_its_own_unless_its_id_is_told() -> None:
    call = {"function_name": "read_file", "duration_ms": 40, "success": True, "decision": "auto_accept"}
    row = only(told("tool_call", call))
    assert row == BASE | {
        "id": row["id"], "ts": NOON_US - 40_000, "type": "tool_use", "tool_name": "read_file", "success": True,
        "duration_ms": 40.0, "extra": '{"decision":"auto_accept"}', "witness": 1,
    }  # fmt: skip
    named = only(told("tool_call", {**call, "call_id": "read_file-1"}))
    assert named["id"] == "gemini-cli:g1:read_file-1"
    assert "witness" not in named


@pytest.mark.parametrize(
    ("attributes", "success", "kind"),
    [
        ({"success": False, "error_type": "file_not_found"}, False, "not_found"),
        ({"success": False, "error_type": "whatever"}, False, "tool_error"),
        ({"success": False, "decision": "reject"}, None, "rejected_by_user"),
    ],
)
def test_a_call_that_failed_or_was_refused(attributes: dict[str, Any], success: bool | None, kind: str) -> None:
    row = only(told("tool_call", {"function_name": "x", **attributes}))
    assert (row.get("success"), row["error_type"]) == (success, kind)


@pytest.mark.parametrize(("reason", "success"), [("GOAL", True), ("TIMEOUT", False), ("ABORTED", None)])
def test_a_sub_agents_run_has_the_id_that_it_has_in_the_file(reason: str, success: bool | None) -> None:
    run = {
        "agent_id": "r1",
        "agent_name": "investigator",
        "duration_ms": 5000,
        "terminate_reason": reason,
        "turn_count": 3,
    }
    row = only(told("agent.finish", run))
    assert (row["id"], row["agent_id"], row["agent_run_id"]) == ("gemini-cli:r1:agent", "investigator", "r1")
    assert (row["ts"], row.get("success")) == (NOON_US - 5_000_000, success)


def test_commands_hooks_and_compactions_are_metrics() -> None:
    row = only(told("slash_command", {"command": "chat", "subcommand": "save", "status": "success"}))
    assert (row["command_name"], row["success"], row["witness"]) == ("/chat", True, 1)
    hook = {"hook_event_name": "BeforeTool", "hook_name": "/bin/sh -c secret", "duration_ms": 7, "success": False}
    row = only(told("hook_call", hook))
    assert (row["hook_name"], row["success"], row["duration_ms"]) == ("BeforeTool", False, 7.0)
    row = only(told("chat_compression", {"tokens_before": 900, "tokens_after": 100}))
    assert (row["operation"], row["extra"]) == ("compact", '{"pre_tokens":900,"post_tokens":100}')


def test_what_its_own_events_tell_is_redundant_by_the_conventions_names() -> None:
    request = metrics(
        histogram("gen_ai.client.token.usage", durations(100, 1, {"gen_ai.token.type": "input", **WHO})),
        service="gemini-cli",
    )
    assert (decoded(request).redundant, rows(request)) == (1, [])
    usage = {"gen_ai.usage.input_tokens": 9}
    assert rows(logs(event("gen_ai.client.inference.operation.details", usage), service="gemini-cli")) == []


def test_cumulative_tokens_become_increments() -> None:
    def at(seconds: float, **counts: int) -> list[Row]:
        points = [point(count, {**WHO, "model": "m", "type": kind}, seconds=seconds) for kind, count in counts.items()]
        request = metrics(counter("gemini_cli.token.usage", *points, temporality=CUMULATIVE), service="gemini-cli")
        assert rows(request) == []
        return [row for _, row in series.increments(decoded(request).points)]

    series = Series()
    (first,) = at(0, input=1000, cache=800, output=50, thought=30, tool=20)
    assert first == BASE | {
        "id": first["id"], "type": "token_usage", "model": "m", "input_tokens": 220, "cache_read_tokens": 800,
        "output_tokens": 80, "reasoning_tokens": 30, "token_count": 1100, "witness": 3,
    }  # fmt: skip
    assert at(0, input=1000, cache=800, output=50, thought=30, tool=20) == []
    (second,) = at(10, input=1500, cache=1000, output=50, thought=30, tool=20)
    assert (second["input_tokens"], second["cache_read_tokens"], second["token_count"]) == (300, 200, 500)


def test_calls_runs_hooks_and_failures_that_are_counted_are_metrics() -> None:
    found = [
        row
        for _, row in rows(
            metrics(
                counter("gemini_cli.session.count", point(1, WHO)),
                counter("gemini_cli.tool.call.count", point(2, {**WHO, "function_name": "ls", "success": True})),
                counter("gemini_cli.agent.run.count", point(1, {"agent_name": "a", "terminate_reason": "GOAL"})),
                counter("gemini_cli.hook_call.count", point(1, {"hook_event_name": "BeforeTool", "success": False})),
                counter(
                    "gemini_cli.api.request.count",
                    point(1, {"model": "m", "status_code": 500}),
                    point(7, {"model": "m", "status_code": 200}),
                ),
                counter("gemini_cli.chat_compression", point(1, WHO)),
                service="gemini-cli",
            )
        )
    ]
    assert [(row["type"], row.get("witness")) for row in found] == [
        ("session_start", None), ("tool_use", 3), ("tool_use", 3), ("agent_execution", 3), ("hook_triggered", 3),
        ("error_occurred", 3), ("performance", 3),
    ]  # fmt: skip
    assert found[0]["id"] == "gemini-cli:g1:start"


def test_spans_have_the_operations_of_gemini_clis_own_names() -> None:
    usage = {"gen_ai.operation.name": "llm_call", "gen_ai.usage.input_tokens": 5, "gen_ai.conversation.id": "g1"}
    row = only(traces(span("llm_call", usage), service="gemini-cli"))
    assert (row["type"], row["session_id"], row["witness"]) == ("token_usage", "g1", 2)
    about = {"gen_ai.operation.name": "schedule_tool_calls"}
    assert decoded(traces(span("schedule_tool_calls", about), service="gemini-cli")).redundant == 1
