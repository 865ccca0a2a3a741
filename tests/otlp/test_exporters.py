"""Requests as OpenTelemetry's own SDK and its encoders make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry._logs import LogRecord
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from exported import NOON_NS, NOON_US, decoded, rows
from tachograph.otlp import Series

if TYPE_CHECKING:
    from tachograph.otlp import Row

RESOURCE = Resource.create({"service.name": "shop", "project": "/srv/shop"})


def test_an_event_of_the_sdk_is_one() -> None:
    exporter = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]
    provider = LoggerProvider(RESOURCE)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    provider.get_logger("com.anthropic.claude_code.events").emit(
        LogRecord(
            timestamp=NOON_NS,
            body="claude_code.api_request",
            attributes={"event.name": "api_request", "request_id": "r", "output_tokens": 7, "session.id": "s1"},
        )
    )
    assert rows(encode_logs(exporter.get_finished_logs())) == [
        (
            "claude-code",
            {
                "id": "claude-code:request:r", "ts": NOON_US, "type": "token_usage", "session_id": "s1",
                "request_id": "r", "output_tokens": 7, "token_count": 7, "project_path": "/srv/shop",
            },
        )
    ]  # fmt: skip


def test_spans_of_the_sdk_are_requests_calls_and_agents() -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(resource=RESOURCE)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("frame.work")
    with tracer.start_as_current_span("invoke_agent a", attributes={"gen_ai.operation.name": "invoke_agent"}):
        usage: dict[str, str | int] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.usage.input_tokens": 5,
            "gen_ai.response.id": "r",
        }
        with tracer.start_as_current_span("chat m", attributes=usage):
            pass
        with tracer.start_as_current_span("execute_tool t") as span:
            span.set_attributes({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t"})
            span.set_status(StatusCode.ERROR, "a text")
    found = rows(encode_spans(exporter.get_finished_spans()))
    assert [(row["type"], row.get("success")) for _, row in found] == [
        ("token_usage", None), ("tool_use", False), ("agent_execution", True),
    ]  # fmt: skip


def test_counters_of_the_sdk_are_cumulative_and_become_increments() -> None:
    reader = InMemoryMetricReader()
    meter = MeterProvider([reader], RESOURCE).get_meter("frame.work")
    used, calls = (
        meter.create_histogram("gen_ai.client.token.usage"),
        meter.create_histogram("gen_ai.execute_tool.duration"),
    )
    series = Series()

    def collected() -> list[Row]:
        metrics = reader.get_metrics_data()
        assert metrics is not None
        found = decoded(encode_metrics(metrics))
        assert (found.rows, found.rejected, found.unmapped) == ([], 0, {})
        return [row for _, row in series.increments(found.points)]

    used.record(100, {"gen_ai.token.type": "input", "gen_ai.request.model": "m"})
    calls.record(0.5, {"gen_ai.tool.name": "t"})
    first = collected()
    used.record(30, {"gen_ai.token.type": "input", "gen_ai.request.model": "m"})
    second = collected()
    assert [(row["type"], row.get("input_tokens"), row.get("duration_ms")) for row in first + second] == [
        ("tool_use", None, 500.0), ("token_usage", 100, None), ("token_usage", 30, None),
    ]  # fmt: skip
    assert collected() == []


def test_what_the_sdk_collects_as_one_has_one_row_each_time() -> None:
    reader = InMemoryMetricReader()
    meter = MeterProvider([reader], RESOURCE).get_meter("com.anthropic.claude_code")
    meter.create_counter("claude_code.token.usage").add(5, {"type": "input", "model": "m", "session.id": "s1"})
    meter.create_counter("claude_code.cost.usage").add(0.25, {"model": "m", "session.id": "s1"})
    metrics = reader.get_metrics_data()
    assert metrics is not None
    ((source, row),) = Series().increments(decoded(encode_metrics(metrics)).points)
    assert (source, row["input_tokens"], row["cost_usd"]) == ("claude-code", 5, 0.25)
