"""Claude Code's exports: each event, span and counter, and the metric that it becomes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from exported import NOON_US, counter, decoded, event, logs, metrics, only, point, rows, span, traces
from tachograph.otlp import Row, Unmapped

if TYPE_CHECKING:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

WHO = {"session.id": "s1", "user.id": "f00d", "user.account_uuid": "u-1", "user.email": "ana@example.com"}
BASE: Row = {"ts": NOON_US, "session_id": "s1", "user_id": "ana@example.com"}
USAGE = {
    "model": "claude-opus-5-5", "input_tokens": "12", "output_tokens": 340, "cache_read_tokens": "9000",
    "cache_creation_tokens": 100, "cost_usd": 0.25, "duration_ms": "2300", "request_id": "req_1",
}  # fmt: skip


def told(name: str, attributes: dict[str, Any]) -> ExportLogsServiceRequest:
    """An event as Claude Code exports it: the body has the whole name, the attribute a short one."""
    record = event(name, {**WHO, **attributes}, body=f"claude_code.{name}")
    return logs(record, service="claude-code", scope="com.anthropic.claude_code.events")


def spanned(name: str, attributes: dict[str, Any], **values: Any) -> ExportTraceServiceRequest:
    return traces(span(f"claude_code.{name}", {**WHO, **attributes}, **values), service="claude-code")


def test_a_request_is_its_tokens_and_cost_under_an_id_of_its_own() -> None:
    words = {"query_source": "main", "speed": "fast", "effort": "high", "attempt": "2"}
    assert rows(told("api_request", USAGE | words)) == [
        (
            "claude-code",
            BASE
            | {
                "id": "claude-code:request:req_1", "type": "token_usage", "request_id": "req_1",
                "model": "claude-opus-5-5", "input_tokens": 12, "output_tokens": 340, "cache_read_tokens": 9000,
                "cache_write_tokens": 100, "token_count": 9452, "cost_usd": 0.25, "duration_ms": 2300.0,
                "extra": '{"query_source":"main","speed":"fast","effort":"high","attempt":2}',
            },
        )
    ]  # fmt: skip


def test_a_request_without_an_id_is_a_witness_of_its_own() -> None:
    row = only(told("api_request", {key: value for key, value in USAGE.items() if key != "request_id"}))
    assert row["witness"] == 1
    assert row["id"].startswith("claude-code:otlp:")
    assert "request_id" not in row


def test_cost_in_millionths_is_the_exacter_one() -> None:
    assert only(told("api_request", USAGE | {"cost_usd_micros": "250001"}))["cost_usd"] == 0.250001


def test_the_name_is_found_without_the_body_too() -> None:
    record = event("api_request", {**WHO, **USAGE})
    assert only(logs(record, service="claude-code-desktop"))["id"] == "claude-code:request:req_1"


def test_the_name_is_found_whatever_the_service_is_called() -> None:
    record = event("api_request", {**WHO, **USAGE}, body="claude_code.api_request")
    assert only(logs(record, service="team-agents"))["id"] == "claude-code:request:req_1"


def test_a_call_has_the_id_that_it_has_in_the_transcript() -> None:
    call = {
        "tool_name": "Bash", "tool_use_id": "toolu_1", "success": "true", "duration_ms": "412.5",
        "tool_result_size_bytes": "2048", "decision_source": "config", "tool_parameters": "rm -rf",
    }  # fmt: skip
    assert rows(told("tool_result", call)) == [
        (
            "claude-code",
            BASE
            | {
                "id": "claude-code:toolu_1", "ts": NOON_US - 412_500, "type": "tool_use", "tool_name": "Bash",
                "success": True, "duration_ms": 412.5,
                "extra": '{"decision_source":"config","result_bytes":2048}',
            },
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("error", "success", "kind"),
    [
        ("ShellError", False, "exit_code"),
        ("Error:ENOENT", False, "not_found"),
        ("AbortError", None, "interrupted"),
        ("SomethingElse", False, None),
    ],
)
def test_a_failed_call_has_the_transcripts_kind_or_none(error: str, success: bool | None, kind: str | None) -> None:
    row = only(told("tool_result", {"tool_use_id": "t", "success": "false", "error_type": error}))
    assert (row.get("success"), row.get("error_type")) == (success, kind)


@pytest.mark.parametrize(
    ("source", "success", "kind"),
    [
        ("user_reject", None, "rejected_by_user"),
        ("user_abort", None, "interrupted"),
        ("config", False, "permission_denied"),
        ("hook", False, "permission_denied"),
    ],
)
def test_a_call_that_was_refused_is_part_of_the_same_metric(source: str, success: bool | None, kind: str) -> None:
    refusal = {"tool_use_id": "toolu_1", "tool_name": "Edit", "decision": "reject", "source": source}
    row = only(told("tool_decision", refusal))
    assert row["id"] == "claude-code:toolu_1"
    assert (row.get("success"), row["error_type"], row["tool_name"]) == (success, kind, "Edit")


def test_a_call_that_was_allowed_is_told_by_its_result_alone() -> None:
    assert rows(told("tool_decision", {"tool_use_id": "t", "decision": "accept", "source": "config"})) == []


def test_a_failed_request_is_an_error_of_the_transcripts_kinds() -> None:
    error = {"model": "claude-opus-5-5", "status_code": "529", "attempt": 3, "duration_ms": 10, "error": "Overloaded"}
    row = only(told("api_error", error))
    assert row == BASE | {
        "id": row["id"], "type": "error_occurred", "error_type": "overloaded", "success": False, "witness": 1,
        "model": "claude-opus-5-5", "duration_ms": 10.0, "extra": '{"attempt":3,"status_code":529}',
    }  # fmt: skip


def test_an_internal_error_has_its_class_as_its_kind() -> None:
    row = only(told("internal_error", {"error_name": "TypeError", "error": "a long text"}))
    assert (row["type"], row["error_type"]) == ("error_occurred", "TypeError")


@pytest.mark.parametrize(
    ("command", "name"), [("compact", "/compact"), ("/clear", "/clear"), ("custom", "(custom)"), ("mcp", "(mcp)")]
)
def test_a_slash_command_is_called_as_in_the_transcript(command: str, name: str) -> None:
    row = only(told("user_prompt", {"command_name": command, "message.uuid": "m1", "prompt": "secret"}))
    assert row == BASE | {"id": "claude-code:m1:command", "type": "command_executed", "command_name": name}


def test_what_stands_for_a_commands_name_gives_way_to_the_name() -> None:
    assert max("(custom)", "/a") == "/a"


def test_a_prompt_is_no_metric() -> None:
    assert rows(told("user_prompt", {"prompt_length": 12, "message.uuid": "m1"})) == []


def test_the_hooks_of_an_event_are_one_metric() -> None:
    hooks = {
        "hook_event": "PreToolUse", "hook_name": "PreToolUse:Bash", "num_hooks": 2, "num_success": 1,
        "num_blocking": 1, "num_non_blocking_error": 0, "total_duration_ms": 80,
    }  # fmt: skip
    row = only(told("hook_execution_complete", hooks))
    assert row == BASE | {
        "id": row["id"], "type": "hook_triggered", "hook_name": "PreToolUse:Bash", "success": False,
        "duration_ms": 80.0, "extra": '{"hooks":2,"succeeded":1}', "witness": 1,
    }  # fmt: skip


def test_a_compaction_is_called_as_in_the_transcript() -> None:
    compaction = {"trigger": "auto", "pre_tokens": "150000", "post_tokens": "20000", "duration_ms": 9000}
    row = only(told("compaction", compaction))
    assert row == BASE | {
        "id": row["id"], "type": "performance", "operation": "compact", "duration_ms": 9000.0, "witness": 1,
        "extra": '{"trigger":"auto","pre_tokens":150000,"post_tokens":20000}',
    }  # fmt: skip


def test_a_sub_agents_run_is_without_its_tokens() -> None:
    run = {"agent_type": "Explore", "total_tokens": 9000, "total_tool_uses": 4, "duration_ms": 1000, "model": "m"}
    row = only(told("subagent_completed", run))
    assert row == BASE | {
        "id": row["id"], "ts": NOON_US - 1_000_000, "type": "agent_execution", "agent_id": "Explore", "model": "m",
        "duration_ms": 1000.0, "extra": '{"tool_uses":4}', "witness": 1,
    }  # fmt: skip


def test_what_another_event_tells_is_redundant_and_what_none_tells_is_named() -> None:
    found = decoded(told("api_retries_exhausted", {}))
    assert (found.rows, found.redundant, found.unmapped) == ([], 1, {})
    found = decoded(told("plugin_loaded", {}))
    assert found.unmapped == {Unmapped("logs", "claude-code", "claude_code.plugin_loaded"): 1}


def test_tokens_and_cost_of_one_moment_are_one_metric() -> None:
    use = {**WHO, "model": "claude-opus-5-5", "query_source": "main"}
    kinds = {"input": 5, "output": 70, "cacheRead": 900, "cacheCreation": 25}
    request = metrics(
        counter("claude_code.token.usage", *(point(count, {**use, "type": kind}) for kind, count in kinds.items())),
        counter("claude_code.cost.usage", point(0.5, use)),
        service="claude-code",
    )
    row = only(request)
    assert row == BASE | {
        "id": row["id"], "type": "token_usage", "model": "claude-opus-5-5", "input_tokens": 5, "output_tokens": 70,
        "cache_read_tokens": 900, "cache_write_tokens": 25, "token_count": 1000, "cost_usd": 0.5, "witness": 3,
        "extra": '{"query_source":"main"}',
    }  # fmt: skip


def test_cost_that_arrives_as_an_integer_is_a_float_as_its_column_is() -> None:
    use = {"session.id": "s1", "model": "claude-opus-4-5"}
    row = only(metrics(counter("claude_code.cost.usage", point(3, use)), service="claude-code"))
    assert (row["cost_usd"], type(row["cost_usd"])) == (3.0, float)


def test_tokens_that_arrive_apart_have_the_id_of_their_cost() -> None:
    use = {**WHO, "model": "m"}
    tokens = metrics(counter("claude_code.token.usage", point(5, {"type": "input", **use})), service="claude-code")
    cost = metrics(counter("claude_code.cost.usage", point(0.5, use)), service="claude-code")
    assert only(tokens)["id"] == only(cost)["id"]


def test_a_session_that_is_counted_has_the_id_that_its_transcript_gives_it() -> None:
    started = {**WHO, "start_type": "fresh"}
    request = metrics(counter("claude_code.session.count", point(1, started)), service="claude-code")
    assert rows(request) == [("claude-code", BASE | {"id": "claude-code:s1:start", "type": "session_start"})]


def test_sessions_that_are_counted_without_their_ids_are_as_many_as_were_counted() -> None:
    request = metrics(counter("claude_code.session.count", point(2, {"user.email": "ana"})), service="claude-code")
    found = [row for _, row in rows(request)]
    assert [row["witness"] for row in found] == [3, 3]
    assert len({row["id"] for row in found}) == 2


def test_what_is_counted_of_something_else_is_no_metric() -> None:
    request = metrics(counter("claude_code.commit.count", point(1, WHO)), service="claude-code")
    assert decoded(request).unmapped == {Unmapped("metrics", "claude-code", "claude_code.commit.count"): 1}


def test_the_span_of_a_request_is_a_part_of_what_its_event_tells() -> None:
    of_event = only(told("api_request", USAGE))
    usage = {key: value for key, value in USAGE.items() if key != "cost_usd"}
    row = only(spanned("llm_request", usage, took=2.3))
    shared = ("id", "type", "model", "request_id", "input_tokens", "token_count", "duration_ms", "session_id")
    assert {key: row[key] for key in shared} == {key: of_event[key] for key in shared}
    assert row["ts"] == NOON_US + 2_300_000
    assert "witness" not in row


def test_the_span_of_a_request_without_an_id_is_a_spans_witness() -> None:
    usage = {key: value for key, value in USAGE.items() if key != "request_id"}
    row = only(spanned("llm_request", {**usage, "ttft_ms": 310}))
    assert (row["witness"], row["extra"]) == (2, '{"ttft_ms":310}')


def test_the_span_of_a_failed_request_is_an_error() -> None:
    row = only(spanned("llm_request", {"success": False, "status_code": 429, "error": "x"}, failed=True))
    assert (row["type"], row["error_type"], row["witness"]) == ("error_occurred", "rate_limit", 2)


def test_the_span_of_a_call_says_when_it_began_and_not_how_long_it_took_without_the_wait() -> None:
    row = only(spanned("tool", {"tool_name": "Bash", "tool_use_id": "toolu_1", "duration_ms": 9000}, took=9))
    assert row == BASE | {
        "id": "claude-code:toolu_1", "ended_ts": NOON_US + 9_000_000, "type": "tool_use", "tool_name": "Bash",
    }  # fmt: skip


def test_the_span_of_an_execution_says_how_long_it_took() -> None:
    done = {"gen_ai.tool.call.id": "toolu_1", "success": False, "error": "ShellError"}
    row = only(spanned("tool.execution", done, took=0.4))
    assert row == BASE | {
        "id": "claude-code:toolu_1", "type": "tool_use", "duration_ms": 400.0, "success": False,
        "error_type": "exit_code",
    }  # fmt: skip


def test_the_wait_for_a_permission_is_redundant() -> None:
    assert decoded(spanned("tool.blocked_on_user", {})).redundant == 1


def test_a_turn_and_the_hooks_of_an_event_are_metrics_of_spans() -> None:
    assert only(spanned("interaction", {}, took=60))["operation"] == "turn"
    row = only(spanned("hook", {"hook_event": "Stop", "num_blocking": 0}, took=0.1))
    assert (row["type"], row["hook_name"], row["success"], row["witness"]) == ("hook_triggered", "Stop", True, 2)


@pytest.mark.parametrize(
    ("attributes", "user"),
    [
        ({"user.id": "f00d"}, "f00d"),
        ({"user.id": "f00d", "user.account_uuid": "u-1"}, "u-1"),
        ({"user.id": "f00d", "user.account_uuid": "u-1", "user.email": "ana@example.com"}, "ana@example.com"),
        ({"user.email": "", "user.id": "f00d"}, "f00d"),
        ({}, "of-the-resource"),
    ],
)
def test_the_user_is_whoever_the_agents_own_files_would_name(attributes: dict[str, str], user: str) -> None:
    record = event("api_request", {**attributes, "request_id": "r"}, body="claude_code.api_request")
    assert only(logs(record, resource={"user.id": "of-the-resource"}))["user_id"] == user


@pytest.mark.parametrize(
    ("resource", "columns"),
    [
        ({"project": "shop"}, {"project_path": "shop"}),
        ({"repository": "acme/shop"}, {"project_path": "acme/shop"}),
        ({"project.path": "/home/ana/shop", "project": "shop"}, {"project_path": "/home/ana/shop"}),
        ({"cwd": "/home/ana/shop"}, {"cwd": "/home/ana/shop"}),
        ({"host.name": "shop", "code.filepath": "/x"}, {}),
    ],
)
def test_a_project_is_only_what_says_that_it_is_one(resource: dict[str, str], columns: Row) -> None:
    record = event("api_request", {"request_id": "r"}, body="claude_code.api_request")
    row = only(logs(record, resource=resource))
    assert {key: row[key] for key in ("project_path", "cwd") if key in row} == columns


def test_extra_is_json_whatever_the_words_are() -> None:
    row = only(told("api_request", USAGE | {"query_source": 'sdk"quoted', "effort": "x-high"}))
    assert json.loads(row["extra"]) == {"effort": "x-high"}
