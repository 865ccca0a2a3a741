"""Gemini CLI's conversations: each trap of the format with the smallest conversation that shows it."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import claude_lines
from claude_lines import SECRET, microseconds, stamp
from parts import Row, merged, parts
from tachograph.sources import gemini_shapes
from tachograph.sources.claude_code import ClaudeCode
from tachograph.sources.gemini_cli import GeminiCli
from tachograph.store.duckdb import Store

SESSION = "aaaaaaaa-0000-4000-8000-000000000001"
RUN = "bbbbbbbb-0000-4000-8000-000000000002"
DATA = Path(__file__).parents[3] / "shared/data"

Json = dict[str, Any]


def header(session: str = SESSION, kind: str = "main", **more: Any) -> Json:
    return {
        "sessionId": session,
        "projectHash": "0f" * 32,
        "startTime": stamp(0),
        "lastUpdated": stamp(0),
        "kind": kind,
        **more,
    }


def message(id: str, at: float, type: str = "gemini", **fields: Any) -> Json:
    return {"id": id, "timestamp": stamp(at), "type": type, "content": SECRET, **fields}


def tokens(input: int = 100, output: int = 5, cached: int = 0, thoughts: int = 0, tool: int = 0) -> Json:
    total = input + output + thoughts + tool
    return {"input": input, "output": output, "cached": cached, "thoughts": thoughts, "tool": tool, "total": total}


def reply(id: str, at: float, *calls: Json, **fields: Any) -> Json:
    more: Json = {"toolCalls": list(calls)} if calls else {}
    return message(id, at, model="gemini-3-pro", thoughts=[{"subject": SECRET}], **more, **fields)


def call(id: str, at: float, name: str = "read_file", status: str = "success", text: str = SECRET, **more: Any) -> Json:
    answer = {"output": text} if status == "success" else {"error": text}
    result = [{"functionResponse": {"id": id, "name": name, "response": answer}}]
    call = {"id": id, "name": name, "args": {"file_path": SECRET}, "result": result, "status": status}
    return {**call, "timestamp": stamp(at), "resultDisplay": text, "description": SECRET, **more}


def lines(*records: Json | str) -> str:
    return "".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in records)


def document(*messages: Json, **more: Any) -> str:
    return json.dumps({**header(), "messages": list(messages), **more}, indent=2)


class Chats:
    """A project's folder, and what was read of it."""

    def __init__(self, path: Path) -> None:
        self.path, self.rows, self.problems = path, list[Row](), list[tuple[int, int, str]]()

    def read(self, text: str | bytes, file: str = "session-1.jsonl") -> list[Row]:
        """Writes a file, reads it, and gives all metrics so far but the starts of sessions."""
        path = self.path / "chats" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        reader = GeminiCli().reader()
        self.problems = [(each.line, each.offset, each.reason) for each in reader.read_file(str(path))]
        assert reader.waiting >= 0
        self.rows += parts(reader.take())
        assert reader.waiting == 0
        return self.all("token_usage", "tool_use", "agent_execution", "error_occurred")

    def all(self, *types: str) -> list[Row]:
        return [row for row in merged(self.rows) if row["type"] in types]


@pytest.fixture
def chats(tmp_path: Path) -> Chats:
    return Chats(tmp_path)


def both(*messages: Json) -> list[tuple[str, str]]:
    """The same conversation in both formats."""
    return [
        ("session-1.json", document(*messages)),
        ("session-1.jsonl", lines(header(), *messages, {"$set": {"lastUpdated": stamp(9)}})),
    ]


COUNTERS = ("input_tokens", "output_tokens", "cache_read_tokens", "reasoning_tokens", "token_count")


# Counters


@pytest.mark.parametrize(
    ("told", "counted"),
    [
        (tokens(input=100, output=5), (100, 5, 0, 0, 105)),
        (tokens(input=100, output=5, cached=80), (20, 5, 80, 0, 105)),
        (tokens(input=100, output=5, thoughts=7), (100, 12, 0, 7, 112)),
        (tokens(input=100, output=5, cached=80, thoughts=7, tool=3), (23, 12, 80, 7, 115)),
        (tokens(input=10, output=5, cached=80), (0, 5, 80, 0, 85)),
        ({"input": 3, "output": 4}, (3, 4, None, None, 7)),
    ],
)
def test_the_kinds_of_tokens_are_disjoint(chats: Chats, told: Json, counted: tuple[int | None, ...]) -> None:
    (found,) = chats.read(lines(header(), reply("m1", 1, tokens=told)))
    assert tuple(found.get(name) for name in COUNTERS) == counted
    assert (found["model"], found["ts"], found["session_id"]) == ("gemini-3-pro", microseconds(1), SESSION)


