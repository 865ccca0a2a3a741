"""`AsyncRecorder`: as `Recorder`, for programs with an event loop, which it never blocks."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from tachograph.recorder.base import BaseRecorder

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import TracebackType
    from typing import Self

    from tachograph.recorder.writer import Writer


class Recorded:
    """A record that was made; awaiting it waits for as much as the durability promises, and answers its id.

    One that is never awaited is written all the same, and so is one whose waiting is cancelled.
    """

    def __init__(self, id: str, writer: Writer, number: int) -> None:
        self.id = id
        self._writer = writer
        self._number = number

    def __await__(self) -> Generator[Any, None, str]:
        writer = self._writer
        if writer.is_filling or (writer.writes_at_once and writer.may_still_write(self._number)):
            loop = asyncio.get_running_loop()
            tried = loop.create_future()
            writer.when_tried(partial(_tell, loop, tried))
            yield from tried
        return self.id


class AsyncRecorder(BaseRecorder[Recorded]):
    """As `Recorder`, with the same names, to be awaited; a thread of its own writes. See there for what is raised."""

    async def flush(self) -> bool:
        """Hands all that was recorded to the kernel; whether that went well."""
        return await asyncio.to_thread(self._writer.flush)

    async def sync(self) -> bool:
        """Brings all that was recorded to the disk; whether that went well."""
        return await asyncio.to_thread(self._writer.sync)

    async def close(self) -> None:
        """Writes all that was recorded and lets go of the log."""
        await asyncio.to_thread(self._writer.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def _answer(self, id: str, line: bytes, moment: str) -> Recorded:
        number = self._writer.put(line, moment, may_wait=False)
        if self._writer.writes_at_once:
            self._writer.hurry()
        return Recorded(id, self._writer, number)


def _tell(loop: asyncio.AbstractEventLoop, tried: asyncio.Future[None]) -> None:
    with suppress(RuntimeError):  # the loop has ended meanwhile
        loop.call_soon_threadsafe(_settle, tried)


def _settle(tried: asyncio.Future[None]) -> None:
    if not tried.done():
        tried.set_result(None)
