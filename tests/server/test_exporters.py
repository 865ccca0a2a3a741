"""The OpenTelemetry SDK's own exporters, over HTTP and gRPC, as clients of a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import Counter, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from served import Served
from tachograph.collector.keys import Keys
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
FOREVER = 10**9
CLAUDE = Resource({"service.name": "claude-code", "service.version": "2.1.200"})
AT_NS = 1_767_225_600_000_000_000


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path) as server:
        yield server


def stored(served: Served, sql: str) -> list[Any]:
    served.wait_until_stored()
    assert served.end() == 0
    with Store.open(served.home / "tachograph.duckdb", read_only=True) as store:
        return store.connection.execute(sql).fetchall()


def log_exporter(kind: str, served: Served, **more: Any) -> Any:
    if kind == "grpc":
        return GrpcLogs(endpoint=f"127.0.0.1:{served.grpc_port}", insecure=True, **more)
    return HttpLogs(endpoint=f"{served.url}/v1/logs", **more)


def send_events(exporter: Any, count: int) -> None:
    """As Claude Code does: an event for each request and each tool's result."""
    provider = LoggerProvider(resource=CLAUDE)
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    logger = provider.get_logger("com.anthropic.claude_code.events")
    for number in range(count):
        for name, told in (
            ("api_request", {"request_id": f"req_{number}", "model": "claude-opus-4-5", "input_tokens": "10",
                             "output_tokens": number, "cost_usd": 0.25, "duration_ms": 1000}),
            ("tool_result", {"tool_use_id": f"toolu_{number}", "tool_name": "Bash", "success": "true",
                             "duration_ms": "12"}),
        ):  # fmt: skip
            attributes: dict[str, Any] = {
                "event.name": name,
                "session.id": "s1",
                "user.email": "ana@example.com",
                **told,
            }
            logger.emit(
                LogRecord(
                    timestamp=AT_NS + number, severity_number=SeverityNumber.INFO, body=f"claude_code.{name}",
                    attributes=attributes,
                )
            )  # fmt: skip
    assert provider.force_flush()
    provider.shutdown()


@pytest.mark.parametrize("kind", ["http", "http, gzip", "grpc"])
def test_log_events_of_the_sdk_are_stored_once(served: Served, kind: str) -> None:
    more = {"compression": Compression.Gzip} if "gzip" in kind else {}
    for _ in range(2):
        send_events(log_exporter(kind.partition(",")[0], served, **more), 700)
    sums = "SELECT type, count(*), sum(output_tokens)::BIGINT, sum(cost_usd), min(user_id) FROM metrics GROUP BY type ORDER BY type"
    assert stored(served, sums) == [
        ("token_usage", 700, 700 * 699 // 2, 175.0, "ana@example.com"),
        ("tool_use", 700, None, None, "ana@example.com"),
    ]


@pytest.mark.parametrize("kind", ["http", "grpc"])
@pytest.mark.parametrize("temporality", [AggregationTemporality.DELTA, AggregationTemporality.CUMULATIVE])
def test_counters_of_the_sdk_add_up_whichever_way_they_count(
    served: Served, kind: str, temporality: AggregationTemporality
) -> None:
    preferred: dict[type, AggregationTemporality] = {Counter: temporality}
    exporter: Any = (
        GrpcMetrics(endpoint=f"127.0.0.1:{served.grpc_port}", insecure=True, preferred_temporality=preferred)
        if kind == "grpc"
        else HttpMetrics(endpoint=f"{served.url}/v1/metrics", preferred_temporality=preferred)
    )
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=FOREVER)
    provider = MeterProvider([reader], resource=CLAUDE)
    counter = provider.get_meter("com.anthropic.claude_code").create_counter("claude_code.token.usage", unit="tokens")
    for number in (5, 7, 100):
        for kind_of_token in ("input", "output"):
            counter.add(number, {"type": kind_of_token, "model": "claude-opus-4-5", "session.id": "s1"})
        assert provider.force_flush()
    provider.shutdown()
    sums = "SELECT sum(input_tokens)::BIGINT, sum(output_tokens)::BIGINT, sum(token_count)::BIGINT FROM metrics WHERE ts IS NOT NULL"
    assert stored(served, sums) == [(112, 112, 224)]


@pytest.mark.parametrize("kind", ["http", "grpc"])
def test_spans_of_the_sdk_are_an_agents_calls(served: Served, kind: str) -> None:
    exporter: Any = (
        GrpcSpans(endpoint=f"127.0.0.1:{served.grpc_port}", insecure=True)
        if kind == "grpc"
        else HttpSpans(endpoint=f"{served.url}/v1/traces")
    )
    provider = TracerProvider(resource=Resource({"service.name": "some-agent"}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    said = {"gen_ai.conversation.id": "c1", "gen_ai.provider.name": "openai"}
    with tracer.start_as_current_span("invoke_agent helper") as agent:
        agent.set_attributes({**said, "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper"})
        for number in range(3):
            with tracer.start_as_current_span("chat gpt-5") as chat:
                chat.set_attributes({
                    **said, "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5",
                    "gen_ai.response.id": f"chatcmpl-{number}", "gen_ai.usage.input_tokens": 100,
                    "gen_ai.usage.output_tokens": 10, "gen_ai.usage.cache_read.input_tokens": 40,
                })  # fmt: skip
            with tracer.start_as_current_span("execute_tool search") as call:
                call.set_attributes({
                    **said, "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search",
                    "gen_ai.tool.call.id": f"call-{number}",
                })  # fmt: skip
    assert provider.force_flush()
    provider.shutdown()
    sums = """
        SELECT type, count(*), sum(input_tokens)::BIGINT, sum(cache_read_tokens)::BIGINT, sum(output_tokens)::BIGINT,
            count(duration_ms)
        FROM metrics WHERE ts IS NOT NULL GROUP BY type ORDER BY type
    """
    assert stored(served, sums) == [
        ("agent_execution", 1, None, None, None, 1),
        ("token_usage", 3, 180, 120, 30, 3),
        ("tool_use", 3, None, None, None, 3),
    ]


@pytest.mark.parametrize("kind", ["http", "grpc"])
def test_a_key_decides_whose_store_it_is(tmp_path: Path, kind: str) -> None:
    _, made = Keys(tmp_path).create("team-a", ("write", "admin"), "test", 0)
    with Served(tmp_path) as served:
        header = {"authorization": f"Bearer {made}"}
        send_events(log_exporter(kind, served, headers=header), 3)
        assert served.ask("POST", "/v1/logs", b"", {"content-type": "application/x-protobuf"})[0] == 401
        assert served.json("/api/v1/collector", **header)["tenant"] == "team-a"
        assert served.end() == 0
    with Store.open(tmp_path / "tenants" / "team-a" / "tachograph.duckdb", read_only=True) as store:
        assert store.metrics_count() == 6
    with Store.open(tmp_path / "tachograph.duckdb", read_only=True) as store:
        assert store.metrics_count() == 0
