"""OpenCode's sessions: each trap of the formats with the smallest session that shows it."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opencode_sessions import (
    CHILD,
    ROOT,
    SCHEMA,
    SCHEMA_SINCE_2,
    SECRET,
    Machine,
    Record,
    asked,
    counters,
    insert,
    ms,
    reply,
    session,
    step,
    step_start,
    text,
    tool,
    us,
)
from tachograph.sources.opencode import OpenCode
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "opencode"
FORMS = ("export", "keep_files", "keep_rows")


@pytest.fixture(scope="module")
def one_store() -> Iterator[Store]:
    with Store.in_memory() as store:
        yield store


def emptied(store: Store) -> Store:
    """The same store each time, as making one takes as long as reading a small session."""
    for table in ("metrics", "sessions", "claims", "claimed_starts", "files", "rejects"):
        store.connection.execute(f"DELETE FROM {table}")  # noqa: S608 - the names just above
    return store


@pytest.fixture
def machine(tmp_path: Path, one_store: Store) -> Machine:
    return Machine(tmp_path, emptied(one_store))


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def stored(machine: Machine, form: str, *sessions: Record) -> list[Path]:
    paths = getattr(machine, form)(*sessions)
    return paths if isinstance(paths, list) else [paths]


def read(machine: Machine, form: str, *sessions: Record) -> list[dict[str, Any]]:
    return machine.read(*stored(machine, form, *sessions))


def of(*messages: Record, **fields: Any) -> Record:
    """A session with these messages."""
    return {**session(**fields), "messages": list(messages)}


def the(found: list[dict[str, Any]], type: str) -> dict[str, Any]:
    """The only metric of that type."""
    (metric,) = [each for each in found if each["type"] == type]
    return metric


# Counters


def test_reasoning_is_a_part_of_the_output_and_the_cache_is_not_a_part_of_the_input(
    machine: Machine, form: str
) -> None:
    used = {"input": 10, "output": 20, "reasoning": 5, "read": 100, "written": 7}
    found = read(machine, form, of(reply("m1", 1, step_start(), text(), step(**used), tokens=counters(**used))))
    tokens = the(found, "token_usage")
    assert {name: tokens[name] for name in tokens if "token" in name} == {
        "input_tokens": 10, "output_tokens": 25, "reasoning_tokens": 5, "cache_read_tokens": 100,
        "cache_write_tokens": 7, "token_count": 142,
    }  # fmt: skip
    assert (tokens["ts"], tokens["model"], tokens["session_id"], tokens["cwd"]) == (us(1), "gpt-5.4", ROOT, "/repo")
    assert "agent_run_id" not in tokens


def test_the_steps_of_a_message_count_and_not_its_own_counters_which_are_the_last_ones(
    machine: Machine, form: str
) -> None:
    parts = (step_start(), step(input=10), step_start(), step(input=30))
    found = read(machine, form, of(reply("m1", 1, *parts, tokens=counters(input=30))))
    assert [each["input_tokens"] for each in found] == [10, 30]


def test_a_message_without_steps_counts_by_itself(machine: Machine, form: str) -> None:
    """The earliest versions wrote no ends of steps, and no `finish`."""
    message = reply("m1", 1, step_start(), text(), tokens=counters(input=3, output=4))
    del message["info"]["finish"]
    assert the(read(machine, form, of(message)), "token_usage")["token_count"] == 7


def test_a_message_whose_steps_were_taken_back_does_not_count_again(machine: Machine, form: str) -> None:
    assert read(machine, form, of(reply("m1", 1, step_start(), tokens=counters(input=3)))) == []


def test_a_message_that_has_no_counters_yet_is_no_use_of_tokens(machine: Machine, form: str) -> None:
    assert read(machine, form, of(reply("m1", 1, text()), asked("m0", 0, text()))) == []


@pytest.mark.parametrize(("cost", "told"), [(0.25, 0.25), (0, None), (-1, None), ({"usd": 0.1}, None), (None, None)])
def test_a_cost_of_nothing_is_an_unknown_cost(machine: Machine, form: str, cost: Any, told: float | None) -> None:
    """On a subscription OpenCode writes 0."""
    found = read(machine, form, of(reply("m1", 1, step(input=1) | {"cost": cost}, cost=5)))
    assert the(found, "token_usage").get("cost_usd") == told


@pytest.mark.parametrize(
    ("fields", "model"),
    [
        ({"modelID": "m", "model": {"modelID": "other"}}, "m"),
        ({"modelID": None, "model": {"providerID": "p", "modelID": "m"}}, "m"),
        ({"modelID": None, "model": "m"}, None),
    ],
)
def test_the_model_is_named_without_its_provider(
    machine: Machine, form: str, fields: Record, model: str | None
) -> None:
    found = read(machine, form, of(reply("m1", 1, step(input=1), **fields)))
    assert the(found, "token_usage").get("model") == model


@pytest.mark.parametrize("tokens", [None, 5, "many", [], {"input": "x"}, {"cache": 3}])
def test_counters_of_an_unknown_shape_are_none(machine: Machine, form: str, tokens: Any) -> None:
    assert read(machine, form, of(reply("m1", 1, step() | {"tokens": tokens}, tokens=tokens))) == []
    assert machine.problems == []


def test_counters_that_cannot_be_are_left_out(machine: Machine, form: str) -> None:
    used = {"input": -4, "output": 2**60, "reasoning": 1.0, "cache": {"read": 3}}
    tokens = the(read(machine, form, of(reply("m1", 1, step() | {"tokens": used}))), "token_usage")
    assert (tokens["input_tokens"], tokens["output_tokens"], tokens["token_count"]) == (0, 1, 4)


# Calls


@pytest.mark.parametrize(
    ("call", "success", "kind", "duration_ms"),
    [
        (tool(), True, None, 1000),
        (tool(status="success"), True, None, 1000),
        (tool(status="running", times=(1,)), None, None, None),
        (tool(status="error", error=SECRET), False, "tool_error", 1000),
        (tool(status="error", error={"type": "x"}), False, "tool_error", 1000),
        (tool(status="error", error="Error: File not found: /x"), False, "not_found", 1000),
        (tool(status="error", error="Error: oldString not found in content"), False, "no_match", 1000),
        (
            tool(status="error", error="apply_patch verification failed: Error: Failed to find expected lines in x"),
            False, "no_match", 1000,
        ),
        (tool(status="error", error="The user has specified a rule which prevents you"), False, "permission_denied", 1000),
        (tool(status="error", error="The edit tool was called with invalid arguments: x"), False, "invalid_input", 1000),
        (
            tool(status="error", error="The user rejected permission to use this specific tool call."),
            None, "rejected_by_user", 1000,
        ),
        (tool(status="error", error="Error: The user dismissed this question"), None, "rejected_by_user", 1000),
        (tool(status="error", error="Tool execution aborted"), None, "interrupted", None),
        (tool(status="unheard-of"), None, None, 1000),
        (tool(times=(2, 1)), True, None, None),
    ],
)  # fmt: skip
def test_a_call_has_an_outcome_a_kind_of_failure_and_a_duration(
    machine: Machine, form: str, call: Record, success: bool | None, kind: str | None, duration_ms: float | None
) -> None:
    """What the user refused or stopped is no failure."""
    metric = the(read(machine, form, of(reply("m1", 0.5, call))), "tool_use")
    assert (metric["tool_name"], metric["ts"]) == ("bash", us(call["state"]["time"]["start"] / 1000 - ms(0) / 1000))
    assert (metric.get("success"), metric.get("error_type"), metric.get("duration_ms")) == (success, kind, duration_ms)


def test_a_call_that_is_still_being_written_is_none_yet(machine: Machine, form: str) -> None:
    """Its beginning isn't known, and any other would stay the earliest."""
    assert read(machine, form, of(reply("m1", 1, tool(status="pending", times=())))) == []
    (metric,) = read(machine, form, of(reply("m1", 1, tool(times=(5, 6)))))
    assert (metric["ts"], metric["duration_ms"]) == (us(5), 1000)


