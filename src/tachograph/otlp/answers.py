"""What a receiver of OTLP answers: nothing, or what of a request it couldn't take.

Source: https://opentelemetry.io/docs/specs/otlp/#partial-success-1
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from tachograph.otlp.decoded import Form, Signal

_ANSWERS: Final[dict[Signal, tuple[type[Message], str]]] = {
    "logs": (ExportLogsServiceResponse, "rejected_log_records"),
    "metrics": (ExportMetricsServiceResponse, "rejected_data_points"),
    "traces": (ExportTraceServiceResponse, "rejected_spans"),
}


def answer(signal: Signal, form: Form, rejected: int, reason: str) -> bytes:
    """The body of an answer that acknowledges a request but for so many items."""
    kind, name = _ANSWERS[signal]
    told = kind(partial_success={name: rejected, "error_message": reason} if rejected else None)
    return told.SerializeToString() if form == "protobuf" else json_format.MessageToJson(told, indent=None).encode()
