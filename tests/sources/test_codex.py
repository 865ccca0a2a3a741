"""Codex's rollouts: each trap of the format with the smallest rollout that shows it."""

from __future__ import annotations

import json
from array import array
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from tachograph.columns import (
    ABSENT_INT,
    ColumnBatch,
    FloatColumn,
    IntegerColumn,
    KeyColumn,
    WordColumn,
)
from tachograph.sources.codex import Codex
from tachograph.sources.codex_outcomes import output_outcome, request_error_kind
from tachograph.sources.codex_shapes import Failure
from tachograph.sources.protocol import Block
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from tachograph.sources.codex_rollouts import RolloutReader

SECRET = "xyzzy-plugh"  # noqa: S105 - what must not be found in a metric
BEGINNING = datetime(2026, 7, 1, 9, tzinfo=UTC)
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "codex"

Line = dict[str, Any]
Row = dict[str, Any]


def stamp(seconds: float) -> str:
    """A moment as rollouts write it: so many seconds after a fixed one."""
    return (BEGINNING + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def microseconds(seconds: float) -> int:
    return round((BEGINNING.timestamp() + seconds) * 1_000_000)


def dated(seconds: float, number: int = 1) -> str:
    """An id that was made then: a UUID of version 7."""
    digits = f"{round((BEGINNING.timestamp() + seconds) * 1000):012x}"
    return f"{digits[:8]}-{digits[8:]}-7000-8000-{number:012x}"


THREAD = dated(0)
CHILD = dated(1000, 2)
FILE = f"rollout-2026-07-01T11-00-00-{THREAD}.jsonl"


def record(kind: str, at: float | None, **payload: Any) -> Line:
    envelope = {} if at is None else {"timestamp": stamp(at)}
    return envelope | {"type": kind, "payload": payload}


def event(kind: str, at: float | None, **fields: Any) -> Line:
    return record("event_msg", at, type=kind, **fields)


def item(kind: str, at: float | None, **fields: Any) -> Line:
    return record("response_item", at, type=kind, **fields)


def meta(thread: str = THREAD, at: float = 0, **fields: Any) -> Line:
    known = {"id": thread, "timestamp": stamp(at), "cwd": "/home/ana/api", "base_instructions": {"text": SECRET}}
    return record("session_meta", at, **known | fields)


def spawned(parent: str = THREAD, role: str | None = "explorer") -> Line:
    spawn = {"parent_thread_id": parent, "depth": 1, "agent_nickname": "Popper", "agent_role": role}
    return {"subagent": {"thread_spawn": spawn}}


def context(at: float, model: str = "gpt-5.6", turn: str | None = None, **fields: Any) -> Line:
    turned = {} if turn is None else {"turn_id": turn}
    return record("turn_context", at, model=model, cwd="/home/ana/api", **turned, **fields)


def started(at: float, turn: str, **fields: Any) -> Line:
    return event("task_started", at, turn_id=turn, **fields)


def used(input: int, output: int, cached: int = 0, written: int = 0, reasoned: int = 0) -> dict[str, int]:
    return {
        "input_tokens": input,
        "cached_input_tokens": cached,
        "cache_write_input_tokens": written,
        "output_tokens": output,
        "reasoning_output_tokens": reasoned,
        "total_tokens": input + output,
    }


def counted(at: float, total: dict[str, int] | None, last: dict[str, int] | None = None) -> Line:
    """A token_count; without `last`, the last call used it all."""
    info = None if total is None else {"total_token_usage": total, "last_token_usage": last or total}
    return event("token_count", at, info=info, rate_limits={"primary": {"used_percent": 5.0}})


def call(id: str, at: float, name: str = "shell_command", **fields: Any) -> Line:
    return item("function_call", at, call_id=id, name=name, arguments=f'{{"command":"{SECRET}"}}', **fields)


def output(id: str, at: float, text: Any = f"Exit code: 0\nOutput:\n{SECRET}") -> Line:
    return item("function_call_output", at, call_id=id, output=text)


def rollout(*lines: Line | str) -> bytes:
    return b"".join((each if isinstance(each, str) else json.dumps(each)).encode() + b"\n" for each in lines)


def rows_of(batch: ColumnBatch) -> list[Row]:
    """A batch's metrics: of each what it has."""
    found: list[Row] = [{} for _ in range(batch.length)]
    for name, column in batch.columns.items():
        values: list[Any]
        if isinstance(column, KeyColumn):
            offsets = array("i", column.offsets)
            values = [column.text[begin:end].decode() for begin, end in pairwise(offsets)]
        elif isinstance(column, WordColumn):
            indexes = array("i" if column.is_wide else "B", column.indexes)
            values = [column.words[index] for index in indexes]
        elif isinstance(column, IntegerColumn):
            values = [None if value == ABSENT_INT else value for value in array("q", column.values)]
        else:
            assert isinstance(column, FloatColumn)
            values = [None if value != value else value for value in array("d", column.values)]  # noqa: PLR0124 - NaN
        for row, value in zip(found, values, strict=True):
            if value is not None:
                row[name] = value
    return found


def piece(reader: RolloutReader, data: bytes, file: str = FILE) -> tuple[list[Row], list[str]]:
    problems = list(reader.read(file, [Block(0, 0, data)]))
    (batch,) = reader.take()
    return rows_of(batch), [problem.reason for problem in problems]


def read(*lines: Line | str, file: str = FILE) -> list[Row]:
    """What a file comes to, by moment."""
    reader = Codex().reader()
    reader.memory = None
    found, problems = piece(reader, rollout(*lines), file)
    assert problems == []
    return sorted(found, key=lambda row: row.get("ts", 0))


def of(found: list[Row], kind: str) -> list[Row]:
    return [row for row in found if row["type"] == kind]


def tokens(found: list[Row]) -> list[int]:
    return [row["token_count"] for row in of(found, "token_usage")]


# Sessions


def test_a_thread_is_a_session() -> None:
    (start,) = read(meta())
    assert start == {
        "id": f"codex:{THREAD}:start",
        "type": "session_start",
        "ts": microseconds(0),
        "session_id": THREAD,
        "cwd": "/home/ana/api",
    }


def test_a_file_that_is_also_archived_counts_once() -> None:
    lines = [meta(), context(1), counted(2, used(5, 1)), call("c", 3), output("c", 4), event("task_complete", 5)]
    assert read(*lines) == read(*lines, file=f"/archived_sessions/{FILE}")


def test_a_resumed_thread_begins_once() -> None:
    found = read(meta(), counted(1, used(5, 1)), meta(at=50), counted(51, used(8, 2), used(3, 1)))
    assert len(of(found, "session_start")) == 1
    assert tokens(found) == [6, 4]


def test_a_thread_is_known_by_its_file_where_nothing_else_says() -> None:
    (metric,) = read(counted(1, used(5, 1)))
    assert metric["session_id"] == THREAD


# Tokens


def test_the_kinds_of_tokens_are_disjoint() -> None:
    """What was cached or written is a part of the input, and reasoning is a part of the output."""
    (metric,) = of(read(meta(), context(1), counted(2, used(100, 30, 60, 15, 20))), "token_usage")
    assert {name: value for name, value in metric.items() if "token" in name} == {
        "input_tokens": 25,
        "cache_read_tokens": 60,
        "cache_write_tokens": 15,
        "output_tokens": 30,
        "reasoning_tokens": 20,
        "token_count": 130,
    }
    assert (metric["model"], metric["cwd"], metric["ts"]) == ("gpt-5.6", "/home/ana/api", microseconds(2))


def test_a_call_used_what_the_totals_grew_by() -> None:
    """Where that is more than the last call used, others were told of by nothing else."""
    assert tokens(read(counted(1, used(10, 1)), counted(2, used(30, 5), used(7, 2)))) == [11, 24]


def test_the_same_totals_again_count_nothing() -> None:
    """They are told again when the rate limits change, and sometimes late, after newer ones."""
    first, second = used(10, 1), used(30, 5)
    found = read(
        counted(1, first),
        counted(2, first),
        counted(3, second, used(20, 4)),
        counted(4, first, first),
        counted(5, used(40, 6), used(10, 1)),
    )
    assert tokens(found) == [11, 24, 11]


def test_a_count_without_figures_counts_nothing() -> None:
    assert read(counted(1, None), event("token_count", 2)) == []


def test_totals_that_begin_again_count_the_last_call() -> None:
    found = read(counted(1, used(1000, 50)), counted(2, used(40, 5), used(20, 2)), counted(3, used(60, 6), used(20, 1)))
    assert tokens(found) == [1050, 22, 21]


def test_totals_begin_again_when_the_context_is_full() -> None:
    full = used(0, 0) | {"total_tokens": 258_400}
    found = read(counted(1, used(10, 1)), counted(2, full, used(0, 0) | {"total_tokens": 9}), counted(3, used(30, 2)))
    assert tokens(found) == [11, 32]


def test_empty_totals_are_no_new_beginning() -> None:
    found = read(counted(1, used(100, 1)), counted(2, used(0, 0)), counted(3, used(120, 2), used(20, 1)))
    assert tokens(found) == [101, 21]


def test_the_model_is_that_of_the_last_turn() -> None:
    found = read(
        meta(),
        context(1, "gpt-5.6"),
        counted(2, used(5, 1)),
        context(3, "gpt-6"),
        context(4, "gpt-6"),
        counted(5, used(9, 2), used(4, 1)),
    )
    assert [metric["model"] for metric in of(found, "token_usage")] == ["gpt-5.6", "gpt-6"]


def test_a_moment_that_steps_back_changes_no_count() -> None:
    """Lines are in the order of what happened, and mostly in that of time."""
    later = counted(3, used(30, 5), used(20, 4))
    found = read(meta(), context(1), counted(9, used(10, 1)), call("c", 8), later, output("c", 2))
    assert sorted(tokens(found)) == [11, 24]
    assert (tool(found)["ts"], tool(found)["ended_ts"]) == (microseconds(8), microseconds(2))


def recorded(at: float, response: str, usage: dict[str, int], thread: str = THREAD, **fields: Any) -> Line:
    return record("token_usage_record", at, response_id=response, thread_id=thread, usage=usage, **fields)


def test_recorded_responses_are_not_counted_by_the_totals_too() -> None:
    """Of a thread that an older build began, the calls before its first record are told by the totals alone."""
    found = read(
        meta(),
        counted(1, used(10, 1)),
        recorded(2, "resp_1", used(20, 2)),
        counted(2.1, used(30, 3), used(20, 2)),
        recorded(3, "resp_compact", used(500, 5)),
        counted(3.1, used(30, 3), used(0, 0)),
        recorded(4, "resp_2", used(40, 4)),
        counted(4.1, used(70, 7), used(40, 4)),
    )
    assert tokens(found) == [11, 22, 505, 44]
    assert "codex:resp_2" in {metric["id"] for metric in found}


def test_a_response_that_is_recorded_twice_is_one_of_the_largest_counters() -> None:
    """They add up as they do where the store brings them together."""
    lines = [meta(), recorded(1, "resp_1", used(20, 2, cached=5)), recorded(2, "resp_1", used(18, 9, reasoned=3))]
    (metric,) = of(read(*lines), "token_usage")
    assert (metric["input_tokens"], metric["cache_read_tokens"], metric["output_tokens"]) == (18, 5, 9)
    assert (metric["reasoning_tokens"], metric["token_count"], metric["ts"]) == (3, 32, microseconds(1))


def test_a_recorded_response_of_a_short_lived_thread_is_that_threads() -> None:
    line = recorded(2, "resp_1", used(20, 2), thread=CHILD, session_id=THREAD, model="codex-auto-review")
    (metric,) = of(read(meta(), context(1), line, counted(3, used(10, 1))), "token_usage")[:1]
    assert (metric["session_id"], metric["agent_run_id"], metric["model"]) == (THREAD, CHILD, "codex-auto-review")
    assert tokens(read(meta(), line, counted(3, used(10, 1)))) == [22, 11]


# Copies


COPY = [
    meta(at=0),
    started(1, dated(1)),
    context(1, "gpt-old", dated(1)),
    call("parents-call", 2),
    output("parents-call", 3),
    counted(4, used(24_000, 868)),
    recorded(4, "resp_parent", used(24_000, 868)),
    event("error", 5, message=SECRET),
    event("context_compacted", 5),
    counted(6, used(49_000, 1792), used(25_000, 924)),
    event("task_complete", 7, turn_id=dated(1), duration_ms=6000),
]
"""What a parent did, whose file may be there or not."""


def own(at: float = 1001, turn: str | None = None) -> list[Line]:
    """What a child does then: one call of 165,002 tokens, and one of a tool."""
    begun = [] if turn is None else [started(at, turn)]
    return [
        *begun,
        context(at, "gpt-new", turn),
        counted(at + 2, used(210_000, 5794), used(161_000, 4002)),
        call("own-call", at + 2),
        output("own-call", at + 3),
    ]


def stamped(lines: list[Line], at: float, apart: float = 0) -> list[Line]:
    """Lines as a copy of them is stamped anew, all at once or a little apart."""
    return [line | {"timestamp": stamp(at + number * apart)} for number, line in enumerate(lines)]


CHILDREN: dict[str, dict[str, Any]] = {
    "a fork": {"forked_from_id": THREAD},
    "a forked sub-agent": {"forked_from_id": THREAD, "source": spawned(), "session_id": THREAD},
    "a sub-agent": {"parent_thread_id": THREAD, "source": spawned(), "session_id": THREAD},
    "a sub-agent of an older build": {"source": spawned()},
}


@pytest.mark.parametrize("told", CHILDREN.values(), ids=CHILDREN.keys())
@pytest.mark.parametrize(
    "copy",
    [
        stamped(COPY, 1000),
        stamped(COPY, 1000, 0.4),
        COPY,
        COPY[1:],
        COPY[:1],
        [line for line in COPY if "turn_id" not in str(line)],
    ],
    ids=["in a burst", "over seconds", "as it was", "without the parent's record", "empty", "without turns"],
)
def test_a_copy_counts_nothing(told: dict[str, Any], copy: list[Line]) -> None:
    child = meta(CHILD, 1000, **told)
    found = read(child, *copy, *own(1005, dated(1005)))
    assert [metric["id"] for metric in of(found, "tool_use")] == [f"codex:{CHILD}:own-call"]
    (metric,) = of(found, "token_usage")
    assert (metric["token_count"], metric["model"]) == (165_002, "gpt-new")
    assert of(found, "performance") == of(found, "error_occurred") == []
    assert [start["session_id"] for start in of(found, "session_start")] in ([], [CHILD])


@pytest.mark.parametrize("copy", [stamped(COPY, 1000), stamped(COPY, 1000, 0.4), COPY])
def test_a_copy_of_turns_without_dates_ends_with_a_pause(copy: list[Line]) -> None:
    undated = json.loads(json.dumps(copy).replace(dated(1), "turn-1"))
    found = read(meta(CHILD, 1000, forked_from_id=THREAD), *undated, *own(1006))
    assert tokens(found) == [165_002]
    assert len(of(found, "tool_use")) == 1


def test_a_turn_without_a_dated_id_is_dated_by_its_second() -> None:
    copy = [started(1000, "turn-1", started_at=BEGINNING.timestamp() + 1), counted(1000, used(50_000, 792))]
    mine = [started(1000.5, "turn-2", started_at=int(BEGINNING.timestamp()) + 1000), *own(1000.6)]
    found = read(meta(CHILD, 1000, forked_from_id=THREAD), *copy, *mine)
    assert tokens(found) == [165_002]


def test_a_turn_of_the_same_millisecond_is_the_own() -> None:
    found = read(meta(CHILD, 1000, forked_from_id=THREAD), *stamped(COPY, 1000), *own(1000, dated(1000, 0)))
    assert tokens(found) == [165_002]


def test_a_fork_whose_totals_begin_anew_counts_its_first_call() -> None:
    first = counted(1002, used(60_000, 700))
    found = read(meta(CHILD, 1000, forked_from_id=THREAD), *stamped(COPY, 1000), started(1001, dated(1001)), first)
    assert tokens(found) == [60_700]


def test_a_fork_that_did_nothing_used_nothing() -> None:
    found = read(meta(CHILD, 1000, forked_from_id=THREAD), *stamped(COPY, 1000))
    assert [metric["type"] for metric in found] == ["session_start"]


def test_a_copy_of_a_copy_counts_nothing() -> None:
    grandchild = dated(2000, 3)
    child = [meta(CHILD, 1000, forked_from_id=THREAD), *COPY, *own(1001, dated(1001))]
    mine = [started(2001, dated(2001)), counted(2002, used(210_100, 5794), used(100, 0))]
    found = read(meta(grandchild, 2000, forked_from_id=CHILD), *stamped(child, 2000, 0.1), *mine)
    assert tokens(found) == [100]


def test_a_fork_of_an_old_build_is_known_by_the_other_threads_record() -> None:
    found = read(meta(CHILD, 1000), *stamped(COPY, 1000), *own(1001, dated(1001)))
    assert tokens(found) == [165_002]


def test_a_sub_agent_that_begins_empty_counts_from_its_beginning() -> None:
    found = read(meta(CHILD, 1000, source={"subagent": "review"}), context(1000), counted(1000.1, used(20, 2)))
    assert tokens(found) == [22]


# Sub-agents


def test_a_sub_agent_is_a_run_in_its_roots_session() -> None:
    found = read(
        meta(CHILD, 1000, session_id=THREAD, source=spawned(dated(500))),
        started(1001, dated(1001)),
        counted(1002, used(20, 2)),
        call("c", 1003),
        event("task_complete", 1005, turn_id=dated(1001), duration_ms=4000),
        started(1010, dated(1010)),
        event("task_complete", 1012, turn_id=dated(1010)),
    )
    assert of(found, "session_start") == []
    assert {(metric["session_id"], metric["agent_run_id"]) for metric in found} == {(THREAD, CHILD)}
    (run,) = of(found, "agent_execution")
    assert (run["agent_id"], run["success"], run["duration_ms"]) == ("explorer", True, 6000)
    assert (run["ts"], run["ended_ts"]) == (microseconds(1000), microseconds(1005))


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (spawned(role=None), "default"),
        ({"subagent": "review"}, "review"),
        ({"subagent": {"other": "guardian"}}, "guardian"),
        ({"subagent": {"something": "new"}}, "default"),
    ],
)
def test_a_sub_agents_kind_is_its_role_and_not_its_nickname(source: Line, kind: str) -> None:
    (run,) = read(meta(CHILD, 1000, source=source))
    assert (run["type"], run["agent_id"], run["agent_run_id"]) == ("agent_execution", kind, CHILD)


