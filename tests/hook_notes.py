"""What Claude Code tells its hooks, made up and as small as it can be, and the lines that are noted of it.

Moments and the secret are those of `claude_lines`.
"""

from __future__ import annotations

import json
from typing import Any

from claude_lines import SECRET, SESSION, Line, stamp
from tachograph.hooks.events import note
from tachograph.sources.claude_errors import tool_error_kind

Given = dict[str, Any]


def told(event: str, **fields: Any) -> Given:
    """The input of a hook, with what all have; a field that is None is left out."""
    common = {
        "session_id": SESSION,
        "transcript_path": f"/home/ana/.claude/projects/{SECRET}.jsonl",
        "cwd": "/home/ana/api",
        "permission_mode": "default",
        "hook_event_name": event,
    }
    return {name: value for name, value in (common | fields).items() if value is not None}


def before(call: str, tool: str = "Bash", **fields: Any) -> Given:
    asked = {"command": SECRET, "prompt": SECRET, **fields.pop("asked", {})}
    return told("PreToolUse", tool_use_id=call, tool_name=tool, tool_input=asked, **fields)


def after(
    call: str, tool: str = "Bash", duration_ms: float | None = None, answer: Any = SECRET, **fields: Any
) -> Given:
    return told(
        "PostToolUse", tool_use_id=call, tool_name=tool, tool_input={"command": SECRET}, tool_response=answer,
        duration_ms=duration_ms, **fields,
    )  # fmt: skip


def failed(call: str, error: str = f"Exit code 1\n{SECRET}", tool: str = "Bash", **fields: Any) -> Given:
    asked = {"command": SECRET}
    return told("PostToolUseFailure", tool_use_id=call, tool_name=tool, tool_input=asked, error=error, **fields)


def kind_of(error: str) -> tuple[str, bool]:
    return tool_error_kind(json.dumps(error).encode())


def noted(given: Given, at: float) -> Line:
    """The line that is noted of the input at that moment."""
    line = note(given, kind_of)
    assert line is not None
    return line | {"timestamp": stamp(at)}
