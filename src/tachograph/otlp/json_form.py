"""OTLP's JSON form, as the messages that its protobuf form has: what comes after is the same for both.

By the specification's rules: keys are in lowerCamelCase (as in protobuf's own JSON, the original names are good too),
64-bit integers are strings or numbers, ids of traces and spans are hexadecimal, unknown keys are ignored. Unlike
protobuf's own reader of JSON this one refuses an item and not the request, and it doesn't look at what isn't counted.
"""

from __future__ import annotations

from base64 import b64decode
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from google.protobuf.descriptor import FieldDescriptor
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tachograph.otlp.decoded import Decoded, Undecodable
from tachograph.sources.decoding import BAD_JSON, reason_of
from tachograph.sources.surrogates import with_whole_characters

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.descriptor import Descriptor, EnumDescriptor
    from google.protobuf.message import Message

_DEEPEST: Final = 100
"""So many messages may lie within each other, as protobuf's own reader has it."""
_ITEMS: Final = frozenset(
    {
        "resource_logs", "scope_logs", "log_records", "resource_metrics", "scope_metrics", "metrics", "data_points",
        "resource_spans", "scope_spans", "spans",
    }
)  # fmt: skip
"""Lists of which a malformed element is left out alone."""
_UNREAD: Final = frozenset(
    {
        "events", "links", "exemplars", "bucket_counts", "explicit_bounds", "positive", "negative", "quantile_values",
        "description", "schema_url", "entity_refs", "flags", "severity_text", "severity_number", "trace_state",
        "dropped_attributes_count", "dropped_events_count", "dropped_links_count",
    }
)  # fmt: skip
_FLAGGED: Final = frozenset({"NumberDataPoint", "HistogramDataPoint", "ExponentialHistogramDataPoint"})
"""Where flags say whether there is a value at all."""
_INTEGERS: Final = frozenset(
    {
        FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_UINT64, FieldDescriptor.TYPE_INT32,
        FieldDescriptor.TYPE_UINT32, FieldDescriptor.TYPE_FIXED64, FieldDescriptor.TYPE_SFIXED64,
        FieldDescriptor.TYPE_FIXED32, FieldDescriptor.TYPE_SINT32,
    }
)  # fmt: skip


_BASE64_LENGTHS: Final = (24, 12)
"""Of 16 and of 8 bytes. In hexadecimal digits they are longer."""


class _Malformed(ValueError):  # noqa: N818 - a value on its way to being counted as rejected
    """Why a part of a document isn't what it should be."""


class _Field(NamedTuple):
    """A field of a message: how a value becomes its, or that it is a message; and whether it is a list."""

    name: str
    convert: Callable[[Any], Any] | None
    is_list: bool


def read_json(body: bytes) -> dict[str, Any]:
    """The body as a JSON object. Raises `Undecodable` for what is none."""
    try:
        document = msgspec.json.decode(with_whole_characters(body))
    except BAD_JSON as error:
        raise Undecodable(f"the body is no JSON of OTLP: {reason_of(error)}") from None
    if not isinstance(document, dict):
        raise Undecodable("the body is no JSON of OTLP: not an object")
    return document


def logs_of(document: dict[str, Any], decoded: Decoded) -> ExportLogsServiceRequest:
    """The request that a document is."""
    request = ExportLogsServiceRequest()
    _fill_request(request, document, decoded)
    return request


def metrics_of(document: dict[str, Any], decoded: Decoded) -> ExportMetricsServiceRequest:
    """The request that a document is."""
    request = ExportMetricsServiceRequest()
    _fill_request(request, document, decoded)
    return request


def traces_of(document: dict[str, Any], decoded: Decoded) -> ExportTraceServiceRequest:
    """The request that a document is."""
    request = ExportTraceServiceRequest()
    _fill_request(request, document, decoded)
    return request


