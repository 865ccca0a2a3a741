"""The engine's own records over HTTP: frames of rows, as `tachograph push` sends them, and metrics as JSON Lines."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import msgspec
from anyio import CapacityLimiter, to_thread
from starlette.responses import Response
from starlette.routing import Route

from tachograph.collector.collected import Batch
from tachograph.collector.wire import FRAMES, BadFrames, rows_of
from tachograph.server.arrivals import BODY_MAX_BYTES, decompressed
from tachograph.server.asgi import let_in
from tachograph.server.problems import Problem
from tachograph.sources.metrics_log import MetricsLog
from tachograph.sources.protocol import Block
from tachograph.store.journal import Rows

if TYPE_CHECKING:
    from starlette.requests import Request

    from tachograph.server.access import Access
    from tachograph.server.receiving import Receiver

LINES: Final = ("application/x-ndjson", "application/jsonl")
_REJECTS_TOLD: Final = 100


class Taken(msgspec.Struct):
    """How many metrics were acknowledged, how many lines refused, and the first of those: `line` counts from 1."""

    metrics: int
    rejected: int = 0
    rejects: list[dict[str, Any]] = []


def record_routes(receiver: Receiver, access: Access) -> list[Route]:
    """The way in for them."""
    threads = CapacityLimiter(2)

    async def records(request: Request) -> Response:
        tenant = let_in(access, request, "write").tenant
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in {FRAMES, *LINES}:
            what = f"{kind[:60]!r} are no records"
            mend = f"send {LINES[0]}, a metric a line, or {FRAMES}"
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, what, mend=mend)
        encoding = request.headers.get("content-encoding")
        read = _frames if kind == FRAMES else _lines
        async with receiver.budget.body(request) as body:
            taken, batch = await to_thread.run_sync(read, body, encoding, limiter=threads)
            await receiver.keep(tenant, receiver.with_users(batch))
        return Response(msgspec.json.encode(taken), media_type="application/json")

    return [Route("/api/v1/records", records, methods=["POST"])]


def _frames(body: bytes, encoding: str | None) -> tuple[Taken, Batch]:
    plain = decompressed(body, encoding)
    try:
        frames = rows_of(plain, BODY_MAX_BYTES)
    except BadFrames as error:
        raise Problem.of(HTTPStatus.BAD_REQUEST, error) from None
    return Taken(sum(frame.length for frame in frames)), Batch(frames, size=len(plain))


def _lines(body: bytes, encoding: str | None) -> tuple[Taken, Batch]:
    plain = decompressed(body, encoding)
    source = MetricsLog()
    reader = source.reader()
    lines = plain if plain.endswith(b"\n") or not plain else plain + b"\n"
    problems = list(reader.read("", [Block(0, 0, lines)]))
    batches = [batch for batch in reader.take() if batch.length]
    frames = [Rows(source.name, source.merging, None, batch.length, batch.columns) for batch in batches]
    told = [{"line": problem.line + 1, "reason": problem.reason} for problem in problems[:_REJECTS_TOLD]]
    taken = Taken(sum(batch.length for batch in batches), len(problems), told)
    return taken, Batch(frames, size=len(plain))
