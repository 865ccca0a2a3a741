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
from functools import reduce
from os.path import basename
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import msgspec

from tachograph.columns import FINISHED, ColumnBatch, ColumnBuilder, add_dicts, request_number
from tachograph.hooks.command import parse_command
from tachograph.hooks.events import AGENT_TOOLS, LINE_TYPE
from tachograph.metric import MetricType
from tachograph.moments import MILLISECONDS, OF_HOUR, Moments
from tachograph.sources.claude_errors import api_error_kind, retried_error_kind, tool_error_kind
from tachograph.sources.claude_hooks import DEFAULT_AGENT, noted
from tachograph.sources.claude_shapes import (
    AgentInput,
    Attachment,
    ContentBlock,
    DurationOnly,
    Iteration,
    Line,
    Progress,
    Snapshot,
    ToolResult,
    Usage,
)
from tachograph.sources.decoding import BAD_JSON, NOTHING, reason_of, told
from tachograph.sources.protocol import LineProblem
from tachograph.sources.surrogates import with_whole_characters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tachograph.sources.protocol import Block

_LONGEST: Final = 10**15
"""Of a duration: more is a mistake."""
_SYNTHETIC: Final = "<synthetic>"
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_COMMAND: Final = re.compile(r"<command-name>\s*([^<\s][^<]{0,199}?)\s*</command-name>")
_QUEUED_NOTIFICATION: Final = b'"<task-notification>'
_ANSWER: Final = re.compile(r"<result>.*</result>", re.DOTALL)
_NOTIFICATION_FIELD: Final = re.compile(r"<(task-id|status|duration_ms)>\s*([^<]{1,200}?)\s*</\1>")

C = TypeVar("C", int, str)


_LINES: Final = msgspec.json.Decoder(Line)
_PROGRESS: Final = msgspec.json.Decoder(Progress)
_ATTACHMENT: Final = msgspec.json.Decoder(Attachment)
_ITERATIONS: Final = msgspec.json.Decoder(list[Iteration])
_AGENT_INPUT: Final = msgspec.json.Decoder(AgentInput)
_DURATION: Final = msgspec.json.Decoder(DurationOnly)
_SNAPSHOT: Final = msgspec.json.Decoder(Snapshot)
_TEXT: Final = msgspec.json.Decoder(str)
_MOMENTS: Final = Moments()
"""Those of all files that a process reads: they are of the same days."""


def _larger(one: C | None, other: C | None) -> C | None:
    """The larger of two, either of which may be missing: so it doesn't matter which came first."""
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)


_TOKEN_COLUMNS: Final = (
    "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens",
    "reasoning_tokens",
)  # fmt: skip
_TS, _RUN, _CWD, _MODEL, _USAGE, _OTHER_USAGE, _LINES_SEEN, _REQUEST, _OTHER_REQUESTS = range(9)
"""What is known of a reply: when and where its first line was written, by whose run, its counters, then those of copies
that differ in more than the output, the lines that told it while none of them has ended it, which request it answers,
and those that its copies name."""
_CALL_COLUMNS: Final = (
    "ts", "ended_ts", "agent_run_id", "cwd", "tool_name", "success", "duration_ms", "error_type",
)  # fmt: skip
_BEGAN, _ENDED, _CALL_RUN, _CALL_CWD, _TOOL, _SUCCESS, _DURATION_MS, _FAILURE = range(8)
_Told = dict[str | None, dict[str, list[Any]]]
"""What is known of replies or calls, by the session that tells of them and their id."""


