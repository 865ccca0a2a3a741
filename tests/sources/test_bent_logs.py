"""Logs in which any part is anything: whatever it is, the reader goes on, and the store can hold what it gives.

Each value of each record of a log is put in the place of many that it can't be, one after the other. What comes of it
is nothing more than lines that are refused, and a refused line takes no other with it.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import opencode_sessions
from claude_lines import stamp
from opencode_sessions import SCHEMA, SCHEMA_SINCE_2, Machine, counters, insert, ms, session
from sources import test_codex as codex
from sources import test_copilot_cli as copilot
from sources import test_gemini_cli as gemini
from sources import test_opencode as opencode
from tachograph.metric import FIRST_US, LAST_US
from tachograph.sources import source
from tachograph.sources.protocol import Block
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from tachograph.columns import ColumnBatch
    from tachograph.sources.protocol import FileReader, LineProblem, SequenceReader

Json = Any
Step = str | int

NUMBERS = (
    b"0", b"-0.0", b"-1", b"1.5", b"1e308", b"1e999", b"9007199254740993", b"1152921504606846976",
    b"9223372036854775807", b"9223372036854775808", b"-9223372036854775808", b"-9223372036854775809",
    b"1" + b"0" * 30, b"1" + b"0" * 400, b"1" + b"0" * 5000,
)  # fmt: skip
TEXTS = (
    b'""', b'"5"', b'"x"', b'"\\u0000"', b'"a\\u0000b"', b'"\\ud800"', b'"a\\udc00b"', b'"\\ude00\\ud83d"',
    '"é\N{GRINNING FACE}"'.encode(), b'"\xff"', b'"\xed\xa0\x80"', b'"%s"' % (b"x" * 3000), b'"../../x"',
    b'"2026-02-30T00:00:00Z"', b'"0001-01-01T00:00:00+23:59"', b'"9999-12-31T23:59:59-23:59"',
)  # fmt: skip
OTHERS = (
    b"null",
    b"true",
    b"[]",
    b"[1]",
    b"[[null]]",
    b"{}",
    b'{"a":{"":[]}}',
    b"[" * 3000 + b"]" * 3000,
    b"\x00",
    b"",
)
ANYTHING = (*NUMBERS, *TEXTS, *OTHERS)
FEWER = (*NUMBERS[::3], *TEXTS[::3], *OTHERS[::2])
PLACE = "the place"


# Documents with something else in them


class Bend(NamedTuple):
    """A place in a document, and what is put there."""

    steps: tuple[Step, ...]
    value: bytes


def places(document: Json) -> Iterator[tuple[Step, ...]]:
    """The way to each value in a document."""
    found: Iterable[tuple[Step, Json]] = ()
    if isinstance(document, dict):
        found = document.items()
    elif isinstance(document, list):
        found = enumerate(document)
    for step, value in found:
        yield (step,)
        yield from ((step, *rest) for rest in places(value))


def put(at: Json, steps: Sequence[Step], value: str) -> None:
    """Puts a value in a place, where the way to it is still there."""
    step, *rest = steps
    if type(at) in (dict, list):
        if rest:
            put(at[step], rest, value)
        else:
            at[step] = value


def bent(document: Json, *bends: Bend) -> bytes:
    """The document as JSON, with something else in some places."""
    document = json.loads(json.dumps(document))
    for number, bend in enumerate(bends):
        put(document, bend.steps, f"{PLACE} {number}")
    text = json.dumps(document).encode()
    for number, bend in enumerate(bends):
        text = text.replace(f'"{PLACE} {number}"'.encode(), bend.value)
    return text


def each_bent(documents: Iterable[Json], values: Sequence[bytes] = ANYTHING) -> Iterator[tuple[Json, bytes]]:
    """Documents with each value in each place; a place that others of the same kind have too is bent in the first."""
    seen = set()
    for document in documents:
        data = document.get("payload", document.get("data", document))
        kind = document.get("type"), document.get("role"), data.get("type") if isinstance(data, dict) else None
        for steps in places(document):
            place = (kind, tuple("" if isinstance(step, int) else step for step in steps))
            if place not in seen:
                seen.add(place)
                yield from ((document, bent(document, Bend(steps, value))) for value in values)


# What must hold


@pytest.fixture(scope="module")
def one_store() -> Iterator[Store]:
    with Store.in_memory() as store:
        yield store


@pytest.fixture
def store(one_store: Store) -> Store:
    return opencode.emptied(one_store)


def checked(problems: Iterable[LineProblem]) -> int:
    """How many lines were refused, each with a reason that can be shown and kept."""
    reasons = [problem.reason for problem in problems]
    assert all(reason and reason.encode() for reason in reasons)
    return len(reasons)


def load(store: Store, name: str, batches: list[ColumnBatch]) -> int:
    """Stores what was read, and gives how many metrics there are, whose values are all such as can be."""
    with store.loading() as loading:
        loading.add(batches, source=name, in_parts=True)
        loading.commit([])
    kinds = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
    wrong = store.connection.execute(
        f"SELECT id FROM metrics WHERE ts IS NOT NULL AND NOT (ts BETWEEN {FIRST_US} AND {LAST_US}"  # noqa: S608
        f" AND coalesce(least({', '.join(kinds)}, token_count, reasoning_tokens), 0) >= 0"
        " AND coalesce(duration_ms, 0) >= 0 AND coalesce(isfinite(duration_ms), true)"
        f" AND coalesce(token_count, 0) = {' + '.join(f'coalesce({kind}, 0)' for kind in kinds)})"
    )
    assert wrong.fetchall() == []
    return store.metrics_count()


# Lines


class Lines(NamedTuple):
    """A source whose logs are lines: a file's name, lines that it begins with, and one of each kind."""

    name: str
    file: str
    beginning: list[Json]
    kinds: list[Json]

    def read(self, text: bytes) -> tuple[int, list[ColumnBatch]]:
        """Reads a file in two runs: how many lines were refused, and the rows."""
        refused = 0
        batches: list[ColumnBatch] = []
        memory: str | None = None
        for part in (b"".join(json.dumps(line).encode() + b"\n" for line in self.beginning), text):
            reader = cast("SequenceReader", source(self.name).reader())
            reader.memory = memory
            refused += checked(reader.read(self.file, [Block(0, 0, part)]))
            memory = reader.memory
            assert memory is None or memory.encode()
            batches += reader.take()
        return refused, batches