def test_calls_differ_by_their_part_and_not_by_their_call_id(machine: Machine, form: str) -> None:
    """Some providers number the calls of each reply from the beginning."""
    found = read(machine, form, of(reply("m1", 1, tool()), reply("m2", 2, tool())))
    assert [each["type"] for each in found] == ["tool_use", "tool_use"]


# Errors, checkpoints, compactions


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"name": "ProviderAuthError", "data": {"providerID": "x", "message": SECRET}}, "authentication"),
        ({"name": "ContextOverflowError", "data": {"message": SECRET}}, "context_too_long"),
        ({"name": "MessageOutputLengthError", "data": {}}, "max_output_tokens"),
        ({"name": "StructuredOutputError", "data": {"message": SECRET, "retries": 2}}, "structured_output"),
        ({"name": "APIError", "data": {"message": SECRET, "statusCode": 429, "isRetryable": True}}, "rate_limit"),
        ({"name": "APIError", "data": {"message": SECRET, "statusCode": 529}}, "overloaded"),
        ({"name": "APIError", "data": {"message": SECRET, "statusCode": 500}}, "server_error"),
        (
            {"name": "APIError", "data": {"message": "exceeds the context window", "statusCode": 400}},
            "context_too_long",
        ),
        ({"name": "UnknownError", "data": {"message": "Error: ECONNRESET"}}, "connection"),
        ({"name": "UnknownError", "data": {"message": SECRET}}, "unknown"),
        ({"name": "UnknownError", "data": "text"}, "unknown"),
        ({"type": "rate-limit", "message": SECRET}, "rate_limit"),
        ({"type": "api", "message": SECRET, "status": 503}, "server_error"),
        ({"name": "MessageAbortedError", "data": {"message": "The operation was aborted."}}, None),
        ({"type": "aborted", "message": SECRET}, None),
        ("an error", None),
        (None, None),
    ],
)
def test_a_request_that_failed_is_an_error_of_a_kind_and_one_that_was_stopped_is_none(
    machine: Machine, form: str, error: Any, kind: str | None
) -> None:
    found = read(machine, form, of(reply("m1", 1, error=error)))
    assert [(each["type"], each["error_type"], each["success"], each["ts"]) for each in found] == (
        [("error_occurred", kind, False, us(1))] if kind else []
    )


def test_a_request_that_is_tried_again_is_an_error_too(machine: Machine, form: str) -> None:
    again = {
        "type": "retry", "attempt": 1, "time": {"created": ms(3)},
        "error": {"name": "APIError", "data": {"message": SECRET, "statusCode": 429}},
    }  # fmt: skip
    error = the(read(machine, form, of(reply("m1", 1, again))), "error_occurred")
    assert (error["error_type"], error["ts"], error["extra"]) == ("rate_limit", us(3), '{"retried":true}')