def _fill_request(request: Message, document: dict[str, Any], decoded: Decoded) -> None:
    try:
        _fill(request, document, decoded, 0)
    except _Malformed as problem:
        raise Undecodable(f"the body is no JSON of OTLP: {problem}") from None


def _fill(message: Message, value: Any, decoded: Decoded, depth: int) -> None:
    if value.__class__ is not dict:
        raise _Malformed(f"{message.DESCRIPTOR.name} is no object")
    if depth > _DEEPEST:
        raise _Malformed("it is nested too deeply")
    fields = _fields(message.DESCRIPTOR)
    for key, part in value.items():
        field = fields.get(key)
        if field is None or part is None:
            continue
        name, convert, is_list = field
        if is_list:
            _fill_list(getattr(message, name), part, field, decoded, depth)
        elif convert is None:
            child = getattr(message, name)
            child.SetInParent()
            _fill(child, part, decoded, depth + 1)
        else:
            try:
                setattr(message, name, convert(part))
            except (ValueError, TypeError, OverflowError):
                raise _Malformed(f"{key} is not what it should be") from None


def _fill_list(target: Any, parts: Any, field: _Field, decoded: Decoded, depth: int) -> None:
    if parts.__class__ is not list:
        raise _Malformed(f"{field.name} is no list")
    is_of_items = field.name in _ITEMS
    for part in parts:
        try:
            _fill(target.add(), part, decoded, depth + 1)
        except _Malformed as problem:
            if not is_of_items:
                raise
            del target[-1]
            decoded.reject(str(problem), _items(part))


def _items(part: Any) -> int:
    """How many items a list's element holds, one if it is an item itself."""
    if part.__class__ is not dict:
        return 1
    lists = [value for key, value in part.items() if value.__class__ is list and _snake(key) in _ITEMS]
    return sum(_items(inner) for found in lists for inner in found) or 1


@cache
def _snake(key: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key[:40])


@cache
def _fields(descriptor: Descriptor) -> dict[str, _Field]:
    """The fields of a kind of message that are read, by their names in JSON and in protobuf."""
    fields: dict[str, _Field] = {}
    for found in descriptor.fields:
        if found.name in _UNREAD and not (found.name == "flags" and descriptor.name in _FLAGGED):
            continue
        field = _Field(found.name, _converter(found), found.is_repeated)
        fields[found.name] = fields[found.json_name] = field
    return fields


def _converter(field: FieldDescriptor) -> Callable[[Any], Any] | None:
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        return None
    if field.enum_type is not None:
        return _enumerated(field.enum_type)
    if field.type in _INTEGERS:
        return _integer
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _identifier if field.name.endswith("_id") else _bytes
    return {FieldDescriptor.TYPE_DOUBLE: _double, FieldDescriptor.TYPE_BOOL: _boolean}.get(field.type, _text)


def _identifier(value: Any) -> bytes:
    """The id of a trace or a span: hexadecimal, or in base64, as what knows no more than protobuf writes it."""
    if value.__class__ is str and len(value) in _BASE64_LENGTHS and value.endswith("="):
        return b64decode(value, validate=True)
    return bytes.fromhex(value)


def _enumerated(kind: EnumDescriptor) -> Callable[[Any], int]:
    numbers = {value.name: value.number for value in kind.values}
    return lambda value: numbers[value] if value in numbers else _integer(value)


def _text(value: Any) -> str:
    if value.__class__ is not str:
        raise TypeError
    return value


def _integer(value: Any) -> int:
    if value.__class__ is int:
        return value
    if value.__class__ is str:
        return int(value)
    if value.__class__ is not float or not value.is_integer():
        raise TypeError
    return int(value)


def _double(value: Any) -> float:
    if value.__class__ is bool:
        raise TypeError
    return float(value)


def _boolean(value: Any) -> bool:
    if value.__class__ is str and value in ("true", "false"):
        return bool(value == "true")
    if value.__class__ is not bool:
        raise TypeError
    return value


def _bytes(value: Any) -> bytes:
    return b64decode(_text(value), validate=True)
