"""The counters that agents export: what each of them counts, and whose other counters tell the same.

There are three kinds. Counters of tokens have an attribute that says of which kind the tokens are, or a name that does;
what their points of one moment tell is one metric. Of cost there is one. Counters of things (and histograms of their
durations) become so many metrics; each takes the average of the durations, which leaves sums and averages exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from tachograph.metric import MetricType
from tachograph.otlp.claude_events import status_of
from tachograph.otlp.genai import model
from tachograph.otlp.values import extra, flag, name, word
from tachograph.sources.claude_errors import api_error_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tachograph.otlp.decoded import Row
    from tachograph.otlp.values import Told

Kind = Literal["input", "output", "cache_read", "cache_write", "thought", "tool", "reasoning", "cost_usd"]
"""Of tokens. `thought` and `tool` are parts of nothing; `reasoning` is a part of the output."""


class Counter(msgspec.Struct, frozen=True):
    """What a counter counts."""

    type: MetricType
    about: Callable[[Told], Row | None]
    """The columns that its attributes tell; None where the point tells nothing that counts."""
    source: str | None = None
    """Whose it is; None: the origin's."""
    kinds: dict[str, Kind] = {}
    """Of tokens: which values `kind_key` has for which kind."""
    kind_key: str = ""
    kind: Kind | None = None
    """Of tokens or cost: which it counts, where that isn't in an attribute."""
    disjoint: bool = False
    """Of tokens: whether the input is without what was read from a cache or written to it."""
    milliseconds: float | None = None
    """Of durations: what one of them is in milliseconds."""
    part: str | None = None
    """What the id of the one thing in a session ends with that this counts."""

    @property
    def counts_amounts(self) -> bool:
        """Whether it counts tokens or cost, and not things."""
        return bool(self.kinds) or self.kind is not None


_CLAUDE_WORDS: Final = (
    ("query_source", "query_source"),
    ("speed", "speed"),
    ("effort", "effort"),
    ("agent.name", "agent_name"),
)
_CLAUDE_KINDS: Final[dict[str, Kind]] = {
    "input": "input",
    "output": "output",
    "cacheRead": "cache_read",
    "cacheCreation": "cache_write",
}
_CODEX_KINDS: Final[dict[str, Kind]] = {
    "input": "input",
    "output": "output",
    "cached_input": "cache_read",
    "cache_write": "cache_write",
    "cache_write_input": "cache_write",
    "reasoning_output": "reasoning",
}
_GEMINI_KINDS: Final[dict[str, Kind]] = {
    "input": "input",
    "output": "output",
    "cache": "cache_read",
    "thought": "thought",
    "tool": "tool",
}
_GENAI_KINDS: Final[dict[str, Kind]] = {
    "input": "input",
    "output": "output",
    "completion": "output",
    "cache_read": "cache_read",
    "cache_write": "cache_write",
    "cache_creation": "cache_write",
    "reasoning": "reasoning",
}
FAMILIES: Final = (
    ("gen_ai.client.inference.usage.", "gen_ai.client.token.usage", "gen_ai.client.inference.operation."),
    ("gen_ai.client.inference.duration", "gen_ai.client.operation.duration"),
    ("gen_ai.execute_tool.duration", "github.copilot.tool.call.duration"),
)
"""With what the names of counters begin that tell the same: of those that one resource exports, the first count."""


def _nothing(told: Told) -> Row:
    del told
    return {}


def _claude_use(told: Told) -> Row:
    return {"model": told.get("model"), "extra": extra(told, _CLAUDE_WORDS)}


def _model(told: Told) -> Row:
    return {"model": told.get("model")}


def _genai(told: Told) -> Row:
    return {"model": model(told)}


def _codex_call(told: Told) -> Row:
    return {"tool_name": told.get("tool"), **_outcome(told)}


def _outcome(told: Told) -> Row:
    success = flag(told.get("success"))
    return {"success": success, "error_type": "tool_error" if success is False else None}


def _failed_request(told: Told) -> Row | None:
    status = status_of(told.get("status") or told.get("status_code"))
    failed = flag(told.get("success")) is False or (status or 0) >= 400 or told.get("error_type") is not None
    if not failed:
        return None
    return {"error_type": api_error_kind(None, status, b""), "success": False, "model": told.get("model")}


