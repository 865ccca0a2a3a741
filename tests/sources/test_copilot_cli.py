"""Copilot CLI's events: each trap of the format with the smallest session that shows it."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_lines import SECRET, microseconds, stamp
from parts import Row, merged, parts
from tachograph.sources import copilot_events
from tachograph.sources.claude_code import ClaudeCode
from tachograph.sources.copilot_cli import CopilotCli
from tachograph.sources.copilot_shapes import Counters, Memory, Usage
from tachograph.sources.gemini_cli import GeminiCli
from tachograph.sources.protocol import Block
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

SESSION = "cccccccc-0000-4000-8000-000000000001"
DATA = Path(__file__).parents[3] / "shared/data"

Json = dict[str, Any]


def event(type: str, at: float, id: str = "", agent: str | None = None, **data: Any) -> Json:
    envelope = {"type": type, "data": data, "id": id or f"{type}-{at}", "timestamp": stamp(at), "parentId": None}
    return envelope if agent is None else {**envelope, "agentId": agent}


def start(at: float = 0, **data: Any) -> Json:
    known = {"sessionId": SESSION, "producer": "copilot-agent", "copilotVersion": "1.0.64"}
    where = {"cwd": "/home/ana/api/web", "gitRoot": "/home/ana/api"}
    return event("session.start", at, **{**known, "context": where, **data})


def resume(at: float, **data: Any) -> Json:
    return event("session.resume", at, resumeTime=stamp(at), eventCount=9, **data)


def reply(at: float, output: int | None = 10, model: str | None = "gpt-5", **more: Any) -> Json:
    told = {"messageId": f"m{at}", "model": model, "content": SECRET, "outputTokens": output, "reasoningText": SECRET}
    return event(
        "assistant.message", at, **{name: value for name, value in {**told, **more}.items() if value is not None}
    )


def used(
    input: int = 100, output: int = 10, read: int = 0, written: int = 0, reasoning: int | None = 4, count: int = 1
) -> Json:
    usage = {"inputTokens": input, "outputTokens": output, "cacheReadTokens": read, "cacheWriteTokens": written}
    if reasoning is not None:
        usage["reasoningTokens"] = reasoning
    return {"requests": {"count": count, "cost": 1}, "usage": usage, "totalNanoAiu": 5}


def shutdown(at: float, kind: str = "routine", current: str = "gpt-5", **models: Json) -> Json:
    metrics = {name.replace("_", "-"): metric for name, metric in models.items()}
    return event("session.shutdown", at, shutdownType=kind, currentModel=current, modelMetrics=metrics)


def call(id: str, at: float, name: str = "bash", agent: str | None = None, **more: Any) -> Json:
    asked = {"toolCallId": id, "toolName": name, "arguments": {"command": SECRET}, "model": "gpt-5", **more}
    return event("tool.execution_start", at, agent=agent, **asked)


def done(id: str, at: float, success: bool | None = True, agent: str | None = None, **more: Any) -> Json:
    told: Json = {"toolCallId": id, "result": {"content": SECRET}, "model": "gpt-5", **more}
    if success is not None:
        told["success"] = success
    return event("tool.execution_complete", at, agent=agent, **told)


def lines(*events: Json | str) -> bytes:
    return b"".join((each if isinstance(each, str) else json.dumps(each)).encode() + b"\n" for each in events)


class Session:
    """What was read of a session's file, from where it was read to."""

    def __init__(self, path: str = f"/x/session-state/{SESSION}/events.jsonl") -> None:
        self.path = path
        self.memory: str | None = None
        self.rows: list[Row] = []
        self.problems: list[tuple[int, int, str]] = []

    def read(self, *events: Json | str) -> list[Row]:
        """Reads events, and gives all metrics so far but the session's start."""
        self.read_bytes(lines(*events))
        return [row for row in merged(self.rows) if row["type"] != "session_start"]

    def read_bytes(self, text: bytes) -> None:
        reader = CopilotCli().reader()
        reader.memory = self.memory
        blocks = [Block(0, 0, text)]
        self.problems += [(each.line, each.offset, each.reason) for each in reader.read(self.path, blocks)]
        self.memory = reader.memory
        self.rows += parts(reader.take())
        assert reader.waiting == 0

    def all(self, type: str) -> list[Row]:
        return [row for row in merged(self.rows) if row["type"] == type]


