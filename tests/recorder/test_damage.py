"""A small log that is damaged at every byte, and random records: the reader tells what is damaged, and reads the rest."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph import BadRecord, MetricsParser, Recorder
from tachograph.ingest.plan import find_in_places, plan
from tachograph.ingest.reader import read as ingest
from tachograph.metric import DATA_FIELDS, METRIC_TYPES
from tachograph.sources import source
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

    from tachograph import Metric, Reject

WHOLE = 4


def parsed(folder: Path) -> tuple[list[Metric], list[Reject]]:
    async def read() -> tuple[list[Metric], list[Reject]]:
        parser = MetricsParser(folder)
        metrics = [metric async for batch in parser.stream_metrics() for metric in batch]
        return metrics, parser.rejects

    return asyncio.run(read())


@pytest.fixture
def log(tmp_path: Path) -> tuple[Path, bytes]:
    with Recorder(tmp_path, durability="flushed") as recorder:
        for n in range(WHOLE):
            recorder.tool_use("Bä", duration_ms=1.5, success=True, id=f"id{n}")
    (file,) = tmp_path.glob("*.jsonl")
    return file, file.read_bytes()


DAMAGES: dict[str, Callable[[bytes, int], bytes]] = {
    "cut": lambda content, at: content[:at],
    "flipped": lambda content, at: content[:at] + bytes([content[at] ^ 0x81]) + content[at + 1 :],
    "zeroed": lambda content, at: content[:at] + bytes(1) + content[at + 1 :],
    "zeroed from there on": lambda content, at: content[:at] + bytes(len(content) - at),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_at_any_byte_costs_the_lines_it_touches_and_no_other(tmp_path: Path, log: Any, damage: str) -> None:
    file, content = log
    for at in range(len(content)):
        broken = DAMAGES[damage](content, at)
        file.write_bytes(broken)
        metrics, rejects = parsed(tmp_path)
        sound = content.splitlines(keepends=True)
        untouched = [json.loads(line)["id"] for line in sound if line in broken.splitlines(keepends=True)]
        assert set(untouched) <= {metric.id for metric in metrics}
        touched = [line for line in broken.split(b"\n") if line and line + b"\n" not in sound]
        assert len(rejects) <= len(touched)
        assert all(reject.reason for reject in rejects)
        told = len(metrics) + len(rejects) + (not broken.endswith(b"\n"))
        assert told >= len([line for line in broken.split(b"\n") if line.strip(b" \t\r")])


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_store_takes_a_damaged_log_as_the_parser_does(tmp_path: Path, log: Any, damage: str) -> None:
    """And a recorder goes on after any of it."""
    file, content = log
    for at in range(0, len(content), 61):
        file.write_bytes(DAMAGES[damage](content, at))
        with Recorder(tmp_path, durability="flushed") as recorder:
            recorder.tool_use("next", id="next")
        metrics, rejects = parsed(tmp_path)
        assert metrics[-1].id == "next"
        with Store.in_memory() as store:
            there = find_in_places([(source("metrics-log"), tmp_path)], [])
            summary = ingest(store, plan(there, {}, []))
            ids = [id for (id,) in store.connection.execute("SELECT id FROM metrics ORDER BY seq").fetchall()]
            assert ids == [metric.id for metric in metrics]
            assert summary.lines_rejected == len(rejects) == len(store.rejects())


TEXTS = st.text(st.characters() | st.characters(categories=["Cs"]) | st.sampled_from('":null\\\n'), max_size=12)
INTEGERS = st.integers(-(2**63), 2**64 - 1) | st.integers(-5, 5)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | TEXTS | INTEGERS | NUMBERS
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3))
KINDS: dict[str, SearchStrategy[Any]] = {
    "string": TEXTS,
    "integer": st.integers(-(2**60), 2**60),
    "number": NUMBERS | st.integers(-(2**70), 2**70).map(float),
    "boolean": st.booleans(),
}
KNOWN = {field.name: st.none() | KINDS[field.kind] for field in DATA_FIELDS if field.name != "duration_seconds"}
RECORDS = st.fixed_dictionaries(
    {"type": st.sampled_from(sorted(METRIC_TYPES))},
    optional={
        "data": st.builds(
            lambda free, known: free | known,
            st.dictionaries(TEXTS.filter(lambda key: key not in KNOWN | {"duration_seconds": 0}), VALUES, max_size=3),
            st.fixed_dictionaries({}, optional=KNOWN),
        ),
        "id": TEXTS.filter(bool),
        "session_id": TEXTS,
        "user_id": TEXTS,
        "metadata": st.dictionaries(TEXTS, VALUES, max_size=3),
    },
)


def mended(value: Any) -> Any:
    """As it is read back: halves of characters are the replacement character, as Python's own codec has it."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [mended(each) for each in value]
    if isinstance(value, dict):
        return {mended(key): mended(each) for key, each in value.items()}
    return value


@settings(deadline=None, max_examples=150)
@given(record=RECORDS)
def test_what_is_recorded_is_what_is_read(record: dict[str, Any]) -> None:
    with TemporaryDirectory() as folder:
        with Recorder(folder, durability="flushed") as recorder:
            id = recorder.record(**record)
        ((metric,), rejects) = parsed(Path(folder))
    data = mended(record.get("data", {}))
    assert rejects == []
    assert metric.type == record["type"]
    assert metric.id == mended(record.get("id", id))
    assert metric.session_id == (mended(record.get("session_id")) or None)
    assert metric.user_id == (mended(record.get("user_id")) or None)
    assert metric.metadata == mended(record.get("metadata", {}))
    absent = {field.name for field in DATA_FIELDS if data.get(field.name, 0) is None}
    assert metric.data == {key: value for key, value in data.items() if key not in absent}


@settings(deadline=None, max_examples=150)
@given(name=st.sampled_from(DATA_FIELDS).map(lambda field: field.name), value=VALUES | st.just(float("nan")))
def test_any_value_is_either_refused_at_the_call_or_read(name: str, value: Any) -> None:
    with TemporaryDirectory() as folder:
        with Recorder(folder, durability="flushed") as recorder:
            try:
                recorder.record("tool_use", {name: value})
            except BadRecord:
                return
        ((metric,), rejects) = parsed(Path(folder))
    assert rejects == []
    assert metric.data == ({} if value is None else {name: mended(value)})
