"""From the body of an OTLP request to what is acknowledged, for HTTP and gRPC alike."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING, Final

import msgspec
from anyio import CapacityLimiter, to_thread

from tachograph.collector.collected import Batch
from tachograph.collector.intake import CantBeKept, Full
from tachograph.collector.rows import frames_of_rows, with_users
from tachograph.otlp.decoded import Undecodable
from tachograph.otlp.decoding import decode
from tachograph.server.arrivals import Budget, decompressed
from tachograph.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from tachograph.collector.collector import Collector
    from tachograph.otlp.decoded import Decoded, Form, Signal
    from tachograph.server.figures import Figures

_DECODING_AT_ONCE: Final = 2


class Receiver:
    """Takes in OTLP, and says when it is durable."""

    def __init__(self, collector: Collector, user_name: Callable[[str], str] | None, figures: Figures) -> None:
        self.collector = collector
        self._user_name = user_name
        self._figures = figures
        self._threads = CapacityLimiter(_DECODING_AT_ONCE)
        self.budget = Budget()

    async def receive(self, tenant: str, signal: Signal, body: bytes, form: Form, encoding: str | None) -> Decoded:
        """What was sent, once it is durable. Raises `Problem` where it isn't, and should be sent again or not."""
        begun = perf_counter()
        given = signal, body, form, encoding
        decoded, batch = await to_thread.run_sync(self._decoded, *given, limiter=self._threads)
        await self.keep(tenant, batch)
        self._figures.received(signal, decoded, perf_counter() - begun)
        return decoded

    def with_users(self, batch: Batch) -> Batch:
        """A batch of frames that others made, with the names that users are kept by."""
        if self._user_name is None:
            return batch
        user_name = self._user_name
        return msgspec.structs.replace(batch, frames=[with_users(frame, user_name) for frame in batch.frames])

    async def keep(self, tenant: str, batch: Batch) -> None:
        """Returns when a batch is durable. Raises `Problem`."""
        if not (batch.frames or batch.points or batch.unmapped):
            return
        try:
            await asyncio.wrap_future(self.collector.accept(tenant, batch))
        except Full as error:
            raise busy(error) from None
        except CantBeKept as error:
            headers = {"Retry-After": "10"}
            raise Problem.of(HTTPStatus.SERVICE_UNAVAILABLE, error, headers) from None

    def _decoded(self, signal: Signal, body: bytes, form: Form, encoding: str | None) -> tuple[Decoded, Batch]:
        plain = decompressed(body, encoding)
        try:
            decoded = decode(signal, plain, form)
        except Undecodable as error:
            raise Problem.of(HTTPStatus.BAD_REQUEST, error) from None
        unmapped = {" ".join(what): times for what, times in decoded.unmapped.items()}
        frames = frames_of_rows(decoded.rows, self._user_name)
        return decoded, Batch(frames, decoded.points, unmapped, len(plain))


def busy(error: Full) -> Problem:
    """That it is to be sent again later."""
    status = HTTPStatus.TOO_MANY_REQUESTS if error.by_sender else HTTPStatus.SERVICE_UNAVAILABLE
    return Problem.of(status, error, {"Retry-After": str(error.seconds)})