@pytest.mark.parametrize("source", ["cli", "vscode", {"custom": "x"}, None, 5])
def test_a_thread_that_a_person_began_is_no_run(source: Any) -> None:
    assert [metric["type"] for metric in read(meta(source=source))] == ["session_start"]


@pytest.mark.parametrize(
    ("end", "success"),
    [
        (event("turn_aborted", 1002, turn_id=dated(1001), reason="interrupted"), None),
        (event("task_complete", 1002, turn_id=dated(1001), error={"message": SECRET}), False),
    ],
)
def test_a_run_that_was_stopped_did_not_fail(end: Line, success: bool | None) -> None:
    found = read(meta(CHILD, 1000, source=spawned()), started(1001, dated(1001)), end)
    assert of(found, "agent_execution")[0].get("success") is success


# Calls


def tool(found: list[Row]) -> Row:
    (metric,) = of(found, "tool_use")
    return metric


@pytest.mark.parametrize(
    ("asked", "answered", "name"),
    [
        ("function_call", "function_call_output", "view_image"),
        ("custom_tool_call", "custom_tool_call_output", "view_image"),
        ("local_shell_call", "function_call_output", "local_shell"),
        ("tool_search_call", "tool_search_output", "tool_search"),
    ],
)
def test_a_call_and_its_output_are_one_metric(asked: str, answered: str, name: str) -> None:
    named = {"name": "view_image"} if name == "view_image" else {}
    result = {"status": "completed"} if answered == "tool_search_output" else {"output": SECRET}
    metric = tool(read(item(asked, 1, call_id="c", **named), item(answered, 3, call_id="c", **result)))
    assert (metric["tool_name"], metric["success"]) == (name, True)
    assert (metric["ts"], metric["ended_ts"]) == (microseconds(1), microseconds(3))