ENDED: Json = {"id": "c2", "server": "s", "tool": "t", "exit_code": 1, "duration": {"secs": 1, "nanos": 2}}
CODEX = Lines(
    "codex",
    codex.FILE,
    [codex.meta(), codex.context(1), codex.started(1, codex.dated(1)), codex.call("c", 1)],
    [
        *(line for lines in codex.EVERYTHING for line in lines if isinstance(line, dict)),
        {"id": "x", "timestamp": codex.stamp(0), "instructions": None, "git": {}},
        codex.recorded(2, "r", codex.used(9, 2, 3, 4, 1), session_id="s", model="m"),
        codex.started(1, "turn-1", started_at=5.5),
        codex.item("function_call", 1, call_id="c", name="n", namespace="mcp__docs__"),
        codex.item("image_generation_call", 1, id="i", status="completed"),
        codex.item("ghost_snapshot", 1),
        codex.event("exec_command_end", 2, call_id="c", exit_code=1, status="failed", source="user_shell"),
        codex.event("patch_apply_end", 1, call_id="y", success=False, status="failed", duration=ENDED["duration"]),
        codex.event("mcp_tool_call_end", 1, call_id="z", invocation=ENDED, result={"Ok": {"isError": True}}),
        codex.event("dynamic_tool_call_response", 1, call_id="z", tool="render", success=False),
        codex.event(
            "item_completed",
            3,
            item={**ENDED, "type": "McpToolCall", "status": "completed", "success": True, "kind": "k"},
            started_at_ms=5,
            completed_at_ms=9,
        ),
        codex.event("stream_error", 1, message="x", codex_error_info={"a": {"http_status_code": 5}}),
    ],
)
COPILOT = Lines(
    "copilot-cli",
    f"/x/session-state/{copilot.SESSION}/events.jsonl",
    [copilot.start(), copilot.reply(1), copilot.call("t1", 1)],
    [
        *(each for each in copilot.everything() if isinstance(each, dict)),
        copilot.resume(5, context={"cwd": "/x"}, startTime=stamp(1), selectedModel="m"),
        copilot.event("hook.start", 1, hookInvocationId="h", hookType="p"),
        copilot.event("hook.end", 2, hookInvocationId="h", success=True),
        copilot.event("assistant.turn_start", 1, model="m"),
        copilot.event("assistant.turn_end", 3, model="m"),
        copilot.event("session.compaction_start", 1),
        copilot.event("session.compaction_complete", 3, success=True),
        copilot.event("session.truncation", 3),
        copilot.event("session.model_change", 1, newModel="m"),
        copilot.event("session.context_changed", 1, cwd="/x"),
        copilot.event("session.error", 6, errorType="query", statusCode=500, message="m"),
        copilot.event("permission.requested", 1.5, requestId="r1", permissionRequest={"toolCallId": "t1"}),
        copilot.event("permission.completed", 2, requestId="r1", toolCallId="t1", result={"kind": "cancelled"}),
        copilot.event("subagent.started", 1, toolCallId="t1", agentName="x", model="m", agent="a"),
        copilot.event("subagent.completed", 8, toolCallId="t1", agentName="x", durationMs=4.5, cancelled=False),
        copilot.event("skill.invoked", 1, name="r", trigger="user-invoked"),
    ],
)
LINES = pytest.mark.parametrize("lines", [CODEX, COPILOT], ids=lambda lines: lines.name)


