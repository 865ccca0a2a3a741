"""OTLP over HTTP: `/v1/logs`, `/v1/metrics` and `/v1/traces`, as protobuf and as JSON.

Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final, cast

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from tachograph.otlp.answers import answer
from tachograph.server.asgi import let_in
from tachograph.server.problems import Problem

if TYPE_CHECKING:
    from starlette.requests import Request

    from tachograph.otlp.decoded import Form, Signal
    from tachograph.server.access import Access
    from tachograph.server.receiving import Receiver

PROTOBUF: Final = "application/x-protobuf"
_FORMS: Final[dict[str, Form]] = {PROTOBUF: "protobuf", "application/json": "json"}
SIGNALS: Final[tuple[Signal, ...]] = ("logs", "metrics", "traces")


def otlp_routes(receiver: Receiver, access: Access) -> list[Route]:
    """The three ways in."""

    async def export(request: Request) -> Response:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            form = _form(content_type)
            tenant = let_in(access, request, "write").tenant
            signal = cast("Signal", request.url.path.rpartition("/")[2])
            encoding = request.headers.get("content-encoding")
            async with receiver.budget.body(request) as body:
                decoded = await receiver.receive(tenant, signal, body, form, encoding)
        except Problem as problem:
            return _as_status(problem, content_type)
        return Response(answer(signal, form, decoded.rejected, decoded.reason), media_type=content_type)

    return [Route(f"/v1/{signal}", export, methods=["POST"]) for signal in SIGNALS]


def _as_status(problem: Problem, content_type: str) -> Response:
    """A problem as a `google.rpc.Status`, whose message is for people."""
    status, detail = problem.status.value, problem.document.detail
    if content_type == PROTOBUF:
        text = detail.encode()
        return Response(b"\x12" + _varint(len(text)) + text, status, problem.headers, media_type=PROTOBUF)
    return Response(msgspec.json.encode({"message": detail}), status, problem.headers, media_type="application/json")


def _varint(number: int) -> bytes:
    """A length as protobuf writes it."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _form(content_type: str) -> Form:
    form = _FORMS.get(content_type)
    if form is None:
        what = f"{content_type[:60]!r} isn't OTLP"
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, what, mend=f"send {' or '.join(_FORMS)}")
    return form
