"""The log of Claude Code's hooks (`hooks.events` writes it): each line as parts of metrics.

A session, a tool's call and a sub-agent's run have the ids that they have in the transcripts, and are parts of the
same metrics: whichever is read first, they count once, and what only one of them knows is kept. A transcript tells
nothing of the other events; each of them is a metric of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.hooks.events import AGENT_TOOLS
from tachograph.metric import MetricType
from tachograph.sources.claude_shapes import HookNote, Line
from tachograph.sources.decoding import told

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_AGENT: Final = "general-purpose"
_NOTE: Final = msgspec.json.Decoder(HookNote)
_VAGUE: Final = "tool_error"
"""A kind of error that says nothing: where the transcript has a better one, that is the one."""


def noted(line: Line, ts: int) -> Iterator[dict[str, Any]]:
    """The parts of metrics that a line of the log tells of, but for its session's start, which any line tells."""
    note = told(_NOTE, line.data)
    if note is None:
        return
    if note.call is not None:
        yield from _of_call(line, ts, note, note.call)
    elif note.event == "SessionEnd":
        extra = msgspec.json.encode({"reason": note.about}).decode() if note.about else None
        yield _row(line, f"{line.uuid}:end", MetricType.SESSION_END, ts=ts, extra=extra)
    elif note.event != "SessionStart":
        name = f"{note.event}:{note.about}" if note.about else note.event
        yield _row(line, f"{line.uuid}:hook", MetricType.HOOK_TRIGGERED, ts=ts, hook_name=name)


def _of_call(line: Line, ts: int, note: HookNote, call: str) -> Iterator[dict[str, Any]]:
    """A call that begins has a beginning alone, one that has ended an end alone: the store brings them together."""
    begins = note.event == "PreToolUse"
    if begins:
        yield _row(line, call, MetricType.TOOL_USE, ts=ts, tool_name=note.tool)
    else:
        yield _row(
            line, call, MetricType.TOOL_USE, ended_ts=ts, tool_name=note.tool, success=note.success,
            duration_ms=note.duration_ms, error_type=None if note.error == _VAGUE else note.error,
        )  # fmt: skip
    if note.tool not in AGENT_TOOLS:
        return
    if begins:
        agent = note.agent or DEFAULT_AGENT
        yield _row(line, f"{call}:agent", MetricType.AGENT_EXECUTION, ts=ts, agent_id=agent, agent_run_id=None)
    else:
        took = note.duration_ms if note.run_ms is None else note.run_ms
        ended = {} if note.background else {"ended_ts": ts, "success": note.success, "duration_ms": took}
        yield _row(line, f"{call}:agent", MetricType.AGENT_EXECUTION, agent_run_id=note.run, **ended)


def _row(line: Line, name: str, kind: MetricType, **values: Any) -> dict[str, Any]:
    whose = {"session_id": line.sessionId, "agent_run_id": line.agentId, "cwd": line.cwd}
    return {"id": f"claude-code:{name}", "type": kind.value, **whose, **values}
