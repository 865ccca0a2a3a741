"""Claude Code's transcripts: each trap of the format with the smallest transcript that shows it."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from claude_lines import (
    SECRET,
    SESSION,
    Line,
    call,
    contents,
    ingest,
    line,
    microseconds,
    notification,
    prompt,
    reply,
    result,
    rows,
    stamp,
    system,
    text,
    tool_use,
    transcript,
    usage,
)
from tachograph.sources import source
from tachograph.sources.claude_code import ClaudeCode
from tachograph.store.duckdb import Store
from tachograph.store.journal import frames

if TYPE_CHECKING:
    from collections.abc import Iterator

OTHER_SESSION = "22222222-2222-4222-8222-222222222222"
COUNTERS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens")


@pytest.fixture(scope="module")
def one_store() -> Iterator[Store]:
    with Store.in_memory() as store:
        yield store


@pytest.fixture
def store(one_store: Store) -> Store:
    """The same store each time, emptied, as making one takes as long as reading a small transcript."""
    for table in ("metrics", "sessions", "claims", "claimed_starts", "files", "rejects"):
        one_store.connection.execute(f"DELETE FROM {table}")  # noqa: S608 - the names just above
    return one_store


class Folder:
    """A project's folder, and a store that has read it."""

    def __init__(self, path: Path, store: Store) -> None:
        self.path, self.store = path, store

    def read(self, *lines: Line | str, file: str = f"{SESSION}.jsonl") -> list[dict[str, Any]]:
        """Adds lines to a file, reads what is new, and gives all metrics but the starts of sessions."""
        path = self.path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as handle:
            handle.write(transcript(*lines))
        ingest(self.store, self.path)
        return rows(self.store, "type <> 'session_start'")

    def starts(self) -> list[dict[str, Any]]:
        return rows(self.store, "type = 'session_start'")

    def rejected(self) -> list[tuple[int, str]]:
        return [(reject.line, reject.reason) for reject in self.store.rejects()]


@pytest.fixture
def folder(tmp_path: Path, store: Store) -> Folder:
    return Folder(tmp_path, store)


def the(found: list[dict[str, Any]], type: str) -> dict[str, Any]:
    """The only metric of that type."""
    (metric,) = [each for each in found if each["type"] == type]
    return metric


def counters(metric: dict[str, Any]) -> dict[str, Any]:
    return {name: metric[name] for name in COUNTERS if metric.get(name)}


# Counters


def test_lines_of_one_message_are_one_metric_with_the_largest_of_each_counter(folder: Folder) -> None:
    found = folder.read(
        reply("m1", 1, text(), used=usage(input=3, output=1, read=100), requestId="req-1"),
        reply("m1", 2, text(), used=usage(input=3, output=40, read=90), requestId="req-1"),
        reply("m1", 3, tool_use("t1"), used=usage(input=2, output=8, read=100), requestId="req-1"),
    )
    tokens = the(found, "token_usage")
    assert counters(tokens) == {"input_tokens": 3, "output_tokens": 40, "cache_read_tokens": 100}
    assert tokens["token_count"] == 143
    assert tokens["ts"] == microseconds(1)
    assert (tokens["model"], tokens["session_id"], tokens["source"]) == ("claude-opus-5", SESSION, "claude-code")


def test_a_request_id_is_not_needed_and_does_not_matter(folder: Folder) -> None:
    found = folder.read(
        reply("m1", 1, used=usage(output=5), requestId="req-1"),
        reply("m1", 2, used=usage(output=7)),
        reply("m1", 3, used=usage(output=6), requestId="req-2"),
    )
    assert the(found, "token_usage")["output_tokens"] == 7


def test_the_same_counters_on_each_content_block_count_once(folder: Folder) -> None:
    same = usage(input=10, output=20)
    blocks = [text(), {"type": "thinking", "thinking": SECRET}, tool_use("t1"), tool_use("t2")]
    found = folder.read(*(reply("m1", n, block, used=same) for n, block in enumerate(blocks)))
    assert the(found, "token_usage")["token_count"] == 30
    assert len([each for each in found if each["type"] == "tool_use"]) == 2


def test_the_lines_of_a_message_may_be_read_apart(folder: Folder) -> None:
    folder.read(reply("m1", 1, used=usage(output=1)))
    folder.read(reply("m1", 2, used=usage(output=30)))
    found = folder.read(reply("m1", 3, used=usage(output=20)))
    tokens = the(found, "token_usage")
    assert (tokens["output_tokens"], tokens["token_count"], tokens["ts"]) == (30, 33, microseconds(1))


def test_messages_differ_by_their_id(folder: Folder) -> None:
    found = folder.read(reply("m1", 1, used=usage()), reply("m2", 1, used=usage()))
    assert len(found) == 2


def test_a_message_without_an_id_is_known_by_its_line(folder: Folder) -> None:
    lines = [reply("", 1, used=usage(), uuid="u1"), reply("", 2, used=usage(), uuid="u2")]
    for each in lines:
        del each["message"]["id"]
    found = folder.read(*lines, lines[0])
    assert [each["id"] for each in found] == ["claude-code:u1", "claude-code:u2"]


def test_a_message_without_counters_is_no_use_of_tokens(folder: Folder) -> None:
    assert folder.read(reply("m1", 1, text())) == []


@pytest.mark.parametrize(
    ("written", "split", "total", "for_an_hour"),
    [
        (30, (10, 20), 30, 20),
        (30, (0, 30), 30, 30),
        (30, (30, 0), 30, None),
        (30, None, 30, None),
        (0, (10, 20), 30, 20),
        (0, None, None, None),
    ],
)
def test_cache_writes_are_told_apart_by_how_long_they_last(
    folder: Folder, written: int, split: tuple[int, int] | None, total: int | None, for_an_hour: int | None
) -> None:
    """Without the split they lasted five minutes; an hour's are a part of all and not added again."""
    tokens = the(folder.read(reply("m1", 1, used=usage(written=written, split=split))), "token_usage")
    assert (tokens.get("cache_write_tokens") or None, tokens.get("cache_write_1h_tokens") or None) == (
        total,
        for_an_hour,
    )
    assert tokens["token_count"] == 3 + 5 + (total or 0)


