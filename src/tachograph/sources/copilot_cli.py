"""Copilot CLI's events: `session-state/<session>/events.jsonl`, in older builds `session-state/<session>.jsonl`.

The format is internal to Copilot CLI; an event of an unknown type is skipped, and a known one is asked for no more than
what is counted here. A call, a hook and a sub-agent are two events each, which are given as parts of one metric. Its id
comes from the event that began it, as the ids of calls need not be unique, and as a forked session begins with a copy
of another's events, ids and all.

Tokens are told by model when a session is shut down, and nowhere else: until then each model that replied has a metric
without counters, and the shutdown adds them to it.

No text of a conversation leaves this module: names, ids, counters, outcomes and moments only.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from tachograph.columns import ColumnBatch, ColumnBuilder, add_dicts
from tachograph.folders import named_folder
from tachograph.metric import MetricType, microseconds
from tachograph.sources.claude_errors import api_error_kind, tool_error_kind
from tachograph.sources.copilot_shapes import (
    MOST_TOKENS,
    AssistantMessage,
    CallComplete,
    CallStart,
    Compaction,
    Configuration,
    Context,
    Counters,
    Event,
    Failure,
    Hook,
    Memory,
    ModelChange,
    PermissionCompleted,
    PermissionRequested,
    SessionStart,
    Shutdown,
    Skill,
    SubAgent,
    Turn,
)
from tachograph.sources.copilot_tokens import counters_of, difference, goes_on, total
from tachograph.sources.decoding import BAD_JSON, reason_of
from tachograph.sources.protocol import LineProblem
from tachograph.sources.surrogates import with_whole_characters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tachograph.sources.protocol import Block

_FILE: Final = "events.jsonl"
_PLACE: Final = "session-state"
_AUTO: Final = "auto"
"""What is selected where Copilot chooses the model: no model's name."""
_TYPE: Final = re.compile(r"[a-z_]+\.[a-z_]+|abort")
_WORD: Final = re.compile(r"[a-z_]{1,40}")
_REMARK: Final = re.compile(rb"^\s*//.*$", re.MULTILINE)

_EVENT: Final = msgspec.json.Decoder(Event)
_MEMORY: Final = msgspec.json.Decoder(Memory)
_CONFIGURATION: Final = msgspec.json.Decoder(Configuration)
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT: Final = msgspec.json.Decoder(str)

_REFUSALS: Final[dict[str, tuple[str, bool | None]]] = {
    "denied-interactively-by-user": ("rejected_by_user", None),
    "cancelled": ("cancelled", None),
    "denied-by-rules": ("permission_denied", False),
    "denied-by-content-exclusion-policy": ("permission_denied", False),
    "denied-by-permission-request-hook": ("permission_denied", False),
    "denied-no-approval-rule-and-could-not-request-from-user": ("permission_denied", False),
}
_CODES: Final[dict[str, tuple[str, bool | None]]] = {
    "rejected": ("rejected_by_user", None),
    "denied": ("permission_denied", False),
    "timeout": ("timeout", False),
}
_OUTCOMES: Final = dict((*_REFUSALS.values(), *_CODES.values()))
_ERRORS: Final = {
    "authentication": "authentication",
    "authorization": "permission",
    "context_limit": "context_too_long",
    "quota": "billing",
    "rate_limit": "rate_limit",
}


class CopilotCli:
    """Sessions below `session-state`, in Copilot CLI's folder."""

    name = "copilot-cli"
    title = "Copilot CLI"
    merging = True
    names_users = False
    reading: Literal["lines", "sequence", "files"] = "sequence"

    def places(self, environment: Mapping[str, str], home: Path) -> list[Path]:
        """`COPILOT_HOME` takes the place of `~/.copilot`."""
        return [_folder(environment, home) / _PLACE]

    def user(self, environment: Mapping[str, str], home: Path) -> str | None:
        """The account that was logged in last; None where the configuration names none."""
        try:
            text = _REMARK.sub(b"", (_folder(environment, home) / "config.json").read_bytes())
            configuration = _CONFIGURATION.decode(text)
        except (OSError, *BAD_JSON):
            return None
        account = configuration.last_logged_in_user or configuration.later_last_logged_in_user
        return (account.login or None) if account else None

    def owns(self, path: str) -> bool:
        """`<session>/events.jsonl`, and the `<session>.jsonl` of older builds."""
        if not path.endswith(".jsonl"):
            return False
        file = Path(path)
        return file.name == _FILE or file.parent.name == _PLACE

    def beside(self, path: str) -> list[str]:  # noqa: ARG002 - the protocol's
        """None: a session's events are one file."""
        return []

    def recognises(self, first_lines: list[bytes]) -> bool:
        """Whether one of the lines is an event."""
        return any(_is_event(line) for line in first_lines)

    def reader(self) -> EventReader:
        """A reader of events."""
        return EventReader()