@pytest.mark.parametrize("told", [None, {}])
def test_a_reply_without_counters_is_no_use_of_tokens(chats: Chats, told: Json | None) -> None:
    assert chats.read(lines(header(), reply("m1", 1, tokens=told))) == []


def test_both_formats_give_the_same(tmp_path: Path) -> None:
    messages = message("u1", 1, "user"), reply("m1", 2, call("c1", 3), tokens=tokens()), message("e1", 4, "error")
    results = []
    for file, text in both(*messages):
        chats = Chats(tmp_path / file)
        chats.read(text, file)
        assert chats.problems == []
        results.append(merged(chats.rows))
    assert results[0] == results[1]
    assert len(results[0]) == 4


def test_a_message_that_is_appended_again_is_one(chats: Chats) -> None:
    found = chats.read(
        lines(
            header(),
            reply("m1", 1),
            reply("m1", 1, tokens=tokens(100, 5)),
            reply("m1", 1, call("c1", 2), tokens=tokens(100, 5)),
            reply("m1", 1, call("c1", 2), call("c2", 3), tokens=tokens(100, 5)),
        )
    )
    assert sorted(each["type"] for each in found) == ["token_usage", "tool_use", "tool_use"]
    assert sum(each.get("token_count", 0) for each in found) == 105


def test_what_is_rewound_or_compacted_was_paid_for(chats: Chats) -> None:
    found = chats.read(
        lines(
            header(),
            reply("m1", 1, tokens=tokens()),
            {"$rewindTo": "m1"},
            reply("m2", 2, tokens=tokens()),
            {"$set": {"messages": [message("s1", 3), reply("m3", 4, tokens=tokens())]}},
        )
    )
    assert [each["id"] for each in found] == [f"gemini-cli:{SESSION}:{id}" for id in ("m1", "m2", "m3")]


# Calls


@pytest.mark.parametrize(
    ("status", "text", "success", "kind"),
    [
        ("success", "exit code 1", True, None),
        ("error", SECRET, False, "tool_error"),
        ("error", "File not found: /x", False, "not_found"),
        ("error", "Tool execution denied by policy.", False, "permission_denied"),
        ("error", "params must have required property 'x'", False, "invalid_input"),
        ("error", "Failed to edit, could not find the string to replace.", False, "no_match"),
        ("cancelled", "[Operation Cancelled] Reason: Operation cancelled", None, "cancelled"),
        ("cancelled", "[Operation Cancelled] Reason: User denied execution.", None, "rejected_by_user"),
        ("executing", SECRET, None, None),
    ],
)
def test_a_call_has_an_outcome_and_a_kind_of_failure(
    chats: Chats, status: str, text: str, success: bool | None, kind: str | None
) -> None:
    (found,) = chats.read(lines(header(), reply("m1", 1, call("c1", 3, status=status, text=text))))
    assert (found["tool_name"], found.get("success"), found.get("error_type")) == ("read_file", success, kind)
    assert (found["ts"], found.get("ended_ts")) == (microseconds(1), None if status == "executing" else microseconds(3))
    assert found["model"] == "gemini-3-pro"


@pytest.mark.parametrize("at", [1, 0.5])
def test_a_call_that_was_recorded_with_its_reply_has_no_end(chats: Chats, at: float) -> None:
    (found,) = chats.read(lines(header(), reply("m1", 1, call("c1", at))))
    assert "ended_ts" not in found


def test_the_same_call_ids_in_two_sessions_are_two_calls(chats: Chats) -> None:
    chats.read(lines(header(), reply("m1", 1, call("c1", 2))))
    assert len(chats.read(lines(header("other"), reply("m1", 1, call("c1", 2))), "session-2.jsonl")) == 2