class TranscriptReader:
    """Brings the parts of messages and calls together where they are near, and leaves the rest to the store."""

    def __init__(self) -> None:
        self._replies: _Told = {}
        self._calls: _Told = {}
        self._sessions: dict[str, list[Any]] = {}
        self._rows: list[dict[str, Any]] = []
        self._file_session: str | None = None
        self._moment = _MOMENTS

    @property
    def waiting(self) -> int:
        """How many parts wait."""
        return sum(map(len, self._replies.values())) + sum(map(len, self._calls.values())) + len(self._rows)

    def read(self, path: str, blocks: Iterable[Block]) -> Iterator[LineProblem]:
        """Takes in blocks of one file, and tells the lines that are not JSON or have an unknown shape."""
        name = basename(path).partition(".")[0]  # noqa: PTH119 - thousands of files: a Path takes ten times as long
        self._file_session = name if _UUID.fullmatch(name) else None
        for block in blocks:
            try:
                if not block.lines.isascii():
                    block.lines.decode()
                self._add(_LINES.decode_lines(block.lines))
            except BAD_JSON:
                yield from self._line_by_line(block)

    def _line_by_line(self, block: Block) -> Iterator[LineProblem]:
        """Takes in what is good of a block. What of it was taken in before changes nothing."""
        for number, offset, line in block.numbered_lines():
            try:
                line.decode()
                self._add([_LINES.decode(with_whole_characters(line))])
            except BAD_JSON as error:
                yield LineProblem(number, offset, reason_of(error))

    def take(self) -> list[ColumnBatch]:
        """What waits, as one batch."""
        builder = ColumnBuilder()
        self._take_replies(builder)
        if calls := _values(self._calls):
            columns = zip(*calls, strict=True)
            _take(builder, "tool_use", self._calls, **dict(zip(_CALL_COLUMNS, columns, strict=True)))
        add_dicts(builder, self._rows + [_session_row(*item) for item in self._sessions.items()])
        self._replies, self._calls, self._sessions, self._rows = {}, {}, {}, []
        return [builder.batch()]

    def _take_replies(self, builder: ColumnBuilder) -> None:
        replies = _values(self._replies)
        if not replies:
            return
        ts, runs, cwds, models, usages, others, seen, requests, other_requests = zip(*replies, strict=True)
        counters = _counters(usages)
        for row, more in enumerate(others):
            if more:
                for column, told in zip(counters, _counters(more), strict=True):
                    column[row] = reduce(_larger, told, column[row])
        columns = dict(zip(_TOKEN_COLUMNS, counters, strict=True))
        try:
            added: list[int | None] = list(map(sum, zip(*counters[:4], strict=True)))
        except TypeError:  # a kind that isn't told
            added = [_added(*kinds) for kinds in zip(*counters[:4], strict=True)]
        blocks = [FINISHED if lines is None else _said(lines) for lines in seen]
        _take(
            builder, "token_usage", self._replies,
            ts=ts, agent_run_id=runs, cwd=cwds, model=models, **columns, token_count=added, blocks=blocks,
            **_requests(requests, other_requests),
        )  # fmt: skip

    def _add(self, lines: Iterable[Line]) -> None:  # noqa: C901, PLR0912, PLR0915 - see below
        """Takes in lines. Here goes the time: all that most lines have is done in this one loop."""
        moment, sessions = self._moment, self._sessions
        hours = moment.hours
        of_session: str | None = None
        replies, calls, start = self._of(None)
        for line in lines:
            stamp, kind, session = line.timestamp, line.type, line.sessionId
            if stamp is None:
                if kind == "file-history-snapshot":
                    self._checkpoint(line)
                continue
            try:
                ts = hours[stamp[:13]] + OF_HOUR[stamp[13:19]] + MILLISECONDS[stamp[19:]]
            except KeyError:
                met = moment(stamp)
                if met is None:
                    continue
                ts = met
            if session != of_session:
                of_session = session
                replies, calls, start = self._of(session)
            if session and (start is None or start[1] is None or ts <= start[1]):
                self._seen(session, ts, line.cwd)
                start = sessions[session]
            if kind == "assistant":
                message = line.message
                if message is None:
                    continue
                if line.isApiErrorMessage:
                    self._api_error(line, ts)
                    continue
                usage = message.usage
                if usage is not None and message.model != _SYNTHETIC and (identifier := message.id or line.uuid):
                    reply = replies.get(identifier)
                    if reply is None:
                        reply = replies[identifier] = [
                            ts, line.agentId, line.cwd, message.model, usage, None, [], line.requestId, None
                        ]  # fmt: skip
                        if usage.iterations is not NOTHING:
                            self._iterated(identifier, line, ts, usage)
                    elif (
                        usage != reply[_USAGE]
                        or ts < reply[_TS]
                        or line.agentId != reply[_RUN]
                        or line.requestId != reply[_REQUEST]
                    ):
                        self._told_again(reply, identifier, line, ts, usage)
                    if message.stop_reason is not None:
                        reply[_LINES_SEEN] = None
                    elif reply[_LINES_SEEN] is not None:
                        reply[_LINES_SEEN].append(line)
                if message.content.__class__ is list:
                    for block in message.content:
                        if block.type == "tool_use" and block.id:
                            call = calls.get(block.id)
                            if call is None:
                                calls[block.id] = [ts, None, line.agentId, line.cwd, block.name, None, None, None]
                            else:
                                self._called_again(call, line, ts, block)
                            if block.name in AGENT_TOOLS:
                                self._agent_called(line, ts, block)
            elif kind == "user":
                if line.message is None:
                    continue
                content = line.message.content
                if content.__class__ is list:
                    for block in content:
                        if block.type == "tool_result" and block.tool_use_id:
                            self._result(calls, line, ts, block)
                        elif block.type == "text" and bytes(block.text).startswith(_QUEUED_NOTIFICATION):
                            self._notification(line, ts, told(_TEXT, block.text) or "")
                elif isinstance(content, str):
                    self._said_by_user(line, ts, content)
            else:
                take = _RECORDS.get(kind or "")
                if take is not None:
                    take(self, line, ts)

    def _of(self, session: str | None) -> tuple[dict[str, list[Any]], dict[str, list[Any]], list[Any] | None]:
        """The replies and the calls that a session tells of, and when and where it began, if that is known yet."""
        start = self._sessions.get(session) if session else None
        return self._replies.setdefault(session, {}), self._calls.setdefault(session, {}), start

    def _seen(self, session: str, ts: int, cwd: str | None) -> None:
        """When a session began, and where its first line was written that says so."""
        start = self._sessions.get(session)
        if start is None:
            start = self._sessions[session] = [ts, None, None]
        start[0] = min(start[0], ts)
        if cwd is not None and (start[1] is None or (ts, cwd) < (start[1], start[2])):
            start[1:] = ts, cwd

    def _api_error(self, line: Line, ts: int) -> None:
        kind = _kind_of_api_error(line)
        self._row(line, ts, "error", MetricType.ERROR_OCCURRED, error_type=kind, success=False)

    def _iterated(self, identifier: str, line: Line, ts: int, usage: Usage) -> None:
        """A reply that took several requests, of which its own counters leave some out: a reply each."""
        iterations = told(_ITERATIONS, usage.iterations)
        if not iterations or len(iterations) < 2:
            return
        for position, iteration in enumerate(_besides_the_last(iterations)):
            key = f"{identifier}#{position}"
            model = iteration.model or (line.message.model if line.message else None)
            replies = self._replies[line.sessionId]
            known = replies.get(key)
            if known is None:
                replies[key] = [ts, line.agentId, line.cwd, model, iteration, None, None, None, None]
            else:
                _merge_reply(known, line, ts, model, iteration)

    def _told_again(self, reply: list[Any], identifier: str, line: Line, ts: int, usage: Usage) -> None:
        """A reply whose line isn't as the one before: mostly it has come further, and its output has grown."""
        if usage.iterations is not NOTHING:
            self._iterated(identifier, line, ts, usage)
        _merge_reply(reply, line, ts, line.message.model if line.message else None, usage)
        if line.requestId != reply[_REQUEST]:
            reply[_OTHER_REQUESTS] = {*(reply[_OTHER_REQUESTS] or ()), line.requestId}

    def _called_again(self, call: list[Any], line: Line, ts: int, block: ContentBlock) -> None:
        if call[_BEGAN] is None or ts < call[_BEGAN]:
            call[_BEGAN], call[_CALL_CWD] = ts, line.cwd
        call[_CALL_RUN] = _larger(call[_CALL_RUN], line.agentId)
        call[_TOOL] = _larger(call[_TOOL], block.name)

    def _agent_called(self, line: Line, ts: int, block: ContentBlock) -> None:
        asked = told(_AGENT_INPUT, block.input)
        agent = (asked.subagent_type if asked else None) or DEFAULT_AGENT
        self._agent(line, block.id or "", ts=ts, agent_id=agent)

    def _said_by_user(self, line: Line, ts: int, text: str) -> None:
        if text.startswith("<command-") and not line.isMeta:
            self._command(line, ts, text)
        elif text.startswith("<task-notification>"):
            self._notification(line, ts, text)

    def _result(self, calls: dict[str, list[Any]], line: Line, ts: int, block: ContentBlock) -> None:
        identifier = block.tool_use_id or ""
        call = calls.get(identifier)
        if call is None:
            call = calls[identifier] = [None, ts, line.agentId, line.cwd, None, None, None, None]
        else:
            if call[_ENDED] is None or ts < call[_ENDED]:
                call[_ENDED] = ts
            if line.agentId != call[_CALL_RUN]:
                call[_CALL_RUN] = _larger(call[_CALL_RUN], line.agentId)
        success: bool | None = not block.is_error
        if block.is_error:
            kind, failed = tool_error_kind(bytes(block.content))
            success = False if failed else None
            call[_FAILURE] = kind
        call[_SUCCESS] = success
        answer = line.toolUseResult
        if answer.__class__ is not ToolResult:
            return
        ms, seconds, total_ms, run = answer.durationMs, answer.durationSeconds, answer.totalDurationMs, answer.agentId
        if ms is None and seconds is None and total_ms is None and run is None:
            return
        duration, total = _number(ms), _number(total_ms)
        if duration is None:
            in_seconds = _number(seconds)
            duration = total if in_seconds is None else in_seconds * 1000
        if duration is not None:
            call[_DURATION_MS] = duration
        run = run if isinstance(run, str) else None
        if run or total is not None:
            launched = answer.status == "async_launched"
            self._agent(
                line,
                block.tool_use_id or "",
                ended_ts=None if launched else ts,
                agent_run_id=run,
                success=None if launched else success,
                duration_ms=None if launched else duration,
            )

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
            self._notification(line, ts, told(_TEXT, line.content) or "")

    def _command(self, line: Line, ts: int, text: str) -> None:
        found = _COMMAND.search(text)
        if found:
            self._row(line, ts, "command", MetricType.COMMAND_EXECUTED, command_name=found[1])

    def _progress(self, line: Line, ts: int) -> None:
        raw = line.data
        if b'"agent_progress"' in (text := bytes(raw)):
            progress = told(_PROGRESS, raw)
            inner = told(_LINES, progress.message) if progress else None
            if progress is None or inner is None or inner.timestamp is None:
                return
            inner.sessionId, inner.cwd, inner.agentId = line.sessionId, line.cwd, progress.agentId
            if inner.type in ("assistant", "user"):
                self._add([inner])
        elif b'"hook_progress"' in text:
            hook = told(_PROGRESS, raw)
            if hook and hook.hookEvent not in _HOOKS_WITH_A_SUMMARY and parse_command(hook.command) is None:
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
            details = told(_DURATION, line.compactMetadata)
            operation = "compact" if kind == "compact_boundary" else "microcompact"
            duration = details.durationMs if details else None
            self._row(line, ts, operation, MetricType.PERFORMANCE, operation=operation, duration_ms=duration)
        elif kind == "stop_hook_summary":
            failed = bytes(line.hookErrors) not in (b"", b"[]", b"null")
            for index, hook in enumerate(line.hookInfos or ()):
                if parse_command(hook.command) is not None:
                    continue
                outcome = None if failed else True
                self._row(
                    line, ts, f"hook{index}", MetricType.HOOK_TRIGGERED,
                    hook_name="Stop", duration_ms=hook.durationMs, success=outcome,
                )  # fmt: skip
        elif kind == "local_command":
            text = told(_TEXT, line.content)
            if text:
                self._command(line, ts, text)

    def _attached(self, line: Line, ts: int) -> None:
        raw = line.attachment
        if b'"hook_' not in bytes(raw):
            return
        hook = told(_ATTACHMENT, raw)
        outcome = _HOOK_ATTACHMENTS.get(hook.type or "") if hook else None
        if hook is None or outcome is None or parse_command(hook.command) is not None:
            return
        success = outcome[0] if hook.exitCode in (None, 0) else False
        self._row(
            line, ts, "hook", MetricType.HOOK_TRIGGERED,
            hook_name=hook.hookName or hook.hookEvent, duration_ms=hook.durationMs, success=success,
        )  # fmt: skip

    def _hooked(self, line: Line, ts: int) -> None:
        self._rows += noted(line, ts)

    def _checkpoint(self, line: Line) -> None:
        """Snapshots carry their moment inside, and no session: it is the file's."""
        snapshot = None if line.isSnapshotUpdate else told(_SNAPSHOT, line.snapshot)
        if snapshot is None or snapshot.timestamp is None or line.messageId is None:
            return
        ts = self._moment(snapshot.timestamp)
        if ts is None:
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
    "progress": TranscriptReader._progress,  # noqa: SLF001 - the table of what it takes
    "system": TranscriptReader._system,  # noqa: SLF001
    "attachment": TranscriptReader._attached,  # noqa: SLF001
    "queue-operation": TranscriptReader._queued,  # noqa: SLF001
    LINE_TYPE: TranscriptReader._hooked,  # noqa: SLF001
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
    return api_error_kind(told(_TEXT, line.error), line.apiErrorStatus, text)