def test_a_state_of_the_files_is_one_checkpoint_however_often_it_is_named(machine: Machine, form: str) -> None:
    first = reply("m1", 1, step_start("aaa"), {"type": "patch", "hash": "aaa", "files": ["/repo/x"]})
    second = reply("m2", 2, step_start("bbb"))
    found = read(machine, form, of(first, second, reply("m3", 3, step_start("bbb"), step_start())))
    assert [(each["type"], each["ts"]) for each in found] == [
        ("checkpoint_created", us(1)),
        ("checkpoint_created", us(2)),
    ]


def test_a_compaction_is_one_with_the_reply_that_wrote_its_summary(machine: Machine, form: str) -> None:
    part = {"type": "compaction", "auto": True}
    summary = reply(
        "m2", 3, text(), agent="compaction", parentID="m1", summary=True, time={"created": ms(3), "completed": ms(7)}
    )
    metric = the(read(machine, form, of(asked("m1", 2, part), summary)), "performance")
    assert (metric["operation"], metric["ts"], metric["duration_ms"]) == ("compact", us(2), 4000)


def test_unknown_types_of_parts_are_passed_over(machine: Machine, form: str) -> None:
    parts: list[Record] = [
        {"type": kind, "tool": 5, "state": []} for kind in ("subtask", "agent", "file", "snapshot", "new")
    ]
    assert read(machine, form, of(reply("m1", 1, *parts))) == []
    assert machine.problems == []


def test_a_text_that_was_cut_within_a_character_does_not_cost_the_record(machine: Machine, form: str) -> None:
    """JavaScript writes the half of an emoji that is left, which is no text to others."""
    cut = "cut \ud83d"
    told = of(reply("m1", 1, tool(output=cut), step(input=3), error={"name": "x", "data": {"message": cut}}))
    types = sorted(each["type"] for each in read(machine, form, told))
    assert types == ["error_occurred", "token_usage", "tool_use"]
    assert machine.problems == []
    assert len(machine.metrics("type = 'session_start'")) == 1


# Sessions and sub-agents


def run_of_agent(called: Record | None = None) -> list[Record]:
    """A session whose agent ran another."""
    state: Record = {"input": {"subagent_type": "explore", "prompt": SECRET}, "metadata": {"sessionId": CHILD}}
    call = called or tool("task", times=(10, 30), **state)
    inner = reply(
        "c1", 12, step_start("ccc"), tool("read", times=(13, 14)), step(input=5), session=CHILD, agent="explore"
    )
    return [
        of(reply("m1", 9, call, step(input=1))),
        of(inner, identifier=CHILD, at=11, parent=ROOT),
    ]


def test_a_session_starts_once_and_a_run_of_a_sub_agent_is_none(machine: Machine, form: str) -> None:
    found = read(machine, form, *run_of_agent())
    (start,) = machine.metrics("type = 'session_start'")
    assert (start["session_id"], start["ts"], start["cwd"]) == (ROOT, us(0), "/repo")
    assert {each["session_id"] for each in found} == {ROOT}
    assert {each["type"] for each in found if each.get("agent_run_id") == CHILD} == {
        "token_usage", "tool_use", "checkpoint_created", "agent_execution",
    }  # fmt: skip


def test_a_run_is_told_of_by_its_session_its_replies_and_the_call_that_ran_it(machine: Machine, form: str) -> None:
    run = the(read(machine, form, *run_of_agent()), "agent_execution")
    assert (run["agent_id"], run["agent_run_id"], run["ts"]) == ("explore", CHILD, us(10))
    assert (run["ended_ts"], run["duration_ms"], run["success"]) == (us(30), 20_000, True)


def test_a_run_whose_call_is_not_known_has_no_end(machine: Machine, form: str) -> None:
    run = the(read(machine, form, run_of_agent()[1]), "agent_execution")
    assert (run["agent_id"], run["ts"], run["session_id"]) == ("explore", us(11), ROOT)
    assert not {"ended_ts", "duration_ms", "success"} & run.keys()


def test_a_run_in_the_background_does_not_end_with_its_call(machine: Machine, form: str) -> None:
    call = tool("task", times=(10, 10.1), metadata={"sessionId": CHILD, "background": True})
    run = the(read(machine, form, *run_of_agent(call)), "agent_execution")
    assert not {"ended_ts", "duration_ms", "success"} & run.keys()


def test_a_run_that_goes_on_with_an_earlier_one_is_another(machine: Machine, form: str) -> None:
    sessions = run_of_agent()
    state: Record = {"input": {"subagent_type": "explore", "task_id": CHILD}, "metadata": {"sessionId": CHILD}}
    sessions[0]["messages"].append(reply("m2", 40, tool("task", times=(41, 42), **state)))
    runs = [each for each in read(machine, form, *sessions) if each["type"] == "agent_execution"]
    assert [(each["agent_run_id"], each["duration_ms"]) for each in runs] == [(CHILD, 20_000), (CHILD, 1000)]


@pytest.mark.parametrize("form", ["keep_files", "keep_rows"])
def test_the_agents_of_an_agent_belong_to_the_session_at_the_root(machine: Machine, form: str) -> None:
    inner = of(reply("g1", 14, step(input=2), session="ses_inner"), identifier="ses_inner", at=13, parent=CHILD)
    found = read(machine, form, *run_of_agent(), inner)
    (tokens,) = [each for each in found if each["type"] == "token_usage" and each.get("agent_run_id") == "ses_inner"]
    assert tokens["session_id"] == ROOT


