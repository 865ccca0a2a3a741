"""Codex's rollouts: `sessions/YYYY/MM/DD/rollout-<time>-<thread>.jsonl`, and those that were archived.

A rollout is the file of one thread. Most lines mean something only after those before them: the model in force is
that of the last turn, what a call used is the difference of two totals, and the lines that a forked thread begins
with are another thread's (`codex_thread` says how that is told). So a file is read in sequence, and what must be
known of it is handed on to whoever reads its next lines.

No text of a conversation leaves this module: names, ids, counters, outcomes and moments only.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec

from tachograph.columns import ColumnBatch, ColumnBuilder, add_dicts
from tachograph.folders import named_folder
from tachograph.metric import MetricType, microseconds
from tachograph.sources.codex_calls import Calls, Record, Take
from tachograph.sources.codex_outcomes import request_error_kind
from tachograph.sources.codex_shapes import (
    Anything,
    Failure,
    Kind,
    Line,
    SessionMeta,
    Source,
    Subagent,
    TokenCount,
    TurnContext,
    TurnEnded,
    TurnStarted,
    UsageRecord,
)
from tachograph.sources.codex_thread import Thread, Totals, dated_id, totals_of
from tachograph.sources.decoding import BAD_JSON, NOTHING, reason_of, told
from tachograph.sources.protocol import LineProblem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tachograph.sources.protocol import Block

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ROLLOUT: Final = re.compile(r"rollout-.*\.jsonl(\.zst)?")
_ITEMS: Final = frozenset({"response_item", "event_msg"})
"""Records whose payload says what they are."""
_ENVELOPES: Final = _ITEMS | {"session_meta", "turn_context", "compacted", "token_usage_record", "world_state"}
_READ_IN_COPIES: Final = frozenset({"session_meta", "turn_context", "task_started", "turn_started", "token_count"})
"""The records that tell, of the lines of another thread, where they end and what its totals are."""
_PLAIN_AGENT: Final = "default"
"""How Codex calls a sub-agent that was given no role."""

_LINE: Final = msgspec.json.Decoder(Line)
_KIND: Final = msgspec.json.Decoder(Kind)
_THREAD: Final = msgspec.json.Decoder(Thread)
_SOURCE: Final = msgspec.json.Decoder(Source)
_SECONDS: Final = msgspec.json.Decoder(float | None)
_WORD: Final = msgspec.json.Decoder(str | None)
_FAILURE: Final = msgspec.json.Decoder(Failure | None)
_TURN_STARTED: Final = msgspec.json.Decoder(TurnStarted)
_TURN_ENDED: Final = msgspec.json.Decoder(TurnEnded)
_ANYTHING: Final = msgspec.json.Decoder(Anything)


class Codex:
    """Rollouts below `sessions` and `archived_sessions`, in Codex's folder."""

    name = "codex"
    title = "Codex CLI"
    merging = True
    names_users = False
    reading: Final = "sequence"

    def places(self, environment: Mapping[str, str], home: Path) -> list[Path]:
        """`CODEX_HOME` moves the folder from its usual place."""
        moved = environment.get("CODEX_HOME", "").strip()
        folder = named_folder(moved) if moved else home / ".codex"
        return [folder / "sessions", folder / "archived_sessions"]

    def user(self, environment: Mapping[str, str], home: Path) -> str | None:  # noqa: ARG002 - as the protocol has it
        """Nobody: who uses Codex stands only in the file that holds the tokens, which is not ours to read."""
        return None

    def owns(self, path: str) -> bool:
        """Rollouts, also those that Codex has compressed as they were old."""
        return _ROLLOUT.fullmatch(Path(path).name) is not None

    def beside(self, path: str) -> list[str]:  # noqa: ARG002 - as the protocol has it
        """None: a rollout is a file of its own."""
        return []

    def recognises(self, first_lines: list[bytes]) -> bool:
        """Whether one of the lines is a record in its envelope, or an old file's beginning."""
        for line in first_lines:
            try:
                top = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
            except BAD_JSON:
                continue
            if top.keys() >= {"timestamp", "payload", "type"} and told(_WORD, top["type"]) in _ENVELOPES:
                return True
            if "type" not in top and top.keys() >= {"id", "timestamp", "instructions"}:
                return True
        return False

    def reader(self) -> RolloutReader:
        """A reader of rollouts."""
        return RolloutReader()


