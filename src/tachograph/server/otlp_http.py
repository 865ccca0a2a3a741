"""OTLP over HTTP: `/v1/logs`, `/v1/metrics` and `/v1/traces`, as protobuf and as JSON.

Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final, cast

from starlette.responses import Response
from starlette.routing import Route

from tachograph.otlp.answers import answer
from tachograph.server.granting import granted
from tachograph.server.problems import PROTOBUF, Problem

if TYPE_CHECKING:
    from starlette.requests import Request

    from tachograph.otlp.decoded import Form, Signal
    from tachograph.server.access import Access
    from tachograph.server.receiving import Receiver

_FORMS: Final[dict[str, Form]] = {PROTOBUF: "protobuf", "application/json": "json"}
SIGNALS: Final[tuple[Signal, ...]] = ("logs", "metrics", "traces")


def otlp_routes(receiver: Receiver, access: Access) -> list[Route]:
    """The three ways in."""

    async def export(request: Request) -> Response:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            form = _form(content_type)
            tenant = granted(request, access, "write").tenant
            signal = cast("Signal", request.url.path.rpartition("/")[2])
            encoding = request.headers.get("content-encoding")
            async with receiver.budget.body(request) as body:
                decoded = await receiver.receive(tenant, signal, body, form, encoding)
        except Problem as problem:
            return problem.otlp_response(content_type)
        return Response(answer(signal, form, decoded.rejected, decoded.reason), media_type=content_type)

    return [Route(f"/v1/{signal}", export, methods=["POST"]) for signal in SIGNALS]


def _form(content_type: str) -> Form:
    form = _FORMS.get(content_type)
    if form is None:
        what = f"{content_type[:60]!r} isn't OTLP"
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, what, mend=f"send {' or '.join(_FORMS)}")
    return form
