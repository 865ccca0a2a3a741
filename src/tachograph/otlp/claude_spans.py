"""Claude Code's spans, `claude_code.*`, which tell much of what its events do, and turns besides.

With the ids of a request or a call they are parts of the metrics that the events tell. The span of a call lasts as long
as the wait for a permission and the execution; the span of the execution alone says how long the call took.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tachograph.metric import MetricType
from tachograph.otlp.claude_events import TOKEN_KEYS, status_of, tokens, tool_kind
from tachograph.otlp.decoded import EVENT, SPAN, Row
from tachograph.otlp.items import Item, Mapping
from tachograph.otlp.origin import WHOSE_KEYS
from tachograph.otlp.values import count, extra, flag, milliseconds, name
from tachograph.sources.claude_errors import api_error_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SOURCE: Final = "claude-code"
_TEXT_MAX: Final = 2000
_REQUEST_WORDS: Final = (("query_source", "query_source"), ("speed", "speed"), ("ttft_ms", "ttft_ms"))


def llm_request(item: Item) -> list[Row]:
    """A request of a model, answered or not."""
    get, used = item.told.get, tokens(item)
    request = name(get("request_id"))
    about: Row = {"model": get("model") or get("gen_ai.request.model"), "duration_ms": _took(item)}
    rows = []
    if used["token_count"] is not None:
        rows.append(
            item.row(
                f"request:{request}" if request else item.key,
                MetricType.TOKEN_USAGE,
                request_id=request,
                extra=None if request else extra(item.told, _REQUEST_WORDS),
                witness=None if request else SPAN,
                **about,
                **used,
            )
        )
    if item.failed or flag(get("success")) is False:
        text = str(get("error") or "")[:_TEXT_MAX].encode()
        kind = api_error_kind(None, status_of(get("status_code")), text)
        part = f"{item.key}:error" if item.key else None
        rows.append(
            item.row(part, MetricType.ERROR_OCCURRED, error_type=kind, success=False, witness=SPAN, **about),
        )
    return rows


def tool(item: Item) -> list[Row]:
    """A call of a tool, the wait for a permission included: with an id it says only when it began and ended."""
    get, call = item.told.get, _call(item)
    values: dict[str, Any] = {"ended_ts": item.ts} if call else {"duration_ms": _took(item), "witness": SPAN}
    return [
        item.row(
            call or item.key,
            MetricType.TOOL_USE,
            item.began,
            tool_name=get("tool_name"),
            success=flag(get("success")),
            **values,
        )
    ]


def execution(item: Item) -> list[Row]:
    """The execution of a call: how long it took, and how it went."""
    call, success = _call(item), flag(item.told.get("success"))
    if call is None:
        return []
    kind = tool_kind(item.told.get("error_type") or item.told.get("error")) if success is False else None
    return [
        item.row(
            call,
            MetricType.TOOL_USE,
            item.began,
            success=None if kind == "interrupted" else success,
            error_type=kind,
            duration_ms=_took(item),
        )
    ]


def hook(item: Item) -> list[Row]:
    """The hooks of an event."""
    get = item.told.get
    failed = (count(get("num_blocking"), "num_blocking") or 0) + (
        count(get("num_non_blocking_error"), "num_non_blocking_error") or 0
    )
    return [
        item.row(
            f"{item.key}:hook" if item.key else None,
            MetricType.HOOK_TRIGGERED,
            item.began,
            hook_name=get("hook_name") or get("hook_event"),
            success=not (failed or item.failed),
            duration_ms=_took(item),
            witness=SPAN,
        )
    ]


def interaction(item: Item) -> list[Row]:
    """A turn. No event tells it, so this is as good as an event, and stands beside those of compactions."""
    part = f"{item.key}:turn" if item.key else None
    values = {"operation": "turn", "duration_ms": _took(item), "witness": EVENT}
    return [item.row(part, MetricType.PERFORMANCE, item.began, **values)]


def _call(item: Item) -> str | None:
    return name(item.told.get("tool_use_id") or item.told.get("gen_ai.tool.call.id"))


def _took(item: Item) -> float | None:
    """How long it took: what it says itself, else from its beginning to its end."""
    stated = milliseconds(item.told.get("duration_ms"))
    return (item.ts - item.began) / 1000 if stated is None else stated


_CALL_KEYS: Final = ("tool_use_id", "gen_ai.tool.call.id", "tool_name", "success", "duration_ms", "error", "error_type")
_HOOK_KEYS: Final = ("hook_event", "hook_name", "num_blocking", "num_non_blocking_error", "duration_ms", "error.type")
_SPANS: Final[tuple[tuple[str, Callable[[Item], list[Row]], Iterable[str]], ...]] = (
    (
        "llm_request",
        llm_request,
        (
            "request_id", "model", "gen_ai.request.model", "success", "error", "error.type", "status_code",
            "duration_ms", *TOKEN_KEYS, *dict(_REQUEST_WORDS),
        ),
    ),
    ("tool", tool, _CALL_KEYS),
    ("tool.execution", execution, _CALL_KEYS),
    ("hook", hook, _HOOK_KEYS),
    ("interaction", interaction, ("error.type",)),
)  # fmt: skip
SPANS: Final = {f"claude_code.{span}": Mapping(SOURCE, WHOSE_KEYS.union(wanted), rows) for span, rows, wanted in _SPANS}
"""What becomes of each span."""
REDUNDANT: Final = frozenset({"claude_code.tool.blocked_on_user"})
"""Spans of what the one above them tells."""