def _values(known: _Told) -> list[list[Any]]:
    return [each for of_session in known.values() for each in of_session.values()]


def _take(builder: ColumnBuilder, kind: str, known: _Told, **columns: Sequence[Any]) -> None:
    """Adds what is known of replies or calls as a block of columns."""
    ids = [f"claude-code:{identifier}" for of_session in known.values() for identifier in of_session]
    builder.add_exact("id", ids)
    builder.add_exact("type", [kind] * len(ids))
    builder.add_exact("session_id", [session for session, told in known.items() for _ in told])
    for name, column in columns.items():
        builder.add_exact(name, column)
    builder.end_block(len(ids))


def _merge_reply(reply: list[Any], line: Line, ts: int, model: str | None, usage: Usage) -> None:
    """Another line of a reply: of each counter the largest is kept, of the rest what the first line says."""
    if ts < reply[_TS]:
        reply[_TS], reply[_CWD] = ts, line.cwd
    if line.agentId != reply[_RUN]:
        reply[_RUN] = _larger(reply[_RUN], line.agentId)
    if model != reply[_MODEL]:
        reply[_MODEL] = _larger(reply[_MODEL], model)
    known: Usage = reply[_USAGE]
    if usage == known:
        return
    if usage.output_tokens is not None and known.output_tokens is not None:
        known.output_tokens = usage.output_tokens = max(usage.output_tokens, known.output_tokens)
    if usage != known and usage not in (reply[_OTHER_USAGE] or ()):
        reply[_OTHER_USAGE] = [*(reply[_OTHER_USAGE] or ()), usage]


