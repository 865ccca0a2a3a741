"""Bytes of a request to its message, from either form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tachograph.otlp.decoded import Decoded, Form, Signal, Undecodable
from tachograph.otlp.json_form import logs_of, metrics_of, read_json, traces_of

if TYPE_CHECKING:
    from collections.abc import Callable

Request = ExportLogsServiceRequest | ExportMetricsServiceRequest | ExportTraceServiceRequest
_PROTOBUF: Final[dict[Signal, Callable[[bytes], Request]]] = {
    "logs": ExportLogsServiceRequest.FromString,
    "metrics": ExportMetricsServiceRequest.FromString,
    "traces": ExportTraceServiceRequest.FromString,
}
_JSON: Final[dict[Signal, Callable[[dict[str, Any], Decoded], Request]]] = {
    "logs": logs_of,
    "metrics": metrics_of,
    "traces": traces_of,
}


def read_request(signal: Signal, body: bytes, form: Form, decoded: Decoded) -> Request:
    """The request. Raises `Undecodable` for what is none; malformed items of JSON are counted and left out."""
    if form == "json":
        return _JSON[signal](read_json(body), decoded)
    try:
        return _PROTOBUF[signal](body)
    except DecodeError as error:
        raise Undecodable(f"the body is no protobuf message of OTLP {signal}: {error}") from None
