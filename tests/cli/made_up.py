"""Small made-up logs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

LOG_NAME = "metrics_20260301_000000.jsonl"


def metric(
    id: str, timestamp: str, type: str = "tool_use", session: str | None = "s1", user: str | None = "ana", **data: Any
) -> str:
    return json.dumps(
        {
            "id": id,
            "timestamp": timestamp,
            "type": type,
            "session_id": session,
            "user_id": user,
            "data": data,
            "metadata": {},
        }
    )


HISTORY = (
    metric("a1", "2026-03-01T08:59:59Z", "session_start", project_path="/srv/api", model="opus"),
    metric("a2", "2026-03-01T09:00:00Z", tool_name="Bash", duration_ms=1500, success=True),
    metric("a3", "2026-03-01T09:30:00Z", tool_name="Bash", duration_ms=500, success=False),
    metric("a4", "2026-03-01T23:30:00Z", tool_name="Read", duration_ms=10, success=True),
    metric("a5", "2026-03-02T00:00:00Z", "token_usage", input_tokens=1_200_000, output_tokens=34),
    metric("b1", "2026-03-03T12:00:00Z", "session_start", "s2", "ben", project_path="/srv/web"),
    metric(
        "b2",
        "2026-03-03T12:00:01Z",
        "agent_execution",
        "s2",
        "ben",
        agent_id="Explore",
        duration_ms=7_200_000,
        success=True,
    ),
    metric("b3", "2026-03-03T12:00:02Z", "error_occurred", "s2", "ben", error_type="rate_limit"),
    metric("b4", "2026-03-03T12:00:03Z", "command_executed", "s2", "ben", command_name="/commit"),
)
BAD_LINES = ("{nonsense", '{"id":"x"}')


def write_log(folder: Path, *lines: str, name: str = LOG_NAME) -> Path:
    """A metrics log of those lines, or of the history."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("".join(f"{line}\n" for line in lines or HISTORY), encoding="utf-8")
    return path


def transcript_lines(session: str = "c1", cwd: str = "/srv/tools") -> list[str]:
    """A call of Bash and its result, as Claude Code writes them."""
    envelope = {"sessionId": session, "cwd": cwd, "isSidechain": False, "userType": "external", "version": "2.0.0"}
    usage = {"input_tokens": 5, "output_tokens": 7, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 0}
    call = {"type": "tool_use", "id": f"toolu_{session}", "name": "Bash", "input": {"command": "ls"}}
    answer = {"type": "tool_result", "tool_use_id": f"toolu_{session}", "content": "ok", "is_error": False}
    lines = [
        {
            "type": "user",
            "uuid": "u1",
            "timestamp": "2026-03-05T10:00:00Z",
            "message": {"role": "user", "content": "hello"},
        },
        {
            "type": "assistant",
            "uuid": "u2",
            "timestamp": "2026-03-05T10:00:01Z",
            "requestId": "r1",
            "message": {
                "id": f"msg_{session}",
                "model": "claude-opus-4-5",
                "role": "assistant",
                "content": [call],
                "usage": usage,
            },
        },
        {
            "type": "user",
            "uuid": "u3",
            "timestamp": "2026-03-05T10:00:03Z",
            "message": {"role": "user", "content": [answer]},
        },
    ]
    return [json.dumps({**envelope, **line}) for line in lines]


def write_transcript(home: Path, session: str = "c1") -> Path:
    """A transcript in the folder where Claude Code would keep it."""
    folder = home / ".claude" / "projects" / "-srv-tools"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{session}.jsonl"
    path.write_text("".join(f"{line}\n" for line in transcript_lines(session)), encoding="utf-8")
    return path
