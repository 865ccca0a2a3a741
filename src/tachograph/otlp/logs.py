"""Log records: the events of agents, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tachograph.otlp import claude_events, codex_events, gemini_events, genai_events
from tachograph.otlp.decoded import Decoded, Refused, Unmapped
from tachograph.otlp.items import Item, Seen
from tachograph.otlp.origin import Origin, source_of
from tachograph.otlp.values import shown, told

if TYPE_CHECKING:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

    from tachograph.otlp.items import Mapping

_ROOMS: Final = (claude_events, codex_events, gemini_events, genai_events)
EVENTS: Final[dict[str, Mapping]] = {name: mapping for room in _ROOMS for name, mapping in room.EVENTS.items()}
"""What becomes of each event that is known."""
_REDUNDANT: Final[frozenset[str]] = frozenset[str]().union(*(room.REDUNDANT for room in _ROOMS))
_NAME_KEYS: Final = frozenset({"event.name"})
_PREFIXES: Final = {"claude-code": "claude_code.", "codex": "codex.", "gemini-cli": "gemini_cli."}


def read_logs(request: ExportLogsServiceRequest, decoded: Decoded) -> None:
    """Takes in the records of a request."""
    seen = Seen()
    for resource_logs in request.resource_logs:
        for scope_logs in resource_logs.scope_logs:
            origin = Origin(resource_logs.resource, scope_logs.scope)
            for record in scope_logs.log_records:
                try:
                    _read(record, origin, decoded, seen)
                except Refused as refusal:
                    decoded.reject(f"a log record: {refusal}")


def _read(record: LogRecord, origin: Origin, decoded: Decoded, seen: Seen) -> None:
    event = record.body.string_value
    mapping = EVENTS.get(event)
    if mapping is None:
        event = _name(record, origin)
        mapping = EVENTS.get(event)
    if mapping is None:
        if event in _REDUNDANT:
            decoded.redundant += 1
        else:
            kind = Unmapped("logs", shown(origin.title), shown(event))
            decoded.unmapped[kind] = decoded.unmapped.get(kind, 0) + 1
        return
    nanoseconds = record.time_unix_nano or record.observed_time_unix_nano
    if not nanoseconds:
        raise Refused("no time")
    attributes = record.attributes
    item = Item(
        origin,
        mapping.source or origin.source,
        event,
        nanoseconds // 1000,
        told(attributes, mapping.wanted),
        attributes,
    )
    item.number = seen
    decoded.rows += [(item.source, row) for row in mapping.rows(item)]


def _name(record: LogRecord, origin: Origin) -> str:
    """The event's name: as an attribute, in the record's own field (where some write a place in a program), or as body.

    A body may be a text of a conversation: Claude Code's alone are names.
    """
    named = told(record.attributes, _NAME_KEYS).get("event.name")
    for event in (named, record.event_name):
        if isinstance(event, str) and source_of(event):
            return event
    if record.body.string_value.startswith("claude_code."):
        return record.body.string_value
    if isinstance(named, str):
        return _PREFIXES.get(origin.source, "") + named if "." not in named else named
    return record.event_name