def _folder(environment: Mapping[str, str], home: Path) -> Path:
    moved = environment.get("COPILOT_HOME")
    return named_folder(moved) if moved else home / ".copilot"


def _is_event(line: bytes) -> bool:
    try:
        top = _OBJECT.decode(line)
        if not {"type", "data", "id", "timestamp", "parentId"} <= top.keys():
            return False
        return _TYPE.fullmatch(_TEXT.decode(top["type"])) is not None and bytes(top["data"]).startswith(b"{")
    except BAD_JSON:
        return False


class EventReader:
    """Reads the events of a session, one after the other."""

    def __init__(self) -> None:
        self.memory: str | None = None
        self._known = Memory()
        self._rows: list[dict[str, Any]] = []

    @property
    def waiting(self) -> int:
        """How many parts of metrics wait."""
        return len(self._rows)

    def read(self, path: str, blocks: Iterable[Block]) -> Iterator[LineProblem]:
        """Takes in blocks of one file, and tells the lines that are not JSON or have an unknown shape."""
        self._known = Memory() if self.memory is None else _MEMORY.decode(self.memory)
        if self._known.session is None:
            file = Path(path)
            self._known.session = file.parent.name if file.name == _FILE else file.name.partition(".")[0]
        for block in blocks:
            for number, offset, line in block.numbered_lines():
                try:
                    line.decode()
                    self._event(_EVENT.decode(with_whole_characters(line)))
                except BAD_JSON as error:
                    yield LineProblem(number, offset, reason_of(error))
            self.memory = msgspec.json.encode(self._known).decode()

    def take(self) -> list[ColumnBatch]:
        """What waits, as one batch."""
        builder = ColumnBuilder()
        add_dicts(builder, self._rows)
        self._rows = []
        return [builder.batch()]

    def _event(self, event: Event) -> None:
        if event.timestamp is None:
            return
        try:
            ts = microseconds(event.timestamp)
        except ValueError:
            return
        if event.type in ("session.start", "session.resume"):
            ts = self._begin(_START.decode(event.data), ts)
        if not self._known.started:
            self._known.started = True
            self._add(f"{self._known.session}:start", MetricType.SESSION_START, ts=ts)
        known = _RECORDS.get(event.type or "")
        if known is not None:
            decoder, take = known
            take(self, event, ts, decoder.decode(event.data))

    # The session

    def _begin(self, start: SessionStart, ts: int) -> int:
        """When the session began: where that is told, before its first event was written."""
        known = self._known
        if not known.started:
            known.session = start.session_id or known.session
        if start.context is not None:
            known.cwd = start.context.cwd or known.cwd
        self._select(start.selected_model)
        self._end_run()
        try:
            return ts if start.start_time is None else min(ts, microseconds(start.start_time))
        except ValueError:
            return ts

    def _end_run(self) -> None:
        self._known.run, self._known.seen, self._known.spoken = None, [], 0

    def _select(self, model: str | None) -> None:
        if model and model != _AUTO:
            self._known.model = model

    def _moved(self, event: Event, ts: int, context: Context) -> None:  # noqa: ARG002 - as the table of events has it
        self._known.cwd = context.cwd or self._known.cwd

    def _model_changed(self, event: Event, ts: int, change: ModelChange) -> None:  # noqa: ARG002
        self._select(change.new_model or change.chosen_model)

    def _failed(self, event: Event, ts: int, failure: Failure) -> None:
        named = failure.error_type or ""
        kind = _ERRORS.get(named) or api_error_kind(None, failure.status_code, bytes(failure.message))
        if kind == "unknown" and _WORD.fullmatch(named):
            kind = named
        self._add_event(event, ts, "error", MetricType.ERROR_OCCURRED, error_type=kind, success=False)

    # Replies and their tokens

    def _replied(self, event: Event, ts: int, message: AssistantMessage) -> None:
        known = self._known
        if event.agent_id is None and message.parent_tool_call_id is None:
            self._select(message.model)
        known.run = known.run or _name(event)
        if message.output_tokens is None or known.spoken is None:
            known.spoken = None
        else:
            known.spoken = min(known.spoken + message.output_tokens, MOST_TOKENS)
        model = message.model or known.model or ""
        if model not in known.seen:
            known.seen.append(model)
            self._add_tokens(model, ts)

    def _add_tokens(self, key: str, ts: int, model: str | None = None, used: Counters | None = None) -> None:
        """The tokens of a model in this run, or that it was used; `key` is its name as a reply gave it."""
        counters: dict[str, int | None] = {}
        if used is not None:
            counters = {
                "input_tokens": max(used.input - used.cache_read - used.cache_write, 0),
                "output_tokens": used.output,
                "cache_read_tokens": used.cache_read,
                "cache_write_tokens": used.cache_write,
            }
            counters["token_count"] = sum(count or 0 for count in counters.values())
            counters["reasoning_tokens"] = used.reasoning
        part = f"{self._known.run}:tokens:{key}"
        self._add(part, MetricType.TOKEN_USAGE, ts=ts, model=model or key or None, **counters)

    def _shut_down(self, event: Event, ts: int, shutdown: Shutdown) -> None:
        """What the run used.

        Builds differ in whether a resumed session goes on with the counters of its earlier runs, and don't say so.
        """
        known = self._known
        told = {name: counters_of(metrics) for name, metrics in (shutdown.model_metrics or {}).items() if metrics.usage}
        if told:
            used = difference(told, known.told) if goes_on(told, known.told, known.spoken) else told
            known.run = known.run or _name(event)
            self._add_run(ts, used, shutdown.current_model)
            known.told = told
            self._end_run()
        self._select(shutdown.current_model)
        self._add_event(event, ts, "end", MetricType.SESSION_END)
        if shutdown.shutdown_type == "error":
            self._add_event(event, ts, "error", MetricType.ERROR_OCCURRED, error_type="crash", success=False)

    def _add_run(self, ts: int, used: dict[str, Counters], current: str | None) -> None:
        """Counts each model once; a request without any input was not counted, so its tokens stay unknown."""
        seen = self._known.seen
        counted = {model: counters for model, counters in used.items() if total(counters)}
        others = sorted(counted.keys() - set(seen), key=lambda model: (model != current, model))
        if "" in seen and others:
            self._add_tokens("", ts, others[0], counted.pop(others[0]))
        for model, counters in counted.items():
            self._add_tokens(model, ts, used=counters)
        for model, counters in used.items():
            if not total(counters) and counters.requests and model not in seen:
                self._add_tokens(model, ts)
        if counted:  # what replied under a name that isn't counted is counted under another
            for model in seen:
                if model not in used and (model or not others):
                    self._add_tokens(model, ts, used=Counters())

    # Calls

    def _call_started(self, event: Event, ts: int, call: CallStart) -> None:
        if call.tool_call_id is None:
            return
        self._known.calls[call.tool_call_id] = _name(event)
        self._add_call(
            _name(event), _run_of(event, call.parent_tool_call_id), ts=ts, tool_name=call.tool_name, model=call.model
        )

    def _call_completed(self, event: Event, ts: int, call: CallComplete) -> None:
        name = self._known.calls.pop(call.tool_call_id or "", None)
        refusal = self._known.refused.pop(call.tool_call_id or "", None)
        if name is None:
            return
        kind: str | None = None
        success = call.success
        if success is False:
            kind, success = (refusal, _OUTCOMES[refusal]) if refusal else _outcome_of(call)
        self._add_call(name, event.agent_id, ended_ts=ts, model=call.model, success=success, error_type=kind)

    def _add_call(self, name: str, run: str | None, **values: Any) -> None:
        self._add(name, MetricType.TOOL_USE, agent_run_id=run, **values)

    def _asked(self, event: Event, ts: int, asked: PermissionRequested) -> None:  # noqa: ARG002
        call = asked.permission_request.tool_call_id if asked.permission_request else None
        if asked.request_id and call:
            self._known.requests[asked.request_id] = call

    def _answered(self, event: Event, ts: int, answer: PermissionCompleted) -> None:  # noqa: ARG002
        call = self._known.requests.pop(answer.request_id or "", None) or answer.tool_call_id or ""
        refusal = _REFUSALS.get(answer.result.kind or "") if answer.result else None
        name = self._known.calls.get(call)
        if name is None or refusal is None:
            return
        kind, success = refusal
        self._known.refused[call] = kind
        self._add_call(name, event.agent_id, success=success, error_type=kind)

    # Sub-agents, hooks, turns

    def _agent_started(self, event: Event, ts: int, agent: SubAgent) -> None:
        if agent.tool_call_id is None:
            return
        self._known.agents[agent.tool_call_id] = _name(event)
        self._add_agent(_name(event), agent, ts=ts)

    def _agent_ended(self, event: Event, ts: int, agent: SubAgent) -> None:
        name = self._known.agents.pop(agent.tool_call_id or "", None)
        if name is None:
            return
        kind: str | None = None
        success: bool | None = True
        if agent.cancelled:
            kind, success = "cancelled", None
        elif event.type == "subagent.failed":
            kind, success = api_error_kind(None, None, bytes(agent.error)), False
        duration = agent.duration_ms
        self._add_agent(name, agent, ended_ts=ts, success=success, error_type=kind, duration_ms=duration)

    def _add_agent(self, name: str, agent: SubAgent, **values: Any) -> None:
        self._add(
            f"{name}:agent",
            MetricType.AGENT_EXECUTION,
            agent_id=agent.agent_name,
            agent_run_id=agent.tool_call_id,
            model=agent.model,
            **values,
        )

    def _hook(self, event: Event, ts: int, hook: Hook) -> None:
        if hook.hook_invocation_id is None:
            return
        part = f"{hook.hook_invocation_id}:hook"
        if event.type == "hook.start":
            self._known.hooks[hook.hook_invocation_id] = ts
            run = event.agent_id
            self._add(part, MetricType.HOOK_TRIGGERED, ts=ts, agent_run_id=run, hook_name=hook.hook_type)
            return
        began = self._known.hooks.pop(hook.hook_invocation_id, None)
        if began is not None:
            took = _milliseconds(began, ts)
            self._add(part, MetricType.HOOK_TRIGGERED, ts=began, success=hook.success, duration_ms=took)

    def _turn_started(self, event: Event, ts: int, turn: Turn) -> None:
        if event.agent_id is None:
            self._select(turn.model)
        self._known.turns[event.agent_id or ""] = _name(event), ts

    def _turn_ended(self, event: Event, ts: int, turn: Turn) -> None:
        started = self._known.turns.pop(event.agent_id or "", None)
        if started is not None:
            name, began = started
            self._add_span(event, f"{name}:turn", "turn", (began, ts), model=turn.model)

    def _compaction_started(self, event: Event, ts: int, compaction: Compaction) -> None:  # noqa: ARG002
        self._known.compaction = ts

    def _compacted(self, event: Event, ts: int, compaction: Compaction) -> None:
        began, self._known.compaction = self._known.compaction, None
        self._add_span(event, f"{_name(event)}:compact", "compact", (began, ts), success=compaction.success)

    def _truncated(self, event: Event, ts: int, compaction: Compaction) -> None:  # noqa: ARG002
        self._add_span(event, f"{_name(event)}:truncate", "truncate", (None, ts))

    def _add_span(self, event: Event, part: str, operation: str, span: tuple[int | None, int], **values: Any) -> None:
        began, ended = span
        self._add(
            part,
            MetricType.PERFORMANCE,
            ts=ended if began is None else began,
            duration_ms=None if began is None else _milliseconds(began, ended),
            agent_run_id=event.agent_id,
            operation=operation,
            **values,
        )

    def _skill_invoked(self, event: Event, ts: int, skill: Skill) -> None:
        """A skill that the user asked for is a slash command; one that the agent took is a part of its work."""
        if skill.trigger == "user-invoked" and skill.name:
            self._add_event(event, ts, "command", MetricType.COMMAND_EXECUTED, command_name=f"/{skill.name}")

    def _add_event(self, event: Event, ts: int, part: str, kind: MetricType, **values: Any) -> None:
        self._add(f"{_name(event)}:{part}", kind, ts=ts, agent_run_id=event.agent_id, **values)

    def _add(self, part: str, kind: MetricType, **values: Any) -> None:
        self._rows.append(
            {
                "id": f"copilot-cli:{part}",
                "type": kind.value,
                "session_id": self._known.session,
                "cwd": self._known.cwd,
                **values,
            }
        )


