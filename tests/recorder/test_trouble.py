"""Full disks, limits, folders that vanish, locks that are held: the host goes on, is told once, and the counts are right."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import resource
import shutil
import subprocess
import sys
import textwrap
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from recorded import read
from tachograph import Recorder
from tachograph.recorder import writer
from tachograph.recorder.names import LOCK_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tachograph import Metric

PATIENCE_SECONDS = 30
DURABILITIES = ("buffered", "flushed", "synced")


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """No file of this process may grow beyond that."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def told_of_dropped(metrics: list[Metric]) -> int:
    """How many records are said to have been dropped, after a look at how it is said."""
    told = [metric.data for metric in metrics if metric.data.get("error_type") == "records_dropped"]
    for data in told:
        assert set(data) == {"error_type", "dropped", "from", "to"}
        assert data["from"] <= data["to"]
    return sum(data["dropped"] for data in told)


@pytest.mark.parametrize("durability", DURABILITIES)
def test_records_that_can_not_be_written_wait_and_are_written_later(
    tmp_path: Path, durability: Any, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    with Recorder(tmp_path, durability=durability, flush_seconds=0, on_trouble=told.append) as recorder:
        with file_size_limit(0):
            for n in range(100):
                recorder.tool_use("Bash", n=n)
            wait_until(lambda: recorder.status().trouble is not None)
            assert recorder.status() == (100, 0, 100, 0, "the file would be larger than this process may write")
            assert recorder.flush() is False
        assert recorder.flush() is True
        assert recorder.status() == (100, 100, 0, 0, None)
    assert [metric.data["n"] for metric in read(tmp_path)] == list(range(100))
    assert len(told) == 1
    assert told[0].startswith(f"{tmp_path}: the file would be larger")
    assert [(record.name, record.levelno) for record in caplog.records] == [("tachograph", logging.WARNING)]


@pytest.mark.parametrize("durability", DURABILITIES)
def test_what_does_not_fit_in_memory_is_dropped_and_counted_in_the_log(tmp_path: Path, durability: Any) -> None:
    settings: dict[str, Any] = {"durability": durability, "flush_seconds": 0, "memory_bytes": 20_000}
    with Recorder(tmp_path, **settings) as recorder:
        with file_size_limit(0):
            recorder.tool_use("first")
            wait_until(lambda: recorder.status().trouble is not None)
            for n in range(500):
                recorder.tool_use("Bash", n=n)
        status = recorder.status()
        assert (status.recorded, status.written) == (501, 0)
        assert 0 < status.dropped == 501 - status.waiting
        assert recorder.flush() is True
        recorder.tool_use("last")
    metrics = read(tmp_path)
    assert told_of_dropped(metrics) == status.dropped
    assert len(metrics) == status.waiting + 2
    assert metrics[-1].data["tool_name"] == "last"


def test_a_limit_that_leaves_some_room_only_makes_more_files(tmp_path: Path) -> None:
    with Recorder(tmp_path, durability="flushed", compress=None) as recorder, file_size_limit(1000):
        for n in range(50):
            recorder.tool_use("Bash", n=n)
        assert recorder.status() == (50, 50, 0, 0, None)
    assert len(read(tmp_path)) == 50
    assert max(path.stat().st_size for path in tmp_path.iterdir()) <= 1000


PROGRAM = textwrap.dedent("""
    import resource, signal, sys
    from tachograph import Recorder
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    recorder = Recorder(sys.argv[1], durability=sys.argv[2], flush_seconds=0)
    for size in (0, 10, 100, 300):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        for n in range(20):
            recorder.tool_use("Bash", size=size, n=n)
        recorder.flush()
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    recorder.close()
""")


@pytest.mark.parametrize("durability", DURABILITIES)
def test_a_host_for_which_the_signal_of_the_limit_is_deadly_lives_on(tmp_path: Path, durability: str) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path), durability]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    assert ended.returncode == 0
    assert ended.stderr.count("may write: records wait in memory") == 1
    assert len(read(tmp_path)) == 80


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("durability", DURABILITIES)
@pytest.mark.parametrize("other_files", [0, 250_000])
def test_a_full_disk_is_waited_out(small_disk: Path, durability: Any, other_files: int) -> None:
    """Whether it is full from the beginning, or becomes so."""
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(other_files))
    logs = small_disk / "logs"
    recorder = Recorder(logs, durability=durability, flush_seconds=0, memory_bytes=60_000, compress=None)
    while recorder.status().dropped < 5:
        recorder.tool_use("Bash", text="x" * 100)
    status = recorder.status()
    assert status.trouble == "the disk is full"
    assert status.recorded == status.written + status.waiting + status.dropped
    assert all(path.read_bytes().endswith(b"\n") for path in logs.glob("*.jsonl") if path.stat().st_size)
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    assert recorder.flush() is True
    recorder.close()
    metrics = read(logs)
    assert told_of_dropped(metrics) == recorder.status().dropped
    assert len(metrics) == recorder.status().written
    assert recorder.status().waiting == 0