# Sub-agents


def invoked(**more: Any) -> Json:
    return call("c1", 9, "invoke_agent", args={"agent_name": "investigator", "prompt": SECRET}, **more)


def sub_agent() -> str:
    return lines(
        header(RUN, "subagent", startTime=stamp(2), directories=["/home/ana/api"]),
        reply("m2", 3, call("c2", 4), tokens=tokens()),
    )


@pytest.mark.parametrize("own_file_first", [True, False])
def test_a_sub_agent_is_a_run_of_its_session(chats: Chats, own_file_first: bool) -> None:
    texts = [
        ("session-1.jsonl", lines(header(), reply("m1", 1, invoked(agentId=RUN), tokens=tokens()))),
        (f"{SESSION}/{RUN}.jsonl", sub_agent()),
    ]
    for file, text in reversed(texts) if own_file_first else texts:
        chats.read(text, file)
    found = merged(chats.rows)
    assert {each["session_id"] for each in found} == {SESSION}
    assert [each["type"] for each in found].count("session_start") == 1
    (run,) = chats.all("agent_execution")
    assert (run["agent_id"], run["agent_run_id"], run["success"]) == ("investigator", RUN, True)
    assert (run["ts"], run["ended_ts"]) == (microseconds(1), microseconds(9))
    assert [each.get("agent_run_id") for each in chats.all("token_usage")] == [None, RUN]
    assert [(each["tool_name"], each.get("agent_run_id")) for each in chats.all("tool_use")] == [
        ("invoke_agent", None),
        ("read_file", RUN),
    ]


def test_a_sub_agent_of_a_running_call_has_no_end(chats: Chats) -> None:
    chats.read(sub_agent(), f"{SESSION}/{RUN}.jsonl")
    (run,) = chats.all("agent_execution")
    assert (run["ts"], run["agent_run_id"], run["cwd"]) == (microseconds(2), RUN, "/home/ana/api")
    assert not {"ended_ts", "success", "agent_id"} & run.keys()


def test_in_older_builds_the_tool_is_the_agent(chats: Chats) -> None:
    chats.read(lines(header(), reply("m1", 1, call("c1", 2, "codebase_investigator", agentId=RUN))))
    (run,) = chats.all("agent_execution")
    assert run["agent_id"] == "codebase_investigator"


def test_an_agent_that_did_not_run_is_one_without_a_run(chats: Chats) -> None:
    chats.read(lines(header(), reply("m1", 1, invoked(status="error"))))
    (run,) = chats.all("agent_execution")
    assert (run["agent_id"], run["success"], run.get("agent_run_id")) == ("investigator", False, None)


# Errors, sessions, projects


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('[API Error: {"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}]', "rate_limit"),
        ("You have exhausted your daily quota on this model.", "rate_limit"),
        ("[API Error: got status: UNAVAILABLE]", "overloaded"),
        ("API key not valid. Please pass a valid API key.", "authentication"),
        ("[API Error: 403 PERMISSION_DENIED]", "permission"),
        ("The input token count (1048577) exceeds the maximum number of tokens allowed", "context_too_long"),
        ("fetch failed", "connection"),
        (SECRET, "unknown"),
    ],
)
def test_an_error_is_of_a_kind(chats: Chats, text: str, kind: str) -> None:
    (found,) = chats.read(lines(header(), {**message("e1", 1, "error"), "content": text}))
    assert (found["type"], found["error_type"], found["success"]) == ("error_occurred", kind, False)


def test_notes_and_prompts_are_no_metrics(chats: Chats) -> None:
    assert chats.read(lines(header(), *(message(type, 1, type) for type in ("user", "info", "warning", "new")))) == []


def test_a_session_starts_when_its_header_says(chats: Chats) -> None:
    chats.read(lines(header(startTime=stamp(-5)), reply("m1", 1)))
    (start,) = chats.all("session_start")
    assert (start["id"], start["ts"]) == (f"gemini-cli:{SESSION}:start", microseconds(-5))


def test_a_session_without_a_moment_starts_with_its_first_message(chats: Chats) -> None:
    chats.read(lines(header(startTime="yesterday"), reply("m1", 7), reply("m2", 3)))
    assert [each["ts"] for each in chats.all("session_start")] == [microseconds(3)]


