"""The processes that read logs."""

from __future__ import annotations

import os
import sys

import pytest

from tachograph.ingest.workers import hired


@pytest.mark.skipif(sys.platform == "win32", reason="there are no process groups")
def test_an_interrupt_at_the_keyboard_is_for_the_command_alone() -> None:
    with hired() as workers:
        assert all(os.getpgid(worker.pid) == worker.pid for worker in workers)