def _codex_thread(told: Told) -> Row | None:
    """A sub-agent's thread is no session."""
    return None if "subagent" in str(told.get("session_source")) else {}


def _codex_hook(told: Told) -> Row:
    success = {"completed": True, "success": True, "failed": False}.get(str(told.get("status")))
    return {"hook_name": told.get("hook_name"), "success": success}


def _gemini_call(told: Told) -> Row:
    refused = told.get("decision") == "reject"
    outcome = {"success": None, "error_type": "rejected_by_user"} if refused else _outcome(told)
    return {"tool_name": told.get("function_name"), **outcome}


def _gemini_run(told: Told) -> Row:
    reason = name(told.get("terminate_reason"))
    success = None if reason in (None, "ABORTED") else reason == "GOAL"
    return {"agent_id": told.get("agent_name"), "success": success}


def _gemini_hook(told: Told) -> Row:
    return {"hook_name": told.get("hook_event_name"), "success": flag(told.get("success"))}


def _operation(operation: str) -> Callable[[Told], Row]:
    return lambda told: {"operation": operation, "model": told.get("model")}


def _genai_failure(told: Told) -> Row | None:
    named = word(told.get("error.type"))
    if named is None:
        return None
    status = status_of(named)
    kind = api_error_kind(None if status or named == "_OTHER" else named, status, b"")
    return {"error_type": kind, "success": False, "model": model(told)}


def _genai_call(told: Told) -> Row:
    failed = told.get("error.type") is not None or flag(told.get("success")) is False
    return {
        "tool_name": told.get("gen_ai.tool.name"),
        "success": not failed,
        "error_type": "tool_error" if failed else None,
    }


def _genai_run(told: Told) -> Row:
    agent = told.get("gen_ai.agent.name") or told.get("gen_ai.workflow.name")
    return {"agent_id": agent, "success": told.get("error.type") is None}


_USE, _CALL, _RUN = MetricType.TOKEN_USAGE, MetricType.TOOL_USE, MetricType.AGENT_EXECUTION
_START, _ERROR, _HOOK = MetricType.SESSION_START, MetricType.ERROR_OCCURRED, MetricType.HOOK_TRIGGERED
_PERFORMANCE: Final = MetricType.PERFORMANCE
_CLAUDE, _CODEX, _GEMINI = "claude-code", "codex", "gemini-cli"

COUNTERS: Final[dict[str, Counter]] = {
    "claude_code.session.count": Counter(_START, _nothing, _CLAUDE, part="start"),
    "claude_code.token.usage": Counter(_USE, _claude_use, _CLAUDE, kinds=_CLAUDE_KINDS, kind_key="type", disjoint=True),
    "claude_code.cost.usage": Counter(_USE, _claude_use, _CLAUDE, kind="cost_usd", disjoint=True),
    "codex.thread.started": Counter(_START, _codex_thread, _CODEX),
    "codex.turn.token_usage": Counter(_USE, _model, _CODEX, kinds=_CODEX_KINDS, kind_key="token_type"),
    "codex.turn.e2e_duration_ms": Counter(_PERFORMANCE, _operation("turn"), _CODEX, milliseconds=1),
    "codex.tool.call.duration_ms": Counter(_CALL, _codex_call, _CODEX, milliseconds=1),
    "codex.api_request": Counter(_ERROR, _failed_request, _CODEX),
    "codex.hooks.run": Counter(_HOOK, _codex_hook, _CODEX),
    "gemini_cli.session.count": Counter(_START, _nothing, _GEMINI, part="start"),
    "gemini_cli.token.usage": Counter(_USE, _model, _GEMINI, kinds=_GEMINI_KINDS, kind_key="type"),
    "gemini_cli.tool.call.count": Counter(_CALL, _gemini_call, _GEMINI),
    "gemini_cli.api.request.count": Counter(_ERROR, _failed_request, _GEMINI),
    "gemini_cli.agent.run.count": Counter(_RUN, _gemini_run, _GEMINI),
    "gemini_cli.hook_call.count": Counter(_HOOK, _gemini_hook, _GEMINI),
    "gemini_cli.chat_compression": Counter(_PERFORMANCE, _operation("compact"), _GEMINI),
    "gen_ai.client.token.usage": Counter(_USE, _genai, kinds=_GENAI_KINDS, kind_key="gen_ai.token.type"),
    "gen_ai.client.inference.usage.input_tokens": Counter(_USE, _genai, kind="input"),
    "gen_ai.client.inference.usage.output_tokens": Counter(_USE, _genai, kind="output"),
    "gen_ai.client.inference.usage.cache_read.input_tokens": Counter(_USE, _genai, kind="cache_read"),
    "gen_ai.client.inference.usage.cache_write.input_tokens": Counter(_USE, _genai, kind="cache_write"),
    "gen_ai.client.inference.usage.reasoning.output_tokens": Counter(_USE, _genai, kind="reasoning"),
    "gen_ai.client.inference.operation.input_tokens": Counter(_USE, _genai, kind="input"),
    "gen_ai.client.inference.operation.output_tokens": Counter(_USE, _genai, kind="output"),
    "gen_ai.client.operation.duration": Counter(_ERROR, _genai_failure, milliseconds=1000),
    "gen_ai.client.inference.duration": Counter(_ERROR, _genai_failure, milliseconds=1000),
    "gen_ai.execute_tool.duration": Counter(_CALL, _genai_call, milliseconds=1000),
    "github.copilot.tool.call.duration": Counter(_CALL, _genai_call, milliseconds=1000),
    "gen_ai.invoke_agent.duration": Counter(_RUN, _genai_run, milliseconds=1000),
    "gen_ai.workflow.duration": Counter(_RUN, _genai_run, milliseconds=1000),
}
"""What becomes of each counter."""