def test_a_call_without_a_result_is_of_unknown_outcome() -> None:
    assert not {"success", "ended_ts", "error_type"} & tool(read(call("c", 1))).keys()


def test_a_result_without_a_call_is_no_metric() -> None:
    assert read(output("c", 1)) == []


def test_long_ids_are_the_services_own_and_short_ones_the_threads() -> None:
    long = "call_tpGJzXi86U74Dh5MrzKE3Z4f"
    assert [metric["id"] for metric in read(call(long, 1), call("c", 2))] == [f"codex:{long}", f"codex:{THREAD}:c"]


@pytest.mark.parametrize(
    ("text", "success", "kind"),
    [
        ("Exit code: 0\nWall time: 0 seconds\nOutput:\nfailed", True, None),
        ("Exit code: 1\nWall time: 0 seconds\nOutput:\n", False, "exit_code"),
        ("Exit code: 124\nWall time: 10 seconds\nOutput:\ncommand timed out after 10000 ms", False, "timeout"),
        ("Chunk ID: a1\nWall time: 0.05 seconds\nProcess exited with code 0\nOutput:\n", True, None),
        ("Chunk ID: a1\nWall time: 0.05 seconds\nProcess exited with code 2\nOutput:\n", False, "exit_code"),
        ("Wall time: 9 seconds\nProcess running with session ID 5\nOutput:\n", None, None),
        ("Wall time: 1 seconds\nOutput:\nProcess exited with code 2", True, None),
        ('{"output":"x","metadata":{"exit_code":0,"duration_seconds":0.1}}', True, None),
        ('{"output":"x","metadata":{"exit_code":127,"duration_seconds":0.1}}', False, "exit_code"),
        ('{"answers":{"timed_out":true}}', True, None),
        ("Plan updated", True, None),
        ("", True, None),
        (None, True, None),
        ([{"type": "input_text", "text": "Exit code: 3"}], False, "exit_code"),
        ({"content": "Exit code: 1", "success": True}, True, None),
        ({"content": "Plan updated", "success": False}, False, "tool_error"),
        ("Script completed", True, None),
        ("Script failed\nWall time 1 seconds", False, "tool_error"),
        ("Script running with cell ID 4", None, None),
        ("apply_patch verification failed: Failed to find expected lines", False, "patch_failed"),
        ("patch rejected: empty patch", False, "patch_failed"),
        ("patch rejected by user", None, "rejected_by_user"),
        ('exec_command failed for `x`: CreateProcess { Rejected("rejected by user") }', None, "rejected_by_user"),
        ("aborted by user after 3.5s", None, "interrupted"),
        ("failed to parse function arguments: missing field", False, "invalid_input"),
        ("unsupported call: foo", False, "invalid_input"),
        ("execution error: Io", False, "tool_error"),
        ("collab spawn failed: no room", False, "tool_error"),
        ("tool call timed out after 60s", False, "timeout"),
    ],
)
def test_a_calls_outcome_is_a_flag_or_a_code_or_how_its_output_begins(
    text: Any, success: bool | None, kind: str | None
) -> None:
    metric = tool(read(call("c", 1), output("c", 2, text)))
    assert (metric.get("success"), metric.get("error_type")) == (success, kind)


