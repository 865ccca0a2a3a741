"""From OpenCode's sessions, messages and parts to metrics, the same for each form in which they are stored.

A session with a parent is a run of a sub-agent: its metrics belong to the session at the root and carry the run's id.
A forked session begins with copies of another one's messages under new ids, but with their times: so a message that is
older than its session is a copy, and isn't counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.columns import ColumnBatch, ColumnBuilder, add_dicts
from tachograph.metric import MetricType
from tachograph.sources.decoding import told
from tachograph.sources.opencode_errors import request_error_kind, tool_error_kind
from tachograph.sources.opencode_shapes import (
    CONTENT,
    FAILURE,
    FOLDER,
    NUMBER,
    RAW_LIST,
    RETRY,
    SNAPSHOTS,
    TASK_INPUT,
    TASK_METADATA,
    TEXT,
    TIMES,
    TOKENS,
    TOOL_STATE,
    Message,
    Part,
    ProjectedMessage,
    Session,
    ToolState,
    count,
    model_of,
    moment,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

_ROWS_A_BATCH: Final = 20_000
_AGENT_TOOLS: Final = frozenset({"task", "subagent"})
_DONE: Final = frozenset({"completed", "success"})
_UNSTARTED: Final = frozenset({"pending", "streaming"})
_RETRIED: Final = '{"retried":true}'
STEP_START: Final = "step-start"
STEP_FINISH: Final = "step-finish"

_TOKEN_COLUMNS: Final = (
    "id", "ts", "type", "session_id", "agent_run_id", "cwd", "model", "input_tokens", "output_tokens",
    "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "token_count", "cost_usd",
)  # fmt: skip
_CALL_COLUMNS: Final = (
    "id", "ts", "ended_ts", "type", "session_id", "agent_run_id", "cwd",
    "tool_name", "success", "duration_ms", "error_type",
)  # fmt: skip


class Place(msgspec.Struct, frozen=True):
    """The session in which something happened: the one at the root, and the sub-agent's run where it is one."""

    session: str | None
    """The session's own id, whether it is a sub-agent's or not."""
    root: str | None
    cwd: str | None = None
    began: int | None = None
    """When the session began, in microseconds since 1970; None where that isn't known."""

    @property
    def run(self) -> str | None:
        """The run of a sub-agent that the session is; None where it is a session of its own."""
        return self.session if self.session != self.root else None