def _named(prefix: str, names: Iterable[str]) -> set[str]:
    return {f"{prefix}{each}" for each in names}


REDUNDANT: Final = frozenset(
    _named("claude_code.", ("code_edit_tool.decision",))
    | _named(
        "codex.",
        (
            "tool.call", "api_request.duration_ms", "sse_event", "sse_event.duration_ms", "websocket.request",
            "websocket.request.duration_ms", "websocket.event", "websocket.event.duration_ms", "turns",
            "turn.tool.call", "conversation.turn.count", "turn.cost_microusd",
        ),
    )
    | _named(
        "gemini_cli.",
        (
            "tool.call.latency", "api.request.latency", "agent.duration", "agent.turns", "hook_call.latency",
            "file.operation.count", "slash_command.model.call_count", "token.efficiency", "api.request.breakdown",
            "tool.execution.breakdown",
        ),
    )
    | _named("gen_ai.", ("invoke_agent.inference_calls", "invoke_agent.tool_calls"))
    | _named("github.copilot.", ("tool.call.count",))
)  # fmt: skip
"""Counters of what another one tells.

Codex's costs are estimates of whole turns: beside the tokens, which have a price each, they would count twice.
"""
OWN_SOURCES: Final = frozenset({_CLAUDE, _CODEX, _GEMINI})
"""Sources whose own counters tell what those of the conventions for generative AI do."""

ABOUT_KEYS: Final = frozenset(
    {
        "model", "type", "token_type", "tool", "success", "status", "status_code", "error_type", "session_source",
        "hook_name", "hook_event_name", "function_name", "decision", "agent_name", "terminate_reason", "error.type",
        "gen_ai.token.type", "gen_ai.request.model", "gen_ai.response.model", "gen_ai.tool.name", "gen_ai.agent.name",
        "gen_ai.workflow.name", *dict(_CLAUDE_WORDS),
    }
)  # fmt: skip
"""The attributes that any of these takes."""


def overruled(names: Iterable[str]) -> frozenset[str]:
    """Of the counters that a resource exports those of which better ones tell the same."""
    told = set(names)
    losers: set[str] = set()
    for family in FAMILIES:
        members = [{name for name in told if name.startswith(prefix)} for prefix in family]
        losers.update(*[found for found in members if found][1:])
    return frozenset(losers)


def kind_of(counter: Counter, told: Told) -> Any:
    """Which kind of token, or cost, a point counts; None where it counts none that we know (a total, say)."""
    return counter.kind or counter.kinds.get(str(told.get(counter.kind_key)))
