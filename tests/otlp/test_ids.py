"""Ids: what arrives again is the same metric, and what is another thing is another one, as in the agents' files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from exported import counter, decoded, event, logs, metrics, only, point, rows
from parts import parts
from tachograph.sources.claude_transcripts import TranscriptReader
from tachograph.sources.codex_rollouts import RolloutReader
from tachograph.sources.gemini_chats import ConversationReader
from tachograph.sources.protocol import Block

if TYPE_CHECKING:
    from pathlib import Path

    from google.protobuf.message import Message

STAMP = "2026-11-25T12:00:00.000Z"
THREAD = "019fa6e6-4f2e-7000-8000-000000000001"
CALL = "call_0123456789abcdef01234567"


def ids(request: Message) -> list[str]:
    return [row["id"] for _, row in rows(request)]


def error(**resource: str) -> Message:
    return logs(event("api_error", {"model": "m"}, body="claude_code.api_error"), resource=resource)


def test_equal_items_of_one_request_are_as_many_things_and_the_same_ones_again() -> None:
    same = [event("api_error", {"model": "m"}, body="claude_code.api_error") for _ in range(3)]
    found = ids(logs(*same))
    assert len(set(found)) == 3
    assert found == ids(logs(*same))
    assert ids(logs(same[0])) == found[:1]


def test_other_resources_attributes_or_times_are_other_things() -> None:
    others = [
        ids(error()),
        ids(error(host="a")),
        ids(error(host="b")),
        ids(logs(event("api_error", {"model": "n"}, body="claude_code.api_error"))),
        ids(logs(event("api_error", {"model": "m"}, body="claude_code.api_error", seconds=1))),
    ]
    assert len({found for (found,) in others}) == len(others)


def test_when_a_record_was_observed_is_nothing_of_its_own() -> None:
    one, other = (event("api_error", {}, body="claude_code.api_error", number=number) for number in (1, 2))
    assert ids(logs(one)) == ids(logs(other))


def test_points_in_another_order_of_attributes_are_the_same() -> None:
    one, other = {"type": "input", "model": "m"}, {"model": "m", "type": "input"}
    made = [metrics(counter("claude_code.token.usage", point(5, each))) for each in (one, other)]
    assert ids(made[0]) == ids(made[1])


def test_points_of_other_moments_are_other_things() -> None:
    made = [metrics(counter("claude_code.token.usage", point(5, {"type": "input"}, seconds=at))) for at in (0, 60)]
    assert ids(made[0]) != ids(made[1])


def read(reader: Any, *lines: dict[str, Any], file: str = "x.jsonl") -> dict[str, str]:
    """The ids of what a reader of files finds, and their types."""
    text = b"".join(json.dumps(each).encode() + b"\n" for each in lines)
    assert list(reader.read(file, [Block(0, 0, text)])) == []
    return {row["id"]: row["type"] for row in parts(reader.take())}


def exported(*requests: Message) -> dict[str, str]:
    return {row["id"]: row["type"] for request in requests for _, row in rows(request)}


def test_claude_codes_calls_commands_and_sessions_are_those_of_its_transcripts() -> None:
    common = {"sessionId": "s1", "timestamp": STAMP, "cwd": "/home/ana"}
    block = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {}}
    command = "<command-name>/compact</command-name>"
    of_files = read(
        TranscriptReader(),
        {"type": "user", "uuid": "u1", "message": {"content": command}, **common},
        {"type": "assistant", "uuid": "u2", "message": {"id": "m1", "content": [block]}, **common},
    )
    who = {"session.id": "s1"}
    told = exported(
        metrics(counter("claude_code.session.count", point(1, who))),
        logs(
            event("tool_result", {**who, "tool_use_id": "toolu_1"}, body="claude_code.tool_result"),
            event("user_prompt", {"command_name": "compact", "message.uuid": "u1"}, body="claude_code.user_prompt"),
        ),
    )
    assert told == of_files


def test_codexs_calls_and_threads_are_those_of_its_rollouts() -> None:
    of_files = read(
        RolloutReader(),
        {"timestamp": STAMP, "type": "session_meta", "payload": {"id": THREAD, "timestamp": STAMP}},
        *(
            {"timestamp": STAMP, "type": "response_item", "payload": {"type": "function_call", "call_id": call}}
            for call in (CALL, "short")
        ),
    )
    who = {"conversation.id": THREAD}
    calls = [event("codex.tool_result", {**who, "call_id": call}) for call in (CALL, "short")]
    assert exported(logs(event("codex.conversation_starts", who), *calls)) == of_files


def test_gemini_clis_calls_runs_and_sessions_are_those_of_its_files(tmp_path: Path) -> None:
    call = {"id": "c1", "name": "invoke_agent", "agentId": "r1", "status": "success", "timestamp": STAMP}
    message = {"id": "m1", "type": "gemini", "timestamp": STAMP, "toolCalls": [call]}
    header = {"sessionId": "g1", "projectHash": "0f", "startTime": STAMP}
    path = tmp_path / "chats" / "session-1.jsonl"
    path.parent.mkdir()
    path.write_text("".join(json.dumps(each) + "\n" for each in (header, message)), encoding="utf-8")
    reader = ConversationReader()
    assert list(reader.read_file(str(path))) == []
    of_files = {row["id"]: row["type"] for row in parts(reader.take())}
    who = {"session.id": "g1"}
    told = exported(
        logs(
            event("gemini_cli.config", who),
            event("gemini_cli.tool_call", {**who, "call_id": "c1"}),
            event("gemini_cli.agent.finish", {**who, "agent_id": "r1"}),
        )
    )
    assert told == of_files


def test_a_request_and_its_copy_differ_in_nothing() -> None:
    request = error(host="a")
    assert decoded(request) == decoded(request)
    assert only(request) == only(request)
