"""Times decoding: processor time per log record, of batches as Claude Code's exporter sends them.

usage: uv run --extra dev bench/otlp.py [--records N] [--runs N]

A batch is N records (512 unless named), by turns a request of a model and a call of a tool, with all the attributes
that they have, put together by OpenTelemetry's own SDK. The figures are of the fastest run and of the middle one.
"""

from __future__ import annotations

import argparse
import json
import time
from statistics import median
from typing import TYPE_CHECKING, Any

from google.protobuf.json_format import MessageToDict
from opentelemetry._logs import LogRecord
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource

from tachograph.otlp import Form, decode

if TYPE_CHECKING:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

NOON_NS = 1_795_608_000_000_000_000
COMMON = {
    "user.id": "5f" * 32, "session.id": "4c0ffee0-1111-4222-8333-444455556666", "terminal.type": "iTerm.app",
    "organization.id": "99999999-1111-4222-8333-444455556666", "user.email": "ana@example.com",
    "user.account_uuid": "77777777-1111-4222-8333-444455556666", "user.account_id": "user_01ABCDEFGHIJKLMNOPQRSTUV",
    "event.timestamp": "2026-11-25T12:00:00.000Z", "prompt.id": "33333333-1111-4222-8333-444455556666",
}  # fmt: skip
REQUEST = {
    "event.name": "api_request", "model": "claude-opus-5-5", "input_tokens": "12", "output_tokens": "340",
    "cache_read_tokens": "48200", "cache_creation_tokens": "1130", "cost_usd": "0.0412", "cost_usd_micros": "41200",
    "duration_ms": "6230", "client_request_id": "22222222-1111-4222-8333-444455556666", "speed": "normal",
    "effort": "high", "query_source": "main",
}  # fmt: skip
CALL = {
    "event.name": "tool_result", "tool_name": "Bash", "success": "true", "duration_ms": "412",
    "decision_source": "config", "decision_type": "accept", "tool_input_size_bytes": "123",
    "tool_result_size_bytes": "2345", "tool_parameters": '{"bash_command":"make","timeout":120000}',
}  # fmt: skip


def batch(records: int) -> ExportLogsServiceRequest:
    """A request of so many records."""
    exporter = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]
    provider = LoggerProvider(Resource.create({"service.name": "claude-code", "service.version": "2.1.266"}))
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    logger = provider.get_logger("com.anthropic.claude_code.events", "2.1.266")
    for number in range(records):
        own: dict[str, Any] = (
            {**REQUEST, "request_id": f"req_{number:024}"}
            if number % 2
            else {**CALL, "tool_use_id": f"toolu_{number:024}"}
        )
        logger.emit(
            LogRecord(
                timestamp=NOON_NS + number * 1_000_000,
                body=f"claude_code.{own['event.name']}",
                attributes={**COMMON, "event.sequence": number, **own},
            )
        )
    return encode_logs(exporter.get_finished_logs())


def seconds(body: bytes, form: Form, runs: int) -> list[float]:
    """How much of the processor each run took."""
    found = []
    for _ in range(runs):
        began = time.process_time()
        decode("logs", body, form)
        found.append(time.process_time() - began)
    return found


def main() -> None:
    """Prints a line for each form."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=512)
    parser.add_argument("--runs", type=int, default=200)
    options = parser.parse_args()
    request = batch(options.records)
    bodies: dict[Form, bytes] = {
        "protobuf": request.SerializeToString(),
        "json": json.dumps(MessageToDict(request)).encode(),
    }
    for form, body in bodies.items():
        found = [each / options.records * 1e6 for each in seconds(body, form, options.runs)]
        size = len(body) / options.records
        print(f"{form:8}  {size:5.0f} bytes  {min(found):5.1f} µs fastest  {median(found):5.1f} µs median a record")


if __name__ == "__main__":
    main()
