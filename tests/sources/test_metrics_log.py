"""Metrics logs: what is read a block at a time equals what is read exactly, a line at a time."""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from strategies import good_lines, metric_logs
from tachograph.metric import (
    ADDED_TOKEN_KINDS,
    DATA_FIELDS,
    METRIC_TYPES,
    MetricType,
    ParsedLine,
    Refused,
    moment,
    parse_line,
    read_metric,
)
from tachograph.sources import metrics_lines
from tachograph.sources.metrics_log import MetricsLog
from tachograph.sources.protocol import Block
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PATIENT = settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
Row = dict[str, Any]


class Reading(NamedTuple):
    """What a log came to: a row for each id, the first one read; of each bad line its number from 0, its place, why."""

    rows: list[Row]
    rejects: list[tuple[int, int, str]]


def blocks(log: bytes, cuts: Sequence[int] = ()) -> list[Block]:
    """The log in blocks that end after these lines (counted from 1)."""
    lines = log.removesuffix(b"\n").split(b"\n")
    edges = [0, *sorted({cut for cut in cuts if 0 < cut < len(lines)}), len(lines)]
    found = []
    offset = 0
    for first, last in pairwise(edges):
        text = b"\n".join(lines[first:last]) + b"\n"
        found.append(_block(first, offset, text))
        offset += len(text)
    return found


def _block(first_line: int, offset: int, text: bytes) -> Block:
    return Block(first_line, offset, text)


def read_exactly(log: bytes) -> Reading:
    rows: dict[str, Row] = {}
    rejects: list[tuple[int, int, str]] = []
    offset = 0
    for number, line in enumerate(log.removesuffix(b"\n").split(b"\n")):
        if line and not line.isspace():
            try:
                row = as_row(parse_line(line))
                rows.setdefault(row["id"], row)
            except Refused as refusal:
                rejects.append((number, offset, str(refusal)))
        offset += len(line) + 1
    return Reading(list(rows.values()), rejects)


def as_row(parsed: ParsedLine) -> Row:
    """What the store keeps of a line: durations in milliseconds, tokens summed, other keys as JSON objects."""
    fields = dict(parsed.fields)
    extra = {name: json.loads(bytes(raw)) for name, raw in parsed.extra.items()}
    seconds = fields.pop("duration_seconds", None)
    if seconds is not None:
        fields.setdefault("duration_ms", seconds * 1000)
        extra["duration_seconds"] = seconds
    added = [fields[name] for name in ADDED_TOKEN_KINDS if name in fields]
    if added:
        fields.setdefault("token_count", sum(added))
    row = {
        "id": parsed.id,
        "ts": parsed.ts,
        "type": parsed.type,
        "session_id": parsed.session_id,
        "user_id": parsed.user_id,
        "extra": extra or None,
        "metadata": {name: json.loads(bytes(raw)) for name, raw in parsed.metadata.items()} or None,
        "other": {name: json.loads(bytes(raw)) for name, raw in parsed.other.items()} or None,
        **fields,
    }
    return {name: value for name, value in row.items() if value is not None}


JSON_COLUMNS = ("extra", "metadata", "other")


@cache
def one_store() -> Store:
    return Store.in_memory()


def emptied_store() -> Store:
    """The same store each time, as making one takes longer than reading a small log."""
    store = one_store()
    store.connection.execute("DELETE FROM metrics; DELETE FROM sessions")
    return store


def read_fast(given: Sequence[Block]) -> Reading:
    """The reader's columns, through the store: so whether they arrive is tested too."""
    reader = MetricsLog().reader()
    rejects = [(each.line, each.offset, each.reason) for each in reader.read("log", given)]
    store = emptied_store()
    with store.loading() as loading:
        loading.add(reader.take(), source="metrics-log", in_parts=False)
        loading.commit([], [], [])
    assert reader.waiting == 0
    found = store.connection.execute(
        "SELECT * EXCLUDE (id_hash, source, in_parts, seq, cost) FROM metrics ORDER BY seq"
    )
    names = [column[0] for column in found.description]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    for row in rows:
        row.update({name: json.loads(row[name]) for name in JSON_COLUMNS if row[name] is not None})
    return Reading([{name: value for name, value in row.items() if value is not None} for row in rows], rejects)


