"""Claude Code's transcripts: `projects/<folder>/<session>.jsonl` and the files of its sub-agents beside them.

The format is internal to Claude Code and changes about monthly, so a record of an unknown type is skipped, and a
known one is asked for no more than what is counted here. What one metric is made of is spread over lines: each
content block of a reply is a line of its own with the same message id and counters, of which the largest are final;
a tool call and its result are two lines; a resumed or forked session begins with a copy of another's lines under its
own session id. So every part is given under the id of what it is a part of, and merged when it is stored.

No text of a conversation leaves this module: names, ids, counters, outcomes and moments only.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from tachograph.columns import ColumnBatch, ColumnBuilder, add_dicts
from tachograph.metric import MetricType, microseconds
from tachograph.sources.claude_errors import api_error_kind, retried_error_kind, tool_error_kind
from tachograph.sources.claude_shapes import (
    NOTHING,
    AgentInput,
    Attachment,
    ContentBlock,
    DurationOnly,
    Iteration,
    Line,
    Message,
    Progress,
    Snapshot,
    ToolResult,
    Usage,
)
from tachograph.sources.protocol import LineProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tachograph.sources.protocol import Block

_SYNTHETIC: Final = "<synthetic>"
_AGENT_TOOLS: Final = frozenset({"Task", "Agent"})
_DEFAULT_AGENT: Final = "general-purpose"
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_COMMAND: Final = re.compile(r"<command-name>\s*([^<\s][^<]{0,199}?)\s*</command-name>")
_QUEUED_NOTIFICATION: Final = b'"<task-notification>'
_ANSWER: Final = re.compile(r"<result>.*</result>", re.DOTALL)
_NOTIFICATION_FIELD: Final = re.compile(r"<(task-id|status|duration_ms)>\s*([^<]{1,200}?)\s*</\1>")

T = TypeVar("T")


_LINES: Final = msgspec.json.Decoder(Line)
_PROGRESS: Final = msgspec.json.Decoder(Progress)
_ATTACHMENT: Final = msgspec.json.Decoder(Attachment)
_ITERATIONS: Final = msgspec.json.Decoder(list[Iteration])
_TOOL_RESULT: Final = msgspec.json.Decoder(ToolResult)
_AGENT_INPUT: Final = msgspec.json.Decoder(AgentInput)
_DURATION: Final = msgspec.json.Decoder(DurationOnly)
_SNAPSHOT: Final = msgspec.json.Decoder(Snapshot)
_TEXT: Final = msgspec.json.Decoder(str)
_BAD_LINE: Final = (msgspec.DecodeError, UnicodeError, RecursionError)


class ClaudeCode:
    """Transcripts below `projects`, in Claude Code's configuration folder."""

    name = "claude-code"
    title = "Claude Code"
    merging = True

    def places(self, environment: Mapping[str, str], home: Path) -> list[Path]:
        """`CLAUDE_CONFIG_DIR` (one or more, separated by commas) moves the configuration from its two usual folders."""
        moved = [part.strip() for part in environment.get("CLAUDE_CONFIG_DIR", "").split(",") if part.strip()]
        if moved:
            return [_projects(Path(part).expanduser()) for part in moved]
        shared = environment.get("XDG_CONFIG_HOME")
        return [
            home / ".claude" / "projects",
            (Path(shared) if shared else home / ".config") / "claude" / "projects",
        ]

    def owns(self, path: Path) -> bool:
        """Any `.jsonl` but the journals that workflows keep beside their agents' transcripts."""
        return path.suffix == ".jsonl" and path.name != "journal.jsonl"

    def recognises(self, first_lines: list[bytes]) -> bool:
        """Whether one of the lines has the envelope of a transcript."""
        for line in first_lines:
            try:
                top = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
            except _BAD_LINE:
                continue
            if "sessionId" in top and "type" in top and ("uuid" in top or "message" in top or "timestamp" in top):
                return True
            if top.keys() >= {"type", "snapshot", "messageId"} or top.keys() >= {
                "type",
                "summary",
                "leafUuid",
            }:
                return True
        return False

    def reader(self) -> TranscriptReader:
        """A reader of transcripts."""
        return TranscriptReader()


def _projects(folder: Path) -> Path:
    return folder if folder.name == "projects" else folder / "projects"


