"""`tachograph record`: what a script says becomes a metric, or is refused in a line."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.cli import record_values
from tachograph.cli.main import main
from tachograph.cli.record_values import metric_of_pairs
from tachograph.metric import DATA_FIELDS

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Command

KNOWN = {*(field.name for field in DATA_FIELDS), "id", "timestamp", "session_id", "user_id"}
COMMAND = (sys.executable, "-m", "tachograph", "record")


def lines_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_bytes().splitlines()]


def run(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *arguments], input=stdin, capture_output=True, check=False, timeout=60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The log beside the store."""
    return tmp_path / "store" / "metrics"


def test_a_metric_is_recorded_without_a_word_and_found_by_the_next_question(folder: Path, tachograph: Command) -> None:
    done = run("tool_use", "tool_name=make", "duration_ms=412.5", "success=true", "session_id=s1", "user_id=ana")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    (line,) = lines_of(folder)
    assert (line["type"], line["session_id"], line["user_id"]) == ("tool_use", "s1", "ana")
    assert line["data"] == {"tool_name": "make", "duration_ms": 412.5, "success": True}
    (row,) = tachograph("tools", "--json").document["time_series"]
    assert (row["tool"], row["count"], row["success"], row["total_duration_ms"]) == ("make", 1, 1, 412.5)


def test_its_id_and_moment_can_be_given_and_the_id_printed(folder: Path, tachograph: Command) -> None:
    said = tachograph("record", "performance", "id=p1", "timestamp=2026-03-01T09:00:00+02:00", "--print-id")
    assert (said.code, said.out, said.err) == (0, "p1\n", "")
    assert tachograph("record", "performance", "--print-id").out == lines_of(folder)[1]["id"] + "\n"
    assert lines_of(folder)[0]["timestamp"] == "2026-03-01T09:00:00+02:00"


def test_known_fields_have_their_kinds_and_others_are_json_or_text() -> None:
    pairs = [
        "token_count=12",
        "cost_usd=1e-3",
        "success=FALSE",
        "tool_name=5",
        "n=5",
        "list=[1,2]",
        "text=[1,",
        "eq=a=b",
        "nan=NaN",
    ]
    metric = metric_of_pairs("tool_use", pairs, ["host=web 1", "up=true"])
    assert metric.data == {
        "token_count": 12, "cost_usd": 0.001, "success": False, "tool_name": "5",
        "n": 5, "list": [1, 2], "text": "[1,", "eq": "a=b", "nan": "NaN",
    }  # fmt: skip
    assert metric.metadata == {"host": "web 1", "up": True}


MISTAKES = (
    (["tooluse"], "there is no type of metric 'tooluse' (did you mean tool_use?)"),
    (["x"], "there is no type of metric 'x' (known are agent_execution, checkpoint_created, "),
    (["tool_use", "duration_ms=soon"], "duration_ms='soon' is not a number (give a number, such as 412.5)"),
    (["tool_use", "duration_ms=NaN"], "duration_ms='NaN' is not a number"),
    (["tool_use", "duration_ms=1e999"], "duration_ms='1e999' is not a number"),
    (["tool_use", "duration_ms=1_0"], "duration_ms='1_0' is not a number"),
    (["tool_use", "token_count=1.5"], "token_count='1.5' is not an integer of 64 bits (give an integer of 64 bits, such as 1200)"),
    (["tool_use", "token_count=9223372036854775808"], "token_count='9223372036854775808' is not an integer of 64 bits"),
    (["tool_use", "success=0"], "success='0' is not true or false (give true or false)"),
    (["tool_use", "success="], "success='' is not true or false"),
    (["tool_use", "tool_name"], "'tool_name' has no '=' (a field is written KEY=VALUE)"),
    (["tool_use", "=x"], "'=x' has no key (a field is written KEY=VALUE)"),
    (["tool_use", "n=1", "n=2"], "n is given twice (leave one out)"),
    (["tool_use", "--metadata", "host"], "'host' has no '=' (--metadata is written KEY=VALUE)"),
    (["tool_use", "timestamp=soon"], "the timestamp 'soon' is no moment of the calendar"),
)  # fmt: skip


@pytest.mark.parametrize(("arguments", "words"), MISTAKES)
def test_a_mistake_names_the_key_and_what_would_be_right(
    arguments: list[str], words: str, folder: Path, tachograph: Command
) -> None:
    assert words in tachograph.mistake("record", *arguments)
    assert not lines_of(folder)