@pytest.mark.parametrize("form", ["keep_files", "keep_rows"])
def test_sessions_that_are_each_others_parents_are_read_all_the_same(machine: Machine, form: str) -> None:
    one = of(reply("m1", 1, step(input=2)), parent=CHILD)
    assert read(machine, form, one, of(identifier=CHILD, parent=ROOT))


def test_what_a_fork_copied_is_not_counted_again(machine: Machine, form: str) -> None:
    """Its copies have new ids, and the times of the originals, which are before the fork."""
    first = reply("m1", 1, step_start("aaa"), tool(), step(input=7), error={"name": "UnknownError"})
    copied = reply(
        "f1", 1, step_start("aaa"), tool(), step(input=7), error={"name": "UnknownError"}, session="ses_fork"
    )
    own = reply("f2", 51, step(input=9), session="ses_fork")
    found = read(machine, form, of(first), of(copied, own, identifier="ses_fork", at=50))
    assert sorted(each["type"] for each in found) == [
        "checkpoint_created", "error_occurred", "token_usage", "token_usage", "tool_use",
    ]  # fmt: skip
    assert {(each["session_id"], each["input_tokens"]) for each in found if "input_tokens" in each} == {
        (ROOT, 7), ("ses_fork", 9),
    }  # fmt: skip
    assert len(machine.metrics("type = 'session_start'")) == 2


def test_a_reply_names_its_folder_and_else_it_is_the_sessions(machine: Machine, form: str) -> None:
    elsewhere = reply(
        "m1", 1, tool(times=(1, 2)), step(input=1), path={"cwd": "/repo/sub"}, error={"name": "UnknownError"}
    )
    nowhere = reply("m2", 3, tool(times=(3, 4)), step(input=1), path="/other")
    found = read(machine, form, of(elsewhere, nowhere))
    assert [each["cwd"] for each in found] == ["/repo/sub", "/repo/sub", "/repo/sub", "/repo", "/repo"]


# Forms


def whole() -> list[Record]:
    """Sessions with something of everything."""
    sessions = run_of_agent()
    used = {"input": 4, "output": 3, "reasoning": 2, "read": 90}
    sessions[0]["messages"] += [
        asked("m2", 31, text(), {"type": "compaction", "auto": True}),
        reply(
            "m3",
            32,
            step_start("aaa"),
            text(),
            tool(times=(33, 34)),
            step(0.5, **used),
            step_start("bbb"),
            step(**used),
        ),
        reply(
            "m4", 35, tool("edit", "error", (36, 37), error="Tool execution aborted"), error={"name": "UnknownError"}
        ),
        reply("m5", 38, tool("bash", "running", (39,))),
    ]
    del sessions[0]["messages"][-1]["info"]["finish"]
    sessions[0]["messages"][-1]["info"]["tokens"] = counters(input=11)
    return sessions


def test_each_form_tells_the_same(machine: Machine) -> None:
    told = []
    for form in FORMS:
        emptied(machine.store)
        read(machine, form, *whole())
        told.append(machine.metrics())
    assert len(told[0]) > 12
    assert told[0] == told[1] == told[2]


def test_what_is_stored_in_several_forms_counts_once(machine: Machine) -> None:
    once = read(machine, "keep_files", *whole())
    for form in FORMS:
        assert read(machine, form, *whole()) == once


def test_a_part_and_its_message_are_enough_to_count(machine: Machine) -> None:
    """Sessions are deleted, and their messages sometimes stay."""
    paths = machine.keep_files(of(reply("m1", 1, step(input=3))))
    paths[0].unlink()
    tokens = the(machine.read(*paths[1:]), "token_usage")
    assert (tokens["session_id"], tokens["ts"], tokens["model"]) == (ROOT, us(1), "gpt-5.4")


def test_of_a_part_without_its_message_only_a_call_counts(machine: Machine) -> None:
    _, message, *parts = machine.keep_files(of(reply("m1", 1, step_start("a"), tool(), step(input=3))))
    message.unlink()
    (call,) = machine.read(*parts)
    assert (call["type"], call["session_id"], call["cwd"]) == ("tool_use", ROOT, "/repo")


def test_messages_may_have_other_files_names_than_their_ids(machine: Machine) -> None:
    _, message, part = machine.keep_files(of(reply("m1", 1, step(input=3))))
    renamed = message.rename(message.with_name("msg_0001.json"))
    assert the(machine.read(part, renamed), "token_usage")["ts"] == us(1)


def test_parts_may_lie_in_one_folder_and_not_name_their_session(machine: Machine) -> None:
    _, message, part = machine.keep_files(of(reply("m1", 1, step(input=3))))
    moved = part.rename(machine.folder / "storage/part/prt_0001.json")
    moved.write_text(
        json.dumps({key: value for key, value in json.loads(moved.read_bytes()).items() if key != "sessionID"})
    )
    assert the(machine.read(message, moved), "token_usage")["session_id"] == ROOT


def test_the_earliest_layout_has_everything_below_a_folder_of_sessions(machine: Machine) -> None:
    one, two = whole()
    for each in (one, two):
        info = each["info"]
        machine._write(f"project/x/storage/session/info/{info['id']}.json", info)
        for message in each["messages"]:
            folder = f"project/x/storage/session/%s/{info['id']}/{message['info']['id']}"
            machine._write(folder % "message" + ".json", message["info"])
            for part in message["parts"]:
                machine._write(f"{folder % 'part'}/{part['id']}.json", part)
    found = machine.read(*sorted(machine.folder.rglob("*.json")))
    assert all(OpenCode().owns(str(path)) for path in machine.folder.rglob("*.json"))
    emptied(machine.store)
    assert read(machine, "export", one, two) == found