def test_the_project_is_what_its_folder_says(chats: Chats) -> None:
    (chats.path / ".project_root").write_text("/home/ana/api\n")
    chats.read(lines(header(), reply("m1", 1, tokens=tokens())))
    chats.read(sub_agent(), f"{SESSION}/{RUN}.jsonl")
    assert {each.get("cwd") for each in merged(chats.rows)} == {"/home/ana/api"}


def test_a_hash_is_no_project(chats: Chats) -> None:
    chats.read(lines(header(), reply("m1", 1, tokens=tokens())))
    assert not any("cwd" in each for each in merged(chats.rows))


# What isn't as it should be


def test_lines_that_are_not_json_are_told_with_their_places(chats: Chats) -> None:
    first = lines(header())
    found = chats.read(first + lines("{", reply("m1", 1, tokens=tokens()), '{"tokens":5}', "", "[]"))
    assert len(found) == 1
    assert [line for line, _, _ in chats.problems] == [1, 3, 5]
    assert chats.problems[0][1] == len(first)
    assert [reason.split(":")[0] for _, _, reason in chats.problems] == ["not JSON", "unknown shape", "unknown shape"]


def test_a_text_that_was_cut_within_a_character_does_not_cost_the_conversation(tmp_path: Path) -> None:
    """JavaScript writes the half of an emoji that is left, which is no text to others."""
    messages = (
        message("u1", 1, "user", content="cut \ud83d"),
        reply("m1", 2, call("c1", 3, text="\ude00"), tokens=tokens()),
    )
    for file, text in both(*messages):
        chats = Chats(tmp_path / file)
        assert sorted(each["type"] for each in chats.read(text, file)) == ["token_usage", "tool_use"]
        assert chats.problems == []


def test_an_unfinished_last_line_is_no_problem(chats: Chats) -> None:
    whole = lines(header(), reply("m1", 1, tokens=tokens()))
    assert chats.read(whole[:-10]) == []
    assert chats.problems == []
    assert len(chats.read(whole.rstrip())) == 1


def test_a_document_that_is_cut_is_a_problem_of_the_file(chats: Chats) -> None:
    assert chats.read(document(reply("m1", 1, tokens=tokens()))[:-20], "session-1.json") == []
    ((line, offset, reason),) = chats.problems
    assert (line, offset) == (0, 0)
    assert reason.startswith("not JSON: ")


def test_a_message_of_an_unknown_shape_is_told_alone(chats: Chats) -> None:
    bad = {**reply("m0", 1), "tokens": {"input": "many"}}
    assert len(chats.read(document(bad, reply("m1", 1, tokens=tokens())), "session-1.json")) == 1
    assert [reason.split(":")[0] for _, _, reason in chats.problems] == ["unknown shape"]


@pytest.mark.parametrize("text", ["{}", "[]", "5", '{"history": []}', '{"sessionId": 5}', b"\xff\xfe{}", "nonsense"])
def test_another_document_is_a_problem(chats: Chats, text: str | bytes) -> None:
    assert chats.read(text, "session-1.json") == []
    assert len(chats.problems) == 1
    assert chats.rows == []


def test_lines_may_be_in_a_file_of_another_name(chats: Chats) -> None:
    assert len(chats.read(lines(header(), reply("m1", 1, tokens=tokens())), "copy.txt")) == 1
    assert chats.problems == []


@pytest.mark.parametrize("at", ["yesterday", None, "0000-01-01T00:00:00Z"])
def test_a_message_without_a_moment_is_passed_over(chats: Chats, at: str | None) -> None:
    assert chats.read(lines(header(), {**reply("m1", 1, call("c1", 2), tokens=tokens()), "timestamp": at})) == []
    assert chats.problems == []


def test_no_text_of_a_conversation_is_given(chats: Chats) -> None:
    chats.read(
        lines(
            header(summary=SECRET),
            message("u1", 1, "user", displayContent=SECRET),
            reply("m1", 2, call("c1", 3), call("c2", 4, status="error"), invoked(), tokens=tokens()),
            message("e1", 5, "error"),
            f'{{"type":"{SECRET}',
            f'{{"type":"gemini","tokens":"{SECRET}"}}',
        )
    )
    assert len(chats.rows) > 5
    assert len(chats.problems) == 2
    assert SECRET not in repr(chats.rows) + repr(chats.problems)