def assert_same(log: bytes, cuts: Sequence[int] = ()) -> Reading:
    fast, exact = read_fast(blocks(log, cuts)), read_exactly(log)
    assert fast.rejects == exact.rejects
    assert fast.rows == exact.rows
    return fast


CUTS = st.lists(st.integers(1, 12), max_size=4)


@PATIENT
@given(lines=metric_logs(max_lines=12), cuts=CUTS)
def test_random_logs_read_the_same_in_blocks_and_line_by_line(lines: list[bytes], cuts: list[int]) -> None:
    assert_same(b"\n".join(lines) + b"\n", cuts)


@PATIENT
@given(lines=st.lists(good_lines(), min_size=1, max_size=8), cuts=CUTS)
def test_good_logs_read_the_same_in_blocks_and_line_by_line(lines: list[bytes], cuts: list[int]) -> None:
    assert assert_same(b"\n".join(lines) + b"\n", cuts).rejects == []


ODD_BYTES = (
    b"\x00",
    b"\n",
    b"\r\n",
    b"\xef\xbb\xbf",
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b",",
    b":",
    b"-",
    b"9",
    b"\xff",
    b" ",
)
MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(("flip", "insert", "delete", "join", "cut", "double")),
        st.floats(0, 1, exclude_max=True),
        st.integers(1, 255),
        st.sampled_from(ODD_BYTES),
    ),
    min_size=1,
    max_size=3,
)


def mutated(log: bytes, way: str, where: float, bits: int, odd: bytes) -> bytes:
    """The log with a byte changed, put in or left out, two lines on one, an end cut off, or a line twice."""
    place = int(where * len(log))
    if way == "flip":
        return log[:place] + bytes([log[place] ^ bits]) + log[place + 1 :]
    if way == "insert":
        return log[:place] + odd + log[place:]
    if way == "delete":
        return log[:place] + log[place + 1 :]
    if way == "cut":
        return log[: place + 1]
    newline = log.find(b"\n", place)
    if way == "join":
        return log if newline < 0 else log[:newline] + odd * (bits % 2) + log[newline + 1 :]
    return log + log[log.rfind(b"\n", 0, place) + 1 :]


@settings(PATIENT, max_examples=80)
@given(lines=st.lists(good_lines(), min_size=1, max_size=6), mutations=MUTATIONS, cuts=CUTS)
def test_damaged_logs_read_the_same_in_blocks_and_line_by_line(
    lines: list[bytes], mutations: list[tuple[str, float, int, bytes]], cuts: list[int]
) -> None:
    log = b"\n".join(lines) + b"\n"
    for mutation in mutations:
        log = mutated(log, *mutation)
    assert_same(log, cuts)


@PATIENT
@given(log=st.binary(max_size=200) | st.lists(st.sampled_from(ODD_BYTES), max_size=40).map(b"".join), cuts=CUTS)
@example(log=b"", cuts=[])
def test_nothing_that_is_no_log_raises_anything(log: bytes, cuts: list[int]) -> None:
    fast = assert_same(log, cuts)
    assert fast.rows == []
    lines = log.removesuffix(b"\n").split(b"\n")
    assert [number for number, _, _ in fast.rejects] == [
        n for n, line in enumerate(lines) if line and not line.isspace()
    ]


def line(n: int = 1, /, at: Any = "2026-03-01T09:00:00Z", **data: Any) -> bytes:
    return json.dumps({"id": f"m{n}", "timestamp": at, "type": "tool_use", "data": data}, ensure_ascii=False).encode()


def with_data(text: str) -> bytes:
    return f'{{"id":"m","timestamp":"2026-03-01T09:00:00Z","type":"tool_use","data":{{{text}}}}}'.encode()


