"""Processes that want the same store wait for each other, in real processes."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tachograph.errors import StoreUnusable
from tachograph.ingest.reader import plan_paths, read
from tachograph.store.duckdb import Store
from tachograph.store.early import EarlyOpening
from tachograph.store.gate import Gate, Reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OPENS = """
import sys
from pathlib import Path
from tachograph.store.duckdb import Store

print("waits", flush=True)
with Store.open(Path(sys.argv[1]), read_only=sys.argv[2] == "read") as store:
    print("in", store.metrics_count(), flush=True)
    sys.stdin.readline()
print("out", flush=True)
"""
READS_LOGS = """
import sys
from pathlib import Path
from tachograph.ingest.reader import plan_paths, read
from tachograph.store.duckdb import Store

with Store.open(Path(sys.argv[1])) as store:
    read(store, plan_paths(store, [Path(sys.argv[2])], "metrics-log"))
"""
ASKS = """
import sys
from pathlib import Path
from tachograph.store.duckdb import Store

for _ in range(int(sys.argv[2])):
    with Store.open(Path(sys.argv[1]), read_only=True) as store:
        print(store.metrics_count(), flush=True)
"""


@contextmanager
def process(program: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def says(running: subprocess.Popen[str]) -> str:
    assert running.stdout is not None
    return running.stdout.readline().strip()


def goes_on(running: subprocess.Popen[str]) -> None:
    assert running.stdin is not None
    running.stdin.write("\n")
    running.stdin.flush()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "store" / "tachograph.duckdb"
    Store.open(path).close()
    return path


def write_log(folder: Path, name: str, count: int) -> None:
    folder.mkdir(exist_ok=True)
    lines = [
        {"id": f"{name}-{n}", "timestamp": "2026-03-01T09:00:00Z", "type": "tool_use", "data": {"tool_name": "Bash"}}
        for n in range(count)
    ]
    (folder / f"metrics_20260301_090000_{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_any_number_of_processes_read_at_once(path: Path) -> None:
    with process(OPENS, path, "read") as one, process(OPENS, path, "read") as other:
        assert [says(one), says(one)] == ["waits", "in 0"]
        assert [says(other), says(other)] == ["waits", "in 0"]


@pytest.mark.parametrize(("first", "second"), [("read", "write"), ("write", "read"), ("write", "write")])
def test_a_writer_excludes_all_others_until_it_has_closed_the_store(path: Path, first: str, second: str) -> None:
    with process(OPENS, path, first) as holds:
        assert [says(holds), says(holds)] == ["waits", "in 0"]
        with process(OPENS, path, second) as waits:
            assert says(waits) == "waits"
            goes_on(holds)
            assert says(waits) == "in 0"
            assert says(holds) == "out"


def test_whoever_is_killed_keeps_nobody_waiting(path: Path) -> None:
    with process(OPENS, path, "write") as holds:
        assert [says(holds), says(holds)] == ["waits", "in 0"]
        with process(OPENS, path, "write") as waits:
            assert says(waits) == "waits"
            holds.kill()
            assert says(waits) == "in 0"


def test_a_writer_that_lets_others_in_is_not_back_before_them(path: Path) -> None:
    with Store.open(path) as store:
        assert not store.somebody_waits()
        with process(OPENS, path, "read") as waits:
            assert says(waits) == "waits"
            while not store.somebody_waits():
                pass
            back = threading.Thread(target=store.let_others_in)
            back.start()
            assert says(waits) == "in 0"
            assert back.is_alive()
            goes_on(waits)
            back.join()
        assert store.metrics_count() == 0


@pytest.mark.parametrize("kind", ["read", "write"])
def test_an_early_opening_waits_for_nobody_and_keeps_nobody_waiting(path: Path, kind: str) -> None:
    with process(OPENS, path, kind) as holds:
        assert [says(holds), says(holds)] == ["waits", "in 0"]
        assert EarlyOpening(path).take() is None
        goes_on(holds)
        assert says(holds) == "out"
    with process(OPENS, path, "write") as next_one:
        assert [says(next_one), says(next_one)] == ["waits", "in 0"]


def test_an_early_opening_does_not_wait_for_who_reads_logs(path: Path) -> None:
    with Reading(path):
        assert EarlyOpening(path).take() is None
    EarlyOpening(path).give_up()


def test_an_early_opening_excludes_others_until_it_is_given_up(path: Path) -> None:
    opening = EarlyOpening(path)
    begun = opening.take()
    assert begun is not None
    assert opening.take() is None
    with pytest.raises(StoreUnusable, match="open already"):
        Store.open(path)
    with Store.begun(path, begun) as store, process(OPENS, path, "read") as waits:
        assert says(waits) == "waits"
        while not store.somebody_waits():
            pass
        store.close()
        assert says(waits) == "in 0"
    begun.reading.end()
    EarlyOpening(path).give_up()
    Store.open(path).close()


def test_where_there_is_no_store_an_early_opening_makes_none(tmp_path: Path) -> None:
    assert EarlyOpening(tmp_path / "none.duckdb").take() is None
    assert not (tmp_path / "none.duckdb").exists()
    (tmp_path / "none.duckdb").write_bytes(b"no database" * 2000)
    assert EarlyOpening(tmp_path / "none.duckdb").take() is None
    Gate(tmp_path / "none.duckdb", to_write=True).give_up()  # is free


def test_two_readings_of_the_same_logs_count_them_once(path: Path, tmp_path: Path) -> None:
    for name in "abcd":
        write_log(tmp_path / "logs", name, 500)
    with process(READS_LOGS, path, tmp_path / "logs") as one, process(READS_LOGS, path, tmp_path / "logs") as other:
        assert (one.wait(), other.wait()) == (0, 0)
    with Store.open(path, read_only=True) as store:
        assert (store.metrics_count(), len(store.files())) == (2000, 4)


def test_who_asks_during_a_long_reading_gets_in_and_sees_whole_commits(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tachograph.ingest.reader._SHARED_EVERY_SECONDS", 0)
    monkeypatch.setattr("tachograph.ingest.reader._TASK_BYTES", 1)  # a part for each file
    for number in range(30):
        write_log(tmp_path / "logs", f"{number:02}", 100)
    seen: list[int] = []
    with process(ASKS, path, 5) as asks:
        with Store.open(path) as store:
            what = plan_paths(store, [tmp_path / "logs"], "metrics-log")

            def until_somebody_waits(_: int) -> None:
                while not store.somebody_waits() and asks.poll() is None:
                    pass

            read(store, what, until_somebody_waits)
        assert asks.stdout is not None
        seen += [int(line) for line in asks.stdout]
    assert seen == sorted(seen)
    assert all(count % 100 == 0 for count in seen)
    assert len(set(seen)) > 1  # it was let in more than once
    with Store.open(path, read_only=True) as store:
        assert store.metrics_count() == 3000


def test_a_program_that_would_wait_for_itself_is_told_so(path: Path) -> None:
    with Store.open(path, read_only=True) as one, Store.open(path, read_only=True) as other:
        assert one.metrics_count() == other.metrics_count() == 0
        with pytest.raises(StoreUnusable, match="open already"):
            Store.open(path)
    with Store.open(path), pytest.raises(StoreUnusable, match="open already"):
        Store.open(path, read_only=True)
    Store.open(path).close()


def test_who_waits_for_long_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tachograph.store.gate._TOLD_AFTER_SECONDS", 0)
    told = threading.Event()
    with process(OPENS, path, "write") as holds:
        assert [says(holds), says(holds)] == ["waits", "in 0"]

        def wait() -> None:
            Store.open(path, read_only=True, waits=told.set).close()

        waiting = threading.Thread(target=wait)
        waiting.start()
        assert told.wait(30)
        goes_on(holds)
        waiting.join()


def test_a_folder_that_cannot_hold_locks_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tachograph.store.gate.os.open", refuse)
    gate = Gate(tmp_path / "x.duckdb", to_write=True)
    gate.enter()
    assert not gate.somebody_waits()
    gate.give_up()
    with Reading(tmp_path / "x.duckdb"):
        pass


def test_a_file_system_without_locks_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    monkeypatch.setattr("tachograph.store.gate.fcntl.flock", refuse)
    with Store.open(tmp_path / "x.duckdb") as store:
        assert not store.somebody_waits()


def test_a_copy_of_the_process_keeps_nobody_waiting(tmp_path: Path) -> None:
    program = f"""
import os, sys
from pathlib import Path
from tachograph.store.early import EarlyOpening
from tachograph.store.gate import Gate, Reading
store = Path({str(tmp_path / "x.duckdb")!r})
gate, reading = Gate(store, to_write=True), Reading(store)
gate.enter()
if os.fork() == 0:
    sys.stdin.read()
    os._exit(0)
gate.give_up()
reading.end()
print("closed", flush=True)
os._exit(0)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdin
        assert first.stdout
        assert first.stdout.readline() == b"closed\n"
        began = time.monotonic()
        closes = threading.Timer(5, first.stdin.close)
        closes.start()
        Store.open(tmp_path / "x.duckdb").close()
        closes.cancel()
        assert time.monotonic() - began < 5