# Again and again


@st.composite
def histories(draw: st.DrawFn) -> list[Json]:
    """Lines of a conversation, in which messages are appended again as they get counters and calls."""
    records = [header()]
    for number in range(draw(st.integers(1, 5))):
        id, used, calls = f"m{number}", tokens(draw(st.integers(0, 9)), cached=draw(st.integers(0, 9))), list[Json]()
        records.append(reply(id, number))
        if draw(st.booleans()):
            records.append(reply(id, number, tokens=used))
            for index in range(draw(st.integers(0, 2))):
                status = draw(st.sampled_from(["success", "error", "cancelled"]))
                calls.append(call(f"c{number}{index}", number + draw(st.integers(-1, 3)), status=status))
                records.append(reply(id, number, *calls, tokens=used))
        records.append(draw(st.sampled_from([{"$set": {"lastUpdated": stamp(number)}}, {"$rewindTo": id}])))
    return records


@settings(deadline=None, max_examples=40)
@given(histories(), st.data())
def test_a_file_that_is_read_again_as_it_grows_gives_the_same(records: list[Json], data: st.DataObject) -> None:
    text = lines(*records).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    with TemporaryDirectory() as folder:
        grown, whole = Chats(Path(folder)), Chats(Path(folder))
        for cut in (*cuts, len(text)):
            grown.read(text[:cut])
            assert all(reason == "unknown shape: no sessionId" for _, _, reason in grown.problems)
        whole.read(text)
        assert merged(grown.rows) == merged(whole.rows)


@settings(deadline=None, max_examples=40)
@given(histories(), st.data())
def test_a_document_that_is_written_anew_gives_the_same(records: list[Json], data: st.DataObject) -> None:
    def written(until: int) -> str:
        return document(*{each["id"]: each for each in records[:until] if "id" in each}.values())

    cuts = sorted(data.draw(st.lists(st.integers(0, len(records)), max_size=4)))
    with TemporaryDirectory() as folder:
        grown, whole = Chats(Path(folder)), Chats(Path(folder))
        for cut in (*cuts, len(records), len(records)):
            grown.read(written(cut), "session-1.json")
        whole.read(lines(*records))
        assert merged(grown.rows) == merged(whole.rows)


SHAPES = (gemini_shapes.Record, gemini_shapes.Call, gemini_shapes.Tokens, gemini_shapes.AgentArguments)
KEYS = st.sampled_from(sorted({name for shape in SHAPES for name in shape.__struct_encode_fields__}))
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["gemini", "error", "success", "invoke_agent", stamp(1)])
    | st.text(max_size=5)
)
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6))


@settings(deadline=None, max_examples=150)
@given(
    st.binary(max_size=60) | st.lists(JSON.map(json.dumps), max_size=4).map(lambda each: "\n".join(each).encode()),
    st.booleans(),
    st.sampled_from(["session-1.json", "session-1.jsonl", f"{SESSION}/{RUN}.jsonl"]),
)
def test_nothing_in_a_file_stops_the_reading(text: bytes, with_header: bool, file: str) -> None:
    with TemporaryDirectory() as folder:
        Chats(Path(folder)).read(lines(header()).encode() + text if with_header else text, file)
    assert GeminiCli().recognises(text.split(b"\n")) in (True, False)


def test_a_store_has_calls_with_their_durations(chats: Chats) -> None:
    path = chats.path / "session-1.jsonl"
    path.write_text(lines(header(), reply("m1", 1, invoked(agentId=RUN), tokens=tokens())))
    with Store.in_memory() as store:
        for _ in range(2):
            reader = GeminiCli().reader()
            assert list(reader.read_file(str(path))) == []
            with store.loading() as loading:
                loading.add(reader.take(), source="gemini-cli", in_parts=True)
                loading.commit([], [], [], [])
        found = store.connection.execute("SELECT type, duration_ms, token_count FROM metrics ORDER BY type").fetchall()
    assert found == [
        ("agent_execution", 8000, None),
        ("session_start", None, None),
        ("token_usage", None, 105),
        ("tool_use", 8000, None),
    ]