def _line_by_line(block: Block) -> tuple[list[Line], list[LineProblem]]:
    lines: list[Line] = []
    problems: list[LineProblem] = []
    for number, offset, line in block.numbered_lines():
        try:
            line.decode()
            lines.append(_LINES.decode(line))
        except _BAD_LINE as error:
            reason = str(error).removeprefix("JSON is malformed: ")
            kind = "unknown shape" if isinstance(error, msgspec.ValidationError) else "not JSON"
            problems.append(LineProblem(number, offset, f"{kind}: {reason[:200]}"))
    return lines, problems


def _optional(decoder: msgspec.json.Decoder[T], raw: msgspec.Raw) -> T | None:
    """What a part of a line holds, or None where it has another shape than the one counted."""
    if raw is NOTHING:
        return None
    try:
        return decoder.decode(raw)
    except _BAD_LINE:
        return None


def _larger(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)


_TOKEN_COLUMNS: Final = (
    "id", "ts", "type", "session_id", "agent_run_id", "cwd", "model",
    "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens",
    "reasoning_tokens", "token_count",
)  # fmt: skip
_CALL_COLUMNS: Final = (
    "id", "ts", "ended_ts", "type", "session_id", "agent_run_id", "cwd",
    "tool_name", "success", "duration_ms", "error_type",
)  # fmt: skip