class Rows:
    """Metrics that wait to be taken: as columns, but for the last few."""

    def __init__(self) -> None:
        self._batches: list[ColumnBatch] = []
        self._tokens: list[tuple[Any, ...]] = []
        self._calls: list[tuple[Any, ...]] = []
        self._others: list[dict[str, Any]] = []
        self._agents: set[tuple[str, str]] = set()

    @property
    def waiting(self) -> int:
        """How many rows wait."""
        return self._loose + sum(batch.length for batch in self._batches)

    @property
    def _loose(self) -> int:
        return len(self._tokens) + len(self._calls) + len(self._others)

    def take(self) -> list[ColumnBatch]:
        """What waits; afterwards nothing waits."""
        self._gather()
        batches, self._batches = self._batches, []
        self._agents.clear()
        return batches

    def add(self, others: Rows) -> None:
        """Takes over what waits there."""
        self._batches += others.take()

    def _gather(self) -> None:
        if self._loose:
            builder = ColumnBuilder()
            builder.add_rows(_TOKEN_COLUMNS, self._tokens)
            builder.add_rows(_CALL_COLUMNS, self._calls)
            if self._others:
                add_dicts(builder, self._others)
            self._batches.append(builder.batch())
            self._tokens, self._calls, self._others = [], [], []

    def session(self, place: Place, ts: int | None) -> None:
        """The start of a session, or of a sub-agent's run."""
        if place.session is None or ts is None:
            return
        if place.run is None:
            self._row(place, f"{place.session}:start", ts, MetricType.SESSION_START)
        else:
            self._row(place, f"{place.session}:agent", ts, MetricType.AGENT_EXECUTION)

    def message(self, place: Place, identifier: str, message: Message, steps: Iterable[str]) -> None:
        """What a reply tells by itself; `steps` are the types of its parts, as far as they begin or end a step.

        Its counters are those of its last step, which the step's own part repeats, so they count only where no part
        does: in the earliest versions. (Where a later version began a step and none ended, parts were taken back.)
        """
        ts = moment(message.time.created) if message.time else None
        if message.role != "assistant" or ts is None or is_copy(place, ts):
            return
        place = where(place, message)
        steps = set(steps)
        if STEP_FINISH not in steps and not (message.finish and STEP_START in steps):
            self._usage(place, identifier, ts, model_of(message), message.tokens, message.cost, always=False)
        self._error(place, f"{identifier}:error", ts, message.error)
        if bytes(message.summary) == b"true":
            completed = moment(message.time.completed) if message.time else None
            duration = (completed - ts) / 1000 if completed is not None and completed >= ts else None
            name = f"{message.parent or identifier}:compact"
            self._row(place, name, ts, MetricType.PERFORMANCE, operation="compact", duration_ms=duration)
        else:
            self._agent(place, message.agent or message.mode)

    def part(self, place: Place, identifier: str, part: Part, message: Message | None) -> None:
        """What a part of a message tells; a message that isn't known leaves out what only it could tell."""
        take = _PARTS.get(part.type)
        if take is None:
            return
        ts = moment(message.time.created) if message and message.time else None
        if ts is not None and is_copy(place, ts):
            return
        take(self, where(place, message), identifier, part, message, ts)

    def projected(self, place: Place, identifier: str, kind: str, message: ProjectedMessage) -> None:
        """A message as OpenCode keeps it since 2.0: one row with all its parts, of one request to a model."""
        ts = moment(message.time.created) if message.time else None
        if ts is None or is_copy(place, ts):
            return
        self._usage(place, identifier, ts, model_of(message), message.tokens, message.cost, always=False)
        self._error(place, f"{identifier}:error", ts, message.error)
        if kind == "compaction":
            self._row(place, f"{identifier}:compact", ts, MetricType.PERFORMANCE, operation="compact")
            return
        self._agent(place, message.agent)
        retry = told(RETRY, message.retry)
        if retry is not None:
            name = f"{identifier}:retry{retry.attempt or 0}"
            self._error(place, name, moment(retry.at) or ts, retry.error, extra=_RETRIED)
        snapshots = told(SNAPSHOTS, message.snapshot)
        self._checkpoint(place, ts, snapshots.start if snapshots else None)
        for raw in told(RAW_LIST, message.content) or ():
            content = told(CONTENT, raw)
            if content is not None and content.type == "tool" and content.id:
                state = told(TOOL_STATE, content.state) or ToolState()
                start = moment(content.time.ran) if content.time else None
                end = moment(content.time.completed) if content.time else None
                self._call(place, f"{identifier}:{content.id}", content.name, state, (start, end), ts)

    def _usage(
        self, place: Place, name: str, ts: int | None, model: str | None, tokens: msgspec.Raw, cost: msgspec.Raw,
        *, always: bool,
    ) -> None:  # fmt: skip
        counters = told(TOKENS, tokens)
        if counters is None:
            return
        cache = counters.cache
        read, written = (count(cache.read), count(cache.write)) if cache else (None, None)
        fresh, written_out, reasoning = count(counters.input), count(counters.output), count(counters.reasoning)
        output = None if written_out is None and reasoning is None else (written_out or 0) + (reasoning or 0)
        known = [each for each in (fresh, output, read, written) if each is not None]
        total = sum(known)
        if total == 0 and not always:
            return
        price = told(NUMBER, cost)
        self._tokens.append(
            (
                f"opencode:{name}", ts, "token_usage", place.root, place.run, place.cwd, model,
                fresh, output, read, written, reasoning, total if known else None,
                price if price is not None and price > 0 else None,
            )
        )  # fmt: skip
        self._make_room()

    def _error(self, place: Place, name: str, ts: int | None, error: msgspec.Raw, **values: Any) -> None:
        failure = told(FAILURE, error)
        kind = request_error_kind(failure) if failure else None
        if kind is not None:
            self._row(place, name, ts, MetricType.ERROR_OCCURRED, error_type=kind, success=False, **values)

    def _agent(self, place: Place, agent: str | None) -> None:
        """Which agent it was whose run this is."""
        if place.run is not None and agent and (place.run, agent) not in self._agents:
            self._agents.add((place.run, agent))
            self._row(place, f"{place.run}:agent", None, MetricType.AGENT_EXECUTION, agent_id=agent)

    def _checkpoint(self, place: Place, ts: int | None, snapshot: str | None) -> None:
        """A state of the files that can be gone back to; one that several steps name is one."""
        if snapshot:
            self._row(place, f"{place.session}:{snapshot}:checkpoint", ts, MetricType.CHECKPOINT_CREATED)

    def _step_start(self, place: Place, _: str, part: Part, __: Message | None, ts: int | None) -> None:
        self._checkpoint(place, ts, told(TEXT, part.snapshot))

    def _patch(self, place: Place, _: str, part: Part, __: Message | None, ts: int | None) -> None:
        self._checkpoint(place, ts, told(TEXT, part.hash))

    def _step_finish(self, place: Place, name: str, part: Part, message: Message | None, ts: int | None) -> None:
        self._usage(place, name, ts, model_of(message) if message else None, part.tokens, part.cost, always=True)

    def _compaction(self, place: Place, name: str, part: Part, _: Message | None, ts: int | None) -> None:
        key = f"{part.message or name}:compact"
        self._row(place, key, ts, MetricType.PERFORMANCE, operation="compact")

    def _retry(self, place: Place, name: str, part: Part, _: Message | None, ts: int | None) -> None:
        times = told(TIMES, part.time)
        failed = moment(times.created) if times else None
        self._error(place, f"{name}:error", failed if failed is not None else ts, part.error, extra=_RETRIED)

    def _tool(self, place: Place, name: str, part: Part, _: Message | None, ts: int | None) -> None:
        state = told(TOOL_STATE, part.state) or ToolState()
        times = (moment(state.time.start), moment(state.time.end)) if state.time else (None, None)
        self._call(place, name, told(TEXT, part.tool), state, times, ts)

    def _call(
        self, place: Place, name: str, tool: str | None, state: ToolState, times: tuple[int | None, int | None],
        asked: int | None,
    ) -> None:  # fmt: skip
        """A call of a tool. One whose input is still being written isn't one yet, and has no beginning."""
        if state.status in _UNSTARTED:
            return
        start, end = times
        success, kind = (True if state.status in _DONE else None), None
        if state.status == "error":
            kind, failed = tool_error_kind(state.error, told(FAILURE, state.error))
            success = False if failed else None
            if kind == "interrupted":
                end = None  # its times say when it was cleared away
        start = start if start is not None else asked
        duration = (end - start) / 1000 if start is not None and end is not None and end >= start else None
        self._calls.append(
            (
                f"opencode:{name}", start, end, "tool_use", place.root, place.run, place.cwd, tool, success, duration,
                kind,
            )
        )  # fmt: skip
        self._make_room()
        if tool in _AGENT_TOOLS:
            self._task(place, name, state, (start, end), success=success)

    def _task(
        self, place: Place, name: str, state: ToolState, times: tuple[int | None, int | None], *, success: bool | None,
    ) -> None:  # fmt: skip
        """The run of a sub-agent, from the call that ran it. One that goes on with an earlier run is another run."""
        told_of = told(TASK_METADATA, state.metadata)
        run = (told_of.session or told_of.session_since_2) if told_of else None
        if told_of is None or not run or times[0] is None:
            return
        asked = told(TASK_INPUT, state.input)
        resumed = asked is not None and asked.task_id == run
        ended = None if told_of.background else times[1]
        self._row(
            place,
            f"{name if resumed else run}:agent",
            times[0],
            MetricType.AGENT_EXECUTION,
            ended_ts=ended,
            agent_id=(asked.subagent_type or None) if asked else None,
            agent_run_id=run,
            success=None if ended is None else success,
        )

    def _row(self, place: Place, name: str, ts: int | None, kind: MetricType, **values: Any) -> None:
        self._others.append(
            {
                "id": f"opencode:{name}",
                "ts": ts,
                "type": kind.value,
                "session_id": place.root,
                "agent_run_id": place.run,
                "cwd": place.cwd,
                **values,
            }
        )
        self._make_room()

    def _make_room(self) -> None:
        if self._loose >= _ROWS_A_BATCH:
            self._gather()


