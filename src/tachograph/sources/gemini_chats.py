"""Gemini CLI's conversations: `tmp/<project>/chats/session-*`, and a folder of sub-agents' for each session.

Until spring 2026 a conversation was one JSON object, written anew after each message. Since then it is lines: a header,
messages, patches (`{"$set": …}`), and a message is appended again whenever something is added to it, under the same id.
Both are read whole, and every version of a message is given under the message's id: counters and calls are only ever
added to a message, so their least upper bound is its last version. What a rewind or a compaction takes out of the
conversation was paid for, and stays.

No text of a conversation leaves this module: names, ids, counters, outcomes and moments only.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.columns import ColumnBatch, ColumnBuilder, add_dicts
from tachograph.metric import MetricType, microseconds
from tachograph.sources.claude_errors import api_error_kind, tool_error_kind
from tachograph.sources.decoding import BAD_JSON, reason_of
from tachograph.sources.gemini_cli import is_of_sub_agent
from tachograph.sources.gemini_shapes import AgentArguments, Call, Header, Message, Record, Tokens
from tachograph.sources.protocol import Block, LineProblem
from tachograph.sources.surrogates import with_whole_characters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_INVOKE_AGENT: Final = "invoke_agent"
_RECORD: Final = msgspec.json.Decoder(Record)
_MESSAGE: Final = msgspec.json.Decoder(Message)
_AGENT_ARGUMENTS: Final = msgspec.json.Decoder(AgentArguments)
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])

_ERROR_TEXT: Final = re.compile(rb'"error"\s*:\s*(?=")')
_REFUSED: Final = re.compile(rb"User denied|did not allow|User rejected", re.IGNORECASE)
_API_ERRORS: Final = (
    (rb"RESOURCE_EXHAUSTED|quota|\b429\b", "rate_limit"),
    (rb"UNAVAILABLE|overloaded|\b503\b", "overloaded"),
    (rb"UNAUTHENTICATED|API[_ ]key|\b401\b", "authentication"),
    (rb"PERMISSION_DENIED|\b403\b", "permission"),
    (rb"token count.{0,60}exceeds|exceeds the maximum number of tokens", "context_too_long"),
    (rb"DEADLINE_EXCEEDED|\b504\b", "timeout"),
    (rb"INVALID_ARGUMENT", "invalid_request"),
    (rb"status: INTERNAL|\b50[02]\b", "server_error"),
)
_TOOL_ERRORS: Final = (
    (rb"(file|path|directory) (was )?not found|does not exist|no such file", "not_found"),
    (rb"could not find the string|0 occurrences", "no_match"),
    (rb"params must|must have required property|invalid parameter", "invalid_input"),
)
_DONE: Final[dict[str, bool | None]] = {"success": True, "error": False, "cancelled": None}


class ConversationReader:
    """Reads conversations whole."""

    def __init__(self) -> None:
        self.memory: str | None = None
        self._rows: list[dict[str, Any]] = []

    @property
    def waiting(self) -> int:
        """How many parts of metrics wait."""
        return len(self._rows)

    def read_file(self, path: str) -> Iterator[LineProblem]:
        """Takes in a file, and tells the lines or messages that are not JSON or have an unknown shape."""
        data = with_whole_characters(Path(path).read_bytes().removeprefix(BOM_UTF8))
        conversation = _Conversation()
        if path.endswith(".jsonl"):
            yield from conversation.add_lines(data)
        else:
            yield from conversation.add_document(data)
        if conversation.session is None:
            if conversation.is_something:
                yield LineProblem(0, 0, "unknown shape: no sessionId")
            return
        self._rows += _Rows(Path(path), conversation).all()

    def take(self) -> list[ColumnBatch]:
        """What waits, as one batch."""
        builder = ColumnBuilder()
        add_dicts(builder, self._rows)
        self._rows = []
        return [builder.batch()]


class _Conversation:
    """What a file tells: of the session, and every version of each message."""

    def __init__(self) -> None:
        self.session: str | None = None
        self.start_time: str | None = None
        self.kind: str | None = None
        self.directory: str | None = None
        self.messages: list[Message] = []
        self.is_something = False

    def add_lines(self, data: bytes) -> Iterator[LineProblem]:
        """Takes in lines. A last one that isn't whole yet is no problem."""
        finished = data.rfind(b"\n") + 1
        for line, offset, text in Block(0, 0, data).numbered_lines():
            try:
                text.decode()
                record = _RECORD.decode(text)
            except BAD_JSON as error:
                if offset < finished:
                    yield _problem(error, line, offset)
                continue
            yield from self._add(record, line, offset)

    def add_document(self, data: bytes) -> Iterator[LineProblem]:
        """Takes in one object, or after all lines, where the first one is an object by itself."""
        try:
            data.decode()
            record = _RECORD.decode(data)
        except BAD_JSON as error:
            first, newline, _ = data.partition(b"\n")
            if newline and _is_object(first):
                yield from self.add_lines(data)
            else:
                yield _problem(error, 0, 0)
            return
        yield from self._add(record, 0, 0)

    def _add(self, record: Record, line: int, offset: int) -> Iterator[LineProblem]:
        self.is_something = True
        for header in (record, record.patch):
            if header is not None:
                yield from self._add_header(header, line, offset)
        if record.type is not None:
            self.messages.append(record)

    def _add_header(self, header: Record | Header, line: int, offset: int) -> Iterator[LineProblem]:
        self.session = self.session or header.session_id
        self.start_time = self.start_time or header.start_time
        self.kind = self.kind or header.kind
        if header.directories and self.directory is None:
            self.directory = header.directories[0]
        for raw in header.messages or ():
            try:
                self.messages.append(_MESSAGE.decode(raw))
            except BAD_JSON as error:
                yield _problem(error, line, offset)