def _name(event: Event) -> str:
    return event.id or event.timestamp or ""


def _run_of(event: Event, parent: str | None) -> str | None:
    """The sub-agent's run that an event is of: older builds name only the call that began it, which is its id too."""
    return event.agent_id or parent


def _milliseconds(began: int, ended: int) -> float | None:
    return (ended - began) / 1000 if ended >= began else None


def _outcome_of(call: CallComplete) -> tuple[str, bool | None]:
    if call.error is None:
        return "tool_error", False
    named = _CODES.get(call.error.code or "")
    if named is not None:
        return named
    kind, failed = tool_error_kind(bytes(call.error.message))
    return kind, False if failed else None


_START: Final = msgspec.json.Decoder(SessionStart)
_RECORDS: Final[dict[str, tuple[msgspec.json.Decoder[Any], Callable[[EventReader, Event, int, Any], None]]]] = {
    name: (msgspec.json.Decoder(shape), take)
    for name, shape, take in (
        ("session.context_changed", Context, EventReader._moved),  # noqa: SLF001 - the table of what it takes
        ("session.model_change", ModelChange, EventReader._model_changed),  # noqa: SLF001
        ("session.auto_mode_resolved", ModelChange, EventReader._model_changed),  # noqa: SLF001
        ("session.error", Failure, EventReader._failed),  # noqa: SLF001
        ("session.shutdown", Shutdown, EventReader._shut_down),  # noqa: SLF001
        ("session.compaction_start", Compaction, EventReader._compaction_started),  # noqa: SLF001
        ("session.compaction_complete", Compaction, EventReader._compacted),  # noqa: SLF001
        ("session.truncation", Compaction, EventReader._truncated),  # noqa: SLF001
        ("assistant.message", AssistantMessage, EventReader._replied),  # noqa: SLF001
        ("assistant.turn_start", Turn, EventReader._turn_started),  # noqa: SLF001
        ("assistant.turn_end", Turn, EventReader._turn_ended),  # noqa: SLF001
        ("tool.execution_start", CallStart, EventReader._call_started),  # noqa: SLF001
        ("tool.execution_complete", CallComplete, EventReader._call_completed),  # noqa: SLF001
        ("permission.requested", PermissionRequested, EventReader._asked),  # noqa: SLF001
        ("permission.completed", PermissionCompleted, EventReader._answered),  # noqa: SLF001
        ("subagent.started", SubAgent, EventReader._agent_started),  # noqa: SLF001
        ("subagent.completed", SubAgent, EventReader._agent_ended),  # noqa: SLF001
        ("subagent.failed", SubAgent, EventReader._agent_ended),  # noqa: SLF001
        ("skill.invoked", Skill, EventReader._skill_invoked),  # noqa: SLF001
        ("hook.start", Hook, EventReader._hook),  # noqa: SLF001
        ("hook.end", Hook, EventReader._hook),  # noqa: SLF001
    )
}
"""What is done with the events of each type; those of another are nothing that is counted."""
