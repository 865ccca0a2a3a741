"""Threads, forks, signals and ends of processes: everything that was recorded is written, once."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from recorded import read
from tachograph import Recorder

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE_SECONDS = 60
DURABILITIES = ("buffered", "flushed", "synced")


def run(program: str, *arguments: object, code: int = 0) -> str:
    """Runs a program in a process of its own, and returns what it said."""
    command = [
        sys.executable,
        "-W",
        "error",
        "-W",
        "ignore::DeprecationWarning",
        "-c",
        textwrap.dedent(program),
        *map(str, arguments),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    assert (ended.returncode, ended.stderr) == (code, "")
    return ended.stdout


@pytest.mark.parametrize("durability", DURABILITIES)
def test_many_threads_record_at_once(tmp_path: Path, durability: Any) -> None:
    """And find what they recorded written, where that was promised."""
    each = 200

    def work(thread: int) -> None:
        for n in range(each):
            ids[thread].append(recorder.tool_use("Bash", n=n))

    ids: list[list[str]] = [[] for _ in range(8)]
    with Recorder(tmp_path, durability=durability, rotate_bytes=20_000) as recorder:
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(work, range(8)))
        if durability != "buffered":
            assert recorder.status() == (8 * each, 8 * each, 0, 0, None)
    order = {metric.id: place for place, metric in enumerate(read(tmp_path))}
    assert order.keys() == {id for of_thread in ids for id in of_thread}
    assert all([order[id] for id in of_thread] == sorted(order[id] for id in of_thread) for of_thread in ids)


@pytest.mark.parametrize("memory_bytes", [1, 2000])
def test_without_trouble_nothing_is_dropped_however_small_the_memory(tmp_path: Path, memory_bytes: int) -> None:
    with Recorder(tmp_path, memory_bytes=memory_bytes, flush_seconds=3600) as recorder:
        for _ in range(500):
            recorder.tool_use("Bash")
        assert recorder.status().dropped == 0
    assert len(read(tmp_path)) == 500


@pytest.mark.parametrize("end", ["pass", "sys.exit(3)", "raise SystemExit(3)"])
def test_the_end_of_the_program_loses_nothing(tmp_path: Path, end: str) -> None:
    program = f"""
        import sys
        from tachograph import Recorder
        recorder = Recorder(sys.argv[1], flush_seconds=3600)
        recorder.tool_use("Bash")
        {end}
    """
    run(program, tmp_path, code=0 if end == "pass" else 3)
    assert len(read(tmp_path)) == 1


def test_what_is_recorded_after_the_closing_is_written_at_once(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.tool_use("before")
    recorder.close()
    recorder.tool_use("after")
    assert [metric.data["tool_name"] for metric in read(tmp_path)] == ["before", "after"]
    recorder.close()


def test_what_is_buffered_is_written_after_a_while_without_anybody_asking(tmp_path: Path) -> None:
    program = """
        import pathlib, sys
        from tachograph import Recorder
        recorder = Recorder(sys.argv[1], flush_seconds=0.05)
        for count in (1, 2):
            recorder.tool_use("Bash")
            while sum(path.read_bytes().count(b"\\n") for path in pathlib.Path(sys.argv[1]).glob("*.jsonl")) < count:
                pass
    """
    run(program, tmp_path)
    assert len(read(tmp_path)) == 2


@pytest.mark.parametrize("durability", DURABILITIES)
@pytest.mark.parametrize("leaves", ["os._exit(0)", "sys.exit(0)"])
def test_a_forked_child_writes_its_own_and_the_parent_its_own(tmp_path: Path, durability: str, leaves: str) -> None:
    program = f"""
        import os, sys
        from tachograph import Recorder
        recorder = Recorder(sys.argv[1], durability=sys.argv[2], flush_seconds=3600)
        ids = [recorder.tool_use("parent") for _ in range(10)]
        if os.fork() == 0:
            assert recorder.status().recorded == 0
            ids = [recorder.tool_use("child") for _ in range(10)]
            recorder.flush()
            {leaves}
        os.wait()
        ids += [recorder.tool_use("parent") for _ in range(10)]
    """
    run(program, tmp_path, durability)
    names = sorted(metric.data["tool_name"] for metric in read(tmp_path))
    assert names == ["child"] * 10 + ["parent"] * 20


@pytest.mark.parametrize("start", ["fork", "spawn", "forkserver"])
def test_the_children_of_multiprocessing_lose_nothing(tmp_path: Path, start: str) -> None:
    """They end without the ordinary end of a program."""
    (tmp_path / "program.py").write_text(
        textwrap.dedent("""
        import multiprocessing, sys
        from tachograph import Recorder
        recorder = Recorder(sys.argv[1], flush_seconds=3600)
        def work(n):
            recorder.tool_use("child")
        if __name__ == "__main__":
            recorder.tool_use("parent")
            context = multiprocessing.get_context(sys.argv[2])
            children = [context.Process(target=work, args=(n,)) for n in range(3)]
            for child in children:
                child.start()
            for child in children:
                child.join()
        """)
    )
    logs = tmp_path / "logs"
    subprocess.run(
        [sys.executable, str(tmp_path / "program.py"), str(logs), start], check=True, timeout=PATIENCE_SECONDS
    )
    assert sorted(metric.data["tool_name"] for metric in read(logs)) == ["child"] * 3 + ["parent"]


def test_a_fork_amid_the_recording_of_other_threads_leaves_the_child_usable(tmp_path: Path) -> None:
    program = """
        import os, sys, threading
        from tachograph import Recorder
        recorder = Recorder(sys.argv[1], durability="flushed")
        ended = threading.Event()
        def busy():
            while not ended.is_set():
                recorder.tool_use("parent")
        threads = [threading.Thread(target=busy) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(20):
            child = os.fork()
            if child == 0:
                recorder.tool_use("child")
                os._exit(0 if recorder.status() == (1, 1, 0, 0, None) else 1)
            assert os.waitpid(child, 0)[1] == 0
        ended.set()
        for thread in threads:
            thread.join()
        print(recorder.status().written)
    """
    recorded = int(run(program, tmp_path))
    names = [metric.data["tool_name"] for metric in read(tmp_path)]
    assert (names.count("parent"), names.count("child")) == (recorded, 20)


@pytest.mark.parametrize("durability", DURABILITIES)
def test_a_signal_handler_may_record_amid_a_recording(tmp_path: Path, durability: Any) -> None:
    """Both the interrupted record and the handler's are written."""
    handled = 0
    with Recorder(tmp_path, durability=durability) as recorder:

        def handle(number: int, frame: object) -> None:
            nonlocal handled
            recorder.tool_use("handler")
            handled += 1
            signal.setitimer(signal.ITIMER_REAL, 0.0005)

        before = signal.signal(signal.SIGALRM, handle)
        signal.setitimer(signal.ITIMER_REAL, 0.0005)
        try:
            for _ in range(500):
                recorder.tool_use("program")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
    assert handled > 0
    names = [metric.data["tool_name"] for metric in read(tmp_path)]
    assert (names.count("program"), names.count("handler")) == (500, handled)


def test_a_recorder_that_was_closed_is_forgotten(tmp_path: Path) -> None:
    with Recorder(tmp_path) as recorder:
        recorder.tool_use("Bash")
    kept = weakref.ref(recorder._writer)
    del recorder
    gc.collect()
    assert kept() is None


def test_recording_leaves_no_thread_and_no_open_file_behind(tmp_path: Path) -> None:
    threads, files = threading.active_count(), len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0  # noqa: PTH112, PTH208 - of the system
    for _ in range(3):
        with Recorder(tmp_path) as recorder:
            recorder.tool_use("Bash")
    assert threading.active_count() == threads
    if files:
        assert len(os.listdir("/proc/self/fd")) == files  # noqa: PTH208 - as above
