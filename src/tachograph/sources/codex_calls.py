"""The calls in Codex's rollouts: what was called, and how that went.

A call and its results are records of their own with the same id. Some ends are told twice, by an event and by the
output that the model gets, and some calls only by their end, as a script made them and not the model: so each part is
given under the call's id, and the parts are merged. A search is told by its end and then again without any id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

import msgspec

from tachograph.metric import ADDED_TOKEN_KINDS, FIRST_US, MetricType
from tachograph.sources.codex_outcomes import (
    REJECTED,
    UNKNOWN,
    WELL,
    Outcome,
    exit_outcome,
    flag_outcome,
    mcp_outcome,
    output_outcome,
    status_outcome,
)
from tachograph.sources.codex_shapes import Call, CallEnd, Duration, ItemCompleted, Output
from tachograph.sources.codex_thread import Thread
from tachograph.sources.decoding import NOTHING, told

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_GLOBAL_ID: Final = 20
"""Ids of calls that are at least so long are the service's own, and there is but one of each anywhere."""
_ITEM_TOOLS: Final[Mapping[str, str | None]] = {
    "CommandExecution": "exec_command",
    "FileChange": "apply_patch",
    "WebSearch": "web_search",
    "ImageGeneration": "image_generation",
    "McpToolCall": None,
    "DynamicToolCall": None,
    "CollabAgentToolCall": None,
    "Extension": None,
}
"""The things done in a turn that are calls, with the tool's name where they don't say it."""
_MCP: Final = "mcp__"
_CALL: Final = msgspec.json.Decoder(Call)
_CALL_END: Final = msgspec.json.Decoder(CallEnd)
_OUTPUT: Final = msgspec.json.Decoder(Output)
_DURATION: Final = msgspec.json.Decoder(Duration)
_WORD: Final = msgspec.json.Decoder(str | None)


class Record(NamedTuple):
    """A record on its way to becoming metrics: its moment in microseconds and as it stands, and what it holds."""

    ts: int
    stamp: str
    body: Any


Take = tuple[msgspec.json.Decoder[Any], "Callable[[Any, Record], None]"]
"""How a kind of record is decoded, and what takes it in."""


class Rows:
    """The metrics of a thread, whose parts are brought together where they wait together."""

    def __init__(self) -> None:
        self._thread = Thread()
        self._rows: dict[str, dict[str, Any]] = {}

    @property
    def waiting(self) -> int:
        """How many metrics wait."""
        return len(self._rows)

    def _row(self, record: Record, part: str, kind: MetricType, *, key: str | None = None, **values: Any) -> None:
        name = key or f"{self._thread.id}:{record.stamp}"
        identifier = f"codex:{name}:{part}" if part else f"codex:{name}"
        self._part({"id": identifier, "ts": record.ts, "type": kind.value, **self._whose(), **values})

    def _whose(self) -> dict[str, Any]:
        thread = self._thread
        run = thread.id if thread.is_agent else None
        return {"session_id": thread.session, "agent_run_id": run, "cwd": thread.cwd}

    def _part(self, row: dict[str, Any]) -> None:
        known = self._rows.get(row["id"])
        self._rows[row["id"]] = row if known is None else merged(known, row)