@LINES
def test_no_value_anywhere_in_a_line_stops_the_lines_after_it(lines: Lines, store: Store) -> None:
    given = list(each_bent(lines.kinds))
    assert len(given) > 2000
    for document, text in given:
        _, batches = lines.read(text + b"\n" + json.dumps(document).encode() + b"\n")
        assert sum(batch.length for batch in batches) >= 1
    text = b"".join(text + b"\n" for _, text in given)
    refused, batches = lines.read(text)
    assert 0 < refused < len(given)
    assert load(store, lines.name, batches) > 50


@LINES
@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_nothing_in_lines_stops_the_reading(lines: Lines, data: st.DataObject) -> None:
    text = b"\n".join(data.draw(st.lists(damaged(lines.kinds), max_size=6)))
    _, batches = lines.read(text + b"\n")
    assert all(batch.length >= 0 for batch in batches)
    assert source(lines.name).recognises(text.split(b"\n")) in (True, False)


@st.composite
def damaged(draw: st.DrawFn, documents: list[Json]) -> bytes:
    """A document with something else in several places, as if a disk had failed."""
    document = draw(st.sampled_from(documents))
    bends = st.builds(Bend, st.sampled_from(list(places(document))), st.sampled_from(ANYTHING) | VALUES.map(_encoded))
    text = bytearray(bent(document, *draw(st.lists(bends, max_size=3, unique_by=lambda bend: bend.steps))))
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(text)))
        text[at : at + draw(st.integers(0, 30))] = draw(st.binary(max_size=4))
    return bytes(text)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


def _encoded(value: Json) -> bytes:
    return json.dumps(value).encode()


# Files


def read_file(name: str, path: Path, memory: str | None = None) -> tuple[int, list[ColumnBatch]]:
    """Reads a file: how many parts of it were refused, and the rows."""
    reader = cast("FileReader", source(name).reader())
    reader.memory = memory
    refused = checked(reader.read_file(str(path)))
    return refused, reader.take()