ENDS = [
    ("exec_command_end", {"exit_code": 0, "status": "completed"}, "exec_command", True, None),
    ("exec_command_end", {"exit_code": 2, "status": "failed"}, "exec_command", False, "exit_code"),
    ("exec_command_end", {"exit_code": -1, "status": "declined"}, "exec_command", None, "rejected_by_user"),
    ("patch_apply_end", {"success": True}, "apply_patch", True, None),
    ("patch_apply_end", {"success": False, "status": "failed"}, "apply_patch", False, "patch_failed"),
    ("patch_apply_end", {"success": False, "status": "declined"}, "apply_patch", None, "rejected_by_user"),
    (
        "mcp_tool_call_end",
        {"invocation": {"server": "git hub", "tool": "search"}, "result": {"Ok": {"content": SECRET}}},
        "mcp__git hub__search",
        True,
        None,
    ),
    (
        "mcp_tool_call_end",
        {"invocation": {"server": "s", "tool": "t"}, "result": {"Ok": {"isError": True}}},
        "mcp__s__t",
        False,
        "tool_error",
    ),
    (
        "mcp_tool_call_end",
        {"invocation": {"server": "s", "tool": "t"}, "result": {"Err": "user rejected MCP tool call"}},
        "mcp__s__t",
        None,
        "rejected_by_user",
    ),
    ("dynamic_tool_call_response", {"tool": "render", "success": False}, "render", False, "tool_error"),
]