class RolloutReader(Calls):
    """Reads one file after another; the parts of a metric are brought together where they wait together."""

    def __init__(self) -> None:
        super().__init__()
        self._begins = True

    @property
    def memory(self) -> str | None:
        """What is to be known of the lines before the next one, as JSON; None at a file's beginning."""
        return None if self._begins else msgspec.json.encode(self._thread).decode()

    @memory.setter
    def memory(self, memory: str | None) -> None:
        self._begins = memory is None
        self._thread = Thread() if memory is None else _THREAD.decode(memory)

    def read(self, path: str, blocks: Iterable[Block]) -> Iterator[LineProblem]:
        """Takes in blocks of one file, and tells the lines that are not JSON or have an unknown shape."""
        if self._begins:
            name = Path(path).name
            found = _UUID.search(name)
            identifier = found[0] if found else name.partition(".")[0]
            self._thread, self._begins = Thread(id=identifier, session=identifier), False
        for block in blocks:
            for number, offset, line in block.numbered_lines():
                try:
                    if not line.isascii():
                        line.decode()
                    self._add(line)
                except BAD_JSON as error:
                    yield LineProblem(number, offset, reason_of(error))

    def take(self) -> list[ColumnBatch]:
        """What waits, as one batch."""
        builder = ColumnBuilder()
        add_dicts(builder, list(self._rows.values()))
        self._rows = {}
        return [builder.batch()]

    def _add(self, text: bytes) -> None:
        line = _LINE.decode(text)
        stamp = line.timestamp
        if stamp is None:
            return
        try:
            ts = microseconds(stamp)
        except ValueError:
            return
        payload = msgspec.Raw(text) if line.payload is NOTHING else line.payload
        kind = line.type
        if kind in _ITEMS:
            kind = _KIND.decode(payload).type
        elif kind is None and line.id is not NOTHING and not self._thread.known:
            kind = "session_meta"  # an old file's first line, which doesn't say what it is
        self._thread.passes(ts)
        known = self._RECORDS.get(kind or "")
        if known is not None and (self._thread.phase != "copy" or kind in _READ_IN_COPIES):
            decoder, take = known
            take(self, Record(ts, stamp, decoder.decode(payload)))

    # The thread and its turns

    def _meta(self, record: Record) -> None:
        meta, thread = record.body, self._thread
        if thread.known:
            thread.meets(meta.id)
            return
        source = told(_SOURCE, meta.source)
        subagent = source.subagent if source is not None else None
        spawned = subagent.thread_spawn if isinstance(subagent, Subagent) else None
        parent = meta.parent_thread_id or (spawned.parent_thread_id if spawned is not None else None)
        thread.known, thread.id = True, meta.id or thread.id
        thread.is_agent = subagent is not None or parent is not None
        thread.session = (meta.session_id or parent or thread.id) if thread.is_agent else thread.id
        thread.inherits = thread.is_agent or meta.forked_from_id is not None
        thread.phase = "copy" if meta.forked_from_id is not None else "unsettled"
        thread.born_ms = _birth(thread.id, meta.timestamp, record.ts)
        thread.cwd, thread.last_ts = meta.cwd, record.ts
        if thread.is_agent:
            self._agent(ts=record.ts, agent_id=_kind_of_agent(subagent))
        else:
            self._row(record, "start", MetricType.SESSION_START, key=thread.id)

    def _turn_context(self, record: Record) -> None:
        context, thread = record.body, self._thread
        thread.begins_turn(context.turn_id, None)
        thread.model = context.model or thread.model
        if thread.phase != "copy":
            thread.cwd = context.cwd or thread.cwd

    def _turn_started(self, record: Record) -> None:
        thread = self._thread
        thread.begins_turn(record.body.turn_id, told(_SECONDS, record.body.started_at))
        thread.turn, thread.turn_ts, thread.turn_failed = record.body.turn_id, record.ts, False

    def _turn_ended(self, record: Record, *, stopped: bool = False) -> None:
        end, thread = record.body, self._thread
        failure = told(_FAILURE, end.error)
        if failure is not None and not thread.turn_failed:
            self._error(record, failure)
        failed, duration = thread.turn_failed, end.duration_ms
        if duration is None and thread.turn_ts is not None and (end.turn_id or thread.turn) == thread.turn:
            duration = max(record.ts - thread.turn_ts, 0) / 1000
        key = f"{thread.id}:{end.turn_id or record.stamp}"
        self._row(record, "turn", MetricType.PERFORMANCE, key=key, operation="turn", duration_ms=duration)
        thread.turn, thread.turn_ts, thread.turn_failed = None, None, False
        if thread.is_agent:
            thread.worked_ms += duration or 0
            success = None if stopped and not failed else not failed
            worked = thread.worked_ms or None
            self._agent(ended_ts=record.ts, success=success, duration_ms=worked)

    def _turn_aborted(self, record: Record) -> None:
        self._turn_ended(record, stopped=True)

    def _agent(self, **values: Any) -> None:
        """A sub-agent's run, which is its thread: it ends, as far as is known, with each of its turns."""
        thread = self._thread
        self._part(
            {
                "id": f"codex:{thread.id}:agent",
                "ts": None,
                "type": MetricType.AGENT_EXECUTION.value,
                "session_id": thread.session,
                "agent_run_id": thread.id,
                "cwd": thread.cwd,
                **values,
            }
        )

    # Tokens

    def _token_count(self, record: Record) -> None:
        """Where a response was recorded since the totals last grew, they grew by that; its counters are there."""
        info, thread = record.body.info, self._thread
        if info is None:
            return
        used = thread.uses(info.total_token_usage, info.last_token_usage)
        if used is None or thread.phase == "copy":
            return
        recorded, thread.recorded = thread.recorded, False
        totals = thread.totals
        if not recorded and totals is not None:
            self._tokens(record, f"{thread.id}:{thread.resets}:{totals[0]}:{totals[3]}", used)

    def _usage_record(self, record: Record) -> None:
        """A response of this thread or of a short-lived one that it started, whose records come this way."""
        response, thread = record.body, self._thread
        if response.usage is None or response.response_id is None:
            return
        values: dict[str, Any] = {"model": response.model or thread.model}
        if response.thread_id is None or response.thread_id == thread.id:
            thread.recorded = True
        else:
            values |= {"session_id": response.session_id or thread.session, "agent_run_id": response.thread_id}
        self._tokens(record, response.response_id, totals_of(response.usage), **values)

    def _tokens(self, record: Record, key: str, used: Totals, **values: Any) -> None:
        entered, cached, written, answered, reasoned = used
        if not entered and not answered:
            return
        fresh = max(entered - cached - written, 0)
        self._row(
            record, "", MetricType.TOKEN_USAGE, key=key,
            **{"model": self._thread.model} | values,
            input_tokens=fresh, output_tokens=answered, cache_read_tokens=cached, cache_write_tokens=written,
            reasoning_tokens=reasoned, token_count=fresh + cached + written + answered,
        )  # fmt: skip

    # What else there is

    def _compacted(self, record: Record, kind: str = "record") -> None:
        """A compaction, which is mostly told twice: as a record of what it left, and as an event."""
        thread = self._thread
        if thread.compacted not in (None, kind):
            thread.compacted = None
            return
        thread.compacted = kind
        self._row(record, "compact", MetricType.PERFORMANCE, operation="compact")

    def _context_compacted(self, record: Record) -> None:
        self._compacted(record, "event")

    def _snapshot(self, record: Record) -> None:
        self._row(record, "checkpoint", MetricType.CHECKPOINT_CREATED)

    def _failed(self, record: Record) -> None:
        self._error(record, record.body)

    def _retried(self, record: Record) -> None:
        self._row(
            record, "retry", MetricType.ERROR_OCCURRED,
            error_type=request_error_kind(record.body), success=False, extra='{"retried":true}',
        )  # fmt: skip

    def _error(self, record: Record, failure: Failure) -> None:
        self._thread.turn_failed = True
        self._row(
            record, "error", MetricType.ERROR_OCCURRED, error_type=request_error_kind(failure), success=False
        )  # fmt: skip

    _RECORDS: ClassVar[dict[str, Take]] = Calls.CALL_RECORDS | {
        "session_meta": (msgspec.json.Decoder(SessionMeta), _meta),
        "turn_context": (msgspec.json.Decoder(TurnContext), _turn_context),
        "task_started": (_TURN_STARTED, _turn_started),
        "turn_started": (_TURN_STARTED, _turn_started),
        "task_complete": (_TURN_ENDED, _turn_ended),
        "turn_complete": (_TURN_ENDED, _turn_ended),
        "turn_aborted": (_TURN_ENDED, _turn_aborted),
        "token_count": (msgspec.json.Decoder(TokenCount), _token_count),
        "token_usage_record": (msgspec.json.Decoder(UsageRecord), _usage_record),
        "compacted": (_ANYTHING, _compacted),
        "context_compacted": (_ANYTHING, _context_compacted),
        "ghost_snapshot": (_ANYTHING, _snapshot),
        "error": (msgspec.json.Decoder(Failure), _failed),
        "stream_error": (msgspec.json.Decoder(Failure), _retried),
    }
    """What is done with the records of each kind; those of another are nothing that is counted."""


def _kind_of_agent(subagent: str | Subagent | None) -> str:
    """What the log calls this kind of sub-agent: its role, or what Codex needed it for, not its nickname."""
    if isinstance(subagent, str):
        return subagent
    role = subagent.thread_spawn.agent_role if subagent is not None and subagent.thread_spawn is not None else None
    return role or (subagent.other if subagent is not None else None) or _PLAIN_AGENT


def _birth(thread: str, stamp: str | None, ts: int) -> int:
    """When a thread was made, in milliseconds since 1970: by its id, else as its record says, else by its line."""
    made_ms = dated_id(thread)
    if made_ms is not None:
        return made_ms
    try:
        return (ts if stamp is None else microseconds(stamp)) // 1000
    except ValueError:
        return ts // 1000