def conversation() -> Json:
    """A conversation with a message of each kind."""
    calls = [gemini.call("c1", 3, agentId="r"), gemini.invoked(agentId=gemini.RUN, status="error")]
    replied = gemini.reply("m1", 2, *calls, tokens=gemini.tokens(9, 8, 7, 6, 5))
    messages = [gemini.message("u1", 1, "user"), replied, gemini.message("e1", 4, "error")]
    return {**gemini.header(directories=["/x"]), "messages": messages}


def test_no_value_anywhere_in_a_conversation_stops_the_reading(tmp_path: Path, store: Store) -> None:
    whole = conversation()
    path = tmp_path / "chats" / "session-1.json"
    path.parent.mkdir()
    batches: list[ColumnBatch] = []
    refused = 0
    for _, text in each_bent([whole], FEWER):
        path.write_bytes(text)
        told, rows = read_file("gemini-cli", path)
        refused += told
        batches += [batch for batch in rows if batch.length]
    assert refused > 100
    path = path.with_suffix(".jsonl")
    records = [gemini.header(), *whole["messages"], {"$set": {"messages": whole["messages"]}}]
    path.write_bytes(b"\n".join(text for _, text in each_bent(records)) + b"\n")
    refused, rows = read_file("gemini-cli", path)
    assert refused > 100
    assert load(store, "gemini-cli", [*batches, *rows]) > 5


def sessions() -> list[Json]:
    """OpenCode's sessions, with a part of each kind."""
    error = {"name": "APIError", "data": {"message": "m", "statusCode": 429}}
    retried = {"type": "retry", "attempt": 1, "time": {"created": ms(3)}, "error": error}
    every = opencode.whole()
    every[0]["messages"].append(opencode_sessions.reply("mr", 50, retried, {"type": "patch", "hash": "h"}, error=error))
    return every


def test_no_value_anywhere_in_a_session_s_files_stops_the_reading(tmp_path: Path, store: Store) -> None:
    paths = Machine(tmp_path, store).keep_files(*sessions())
    documents = [json.loads(path.read_bytes()) for path in paths]
    of = {id(document): path for document, path in zip(documents, paths, strict=True)}
    batches: list[ColumnBatch] = []
    refused = 0
    for document, text in each_bent(documents, FEWER):
        of[id(document)].write_bytes(text)
        told, rows = read_file("opencode", of[id(document)])
        of[id(document)].write_text(json.dumps(document))
        refused += told
        batches += rows
    assert refused > 100
    assert load(store, "opencode", batches) > 5


def test_no_value_anywhere_in_an_export_stops_the_reading(tmp_path: Path, store: Store) -> None:
    exported = opencode.of(
        opencode_sessions.reply("m1", 1, opencode_sessions.tool(), opencode_sessions.step(input=3), error={"name": "x"})
    )
    path = tmp_path / "ses_1.json"
    batches: list[ColumnBatch] = []
    for _, text in each_bent([exported], FEWER):
        path.write_bytes(text)
        batches += read_file("opencode", path)[1]
    assert load(store, "opencode", batches) >= 3