def test_no_id_leads_out_of_the_folder(machine: Machine) -> None:
    machine._write(f"elsewhere/{ROOT}.json", session()["info"])
    machine.keep_files(of(identifier="ses_other"))
    part = tool() | {"id": "p1", "messageID": "m1", "sessionID": f"../../../elsewhere/{ROOT}"}
    assert (machine.folder / "storage/session/p1" / f"{part['sessionID']}.json").exists()
    (call,) = machine.read(machine._write("storage/part/m1/p1.json", part))
    assert "cwd" not in call


# The database


def grown() -> tuple[list[Record], list[Record]]:
    """Sessions while an agent works, and later."""
    before = whole()
    before[0]["messages"].pop(1)
    running = before[0]["messages"][0]["parts"][0]["state"]
    del running["time"]["end"]
    running["status"] = "running"
    before[0]["messages"][0]["parts"].pop()
    return before, whole()


def test_only_what_was_changed_is_read_again(machine: Machine) -> None:
    path = machine.keep_rows(of(reply("m1", 1, step(input=3))), of(identifier="ses_old"), updated=1000)
    machine.read(path)
    memory = machine.memories[str(path)]
    assert memory == str(ms(1000))
    with closing(machine.connect()) as connection:
        connection.execute("UPDATE part SET data = '{'")  # whatever is read again now would be refused
        connection.execute("UPDATE part SET time_updated = ?", [ms(1)])
        connection.execute("UPDATE message SET time_updated = ?", [ms(1)])
        insert(connection, of(reply("m2", 900, step(input=4))), updated=2000)
    found = machine.read(path)
    assert [each["input_tokens"] for each in found] == [3, 4]
    assert machine.problems == []
    assert machine.memories[str(path)] == str(ms(2000))


def test_a_row_that_comes_to_light_after_later_ones_is_read(machine: Machine) -> None:
    """Another program may have been about to write it."""
    path = machine.keep_rows(of(reply("m1", 1, step(input=3))), updated=1000)
    machine.read(path)
    with closing(machine.connect()) as connection:
        insert(connection, of(reply("m2", 2, step(input=4))), updated=999)
    assert [each["input_tokens"] for each in machine.read(path)] == [3, 4]


def test_a_session_that_was_imported_with_its_old_times_is_read(machine: Machine) -> None:
    path = machine.keep_rows(of(reply("m1", 1, step(input=3))), updated=10_000)
    machine.read(path)
    with closing(machine.connect()) as connection:
        insert(connection, of(identifier="ses_old", at=-5000), updated=10_000)
        insert(
            connection,
            of(reply("o1", -4000, step(input=4), session="ses_new"), identifier="ses_new", at=-5000),
            updated=20_000,
        )
    machine.read(path)
    assert {each["session_id"] for each in machine.metrics("type = 'session_start'")} == {ROOT, "ses_new"}


def test_a_changed_part_is_read_with_its_message(machine: Machine) -> None:
    before, after = grown()
    path = machine.keep_rows(*before, updated=10)
    machine.read(path)
    with closing(machine.connect()) as connection:
        insert(connection, *after, updated=1000)
        connection.execute("UPDATE message SET time_updated = ?", [ms(10)])
        connection.commit()
    found = machine.read(path)
    emptied(machine.store)
    assert read(machine, "export", *after) == found


@pytest.mark.parametrize("memory", ["", "x", "-1", "9" * 40, "{}"])
def test_a_memory_that_is_none_is_as_if_there_were_none(machine: Machine, memory: str) -> None:
    path = machine.keep_rows(*whole())
    machine.memories[str(path)] = memory
    assert machine.read(path)


def test_a_change_in_the_future_does_not_hide_those_after_it(machine: Machine) -> None:
    path = machine.keep_rows(of(reply("m1", 1, step(input=3))), updated=10**9)
    machine.read(path)
    assert int(machine.memories[str(path)] or 0) <= os.stat(path).st_mtime * 1000 + 1  # noqa: PTH116


def test_a_database_that_nobody_has_open_is_read_without_making_files(machine: Machine) -> None:
    path = machine.keep_rows(*whole())
    before = {each: each.read_bytes() for each in machine.folder.iterdir()}
    assert machine.read(path)
    assert {each: each.read_bytes() for each in machine.folder.iterdir()} == before


def test_what_is_only_in_the_log_beside_it_is_read(machine: Machine) -> None:
    with closing(machine.connect()) as agent:
        insert(agent, *whole())
        assert Path(OpenCode().beside(str(machine.database))[0]).stat().st_size > 0
        assert machine.read(machine.database)


def test_the_agent_can_write_while_its_database_is_read(machine: Machine) -> None:
    with closing(machine.connect()) as agent:
        insert(agent, *whole())
        problems = OpenCode().reader().read_file(str(machine.database))
        agent.execute("UPDATE part SET data = '{'")
        agent.commit()
        assert next(problems).reason.startswith("part prt_")
        agent.execute("DELETE FROM part")
        agent.commit()
        assert all(problem.reason.startswith("part prt_") for problem in problems)


