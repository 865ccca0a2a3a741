"""Spans by OpenTelemetry's conventions for generative AI, as Copilot CLI and many frameworks export them.

An agent's span repeats the usage of the requests below it, so its own is left out: whoever exports the one exports the
others. A request that two instrumentations tell has one id, that of its response.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tachograph.metric import MetricType
from tachograph.otlp.claude_events import status_of
from tachograph.otlp.decoded import SPAN, Row
from tachograph.otlp.genai import INPUT_KEYS, OUTPUT_KEYS, USAGE_KEYS, model, told_usage
from tachograph.otlp.items import Item, Mapping
from tachograph.otlp.origin import OTHER, WHOSE_KEYS
from tachograph.otlp.values import Told, extra, flag, name, word
from tachograph.sources.claude_errors import api_error_kind

if TYPE_CHECKING:
    from collections.abc import Callable

_OPERATION: Final = "gen_ai.operation.name"
_REQUEST_WORDS: Final = (("gen_ai.response.time_to_first_chunk", "time_to_first_chunk_s"),)
_CALL_KINDS: Final = {"timeout": "timeout", "rejected": "rejected_by_user", "denied": "permission_denied"}
_UNNAMED_ERROR: Final = "_OTHER"
"""What the conventions call an error that has no name."""
WANTED: Final = WHOSE_KEYS | USAGE_KEYS | {
    _OPERATION, "error.type", "gen_ai.response.id", "gen_ai.tool.name", "gen_ai.tool.call.id", "gen_ai.tool.call_id",
    "gen_ai.agent.name", "gen_ai.workflow.name", "success", *dict(_REQUEST_WORDS),
}  # fmt: skip
"""The attributes that any of these takes."""


def operation_of(told: Told) -> str | None:
    """Which operation a span is of; older instrumentations don't say it of a request, but what it used."""
    operation = name(told.get(_OPERATION))
    if operation is None and any(told.get(key) is not None for key in (*INPUT_KEYS, *OUTPUT_KEYS)):
        return "chat"
    return operation


def request(item: Item) -> list[Row]:
    """A request of a model, answered or not."""
    rows = []
    used, took = told_usage(item.told), (item.ts - item.began) / 1000
    about: Row = {"model": model(item.told), "duration_ms": took, "witness": SPAN}
    if used:
        part = name(item.told.get("gen_ai.response.id")) or item.key
        words = extra(item.told, _REQUEST_WORDS)
        rows.append(item.row(part, MetricType.TOKEN_USAGE, extra=words, **about, **used))
    if item.failed:
        part = f"{item.key}:error" if item.key else None
        kind = _kind_of_request(item)
        rows.append(item.row(part, MetricType.ERROR_OCCURRED, error_type=kind, success=False, **about))
    return rows


def _kind_of_request(item: Item) -> str:
    named = word(item.told.get("error.type"))
    status = status_of(named)
    known = None if status or named == _UNNAMED_ERROR else named
    return api_error_kind(known, status, b"")


def call(item: Item) -> list[Row]:
    """A call of a tool."""
    get = item.told.get
    named = word(get("error.type"))
    failed = item.failed or flag(get("success")) is False
    kind = _CALL_KINDS.get(named or "")
    if failed and kind is None:
        kind = named if named and named != _UNNAMED_ERROR and item.source == OTHER else "tool_error"
    part = name(get("gen_ai.tool.call.id") or get("gen_ai.tool.call_id"))
    return [
        item.row(
            part or item.key,
            MetricType.TOOL_USE,
            item.began,
            tool_name=get("gen_ai.tool.name"),
            success=None if kind == "rejected_by_user" else not failed,
            error_type=kind if failed else None,
            duration_ms=(item.ts - item.began) / 1000,
            witness=SPAN,
        )
    ]


def agent(item: Item) -> list[Row]:
    """An agent's run; of Copilot CLI, where none is above it, a turn."""
    took, part = (item.ts - item.began) / 1000, item.key
    if item.source == "copilot-cli" and item.is_root:
        part = f"{part}:turn" if part else None
        values: Row = {"operation": "turn", "duration_ms": took, "witness": SPAN}
        return [item.row(part, MetricType.PERFORMANCE, item.began, **values)]
    return [
        item.row(
            f"{part}:agent" if part else None,
            MetricType.AGENT_EXECUTION,
            item.began,
            agent_id=item.told.get("gen_ai.agent.name") or item.told.get("gen_ai.workflow.name"),
            success=not item.failed,
            duration_ms=took,
            witness=SPAN,
        )
    ]


_OPERATIONS: Final[tuple[tuple[Callable[[Item], list[Row]], tuple[str, ...]], ...]] = (
    (request, ("chat", "generate_content", "text_completion", "embeddings", "fetch_response", "llm_call")),
    (call, ("execute_tool", "tool_call")),
    (agent, ("invoke_agent", "invoke_workflow", "agent_call")),
)
SPANS: Final = {operation: Mapping(None, WANTED, rows) for rows, operations in _OPERATIONS for operation in operations}
"""What becomes of each operation; the last of each is what Gemini CLI calls it."""
REDUNDANT: Final = frozenset({"user_prompt", "system_prompt", "schedule_tool_calls"})
"""Operations of Gemini CLI around those that count."""