class _Rows:
    """A conversation as parts of metrics."""

    def __init__(self, path: Path, conversation: _Conversation) -> None:
        nested = is_of_sub_agent(path)
        is_sub_agent = nested or conversation.kind == "subagent"
        self._file = conversation.session
        self._session = path.parent.name if nested else conversation.session
        self._run = conversation.session if is_sub_agent else None
        self._cwd = _project_root(path.parent.parent.parent if nested else path.parent.parent)
        if self._cwd is None and is_sub_agent:
            self._cwd = conversation.directory
        self._conversation = conversation
        self._rows: list[dict[str, Any]] = []

    def all(self) -> list[dict[str, Any]]:
        """All that the conversation tells."""
        moments = [_moment(self._conversation.start_time)]
        for message in self._conversation.messages:
            ts = _moment(message.timestamp)
            moments.append(ts)
            if ts is None:
                continue
            if message.type == "gemini":
                self._reply(message, ts)
            elif message.type == "error":
                kind = error_kind(bytes(message.content))
                self._add(f"{_name(message)}:error", ts, MetricType.ERROR_OCCURRED, error_type=kind, success=False)
        start = min((moment for moment in moments if moment is not None), default=None)
        if start is not None:
            if self._run is None:
                self._add("start", start, MetricType.SESSION_START)
            else:
                self._add("agent", start, MetricType.AGENT_EXECUTION)
        return self._rows

    def _reply(self, message: Message, ts: int) -> None:
        counters = _counters(message.tokens)
        if counters:
            self._add(_name(message), ts, MetricType.TOKEN_USAGE, model=message.model, **counters)
        for call in message.tool_calls or ():
            self._call(message, call, ts)

    def _call(self, message: Message, call: Call, ts: int) -> None:
        """A call begins when the reply is there, and is recorded with its end.

        That includes the wait for a permission, and for the other calls of the reply, which are recorded together.
        """
        ended = _moment(call.timestamp)
        success = _DONE.get(call.status or "")
        outcome: dict[str, Any] = {
            "ended_ts": ended if call.status in _DONE and ended is not None and ended > ts else None,
            "success": success,
            "error_type": None if success or call.status not in _DONE else _kind_of_call(call),
        }
        name = call.id or f"{_name(message)}:{call.name}"
        self._add(name, ts, MetricType.TOOL_USE, tool_name=call.name, model=message.model, **outcome)
        if call.agent_id or call.name == _INVOKE_AGENT:
            identifier = f"gemini-cli:{call.agent_id}:agent" if call.agent_id else None
            self._add(
                f"{name}:agent", ts, MetricType.AGENT_EXECUTION,
                identifier=identifier, agent_id=_agent(call), agent_run_id=call.agent_id, **outcome,
            )  # fmt: skip

    def _add(self, part: str, ts: int, kind: MetricType, *, identifier: str | None = None, **values: Any) -> None:
        self._rows.append(
            {
                "id": identifier or f"gemini-cli:{self._file}:{part}",
                "ts": ts,
                "type": kind.value,
                "session_id": self._session,
                "agent_run_id": self._run,
                "cwd": self._cwd,
                **values,
            }
        )