def test_a_database_that_is_locked_is_tried_again_later(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tachograph.sources.opencode_database._PATIENCE_SECONDS", 0.01)
    path = machine.keep_rows(*whole())
    with closing(machine.connect()) as agent:
        agent.execute("PRAGMA journal_mode = DELETE")
        agent.execute("BEGIN EXCLUSIVE")
        with pytest.raises(OSError, match="the database can't be read: database is locked"):
            machine.read(path)


def test_a_database_that_was_opened_meanwhile_is_tried_again_later(machine: Machine) -> None:
    sessions = of(*(reply(f"m{number}", number, {"type": "tool", "id": 5}) for number in range(5)))
    path = machine.keep_rows(sessions)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE part SET data = '{'")
        connection.commit()
    reader = OpenCode().reader()
    problems = reader.read_file(str(path))
    next(problems)
    with closing(machine.connect()) as agent:
        insert(agent, of(reply("m9", 9, step(input=1))))
        with pytest.raises(OSError, match="opened the database"):
            list(problems)
    assert reader.waiting == 0


def test_a_database_that_is_not_there_cannot_be_read(machine: Machine) -> None:
    with pytest.raises(FileNotFoundError):
        machine.read(machine.database)


@pytest.mark.parametrize("name", ["a b", "a?mode=rwc", "a#b", "100%41", "ä"])
def test_any_folder_may_hold_the_database(machine: Machine, name: str) -> None:
    other = Machine(machine.folder / name, machine.store)
    assert other.read(other.keep_rows(*whole()))


def test_a_database_of_others_is_refused(machine: Machine) -> None:
    machine.connect("CREATE TABLE session (id TEXT)").close()
    assert machine.read(machine.database) == []
    assert [problem.reason for problem in machine.problems] == [
        "not OpenCode's: it has no table of sessions, messages and parts"
    ]


def test_tables_of_another_shape_are_refused(machine: Machine) -> None:
    machine.connect("CREATE TABLE session (a); CREATE TABLE message (a); CREATE TABLE part (a)").close()
    assert machine.read(machine.database) == []
    assert [problem.reason for problem in machine.problems] == ["the database can't be read: no such column: id"]


def test_a_damaged_database_is_refused(machine: Machine) -> None:
    path = machine.keep_rows(*whole())
    path.write_bytes(path.read_bytes()[:5000])
    assert machine.read(path) == []
    assert len(machine.problems) == 1


def test_a_damaged_schema_is_refused_though_it_is_no_text(machine: Machine) -> None:
    """SQLite tells what is wrong in the schema's own words, of which a byte was lost."""
    path = machine.keep_rows(*whole())
    before = path.read_bytes()
    path.write_bytes(before.replace(b"CREATE TABLE `part`", b"CREATE \xffABLE `part`"))
    assert path.read_bytes() != before
    assert machine.read(path) == []
    assert len(machine.problems) == 1


@pytest.mark.parametrize("data", ["{", "5", "", '{"type":5}', b"\xff", 7, 1.5, '{"id":"\\ud800"}'])
def test_a_row_that_is_not_understood_takes_no_other_with_it(machine: Machine, data: Any) -> None:
    path = machine.keep_rows(of(reply("m1", 1, step(input=3), step(input=4)), reply("m2", 2, step(input=5))))
    with closing(machine.connect()) as connection:
        connection.execute("UPDATE part SET data = ? WHERE id = 'prt_m1_000'", [data])
        connection.execute("UPDATE message SET data = ? WHERE id = 'm2'", [data])
        connection.commit()
    assert [each["input_tokens"] for each in machine.read(path)] == [4]
    assert {problem.reason.partition(":")[0] for problem in machine.problems} <= {"part prt_m1_000", "message m2"}


# The database since 2.0


def projected(identifier: str, at: float, *content: Record, session: str = ROOT, **fields: Any) -> Record:
    data = {
        "agent": "build", "model": {"id": "gpt-5.4", "providerID": "openai"}, "content": list(content), "cost": 0,
        "time": {"created": ms(at), "completed": ms(at + 5)}, **fields,
    }  # fmt: skip
    return {"id": identifier, "session": session, "type": "assistant", "data": data}


def projected_call(identifier: str, status: str, **state: Any) -> Record:
    time = {"created": ms(1), "ran": ms(2), "completed": ms(4)}
    return {"type": "tool", "id": identifier, "name": "bash", "time": time, "state": {"status": status, **state}}


def test_since_2_a_message_is_one_row(machine: Machine) -> None:
    row = projected(
        "m1", 1, {"type": "text", "text": SECRET},
        projected_call("c1", "completed", content=[SECRET]),
        projected_call("c2", "error", error={"type": "unknown", "message": "File not found: x"}),
        projected_call("c3", "error", error={"type": "tool.rejected", "message": SECRET}),
        projected_call("c4", "streaming"),
        tokens=counters(1, 2, 3, 4, 5), cost=0.5, snapshot={"start": "aaa", "end": "bbb"},
        error={"type": "provider.rate-limit", "message": SECRET}, retry={"attempt": 1, "at": ms(2), "error": {"type": "auth"}},
    )  # fmt: skip
    compaction = projected("m2", 20, tokens=counters(9), status="completed", summary=SECRET)
    compaction["type"] = "compaction"
    idle = projected("m3", 30, outcome="succeeded") | {"type": "idle"}
    found = machine.read(machine.keep_projected(row, compaction, idle, sessions=[session()]))
    tokens, _ = (each for each in found if each["type"] == "token_usage")
    assert (tokens["token_count"], tokens["output_tokens"], tokens["model"], tokens["cost_usd"]) == (
        15,
        5,
        "gpt-5.4",
        0.5,
    )
    assert [(each.get("success"), each.get("error_type"), each["duration_ms"]) for each in found if each["type"] == "tool_use"] == [
        (True, None, 2000), (False, "not_found", 2000), (None, "rejected_by_user", 2000),
    ]  # fmt: skip
    assert [(each["error_type"], "extra" in each) for each in found if each["type"] == "error_occurred"] == [
        ("rate_limit", False), ("authentication", True),
    ]  # fmt: skip
    assert the(found, "performance")["ts"] == us(20)
    assert the(found, "checkpoint_created")["cwd"] == "/repo"
    assert len(machine.metrics("type = 'session_start'")) == 1


def test_messages_that_were_brought_over_to_2_count_once(machine: Machine) -> None:
    """The earlier tables stay, and the rows keep the messages' ids; what is new is in the later tables alone."""
    before = of(reply("m1", 1, tool(), step(input=3)))
    machine.connect(SCHEMA + SCHEMA_SINCE_2).close()
    machine.keep_rows(before)
    rows = [
        projected("m1", 1, projected_call("call_1", "completed"), tokens=counters(3)),
        projected("m2", 9, tokens=counters(4)),
    ]
    found = machine.read(machine.keep_projected(*rows, sessions=[before]))
    assert [(each["type"], each.get("input_tokens")) for each in found if each["type"] != "session_start"] == [
        ("tool_use", None), ("token_usage", 3), ("token_usage", 4),
    ]  # fmt: skip
    assert len(machine.metrics("type = 'session_start'")) == 1


def test_since_2_too_what_a_fork_copied_is_not_counted_again(machine: Machine) -> None:
    rows = [
        projected("m1", 1, tokens=counters(3)),
        projected("f1", 1, tokens=counters(3), session="ses_fork"),
        projected("f2", 60, tokens=counters(4), session="ses_fork"),
    ]
    found = machine.read(machine.keep_projected(*rows, sessions=[session(), session("ses_fork", at=50)]))
    assert [each["input_tokens"] for each in found] == [3, 4]


# Order, repetition, growth


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_files_may_be_read_in_any_order_and_again_and_while_they_grow(
    data: st.DataObject, one_store: Store, tmp_path_factory: pytest.TempPathFactory
) -> None:
    before, after = grown()
    machine = Machine(tmp_path_factory.mktemp("opencode"), emptied(one_store))
    forms = data.draw(st.lists(st.sampled_from(FORMS), min_size=1, max_size=3))
    for form in forms:
        paths = stored(machine, form, *before)
        machine.read(*data.draw(st.lists(st.sampled_from(paths), max_size=6)))
    for form in forms:
        paths = [*stored(machine, form, *after)]
        if form == "keep_rows":
            machine.memories.clear()  # the rows are written anew under the same moments
        machine.read(*data.draw(st.permutations(paths)))
        machine.read(*data.draw(st.lists(st.sampled_from(paths), max_size=3)))
    found = machine.metrics()
    emptied(one_store)
    read(machine, "export", *deepcopy(after))
    assert found == machine.metrics()


# What isn't understood


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["id", "sessionID", "messageID", "type", "role", "info", "messages", "parts", "time", "created",
            "state", "status", "tokens", "cache", "input", "error", "path", "parentID", "tool", "start", "metadata"]),
        inner, max_size=6,
    ),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(content=st.binary(max_size=200) | JSON.map(msgspec.json.encode))
