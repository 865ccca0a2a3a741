"""Requests as agents' exporters make them: in OTLP's own messages, and the same in its JSON form."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    ExponentialHistogramDataPoint,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tachograph.otlp import Decoded, Form, Row, Signal, decode

if TYPE_CHECKING:
    from google.protobuf.message import Message

NOON_US = 1_795_608_000_000_000
"""Noon of 25 November 2026 (UTC), in microseconds since 1970."""
NOON_NS = NOON_US * 1000
DELTA, CUMULATIVE = 1, 2
_HEX_IDS = ("traceId", "spanId", "parentSpanId")

Attributes = Mapping[str, Any]


def value(given: Any) -> AnyValue:
    """A value as OTLP has it; None for one without any."""
    if isinstance(given, bool):
        return AnyValue(bool_value=given)
    if isinstance(given, int):
        return AnyValue(int_value=given)
    if isinstance(given, float):
        return AnyValue(double_value=given)
    if isinstance(given, bytes):
        return AnyValue(bytes_value=given)
    if isinstance(given, str):
        return AnyValue(string_value=given)
    if isinstance(given, Mapping):
        return AnyValue(kvlist_value=KeyValueList(values=pairs(given)))
    if isinstance(given, Sequence):
        return AnyValue(array_value=ArrayValue(values=map(value, given)))
    return AnyValue()


def pairs(attributes: Attributes) -> list[KeyValue]:
    """Attributes as OTLP has them."""
    return [KeyValue(key=key, value=value(given)) for key, given in attributes.items()]


def event(name: str, attributes: Attributes, *, body: str = "", seconds: float = 0, number: int = 0) -> LogRecord:
    """A log record of an event, so many seconds after noon."""
    return LogRecord(
        time_unix_nano=NOON_NS + round(seconds * 1e9),
        observed_time_unix_nano=NOON_NS + number,
        body=AnyValue(string_value=body) if body else None,
        attributes=pairs({"event.name": name, **attributes}),
    )


def logs(
    *records: LogRecord, service: str = "", scope: str = "", resource: Attributes | None = None
) -> ExportLogsServiceRequest:
    """A request with these records of one resource and scope."""
    request = ExportLogsServiceRequest()
    of_resource = request.resource_logs.add()
    of_resource.resource.attributes.extend(pairs({"service.name": service, **(resource or {})}))
    of_scope = of_resource.scope_logs.add()
    of_scope.scope.name = scope
    of_scope.log_records.extend(records)
    return request


def point(amount: float, attributes: Attributes, *, seconds: float = 0, began: float = -60) -> NumberDataPoint:
    """A point of a counter; both times are seconds after noon."""
    made = NumberDataPoint(
        time_unix_nano=NOON_NS + round(seconds * 1e9),
        start_time_unix_nano=NOON_NS + round(began * 1e9),
        attributes=pairs(attributes),
    )
    if isinstance(amount, int):
        made.as_int = amount
    else:
        made.as_double = amount
    return made


def durations(total: float, count: int, attributes: Attributes, *, seconds: float = 0) -> HistogramDataPoint:
    """A point of a histogram."""
    return HistogramDataPoint(
        time_unix_nano=NOON_NS + round(seconds * 1e9),
        start_time_unix_nano=NOON_NS - 60_000_000_000,
        sum=total,
        count=count,
        bucket_counts=[count],
        attributes=pairs(attributes),
    )


def counter(name: str, *points: NumberDataPoint, temporality: int = DELTA, monotonic: bool = True) -> Metric:
    """A counter with its points."""
    metric = Metric(name=name)
    metric.sum.aggregation_temporality = temporality  # type: ignore[assignment]
    metric.sum.is_monotonic = monotonic
    metric.sum.data_points.extend(points)
    return metric


def histogram(
    name: str, *points: HistogramDataPoint | ExponentialHistogramDataPoint, temporality: int = DELTA
) -> Metric:
    """A histogram with its points, exponential if they are."""
    metric = Metric(name=name)
    for each in points:
        data = metric.histogram if isinstance(each, HistogramDataPoint) else metric.exponential_histogram
        data.aggregation_temporality = temporality  # type: ignore[assignment]
        data.data_points.append(each)  # type: ignore[arg-type]
    return metric


def metrics(
    *found: Metric, service: str = "", scope: str = "", resource: Attributes | None = None
) -> ExportMetricsServiceRequest:
    """A request with these counters of one resource and scope."""
    request = ExportMetricsServiceRequest()
    of_resource = request.resource_metrics.add()
    of_resource.resource.attributes.extend(pairs({"service.name": service, **(resource or {})}))
    of_scope = of_resource.scope_metrics.add()
    of_scope.scope.name = scope
    of_scope.metrics.extend(found)
    return request


def span(
    name: str, attributes: Attributes, *, seconds: float = 0, took: float = 1, number: int = 1, parent: int = 0,
    failed: bool = False,
) -> Span:  # fmt: skip
    """A span that began so many seconds after noon and took so many."""
    began = NOON_NS + round(seconds * 1e9)
    made = Span(
        name=name,
        trace_id=bytes(15) + b"\1",
        span_id=number.to_bytes(8, "big"),
        parent_span_id=parent.to_bytes(8, "big") if parent else b"",
        start_time_unix_nano=began,
        end_time_unix_nano=began + round(took * 1e9),
        attributes=pairs(attributes),
    )
    if failed:
        made.status.code = 2  # type: ignore[assignment]
    return made


def traces(
    *spans: Span, service: str = "", scope: str = "", resource: Attributes | None = None
) -> ExportTraceServiceRequest:
    """A request with these spans of one resource and scope."""
    request = ExportTraceServiceRequest()
    of_resource = request.resource_spans.add()
    of_resource.resource.attributes.extend(pairs({"service.name": service, **(resource or {})}))
    of_scope = of_resource.scope_spans.add()
    of_scope.scope.name = scope
    of_scope.spans.extend(spans)
    return request


def as_json(request: Message) -> bytes:
    """The request in OTLP's JSON form: as protobuf's, but for the ids, which are hexadecimal, and enums as numbers."""
    document = MessageToDict(request, use_integers_for_enums=True)
    _mend_ids(document)
    return json.dumps(document).encode()


def _mend_ids(part: Any) -> None:
    if isinstance(part, list):
        for each in part:
            _mend_ids(each)
    elif isinstance(part, dict):
        for key, given in part.items():
            if key in _HEX_IDS:
                part[key] = b64decode(given).hex()
            else:
                _mend_ids(given)


def signal_of(request: Message) -> Signal:
    """Of which signal a request is."""
    signals: dict[type[Message], Signal] = {
        ExportLogsServiceRequest: "logs",
        ExportMetricsServiceRequest: "metrics",
        ExportTraceServiceRequest: "traces",
    }
    return signals[type(request)]


def decoded(request: Message, form: Form = "protobuf") -> Decoded:
    """What becomes of a request."""
    body = request.SerializeToString() if form == "protobuf" else as_json(request)
    return decode(signal_of(request), body, form)


def rows(request: Message) -> list[tuple[str, Row]]:
    """The rows of a request, of which no item is malformed or unknown, the same in both forms and each time."""
    once, again, json_form = decoded(request), decoded(request), decoded(request, "json")
    assert (once.rejected, once.reason, once.unmapped) == (0, "", {})
    assert once.rows == again.rows == json_form.rows
    assert once.points == json_form.points
    assert (json_form.rejected, json_form.redundant) == (0, once.redundant)
    return once.rows


def only(request: Message) -> Row:
    """The row of a request that comes to one."""
    ((_, row),) = rows(request)
    return row