def test_a_folder_that_vanishes_is_made_again(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    with Recorder(logs, durability="flushed") as recorder:
        recorder.tool_use("gone")
        shutil.rmtree(logs)
        recorder.tool_use("there")
        logs.rename(tmp_path / "elsewhere")
        recorder.tool_use("there again")
        for path in logs.glob("*.jsonl"):
            path.unlink()
        recorder.tool_use("and again")
        assert recorder.status() == (4, 4, 0, 0, None)
    assert [metric.data["tool_name"] for metric in read(tmp_path / "elsewhere")] == ["there"]
    assert [metric.data["tool_name"] for metric in read(logs)] == ["and again"]


@pytest.mark.parametrize("durability", DURABILITIES)
def test_where_no_folder_can_be_made_nothing_is_raised(tmp_path: Path, durability: Any) -> None:
    (tmp_path / "logs").write_text("no folder")
    recorder = Recorder(tmp_path / "logs" / "below", durability=durability, flush_seconds=0)
    for _ in range(3):
        recorder.tool_use("Bash")
    wait_until(lambda: recorder.status().trouble == "Not a directory")
    assert recorder.sync() is False
    (tmp_path / "logs").unlink()
    assert recorder.sync() is True
    recorder.close()
    assert len(read(tmp_path / "logs" / "below")) == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="to root, all is permitted")
def test_without_permission_nothing_is_raised(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with Recorder(tmp_path, durability="flushed") as recorder:
        recorder.tool_use("Bash")
        assert recorder.status().trouble == "permission denied"
        tmp_path.chmod(0o700)
        assert recorder.flush() is True


def test_records_wait_while_another_process_holds_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "WAIT_SECONDS", 0.02)
    with Recorder(tmp_path, durability="flushed") as recorder:
        recorder.tool_use("Bash")
        with (tmp_path / LOCK_NAME).open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            recorder.tool_use("Bash")
            assert recorder.status() == (2, 1, 1, 0, "another process holds the lock of the folder")
        wait_until(lambda: recorder.status().waiting == 0)  # with nothing recorded any more: it is tried again
    assert len(read(tmp_path)) == 2


def test_what_a_failed_sync_leaves_open_is_written_into_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync
    failures = [OSError(errno.EIO, "the disk fails")]

    def failing_once(descriptor: int) -> None:
        if failures:
            raise failures.pop()
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", failing_once)
    with Recorder(tmp_path, durability="synced", compress=None) as recorder:
        recorder.tool_use("Bash")
        assert recorder.status() == (1, 0, 1, 0, "the disk fails")
        assert recorder.flush() is True
        assert recorder.status() == (1, 1, 0, 0, None)
    lines = [path.read_bytes() for path in tmp_path.glob("*.jsonl")]
    assert len(lines) == 2
    assert lines[0] == lines[1]


def test_a_host_whose_own_telling_fails_gets_no_exception(tmp_path: Path) -> None:
    def fail(text: str) -> None:
        raise ValueError(text)

    with Recorder(tmp_path, durability="flushed", on_trouble=fail) as recorder, file_size_limit(0):
        recorder.tool_use("Bash")
        assert recorder.status().waiting == 1


def test_what_is_lost_at_the_end_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    with file_size_limit(0), Recorder(tmp_path, durability="flushed", on_trouble=told.append) as recorder:
        recorder.tool_use("Bash")
    assert told[-1] == "1 records couldn't be written before the end, and are lost"
