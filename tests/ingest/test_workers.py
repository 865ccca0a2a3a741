"""The processes that read logs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tachograph.errors import TachographError
from tachograph.ingest import workers
from tachograph.ingest.reading import Piece
from tachograph.ingest.tasks import Task
from tachograph.ingest.workers import hired, shared_out


@pytest.mark.skipif(sys.platform == "win32", reason="there are no process groups")
def test_an_interrupt_at_the_keyboard_is_for_the_command_alone() -> None:
    with hired() as waiting:
        assert all(os.getpgid(worker.pid) == worker.pid for worker in waiting)


def test_what_cannot_be_understood_is_told_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    says = [sys.executable, "-c", "print('no part of a task', flush=True); input()"]
    monkeypatch.setattr(
        workers, "_start", lambda: subprocess.Popen(says, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    )
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    tasks = [Task(number, "metrics-log", [Piece("x", 0, 1, True, True)]) for number in range(2)]
    with (
        hired() as waiting,
        shared_out(tasks, waiting) as parts,
        pytest.raises(TachographError, match="can't be understood"),
    ):
        list(parts)