def _counters(usages: Sequence[Usage]) -> tuple[list[int | None], ...]:
    """As the columns of tokens. What was written for 5 minutes and for an hour may be told together, apart or both."""
    apart = [usage.cache_creation for usage in usages]
    details = [usage.output_tokens_details for usage in usages]
    return (
        [usage.input_tokens for usage in usages],
        [usage.output_tokens for usage in usages],
        [usage.cache_read_input_tokens for usage in usages],
        [
            together.cache_creation_input_tokens
            if parts is None
            else max(
                together.cache_creation_input_tokens or 0,
                (parts.ephemeral_5m_input_tokens or 0) + (parts.ephemeral_1h_input_tokens or 0),
            )
            for together, parts in zip(usages, apart, strict=True)
        ],
        [None if parts is None else parts.ephemeral_1h_input_tokens for parts in apart],
        [None if parts is None else parts.thinking_tokens for parts in details],
    )


def _requests(first: Sequence[str | None], others: Sequence[set[str | None] | None]) -> dict[str, list[int | None]]:
    """As the columns of requests. Of more than two the least and the largest number are kept, as of merged parts."""
    numbers = [None if request is None else request_number(request) for request in first]
    other_numbers: list[int | None] = [None] * len(numbers)
    for row, more in enumerate(others):
        if more:
            told = sorted({request_number(request) for request in {first[row], *more} if request is not None})
            numbers[row], other_numbers[row] = told[0], told[-1] if len(told) > 1 else None
    return {"request": numbers, "other_request": other_numbers}


