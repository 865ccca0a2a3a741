"""Lines of Claude Code transcripts, made up and as small as they can be, and what a store holds after reading them.

A moment is so many seconds after a fixed one. Whatever a person or a model would have written is `SECRET`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tachograph.ingest.reader import plan_paths, read
from tachograph.store.statements import STORED

if TYPE_CHECKING:
    from pathlib import Path

    from tachograph.ingest.reader import Summary
    from tachograph.store.duckdb import Store

SECRET = "xyzzy-plugh"  # noqa: S105 - what must not be found in a store
SESSION = "11111111-1111-4111-8111-111111111111"
BEGINNING = datetime(2026, 3, 1, 9, tzinfo=UTC)

Line = dict[str, Any]


def stamp(seconds: float) -> str:
    """The moment as transcripts write it."""
    return (BEGINNING + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def microseconds(seconds: float) -> int:
    """The moment as the store keeps it."""
    return round((BEGINNING.timestamp() + seconds) * 1_000_000)


def line(kind: str, at: float | None, **fields: Any) -> Line:
    """A line with the envelope that all have; a field that is None is left out, and `at=None` leaves out the moment."""
    envelope = {
        "type": kind,
        "uuid": f"u-{kind}-{at}",
        "sessionId": SESSION,
        "cwd": "/home/ana/api",
        "timestamp": None if at is None else stamp(at),
        "version": "2.1.266",
    }
    return {name: value for name, value in (envelope | fields).items() if value is not None}


def usage(
    input: Any = 3,
    output: int = 5,
    read: int = 0,
    written: int = 0,
    split: tuple[int, int] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Counters; `split` is the cache writes for 5 minutes and for an hour."""
    counters = {
        "input_tokens": input,
        "output_tokens": output,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": written,
    }
    if split is not None:
        more["cache_creation"] = {
            "ephemeral_5m_input_tokens": split[0],
            "ephemeral_1h_input_tokens": split[1],
        }
    return counters | more


def text(words: str = SECRET) -> Line:
    return {"type": "text", "text": words}


def tool_use(call: str, name: str = "Bash", **asked: Any) -> Line:
    return {"type": "tool_use", "id": call, "name": name, "input": asked or {"command": SECRET}}


def reply(
    message: str,
    at: float,
    *blocks: Line,
    used: dict[str, Any] | None = None,
    model: str = "claude-opus-5",
    **fields: Any,
) -> Line:
    """A line of a model's reply."""
    body: Line = {"id": message, "role": "assistant", "model": model, "content": list(blocks) or [text()]}
    if used is not None:
        body["usage"] = used
    return line("assistant", at, message=body, **fields)


def call(id: str, at: float, name: str = "Bash", *, asked: dict[str, Any] | None = None, **fields: Any) -> Line:
    """A reply's line that is a tool call alone, without counters."""
    return reply(f"msg-{id}", at, tool_use(id, name, **(asked or {})), **fields)


def result(
    id: str, at: float, content: Any = SECRET, *, error: bool | None = None, details: Any = None, **fields: Any
) -> Line:
    """The line of a tool call's result; `details` is its `toolUseResult`."""
    block = {"type": "tool_result", "tool_use_id": id, "content": content}
    if error is not None:
        block["is_error"] = error
    return line("user", at, message={"role": "user", "content": [block]}, toolUseResult=details, **fields)


def prompt(at: float, words: Any = SECRET, **fields: Any) -> Line:
    return line("user", at, message={"role": "user", "content": words}, **fields)


def system(subtype: str, at: float, **fields: Any) -> Line:
    return line("system", at, subtype=subtype, **fields)


def notification(run: str, status: str = "completed", duration_ms: int | None = None, result: str = SECRET) -> str:
    """The text that tells of the end of a run in the background."""
    took = "" if duration_ms is None else f"<duration_ms>{duration_ms}</duration_ms>"
    return (
        f"<task-notification>\n<task-id>{run}</task-id>\n<status>{status}</status>\n<summary>{SECRET}</summary>\n"
        f"<result>{result}</result>\n<usage><subagent_tokens>9</subagent_tokens>{took}</usage>\n</task-notification>"
    )


def transcript(*lines: Line | str) -> bytes:
    """A file of these lines; a string stands as it is."""
    return b"".join((each if isinstance(each, str) else json.dumps(each)).encode() + b"\n" for each in lines)


def ingest(store: Store, *paths: Path, source: str | None = "claude-code") -> Summary:
    """Reads what is new in these files or folders."""
    return read(store, plan_paths(store, list(paths), source))


def rows(store: Store, where: str = "true") -> list[dict[str, Any]]:
    """The metrics, by moment and id: of each what it has. (A row without a moment is none yet.)"""
    found = store.connection.execute(
        f"SELECT * FROM metrics WHERE ts IS NOT NULL AND {where} ORDER BY ts, id"  # noqa: S608 - a test's own words
    )
    names = [column[0] for column in found.description]
    return [
        {name: value for name, value in zip(names, row, strict=True) if value is not None} for row in found.fetchall()
    ]


def contents(store: Store) -> tuple[list[Any], list[Any]]:
    """All that questions can be asked about: metrics and sessions, whatever the order of reading."""
    columns = ", ".join((*STORED, "source", "in_parts", "cost"))
    metrics = store.connection.execute(f"SELECT {columns} FROM metrics WHERE ts IS NOT NULL").fetchall()  # noqa: S608
    sessions = store.connection.execute("SELECT session_id, user_id, project_path FROM sessions").fetchall()
    return sorted(metrics, key=repr), sorted(sessions, key=repr)
