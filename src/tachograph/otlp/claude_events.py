"""Claude Code's events, which it exports as log records `claude_code.*`.

A call of a tool has the id that it has in the transcript, and is a part of the same metric. A request has an id of its
own, which transcripts name beside each reply: so that the two can be brought together, it is in the row too. Where an
event has no id that a transcript knows, it is a witness of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tachograph.metric import ADDED_TOKEN_KINDS, MetricType
from tachograph.otlp.decoded import EVENT, Row
from tachograph.otlp.items import Item, Mapping
from tachograph.otlp.origin import WHOSE_KEYS
from tachograph.otlp.values import count, dollars, extra, flag, name, word
from tachograph.sources.claude_errors import api_error_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SOURCE: Final = "claude-code"
_REQUEST_WORDS: Final = (
    ("query_source", "query_source"),
    ("speed", "speed"),
    ("effort", "effort"),
    ("attempt", "attempt"),
    ("agent.name", "agent_name"),
)
_TOOL_WORDS: Final = (
    ("decision_source", "decision_source"),
    ("decision_type", "decision"),
    ("tool_input_size_bytes", "input_bytes"),
    ("tool_result_size_bytes", "result_bytes"),
)
_COMPACTION_WORDS: Final = (("trigger", "trigger"), ("pre_tokens", "pre_tokens"), ("post_tokens", "post_tokens"))
_ERROR_WORDS: Final = (
    ("attempt", "attempt"),
    ("total_attempts", "attempts"),
    ("status_code", "status_code"),
    ("query_source", "query_source"),
)
_TOOL_KINDS: Final = (
    ("Abort", "interrupted"),
    ("Shell", "exit_code"),
    ("ENOENT", "not_found"),
    ("EACCES", "permission_denied"),
    ("EPERM", "permission_denied"),
    ("InputValidation", "invalid_input"),
    ("Zod", "invalid_input"),
    ("Timeout", "timeout"),
    ("ETIMEDOUT", "timeout"),
)
"""What the classes of errors are called in transcripts. Any other says nothing: there the transcript has a better."""
_COLLAPSED_COMMANDS: Final = frozenset({"custom", "mcp"})
"""What stands for the names of commands that aren't built in, unless tool details are exported."""


def api_request(item: Item) -> list[Row]:
    """A request of a model that was answered."""
    get = item.told.get
    request = name(get("request_id"))
    return [
        item.row(
            f"request:{request}" if request else None,
            MetricType.TOKEN_USAGE,
            request_id=request,
            model=get("model"),
            duration_ms=item.duration(),
            cost_usd=_cost(item),
            extra=extra(item.told, _REQUEST_WORDS),
            witness=None if request else EVENT,
            **tokens(item),
        )
    ]


def tokens(item: Item) -> Row:
    """The counters of a request, which are disjoint."""
    get = item.told.get
    counters: Row = {
        "input_tokens": count(get("input_tokens"), "input_tokens"),
        "output_tokens": count(get("output_tokens"), "output_tokens"),
        "cache_read_tokens": count(get("cache_read_tokens"), "cache_read_tokens"),
        "cache_write_tokens": count(get("cache_creation_tokens"), "cache_creation_tokens"),
    }
    counted = [counters[kind] for kind in ADDED_TOKEN_KINDS if counters[kind] is not None]
    counters["token_count"] = sum(counted) if counted else None
    return counters


def _cost(item: Item) -> float | None:
    micros = dollars(item.told.get("cost_usd_micros"), "cost_usd_micros")
    return dollars(item.told.get("cost_usd")) if micros is None else micros / 1_000_000


def tool_result(item: Item) -> list[Row]:
    """A call of a tool that has ended."""
    get = item.told.get
    call, took, success = name(get("tool_use_id")), item.duration(), flag(get("success"))
    kind = tool_kind(get("error_type")) if success is False else None
    return [
        item.row(
            call,
            MetricType.TOOL_USE,
            item.begun(took),
            tool_name=get("tool_name"),
            success=None if kind == "interrupted" else success,
            error_type=kind,
            duration_ms=took,
            extra=extra(item.told, _TOOL_WORDS),
            witness=None if call else EVENT,
        )
    ]


def tool_kind(named: object) -> str | None:
    """The kind of a call's failure, by the class of its error; None for one that says nothing."""
    classes = word(named) or ""
    return next((kind for part, kind in _TOOL_KINDS if part in classes), None)


def tool_decision(item: Item) -> list[Row]:
    """A call that wasn't allowed, which mostly has no result; one that was allowed has."""
    call, source = name(item.told.get("tool_use_id")), str(item.told.get("source"))
    if item.told.get("decision") != "reject" or call is None:
        return []
    by_user = source.startswith("user")
    kind = "interrupted" if source == "user_abort" else "rejected_by_user" if by_user else "permission_denied"
    return [
        item.row(
            call,
            MetricType.TOOL_USE,
            tool_name=item.told.get("tool_name"),
            success=None if by_user else False,
            error_type=kind,
        )
    ]


