"""Gemini CLI's events, which it exports as log records `gemini_cli.*`.

A session and a sub-agent's run have the ids that they have in the conversation's file, and so has a call where the
event names it. Replies have no id there that the file knows: their events are witnesses of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tachograph.metric import MetricType
from tachograph.otlp.claude_events import status_of
from tachograph.otlp.decoded import EVENT, Row
from tachograph.otlp.genai import usage
from tachograph.otlp.items import Item, Mapping
from tachograph.otlp.origin import WHOSE_KEYS
from tachograph.otlp.values import count, extra, flag, name, word
from tachograph.sources.gemini_chats import error_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SOURCE: Final = "gemini-cli"
_ENDS: Final = {"GOAL": True, "ABORTED": None}
"""Why a sub-agent's run ended: well, unknown (it was stopped), or else badly."""
_TOOL_KINDS: Final = {
    "file_not_found": "not_found",
    "path_not_in_workspace": "permission_denied",
    "permission_denied": "permission_denied",
    "invalid_tool_params": "invalid_input",
    "edit_no_occurrence_found": "no_match",
    "shell_execute_error": "exit_code",
    "stop_execution": "interrupted",
}
_TOOL_WORDS: Final = (("tool_type", "tool_type"), ("decision", "decision"), ("content_length", "result_bytes"))
_REPLY_WORDS: Final = (("auth_type", "auth_type"), ("role", "role"), ("status_code", "status_code"))


def config(item: Item) -> list[Row]:
    """The program was started."""
    session = name(item.session)
    part = f"{session}:start" if session else None
    return [item.row(part, MetricType.SESSION_START, witness=None if part else EVENT)]


def api_response(item: Item) -> list[Row]:
    """A request that was answered: what was cached is a part of the input, thoughts are added to the output."""
    get = item.told.get
    prompt, of_tools = (count(get(key), key) for key in ("input_token_count", "tool_token_count"))
    answered, thoughts = (count(get(key), key) for key in ("output_token_count", "thoughts_token_count"))
    cached = count(get("cached_content_token_count"), "cached_content_token_count")
    return [
        item.row(
            None,
            MetricType.TOKEN_USAGE,
            model=get("model"),
            duration_ms=item.duration(),
            extra=extra(item.told, _REPLY_WORDS),
            witness=EVENT,
            **usage(added(prompt, of_tools), added(answered, thoughts), cached, None, thoughts),
        )
    ]


def added(one: int | None, other: int | None) -> int | None:
    """The sum of two counters, either of which may be missing."""
    return None if one is None and other is None else (one or 0) + (other or 0)


def api_error(item: Item) -> list[Row]:
    """A request that failed."""
    get = item.told.get
    status = status_of(get("status_code"))
    text = f"{status or ''} {get('error.message') or get('error') or ''}".encode()
    kind = error_kind(text, status)
    took = item.duration("duration_ms" if "duration_ms" in item.told else "duration")
    return [item.failed_request(kind, get("model_name") or get("model"), (("status_code", "status_code"),), took)]


def tool_call(item: Item) -> list[Row]:
    """A call of a tool that has ended."""
    get = item.told.get
    took, success = item.duration(), flag(get("success"))
    call, session = name(get("call_id") or get("tool_call_id")), name(item.session)
    refused = get("decision") == "reject"
    kind = "rejected_by_user" if refused else _TOOL_KINDS.get(str(word(get("error_type"))), "tool_error")
    part = f"{session}:{call}" if call and session else None
    return [
        item.row(
            part,
            MetricType.TOOL_USE,
            item.begun(took),
            tool_name=get("function_name"),
            success=None if refused else success,
            error_type=kind if refused or success is False else None,
            duration_ms=took,
            extra=extra(item.told, _TOOL_WORDS),
            witness=None if part else EVENT,
        )
    ]


def agent_finish(item: Item) -> list[Row]:
    """A sub-agent's run."""
    get = item.told.get
    run, took, reason = name(get("agent_id")), item.duration(), word(get("terminate_reason"))
    return [
        item.row(
            f"{run}:agent" if run else None,
            MetricType.AGENT_EXECUTION,
            item.begun(took),
            agent_id=get("agent_name"),
            agent_run_id=run,
            success=None if reason is None else _ENDS.get(reason, False),
            duration_ms=took,
            extra=extra(item.told, (("turn_count", "turns"), ("terminate_reason", "terminate_reason"))),
            witness=None if run else EVENT,
        )
    ]


def slash_command(item: Item) -> list[Row]:
    """A slash command."""
    command = name(item.told.get("command"))
    called = f"/{command.removeprefix('/')}" if command else None
    success = {"success": True, "error": False}.get(str(item.told.get("status")))
    return [item.row(None, MetricType.COMMAND_EXECUTED, command_name=called, success=success, witness=EVENT)]


def hook_call(item: Item) -> list[Row]:
    """A hook that was run; its own name may be a command line, so it is called by its event."""
    get = item.told.get
    return [
        item.row(
            None,
            MetricType.HOOK_TRIGGERED,
            hook_name=get("hook_event_name"),
            success=flag(get("success")),
            duration_ms=item.duration(),
            witness=EVENT,
        )
    ]


def chat_compression(item: Item) -> list[Row]:
    """The conversation was compacted."""
    words = (("tokens_before", "pre_tokens"), ("tokens_after", "post_tokens"))
    values: Row = {"operation": "compact", "extra": extra(item.told, words), "witness": EVENT}
    return [item.row(None, MetricType.PERFORMANCE, **values)]


_EVENTS: Final[tuple[tuple[str, Callable[[Item], list[Row]], Iterable[str]], ...]] = (
    ("config", config, ()),
    (
        "api_response",
        api_response,
        (
            "model", "duration_ms", "input_token_count", "output_token_count", "cached_content_token_count",
            "thoughts_token_count", "tool_token_count", *dict(_REPLY_WORDS),
        ),
    ),
    (
        "api_error",
        api_error,
        ("model_name", "model", "duration", "duration_ms", "status_code", "error.message", "error"),
    ),
    (
        "tool_call",
        tool_call,
        (
            "function_name", "duration_ms", "success", "error_type", "call_id", "tool_call_id", *dict(_TOOL_WORDS),
        ),
    ),
    ("agent.finish", agent_finish, ("agent_id", "agent_name", "duration_ms", "turn_count", "terminate_reason")),
    ("slash_command", slash_command, ("command", "status")),
    ("hook_call", hook_call, ("hook_event_name", "success", "duration_ms")),
    ("chat_compression", chat_compression, ("tokens_before", "tokens_after")),
)  # fmt: skip
EVENTS: Final = {
    f"gemini_cli.{event}": Mapping(SOURCE, WHOSE_KEYS.union(wanted), rows) for event, rows, wanted in _EVENTS
}
"""What becomes of each event."""
REDUNDANT: Final = frozenset(
    {"gemini_cli.api_request", "gemini_cli.agent.start", "gemini_cli.file_operation", "gemini_cli.slash_command.model"}
)
"""Events of things that another one tells: a request its response, an agent's start its end, the rest its tool."""
