"""Times whole processes: the wall clock, the memory of the largest process, and of all of them together."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PASSED_ON: Final = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR")
"""The variables that a run gets from this program's; others could lead it to somebody's files, or slow it down."""
LOOKS_PER_SECOND: Final = 20
"""How often the memory of all processes is added up: a look takes about a tenth of a millisecond per process."""
PROC: Final = Path("/proc")
PAGE_MB: Final = os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass(frozen=True)
class Timing:
    """One command's time on the wall, the memory of its largest process, and of all of its processes at once.

    `peak_mb` is what the kernel counted; it can't show less than this program's own, from which the command was
    started. `all_mb` is the largest sum that was seen, and None where it wasn't looked for or can't be seen.
    """

    seconds: float
    peak_mb: float
    all_mb: float | None = None

    def __add__(self, other: Timing) -> Timing:
        """One after the other."""
        both = [each for each in (self.all_mb, other.all_mb) if each is not None]
        return Timing(self.seconds + other.seconds, max(self.peak_mb, other.peak_mb), max(both, default=None))


class CommandError(Exception):
    """A command ended with an error: which one, and the end of what it said on stderr."""

    def __init__(self, command: list[str], code: int, said: str) -> None:
        last_line = (said.strip().splitlines() or ["it said nothing"])[-1]
        super().__init__(f"{' '.join(command)} ended with {code}: {last_line}")


def timed(
    command: list[str],
    home: Path,
    environment: Mapping[str, str] | None = None,
    *,
    watch: bool = False,
    given: bytes = b"",
) -> tuple[Timing, str]:
    """Runs a command to its end in a home of its own; returns its timing and its stdout.

    It gets HOME, `environment` and what is PASSED_ON, and `given` on stdin; with `watch` the memory of all processes is
    looked at.
    Raises CommandError where the command fails, OSError where it can't be started.
    """
    variables = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    variables |= {"HOME": str(home), **(environment or {})}
    with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as said:
        told.write(given)
        told.seek(0)
        start = time.perf_counter()
        running = subprocess.Popen(command, stdin=told, stdout=output, stderr=said, env=variables)
        watching = Watching(running.pid) if watch else None
        _, status, usage = os.wait4(running.pid, 0)
        seconds = time.perf_counter() - start
        running.returncode = os.waitstatus_to_exitcode(status)
        all_mb = watching.stop() if watching else None
        output.seek(0)
        said.seek(0)
        if running.returncode:
            raise CommandError(command, running.returncode, said.read().decode(errors="replace"))
        return Timing(seconds, usage.ru_maxrss / 1024, all_mb), output.read().decode()


class Watching:
    """Adds up the memory of a process and of all that come from it, until it is stopped; Linux only."""

    def __init__(self, process: int) -> None:
        self._process = process
        self._largest_mb: float | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._thread.start()

    def stop(self) -> float | None:
        """The largest sum seen; None if nothing was."""
        self._ended.set()
        self._thread.join()
        return self._largest_mb

    def _look_on(self) -> None:
        while not self._ended.wait(1 / LOOKS_PER_SECOND):
            memory = [each for each in map(_memory, _family(self._process)) if each]
            if memory:
                now_mb = sum(own for own, _ in memory) + max(shared for _, shared in memory)
                self._largest_mb = max(now_mb, self._largest_mb or 0)


def _family(process: int) -> Iterator[int]:
    yield process
    for thread in PROC.glob(f"{process}/task/*/children"):
        try:
            children = thread.read_text().split()
        except OSError:
            continue  # it ended meanwhile
        for child in children:
            yield from _family(int(child))


def _memory(process: int) -> tuple[float, float] | None:
    """What a process has for itself, and what it may share (files, shared memory), in MB."""
    try:
        _, resident, shared, *_ = map(int, (PROC / str(process) / "statm").read_text().split())
    except (OSError, ValueError):
        return None
    return (resident - shared) * PAGE_MB, shared * PAGE_MB