GOOD = line(7, tool_name="Bash", duration_ms=5)
LOGS: dict[str, list[bytes]] = {
    "a lowest integer": [line(1, token_count=-(2**63)), line(2, token_count=5), line(3)],
    "lowest integers in every column": [line(1, **{f.name: -(2**63) for f in DATA_FIELDS if f.kind == "integer"})],
    "a lowest integer among others in a later block": [line(1), line(2), line(3), line(4, reasoning_tokens=-(2**63)), line(5)],
    "a highest integer": [line(1, input_tokens=2**63 - 1)],
    "an integer beyond": [GOOD, line(1, input_tokens=2**63), line(2, output_tokens=-(2**63) - 1)],
    "a sum at the limit": [line(1, input_tokens=2**63 - 2, output_tokens=1)],
    "a sum beyond": [GOOD, line(1, input_tokens=2**63 - 1, output_tokens=1), line(2, input_tokens=-(2**63), output_tokens=-1)],
    "a stated count beside a sum beyond": [line(1, token_count=1, input_tokens=2**63 - 1, output_tokens=1)],
    "a float for an integer": [GOOD, line(1, token_count=5.0), with_data('"input_tokens":1e3')],
    "an integer for a float": [line(1, duration_ms=2**63 - 1), line(2, cost_usd=0), line(3, duration_seconds=-3)],
    "an integer that no float holds exactly": [line(1, duration_ms=2**53 + 1), line(2, duration_ms=10**300)],
    "an integer that no float holds": [GOOD, line(1, duration_ms=10**400)],
    "a negative zero": [line(1, duration_ms=-0.0)],
    "tiny and huge numbers": [line(1, duration_ms=5e-324, cost_usd=1.7976931348623157e308)],
    "no number": [GOOD, with_data('"duration_ms":NaN'), with_data('"mystery":Infinity'), with_data('"a":[-Infinity]')],
    "a number that is none": [GOOD, with_data('"duration_ms":1e999'), with_data('"mystery":{"a":[1e999]}')],
    "seconds beyond what milliseconds hold": [GOOD, line(1, duration_seconds=1e308)],
    "milliseconds and seconds": [line(1, duration_ms=1, duration_seconds=5), line(2, duration_seconds=0.1)],
    "seconds alone, and none": [line(1), line(2, duration_seconds=0.3), line(3, duration_ms=0.3)],
    "nothing": [line(1, tool_name=None, success=None, duration_ms=None, token_count=None, mystery=None)],
    "empty names": [line(1, tool_name="", agent_id="", project_path="", **{"": 1})],
    "a long key": [line(1, **{"k" * 100_000: 1}), line(2, **{"k" * 100_000: "again"})],
    "unknown keys, more than are learned": [line(n, **{f"key {n}": n}) for n in range(70)],
    "many unknown keys on a line": [line(1, **{f"key {n}": n for n in range(200)}), line(2)],
    "keys with odd letters": [line(1, **{"`": 1, "a` - at `$.data": 2, "\n": 3, '"': 4, "\\": 5, "\U0001f600": 6, "\x00": 7})],
    "an unknown key that begins as a known one": [line(1, tool_nam=1, tool_name_=2, raw_0=3)],
    "a key that is known beside data": [line(1, id="x", timestamp="y", type="z", data=1, metadata={"a": 1}, session_id=5)],
    "an escaped key": [with_data('"tool\\u005fname":"Bash"'), with_data('"myst\\u0065ry":1,"mystery":2')],
    "a key twice": [with_data('"tool_name":"a","tool_name":"b"'), with_data('"x":1,"x":2'), with_data('"tool_name":5,"tool_name":"b"')],
    "a wrong value that a later one hides": [with_data('"success":5,"success":true'), b'{"id":1,' + line(2)[1:]],
    "data twice": [b'{"data":{"tool_name":"a","model":"m"},' + line(1, tool_name="b")[1:], b'{"data":5,' + line(2)[1:]],
    "a lone surrogate": [GOOD, with_data('"tool_name":"\\ud800"'), with_data('"x":"\\udfff"'), with_data('"\\ud800":1')],
    "a pair of surrogates": [with_data('"tool_name":"\\ud83d\\ude00"'), with_data('"\\ud83d\\ude00":"\\ud83d\\ude00"')],
    "a NUL": [line(1, tool_name="a\x00b", mystery="\x00"), GOOD.replace(b"Bash", b"Ba\x00h")],
    "a byte order mark": [b"\xef\xbb\xbf" + GOOD, GOOD],
    "not UTF-8": [GOOD, GOOD.replace(b"Bash", b"Ba\xffh"), GOOD.replace(b"tool_name", b"tool\xc0\xaf")],
    "not UTF-8 in an unknown place": [GOOD.replace(b"}}", b'},"x":"\xff"}'), GOOD],
    "two objects on a line": [GOOD + GOOD, GOOD + b" " + GOOD, GOOD + b",", b"[" + GOOD + b"]"],
    "an object on two lines": [GOOD[:40], GOOD[40:], GOOD],
    "objects that end and begin on other lines": [GOOD + b"{", b"}", GOOD[:-1], b"}", b"{", GOOD[1:]],
    "a line break within a text": [GOOD.replace(b"Bash", b"Ba"), b'sh"}}', GOOD],
    "blank lines": [b"", GOOD, b"  ", b"\t\r", GOOD, b""],
    "returns": [GOOD + b"\r", GOOD + b"\r", b"\r", GOOD.replace(b",", b",\r"), GOOD.replace(b"Bash", b"Ba\rh")],
    "spaces about": [b"  " + GOOD, GOOD + b"\t "],
    "a form feed": [GOOD + b"\x0c", b"\x0c", GOOD],
    "all kinds of moments": [
        line(n, at)
        for n, at in enumerate(
            ("2026-03-01T09:00:00Z", "2026-03-01T09:00:00.125Z", "2026-03-01T09:00:00.123456+00:00", "2026-03-01", "20260301T0900")
        )
    ],
    "moments of one shape, one wrong": [line(n, at) for n, at in enumerate(("2026-03-01T09:00:00Z", "2026-02-30T09:00:00Z"))],
    "moments that no day has": [line(n, f"2026-03-01T{t}Z") for n, t in enumerate(("24:00:00", "23:60:00", "23:59:60", "29:00:00"))],
    "moments with other digits": [line(1, "2026-03-01T09:00:00Z"), line(2, "2026-03-01T0٩:00:00Z")],
    "the first and last moments": [line(1, "0001-01-01T00:00:00Z"), line(2, "9999-12-31T23:59:59.999999Z")],
    "before the first moment": [GOOD, line(1, "0000-01-01T00:00:00Z"), line(2, "0001-01-01T00:00:00+00:01")],
    "moments before 1970": [line(1, "1969-12-31T23:59:59.999999Z"), line(2, "1600-02-29T00:00:00.001Z")],
    "moments of equal length and different kinds": [line(1, "2026-03-01T09:00:00Z"), line(2, "2026-03-01 09:00:00Z")],
    "moments whose separators are elsewhere": [line(1, "2026-03-01T09:00:00.000+00:00"), line(2, "2026-03-01T09:00:00.000-00:00")],
    "no moment": [GOOD, line(1, ""), line(2, None), line(3, 5)],
    "other shapes of data": [b'{"id":"a","timestamp":"2026-03-01","type":"tool_use","data":' + d + b"}" for d in (b"null", b"[]", b'""', b"{}", b"5")],
    "other types": [GOOD.replace(b"tool_use", b"tool_used"), GOOD.replace(b'"tool_use"', b"5"), GOOD.replace(b'"tool_use"', b"null")],
    "ids": [GOOD.replace(b'"m7"', i) for i in (b'""', b"null", b"7", b'" "', b'"\\u0000"', b'"\xf0\x9f\x98\x80"', b'"a"')],
    "deep nesting": [GOOD, with_data('"x":' + "[" * 900 + "]" * 900), with_data('"x":' + "[" * 100_000 + "]" * 100_000)],
    "an object without end": [GOOD, b'{"a":' * 10_000],
    "300 tools": [line(n, tool_name=f"tool {n}") for n in range(300)],
    "long texts": [line(1, tool_name="x" * 300_000), line(2, mystery="é" * 100_000)],
}  # fmt: skip