class Calls(Rows):
    """Takes in the records of calls."""

    def _call(self, record: Record) -> None:
        call = record.body
        identifier = call.call_id or call.id
        if identifier is None:
            return
        self._thread.calls_tool(identifier)
        self._tool(identifier, ts=record.ts, tool_name=_tool_name(call))

    def _shell_call(self, record: Record) -> None:
        record.body.name = "local_shell"
        self._call(record)

    def _tool_search(self, record: Record) -> None:
        record.body.name = "tool_search"
        self._call(record)

    def _web_search(self, record: Record) -> None:
        """A search, which the service did; mostly its end has been told before, and here there is no id."""
        call, told = record.body, self._thread.searches
        identifier = call.id or call.call_id
        if identifier in told or (identifier is None and told):
            told.remove(identifier if identifier in told else told[0])
            return
        key = identifier or f"search:{record.stamp}"
        self._tool(key, status_outcome(call.status), ts=record.ts, tool_name="web_search")

    def _image(self, record: Record) -> None:
        key = record.body.id or record.body.call_id or f"image:{record.stamp}"
        self._tool(key, status_outcome(record.body.status), ts=record.ts, tool_name="image_generation")

    def _output(self, record: Record) -> None:
        """A result, where its call is known: a copy may have kept one without the other."""
        result = record.body
        if result.call_id is not None and self._thread.answers(result.call_id):
            outcome = (
                status_outcome(result.status) if result.output is NOTHING else output_outcome(bytes(result.output))
            )
            self._tool(result.call_id, outcome, ended_ts=record.ts)

    def _command_ended(self, record: Record) -> None:
        end = record.body
        outcome = status_outcome(told(_WORD, end.status))
        if outcome is not REJECTED and end.exit_code is not None:
            outcome = exit_outcome(end.exit_code)
        if told(_WORD, end.source) == "user_shell":  # the user's own, with an exclamation mark
            took = _milliseconds(end.duration)
            name = end.call_id or f"{self._thread.id}:{record.stamp}"
            self._row(
                record, "command", MetricType.COMMAND_EXECUTED,
                key=name, command_name="shell", success=outcome.success, duration_ms=took,
            )  # fmt: skip
            return
        self._ended(record, end, "exec_command", outcome)

    def _patch_ended(self, record: Record) -> None:
        end = record.body
        outcome = status_outcome(told(_WORD, end.status))
        if outcome is not REJECTED and end.success is not None:
            outcome = flag_outcome(success=end.success, kind="patch_failed")
        self._ended(record, end, "apply_patch", outcome)

    def _mcp_ended(self, record: Record) -> None:
        end = record.body
        asked = end.invocation
        name = _mcp_name(asked.server, asked.tool) if asked is not None else None
        self._ended(record, end, name, mcp_outcome(end.result))

    def _client_tool_ended(self, record: Record) -> None:
        end = record.body
        self._ended(record, end, end.tool, flag_outcome(success=end.success))

    def _search_ended(self, record: Record) -> None:
        identifier = record.body.call_id
        if identifier is not None:
            self._searched(identifier, record.ts, WELL)

    def _searched(self, identifier: str, ts: int, outcome: Outcome) -> None:
        self._thread.ends_search(identifier)
        self._tool(identifier, outcome, ts=ts, tool_name="web_search")

    def _ended(self, record: Record, end: CallEnd, name: str | None, outcome: Outcome) -> None:
        """The end of a call. One that no model made (a script did) is known by its end alone."""
        if end.call_id is None:
            return
        took = _milliseconds(end.duration)
        values: dict[str, Any] = {"ended_ts": record.ts, "duration_ms": took}
        if not self._thread.awaits(end.call_id):
            values |= {"ts": max(record.ts - round((took or 0) * 1000), FIRST_US), "tool_name": name}
        self._tool(end.call_id, outcome, **values)

    def _item(self, record: Record) -> None:
        """A thing done in a turn, of which only the calls are counted."""
        done = record.body
        item = done.item
        if item is None or item.id is None or item.type not in _ITEM_TOOLS:
            return
        outcome = status_outcome(told(_WORD, item.status))
        if outcome is not REJECTED and item.exit_code is not None:
            outcome = exit_outcome(item.exit_code)
        elif outcome is UNKNOWN and item.success is not None:
            outcome = flag_outcome(success=item.success)
        ended = record.ts if done.completed_at_ms is None else done.completed_at_ms * 1000
        if item.type == "WebSearch":
            self._searched(item.id, ended, outcome)
            return
        took = _milliseconds(item.duration)
        if took is None and done.started_at_ms is not None:
            took = max(ended / 1000 - done.started_at_ms, 0)
        values: dict[str, Any] = {"ended_ts": ended, "duration_ms": took}
        if not self._thread.awaits(item.id):
            name = _mcp_name(item.server, item.tool) if item.server else item.tool or item.kind
            started = ended - round((took or 0) * 1000)
            values |= {"ts": max(started, FIRST_US), "tool_name": _ITEM_TOOLS[item.type] or name}
        self._tool(item.id, outcome, **values)

    def _tool(self, call: str, outcome: Outcome = UNKNOWN, **values: Any) -> None:
        self._part(
            {
                "id": self._key(call),
                "ts": None,
                "type": MetricType.TOOL_USE.value,
                **self._whose(),
                "success": outcome.success,
                "error_type": outcome.kind,
                **values,
            }
        )

    def _key(self, call: str) -> str:
        return f"codex:{call_key(call, self._thread.id)}"

    CALL_RECORDS: ClassVar[dict[str, Take]] = {
        "function_call": (_CALL, _call),
        "custom_tool_call": (_CALL, _call),
        "local_shell_call": (_CALL, _shell_call),
        "tool_search_call": (_CALL, _tool_search),
        "web_search_call": (_CALL, _web_search),
        "image_generation_call": (_CALL, _image),
        "function_call_output": (_OUTPUT, _output),
        "custom_tool_call_output": (_OUTPUT, _output),
        "tool_search_output": (_OUTPUT, _output),
        "exec_command_end": (_CALL_END, _command_ended),
        "patch_apply_end": (_CALL_END, _patch_ended),
        "mcp_tool_call_end": (_CALL_END, _mcp_ended),
        "dynamic_tool_call_response": (_CALL_END, _client_tool_ended),
        "web_search_end": (_CALL_END, _search_ended),
        "item_completed": (msgspec.json.Decoder(ItemCompleted), _item),
    }
    """What is done with the records of each kind."""


def call_key(call: str, thread: str) -> str:
    """What tells a call from all others."""
    return call if len(call) >= _GLOBAL_ID else f"{thread}:{call}"


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Two parts of a metric as one, by the store's own rule: earliest, all well, largest; the folder is the first's."""
    row = one | {name: value for name, value in other.items() if value is not None}
    for name in one.keys() & other.keys():
        values = [part[name] for part in (one, other) if part[name] is not None]
        if len(values) == 2:
            row[name] = (min if name in _LEAST else max)(values)
    counted = [row[kind] for kind in ADDED_TOKEN_KINDS if row.get(kind) is not None]
    if counted:
        row["token_count"] = sum(counted)
    placed = [part for part in (one, other) if part["cwd"] is not None]
    row["cwd"] = min(placed, key=_begun)["cwd"] if placed else None
    return row


_LEAST: Final = frozenset({"ts", "ended_ts", "success"})


def _begun(part: dict[str, Any]) -> tuple[int, str]:
    return part["ended_ts"] if part["ts"] is None else part["ts"], part["cwd"]


def _tool_name(call: Call) -> str | None:
    if call.namespace is not None and call.namespace.startswith(_MCP):
        return f"{call.namespace.rstrip('_')}__{call.name}"
    return call.name


def _mcp_name(server: str | None, tool: str | None) -> str:
    return f"{_MCP}{server}__{tool}"


def _milliseconds(duration: msgspec.Raw) -> float | None:
    took = told(_DURATION, duration)
    return None if took is None else took.secs * 1000 + took.nanos / 1_000_000