def test_no_value_anywhere_in_a_database_stops_the_reading(tmp_path: Path, store: Store) -> None:
    """A column takes a value of any type, and its text need not be text."""
    path = tmp_path / "opencode.db"
    call = opencode.projected_call("c2", "error", error={"type": "unknown", "message": "File not found: x"})
    call["state"] |= {"metadata": {"sessionID": "q"}, "input": {"subagent_type": "a"}}
    kept = opencode.projected(
        "m1", 1, opencode.projected_call("c1", "completed"), call | {"name": "subagent"},
        tokens=counters(1, 2, 3, 4, 5), snapshot={"start": "a"}, error={"type": "p", "message": "m", "status": 4},
        retry={"attempt": 1, "at": ms(2), "error": {"type": "auth"}},
    )  # fmt: skip
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA + SCHEMA_SINCE_2)
        insert(connection, *sessions())
        messages = [message for each in sessions() for message in each["messages"]]
        infos = each_bent(message["info"] for message in messages)
        connection.executemany(
            "INSERT INTO message VALUES ('bent' || ?, 'ses_root', 1, 1, ?)",
            [(number, text) for number, (_, text) in enumerate(infos)],
        )
        parts = each_bent(part for message in messages for part in message["parts"])
        connection.executemany(
            "INSERT INTO part VALUES ('bent' || ?, ?, 'ses_root', 1, 1, CAST(? AS TEXT))",
            [(number, messages[number % 3]["info"]["id"], text) for number, (_, text) in enumerate(parts)],
        )
        connection.executemany(
            "INSERT INTO session_message VALUES ('p' || ?, 'ses_root', 'assistant', ?, 1, 1, CAST(? AS TEXT))",
            [(number, number, text) for number, (_, text) in enumerate(each_bent([kept["data"]]))],
        )
        for table, columns in COLUMNS.items():
            names = ", ".join(columns)
            for number, (column, value) in enumerate((column, value) for column in columns for value in CELLS):
                row = [value if name == column else usual for name, usual in columns.items()]
                row[0] = value if column == names.partition(",")[0] else f"{row[0]}{number}"
                connection.execute(
                    f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})",  # noqa: S608
                    row,
                )
        connection.commit()
    refused, batches = read_file("opencode", path)
    assert refused > 1000
    assert load(store, "opencode", batches) > 100


CELLS: list[Any] = [None, 0, -1, 2**63 - 1, -(2**63), 1.5, 1e308, "", "x", "\0", b"", b"\xff", b"\0", "9" * 30]
"""What a cell may hold, whatever its column is declared to be."""
_ROW = {"time_created": ms(1), "time_updated": ms(1)}
_SESSION: dict[str, Any] = {
    "id": "s", "parent_id": "ses_root", "directory": "/x", "project_id": "p", "slug": "s", "title": "t", "version": "1",
}  # fmt: skip
COLUMNS: dict[str, dict[str, Any]] = {
    "session": _SESSION | _ROW,
    "session_v2": _SESSION | _ROW,
    "message": {"id": "m", "session_id": "ses_root", "data": '{"role":"assistant"}', **_ROW},
    "part": {"id": "p", "message_id": "m1", "session_id": "ses_root", "data": '{"type":"tool"}', **_ROW},
    "session_message": {"id": "r", "session_id": "ses_root", "type": "assistant", "seq": 0, "data": "{}", **_ROW},
}


FILES: list[tuple[str, str, Json]] = [
    ("gemini-cli", "chats/session-1.json", conversation()),
    ("opencode", "ses_root.json", sessions()[0]),
    *(("opencode", "storage/part/m1/p1.json", part) for part in sessions()[0]["messages"][2]["parts"]),
    ("opencode", "storage/message/ses_root/m1.json", sessions()[0]["messages"][2]["info"]),
    ("opencode", "storage/session/p1/ses_root.json", session()["info"]),
]


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nothing_in_a_file_stops_the_reading(tmp_path: Path, data: st.DataObject) -> None:
    name, file, document = data.draw(st.sampled_from(FILES))
    text = data.draw(damaged([document]))
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)
    read_file(name, path, memory=data.draw(st.none() | st.text(max_size=20)))
    assert source(name).recognises(text.split(b"\n")) in (True, False)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_to_a_database_stops_the_reading(tmp_path: Path, data: st.DataObject) -> None:
    """Bytes of its pages are others, or its end is missing."""
    whole = tmp_path / "whole.db"
    if not whole.exists():
        with closing(sqlite3.connect(whole)) as connection:
            connection.executescript(SCHEMA)
            insert(connection, *sessions())
    text = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(0, 20))):
        at = data.draw(st.integers(16, len(text) - 1))
        text[at : at + 4] = data.draw(st.binary(min_size=1, max_size=4))
    path = tmp_path / "opencode.db"
    path.write_bytes(text[: data.draw(st.integers(16, len(text)) | st.just(len(text)))])
    try:
        _, batches = read_file("opencode", path)
    except OSError:
        return
    assert all(batch.length for batch in batches)
