"""Files that are begun, left, compressed and read meanwhile: nothing is lost and nothing is twice."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from recorded import read
from tachograph import Recorder
from tachograph.ingest.plan import Found, Skipped, find_in_places, plan
from tachograph.ingest.reader import read as ingest
from tachograph.ingest.reading import open_plain_or_compressed
from tachograph.recorder.compression import compress_rotated
from tachograph.recorder.lock import FolderLock
from tachograph.recorder.names import LOCK_NAME, begun, is_ours, new_name, plain_name
from tachograph.sources import source
from tachograph.store.duckdb import Store

RECORDS = 300


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def found(folder: Path) -> list[Found]:
    skipped: list[Skipped] = []
    there = find_in_places([(source("metrics-log"), folder)], skipped)
    assert skipped == []
    return there


def record(folder: Path, n: int, rotate_bytes: int, durability: Any = "flushed", compress: Any = "zstd") -> None:
    with Recorder(
        folder, durability=durability, rotate_bytes=rotate_bytes, compress=compress, flush_seconds=0
    ) as recorder:
        for number in range(n):
            recorder.tool_use("Bash", number=number, process=os.getpid())


def test_the_names_sort_by_time_and_are_a_logs() -> None:
    early, late = new_name(1_772_355_600), new_name(1_772_355_601)
    assert early.startswith("metrics_20260301_090000_r")
    assert early < late
    assert begun(early) == 1_772_355_600
    assert source("metrics-log").owns(early)
    assert is_ours(early)
    assert plain_name(f"{early}.zst") == plain_name(f"{early}.gz") == early
    assert plain_name("metrics_20260301_090000.jsonl.gz") is None
    assert not is_ours("metrics_20260301_090000.jsonl")
    assert begun("metrics_20260230_090000_r000000000000.jsonl") == 0


@pytest.mark.parametrize(("compress", "ending"), [("zstd", ".zst"), ("gzip", ".gz"), (None, "")])
def test_a_large_file_is_left_and_compressed(tmp_path: Path, compress: Any, ending: str) -> None:
    record(tmp_path, RECORDS, 10_000, compress=compress)
    *old, _ = names(tmp_path)
    assert len(old) > 2
    assert all(name.endswith(f".jsonl{ending}") for name in old)
    assert [metric.data["number"] for metric in read(tmp_path)] == list(range(RECORDS))


def test_an_old_file_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Recorder(tmp_path, durability="flushed", rotate_seconds=3600, compress=None) as recorder:
        recorder.tool_use("one")
        recorder.tool_use("two")
        now = time.time() + 3602
        monkeypatch.setattr(time, "time", lambda: now)
        recorder.tool_use("three")
    assert len(names(tmp_path)) == 2
    assert len(read(tmp_path)) == 3


def test_files_of_other_programs_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "metrics_20260301_090000.jsonl").write_bytes(b"")
    record(tmp_path, RECORDS, 10_000)
    assert names(tmp_path)[0] == "metrics_20260301_090000.jsonl"


@pytest.mark.parametrize("durability", ["buffered", "flushed", "synced"])
def test_several_processes_record_into_one_log(tmp_path: Path, durability: str) -> None:
    """While a reader reads it into a store, again and again."""
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=record, args=(tmp_path, RECORDS, 8_000, durability)) for _ in range(4)]
    for process in writers:
        process.start()
    with Store.in_memory() as store:
        while any(process.is_alive() for process in writers):
            summary = ingest(store, plan(found(tmp_path), store.files(), []))
            assert (summary.skipped, summary.lines_rejected) == ([], 0)
        ingest(store, plan(found(tmp_path), store.files(), []))
        rows = store.connection.execute("SELECT count(*), count(DISTINCT id) FROM metrics").fetchone()
    for process in writers:
        process.join()
        assert process.exitcode == 0
        process.close()
    assert rows == (4 * RECORDS, 4 * RECORDS)
    metrics = read(tmp_path)
    assert len(metrics) == 4 * RECORDS
    by_process: dict[int, list[int]] = {}
    for metric in metrics:
        by_process.setdefault(metric.data["process"], []).append(metric.data["number"])
    assert len(by_process) == 4
    assert all(sorted(numbers) == list(range(RECORDS)) for numbers in by_process.values())
    files = len(names(tmp_path))
    compress_rotated(tmp_path, "zstd")  # whatever was left while another process was at it
    assert len(names(tmp_path)) == files > 10
    assert len([name for name in names(tmp_path) if name.endswith(".jsonl")]) == 1


def left(folder: Path) -> Path:
    """A log with one file that is left and not compressed; returns that file."""
    record(folder, RECORDS, 1 << 20, compress=None)
    (plain,) = folder.glob("*.jsonl")
    (folder / LOCK_NAME).write_text(new_name(1_772_355_600))
    return plain


def test_a_compression_that_was_killed_is_done_by_the_next(tmp_path: Path) -> None:
    """In whatever state it left the folder."""
    plain = left(tmp_path)
    half = tmp_path / f".{plain.name}.zst.half"
    half.write_bytes(b"the beginning")
    compress_rotated(tmp_path, "zstd")
    whole = plain.with_name(f"{plain.name}.zst")
    assert names(tmp_path) == [whole.name]
    assert not half.exists()
    plain.write_bytes(b"")  # as if it hadn't been deleted yet
    compress_rotated(tmp_path, "gzip")
    assert names(tmp_path) == [whole.name]
    assert len(read(tmp_path)) == RECORDS


def test_one_process_compresses_at_a_time(tmp_path: Path) -> None:
    plain = left(tmp_path)
    with (tmp_path / ".tachograph.compressing").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        compress_rotated(tmp_path, "zstd")
        assert plain.exists()
    compress_rotated(tmp_path, "zstd")
    assert not plain.exists()


def test_of_a_file_and_its_compressed_copy_one_is_listed(tmp_path: Path) -> None:
    plain = left(tmp_path)
    kept = plain.read_bytes()
    compress_rotated(tmp_path, "zstd")
    plain.write_bytes(kept)
    assert [file.path for file in found(tmp_path)] == [str(plain)]
    assert len(read(tmp_path)) == RECORDS


@pytest.mark.parametrize("compress", ["zstd", "gzip"])
@pytest.mark.parametrize("before", [0, RECORDS])
def test_a_file_that_is_compressed_between_listing_and_reading_is_read(
    tmp_path: Path, compress: Any, before: int
) -> None:
    """From the beginning, or from where it was read to; and no line of it twice afterwards."""
    with Store.in_memory() as store:
        if before:
            record(tmp_path, before, 1 << 20, compress=None)
            ingest(store, plan(found(tmp_path), store.files(), []))
        record(tmp_path, RECORDS, 1 << 20, compress=None)
        (tmp_path / LOCK_NAME).write_text(new_name(1_772_355_600))
        listed = found(tmp_path)
        planned_early = plan(listed, store.files(), [])
        compress_rotated(tmp_path, compress)
        planned_late = plan(listed, store.files(), skipped := list[Skipped]())
        assert skipped == []
        assert planned_late == planned_early
        summary = ingest(store, planned_late)
        assert (summary.skipped, summary.lines_rejected) == ([], 0)
        for _ in range(2):
            rows = store.connection.execute("SELECT count(*), count(DISTINCT id) FROM metrics").fetchone()
            assert rows == (before + RECORDS,) * 2
            assert ingest(store, plan(found(tmp_path), store.files(), [])).skipped == []


def test_a_plain_file_that_is_deleted_once_it_is_open_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = left(tmp_path)
    content = plain.read_bytes()
    open_it = Path.open

    def open_and_delete(path: Path, *arguments: Any, **named: Any) -> Any:
        handle = open_it(path, *arguments, **named)
        path.unlink()
        return handle

    monkeypatch.setattr(Path, "open", open_and_delete)
    with open_plain_or_compressed(str(plain)) as handle:
        assert handle.read() == content


def test_nothing_is_deleted_while_a_reader_lists(tmp_path: Path) -> None:
    plain = left(tmp_path)
    deleted = threading.Thread(target=compress_rotated, args=(tmp_path, "zstd"))
    with (tmp_path / LOCK_NAME).open() as listing:
        fcntl.flock(listing, fcntl.LOCK_SH)
        deleted.start()
        while not plain.with_name(f"{plain.name}.zst").exists() and deleted.is_alive():
            pass
        assert plain.exists()
    deleted.join()
    assert not plain.exists()


def test_a_reader_that_can_not_lock_lists_all_the_same(tmp_path: Path) -> None:
    record(tmp_path, 3, 1 << 20)
    (tmp_path / LOCK_NAME).unlink()
    (tmp_path / LOCK_NAME).mkdir()
    assert len(found(tmp_path)) == 1
    assert len(read(tmp_path)) == 3


@pytest.mark.parametrize("content", ["", "nonsense", "../metrics_20260301_090000_r000000000000.jsonl", "\x00" * 300])
def test_a_damaged_name_of_the_active_file_only_begins_another(tmp_path: Path, content: str) -> None:
    record(tmp_path, 1, 1 << 20, compress=None)
    (tmp_path / LOCK_NAME).write_text(content)
    record(tmp_path, 1, 1 << 20, compress=None)
    assert len(names(tmp_path)) == 2
    assert len(read(tmp_path)) == 2


WHOLE = b'{"id":"a","timestamp":"2026-03-01T09:00:00Z","type":"tool_use"}'


@pytest.mark.parametrize("cut", range(len(WHOLE) + 1))
def test_what_a_killed_writer_left_of_its_last_line_is_mended(tmp_path: Path, cut: int) -> None:
    """A whole object gets its newline; anything less was never acknowledged, and goes."""
    record(tmp_path, 2, 1 << 20)
    (file,) = tmp_path.glob("*.jsonl")
    before = file.read_bytes()
    file.write_bytes(before + WHOLE[:cut])
    record(tmp_path, 1, 1 << 20)
    kept = WHOLE + b"\n" if cut == len(WHOLE) else b""
    after = file.read_bytes()
    assert after.startswith(before + kept)
    assert after.count(b"\n") == 3 + bool(kept)
    assert len(read(tmp_path)) == 3 + bool(kept)


def test_a_long_rest_of_zeros_is_cut_off(tmp_path: Path) -> None:
    record(tmp_path, 2, 1 << 20)
    (file,) = tmp_path.glob("*.jsonl")
    with file.open("ab") as handle:
        handle.write(bytes(200_000))
    record(tmp_path, 1, 1 << 20)
    assert b"\0" not in file.read_bytes()
    assert len(read(tmp_path)) == 3


def test_the_lock_of_a_folder_that_is_replaced_is_taken_anew(tmp_path: Path) -> None:
    held = FolderLock(tmp_path / "logs")
    with held:
        held.set_name("one")
    (tmp_path / "logs").rename(tmp_path / "elsewhere")
    with held:
        assert held.name() == ""
    held.close()