def read(*events: Json | str) -> list[Row]:
    session = Session()
    found = session.read(*events)
    assert session.problems == []
    return found


def tokens(found: Sequence[Row]) -> list[tuple[Any, ...]]:
    """Of each use of tokens the model and all that was used."""
    return [(row.get("model"), row.get("token_count")) for row in found if row["type"] == "token_usage"]


# Tokens


@pytest.mark.parametrize(
    ("told", "counted"),
    [
        (used(input=100, output=10, reasoning=4), (100, 10, 0, 0, 4, 110)),
        (used(input=100, output=10, read=80), (20, 10, 80, 0, 4, 110)),
        (used(input=100, output=10, read=60, written=30), (10, 10, 60, 30, 4, 110)),
        (used(input=10, output=10, read=60), (0, 10, 60, 0, 4, 70)),
        (used(input=100, output=10, reasoning=None), (100, 10, 0, 0, None, 110)),
    ],
)
def test_the_kinds_of_tokens_are_disjoint(told: Json, counted: tuple[int | None, ...]) -> None:
    (found,) = [row for row in read(start(), reply(1), shutdown(9, gpt_5=told)) if row["type"] == "token_usage"]
    names = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
    assert (*(found.get(name) for name in names), found["token_count"]) == counted
    assert (found["model"], found["session_id"], found["ts"]) == ("gpt-5", SESSION, microseconds(1))
    assert "cost_usd" not in found


def test_without_a_shutdown_tokens_are_unknown() -> None:
    found = read(start(), reply(1), reply(2), reply(3, model="gpt-5-mini"))
    assert tokens(found) == [("gpt-5", None), ("gpt-5-mini", None)]
    assert not any("output_tokens" in row for row in found)


def test_a_later_shutdown_makes_them_known() -> None:
    session = Session()
    session.read(start(), reply(1), reply(3, model="gpt-5-mini"))
    found = session.read(shutdown(9, gpt_5=used(100), gpt_5_mini=used(50)))
    assert tokens(found) == [("gpt-5", 110), ("gpt-5-mini", 60)]


def test_a_session_without_replies_used_no_tokens() -> None:
    assert tokens(read(start(), event("user.message", 1, content=SECRET), shutdown(2))) == []


def test_each_model_of_a_shutdown_counts_though_it_never_replied() -> None:
    assert tokens(read(start(), reply(1), shutdown(9, gpt_5=used(100), claude=used(7)))) == [
        ("gpt-5", 110),
        ("claude", 17),
    ]


def test_a_request_without_any_tokens_was_not_counted() -> None:
    found = read(
        start(), reply(1, 0), shutdown(9, gpt_5=used(0, 0, reasoning=0), claude=used(0, 0), idle=used(0, 0, count=0))
    )
    assert tokens(found) == [("gpt-5", None), ("claude", None)]


def test_a_model_that_was_counted_under_another_name_counts_once() -> None:
    found = read(start(), reply(1, model="gpt-5-alias"), shutdown(9, gpt_5=used(100)))
    assert tokens(found) == [("gpt-5-alias", 0), ("gpt-5", 110)]


def test_replies_of_older_builds_are_of_the_model_that_is_selected() -> None:
    found = read(start(selectedModel="gpt-5"), reply(1, model=None), event("session.model_change", 2, newModel="o5"))
    assert tokens(found) == [("gpt-5", None)]
    events = start(selectedModel="gpt-5"), event("session.model_change", 2, newModel="o5"), reply(3, model=None)
    assert tokens(read(*events)) == [("o5", None)]


