"""The thread that writes what waits: it sleeps until there is something, and ends with the recorder."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

RETRY_SECONDS: Final = 1.0
"""How long after a failure it is tried again."""


class Background:
    """A thread that does `work` some time after it was roused: `pause_seconds`, or at once where it is to hurry."""

    def __init__(self, work: Callable[[], bool], pause_seconds: float) -> None:
        self._work = work
        self._pause_seconds = pause_seconds
        self._something = threading.Event()
        self._hurry = threading.Event()
        self._ended = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def rouse(self, *, hurry: bool = False) -> bool:
        """Lets the work be done; false where there can't be a thread for it."""
        self._something.set()
        if hurry:
            self._hurry.set()
        return self._thread is not None or self._start()

    def end(self) -> None:
        """Lets it do its work once more if it has any, and waits for that."""
        self._ended.set()
        self._hurry.set()
        self._something.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _start(self) -> bool:
        with self._starting:
            if self._thread is not None:
                return True
            if self._ended.is_set():
                return False
            thread = threading.Thread(target=self._run, name="tachograph-recorder", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no more threads, or the interpreter is about to end
                return False
            self._thread = thread
        _end_with_a_child_process(self.end)
        return True

    def _run(self) -> None:
        while not self._ended.is_set():
            self._something.wait()
            self._hurry.wait(self._pause_seconds)
            self._hurry.clear()
            self._something.clear()
            if not self._work():
                self._ended.wait(RETRY_SECONDS)
                self._something.set()


def _end_with_a_child_process(end: Callable[[], None]) -> None:
    """Sees to it that `end` is called where `multiprocessing` ends this process, which leaves out `atexit`."""
    library = sys.modules.get("multiprocessing.util")
    if library is not None:
        library.Finalize(None, end, exitpriority=0)
