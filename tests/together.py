"""Processes that do something at the same time: each says that it is ready, and waits for the word."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def run_together(program: str, arguments: Sequence[Sequence[str]]) -> list[str]:
    """What the program printed with each of the arguments, after it had said `ready` and read a line."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, *given], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for given in arguments
    ]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.communicate(timeout=60)[0] for process in processes]
