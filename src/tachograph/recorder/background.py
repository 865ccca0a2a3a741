"""The thread that writes what waits: it sleeps until there is something, and ends with the recorder.

It is roused by a `SimpleQueue`, whose `put` may be interrupted by a signal's handler that puts as well; the locks of
`threading.Event` would wait for themselves then.
"""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Final

from tachograph.recorder.processes import close_at_the_end_of_a_child

if TYPE_CHECKING:
    from collections.abc import Callable

RETRY_SECONDS: Final = 1.0
"""How long after a failure it is tried again."""
_END_SECONDS: Final = 5.0
_HURRY: Final = True


class Background:
    """A thread that does `work` some time after it was roused: `pause_seconds`, or at once where it is to hurry."""

    def __init__(self, work: Callable[[], bool], pause_seconds: float) -> None:
        self._work = work
        self._pause_seconds = pause_seconds
        self._roused: SimpleQueue[bool] = SimpleQueue()
        """Whether to hurry, for each time that it was roused."""
        self._ended = False
        self._starting = threading.RLock()
        self._is_starting = False
        self._thread: threading.Thread | None = None

    def rouse(self, *, hurry: bool = False) -> bool:
        """Lets the work be done; false where there is no thread for it, or won't be for long."""
        if self._ended:
            return False
        self._roused.put(hurry)
        return self._thread is not None or self._start()

    def end(self) -> None:
        """Lets it do its work once more if it has any, and waits for that, but not for ever."""
        self._ended = True
        self._roused.put(_HURRY)
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(_END_SECONDS)

    def _start(self) -> bool:
        with self._starting:
            if self._thread is not None or self._is_starting:  # by whom a signal's handler has interrupted
                return True
            self._is_starting = True
            thread = threading.Thread(target=self._run, name="tachograph-recorder", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no more threads, or the interpreter is about to end
                return False
            finally:
                self._is_starting = False
            self._thread = thread
        close_at_the_end_of_a_child()
        return True

    def _run(self) -> None:
        while not self._ended:
            if not self._roused.get():
                self._wait(self._pause_seconds, until_hurry=True)
            self._forget_how_often()
            if not self._work():
                self._wait(RETRY_SECONDS, until_hurry=False)
                self._roused.put(not _HURRY)

    def _wait(self, seconds: float, *, until_hurry: bool) -> None:
        """Waits for so long, or until it ends, or perhaps is to hurry."""
        until = monotonic() + seconds
        while not self._ended and (left := until - monotonic()) > 0:
            try:
                hurry = self._roused.get(timeout=left)
            except Empty:
                return
            if hurry and until_hurry:
                return

    def _forget_how_often(self) -> None:
        """All that it was roused for until now is done at once."""
        try:
            while True:
                self._roused.get_nowait()
        except Empty:
            return
