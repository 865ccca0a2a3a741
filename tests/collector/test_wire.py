"""Frames of another machine: good ones are taken as they are, and no others ever get to the store."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.collector.wire import BadFrames, rows_of
from tachograph.columns import (
    COLUMNS,
    Column,
    ColumnBuilder,
    FloatColumn,
    IntegerColumn,
    KeyColumn,
    MomentColumn,
    WordColumn,
    add_dicts,
)
from tachograph.store.duckdb import Store
from tachograph.store.journal import Rows, framed

MOST = 10_000_000
GOOD: list[dict[str, Any]] = [
    {
        "id": "ä1",
        "ts": 1,
        "type": "tool_use",
        "session_id": "s",
        "tool_name": "Bash",
        "success": True,
        "duration_ms": 2.5,
    },
    {
        "id": "2",
        "ts": None,
        "type": "token_usage",
        "session_id": None,
        "input_tokens": 7,
        "token_count": 7,
        "witness": 3,
    },
]


def frame(rows: list[dict[str, Any]], **changed: Any) -> Rows:
    builder = ColumnBuilder()
    add_dicts(builder, rows)
    batch = builder.batch()
    made = Rows("claude-code", True, "ana", batch.length, batch.columns)
    return msgspec.structs.replace(made, **changed)


def with_column(name: str, column: Column) -> Rows:
    made = frame(GOOD)
    return msgspec.structs.replace(made, columns=made.columns | {name: column})


def test_good_frames_are_taken_as_they_are() -> None:
    made = [frame(GOOD), frame(GOOD[:1])]
    assert rows_of(b"".join(map(framed, made)), MOST) == made


def test_moments_as_text_become_numbers() -> None:
    column = MomentColumn(b"2026-03-01T09:30:00.1252026-03-01T09:30:00.126", 23)
    columns = {name: column for name, column in frame(GOOD).columns.items() if name != "ts"} | {"moment": column}
    (taken,) = rows_of(framed(frame(GOOD, columns=columns)), MOST)
    assert "moment" not in taken.columns
    with Store.in_memory() as store, store.loading() as loading:
        loading.add([taken.batch], source="metrics-log", in_parts=False)
        loading.commit([])
        found = store.connection.execute("SELECT ts FROM metrics ORDER BY ts").fetchall()
        assert found == [(1_772_357_400_125_000,), (1_772_357_400_126_000,)]


BAD: dict[str, Rows] = {
    "no rows": frame(GOOD, length=0, columns={"id": KeyColumn(b"", b"\0\0\0\0"), "type": WordColumn(b"", [None])}),
    "more rows than ids": frame(GOOD, length=3),
    "an unknown column": with_column("no_such", IntegerColumn(bytes(16))),
    "a column of another kind": with_column("session_id", IntegerColumn(bytes(16))),
    "too few integers": with_column("input_tokens", IntegerColumn(bytes(8))),
    "half an integer": with_column("input_tokens", IntegerColumn(bytes(15))),
    "negative tokens": with_column("input_tokens", IntegerColumn(b"\xff" * 16)),
    "a time of no calendar": with_column("ts", IntegerColumn(b"\xff" * 7 + b"\x7f" + bytes(8))),
    "too many floats": with_column("duration_ms", FloatColumn(bytes(24))),
    "infinity": with_column("cost_usd", FloatColumn(b"\0\0\0\0\0\0\xf0\x7f" + bytes(8))),
    "a word beyond the words": with_column("tool_name", WordColumn(b"\0\5", [None, "Bash"])),
    "too few words": with_column("tool_name", WordColumn(b"\0", [None, "Bash"])),
    "a number for a word": with_column("tool_name", WordColumn(b"\0\1", [None, 5])),
    "a text for an outcome": with_column("success", WordColumn(b"\0\1", [None, "true"])),
    "a list for a word": with_column("tool_name", WordColumn(b"\0\1", [None, ["Bash"]])),
    "an unknown type": with_column("type", WordColumn(b"\1\1", [None, "conversation"])),
    "no type": with_column("type", WordColumn(b"\0\0", [None])),
    "ids that end too early": with_column("id", KeyColumn(b"abc", b"\0\0\0\0\1\0\0\0\2\0\0\0")),
    "ids that go back": with_column("id", KeyColumn(b"abc", b"\0\0\0\0\3\0\0\0\2\0\0\0")),
    "ids beyond the text": with_column("id", KeyColumn(b"abc", b"\0\0\0\0\1\0\0\0\x63\0\0\0")),
    "an empty id": with_column("id", KeyColumn(b"abc", b"\0\0\0\0\0\0\0\0\3\0\0\0")),
    "ids that cut a character": with_column("id", KeyColumn("ä".encode(), b"\0\0\0\0\1\0\0\0\2\0\0\0")),
    "ids that are no text": with_column("id", KeyColumn(b"a\xff", b"\0\0\0\0\1\0\0\0\2\0\0\0")),
    "a moment that is none": with_column("moment", MomentColumn(b"yesterdayyesterday", 9)),
    "moments of another width": with_column("moment", MomentColumn(b"2026-03-01", 9)),
    "a row that isn't there": with_column("input_tokens", IntegerColumn(bytes(16), frozenset({7}))),
    "no source": frame(GOOD, source=""),
    "an endless source": frame(GOOD, source="x" * 1000),
}


@pytest.mark.parametrize("name", BAD)
def test_a_frame_that_is_not_as_it_should_be_is_refused(name: str) -> None:
    with pytest.raises(BadFrames):
        rows_of(framed(BAD[name]), MOST)


def test_what_would_take_too_much_memory_is_refused() -> None:
    made = framed(frame([GOOD[0] | {"tool_name": "x" * 60_000}] * 200))
    assert len(made) < 100_000
    with pytest.raises(BadFrames, match="too long"):
        rows_of(made, 10_000)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_is_changed_it_is_refused_or_can_be_stored(data: st.DataObject) -> None:
    made = frame(GOOD * 3)
    name = data.draw(st.sampled_from(sorted(COLUMNS)))
    numbers, words = st.binary(max_size=64), st.lists(st.none() | st.text(max_size=4) | st.booleans(), max_size=4)
    column = data.draw(
        st.one_of(
            st.builds(KeyColumn, st.binary(max_size=9), numbers),
            st.builds(WordColumn, st.binary(max_size=7), words),
            st.builds(IntegerColumn, numbers, st.frozensets(st.integers(-1, 7), max_size=2)),
            st.builds(FloatColumn, numbers),
            st.builds(MomentColumn, st.binary(max_size=60), st.integers(-1, 30)),
        )
    )
    sent = framed(msgspec.structs.replace(made, columns=made.columns | {name: column}))
    try:
        taken = rows_of(sent, MOST)
    except BadFrames:
        return
    with Store.in_memory() as store, store.loading() as loading:
        for rows in taken:
            loading.add([rows.batch], source=rows.source, in_parts=rows.in_parts, user=rows.user)
        loading.commit([])


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_whatever_bytes_are_changed_nothing_but_a_refusal_comes_of_it(data: st.DataObject) -> None:
    sent = bytearray(framed(frame(GOOD)) + framed(frame(GOOD)))
    for _ in range(data.draw(st.integers(1, 4))):
        sent[data.draw(st.integers(0, len(sent) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(sent)))
    try:
        rows_of(bytes(sent[:cut]), MOST)
    except BadFrames:
        return