def test_thinking_is_a_part_of_the_output(folder: Folder) -> None:
    used = usage(input=1, output=50, output_tokens_details={"thinking_tokens": 40})
    tokens = the(folder.read(reply("m1", 1, used=used)), "token_usage")
    assert (tokens["reasoning_tokens"], tokens["output_tokens"], tokens["token_count"]) == (40, 50, 51)


def ended(told: Line) -> Line:
    """The line of a reply that says why the reply ended."""
    return {**told, "message": {**told["message"], "stop_reason": "end_turn"}}


STUB = [
    reply("m1", 1, text("x" * 100), used=usage(output=1), uuid="u1"),
    reply("m1", 2, tool_use("t1", command="y" * 35), used=usage(output=1), uuid="u2"),
]
"""A reply of a build that never wrote down its last counters: a token for a hundred characters and more."""


@pytest.mark.parametrize(
    ("lines", "blocks"),
    [
        (STUB, "u1:100 u2:50"),
        ([*STUB, ended(STUB[1])], "."),
        ([ended(STUB[0]), STUB[1]], "."),
        ([reply("m1", 1, text("\U0001f600"), used=usage(), uuid="u1")], "u1:1"),
        ([reply("m1", 1, {"type": "thinking", "thinking": "abc"}, used=usage(), uuid="u1")], "u1:3"),
    ],
)
@pytest.mark.parametrize("apart", [False, True])
def test_what_a_reply_says_that_nothing_ended_is_kept_with_its_counters(
    folder: Folder, lines: list[Line], blocks: str, apart: bool
) -> None:
    """So that output tokens which can't be all of them are known; a line that is copied or read again counts once."""
    copies = [{**each, "sessionId": OTHER_SESSION} for each in lines]
    if apart:
        for each in lines:
            folder.read(each)
        folder.read(*copies, file=f"{OTHER_SESSION}.jsonl")
    else:
        folder.read(*lines, *lines, *copies)
    assert the(rows(folder.store), "token_usage")["blocks"] == blocks


def test_after_a_refusal_each_request_counts_under_its_own_model(folder: Folder) -> None:
    """The counters of the reply itself hold the last request alone."""
    refused = {"type": "message", "model": "claude-fable-5", **usage(input=100, output=2, written=7, split=(0, 7))}
    answered = {"type": "fallback_message", "model": "claude-opus-5", **usage(input=110, output=30)}
    used = usage(input=110, output=30, iterations=[refused, answered])
    found = folder.read(reply("m1", 1, text(), used=used), reply("m1", 2, text(), used=used))
    assert {(each["model"], each["input_tokens"], each["token_count"]) for each in found} == {
        ("claude-fable-5", 100, 109),
        ("claude-opus-5", 110, 140),
    }


def test_the_only_request_of_a_reply_is_not_counted_beside_it(folder: Folder) -> None:
    used = usage(input=9, output=9, iterations=[{"type": "message", **usage(input=9, output=9)}])
    assert the(folder.read(reply("m1", 1, used=used)), "token_usage")["token_count"] == 18


@pytest.mark.parametrize("iterations", [None, [], "none", {"type": "message"}, [5], [None, None]])
def test_iterations_of_an_unknown_shape_change_nothing(folder: Folder, iterations: Any) -> None:
    tokens = the(folder.read(reply("m1", 1, used=usage(iterations=iterations))), "token_usage")
    assert tokens["token_count"] == 8


def test_a_synthetic_message_is_no_use_of_a_model(folder: Folder) -> None:
    assert folder.read(reply("m1", 1, text("No response requested."), used=usage(0, 0), model="<synthetic>")) == []
    assert len(folder.starts()) == 1


# Errors


def api_error(at: float = 1, words: str = "", **fields: Any) -> Line:
    return reply(f"e{at}", at, text(words), used=usage(0, 0), model="<synthetic>", isApiErrorMessage=True, **fields)


@pytest.mark.parametrize(
    ("failed", "kind"),
    [
        (api_error(error="rate_limit", apiErrorStatus=429), "rate_limit"),
        (api_error(error="authentication_failed"), "authentication"),
        (api_error(error="max_output_tokens"), "max_output_tokens"),
        (api_error(error="something_new"), "something_new"),
        (api_error(error="unknown", apiErrorStatus=529), "overloaded"),
        (api_error(apiErrorStatus=500), "server_error"),
        (api_error(apiErrorStatus=400, words="API Error: 400 prompt is too long: 200001 tokens"), "context_too_long"),
        (api_error(words="API Error: 529 Overloaded"), "overloaded"),
        (api_error(words="API Error: Connection error."), "connection"),
        (api_error(words="API Error: Request timed out."), "timeout"),
        (api_error(words="Credit balance is too low"), "billing"),
        (api_error(words="Invalid API key · Please run /login"), "authentication"),
        (api_error(words="You've hit your session limit · resets 7pm"), "rate_limit"),
        (api_error(words=SECRET), "unknown"),
        (api_error(error={"a": 1}, words=SECRET), "unknown"),
    ],
)
def test_a_request_that_failed_for_good_is_an_error_of_a_kind(folder: Folder, failed: Line, kind: str) -> None:
    (error,) = folder.read(failed)
    assert (error["type"], error["error_type"], error["success"]) == ("error_occurred", kind, False)
    assert "extra" not in error