def test_no_content_of_a_file_is_an_exception(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp() / "fuzz" / "storage" / "part" / "m"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "p.json"
    path.write_bytes(content)
    reader = OpenCode().reader()
    assert all(problem.reason for problem in reader.read_file(str(path)))
    reader.take()
    OpenCode().recognises(content.split(b"\n"))


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(JSON, min_size=4, max_size=4), kind=st.sampled_from(["tool", "step-finish", "retry", "step-start"])
)
def test_no_content_of_a_row_is_an_exception(
    values: list[Any], kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "opencode-fuzz.db"
    path.unlink(missing_ok=True)
    state, tokens, error, time = values
    part = {"type": kind, "tool": "task", "state": state, "tokens": tokens, "error": error, "time": time}
    message = {"role": "assistant", "time": {"created": ms(1)}, "tokens": tokens, "error": error, "path": state}
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA)
        connection.execute("INSERT INTO message VALUES ('m', 's', 1, 1, ?)", [json.dumps(message)])
        connection.execute("INSERT INTO part VALUES ('p', 'm', 's', 1, 1, ?)", [json.dumps(part)])
        connection.commit()
    reader = OpenCode().reader()
    list(reader.read_file(str(path)))
    reader.take()


@pytest.mark.parametrize("form", ["storage/part/m1/p1.json", "x.json"])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not JSON: Input data was truncated"),
        (b"{", "not JSON: Input data was truncated"),
        (b"[]", "unknown shape: Expected `object`, got `array`"),
        (b"{}", "unknown shape: neither a session, nor a message, a part or an export"),
        (b'{"type":"tool","id":5}', "unknown shape: Expected `str | null`, got `int` - at `$.id`"),
        (b"\xff", "not JSON: invalid character (byte 0)"),
        (b"[" * 100_000, "unknown shape: Expected `object`, got `array`"),
    ],
)
def test_a_file_that_is_not_understood_is_refused_with_the_reason(
    machine: Machine, form: str, content: bytes, reason: str
) -> None:
    path = machine.folder / form
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    assert machine.read(path) == []
    assert [(problem.line, problem.offset, problem.reason) for problem in machine.problems] == [(0, 0, reason)]