class TranscriptReader:
    """Brings the parts of messages and calls together where they are near, and leaves the rest to the store."""

    def __init__(self) -> None:
        self._messages: dict[tuple[str, str | None], list[Any]] = {}
        self._calls: dict[tuple[str, str | None], list[Any]] = {}
        self._sessions: dict[str, list[Any]] = {}
        self._rows: list[dict[str, Any]] = []
        self._file_session: str | None = None

    @property
    def waiting(self) -> int:
        """How many parts wait."""
        return len(self._messages) + len(self._calls) + len(self._rows)

    def read(self, path: str, blocks: Iterable[Block]) -> Iterator[LineProblem]:
        """Takes in blocks of one file, and tells the lines that are not JSON or have an unknown shape."""
        name = Path(path).name.partition(".")[0]
        self._file_session = name if _UUID.fullmatch(name) else None
        for block in blocks:
            try:
                if not block.lines.isascii():
                    block.lines.decode()
                self._add(_LINES.decode_lines(block.lines))
            except _BAD_LINE:
                lines, problems = _line_by_line(block)
                self._add(lines)
                yield from problems

    def take(self) -> list[ColumnBatch]:
        """What waits, as one batch."""
        builder = ColumnBuilder()
        builder.add_rows(_TOKEN_COLUMNS, [_token_row(*item) for item in self._messages.items()])
        builder.add_rows(_CALL_COLUMNS, [_call_row(*item) for item in self._calls.items()])
        add_dicts(builder, self._rows + [_session_row(*item) for item in self._sessions.items()])
        self._messages, self._calls, self._sessions, self._rows = {}, {}, {}, []
        return [builder.batch()]

    def _add(self, lines: Iterable[Line]) -> None:
        for line in lines:
            kind, stamp = line.type, line.timestamp
            if stamp is None:
                if kind == "file-history-snapshot":
                    self._checkpoint(line)
                continue
            try:
                ts = microseconds(stamp)
            except ValueError:
                continue
            session = line.sessionId
            if session:
                self._seen(session, ts, line.cwd)
            take = _RECORDS.get(kind or "")
            if take is not None:
                take(self, line, ts)

    def _seen(self, session: str, ts: int, cwd: str | None) -> None:
        """When a session began, and where its first line was written that says so."""
        start = self._sessions.get(session)
        if start is None:
            start = self._sessions[session] = [ts, None, None]
        start[0] = min(start[0], ts)
        if cwd is not None and (start[1] is None or (ts, cwd) < (start[1], start[2])):
            start[1:] = ts, cwd

    def _assistant(self, line: Line, ts: int) -> None:
        message, run = line.message, line.agentId
        if message is None:
            return
        if line.isApiErrorMessage:
            self._row(
                line,
                ts,
                "error",
                MetricType.ERROR_OCCURRED,
                error_type=_kind_of_api_error(line),
                success=False,
            )
            return
        if message.model != _SYNTHETIC and message.usage is not None:
            self._usage(line, ts, run, message, message.usage)
        if isinstance(message.content, list):
            for block in message.content:
                if block.type == "tool_use" and block.id:
                    self._call(line, ts, run, block)

    def _usage(self, line: Line, ts: int, run: str | None, message: Message, usage: Usage) -> None:
        identifier = message.id or line.uuid
        if identifier is None:
            return
        iterations = _optional(_ITERATIONS, usage.iterations)
        if iterations and len(iterations) > 1:
            for position, iteration in enumerate(_besides_the_last(iterations)):
                model = iteration.model or message.model
                self._tokens(f"{identifier}#{position}", line, ts, run, model, iteration)
        self._tokens(identifier, line, ts, run, message.model, usage)

    def _tokens(self, name: str, line: Line, ts: int, run: str | None, model: str | None, usage: Usage) -> None:
        written, written_1h = usage.cache_creation_input_tokens, None
        if usage.cache_creation is not None:
            written_1h = usage.cache_creation.ephemeral_1h_input_tokens
            split = (usage.cache_creation.ephemeral_5m_input_tokens or 0) + (written_1h or 0)
            written = max(written or 0, split)
        reasoning = usage.output_tokens_details.thinking_tokens if usage.output_tokens_details else None
        counters = (
            usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens, written, written_1h, reasoning
        )  # fmt: skip
        known = self._messages.get((name, line.sessionId))
        if known is None:
            self._messages[name, line.sessionId] = [ts, run, line.cwd, model, *counters]
            return
        if ts < known[0]:
            known[0], known[2] = ts, line.cwd
        known[1], known[3] = known[1] or run, known[3] or model
        for index, value in enumerate(counters, 4):
            if value != known[index]:
                known[index] = _larger(known[index], value)

    def _call(self, line: Line, ts: int, run: str | None, block: ContentBlock) -> None:
        call = self._part_of_call(block.id or "", line)
        if call[0] is None or ts < call[0]:
            call[0], call[3] = ts, line.cwd
        call[2], call[4] = call[2] or run, block.name or call[4]
        if block.name in _AGENT_TOOLS:
            asked = _optional(_AGENT_INPUT, block.input)
            agent = (asked.subagent_type if asked else None) or _DEFAULT_AGENT
            self._agent(line, block.id or "", ts=ts, agent_id=agent)

    def _user(self, line: Line, ts: int) -> None:
        message, run = line.message, line.agentId
        if message is None:
            return
        content = message.content
        if isinstance(content, str):
            if content.startswith("<command-") and not line.isMeta:
                self._command(line, ts, content)
            elif content.startswith("<task-notification>"):
                self._notification(line, ts, content)
            return
        for block in content or ():
            if block.type == "tool_result" and block.tool_use_id:
                self._result(line, ts, run, block)
            elif block.type == "text" and bytes(block.text).startswith(_QUEUED_NOTIFICATION):
                self._notification(line, ts, _optional(_TEXT, block.text) or "")

    def _result(self, line: Line, ts: int, run: str | None, block: ContentBlock) -> None:
        call = self._part_of_call(block.tool_use_id or "", line)
        call[1] = ts if call[1] is None else min(call[1], ts)
        call[2] = call[2] or run
        success: bool | None = not block.is_error
        if block.is_error:
            kind, failed = tool_error_kind(bytes(block.content))
            success = False if failed else None
            call[7] = kind
        call[5] = success
        raw = line.toolUseResult
        if raw is NOTHING or not (b"uration" in (details := bytes(raw)) or b"agentId" in details):
            return
        result = _optional(_TOOL_RESULT, raw)
        if result is None:
            return
        duration = result.durationMs
        if duration is None:
            duration = result.durationSeconds * 1000 if result.durationSeconds is not None else result.totalDurationMs
        call[6] = duration
        if result.agentId or result.totalDurationMs is not None:
            launched = result.status == "async_launched"
            self._agent(
                line,
                block.tool_use_id or "",
                ended_ts=None if launched else ts,
                agent_run_id=result.agentId,
                success=None if launched else success,
                duration_ms=None if launched else duration,
            )

    def _part_of_call(self, identifier: str, line: Line) -> list[Any]:
        key = (identifier, line.sessionId)
        call = self._calls.get(key)
        if call is None:  # ts, ended_ts, run, cwd, tool, success, duration, kind of failure
            call = self._calls[key] = [None, None, None, line.cwd, None, None, None, None]
        return call

    def _agent(self, line: Line, call: str, **values: Any) -> None:
        self._rows.append(
            {
                "id": f"claude-code:{call}:agent",
                "type": MetricType.AGENT_EXECUTION.value,
                "session_id": line.sessionId,
                "cwd": line.cwd,
                **values,
            }
        )

    def _notification(self, line: Line, ts: int, text: str) -> None:
        """The end of a sub-agent that ran in the background: an end without a beginning, which names the run."""
        fields = dict(_NOTIFICATION_FIELD.findall(_ANSWER.sub("", text)))
        run = fields.get("task-id")
        if run is None:
            return
        duration = fields.get("duration_ms", "")
        self._agent(
            line,
            f"run:{run}",
            ended_ts=ts,
            agent_run_id=run,
            success={"completed": True, "failed": False}.get(fields.get("status", "")),
            duration_ms=float(duration) if duration.isdecimal() else None,
        )

    def _queued(self, line: Line, ts: int) -> None:
        if bytes(line.content).startswith(_QUEUED_NOTIFICATION):
            self._notification(line, ts, _optional(_TEXT, line.content) or "")

    def _command(self, line: Line, ts: int, text: str) -> None:
        found = _COMMAND.search(text)
        if found:
            self._row(line, ts, "command", MetricType.COMMAND_EXECUTED, command_name=found[1])

    def _progress(self, line: Line, ts: int) -> None:
        raw = line.data
        if b'"agent_progress"' in (text := bytes(raw)):
            progress = _optional(_PROGRESS, raw)
            inner = _optional(_LINES, progress.message) if progress else None
            if progress is None or inner is None or inner.timestamp is None:
                return
            try:
                inner_ts = microseconds(inner.timestamp)
            except ValueError:
                return
            inner.sessionId, inner.cwd, inner.agentId = line.sessionId, line.cwd, progress.agentId
            if inner.type == "assistant":
                self._assistant(inner, inner_ts)
            elif inner.type == "user":
                self._user(inner, inner_ts)
        elif b'"hook_progress"' in text:
            hook = _optional(_PROGRESS, raw)
            if hook and hook.hookEvent not in _HOOKS_WITH_A_SUMMARY:
                self._row(line, ts, "hook", MetricType.HOOK_TRIGGERED, hook_name=hook.hookName or hook.hookEvent)

    def _system(self, line: Line, ts: int) -> None:
        kind = line.subtype
        if kind == "api_error":
            error = retried_error_kind(bytes(line.error), bytes(line.cause))
            extra = '{"retried":true}'
            self._row(line, ts, "error", MetricType.ERROR_OCCURRED, error_type=error, success=False, extra=extra)
        elif kind == "turn_duration":
            self._row(line, ts, "turn", MetricType.PERFORMANCE, operation="turn", duration_ms=line.durationMs)
        elif kind in ("compact_boundary", "microcompact_boundary"):
            details = _optional(_DURATION, line.compactMetadata)
            operation = "compact" if kind == "compact_boundary" else "microcompact"
            duration = details.durationMs if details else None
            self._row(line, ts, operation, MetricType.PERFORMANCE, operation=operation, duration_ms=duration)
        elif kind == "stop_hook_summary":
            failed = bytes(line.hookErrors) not in (b"", b"[]", b"null")
            for index, hook in enumerate(line.hookInfos or ()):
                outcome = None if failed else True
                self._row(
                    line, ts, f"hook{index}", MetricType.HOOK_TRIGGERED,
                    hook_name="Stop", duration_ms=hook.durationMs, success=outcome,
                )  # fmt: skip
        elif kind == "local_command":
            text = _optional(_TEXT, line.content)
            if text:
                self._command(line, ts, text)

    def _attached(self, line: Line, ts: int) -> None:
        raw = line.attachment
        if b'"hook_' not in bytes(raw):
            return
        hook = _optional(_ATTACHMENT, raw)
        outcome = _HOOK_ATTACHMENTS.get(hook.type or "") if hook else None
        if hook is None or outcome is None:
            return
        success = outcome[0] if hook.exitCode in (None, 0) else False
        self._row(
            line, ts, "hook", MetricType.HOOK_TRIGGERED,
            hook_name=hook.hookName or hook.hookEvent, duration_ms=hook.durationMs, success=success,
        )  # fmt: skip

    def _checkpoint(self, line: Line) -> None:
        """Snapshots carry their moment inside, and no session: it is the file's."""
        snapshot = None if line.isSnapshotUpdate else _optional(_SNAPSHOT, line.snapshot)
        if snapshot is None or snapshot.timestamp is None or line.messageId is None:
            return
        try:
            ts = microseconds(snapshot.timestamp)
        except ValueError:
            return
        line.sessionId = line.sessionId or self._file_session
        self._row(line, ts, "checkpoint", MetricType.CHECKPOINT_CREATED, key=line.messageId)

    def _row(self, line: Line, ts: int, part: str, kind: MetricType, *, key: str | None = None, **values: Any) -> None:
        name = key or line.uuid or f"{line.sessionId}:{line.timestamp}"
        self._rows.append(
            {
                "id": f"claude-code:{name}:{part}",
                "ts": ts,
                "type": kind.value,
                "session_id": line.sessionId,
                "agent_run_id": line.agentId,
                "cwd": line.cwd,
                **values,
            }
        )