@pytest.mark.parametrize("selected", [None, "auto"])
def test_a_reply_of_an_unknown_model_gets_the_model_that_the_shutdown_tells(selected: str | None) -> None:
    session = Session()
    assert tokens(session.read(start(selectedModel=selected), reply(1, model=None))) == [(None, None)]
    assert tokens(session.read(shutdown(9, claude=used(7), gpt_5=used(100)))) == [("gpt-5", 110), ("claude", 17)]


def test_each_run_of_a_session_counts_where_counters_begin_anew() -> None:
    found = read(
        start(),
        reply(1, 10),
        shutdown(2, gpt_5=used(100, 10)),
        resume(3),
        reply(4, 30),
        shutdown(5, gpt_5=used(900, 30)),
    )
    assert tokens(found) == [("gpt-5", 110), ("gpt-5", 930)]
    assert [row["ts"] for row in found if row["type"] == "token_usage"] == [microseconds(1), microseconds(4)]


def test_each_run_counts_what_it_added_where_counters_go_on() -> None:
    found = read(
        start(),
        reply(1, 10),
        shutdown(2, gpt_5=used(100, 10, read=40)),
        resume(3),
        reply(4, 30),
        reply(4.5, 5, model="o5"),
        shutdown(5, gpt_5=used(900, 40, read=50), o5=used(9, 5)),
        resume(6),
        shutdown(7, gpt_5=used(900, 40, read=50), o5=used(9, 5)),
    )
    assert tokens(found) == [("gpt-5", 110), ("gpt-5", 830), ("o5", 14)]
    assert [row.get("cache_read_tokens") for row in found if row["type"] == "token_usage"] == [40, 10, 0]


def test_a_run_that_was_killed_stays_unknown_and_the_next_one_counts() -> None:
    found = read(start(), reply(1), resume(3), reply(4), shutdown(5, gpt_5=used(100)))
    assert tokens(found) == [("gpt-5", None), ("gpt-5", 110)]


def test_a_session_that_was_only_looked_at_used_nothing() -> None:
    assert tokens(read(start(), reply(1), shutdown(2, gpt_5=used()), resume(3), shutdown(4))) == [("gpt-5", 110)]


def test_a_shutdown_without_counters_leaves_tokens_unknown() -> None:
    events = start(), reply(1), event("session.shutdown", 2, modelMetrics={"gpt-5": {"requests": 2}})
    assert tokens(read(*events)) == [("gpt-5", None)]


def test_a_forked_session_tells_of_the_same_metrics() -> None:
    events = reply(1), call("t1", 2), done("t1", 3), shutdown(4, gpt_5=used())
    one = read(start(), *events)
    other = read(start(9, sessionId="fork"), *events)
    assert {row["id"] for row in one} == {row["id"] for row in other}
    assert {row["session_id"] for row in other} == {"fork"}


# Calls


@pytest.mark.parametrize(
    ("success", "more", "outcome", "kind"),
    [
        (True, {}, True, None),
        (None, {}, None, None),
        (False, {}, False, "tool_error"),
        (False, {"error": {"code": "failure", "message": SECRET}}, False, "tool_error"),
        (False, {"error": {"code": "failure", "message": "Path does not exist"}}, False, "not_found"),
        (False, {"error": {"code": "rejected", "message": SECRET}}, None, "rejected_by_user"),
        (False, {"error": {"code": "denied", "message": SECRET}}, False, "permission_denied"),
        (False, {"error": {"code": "timeout", "message": SECRET}}, False, "timeout"),
    ],
)
def test_a_call_has_an_outcome_and_a_kind_of_failure(
    success: bool | None, more: Json, outcome: bool | None, kind: str | None
) -> None:
    (found,) = read(start(), call("t1", 1), done("t1", 3, success, **more))
    assert (found.get("success"), found.get("error_type")) == (outcome, kind)
    assert (found["ts"], found["ended_ts"]) == (microseconds(1), microseconds(3))
    assert (found["tool_name"], found["model"], found["cwd"]) == ("bash", "gpt-5", "/home/ana/api/web")


