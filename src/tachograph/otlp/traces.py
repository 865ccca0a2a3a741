"""Spans: Claude Code's by their name, all others by the operation that they are of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.proto.trace.v1.trace_pb2 import Status

from tachograph.otlp import claude_spans, genai_spans
from tachograph.otlp.decoded import Decoded, Refused, Unmapped
from tachograph.otlp.items import Item, Seen
from tachograph.otlp.origin import Origin
from tachograph.otlp.values import shown, told

if TYPE_CHECKING:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from opentelemetry.proto.trace.v1.trace_pb2 import Span


def read_traces(request: ExportTraceServiceRequest, decoded: Decoded) -> None:
    """Takes in the spans of a request."""
    seen = Seen()
    for resource_spans in request.resource_spans:
        for scope_spans in resource_spans.scope_spans:
            origin = Origin(resource_spans.resource, scope_spans.scope)
            for span in scope_spans.spans:
                try:
                    _read(span, origin, decoded, seen)
                except Refused as refusal:
                    decoded.reject(f"a span: {refusal}")


def _read(span: Span, origin: Origin, decoded: Decoded, seen: Seen) -> None:
    mapping = claude_spans.SPANS.get(span.name)
    wanted = mapping.wanted if mapping else genai_spans.WANTED
    about = told(span.attributes, wanted)
    operation = None
    if mapping is None:
        operation = genai_spans.operation_of(about)
        mapping = genai_spans.SPANS.get(operation or "")
    if span.name in claude_spans.REDUNDANT or operation in genai_spans.REDUNDANT:
        decoded.redundant += 1
    elif mapping is None:
        kind = Unmapped("traces", shown(origin.title), shown(operation or span.name.partition(" ")[0]))
        decoded.unmapped[kind] = decoded.unmapped.get(kind, 0) + 1
    else:
        item = Item(origin, mapping.source or origin.source, span.name, _ended(span), about, span.attributes)
        _tell(item, span, seen)
        decoded.rows += [(item.source, row) for row in mapping.rows(item)]


def _ended(span: Span) -> int:
    nanoseconds = span.end_time_unix_nano or span.start_time_unix_nano
    if not nanoseconds:
        raise Refused("no time")
    return nanoseconds // 1000


def _tell(item: Item, span: Span, seen: Seen) -> None:
    """What a span says of itself besides its attributes."""
    if span.end_time_unix_nano and span.start_time_unix_nano > span.end_time_unix_nano:
        raise Refused("it ends before it begins")
    item.began = (span.start_time_unix_nano or span.end_time_unix_nano) // 1000
    item.failed = span.status.code == Status.STATUS_CODE_ERROR or item.told.get("error.type") is not None
    item.is_root = not span.parent_span_id
    if span.span_id:
        item.key = f"span:{span.trace_id.hex()}:{span.span_id.hex()}"
    item.number = seen
