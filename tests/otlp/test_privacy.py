"""No text of a conversation becomes a part of a metric, wherever it stands in a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from exported import counter, decoded, event, logs, metrics, point, rows, span, traces
from tachograph.otlp import (
    claude_events,
    claude_spans,
    codex_events,
    counters,
    gemini_events,
    genai_events,
    genai_spans,
)

if TYPE_CHECKING:
    from google.protobuf.message import Message

SECRET = "my password is xyzzy-plugh"  # noqa: S105 - what must not be found in a metric
NAMES = frozenset(
    {
        "session.id", "conversation.id", "gen_ai.conversation.id", "user.email", "user.account_uuid", "user.account_id",
        "user.id", "enduser.id", "project.path", "cwd", "model", "model_name", "gen_ai.request.model", "gen_ai.response.model",
        "request_id", "tool_name", "tool_use_id", "tool", "call_id", "tool_call_id", "function_name", "mcp_server",
        "message.uuid", "command_name", "command", "hook_event", "hook_name", "hook_event_name", "agent_type", "agent_id",
        "agent_name", "gen_ai.agent.name", "gen_ai.workflow.name", "gen_ai.tool.name", "gen_ai.tool.call.id",
        "gen_ai.tool.call_id", "gen_ai.response.id",
    }
)  # fmt: skip
"""Attributes that are names and ids, which are stored: all others that are looked at may hold anything."""
TEXTS = (
    "prompt", "body", "response", "error", "error.message", "arguments", "output", "tool_input", "tool_parameters",
    "function_args", "full_command", "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions",
    "gen_ai.tool.call.arguments", "gen_ai.tool.call.result", "exception.stacktrace", "metadata",
)  # fmt: skip
EVENTS = claude_events.EVENTS | codex_events.EVENTS | gemini_events.EVENTS | genai_events.EVENTS
SPANS = claude_spans.SPANS | genai_spans.SPANS
FAILED = {"success": "false", "event.kind": "response.completed", "decision": "reject"}


def texts(wanted: frozenset[str], *, kept: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The secret under every attribute that is looked at or may hold a text, but for the names among them."""
    return {key: SECRET for key in (*wanted, *TEXTS) if key not in NAMES | kept}


def seen(request: Message) -> bytes:
    """All that comes of a request, as it would be stored or told."""
    found = decoded(request)
    told = [[*kind] for kind in found.unmapped]
    return msgspec.json.encode([found.rows, found.points, told, found.reason])


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize("kept", [frozenset[str](), frozenset(FAILED)])
def test_no_text_of_an_event_is_kept(name: str, kept: frozenset[str]) -> None:
    mapping = EVENTS[name]
    numbers = {key for key in mapping.wanted if "token" in key or "duration" in key or "cost" in key or "num_" in key}
    attributes = texts(mapping.wanted, kept=frozenset(numbers) | kept) | {key: FAILED[key] for key in kept}
    record = event(name, attributes, body=SECRET)
    record.severity_text = SECRET
    assert SECRET.encode() not in seen(logs(record, resource={"process.command_args": SECRET}))
    assert (
        rows(logs(record))
        or kept
        or name.endswith(("decision", "prompt", "sse_event", "request", "connect", "details"))
    )


@pytest.mark.parametrize("name", SPANS)
def test_no_text_of_a_span_is_kept(name: str) -> None:
    mapping = SPANS[name]
    numbers = frozenset(
        key for key in mapping.wanted if "token" in key or "duration" in key or "cost" in key or "num_" in key
    )
    attributes = texts(mapping.wanted, kept=numbers | {"gen_ai.operation.name"})
    operation = {} if name in claude_spans.SPANS else {"gen_ai.operation.name": name}
    made = span(name if name in claude_spans.SPANS else f"{name} {SECRET}", attributes | operation, failed=True)
    made.status.message = SECRET
    made.events.add(name=SECRET)
    assert SECRET.encode() not in seen(traces(made))


@pytest.mark.parametrize("name", counters.COUNTERS)
def test_no_text_of_a_counter_is_kept(name: str) -> None:
    attributes = texts(counters.ABOUT_KEYS)
    assert SECRET.encode() not in seen(metrics(counter(name, point(3, attributes)), service="gemini-cli"))


def test_no_text_is_told_as_the_name_of_what_is_not_counted() -> None:
    unknown = (
        logs(event(SECRET, {}, body=SECRET), service=SECRET),
        logs(event("", {}, body=f"claude_code.{SECRET}"), scope=SECRET),
        logs(event("", {}, body=SECRET)),
        metrics(counter(SECRET, point(1, {})), service=SECRET),
        traces(span(SECRET, {"gen_ai.operation.name": SECRET}), service=SECRET),
    )
    for request in unknown:
        assert decoded(request).unmapped
        assert b"xyzzy" not in seen(request)


def test_no_text_is_told_as_the_reason_of_a_refusal() -> None:
    usage = {"input_tokens": SECRET, "request_id": "r"}
    found = decoded(logs(event("api_request", usage, body="claude_code.api_request")))
    assert (found.rejected, found.reason) == (1, "a log record: input_tokens is no number")
