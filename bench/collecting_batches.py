"""Batches of OTLP as agents send them, with a mark where a number goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if TYPE_CHECKING:
    from google.protobuf.message import Message

RECORDS: Final = 512
_MARK: Final = b"#########"
_SHORT_MARK: Final = b"$$$$$"
"""In the ids of spans, which have 8 bytes."""
_AT_NS: Final = 1_767_225_600_000_000_000


def numbered(batch: bytes, number: int) -> bytes:
    """The batch of that number, less than 10^9."""
    return batch.replace(_MARK, b"%09d" % number).replace(_SHORT_MARK, b"%05d" % (number % 100_000))


def log_batch() -> bytes:
    """As Claude Code tells of requests and of tools' results."""
    request = ExportLogsServiceRequest()
    logs = request.resource_logs.add()
    _tell(logs.resource.attributes, {"service.name": "claude-code", "service.version": "2.1.200"})
    scope = logs.scope_logs.add()
    scope.scope.name = "com.anthropic.claude_code.events"
    mark = _MARK.decode()
    for place in range(RECORDS):
        told: dict[str, Any] = {
            "session.id": f"session-{mark}-{place // 128}", "user.email": f"ana{place % 7}@example.com",
            "organization.id": "00000000-0000-4000-8000-000000000000", "terminal.type": "xterm",
            "event.timestamp": "2026-01-01T00:00:00.000Z", "event.sequence": place,
            "prompt.id": f"prompt-{mark}-{place // 16}",
        }  # fmt: skip
        if place % 2:
            name = "tool_result"
            told |= {
                "event.name": name, "tool_name": ("Bash", "Read", "Edit", "Grep")[place % 4], "success": "true",
                "tool_use_id": f"toolu_{mark}_{place:03}", "duration_ms": 12 + place, "decision_source": "config",
                "tool_input_size_bytes": 120, "tool_result_size_bytes": 4096,
            }  # fmt: skip
        else:
            name = "api_request"
            told |= {
                "event.name": name, "model": "claude-opus-4-5", "cost_usd": 0.0125, "duration_ms": 2400,
                "request_id": f"req_{mark}_{place:03}", "input_tokens": 12, "output_tokens": 300 + place,
                "cache_read_tokens": 20_000, "cache_creation_tokens": 500, "query_source": "main", "speed": "normal",
            }  # fmt: skip
        record = scope.log_records.add(time_unix_nano=_AT_NS + place * 1_000_000)
        record.observed_time_unix_nano = record.time_unix_nano
        record.body.string_value = f"claude_code.{name}"
        _tell(record.attributes, told)
    return request.SerializeToString()


def span_batch() -> bytes:
    """As the GenAI conventions tell of chats and of tools."""
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add()
    _tell(spans.resource.attributes, {"service.name": "some-agent"})
    scope = spans.scope_spans.add()
    scope.scope.name = "bench"
    mark = _MARK.decode()
    for place in range(RECORDS):
        begin = _AT_NS + place * 1_000_000
        span = scope.spans.add(start_time_unix_nano=begin, end_time_unix_nano=begin + 900_000)
        span.trace_id = _MARK + b"%07d" % (place // 16)
        span.span_id = _SHORT_MARK + b"%03d" % place
        if place % 2:
            span.name = "execute_tool search"
            told: dict[str, Any] = {
                "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search",
                "gen_ai.tool.call.id": f"call_{mark}_{place:03}", "openinference.span.kind": "TOOL",
            }  # fmt: skip
        else:
            span.name = "chat gpt-5"
            told = {
                "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-5",
                "gen_ai.response.id": f"chatcmpl-{mark}-{place:03}", "gen_ai.usage.input_tokens": 900,
                "gen_ai.usage.output_tokens": 120, "gen_ai.conversation.id": f"conversation-{mark}",
                "openinference.span.kind": "LLM",
            }  # fmt: skip
        _tell(span.attributes, told)
    return request.SerializeToString()


def _tell(attributes: Any, told: dict[str, Any]) -> None:
    for key, value in told.items():
        added: Message = attributes.add(key=key)
        kind = {int: "int_value", float: "double_value", str: "string_value"}[type(value)]
        setattr(added.value, kind, value)  # type: ignore[attr-defined]