def _added(*kinds: int | None) -> int | None:
    told = [kind for kind in kinds if kind is not None]
    return sum(told) if told else None


def _number(value: object) -> float | None:
    """A duration, or None for what can't be one."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LONGEST
    return float(cast("float", value)) if is_number else None


def _said(lines: list[Line]) -> str | None:
    """The lines of a reply that none of them ended, and how much each says, as the column `blocks` wants it."""
    told = {
        _plain(line.uuid or line.timestamp or ""): _characters(line.message.content) for line in lines if line.message
    }
    return " ".join(f"{name}:{length}" for name, length in sorted(told.items()) if length) or None


def _plain(name: str) -> str:
    """Without what separates names and numbers in `blocks`."""
    return name.replace(":", "").replace(" ", "")


def _characters(content: str | list[ContentBlock] | None) -> int:
    """How much a line of a reply says: the characters of its texts, and of what it asks of a tool as JSON."""
    if isinstance(content, str):
        return len(content)
    length = 0
    for block in content or ():
        for text in (block.text, block.thinking):
            if text is not NOTHING:
                raw = bytes(text)
                plain = raw.isascii() and b"\\" not in raw
                decoded = None if plain else told(_TEXT, text)
                length += len(raw) - 2 if decoded is None else len(decoded)
        length += len(memoryview(block.input))
    return length


def _session_row(session: str, start: list[Any]) -> dict[str, Any]:
    ts, _, cwd = start
    return {
        "id": f"claude-code:{session}:start",
        "ts": ts,
        "type": MetricType.SESSION_START.value,
        "session_id": session,
        "cwd": cwd,
    }