@pytest.mark.parametrize(("kind", "fields", "name", "success", "error"), ENDS)
@pytest.mark.parametrize("asked", [True, False])
def test_an_event_ends_a_call_also_one_that_a_script_made(
    kind: str, fields: dict[str, Any], name: str, success: bool | None, error: str | None, asked: bool
) -> None:
    """The call has the name that the model called it by; one that no model made has the event's."""
    asking = [call("c", 1, "zsh")] if asked else []
    metric = tool(read(*asking, event(kind, 3, call_id="c", duration={"secs": 1, "nanos": 500_000_000}, **fields)))
    assert (metric.get("success"), metric.get("error_type")) == (success, error)
    assert (metric["tool_name"], metric["ts"]) == (("zsh", microseconds(1)) if asked else (name, microseconds(1.5)))
    assert (metric["duration_ms"], metric["ended_ts"]) == (1500, microseconds(3))


def test_a_tool_that_a_script_calls_is_a_call_beside_the_script_s() -> None:
    """The model called `exec` with JavaScript, which called the tool; only the end of that one is told."""
    ran = {"type": "CommandExecution", "id": "exec-1", "exit_code": 2, "status": "failed", "command": [SECRET]}
    found = read(
        meta(),
        item("custom_tool_call", 1, call_id="c", name="exec", input=SECRET),
        event("item_completed", 3, item=ran, started_at_ms=microseconds(2) // 1000),
        item("custom_tool_call_output", 4, call_id="c", output=[{"type": "input_text", "text": "Script completed"}]),
    )
    assert [(each["tool_name"], each["success"]) for each in of(found, "tool_use")] == [
        ("exec", True),
        ("exec_command", False),
    ]


def test_an_end_told_twice_ends_a_call_once() -> None:
    ended = event("exec_command_end", 2, call_id="c", exit_code=1, duration={"secs": 0, "nanos": 47_462_500})
    metric = tool(read(call("c", 1), ended, output("c", 2.1, "Exit code: 1\nWall time: 0 seconds")))
    assert (metric["success"], metric["duration_ms"], metric["ended_ts"]) == (False, 47.4625, microseconds(2))


def test_a_command_of_the_user_is_no_call() -> None:
    (metric,) = read(event("exec_command_end", 2, call_id="c", exit_code=1, source="user_shell", command=[SECRET]))
    assert (metric["type"], metric["command_name"], metric["success"]) == ("command_executed", "shell", False)


@pytest.mark.parametrize("told", [event("web_search_end", 2, call_id="ws_1", query=SECRET), None])
@pytest.mark.parametrize("named", [{}, {"id": "ws_1"}])
def test_a_search_counts_once_however_it_is_told(told: Line | None, named: dict[str, str]) -> None:
    searched = item("web_search_call", 2.001, status="completed", action={"query": SECRET}, **named)
    metric = tool(read(*([told] if told else []), searched, searched | {"type": "unknown"}))
    assert (metric["tool_name"], metric["success"]) == ("web_search", True)


def test_a_tool_of_an_mcp_server_is_named_with_its_server() -> None:
    assert tool(read(call("c", 1, "search", namespace="mcp__docs__")))["tool_name"] == "mcp__docs__search"
    assert tool(read(call("c", 1, "spawn_agent", namespace="collaboration")))["tool_name"] == "spawn_agent"


@pytest.mark.parametrize(
    ("done", "name", "success"),
    [
        ({"type": "CommandExecution", "exit_code": 0, "status": "completed"}, "exec_command", True),
        ({"type": "CommandExecution", "exit_code": 4, "status": "failed"}, "exec_command", False),
        ({"type": "McpToolCall", "server": "s", "tool": "t", "status": "completed"}, "mcp__s__t", True),
        ({"type": "FileChange", "status": "declined"}, "apply_patch", None),
        ({"type": "DynamicToolCall", "tool": "render", "success": True}, "render", True),
        ({"type": "Extension", "kind": "web.search"}, "web.search", None),
    ],
)
def test_a_completed_item_is_a_call(done: Line, name: str, success: bool | None) -> None:
    moments = {"started_at_ms": microseconds(2) // 1000, "completed_at_ms": microseconds(2.75) // 1000}
    metric = tool(read(meta(), event("item_completed", 3, item={"id": "c", "command": SECRET, **done}, **moments)))
    assert (metric["tool_name"], metric.get("success"), metric["duration_ms"]) == (name, success, 750)
    assert (metric["ts"], metric["ended_ts"]) == (microseconds(2), microseconds(2.75))


@pytest.mark.parametrize("kind", ["Plan", "UserMessage", "AgentMessage", "Reasoning", "SubAgentActivity"])
def test_an_item_that_is_no_call_is_no_metric(kind: str) -> None:
    assert read(event("item_completed", 3, item={"type": kind, "id": "c", "text": SECRET})) == []


# Errors and the rest


@pytest.mark.parametrize(
    ("info", "message", "kind"),
    [
        ("usage_limit_exceeded", SECRET, "rate_limit"),
        ("context_window_exceeded", SECRET, "context_too_long"),
        ("server_overloaded", SECRET, "overloaded"),
        ("unauthorized", SECRET, "authentication"),
        ("internal_server_error", SECRET, "server_error"),
        ({"http_connection_failed": {"http_status_code": None}}, SECRET, "connection"),
        ({"response_stream_disconnected": {"http_status_code": 429}}, SECRET, "rate_limit"),
        ({"response_too_many_failed_attempts": {"http_status_code": 503}}, SECRET, "server_error"),
        ("something_new", SECRET, "something_new"),
        ("other", "stream disconnected before completion", "connection"),
        (None, "unexpected status 401 Unauthorized", "authentication"),
        (None, "exceeded retry limit, last status: 429 Too Many Requests", "rate_limit"),
        (None, "Your input exceeds the context window of this model", "context_too_long"),
        (None, "You've hit your usage limit.", "rate_limit"),
        (None, SECRET, "unknown"),
        (5, 5, "unknown"),
        ({}, None, "unknown"),
    ],
)
def test_an_error_is_of_a_kind(info: Any, message: Any, kind: str) -> None:
    (metric,) = read(event("error", 1, message=message, codex_error_info=info))
    assert (metric["type"], metric["error_type"], metric["success"]) == ("error_occurred", kind, False)


def test_a_request_that_is_tried_again_is_an_error_too() -> None:
    (metric,) = read(event("stream_error", 1, message="stream disconnected - retrying 1/5"))
    assert (metric["error_type"], metric["extra"]) == ("connection", '{"retried":true}')


def test_an_error_that_the_turns_end_repeats_counts_once() -> None:
    error = {"message": SECRET, "codex_error_info": "server_overloaded"}
    ended = event("task_complete", 3, turn_id=dated(1), error=error)
    for told in ([event("error", 2, **error)], []):
        found = read(meta(), started(1, dated(1)), *told, ended)
        assert [metric["error_type"] for metric in of(found, "error_occurred")] == ["overloaded"]


@pytest.mark.parametrize("kind", ["task_complete", "turn_aborted"])
@pytest.mark.parametrize(("stated", "duration_ms"), [({"duration_ms": 1200}, 1200), ({}, 4000)])
def test_a_turn_took_what_is_stated_or_the_time_between(kind: str, stated: dict[str, int], duration_ms: float) -> None:
    (turn,) = of(read(meta(), started(1, dated(1)), event(kind, 5, turn_id=dated(1), **stated)), "performance")
    assert (turn["operation"], turn["duration_ms"]) == ("turn", duration_ms)


def test_a_compaction_told_twice_counts_once() -> None:
    kept = record("compacted", 1, message=SECRET, replacement_history=[{"type": "message", "text": SECRET}])
    told = event("context_compacted", 1.001)
    both = [kept, told]
    again = [record("compacted", 9, message=""), event("context_compacted", 9)]
    for lines, count in [(both, 1), (both[::-1], 1), ([kept], 1), ([told], 1), ([*both, *again], 2)]:
        assert [metric["operation"] for metric in read(*lines)] == ["compact"] * count


def test_a_snapshot_of_the_files_is_a_checkpoint() -> None:
    (metric,) = read(item("ghost_snapshot", 1, ghost_commit={"id": "abc", "preexisting_untracked_files": [SECRET]}))
    assert metric["type"] == "checkpoint_created"


# Old files, and what isn't counted


def test_an_old_file_has_no_envelopes() -> None:
    first = {"id": "0a6e7b1c-1111-4111-8111-111111111111", "timestamp": stamp(0), "instructions": SECRET, "git": {}}
    bare = {"type": "function_call", "name": "shell", "call_id": "c", "arguments": SECRET}
    found = read(first, {"record_type": "state"}, bare, bare | {"timestamp": stamp(2)}, {"type": "message"})
    assert [(metric["type"], metric["session_id"]) for metric in found] == [
        ("session_start", first["id"]),
        ("tool_use", first["id"]),
    ]


@pytest.mark.parametrize("moment", [None, "", "[trimmed]", "2026-02-30T00:00:00Z"])
def test_a_record_without_a_moment_is_passed_over(moment: str | None) -> None:
    assert read(meta() | {"timestamp": moment}, call("c", 1) | {"timestamp": moment}) == []


def test_what_is_unknown_is_passed_over() -> None:
    assert read(record("world_state", 1), event("new", 1, type_=1), {"timestamp": stamp(1), "type": "new"}) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ("[1]", "unknown shape"),
        ('{"timestamp":5}', "unknown shape"),
        (json.dumps(counted(1, used(-5, 1))), "unknown shape"),
        (json.dumps(call("c", 1) | {"payload": 5}), "unknown shape"),
    ],
)
def test_a_line_that_is_none_is_told_and_stops_nothing(line: str, reason: str) -> None:
    reader = Codex().reader()
    data = rollout(meta(), line, "", counted(2, used(5, 1)))
    problems = list(reader.read(FILE, [Block(10, 100, data)]))
    assert [(problem.line, problem.reason.partition(":")[0]) for problem in problems] == [(11, reason)]
    assert problems[0].offset == 100 + len(rollout(meta()))
    assert reader.waiting == 2