def test_a_call_without_a_completion_is_of_unknown_outcome() -> None:
    (found,) = read(start(), call("t1", 1), event("abort", 2, reason="user_initiated"))
    assert not {"success", "ended_ts", "error_type"} & found.keys()


def test_a_completion_without_a_call_is_no_metric() -> None:
    assert read(start(), done("t1", 3)) == []


def test_the_same_id_again_is_another_call() -> None:
    found = read(start(), call("t1", 1), done("t1", 2), call("t1", 3), done("t1", 4, success=False))
    assert [row["success"] for row in found] == [True, False]


@pytest.mark.parametrize(
    ("kind", "outcome", "error"),
    [
        ("approved", False, "tool_error"),
        ("denied-interactively-by-user", None, "rejected_by_user"),
        ("cancelled", None, "cancelled"),
        ("denied-by-rules", False, "permission_denied"),
        ("denied-by-permission-request-hook", False, "permission_denied"),
    ],
)
@pytest.mark.parametrize("named", ["call", "request"])
def test_a_refused_call_did_not_fail(kind: str, outcome: bool | None, error: str, named: str) -> None:
    answer: Json = {"requestId": "r1", "result": {"kind": kind}}
    found = read(
        start(),
        call("t1", 1),
        event("permission.requested", 1.5, requestId="r1", permissionRequest={"toolCallId": "t1", "intention": SECRET}),
        event("permission.completed", 2, **answer, **({"toolCallId": "t1"} if named == "call" else {})),
        done("t1", 3, success=False),
    )
    assert [(row.get("success"), row["error_type"]) for row in found] == [(outcome, error)]


def test_a_refused_call_that_never_ends_is_known_as_refused() -> None:
    answer: Json = {"requestId": "r1", "toolCallId": "t1", "result": {"kind": "denied-interactively-by-user"}}
    (found,) = read(start(), call("t1", 1), event("permission.completed", 2, **answer))
    assert (found["error_type"], "success" in found) == ("rejected_by_user", False)


# Sub-agents


@pytest.mark.parametrize(
    ("ended", "success", "kind"),
    [
        (event("subagent.completed", 8, toolCallId="t1", agentName="explore", durationMs=6500), True, None),
        (event("subagent.completed", 8, toolCallId="t1", agentName="explore", cancelled=True), None, "cancelled"),
        (
            event("subagent.failed", 8, toolCallId="t1", agentName="explore", error="429 rate limit"),
            False,
            "rate_limit",
        ),
        (None, None, None),
    ],
)
def test_a_sub_agent_is_a_run(ended: Json | None, success: bool | None, kind: str | None) -> None:
    begun = event("subagent.started", 1.5, toolCallId="t1", agentName="explore", agentDisplayName=SECRET, model="o5")
    found = read(start(), call("t1", 1, "task"), begun, *([ended] if ended else []))
    (run,) = [row for row in found if row["type"] == "agent_execution"]
    assert (run["agent_id"], run["agent_run_id"], run["model"]) == ("explore", "t1", "o5")
    assert (run.get("success"), run.get("error_type")) == (success, kind)
    assert run.get("ended_ts") == (microseconds(8) if ended else None)


@pytest.mark.parametrize("inner", [call("t2", 2, "view", agent="t1"), call("t2", 2, "view", parentToolCallId="t1")])
def test_what_a_sub_agent_does_names_its_run(inner: Json) -> None:
    found = read(start(), call("t1", 1, "task"), inner, done("t2", 3), done("t1", 4))
    assert [row.get("agent_run_id") for row in found] == [None, "t1"]