@pytest.mark.parametrize("name", LOGS)
def test_odd_logs_read_the_same_in_blocks_and_line_by_line(name: str) -> None:
    """In one block, and in three whose lines end as elsewhere."""
    assert_same(b"\n".join(LOGS[name]) + b"\n")
    assert_same(b"\r\n".join(LOGS[name]) + b"\r\n", [1, 2])


def test_a_reader_that_is_used_again_forgets_what_was_taken() -> None:
    reader = MetricsLog().reader()
    for n in (1, 2):
        assert list(reader.read("log", blocks(line(n) + b"\n"))) == []
        assert reader.waiting == 1
        assert sum(batch.length for batch in reader.take()) == 1
        assert reader.waiting == 0


def test_keys_that_were_learned_from_one_block_are_read_in_the_next() -> None:
    log = b"\n".join([line(1, mystery=1), line(2, mystery={"a": [1]}, other=2), line(3), line(4, other=None)])
    read = assert_same(log, [1, 2, 3])
    assert [row.get("extra") for row in read.rows] == [
        {"mystery": 1},
        {"mystery": {"a": [1]}, "other": 2},
        None,
        {"other": None},
    ]


@PATIENT
@given(text=good_lines())
def test_a_metric_as_a_value_is_the_line_read_exactly(text: bytes) -> None:
    parsed, metric = parse_line(text), read_metric(text)
    assert (metric.id, metric.timestamp, str(metric.type)) == (parsed.id, moment(parsed.ts), parsed.type)
    assert (metric.session_id, metric.user_id) == (parsed.session_id, parsed.user_id)
    assert metric.data == {**parsed.fields, **{name: json.loads(bytes(raw)) for name, raw in parsed.extra.items()}}
    assert metric.metadata == {name: json.loads(bytes(raw)) for name, raw in parsed.metadata.items()}