_RECORDS: Final[dict[str, Callable[[TranscriptReader, Line, int], None]]] = {
    "assistant": TranscriptReader._assistant,  # noqa: SLF001 - the table of what it takes
    "user": TranscriptReader._user,  # noqa: SLF001
    "progress": TranscriptReader._progress,  # noqa: SLF001
    "system": TranscriptReader._system,  # noqa: SLF001
    "attachment": TranscriptReader._attached,  # noqa: SLF001
    "queue-operation": TranscriptReader._queued,  # noqa: SLF001
}
"""What is done with the records of each type; those of another are nothing that is counted."""
_HOOKS_WITH_A_SUMMARY: Final = frozenset({"Stop", "SubagentStop"})
"""Hooks whose ends `stop_hook_summary` tells with their durations: their beginnings would count them twice."""
_HOOK_ATTACHMENTS: Final[dict[str, tuple[bool | None]]] = {
    "hook_success": (True,),
    "hook_blocking_error": (False,),
    "hook_non_blocking_error": (False,),
    "hook_error_during_execution": (False,),
    "hook_cancelled": (None,),
    "hook_additional_context": (None,),
}
_FALLBACK: Final = "fallback_message"
_COMPACTION: Final = "compaction"


def _besides_the_last(iterations: list[Iteration]) -> list[Iteration]:
    """The requests of one reply that its own counters leave out.

    After a refusal they hold the last request alone; a compaction is counted beside them.
    """
    if any(iteration.type == _FALLBACK for iteration in iterations):
        return iterations[:-1]
    return [iteration for iteration in iterations if iteration.type == _COMPACTION]


def _kind_of_api_error(line: Line) -> str:
    text = b""
    if line.message is not None and isinstance(line.message.content, list):
        text = b" ".join(bytes(block.text) for block in line.message.content)
    return api_error_kind(_optional(_TEXT, line.error), line.apiErrorStatus, text)


def _token_row(key: tuple[str, str | None], message: list[Any]) -> tuple[Any, ...]:
    ts, run, cwd, model, *counters = message
    added = [count for count in counters[:4] if count is not None]
    return (
        f"claude-code:{key[0]}", ts, "token_usage", key[1], run, cwd, model, *counters, sum(added) if added else None
    )  # fmt: skip


def _call_row(key: tuple[str, str | None], call: list[Any]) -> tuple[Any, ...]:
    ts, ended, run, cwd, tool, success, duration, kind = call
    return (f"claude-code:{key[0]}", ts, ended, "tool_use", key[1], run, cwd, tool, success, duration, kind)


def _session_row(session: str, start: list[Any]) -> dict[str, Any]:
    ts, _, cwd = start
    return {
        "id": f"claude-code:{session}:start",
        "ts": ts,
        "type": MetricType.SESSION_START.value,
        "session_id": session,
        "cwd": cwd,
    }
