"""What is noted of an event of Claude Code's hooks: names, ids, outcomes and durations, never a text.

A hook is a process of its own, many times a minute, which an agent waits for: this module and `log` import next to
nothing. The notes are lines in the envelope of a transcript's, and are read as such (`sources.claude_hooks`).
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LINE_TYPE: Final = "tachograph-hook"
"""The `type` of a line of the log, which no transcript has."""
AGENT_TOOLS: Final = frozenset({"Task", "Agent"})
_NAME_MAX: Final = 200
_WORD_MAX: Final = 60
_PATH_MAX: Final = 4096
_LONGEST_MS: Final = 10**15


class Event(NamedTuple):
    """An event that a hook is installed for."""

    name: str
    since: tuple[int, ...]
    """The first version of Claude Code that is known to have it; an older one refuses settings that name it."""
    of_tools: bool = False
    """Whether its hooks are for the tools that a pattern matches."""
    about: str | None = None
    """The field of its input whose word says more: why a session ended, what a notification is of."""


EVENTS: Final = (
    Event("SessionStart", (1, 0, 62)),
    Event("PreToolUse", (1, 0, 38), of_tools=True),
    Event("PostToolUse", (1, 0, 38), of_tools=True),
    Event("PostToolUseFailure", (2, 0, 76), of_tools=True),
    Event("SubagentStart", (2, 0, 43), about="agent_type"),
    Event("SubagentStop", (1, 0, 41), about="agent_type"),
    Event("PreCompact", (1, 0, 48), about="trigger"),
    Event("PostCompact", (2, 1, 76), about="trigger"),
    Event("Notification", (1, 0, 38), about="notification_type"),
    Event("Stop", (1, 0, 38)),
    Event("SessionEnd", (1, 0, 85), about="reason"),
)
"""Every event that is noted, in the order of a session."""
_BY_NAME: Final = {event.name: event for event in EVENTS}
_KNOWN_TO_ALL: Final = (2, 0, 0)


def events_of(version: tuple[int, ...] | None) -> tuple[Event, ...]:
    """The events that Claude Code of that version has; of an unknown version, those that any of 2.0 or later has."""
    return tuple(event for event in EVENTS if event.since <= (version or _KNOWN_TO_ALL))


def note(given: Mapping[str, Any], failure: Callable[[str], tuple[str, bool]]) -> dict[str, Any] | None:
    """What is noted of a hook's input, as a line of the log; None for what isn't noted.

    That is an event that isn't known, or a tool's call without an id, as builds before 2.0.43 have it: it couldn't be
    told from the transcript's. `failure` says of a tool's error what kind it is, and whether the tool failed by it.
    """
    event = _BY_NAME.get(str(given.get("hook_event_name")))
    if event is None:
        return None
    data = _of_call(event, given, failure) if event.of_tools else _of_event(event, given)
    if data is None:
        return None
    line = {
        "type": LINE_TYPE,
        "uuid": os.urandom(8).hex(),
        "timestamp": timestamp(time.time_ns()),
        "sessionId": _text(given.get("session_id")),
        "cwd": _text(given.get("cwd"), _PATH_MAX),
        "agentId": _text(given.get("agent_id")),
        "data": _told({"event": event.name, **data}),
    }
    return _told(line)


def timestamp(nanoseconds: int) -> str:
    """The moment so many nanoseconds after 1970, as transcripts write it: UTC, to the millisecond."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest // 1_000_000:03}Z"


def _of_call(
    event: Event, given: Mapping[str, Any], failure: Callable[[str], tuple[str, bool]]
) -> dict[str, Any] | None:
    """What is noted of a tool's call, before or after it."""
    call, tool = _text(given.get("tool_use_id")), _text(given.get("tool_name"))
    if call is None:
        return None
    data: dict[str, Any] = {"call": call, "tool": tool}
    if event.name == "PreToolUse":
        asked = given.get("tool_input")
        if tool in AGENT_TOOLS and isinstance(asked, dict):
            data["agent"] = _text(asked.get("subagent_type"))
        return data
    data["duration_ms"] = _number(given.get("duration_ms"))
    if event.name == "PostToolUse":
        data["success"] = True
        if tool in AGENT_TOOLS:
            data |= _of_run(given.get("tool_response"))
    elif given.get("is_interrupt") is True:
        data["error"] = "interrupted"
    else:
        kind, failed = failure(str(given.get("error") or ""))
        data |= {"error": kind, "success": False if failed else None}
    return data


def _of_run(answer: object) -> dict[str, Any]:
    """What a call that started a sub-agent says of its run."""
    if not isinstance(answer, dict):
        return {}
    return {
        "run": _text(answer.get("agentId")),
        "run_ms": _number(answer.get("totalDurationMs")),
        "background": True if answer.get("status") == "async_launched" else None,
    }


def _of_event(event: Event, given: Mapping[str, Any]) -> dict[str, Any]:
    return {"about": _word(given.get(event.about)) if event.about else None}


def _told(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _text(value: object, longest: int = _NAME_MAX) -> str | None:
    """A name, an id or a folder: what is longer is none."""
    return value if isinstance(value, str) and 0 < len(value) <= longest else None


def _word(value: object) -> str | None:
    """A word of the agent's, as `permission_prompt` or `my-plugin:reviewer`: what has a space in it may be a text."""
    is_word = isinstance(value, str) and 0 < len(value) <= _WORD_MAX and value.isprintable() and " " not in value
    return str(value) if is_word else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value < _LONGEST_MS else None