def test_a_reply_that_is_said_to_be_no_api_error_is_none(folder: Folder) -> None:
    found = folder.read(reply("m1", 1, text("API Error: 529"), used=usage(), isApiErrorMessage=False))
    assert [each["type"] for each in found] == ["token_usage"]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"error": {"cause": {"code": "ECONNRESET"}}}, "connection"),
        ({"error": {"status": 529, "message": SECRET}}, "overloaded"),
        ({"error": {"status": 500}}, "server_error"),
        ({"error": {}, "cause": {"code": "FailedToOpenSocket"}}, "connection"),
        ({"error": {"message": SECRET}}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_a_request_that_is_tried_again_is_an_error_too(folder: Folder, fields: dict[str, Any], kind: str) -> None:
    (error,) = folder.read(system("api_error", 1, retryAttempt=1, maxRetries=10, retryInMs=500.5, **fields))
    assert (error["type"], error["error_type"], error["success"]) == ("error_occurred", kind, False)
    assert error["extra"] == '{"retried":true}'


# Tool calls


def test_a_call_and_its_result_are_one_metric(folder: Folder) -> None:
    (tool,) = folder.read(call("t1", 10, "Read"), result("t1", 12.5))
    assert (tool["tool_name"], tool["success"], tool["duration_ms"], tool["ts"]) == (
        "Read",
        True,
        2500,
        microseconds(10),
    )


CALL_AND_RESULT = (call("t1", 10, "Read"), result("t1", 12.5, error=True, content="Exit code 2"))


@pytest.mark.parametrize("lines", list(permutations(CALL_AND_RESULT)))
@pytest.mark.parametrize("apart", [False, True])
def test_a_result_may_come_later_or_be_read_first(folder: Folder, lines: tuple[Line, ...], apart: bool) -> None:
    if apart:
        folder.read(lines[0], file="a.jsonl")
        (tool,) = folder.read(lines[1], file="b.jsonl")
    else:
        (tool,) = folder.read(*lines)
    assert (tool["tool_name"], tool["success"], tool["duration_ms"]) == ("Read", False, 2500)
    assert (tool["error_type"], tool["ts"]) == ("exit_code", microseconds(10))


def test_a_result_that_is_read_in_a_later_run_completes_the_call(folder: Folder) -> None:
    (running,) = folder.read(call("t1", 10, "Read"))
    assert "success" not in running
    assert "duration_ms" not in running
    (done,) = folder.read(prompt(11), result("t1", 12))
    assert (done["tool_name"], done["success"], done["duration_ms"]) == ("Read", True, 2000)


def test_a_call_without_a_result_is_of_unknown_outcome(folder: Folder) -> None:
    (tool,) = folder.read(call("t1", 10, "Read"), prompt(11))
    assert tool["tool_name"] == "Read"
    assert not {"success", "duration_ms", "error_type"} & tool.keys()


@pytest.mark.parametrize("error", [None, True])
def test_a_result_without_a_call_is_no_metric(folder: Folder, error: bool | None) -> None:
    assert folder.read(result("t1", 10, error=error, details={"durationMs": 5})) == []


@pytest.mark.parametrize(
    ("error", "content", "success", "kind"),
    [
        (None, SECRET, True, None),
        (False, SECRET, True, None),
        (True, SECRET, False, "tool_error"),
        (True, "Exit code 1\n" + SECRET, False, "exit_code"),
        (True, "Error: Exit code 127", False, "exit_code"),
        (True, [{"type": "text", "text": "Exit code 1"}], False, "exit_code"),
        (True, "<tool_use_error>File has not been read yet. Read it first.", False, "file_not_read"),
        (True, "<tool_use_error>Sibling tool call errored</tool_use_error>", False, "sibling_failed"),
        (True, "Sibling tool call errored", False, "sibling_failed"),
        (True, "ENOENT: no such file or directory, open '/x'", False, "not_found"),
        (True, "<tool_use_error>File does not exist.", False, "not_found"),
        (True, "<tool_use_error>InputValidationError: " + SECRET, False, "invalid_input"),
        (True, "<tool_use_error>String to replace not found in file.", False, "no_match"),
        (
            True,
            "The user doesn't want to proceed with this tool use. The tool use was rejected",
            None,
            "rejected_by_user",
        ),
        (True, "The user doesn't want to take this action right now.", None, "rejected_by_user"),
        (True, "[Request interrupted by user for tool use]", None, "interrupted"),
        (True, "", False, "tool_error"),
        (True, None, False, "tool_error"),
        (True, [], False, "tool_error"),
    ],
)
def test_a_failure_is_of_a_kind_and_what_the_user_refused_is_none(
    folder: Folder, error: bool | None, content: Any, success: bool | None, kind: str | None
) -> None:
    (tool,) = folder.read(call("t1", 10), result("t1", 11, content, error=error))
    assert (tool.get("success"), tool.get("error_type")) == (success, kind)


@pytest.mark.parametrize(
    ("details", "duration_ms"),
    [
        (None, 2500),
        (SECRET, 2500),
        ({"stdout": SECRET}, 2500),
        ({"durationMs": 41.5}, 41.5),
        ({"durationMs": 0}, 0),
        ({"durationSeconds": 1.25}, 1250),
        ({"totalDurationMs": 77}, 77),
        ({"durationMs": 5, "durationSeconds": 9, "totalDurationMs": 7}, 5),
        ({"durationMs": "fast"}, 2500),
        ({"durationMs": None}, 2500),
        ([{"durationMs": 5}], 2500),
        (f"durationMs {SECRET}", 2500),
    ],
)
def test_a_stated_duration_wins_over_the_moments(folder: Folder, details: Any, duration_ms: float) -> None:
    (tool,) = [
        each for each in folder.read(call("t1", 10), result("t1", 12.5, details=details)) if each["type"] == "tool_use"
    ]
    assert tool["duration_ms"] == duration_ms


def test_a_result_before_its_call_in_time_has_no_duration(folder: Folder) -> None:
    """Clocks are set back."""
    (tool,) = folder.read(call("t1", 10), result("t1", 9))
    assert tool["success"] is True
    assert "duration_ms" not in tool


def test_several_results_on_a_line_complete_several_calls(folder: Folder) -> None:
    both = prompt(
        5,
        [
            {"type": "tool_result", "tool_use_id": "t1", "content": SECRET},
            {"type": "tool_result", "tool_use_id": "t2", "content": "Exit code 1", "is_error": True},
        ],
    )
    found = folder.read(reply("m1", 1, tool_use("t1"), tool_use("t2")), both)
    assert {(each["id"], each["success"]) for each in found} == {("claude-code:t1", True), ("claude-code:t2", False)}


# Agents


@pytest.mark.parametrize("name", ["Task", "Agent"])
def test_a_run_of_an_agent_is_a_metric_beside_its_call(folder: Folder, name: str) -> None:
    found = folder.read(
        call("t1", 10, name, asked={"subagent_type": "Explore", "prompt": SECRET}),
        result(
            "t1", 19, details={"status": "completed", "agentId": "a1b2c3", "totalDurationMs": 8500, "totalTokens": 9}
        ),
    )
    run, tool = the(found, "agent_execution"), the(found, "tool_use")
    assert (run["agent_id"], run["agent_run_id"], run["success"]) == ("Explore", "a1b2c3", True)
    assert (run["duration_ms"], run["ts"]) == (8500, microseconds(10))
    assert (tool["tool_name"], tool["success"], tool["duration_ms"]) == (name, True, 8500)
    assert "token_count" not in run, "its tokens are in its own file"


def test_an_agent_of_no_named_kind_is_the_general_one(folder: Folder) -> None:
    assert the(folder.read(call("t1", 1, "Task")), "agent_execution")["agent_id"] == "general-purpose"


def test_a_run_without_a_result_is_of_unknown_outcome(folder: Folder) -> None:
    run = the(folder.read(call("t1", 1, "Task", asked={"subagent_type": "Plan"})), "agent_execution")
    assert not {"success", "duration_ms"} & run.keys()


@pytest.mark.parametrize(
    ("content", "success"), [(SECRET, False), ("The user doesn't want to proceed with this tool use.", None)]
)
@pytest.mark.parametrize("apart", [False, True])
def test_a_run_fails_with_its_call_and_not_when_it_is_refused(
    folder: Folder, content: str, success: bool | None, apart: bool
) -> None:
    lines = [call("t1", 1, "Task"), result("t1", 3, content, error=True)]
    if apart:
        folder.read(lines.pop(0))
    assert the(folder.read(*lines), "agent_execution").get("success") is success


def test_a_run_of_an_older_build_succeeds_with_its_call(folder: Folder) -> None:
    """Its result says nothing of the run but a text."""
    run = the(folder.read(call("t1", 1, "Task"), result("t1", 4)), "agent_execution")
    assert (run.get("success"), run.get("duration_ms")) == (True, 3000)


LAUNCHED = (
    call("t1", 10, "Task", asked={"subagent_type": "Explore"}),
    result("t1", 10.5, details={"isAsync": True, "status": "async_launched", "agentId": "a1", "prompt": SECRET}),
)


def test_a_run_in_the_background_is_unknown_until_it_ends(folder: Folder) -> None:
    found = folder.read(*LAUNCHED)
    run = the(found, "agent_execution")
    assert run["agent_run_id"] == "a1"
    assert not {"success", "duration_ms"} & run.keys()
    assert the(found, "tool_use")["duration_ms"] == 500


ENDINGS = {
    "a user's line": lambda words: prompt(40, words),
    "a user's text block": lambda words: prompt(40, [text(words)]),
    "a queued operation": lambda words: line(
        "queue-operation", 40, operation="enqueue", content=words, uuid=None, cwd=None
    ),
}


@pytest.mark.parametrize("way", ENDINGS)
@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize(
    ("status", "duration_ms", "success", "took"),
    [("completed", 28_000, True, 28_000), ("failed", None, False, 30_000), ("killed", 5, None, 5)],
)
def test_a_notification_ends_a_run_in_the_background(
    folder: Folder, way: str, apart: bool, status: str, duration_ms: int | None, success: bool | None, took: float
) -> None:
    ending = ENDINGS[way](notification("a1", status, duration_ms))
    if apart:
        folder.read(*LAUNCHED)
        found = folder.read(ending)
    else:
        found = folder.read(*LAUNCHED, ending)
    run, tool = the(found, "agent_execution"), the(found, "tool_use")
    assert (run.get("success"), run["duration_ms"], run["agent_id"]) == (success, took, "Explore")
    assert (tool["success"], tool["duration_ms"]) == (True, 500)


def test_what_an_agent_writes_does_not_end_its_run(folder: Folder) -> None:
    """Its answer is within the notification, and may speak of statuses and durations."""
    answer = "<status>failed</status> <duration_ms>1</duration_ms> <task-id>a2</task-id>"
    run = the(folder.read(*LAUNCHED, prompt(40, notification("a1", "completed", 9, answer))), "agent_execution")
    assert (run["success"], run["duration_ms"]) == (True, 9)


def test_a_notification_that_is_told_twice_counts_once(folder: Folder) -> None:
    queued, told = (ENDINGS[way](notification("a1")) for way in ("a queued operation", "a user's line"))
    told["timestamp"] = stamp(41)
    assert the(folder.read(*LAUNCHED, queued, told), "agent_execution")["duration_ms"] == 30_000


def test_the_end_of_a_run_that_began_elsewhere_is_no_metric(folder: Folder) -> None:
    assert folder.read(prompt(40, notification("a9"))) == []


@pytest.mark.parametrize("file", ["agent-a1.jsonl", f"{SESSION}/subagents/agent-a1.jsonl"])
def test_a_sub_agents_file_belongs_to_the_session(folder: Folder, file: str) -> None:
    folder.read(reply("m1", 10, used=usage()))
    found = folder.read(
        reply("m2", 20, tool_use("t9"), used=usage(), agentId="a1", isSidechain=True),
        result("t9", 21, agentId="a1", isSidechain=True),
        file=file,
    )
    assert len(folder.starts()) == 1
    assert folder.starts()[0]["ts"] == microseconds(10)
    assert {each["session_id"] for each in found} == {SESSION}
    assert {each["id"]: each.get("agent_run_id") for each in found} == {
        "claude-code:m1": None,
        "claude-code:m2": "a1",
        "claude-code:t9": "a1",
    }


def test_a_sub_agent_of_the_earliest_builds_is_in_the_session_s_file(folder: Folder) -> None:
    """Its lines are marked, and say no more of it."""
    found = folder.read(
        call("t1", 1, "Task", asked={"subagent_type": "Explore"}),
        prompt(2, isSidechain=True),
        reply("m2", 3, tool_use("t9"), used=usage(), isSidechain=True),
        result("t9", 4, isSidechain=True),
        result("t1", 5),
    )
    assert sorted(each["type"] for each in found) == ["agent_execution", "token_usage", "tool_use", "tool_use"]
    assert {each["session_id"] for each in found} == {SESSION}
    assert not any("agent_run_id" in each for each in found)


def test_the_agent_that_compacts_was_paid_for_and_is_no_run(folder: Folder) -> None:
    """Nobody asked for it."""
    summed = reply("m2", 2, used=usage(100, 50), agentId="acompact-1f", isSidechain=True)
    found = folder.read(summed, file=f"{SESSION}/subagents/agent-acompact-1f.jsonl")
    assert [(each["type"], each["token_count"], each["session_id"]) for each in found] == [
        ("token_usage", 150, SESSION)
    ]


def embedded(inner: Line, at: float, run: str = "a1") -> Line:
    """A line that tells of a sub-agent's message, which has no session of its own."""
    inner = {name: value for name, value in inner.items() if name not in ("sessionId", "cwd")}
    return line("progress", at, data={"type": "agent_progress", "agentId": run, "message": inner, "prompt": SECRET})


def test_an_embedded_message_counts_if_it_is_nowhere_else(folder: Folder) -> None:
    found = folder.read(
        embedded(reply("m2", 20, tool_use("t9"), used=usage(output=4)), 20.1),
        embedded(result("t9", 21), 21.1),
    )
    tokens, tool = the(found, "token_usage"), the(found, "tool_use")
    assert (tokens["agent_run_id"], tokens["session_id"], tokens["output_tokens"]) == ("a1", SESSION, 4)
    assert (tokens["ts"], tool["success"], tool["duration_ms"]) == (microseconds(20), True, 1000)


@pytest.mark.parametrize("own_file_first", [True, False])
def test_an_embedded_message_that_has_its_own_file_counts_once(folder: Folder, own_file_first: bool) -> None:
    inner = reply("m2", 20, used=usage(output=4), agentId="a1")
    files = [(inner, "agent-a1.jsonl"), (embedded(inner, 20.1), f"{SESSION}.jsonl")]
    for each, file in files if own_file_first else files[::-1]:
        folder.read(each, file=file)
    tokens = the(rows(folder.store), "token_usage")
    assert (tokens["output_tokens"], tokens["ts"]) == (4, microseconds(20))


@pytest.mark.parametrize(
    "data", [None, 5, "agent_progress", {"type": "agent_progress"}, {"type": "agent_progress", "message": 5}]
)
def test_progress_of_an_unknown_shape_is_passed_over(folder: Folder, data: Any) -> None:
    assert folder.read(line("progress", 1, data=data), line("progress", 2, data={"type": "bash_progress"})) == []
    assert folder.rejected() == []


# Commands, hooks, checkpoints, performance

NAMED = "<command-name>/review</command-name>"
MESSAGE = f"<command-message>review</command-message>\n<command-args>{SECRET}</command-args>"


@pytest.mark.parametrize("words", [f"{NAMED}\n{MESSAGE}", f"{MESSAGE}\n{NAMED}"])
def test_a_slash_command_is_a_metric_whichever_tag_comes_first(folder: Folder, words: str) -> None:
    (command,) = folder.read(prompt(1, words))
    assert (command["type"], command["command_name"], command["ts"]) == ("command_executed", "/review", microseconds(1))


@pytest.mark.parametrize(
    "each",
    [
        prompt(1, f"{NAMED}{MESSAGE}", isMeta=True),
        prompt(1, SECRET),
        prompt(1, f"Read this: {NAMED}"),
        prompt(1, f"<local-command-stdout>{SECRET}</local-command-stdout>"),
        prompt(1, MESSAGE),
        prompt(1, "<command-name></command-name>"),
        prompt(1, f"Summary: {SECRET}", isCompactSummary=True),
    ],
)
def test_other_prompts_are_no_commands(folder: Folder, each: Line) -> None:
    assert folder.read(each) == []


def test_a_local_command_is_a_command(folder: Folder) -> None:
    (command,) = folder.read(
        system("local_command", 1, content=f"{NAMED}\n            {MESSAGE}", isMeta=False),
        system("local_command", 2, content=f"<local-command-stdout>{SECRET}</local-command-stdout>"),
    )
    assert (command["type"], command["command_name"]) == ("command_executed", "/review")


def hook(type: str, **more: Any) -> Line:
    hooked = {"type": type, "hookName": "PostToolUse:Edit", "hookEvent": "PostToolUse", "content": SECRET, **more}
    return line("attachment", 1, attachment=hooked)


@pytest.mark.parametrize(
    ("each", "name", "success", "duration_ms"),
    [
        (hook("hook_success", durationMs=12, exitCode=0), "PostToolUse:Edit", True, 12),
        (hook("hook_success", exitCode=1), "PostToolUse:Edit", False, None),
        (hook("hook_blocking_error", durationMs=3, exitCode=2), "PostToolUse:Edit", False, 3),
        (hook("hook_non_blocking_error"), "PostToolUse:Edit", False, None),
        (hook("hook_additional_context"), "PostToolUse:Edit", None, None),
        (hook("hook_cancelled"), "PostToolUse:Edit", None, None),
        (hook("hook_success", hookName=None), "PostToolUse", True, None),
        (
            line(
                "progress",
                1,
                data={"type": "hook_progress", "hookEvent": "SessionStart", "hookName": "SessionStart:startup"},
            ),
            "SessionStart:startup",
            None,
            None,
        ),
        (
            system("stop_hook_summary", 1, hookInfos=[{"command": SECRET, "durationMs": 40}], hookErrors=[]),
            "Stop",
            True,
            40,
        ),
        (system("stop_hook_summary", 1, hookInfos=[{"command": SECRET}], hookErrors=[SECRET]), "Stop", None, None),
    ],
)
def test_a_hook_is_told_of_in_three_shapes(
    folder: Folder, each: Line, name: str, success: bool | None, duration_ms: float | None
) -> None:
    (triggered,) = folder.read(each)
    assert (triggered["type"], triggered["hook_name"]) == ("hook_triggered", name)
    assert (triggered.get("success"), triggered.get("duration_ms")) == (success, duration_ms)


def test_each_hook_of_a_summary_is_a_metric(folder: Folder) -> None:
    infos = [{"durationMs": 4}, {"durationMs": 6}, {"command": "callback"}]
    found = folder.read(system("stop_hook_summary", 1, hookInfos=infos, hookErrors=[]))
    assert sorted(each.get("duration_ms", -1) for each in found) == [-1, 4, 6]


def test_a_stop_hook_is_not_counted_at_its_beginning_and_in_the_summary(folder: Folder) -> None:
    begun = line("progress", 1, data={"type": "hook_progress", "hookEvent": "Stop", "hookName": "Stop"})
    assert len(folder.read(begun, system("stop_hook_summary", 2, hookInfos=[{"durationMs": 4}], hookErrors=[]))) == 1


def test_other_attachments_are_no_hooks(folder: Folder) -> None:
    assert (
        folder.read(line("attachment", 1, attachment={"type": "todo", "content": SECRET}), hook("hook_unheard_of"))
        == []
    )


def snapshot(message: str, at: float | None, *, update: bool = False, **fields: Any) -> Line:
    taken = {"messageId": message, "trackedFileBackups": {SECRET: 1}} | ({} if at is None else {"timestamp": stamp(at)})
    return {
        "type": "file-history-snapshot",
        "messageId": message,
        "snapshot": taken,
        "isSnapshotUpdate": update,
        **fields,
    }


def test_a_snapshot_is_a_checkpoint_of_its_files_session(folder: Folder) -> None:
    (checkpoint,) = folder.read(snapshot("m1", 5), snapshot("m1", 5, update=True), snapshot("m2", None))
    assert (checkpoint["type"], checkpoint["ts"], checkpoint["session_id"]) == (
        "checkpoint_created",
        microseconds(5),
        SESSION,
    )


def test_compaction_is_performance_and_its_summary_is_no_prompt(folder: Folder) -> None:
    found = folder.read(
        system(
            "compact_boundary",
            1,
            parentUuid=None,
            compactMetadata={"trigger": "auto", "preTokens": 9, "durationMs": 1500},
        ),
        prompt(2, SECRET, isCompactSummary=True),
        system("microcompact_boundary", 3, compactMetadata={"trigger": "auto"}),
        system("compact_boundary", 4),
    )
    assert [(each["type"], each["operation"], each.get("duration_ms")) for each in found] == [
        ("performance", "compact", 1500),
        ("performance", "microcompact", None),
        ("performance", "compact", None),
    ]


def test_a_turn_is_performance(folder: Folder) -> None:
    (turn,) = folder.read(system("turn_duration", 1, durationMs=119_559))
    assert (turn["type"], turn["operation"], turn["duration_ms"]) == ("performance", "turn", 119_559)


# Sessions


def test_a_session_starts_with_its_earliest_line(folder: Folder) -> None:
    """Lines are not in the order of time."""
    folder.read(prompt(5), prompt(3, cwd="/home/ana/first"), reply("m1", 9, used=usage()))
    (start,) = folder.starts()
    assert (start["ts"], start["session_id"], start["cwd"]) == (microseconds(3), SESSION, "/home/ana/first")
    assert contents(folder.store)[1] == [(SESSION, None, "/home/ana/first")]


@pytest.mark.parametrize("apart", [False, True])
def test_a_session_is_where_its_first_line_that_says_so_was_written(folder: Folder, apart: bool) -> None:
    queued = line("queue-operation", 1, operation="enqueue", content=SECRET, cwd=None, uuid=None)
    if apart:
        folder.read(queued)
        folder.read(prompt(2))
    else:
        folder.read(queued, prompt(2))
    (start,) = folder.starts()
    assert (start["ts"], start.get("cwd")) == (microseconds(1), "/home/ana/api")
    assert contents(folder.store)[1] == [(SESSION, None, "/home/ana/api")]


def test_a_copied_session_has_only_what_it_did_itself(folder: Folder) -> None:
    """A fork copies the lines, their ids and moments under its own session id, and goes on."""
    lines = [prompt(1), reply("m1", 2, tool_use("t1"), used=usage()), result("t1", 3)]
    copied = [{**each, "sessionId": OTHER_SESSION, "cwd": "/home/ana/fork"} for each in lines]
    own = reply("m2", 60, used=usage(), sessionId=OTHER_SESSION, cwd="/home/ana/fork")
    folder.read(*copied, own, file=f"{OTHER_SESSION}.jsonl")
    found = folder.read(*lines)
    assert {each["id"]: each["session_id"] for each in found} == {
        "claude-code:m1": SESSION,
        "claude-code:t1": SESSION,
        "claude-code:m2": OTHER_SESSION,
    }
    assert {each["id"]: each["cwd"] for each in found}["claude-code:m1"] == "/home/ana/api"
    assert [(each["session_id"], each["ts"]) for each in folder.starts()] == [
        (SESSION, microseconds(1)),
        (OTHER_SESSION, microseconds(60)),
    ]


def test_a_copy_that_did_nothing_is_no_session(folder: Folder) -> None:
    lines = [prompt(1), reply("m1", 2, used=usage())]
    folder.read(*lines)
    found = folder.read(*({**each, "sessionId": OTHER_SESSION} for each in lines), file=f"{OTHER_SESSION}.jsonl")
    assert {each["session_id"] for each in found} == {SESSION}
    assert [each["session_id"] for each in folder.starts()] == [SESSION]
    assert [session for session, *_ in contents(folder.store)[1]] == [SESSION]


def test_dead_branches_were_paid_for(folder: Folder) -> None:
    found = folder.read(
        prompt(1, uuid="p"),
        reply("m1", 2, used=usage(), uuid="a", parentUuid="p"),
        reply("m2", 3, used=usage(), uuid="b", parentUuid="p"),
    )
    assert len(found) == 2


# Lines that are no metric


@pytest.mark.parametrize(
    "each",
    [
        line("something-new", 1, payload={"text": SECRET}),
        line("mode", None, mode="plan"),
        line("permission-mode", None),
        line("custom-title", None, customTitle=SECRET),
        {"type": "summary", "summary": SECRET, "leafUuid": "u1"},
        line("last-prompt", None, lastPrompt=SECRET),
        line("ai-title", None, aiTitle=SECRET, uuid=None),
        line("bridge-session", None, uuid=None),
        line("atis-latch", None, uuid=None),
        line("queue-operation", 1, operation="dequeue"),
        system("away_summary", 1, content=SECRET),
        system("scheduled_task_fire", 1, content=SECRET),
        system("model_refusal_fallback", 1),
        line("pr-link", 1, url=SECRET),
        line("assistant", 1),
        line("user", 1),
        line("assistant", None, message={"id": "m1", "usage": usage()}),
        {**prompt(1), "timestamp": "yesterday"},
        {},
    ],
)
def test_other_records_are_passed_over_and_not_rejected(folder: Folder, each: Line) -> None:
    assert folder.read(each) == []
    assert folder.rejected() == []


def test_a_line_without_a_moment_starts_no_session(folder: Folder) -> None:
    folder.read(line("mode", None), line("custom-title", None))
    assert folder.starts() == []


def test_lines_that_are_not_json_are_rejected_with_their_numbers(folder: Folder) -> None:
    found = folder.read(
        "// a comment",
        reply("m1", 1, used=usage()),
        "",
        '{"type":"assistant",',
        "{}{}",
        reply("m2", 2, used=usage()),
        "[]",
    )
    assert [each["id"] for each in found] == ["claude-code:m1", "claude-code:m2"]
    assert [number for number, _ in folder.rejected()] == [1, 4, 5, 7]


def test_a_line_that_is_not_utf_8_is_rejected(folder: Folder) -> None:
    path = folder.path / f"{SESSION}.jsonl"
    path.write_bytes(
        transcript(reply("m1", 1, used=usage()))
        + b'{"type":"user","cwd":"\xff"}\n'
        + transcript(reply("m2", 2, used=usage()))
    )
    assert len(folder.read()) == 2
    assert [number for number, _ in folder.rejected()] == [2]


@pytest.mark.parametrize(
    "each",
    [
        line("user", 1, message={"content": 5}),
        reply("m1", 1, used=usage(input="3")),
        {"type": 5},
        {**prompt(1), "cwd": 5},
    ],
)
def test_a_known_record_of_an_unknown_shape_is_rejected_alone(folder: Folder, each: Any) -> None:
    found = folder.read(reply("m0", 0, used=usage()), each, reply("m9", 9, used=usage()))
    assert [each["id"] for each in found] == ["claude-code:m0", "claude-code:m9"]
    ((number, reason),) = folder.rejected()
    assert number == 2
    assert reason.startswith("unknown shape: ")


def test_lines_of_several_megabytes_are_read(folder: Folder) -> None:
    image = {"type": "image", "source": {"data": "A" * (5 << 20)}}
    found = folder.read(call("t1", 1), result("t1", 2, [image]), reply("m2", 3, used=usage()))
    assert (the(found, "tool_use")["success"], the(found, "token_usage")["token_count"]) == (True, 8)


# Privacy


def everything() -> list[Line | str]:
    """A line of each kind, with texts of people and models wherever such texts are."""
    return [
        prompt(1, SECRET),
        prompt(1.5, [text(SECRET)], promptId=SECRET),
        prompt(2, f"<command-name>/review</command-name><command-args>{SECRET}</command-args>"),
        reply("m1", 3, text(), {"type": "thinking", "thinking": SECRET, "signature": SECRET}, used=usage()),
        reply("m2", 4, tool_use("t1", "Bash", command=SECRET, description=SECRET), used=usage()),
        result("t1", 5, SECRET, details={"stdout": SECRET, "stderr": SECRET, "durationMs": 4}),
        call("t2", 6, "Read", asked={"file_path": f"/home/{SECRET}"}),
        result("t2", 7, f"ENOENT: {SECRET}", error=True, details=f"Error: {SECRET}"),
        call("t3", 8, "Task", asked={"subagent_type": "Explore", "prompt": SECRET, "description": SECRET}),
        result(
            "t3", 9, [text()], details={"agentId": "a1", "totalDurationMs": 3, "content": [text()], "prompt": SECRET}
        ),
        call("t4", 9.5, "Bash"),
        result("t4", 9.7, [text(f"{SECRET} failed")], error=True),
        embedded(reply("m3", 10, text(), used=usage()), 10.1),
        prompt(11, notification("a1", "completed", 5)),
        line("queue-operation", 12, operation="enqueue", content=SECRET),
        api_error(13, f"API Error: 500 {SECRET}"),
        system("api_error", 14, error={"message": SECRET, "status": 500}, cause={"path": SECRET}),
        system("stop_hook_summary", 15, hookInfos=[{"command": SECRET, "durationMs": 4}], hookErrors=[SECRET]),
        hook("hook_success", content=SECRET, stdout=SECRET, command=SECRET),
        system("local_command", 16, content=f"<command-name>/mcp</command-name><command-args>{SECRET}</command-args>"),
        system("compact_boundary", 17, content=SECRET, compactMetadata={"userContext": SECRET}),
        snapshot("m9", 18),
        {"type": "summary", "summary": SECRET, "leafUuid": "u1"},
        line("last-prompt", None, lastPrompt=SECRET),
        line("something-new", 19, text=SECRET),
        f'{{"type":"user","message":{{"content":"{SECRET}',
        f"{SECRET} is not JSON",
        f'{{"type":"{SECRET}","message":{{"content":5,"text":"{SECRET}"}}}}',
        f'{{"type":"assistant","timestamp":"2026-03-01T09:00:00Z","message":{{"id":"m","usage":{{"input_tokens":"{SECRET}"}}}}}}',
    ]


def words_in(store: Store) -> Iterator[tuple[str, str, str]]:
    """Every text of every table, but for the paths of files."""
    tables = store.connection.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE data_type = 'VARCHAR' AND NOT internal"
    ).fetchall()
    assert len(tables) > 20
    for table, column in tables:
        query = f'SELECT DISTINCT "{column}" FROM "{table}"'  # noqa: S608 - the store's own names
        for (word,) in store.connection.execute(query).fetchall():
            yield table, column, word or ""