def test_a_message_of_an_export_that_is_not_understood_takes_no_other_with_it(machine: Machine) -> None:
    exported = of(reply("m1", 1, step(input=3)), {"info": 5}, reply("m2", 2, step(input=4)))
    assert [each["input_tokens"] for each in read(machine, "export", exported)] == [3, 4]
    (problem,) = machine.problems
    assert problem.reason.startswith("message 1: unknown shape")


def test_no_text_of_a_conversation_is_in_the_store(machine: Machine) -> None:
    for form in FORMS:
        read(machine, form, *whole())
    for metric in machine.metrics():
        assert SECRET not in repr(metric)


# Where sessions are


def test_the_place_is_the_folder_of_data(tmp_path: Path) -> None:
    source = OpenCode()
    assert source.places({}, tmp_path) == [tmp_path / ".local/share/opencode"]
    assert source.places({"XDG_DATA_HOME": "/xdg"}, tmp_path) == [Path("/xdg/opencode")]
    assert source.user({}, tmp_path) is None


@pytest.mark.parametrize(
    ("name", "owned"),
    [
        ("opencode.db", True),
        ("opencode-local.db", True),
        ("opencode.db-wal", False),
        ("other.db", False),
        ("storage/session/p1/ses_1.json", True),
        ("storage/message/ses_1/msg_1.json", True),
        ("storage/part/msg_1/prt_1.json", True),
        ("project/x/storage/session/part/ses_1/msg_1/prt_1.json", True),
        ("exports/ses_1.json", True),
        ("storage/session_diff/ses_1.json", False),
        ("storage/todo/ses_1.json", False),
        ("storage/project/p1.json", False),
        ("auth.json", False),
        ("storage/part/msg_1/.oc-prt_1.json.tmp", False),
    ],
)
def test_a_file_is_known_by_its_name(name: str, owned: bool) -> None:
    assert OpenCode().owns(str(Path("/home/ana/.local/share/opencode") / name)) is owned


def first_lines(content: bytes) -> list[bytes]:
    """What a file is recognised by."""
    start = content[: 1 << 16]
    if b"\n" not in start:
        start = content[: 1 << 20]
    return [line for line in start.split(b"\n")[:40] if line.strip()]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_document_is_known_by_its_content_even_where_it_is_cut(indent: int | None) -> None:
    exported = whole()[0]
    long = {"id": "p", "sessionID": "s", "messageID": "m", "type": "tool", "state": {"output": ["x" * 50] * 30_000}}
    message = {**exported["messages"][2]["info"], "diffs": [{"file": "x"}] * 100}
    for document in (exported, exported["info"], message, exported["messages"][0]["parts"][0], long):
        separators = (",", ":") if indent is None else None
        content = json.dumps(document, indent=indent, separators=separators).encode()
        assert OpenCode().recognises(first_lines(content)), content[:200]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [b"not json"],
        [b"[1]"],
        [b"{}"],
        [b'{"sessionId":"s","type":"user","uuid":"u","message":{},"timestamp":"2026-01-01T00:00:00Z"}'],
        [b'{"type":"file-history-snapshot","messageId":"m","snapshot":{}}', b'{"type":"user"}'],
        [b'{"timestamp":"2026-01-01T00:00:00Z","type":"session_meta","payload":{"id":"x","cwd":"/"}}'],
        [b'{"sessionId":"s","projectHash":"h","startTime":"2026-01-01T00:00:00Z","messages":[]}'],
        [b'{"id":"m1","timestamp":"2026-01-01T00:00:00Z","type":"tool_use","session_id":"s","data":{"messageID":1}}'],
        [b'{"id":"m1","type":"tool_use","data":{}}', b'{"id":"p","type":"tool","messageID":"m"}'],
        [b'{"info":{"title":"an API","version":"1"},"messages":[]}'],
        [b"{", b'  "info": {', b'    "title": "x"'],
    ],
)
def test_other_formats_are_not_taken(lines: list[bytes]) -> None:
    assert not OpenCode().recognises(lines)


def test_a_database_is_known_by_its_first_bytes(machine: Machine) -> None:
    assert OpenCode().recognises(first_lines(machine.keep_rows(*whole()).read_bytes()))


# Real sessions


@pytest.mark.skipif(not SHARED.exists(), reason="needs the collected logs")
def test_real_exports_count_as_a_plain_reading_does(machine: Machine) -> None:
    files = sorted(SHARED.rglob("*.json"))
    assert all(OpenCode().recognises(first_lines(path.read_bytes())) for path in files)
    machine.read(*files)
    sums = machine.store.connection.execute(
        "SELECT count(*), sum(input_tokens), sum(output_tokens), sum(cache_read_tokens), sum(token_count) "
        "FROM metrics WHERE type = 'token_usage'"
    ).fetchone()
    expected = [0, 0, 0, 0, 0]
    calls = 0
    for path in files:
        for message in json.loads(path.read_bytes())["messages"]:
            calls += sum(part["type"] == "tool" for part in message["parts"])
            for part in message["parts"]:
                if part["type"] == "step-finish":
                    used = part["tokens"]
                    output = used["output"] + used["reasoning"]
                    each = (1, used["input"], output, used["cache"]["read"])
                    total = used["input"] + output + used["cache"]["read"] + used["cache"]["write"]
                    expected = [a + b for a, b in zip(expected, (*each, total), strict=True)]
    assert sums == tuple(expected)
    assert len(machine.metrics("type = 'tool_use'")) == calls
    assert machine.problems == []
