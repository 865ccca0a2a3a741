"""Questions are answered in a few threads, for a limited time, and only for as long as somebody waits.

A question that takes too long, or whose asker is gone, is interrupted in the engine. Its thread counts as busy until it
really is done, so there are never more of them than there may be.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect

from tachograph.server.problems import Problem, unavailable
from tachograph.store.engine import InterruptException

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import Receive

    from tachograph.store.engine import DuckDBPyConnection

    Work = Callable[["Turn"], "Answer"]

Answer = TypeVar("Answer")
_AGAIN_SECONDS: Final = 0.05
"""How long after an interruption the next one comes: one that falls between two statements has no effect."""


class Stopped(Exception):  # noqa: N818 - what happened to a question
    """Nobody waits for the answer any longer."""


class Turn:
    """One question's time in a thread, which may be ended from outside."""

    def __init__(self) -> None:
        self.has_begun = False
        self.has_store = False
        self._is_stopped = False
        self._connection: DuckDBPyConnection | None = None
        self._guard = threading.Lock()

    def begin(self) -> None:
        """Says that there is a thread. Raises `Stopped` where it comes too late."""
        self.has_begun = True
        self.go_on()

    def go_on(self) -> None:
        """Raises `Stopped` where nobody waits any longer."""
        if self._is_stopped:
            raise Stopped

    @contextmanager
    def asking(self, connection: DuckDBPyConnection) -> Iterator[None]:
        """For as long as the block lasts the connection may be interrupted; what is then raised is `Stopped`."""
        with self._guard:
            self._connection = connection
            self.has_store = True
        try:
            self.go_on()
            yield
        except InterruptException:
            raise Stopped from None
        finally:
            with self._guard:
                self._connection = None

    def stop(self) -> None:
        """Ends it at its next step, from another thread; a second call interrupts again."""
        with self._guard:
            self._is_stopped = True
            if self._connection is not None:
                self._connection.interrupt()


class Runner:
    """So many threads, for so many seconds a question, with so many waiting at most."""

    def __init__(self, *, threads: int = 4, seconds: float = 30.0, waiting: int = 64) -> None:
        self._limiter = CapacityLimiter(threads)
        self._seconds = seconds
        self._waiting = waiting
        self._left: set[asyncio.Task[None]] = set()

    @property
    def waiting_now(self) -> int:
        """How many questions wait for a thread."""
        return self._limiter.statistics().tasks_waiting

    async def run(self, work: Callable[[Turn], Answer], receive: Receive) -> Answer:
        """What the work gives.

        Raises a 503 or 504 problem where that takes too long, `ClientDisconnect` where whoever asked is gone (`receive`
        tells, after the whole request was received), and whatever the work raises.
        """
        if self.waiting_now >= self._waiting:
            raise unavailable("too many questions are waiting already")
        turn = Turn()
        task = asyncio.ensure_future(to_thread.run_sync(work, turn, limiter=self._limiter))
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait({task, gone}, timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            has_gone = gone.done()
            gone.cancel()
            if not task.done():
                self._let_go(task, turn)
        if task.done():
            return task.result()
        if has_gone:
            raise ClientDisconnect
        raise self._late(turn)

    def _late(self, turn: Turn) -> Problem:
        if not turn.has_begun:
            return unavailable("other questions took too long for this one to have its turn")
        if not turn.has_store:
            return unavailable("the store was in use for too long")
        detail = f"the answer took longer than {self._seconds:g} s"
        return Problem(HTTPStatus.GATEWAY_TIMEOUT, detail, mend="ask for a shorter range, or for fewer rows")

    def _let_go(self, task: asyncio.Future[Answer], turn: Turn) -> None:
        """Sees to it that it ends, without waiting for that."""
        ending = asyncio.ensure_future(_end(task, turn))
        self._left.add(ending)
        ending.add_done_callback(self._left.discard)


async def _end(task: asyncio.Future[Answer], turn: Turn) -> None:
    while not task.done():
        turn.stop()
        await asyncio.wait({task}, timeout=_AGAIN_SECONDS)
    if not task.cancelled():
        task.exception()  # what became of it interests nobody


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