_PARTS: Final = {
    STEP_START: Rows._step_start,  # noqa: SLF001 - the table of what it takes
    STEP_FINISH: Rows._step_finish,  # noqa: SLF001
    "patch": Rows._patch,  # noqa: SLF001
    "compaction": Rows._compaction,  # noqa: SLF001
    "retry": Rows._retry,  # noqa: SLF001
    "tool": Rows._tool,  # noqa: SLF001
}
"""What is done with the parts of each type; those of another are nothing that is counted."""
COUNTED_PARTS: Final = frozenset(_PARTS)


def is_copy(place: Place, ts: int) -> bool:
    """Whether a message of that moment was copied into its session, when that was forked from another."""
    return place.began is not None and ts < place.began


def where(place: Place, message: Message | None) -> Place:
    """The place, with the folder that a reply names."""
    folder = told(FOLDER, message.path) if message else None
    if folder is None or not folder.cwd:
        return place
    return Place(place.session, place.root, folder.cwd, place.began)


def place_of(session: Session | None, identifier: str | None, root: str | None) -> Place:
    """Where a session's metrics belong, from its own record, where that is known, and the session at the root."""
    if session is None:
        return Place(identifier, root)
    return Place(identifier, root, session.directory or None, moment(session.time.created) if session.time else None)