def test_the_model_of_a_sub_agent_is_not_the_session_s() -> None:
    found = read(start(selectedModel="gpt-5"), reply(1, model="o5", parentToolCallId="t1"), reply(2, model=None))
    assert tokens(found) == [("o5", None), ("gpt-5", None)]


# Hooks, turns, commands, errors


@pytest.mark.parametrize("success", [True, False])
def test_a_hook_has_an_outcome_and_a_duration(success: bool) -> None:
    known = {"hookInvocationId": "h1", "hookType": "preToolUse"}
    session = Session()
    (open_one,) = session.read(start(), event("hook.start", 1, **known, input={"prompt": SECRET}))
    assert (open_one["type"], open_one["hook_name"], "success" in open_one) == ("hook_triggered", "preToolUse", False)
    (found,) = session.read(event("hook.end", 3, **known, success=success))
    assert (found["ts"], found["success"], found["duration_ms"]) == (microseconds(1), success, 2000)


def test_a_turn_and_a_compaction_are_performance() -> None:
    found = read(
        start(),
        event("assistant.turn_start", 1, turnId="0"),
        event("assistant.turn_start", 2, turnId="0", agent="t1"),
        event("assistant.turn_end", 3, turnId="0", agent="t1"),
        event("assistant.turn_end", 5, turnId="0"),
        event("assistant.turn_end", 6, turnId="1"),
        event("session.compaction_start", 7),
        event("session.compaction_complete", 9, success=True, summaryContent=SECRET),
        event("session.compaction_complete", 10, success=False),
        event("session.truncation", 11, performedBy="x"),
    )
    assert [(row["operation"], row["ts"], row.get("duration_ms"), row.get("success")) for row in found] == [
        ("turn", microseconds(1), 4000, None),
        ("turn", microseconds(2), 1000, None),
        ("compact", microseconds(7), 2000, True),
        ("compact", microseconds(10), None, False),
        ("truncate", microseconds(11), None, None),
    ]


def test_what_ends_before_it_began_took_no_time_that_is_known() -> None:
    """Clocks are set back."""
    known = {"hookInvocationId": "h1", "hookType": "preToolUse"}
    found = read(
        start(),
        event("hook.start", 9, **known),
        event("hook.end", 5, **known, success=True),
        event("assistant.turn_start", 9),
        event("assistant.turn_end", 4),
    )
    assert {(row["type"], row["ts"], "duration_ms" in row) for row in found} == {
        ("hook_triggered", microseconds(9), False),
        ("performance", microseconds(9), False),
    }


