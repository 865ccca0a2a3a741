"""OTLP over gRPC, with the same bytes in and out as over HTTP.

Source: https://opentelemetry.io/docs/specs/otlp/#otlpgrpc
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import grpc
import grpc.aio

from tachograph.errors import TachographError
from tachograph.otlp.answers import answer
from tachograph.server.access import AccessError
from tachograph.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tachograph.otlp.decoded import Signal
    from tachograph.server.access import Access
    from tachograph.server.receiving import Receiver

_SERVICES: Final[dict[str, Signal]] = {
    "opentelemetry.proto.collector.logs.v1.LogsService": "logs",
    "opentelemetry.proto.collector.metrics.v1.MetricsService": "metrics",
    "opentelemetry.proto.collector.trace.v1.TraceService": "traces",
}
_CODES: Final = {
    HTTPStatus.UNAUTHORIZED: grpc.StatusCode.UNAUTHENTICATED,
    HTTPStatus.FORBIDDEN: grpc.StatusCode.PERMISSION_DENIED,
    HTTPStatus.BAD_REQUEST: grpc.StatusCode.INVALID_ARGUMENT,
    HTTPStatus.TOO_MANY_REQUESTS: grpc.StatusCode.UNAVAILABLE,  # what senders try again
    HTTPStatus.SERVICE_UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
}
_MESSAGE_MAX_BYTES: Final = 8 * 2**20
_CALLS_AT_ONCE: Final = 32
_LOCAL: Final = "localhost"
"""What stands for the host: no web page can make its browser speak gRPC."""


def grpc_server(receiver: Receiver, access: Access) -> grpc.aio.Server:
    """A server with the three services, that listens nowhere yet."""
    server = grpc.aio.server(
        options=[("grpc.max_receive_message_length", _MESSAGE_MAX_BYTES), ("grpc.so_reuseport", 0)],
        maximum_concurrent_rpcs=_CALLS_AT_ONCE,
    )
    server.add_generic_rpc_handlers(
        tuple(
            grpc.method_handlers_generic_handler(
                service, {"Export": grpc.unary_unary_rpc_method_handler(_export(signal, receiver, access))}
            )
            for service, signal in _SERVICES.items()
        )
    )
    return server


def _export(signal: Signal, receiver: Receiver, access: Access) -> Callable[[bytes, Any], Awaitable[bytes]]:
    async def export(body: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        metadata = {str(name).lower(): value for name, value in context.invocation_metadata() or ()}
        authorization = metadata.get("authorization")
        try:
            tenant = access.check(str(authorization) if authorization else None, _LOCAL, "write").tenant
            with receiver.budget.held() as count:
                count(len(body))
                decoded = await receiver.receive(tenant, signal, body, "protobuf", None)
        except AccessError as error:
            await context.abort(_CODES[HTTPStatus(error.status)], error.message)
        except Problem as problem:
            await context.abort(_CODES.get(problem.status, grpc.StatusCode.INVALID_ARGUMENT), problem.document.detail)
        except TachographError as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, error.what)
        return answer(signal, "protobuf", decoded.rejected, decoded.reason)

    return export