# Where conversations are


def test_the_places_are_below_the_home_or_another_folder(tmp_path: Path) -> None:
    gemini = GeminiCli()
    assert gemini.places({}, tmp_path) == [tmp_path / ".gemini/tmp"]
    assert gemini.places({"GEMINI_CLI_HOME": "/moved"}, tmp_path) == [Path("/moved/.gemini/tmp")]
    assert gemini.beside("x") == []


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ('{"active":"ana@example.com","old":[]}', "ana@example.com"),
        ('{"active":null}', None),
        ("{", None),
        (None, None),
    ],
)
def test_the_user_is_the_active_account(tmp_path: Path, text: str | None, user: str | None) -> None:
    (tmp_path / ".gemini").mkdir()
    if text is not None:
        (tmp_path / ".gemini/google_accounts.json").write_text(text)
    assert GeminiCli().user({}, tmp_path) == user


@pytest.mark.parametrize(
    ("name", "owned"),
    [
        ("chats/session-2026-04-14T00-15-970c70a7.json", True),
        ("chats/session-2026-04-14T00-15-970c70a7.jsonl", True),
        (f"chats/{SESSION}/{RUN}.jsonl", True),
        (f"chats/{SESSION}/{RUN}.json", False),
        ("chats/session-1.jsonl.tmp-77", False),
        ("chats/notes.json", False),
        ("logs.json", False),
        ("checkpoints/session-1.json", False),
    ],
)
def test_a_conversation_is_known_by_its_name(name: str, owned: bool) -> None:
    assert GeminiCli().owns(str(Path("/home/ana/.gemini/tmp/api") / name)) is owned


LONG = document(*(reply(f"m{number}", number, tokens=tokens()) for number in range(50)))


@pytest.mark.parametrize(
    ("text", "known"),
    [
        (lines(header(), reply("m1", 1)), True),
        (document(), True),
        (LONG, True),
        (json.dumps(json.loads(LONG))[:3000], True),
        ('{\n "kind": "chat",\n "startTime": "x",\n "projectHash": "y",\n "sessionId": "z",\n "messages": [', True),
        (lines(reply("m1", 1)), False),
        (lines({"sessionId": "s", "type": "user", "uuid": "u", "timestamp": stamp(1), "projectHash": "h"}), False),
        (lines({"timestamp": stamp(1), "type": "session_meta", "payload": {"sessionId": "s"}}), False),
        (lines({"id": "m1", "timestamp": stamp(1), "type": "tool_use", "session_id": "s", "data": {}}), False),
        ('{\n "info": {"id": "ses_1"},\n "messages": [{"sessionId": "s", "projectHash": "h"}', False),
        ('{"history": [], "sessionId": "s", "projectHash": "h", "messages": [', False),
        ("nonsense", False),
        ("", False),
    ],
)
def test_a_conversation_is_known_by_its_beginning(text: str, known: bool) -> None:
    first_lines = text.encode().split(b"\n")[:40]
    assert GeminiCli().recognises(first_lines) is known
    assert not (known and ClaudeCode().recognises(first_lines))


def test_a_transcript_of_another_agent_is_known_by_its_lines_and_not_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / ".gemini/tmp/api/chats/session-1.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(claude_lines.transcript(claude_lines.reply("m1", 1, used=claude_lines.usage())))
    with Store.in_memory() as store:
        claude_lines.ingest(store, tmp_path, source=None)
        assert {row["source"] for row in claude_lines.rows(store)} == {"claude-code"}


@pytest.mark.skipif(not DATA.exists(), reason="real conversations are not part of the project")
def test_real_conversations_are_recognised_and_read_without_a_problem() -> None:
    files = sorted((DATA / "gemini-cli").rglob("session-*.json"))
    assert files
    for file in files:
        assert GeminiCli().owns(str(file))
        assert GeminiCli().recognises(file.read_bytes()[:65536].split(b"\n")[:40])
        reader = GeminiCli().reader()
        assert list(reader.read_file(str(file))) == []
        types = {row["type"] for row in merged(parts(reader.take()))}
        assert {"session_start", "token_usage", "tool_use"} <= types