def test_a_skill_that_the_user_asks_for_is_a_command() -> None:
    (found,) = read(
        start(),
        event("skill.invoked", 1, name="review", trigger="user-invoked", content=SECRET, path="/x"),
        event("skill.invoked", 2, name="review", trigger="agent-invoked", content=SECRET, path="/x"),
        event("skill.invoked", 3, name="review", content=SECRET, path="/x"),
    )
    assert (found["type"], found["command_name"]) == ("command_executed", "/review")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"errorType": "rate_limit", "errorCode": "user_weekly_rate_limited"}, "rate_limit"),
        ({"errorType": "authentication"}, "authentication"),
        ({"errorType": "authorization", "statusCode": 403}, "permission"),
        ({"errorType": "quota", "statusCode": 402}, "billing"),
        ({"errorType": "context_limit"}, "context_too_long"),
        ({"errorType": "query", "statusCode": 500}, "server_error"),
        ({"errorType": "query", "statusCode": 529}, "overloaded"),
        ({"errorType": "query"}, "query"),
        ({"errorType": f"{SECRET} {SECRET}"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_an_error_is_of_a_kind(data: Json, kind: str) -> None:
    (found,) = read(start(), event("session.error", 1, message=SECRET, stack=SECRET, **data))
    assert (found["type"], found["error_type"], found["success"]) == ("error_occurred", kind, False)


def test_a_shutdown_ends_the_session_and_a_crash_is_an_error() -> None:
    found = read(start(), shutdown(5, "error"))
    assert [(row["type"], row.get("error_type")) for row in found] == [
        ("session_end", None),
        ("error_occurred", "crash"),
    ]


# Sessions


def starts(*events: Json | str, path: str = "/x/events.jsonl") -> list[tuple[Any, ...]]:
    session = Session(path)
    session.read(*events)
    return [(row["session_id"], row["ts"], row.get("cwd")) for row in session.all("session_start")]


def test_a_session_starts_once_when_and_where_it_says() -> None:
    events = start(1, startTime=stamp(0.5)), resume(9, context={"cwd": "/elsewhere"})
    assert starts(*events) == [(SESSION, microseconds(0.5), "/home/ana/api/web")]


def test_what_follows_is_where_the_session_moved_to() -> None:
    found = read(start(), event("session.context_changed", 1, cwd="/elsewhere"), call("t1", 2))
    assert [row["cwd"] for row in found] == ["/elsewhere"]


@pytest.mark.parametrize("path", ["/x/session-state/s1/events.jsonl", "/x/session-state/s1.jsonl"])
def test_a_session_without_its_first_line_is_named_by_its_file(path: str) -> None:
    assert starts("{", reply(2), path=path) == [("s1", microseconds(2), None)]


# What isn't as it should be


def test_lines_that_are_not_events_are_told_with_their_places() -> None:
    session = Session()
    bad = event("tool.execution_complete", 1, toolCallId=5)
    found = session.read(start(), "{", "", bad, '{"type":5}', '"\\ud800"', reply(2))
    assert tokens(found) == [("gpt-5", None)]
    assert [line for line, _, _ in session.problems] == [1, 3, 4, 5]
    assert session.problems[0][1] == len(lines(start()))
    assert [reason.split(":")[0] for _, _, reason in session.problems[:3]] == ["not JSON", *["unknown shape"] * 2]


def test_a_text_that_was_cut_within_a_character_does_not_cost_the_event() -> None:
    """JavaScript writes the half of an emoji that is left, which is no text to others."""
    events = reply(1, content="cut \ud83d"), call("t1", 2), done("t1", 3, result={"content": "\ude00 cut"})
    assert [row["type"] for row in read(start(), *events)] == ["token_usage", "tool_use"]
    (named,) = read(start(), call("t2", 4, name="a\ud83d\\ud83db"))
    assert named["tool_name"] == "a\N{REPLACEMENT CHARACTER}\\ud83db"


@pytest.mark.parametrize(
    "each",
    [
        event("something.new", 1, text=SECRET),
        event("system.message", 1, content=SECRET),
        {**reply(1), "timestamp": "yesterday"},
        {**reply(1), "timestamp": None},
        event("tool.execution_start", 1),
        event("subagent.started", 1),
        event("hook.start", 1),
        event("hook.end", 1, hookInvocationId="h1", success=True),
        {},
    ],
)
def test_other_events_are_passed_over(each: Json) -> None:
    assert read(start(), each) == []


def everything() -> list[Json | str]:
    return [
        start(),
        event("user.message", 1, content=SECRET, transformedContent=SECRET),
        reply(2, toolRequests=[{"toolCallId": "t1", "arguments": SECRET}]),
        call("t1", 3),
        done("t1", 4, success=False, error={"code": "failure", "message": SECRET}),
        event("subagent.failed", 5, toolCallId="t1", agentName="x", error=SECRET),
        event("session.error", 6, errorType="query", message=SECRET),
        shutdown(8, "error", gpt_5=used()),
        f'{{"type":"assistant.message","timestamp":"{stamp(9)}","data":{{"model":5,"content":"{SECRET}"}}}}',
        f'{{"type":"{SECRET}',
    ]


def test_no_text_of_a_conversation_is_given() -> None:
    session = Session()
    session.read(*everything())
    assert len(session.rows) > 5
    assert len(session.problems) == 2
    assert SECRET not in repr(session.rows) + repr(session.problems) + repr(session.memory)


# Again and again


IDS = st.sampled_from(["t1", "t2"])
MODELS = st.sampled_from(["gpt-5", "o5", None])
FEW = st.integers(0, 9)
EVENTS = st.one_of(
    st.builds(lambda model, output: ("assistant.message", {"model": model, "outputTokens": output}), MODELS, FEW),
    st.builds(lambda call: ("tool.execution_start", {"toolCallId": call, "toolName": "bash"}), IDS),
    st.builds(lambda call, ok: ("tool.execution_complete", {"toolCallId": call, "success": ok}), IDS, st.booleans()),
    st.builds(
        lambda call, kind: ("permission.completed", {"toolCallId": call, "result": {"kind": kind}}),
        IDS,
        st.sampled_from(["approved", "denied-interactively-by-user", "denied-by-rules"]),
    ),
    st.builds(lambda call: ("hook.start", {"hookInvocationId": call, "hookType": "preToolUse"}), IDS),
    st.builds(lambda call, ok: ("hook.end", {"hookInvocationId": call, "success": ok}), IDS, st.booleans()),
    st.builds(lambda call: ("subagent.started", {"toolCallId": call, "agentName": "explore"}), IDS),
    st.builds(lambda call: ("subagent.completed", {"toolCallId": call, "agentName": "explore"}), IDS),
    st.sampled_from(
        [
            ("assistant.turn_start", {}),
            ("assistant.turn_end", {}),
            ("session.compaction_start", {}),
            ("session.compaction_complete", {"success": True}),
            ("session.resume", {"selectedModel": "o5"}),
            ("session.context_changed", {"cwd": "/elsewhere"}),
        ]
    ),
    st.builds(
        lambda one, other: ("session.shutdown", {"modelMetrics": {"gpt-5": used(*one), "o5": used(*other)}}),
        st.tuples(FEW, FEW, FEW),
        st.tuples(FEW, FEW, FEW),
    ),
)


@settings(deadline=None, max_examples=100)
@given(st.lists(EVENTS, max_size=25), st.lists(st.integers(0, 26), max_size=4), st.booleans())
def test_portions_that_are_read_once_or_twice_give_the_same(
    happened: list[tuple[str, Json]], cuts: list[int], twice: bool
) -> None:
    events = [start(), *(event(kind, 1 + at, id=f"e{at}", **data) for at, (kind, data) in enumerate(happened))]
    whole, grown = Session(), Session()
    whole.read(*events)
    edges = sorted({0, *(cut for cut in cuts if cut < len(events)), len(events)})
    for begin, end in pairwise(edges):
        memory = grown.memory
        grown.read(*events[begin:end])
        if twice:
            grown.memory = memory
            grown.read(*events[begin:end])
    assert merged(grown.rows) == merged(whole.rows)
    assert grown.memory == whole.memory


KEYS = sorted(
    {
        name
        for shape in (*vars(copilot_events).values(), Usage, Counters, Memory)
        for name in getattr(shape, "__struct_encode_fields__", ())
    }
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["gpt-5", "rejected", stamp(1)])
    | st.text(max_size=5)
)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)
)
LINES = JSON | st.builds(
    lambda kind, data: {"type": kind, "id": "e1", "timestamp": stamp(1), "parentId": None, "data": data},
    st.sampled_from(["session.start", *copilot_events._RECORDS]),
    JSON,
)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=60) | st.lists(LINES.map(json.dumps), max_size=6).map(lambda each: "\n".join(each).encode()))
def test_nothing_in_a_file_stops_the_reading(text: bytes) -> None:
    session = Session()
    session.read_bytes(text)
    session.read_bytes(text)
    assert CopilotCli().recognises(text.split(b"\n")) in (True, False)