def test_no_text_of_a_conversation_is_in_the_store(folder: Folder) -> None:
    found = folder.read(*everything())
    assert len({each["type"] for each in found}) >= 7
    assert len(folder.rejected()) == 4
    assert [each for each in words_in(folder.store) if SECRET in each[2]] == []


def test_no_text_of_a_conversation_is_in_the_file_of_a_store(
    folder: Folder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (folder.path / f"{SESSION}.jsonl").write_bytes(transcript(*everything()))
    path = tmp_path_factory.mktemp("home") / "tachograph.duckdb"
    with Store.open(path) as store:
        ingest(store, folder.path)
    files = [file for file in path.parent.rglob("*") if file.is_file()]
    assert path in files
    assert not any(SECRET.encode() in file.read_bytes() for file in files)
    (journal,) = path.parent.rglob("*.journal")
    told = [str(frame) for frame in frames(journal)]  # which are compressed in the file
    assert len(told) > 2
    assert not any(SECRET in frame for frame in told)


# What can't be meant


@pytest.mark.parametrize("count", [-1, 2**60 + 1, 2**63, 10**30, "7", 1.5])
def test_a_counter_that_cannot_be_meant_is_refused_with_its_line_alone(folder: Folder, count: object) -> None:
    found = folder.read(reply("bad", 1, used={**usage(), "input_tokens": count}), reply("good", 2, used=usage(input=5)))
    assert [each["id"] for each in found if each["type"] == "token_usage"] == ["claude-code:good"]
    assert len(folder.rejected()) == 1


def test_the_largest_counters_are_added_up(folder: Folder) -> None:
    most = 2**60
    folder.read(reply("m", 1, used=usage(input=most, output=1)))
    found = folder.read(
        reply("m", 1, used=usage(input=most, output=1)), reply("m", 2, used=usage(input=1, output=most))
    )
    (row,) = [each for each in found if each["type"] == "token_usage"]
    assert row["token_count"] == 2 * most


@pytest.mark.parametrize("duration", [-5, 10**400, 1e308, "5", True])
def test_a_duration_that_cannot_be_meant_is_none(folder: Folder, duration: object) -> None:
    found = folder.read(call("t", 1), result("t", 3, details={"durationMs": duration}))
    (row,) = [each for each in found if each["type"] == "tool_use"]
    assert row["duration_ms"] == 2000


def test_a_text_that_was_cut_within_a_character_takes_no_tokens_away(folder: Folder) -> None:
    found = folder.read(reply("m", 1, text("cut \ud83d"), used=usage(input=5)))
    assert [each["input_tokens"] for each in found if each["type"] == "token_usage"] == [5]
    assert folder.rejected() == []


def test_a_line_without_an_id_says_as_much_as_it_has_characters(folder: Folder) -> None:
    line = reply("m", 1, text("x" * 30), used=usage(output=4), stop_reason=None)
    del line["uuid"]
    folder.read(line)
    ((blocks,),) = folder.store.connection.execute("SELECT blocks FROM metrics WHERE type = 'token_usage'").fetchall()
    assert blocks.count(":") == 1
    assert blocks.endswith(":30")


# Where transcripts are


def test_the_places_are_those_of_the_configuration(tmp_path: Path) -> None:
    ours = {"TACHOGRAPH_HOME": "/t"}
    noted = Path("/t/hooks/claude-code")

    def places(**environment: str) -> list[Path]:
        return ClaudeCode().places(ours | environment, tmp_path)

    assert places() == [tmp_path / ".claude/projects", tmp_path / ".config/claude/projects", noted]
    assert places(XDG_CONFIG_HOME="/xdg")[1] == Path("/xdg/claude/projects")
    assert places(CLAUDE_CONFIG_DIR="/a, /b/projects") == [Path("/a/projects"), Path("/b/projects"), noted]


@pytest.mark.parametrize(
    ("name", "owned"),
    [
        ("s.jsonl", True),
        ("agent-a1.jsonl", True),
        (f"{SESSION}/subagents/workflows/wf_1/agent-a1.jsonl", True),
        (f"{SESSION}/subagents/workflows/wf_1/journal.jsonl", False),
        ("agent-a1.meta.json", False),
        ("x.txt", False),
    ],
)
def test_a_transcript_is_known_by_its_name(name: str, owned: bool) -> None:
    assert source("claude-code").owns(str(Path("/projects/x") / name)) is owned


@pytest.mark.parametrize(
    ("lines", "known"),
    [
        ([prompt(1)], True),
        (["// a comment", "", prompt(1)], True),
        ([snapshot("m1", 1)], True),
        ([{"type": "summary", "summary": SECRET, "leafUuid": "u"}], True),
        ([{"id": "m1", "timestamp": stamp(1), "type": "tool_use", "session_id": "s", "data": {}}], False),
        ([{"timestamp": stamp(1), "type": "session_meta", "payload": {}}], False),
        ([{"display": SECRET, "pastedContents": {}, "timestamp": 1, "project": "/x", "sessionId": SESSION}], False),
        (["not json", "[1]", "5"], False),
        ([], False),
    ],
)
def test_a_transcript_is_known_by_its_lines(lines: list[Line | str], known: bool) -> None:
    assert source("claude-code").recognises(transcript(*lines).split(b"\n")) is known


@pytest.mark.parametrize(
    ("account", "user"),
    [
        ({"oauthAccount": {"emailAddress": "ana@example.org", "accountUuid": "u1"}}, "ana@example.org"),
        ({"oauthAccount": {"accountUuid": "u1"}}, "u1"),
        ({"oauthAccount": None, "userID": "0f" * 32}, None),
        ([], None),
    ],
)
@pytest.mark.parametrize("moved", [True, False])
def test_the_user_is_the_account_that_is_signed_in(tmp_path: Path, account: Any, user: str | None, moved: bool) -> None:
    folder = tmp_path / "moved" if moved else tmp_path
    folder.mkdir(exist_ok=True)
    (folder / ".claude.json").write_text(json.dumps(account))
    environment = {"CLAUDE_CONFIG_DIR": str(folder)} if moved else {}
    assert ClaudeCode().user(environment, tmp_path) == user


def test_a_folder_s_name_is_no_project(folder: Folder) -> None:
    """It has the path with other signs in it, which can't be told back."""
    folder.read(prompt(1, cwd=None), reply("m1", 2, used=usage(), cwd=None), file=f"-home-ana-api/{SESSION}.jsonl")
    assert contents(folder.store)[1] == [(SESSION, None, None)]