@pytest.mark.parametrize("arguments", [[], ["tool_use", "--stdin"], ["tool_use", "--durability", "buffered"]])
def test_a_wrong_usage_is_told(arguments: list[str], tachograph: Command) -> None:
    said = tachograph("record", *arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("usage: tachograph record TYPE [KEY=VALUE …]")


OTHER_KEYS = st.text(min_size=1, max_size=20).filter(lambda key: "=" not in key and key not in KNOWN)


@given(OTHER_KEYS, st.text(max_size=20))
def test_a_key_that_the_contract_does_not_know_takes_any_text(key: str, text: str) -> None:
    value = metric_of_pairs("tool_use", [f"{key}={text}"], []).data[key]
    assert value == text or json.loads(text) == value


LINES = (
    b'{"type":"tool_use","data":{"tool_name":"make"}}',
    b"",
    b"{nonsense",
    b'{"type":"tool_use","id":"t1","timestamp":"2026-03-01T09:00:00Z","session_id":"s1","user_id":null,"data":null,"metadata":{"a":1}}',
    b"[1]",
    b'{"type":"tooluse"}',
    b'{"data":{}}',
    b'{"type":"tool_use","data":{"success":"yes"}}',
    b'{"type":"tool_use","data":5}',
    b'{"type":"tool_use","tool_name":"make"}',
    b'{"type":"tool_use","id":7}',
    b'{"type":"tool_use","data":{"tool_name":"\xff"}}',
    b'{"type":"session_end","session_id":"s1"}',
    b'{"type":"tool_use","data":[]}',
    b'{"type":"tool_use","metadata":""}',
)
TOLD = (
    (3, "not JSON: "),
    (5, "not a JSON object"),
    (6, "the type 'tooluse' is none of the ten"),
    (7, "no type"),
    (8, "data.success is a string, not true or false"),
    (9, "data is not an object"),
    (10, "'tool_name' is no part of a metric: put it into 'data'"),
    (11, "id is an integer, not a string"),
    (12, "not JSON: "),
    (14, "data is not an object"),
    (15, "metadata is not an object"),
)


@pytest.mark.parametrize("durability", ["flushed", "synced"])
def test_of_stdin_the_good_lines_are_recorded_and_the_others_told_by_number(folder: Path, durability: str) -> None:
    done = run("--stdin", "--durability", durability, stdin=b"\n".join(LINES))
    assert (done.returncode, done.stdout) == (2, b"")
    for told, (number, why) in zip(done.stderr.decode().splitlines(), TOLD, strict=True):
        assert told.startswith(f"tachograph: line {number} of stdin: {why}")
    assert [(line["type"], line.get("session_id")) for line in lines_of(folder)] == [
        ("tool_use", None),
        ("tool_use", "s1"),
        ("session_end", "s1"),
    ]


def test_many_bad_lines_are_told_in_few(folder: Path) -> None:
    done = run("--stdin", stdin=b"x\n" * 50 + b'{"type":"performance"}\n')
    assert done.returncode == 2
    assert done.stderr.splitlines()[20:] == [b"tachograph: \xe2\x80\xa6 and 30 more lines of stdin that are no metrics"]
    assert len(lines_of(folder)) == 1


def test_stdin_without_a_bad_line_is_a_success(folder: Path) -> None:
    done = run("--stdin", "--print-id", stdin=b'{"type":"performance","id":"p1"}\n' * 2)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"p1\np1\n", b"")
    assert len(lines_of(folder)) == 2


def test_what_was_read_is_recorded_though_nobody_reads_the_ids(folder: Path) -> None:
    lines = b"".join(b'{"type":"performance","id":"%s"}\n' % (letter * 9000) for letter in (b"a", b"b"))
    reading, writing = os.pipe()
    os.close(reading)
    subprocess.run([*COMMAND, "--stdin", "--print-id"], input=lines, stdout=writing, check=False, timeout=60)
    os.close(writing)
    assert lines_of(folder)[0]["id"] == "a" * 9000


def test_of_a_line_without_an_end_only_the_beginning_is_held(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_values, "LINE_BYTES_MAX", 100)
    stdin = io.BytesIO(b'{"type":"performance"}' + b" " * 1000 + b"x" * 1000 + b'\n{"type":"performance"}')
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(stdin))
    assert main(["record", "--stdin"]) == 2
    assert len(lines_of(folder)) == 1


@pytest.mark.parametrize("arguments", [["performance"], ["--stdin"]])
def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "file").touch()
    done = run(*arguments, "--folder", tmp_path / "file", stdin=b'{"type":"performance"}')
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith(f"tachograph: {tmp_path}/file")


def test_many_at_once_write_whole_lines_into_one_log(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda n: run("performance", f"id=p{n}", "--folder", tmp_path / "log"), range(16)))
    assert {each.returncode for each in done} == {0}
    assert {line["id"] for line in lines_of(tmp_path / "log")} == {f"p{n}" for n in range(16)}
    assert len(list((tmp_path / "log").glob("*.jsonl"))) == 1


def test_it_needs_neither_the_engine_nor_what_draws_tables() -> None:
    program = "import sys; from tachograph.cli.main import main; main(['record', 'performance']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stdout.split())
    assert "msgspec" in loaded
    assert not loaded & {"duckdb", "rich", "platformdirs", "typing_extensions", "tachograph.store", "tachograph.ingest"}


def test_the_folder_is_that_of_the_environment(tmp_path: Path) -> None:
    environment = os.environ | {"TACHOGRAPH_METRICS": f"{tmp_path}/first,{tmp_path}/second"}
    subprocess.run([*COMMAND, "performance"], env=environment, check=True, timeout=60)
    assert len(lines_of(tmp_path / "first")) == 1


def test_what_is_recorded_beside_a_store_is_found_by_who_names_that_store(tmp_path: Path, tachograph: Command) -> None:
    home = tmp_path / "another"
    assert tachograph("record", "tool_use", "tool_name=make", "--home", home).code == 0
    assert [path.parent for path in home.rglob("*.jsonl")] == [home / "metrics"]
    assert tachograph("tools", "--json", "--home", home).document["breakdowns"]["tools"]["make"]["count"] == 1
