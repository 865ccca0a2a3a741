"""Codex's events, which it exports as log records `codex.*`.

A call has the id that it has in the rollout, and is a part of the same metric. What a response used is told without
any id: that event is a witness of its own. Whether a thread is a sub-agent's isn't told, so each is its own session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.metric import MetricType
from tachograph.otlp.claude_events import status_of
from tachograph.otlp.decoded import EVENT, Row
from tachograph.otlp.genai import usage
from tachograph.otlp.items import Item, Mapping
from tachograph.otlp.origin import WHOSE_KEYS
from tachograph.otlp.values import count, flag, name
from tachograph.sources.codex_calls import call_key
from tachograph.sources.codex_outcomes import FAILED, UNKNOWN, WELL, Outcome, output_outcome, request_error_kind
from tachograph.sources.codex_shapes import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SOURCE: Final = "codex"
_HEAD: Final = 400
"""So much of an output tells how a call went."""
_MCP: Final = "mcp__"
_COMPLETED: Final = "response.completed"
_REFUSALS: Final = frozenset({"denied", "deny", "abort", "timed_out", "timedout"})
_TOOL_WORDS: Final = (("mcp_server", "mcp_server"),)


def conversation_starts(item: Item) -> list[Row]:
    """A thread was begun, or gone on with."""
    session = name(item.session)
    return [item.row(f"{session}:start" if session else None, MetricType.SESSION_START, witness=_witness(session))]


def sse_event(item: Item) -> list[Row]:
    """A response that was completed, or a stream that failed."""
    get = item.told.get
    if get("error.message") is not None:
        return _failed(item)
    if get("event.kind") != _COMPLETED:
        return []
    return [item.row(None, MetricType.TOKEN_USAGE, model=get("model"), witness=EVENT, **tokens(item))]


def tokens(item: Item) -> Row:
    """The counters of a response: what was cached is a part of the input, and reasoning of the output."""
    get = item.told.get
    return usage(
        count(get("input_token_count"), "input_token_count"),
        count(get("output_token_count"), "output_token_count"),
        count(get("cached_token_count"), "cached_token_count"),
        count(get("cache_write_token_count"), "cache_write_token_count"),
        count(get("reasoning_token_count"), "reasoning_token_count"),
    )


def tool_result(item: Item) -> list[Row]:
    """A call of a tool that has ended."""
    get = item.told.get
    took, outcome = item.duration(), _outcome(item)
    called, server = name(get("tool_name")), name(get("mcp_server"))
    if called and server and not called.startswith(_MCP):
        called = f"{_MCP}{server}__{called}"
    part = _call(item)
    return [
        item.row(
            part,
            MetricType.TOOL_USE,
            item.begun(took),
            tool_name=called,
            success=outcome.success,
            error_type=outcome.kind,
            duration_ms=took,
            witness=_witness(part),
        )
    ]


def _outcome(item: Item) -> Outcome:
    """How a call went: by its flag, and where that says badly, by how its output begins."""
    success = flag(item.told.get("success"))
    if success is None:
        return UNKNOWN
    if success:
        return WELL
    outcome = output_outcome(str(item.told.get("output") or "")[:_HEAD].encode())
    return FAILED if outcome.success else outcome


def _call(item: Item) -> str | None:
    call, session = name(item.told.get("call_id")), name(item.session)
    return call_key(call, session) if call and session else None


def tool_decision(item: Item) -> list[Row]:
    """A call that the user didn't allow; one that was allowed has a result."""
    part = _call(item)
    if item.told.get("decision") not in _REFUSALS or part is None:
        return []
    values: Row = {"tool_name": item.told.get("tool_name"), "error_type": "rejected_by_user"}
    return [item.row(part, MetricType.TOOL_USE, **values)]


def request(item: Item) -> list[Row]:
    """A request: an error where it failed; where it didn't, the response tells it."""
    status = status_of(item.told.get("http.response.status_code"))
    failed = item.told.get("error.message") is not None or flag(item.told.get("success")) is False
    return _failed(item) if failed or (status or 0) >= 400 else []


def _failed(item: Item) -> list[Row]:
    get = item.told.get
    status = status_of(get("http.response.status_code"))
    text = f"status {status}: " if status else ""
    text += str(get("error.message") or "")
    kind = request_error_kind(Failure(message=msgspec.Raw(text.encode())))
    words = (("attempt", "attempt"), ("http.response.status_code", "status_code"))
    return [item.failed_request(kind, get("model"), words, item.duration())]


def _witness(part: str | None) -> int | None:
    return None if part else EVENT


_REQUEST_KEYS: Final = (
    "model", "duration_ms", "success", "attempt", "http.response.status_code", "error.message",
)  # fmt: skip
_EVENTS: Final[tuple[tuple[str, Callable[[Item], list[Row]], Iterable[str]], ...]] = (
    ("conversation_starts", conversation_starts, ()),
    (
        "sse_event",
        sse_event,
        (
            "event.kind", "model", "input_token_count", "output_token_count", "cached_token_count",
            "cache_write_token_count", "reasoning_token_count", "error.message", "duration_ms",
        ),
    ),
    ("tool_result", tool_result, ("tool_name", "call_id", "duration_ms", "success", "output", "mcp_server")),
    ("tool_decision", tool_decision, ("tool_name", "call_id", "decision")),
    ("api_request", request, _REQUEST_KEYS),
    ("websocket_connect", request, _REQUEST_KEYS),
    ("websocket_request", request, _REQUEST_KEYS),
)  # fmt: skip
EVENTS: Final = {f"codex.{event}": Mapping(SOURCE, WHOSE_KEYS.union(wanted), rows) for event, rows, wanted in _EVENTS}
"""What becomes of each event."""
REDUNDANT: Final = frozenset({"codex.websocket_event"})
"""Events of things that another one tells."""