def _name(message: Message) -> str:
    return message.id or message.timestamp or ""


def _counters(tokens: Tokens | None) -> dict[str, Any]:
    """The counters as disjoint kinds, those that are there."""
    if tokens is None:
        return {}
    counters: dict[str, int] = {}
    if tokens.input is not None or tokens.tool is not None:
        counters["input_tokens"] = max((tokens.input or 0) - (tokens.cached or 0), 0) + (tokens.tool or 0)
    if tokens.output is not None or tokens.thoughts is not None:
        counters["output_tokens"] = (tokens.output or 0) + (tokens.thoughts or 0)
    if tokens.cached is not None:
        counters["cache_read_tokens"] = tokens.cached
    if counters:
        counters["token_count"] = sum(counters.values())
    if tokens.thoughts is not None:
        counters["reasoning_tokens"] = tokens.thoughts
    return counters


def error_kind(text: bytes, status: int | None = None) -> str:
    """The kind of a request that failed, by what the program says of it."""
    return _kind_of(_API_ERRORS, text) or api_error_kind(None, status, text)


def _agent(call: Call) -> str | None:
    """The kind of agent that a call starts: what it asks for, or in older builds the tool itself."""
    if call.name != _INVOKE_AGENT:
        return call.name
    try:
        return _AGENT_ARGUMENTS.decode(call.args).agent_name
    except BAD_JSON:
        return None


def _kind_of_call(call: Call) -> str:
    result = bytes(call.result)
    if call.status == "cancelled":
        return "rejected_by_user" if _REFUSED.search(result) else "cancelled"
    found = _ERROR_TEXT.search(result)
    text = result[found.end() :] if found else result
    return _kind_of(_TOOL_ERRORS, text[:300]) or tool_error_kind(text)[0]


def _kind_of(kinds: Iterable[tuple[bytes, str]], text: bytes) -> str | None:
    return next((kind for pattern, kind in kinds if re.search(pattern, text, re.IGNORECASE)), None)


def _moment(stamp: str | None) -> int | None:
    try:
        return None if stamp is None else microseconds(stamp)
    except ValueError:
        return None


def _project_root(folder: Path) -> str | None:
    """Where the agent worked, as a file in the project's folder says; None in the folders of older builds.

    Those are named after a hash, which is no path: a later build copies them to a folder with that file, and then the
    same metrics get their project.
    """
    try:
        return (folder / ".project_root").read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeError):
        return None


def _is_object(line: bytes) -> bool:
    try:
        _OBJECT.decode(line)
    except BAD_JSON:
        return False
    return True


def _problem(error: Exception, line: int, offset: int) -> LineProblem:
    return LineProblem(line, offset, reason_of(error))