def api_error(item: Item) -> list[Row]:
    """A request that failed."""
    get = item.told.get
    status, text = get("status_code"), str(get("error") or "")
    kind = api_error_kind(None, status_of(status), text.encode())
    return [item.failed_request(kind, get("model"), _ERROR_WORDS, item.duration())]


def status_of(value: object) -> int | None:
    """The HTTP status, where it is one."""
    try:
        status = int(str(value))
    except ValueError:
        return None
    return status if 100 <= status <= 599 else None


def internal_error(item: Item) -> list[Row]:
    """An error of the program itself."""
    named = word(item.told.get("error_name")) or word(item.told.get("error_code"))
    kind = named or "internal_error"
    return [item.row(None, MetricType.ERROR_OCCURRED, error_type=kind, success=False, witness=EVENT)]


def user_prompt(item: Item) -> list[Row]:
    """A prompt, which is a metric only where it is a slash command."""
    command, uuid = name(item.told.get("command_name")), name(item.told.get("message.uuid"))
    if not command:
        return []
    told = f"({command})" if command in _COLLAPSED_COMMANDS else f"/{command.removeprefix('/')}"
    part = f"{uuid}:command" if uuid else None
    return [
        item.row(part, MetricType.COMMAND_EXECUTED, command_name=told, witness=None if uuid else EVENT),
    ]


def hooks_done(item: Item) -> list[Row]:
    """The hooks of an event, which may be several."""
    get = item.told.get
    failed = count(get("num_blocking"), "num_blocking") or 0
    failed += count(get("num_non_blocking_error"), "num_non_blocking_error") or 0
    stopped = count(get("num_cancelled"), "num_cancelled") or 0
    return [
        item.row(
            None,
            MetricType.HOOK_TRIGGERED,
            hook_name=get("hook_name") or get("hook_event"),
            success=False if failed else None if stopped else True,
            duration_ms=item.duration("total_duration_ms"),
            extra=extra(item.told, (("num_hooks", "hooks"), ("num_success", "succeeded"))),
            witness=EVENT,
        )
    ]


def compaction(item: Item) -> list[Row]:
    """The conversation was compacted."""
    return [
        item.row(
            None,
            MetricType.PERFORMANCE,
            operation="compact",
            success=flag(item.told.get("success")),
            duration_ms=item.duration(),
            extra=extra(item.told, _COMPACTION_WORDS),
            witness=EVENT,
        )
    ]


def subagent_completed(item: Item) -> list[Row]:
    """A sub-agent's run; its tokens are those of its last request alone."""
    get = item.told.get
    call, took = name(get("tool_use_id")), item.duration()
    return [
        item.row(
            f"{call}:agent" if call else None,
            MetricType.AGENT_EXECUTION,
            item.begun(took),
            agent_id=get("agent_type"),
            agent_run_id=get("agent_id"),
            model=get("model"),
            duration_ms=took,
            success=flag(get("success")),
            extra=extra(item.told, (("total_tool_uses", "tool_uses"),)),
            witness=None if call else EVENT,
        )
    ]


TOKEN_KEYS: Final = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens")
_EVENTS: Final[tuple[tuple[str, Callable[[Item], list[Row]], Iterable[str]], ...]] = (
    (
        "api_request",
        api_request,
        ("model", "duration_ms", "cost_usd", "cost_usd_micros", "request_id", *TOKEN_KEYS, *dict(_REQUEST_WORDS)),
    ),
    (
        "tool_result",
        tool_result,
        ("tool_use_id", "tool_name", "success", "duration_ms", "error_type", *dict(_TOOL_WORDS)),
    ),
    ("tool_decision", tool_decision, ("tool_use_id", "tool_name", "decision", "source")),
    ("api_error", api_error, ("model", "error", "duration_ms", *dict(_ERROR_WORDS))),
    ("internal_error", internal_error, ("error_name", "error_code")),
    ("user_prompt", user_prompt, ("command_name", "message.uuid")),
    (
        "hook_execution_complete",
        hooks_done,
        (
            "hook_event", "hook_name", "num_hooks", "num_success", "num_blocking", "num_non_blocking_error",
            "num_cancelled", "total_duration_ms",
        ),
    ),
    ("compaction", compaction, ("duration_ms", "success", *dict(_COMPACTION_WORDS))),
    (
        "subagent_completed",
        subagent_completed,
        ("tool_use_id", "agent_type", "agent_id", "model", "duration_ms", "success", "total_tool_uses"),
    ),
)  # fmt: skip
EVENTS: Final = {
    f"claude_code.{event}": Mapping(SOURCE, WHOSE_KEYS.union(wanted), rows) for event, rows, wanted in _EVENTS
}
"""What becomes of each event."""
REDUNDANT: Final = frozenset(
    {
        "claude_code.api_retries_exhausted",  # the requests' own errors tell it
        "claude_code.hook_execution_start",  # its completion does
        "claude_code.api_request_body",  # these two repeat a conversation
        "claude_code.api_response_body",
        "claude_code.assistant_response",  # its request does
    }
)
"""Events of things that another one tells."""
