"""The thread that writes what waits: it sleeps until there is something, and ends with the recorder."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from tachograph.recorder.processes import close_at_the_end_of_a_child

if TYPE_CHECKING:
    from collections.abc import Callable

RETRY_SECONDS: Final = 1.0
"""How long after a failure it is tried again."""
_END_SECONDS: Final = 5.0


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
        """Lets the work be done; false where there is no thread for it, or won't be for long."""
        if self._ended.is_set():
            return False
        self._something.set()
        if hurry:
            self._hurry.set()
        return self._thread is not None or self._start()

    def end(self) -> None:
        """Lets it do its work once more if it has any, and waits for that, but not for ever."""
        self._ended.set()
        self._hurry.set()
        self._something.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(_END_SECONDS)

    def _start(self) -> bool:
        with self._starting:
            if self._thread is not None:
                return True
            thread = threading.Thread(target=self._run, name="tachograph-recorder", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no more threads, or the interpreter is about to end
                return False
            self._thread = thread
        close_at_the_end_of_a_child()
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