def test_a_store_has_calls_with_their_durations() -> None:
    text = lines(start(), reply(1), call("t1", 2), done("t1", 3), shutdown(4, gpt_5=used()))
    with Store.in_memory() as store:
        for _ in range(2):
            reader = CopilotCli().reader()
            assert list(reader.read("/x/events.jsonl", [Block(0, 0, text)])) == []
            with store.loading() as loading:
                loading.add(reader.take(), source="copilot-cli", in_parts=True)
                loading.commit([], [], [], [])
        found = store.connection.execute("SELECT type, duration_ms, token_count FROM metrics ORDER BY type").fetchall()
    assert found == [
        ("session_end", None, None),
        ("session_start", None, None),
        ("token_usage", None, 110),
        ("tool_use", 1000, None),
    ]


# Where sessions are


def test_the_places_are_below_the_home_or_another_folder(tmp_path: Path) -> None:
    copilot = CopilotCli()
    assert copilot.places({}, tmp_path) == [tmp_path / ".copilot/session-state"]
    assert copilot.places({"COPILOT_HOME": "/moved"}, tmp_path) == [Path("/moved/session-state")]
    assert copilot.beside("x") == []


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ('{"last_logged_in_user":{"host":"https://github.com","login":"ana"},"copilot_tokens":{"x":"y"}}', "ana"),
        ('// Managed by the program.\n{"lastLoggedInUser":{"login":"ana"}}', "ana"),
        ('{"last_logged_in_user":null}', None),
        ("{", None),
        (None, None),
    ],
)
def test_the_user_is_the_account_that_logged_in_last(tmp_path: Path, text: str | None, user: str | None) -> None:
    (tmp_path / ".copilot").mkdir()
    if text is not None:
        (tmp_path / ".copilot/config.json").write_text(text)
    assert CopilotCli().user({}, tmp_path) == user