def test_a_line_that_is_not_text_is_told() -> None:
    found, problems = piece(Codex().reader(), rollout(meta()) + b'{"timestamp":"\xff"}\n')
    assert (len(found), len(problems)) == (1, 1)


# Reading in pieces


EVERYTHING: list[list[Line | str]] = [
    [meta(), *COPY[1:]],
    [meta(), context(1), recorded(2, "r1", used(9, 1)), counted(2, used(9, 1)), *COPY[1:], *own(50, dated(50))],
    [meta(CHILD, 1000, **CHILDREN["a forked sub-agent"]), *stamped(COPY, 1000, 0.4), *own(1005, dated(1005))],
    [meta(CHILD, 1000, **CHILDREN["a fork"]), *stamped(COPY, 1000), *own(1005), *stamped(COPY[1:], 1010)],
    [
        meta(CHILD, 1000, source=spawned()),
        started(1001, dated(1001)),
        call("c", 1002),
        event("web_search_end", 1002, call_id="ws"),
        item("web_search_call", 1002, status="completed"),
        event("exec_command_end", 1003, call_id="c", exit_code=0, duration={"secs": 1, "nanos": 5}),
        output("c", 1003.5, "Exit code: 0"),
        record("compacted", 1003.6),
        event("context_compacted", 1003.7),
        "not JSON",
        event("error", 1003.8, codex_error_info="server_overloaded"),
        event("task_complete", 1004, turn_id=dated(1001), error={"message": SECRET}),
        started(1010, dated(1010)),
        event("task_complete", 1012.25, turn_id=dated(1010), duration_ms=2.25),
    ],
]