def test_both_readings_know_the_same_types() -> None:
    assert set(get_args(metrics_lines._Type)) == {str(member) for member in MetricType} == METRIC_TYPES
    assert len(METRIC_TYPES) == 10


def test_every_type_is_read() -> None:
    read = assert_same(
        b"\n".join(line(n).replace(b"tool_use", kind.encode()) for n, kind in enumerate(sorted(METRIC_TYPES)))
    )
    assert [row["type"] for row in read.rows] == sorted(METRIC_TYPES)


def _examples() -> Iterator[tuple[str, bool]]:
    for ending in ("", ".gz", ".zst"):
        yield f"metrics_20260301_093000.jsonl{ending}", True
        yield f"metrics_20260301_093000_host-7.jsonl{ending}", True
    for name in (
        "metrics_2026_093000.jsonl",
        "metrics_20260301_093000.json",
        "metrics.jsonl",
        "x_metrics_20260301_093000.jsonl",
    ):
        yield name, False


@pytest.mark.parametrize(("name", "owned"), list(_examples()))
def test_a_log_is_known_by_its_name(name: str, owned: bool, tmp_path: Any) -> None:
    assert MetricsLog().owns(str(tmp_path / name)) is owned


@pytest.mark.parametrize(
    ("lines", "known"),
    [
        ([GOOD], True),
        ([b"not json", GOOD], True),
        ([b'{"timestamp":"x","type":"y","id":5}'], True),
        ([b'{"timestamp":"x","type":"user","message":{},"data":{}}'], False),
        ([b"[1]", b"5", b"{}"], False),
        ([], False),
    ],
)
def test_a_log_is_known_by_its_lines(lines: list[bytes], known: bool) -> None:
    assert MetricsLog().recognises(lines) is known