@pytest.mark.parametrize(
    ("name", "owned"),
    [
        (f"session-state/{SESSION}/events.jsonl", True),
        (f"session-state/{SESSION}.jsonl", True),
        (f"session-state/{SESSION}/workspace.yaml", False),
        (f"session-state/{SESSION}/files/data.jsonl", False),
        ("command-history-state.json", False),
    ],
)
def test_a_session_is_known_by_its_name(name: str, owned: bool) -> None:
    assert CopilotCli().owns(str(Path("/home/ana/.copilot") / name)) is owned


@pytest.mark.parametrize(
    ("text", "known"),
    [
        (lines(start(), reply(1)), True),
        (lines("", "nonsense", event("abort", 1)), True),
        (lines({"timestamp": stamp(1), "type": "session_meta", "payload": {}}), False),
        (lines({"id": "m1", "timestamp": stamp(1), "type": "tool_use", "session_id": "s", "data": {}}), False),
        (lines({**start(), "type": "message"}), False),
        (lines({**start(), "data": "x"}), False),
        (lines({"type": "user", "sessionId": "s", "uuid": "u", "parentUuid": None, "timestamp": stamp(1)}), False),
        (b'{\n "info": {\n', False),
        (b"", False),
    ],
)
def test_a_session_is_known_by_its_lines(text: bytes, known: bool) -> None:
    first_lines = text.split(b"\n")
    assert CopilotCli().recognises(first_lines) is known
    assert not (known and (ClaudeCode().recognises(first_lines) or GeminiCli().recognises(first_lines)))


@pytest.mark.skipif(not DATA.exists(), reason="real sessions are not part of the project")
def test_real_sessions_are_recognised_and_read_without_a_problem() -> None:
    files = sorted((DATA / "copilot-cli").rglob("events.jsonl"))
    assert files
    for file in files:
        text = file.read_bytes()
        assert CopilotCli().owns(str(file))
        assert CopilotCli().recognises(text[:65536].split(b"\n")[:40])
        session = Session(str(file))
        session.read_bytes(text)
        assert session.problems == []
        assert {"session_start", "token_usage", "hook_triggered"} <= {row["type"] for row in merged(session.rows)}