def merged(parts: list[Row]) -> dict[str, Row]:
    """Parts brought together as the store does it: earliest, all well, largest."""
    whole: dict[str, Row] = {}
    for part in parts:
        row = whole.setdefault(part["id"], {})
        for name, value in part.items():
            least = name in ("ts", "ended_ts", "success")
            row[name] = value if name not in row else min(row[name], value) if least else max(row[name], value)
    return whole


def in_pieces(lines: list[bytes], cuts: list[int]) -> tuple[list[Row], list[str]]:
    """Reads the lines in pieces, each with a reader that knows no more than the memory."""
    found: list[Row] = []
    told: list[str] = []
    memory = None
    for begin, end in pairwise([0, *sorted(cuts), len(lines)]):
        reader = Codex().reader()
        reader.memory = memory
        rows, problems = piece(reader, b"".join(lines[begin:end]))
        memory = reader.memory
        found += rows
        told += problems
    return found, told


@given(st.data())
def test_a_file_in_pieces_comes_to_the_same(data: st.DataObject) -> None:
    lines = rollout(*data.draw(st.sampled_from(EVERYTHING))).splitlines(keepends=True)
    cuts = data.draw(st.lists(st.integers(0, len(lines)), max_size=4))
    whole, problems = in_pieces(lines, [])
    found, told = in_pieces(lines, cuts)
    assert (merged(found), told) == (merged(whole), problems)


@given(st.data())
def test_lines_in_any_order_in_pieces_come_to_the_same(data: st.DataObject) -> None:
    every = [line for lines in EVERYTHING for line in lines]
    lines = rollout(*data.draw(st.lists(st.sampled_from(every), max_size=25))).splitlines(keepends=True)
    cuts = data.draw(st.lists(st.integers(0, len(lines)), max_size=4))
    assert merged(in_pieces(lines, cuts)[0]) == merged(in_pieces(lines, [])[0])


def test_a_file_read_in_two_runs_is_stored_as_the_same_metrics() -> None:
    lines = rollout(*EVERYTHING[4]).splitlines(keepends=True)
    contents = []
    for cuts in ([], [3, 7], list(range(len(lines)))):
        with Store.in_memory() as store:
            memory = None
            for begin, end in pairwise([0, *cuts, len(lines)]):
                reader = Codex().reader()
                reader.memory = memory
                list(reader.read(FILE, [Block(0, 0, b"".join(lines[begin:end]))]))
                memory = reader.memory
                with store.loading() as loading:
                    loading.add(reader.take(), source="codex", in_parts=True)
                    loading.commit([])
            query = "SELECT * EXCLUDE (seq) FROM metrics WHERE ts IS NOT NULL ORDER BY ALL"
            contents.append(store.connection.execute(query).fetchall())
    assert len(contents[0]) == 7
    assert contents[1:] == contents[:1] * 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def bent(draw: st.DrawFn) -> bytes:
    """A line of which some parts are anything."""
    line = json.loads(json.dumps(draw(st.sampled_from([line for line in EVERYTHING[4] if isinstance(line, dict)]))))
    place = draw(st.sampled_from([line, line["payload"] or line]))
    place[draw(st.sampled_from(sorted(place)))] = draw(JSON)
    return json.dumps(line).encode()


@given(st.lists(st.binary(max_size=40) | JSON.map(lambda value: json.dumps(value).encode()) | bent(), max_size=12))
def test_no_file_stops_the_reader(lines: list[bytes]) -> None:
    reader = Codex().reader()
    found, _ = piece(reader, b"\n".join(lines) + b"\n")
    assert all(row["id"].startswith("codex:") for row in found)
    reader.memory = reader.memory


@given(st.binary(max_size=80))
def test_no_output_and_no_error_stops_the_reader(data: bytes) -> None:
    output_outcome(data)
    text = json.dumps(data.decode("latin-1")).encode()
    assert request_error_kind(Failure(message=Raw(text), codex_error_info=Raw(text)))


# What is kept


def test_no_text_of_a_conversation_is_kept() -> None:
    lines: list[Line | str] = [
        *(line for lines in EVERYTHING for line in lines),
        event("user_message", 1, message=SECRET),
        event("agent_message", 1, message=SECRET),
        item("message", 1, role="user", content=[{"type": "input_text", "text": SECRET}]),
        item("reasoning", 1, summary=[{"text": SECRET}], encrypted_content=SECRET),
        item("custom_tool_call", 1, call_id="x", name="exec", input=SECRET),
        item("custom_tool_call_output", 1, call_id="x", output=f"Script failed\n{SECRET}"),
        event("patch_apply_end", 1, call_id="y", success=False, stdout=SECRET, changes={SECRET: {}}),
        event("error", 1, message=SECRET),
        f'{{"timestamp":"{SECRET}',
        f'{{"timestamp":5,"type":"{SECRET}"}}',
    ]
    reader = Codex().reader()
    found, problems = piece(reader, rollout(*lines))
    assert SECRET not in json.dumps([found, problems, reader.memory])
    assert len(problems) == 3


# Where rollouts are


def test_the_places_are_those_of_codexs_folder(tmp_path: Path) -> None:
    codex = Codex()
    assert codex.places({}, tmp_path) == [tmp_path / ".codex/sessions", tmp_path / ".codex/archived_sessions"]
    assert codex.places({"CODEX_HOME": "/c"}, tmp_path) == [Path("/c/sessions"), Path("/c/archived_sessions")]
    assert codex.user({}, tmp_path) is None
    assert codex.beside(FILE) == []


@pytest.mark.parametrize(
    ("name", "owned"),
    [(FILE, True), (f"{FILE}.zst", True), ("history.jsonl", False), ("rollout-x.json", False), ("x.jsonl", False)],
)
def test_a_rollout_is_known_by_its_name(name: str, owned: bool) -> None:
    assert Codex().owns(str(Path("/sessions/2026/07/01") / name)) is owned


@pytest.mark.parametrize(
    ("lines", "known"),
    [
        ([meta()], True),
        (["", "{", counted(1, None)], True),
        ([{"id": "x", "timestamp": stamp(0), "instructions": None, "git": None}], True),
        ([{"type": "user", "sessionId": "s", "uuid": "u", "timestamp": stamp(0)}], False),
        ([{"id": "m1", "timestamp": stamp(1), "type": "tool_use", "session_id": "s", "data": {}}], False),
        ([{"id": "m1", "timestamp": stamp(1), "type": {"a": 1}, "payload": {}}], False),
        (["[1]"], False),
    ],
)
def test_a_rollout_is_known_by_its_lines(lines: list[Line | str], known: bool) -> None:
    assert Codex().recognises(rollout(*lines).splitlines()) is known


@pytest.mark.skipif(not SHARED.is_dir(), reason="no real rollouts here")
def test_real_rollouts_come_to_what_their_last_total_says() -> None:
    for path in sorted(SHARED.rglob("rollout-*.jsonl")):
        data = path.read_bytes()
        found, problems = piece(Codex().reader(), data if data.endswith(b"\n") else data + b"\n", str(path))
        totals = [
            info["total_token_usage"]["total_tokens"]
            for line in data.splitlines()
            if (info := (json.loads(line).get("payload") or {}).get("info"))
        ]
        assert problems == []
        assert sum(tokens(found)) == totals[-1]
        assert all("ts" in row for row in found)
