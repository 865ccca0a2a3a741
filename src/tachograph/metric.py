"""What a metric is: the ten types, the fields of its payload, and how one line of a metrics log is read.

The format is JSON Lines: one object a line, with `id`, `timestamp`, `type`, `session_id`, `user_id`, `data` and
`metadata`. `read_metric` is the exact reading, a line at a time, and says why a line is refused. Bulk reading
(`sources.metrics_lines`) is faster, and falls back on this one for every line that it does not understand.
"""

from __future__ import annotations

import enum
from datetime import UTC, datetime, timedelta
from math import isinf
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_US: Final = -62_135_596_800_000_000
"""The first moment of year 1, in microseconds since 1970 (UTC)."""
LAST_US: Final = 253_402_300_799_999_999
"""The last microsecond of year 9999."""
INT64_MAX: Final = 2**63 - 1

_MICROSECOND: Final = timedelta(microseconds=1)


class MetricType(enum.StrEnum):
    """What kind of thing an agent did."""

    SESSION_START = "session_start"
    SESSION_END = "session_end"
    TOOL_USE = "tool_use"
    AGENT_EXECUTION = "agent_execution"
    CHECKPOINT_CREATED = "checkpoint_created"
    HOOK_TRIGGERED = "hook_triggered"
    COMMAND_EXECUTED = "command_executed"
    ERROR_OCCURRED = "error_occurred"
    TOKEN_USAGE = "token_usage"  # noqa: S105 - tokens of a language model, not a secret
    PERFORMANCE = "performance"


METRIC_TYPES: Final = frozenset(str(member) for member in MetricType)

FieldKind = Literal["string", "integer", "number", "boolean"]


class Field(msgspec.Struct, frozen=True):
    """A key of `data` that the engine reads, and the JSON type that its value must have (or null)."""

    name: str
    kind: FieldKind


DATA_FIELDS: Final = (
    Field("tool_name", "string"),
    Field("agent_id", "string"),
    Field("agent_run_id", "string"),
    Field("command_name", "string"),
    Field("error_type", "string"),
    Field("operation", "string"),
    Field("hook_name", "string"),
    Field("project_path", "string"),
    Field("model", "string"),
    Field("success", "boolean"),
    Field("duration_ms", "number"),
    Field("duration_seconds", "number"),
    Field("token_count", "integer"),
    Field("input_tokens", "integer"),
    Field("output_tokens", "integer"),
    Field("cache_read_tokens", "integer"),
    Field("cache_write_tokens", "integer"),
    Field("cache_write_1h_tokens", "integer"),
    Field("reasoning_tokens", "integer"),
    Field("cost_usd", "number"),
)
ADDED_TOKEN_KINDS: Final = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
"""The disjoint kinds, whose sum is a metric's `token_count` where it states none."""


class Metric(msgspec.Struct, frozen=True):
    """One thing that an agent did, at one moment (`timestamp`: aware, UTC, to the microsecond)."""

    id: str
    timestamp: datetime
    type: MetricType
    session_id: str | None = None
    user_id: str | None = None
    data: dict[str, Any] = {}  # msgspec copies an empty default for each object
    metadata: dict[str, Any] = {}


class Reject(msgspec.Struct, frozen=True):
    """A line that can't be a metric, and why. `line` counts from 1; `offset` is where it begins, in bytes."""

    path: str
    line: int
    offset: int
    reason: str


class Refused(ValueError):  # noqa: N818 - a value on its way to becoming a Reject, not an error of the program
    """Why one line is not a metric."""


def microseconds(text: str) -> int:
    """The moment that an ISO 8601 timestamp names, in microseconds since 1970; one without an offset is UTC.

    Digits past the microsecond are cut off. Raises `ValueError` where no calendar has that moment.
    """
    value = microseconds_of(datetime.fromisoformat(text))
    if not FIRST_US <= value <= LAST_US:
        message = f"{text!r} is outside the years 1 to 9999"
        raise ValueError(message)
    return value


def aware(time: datetime) -> datetime:
    """The time itself; one without a zone is UTC."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def microseconds_of(time: datetime) -> int:
    """A datetime in microseconds since 1970, whatever its zone, even where its moment in UTC has no year of ours."""
    return (aware(time) - EPOCH) // _MICROSECOND


def moment(microseconds_utc: int) -> datetime:
    """The aware UTC datetime of so many microseconds since 1970."""
    return EPOCH + timedelta(microseconds=microseconds_utc)


class ParsedLine(msgspec.Struct, frozen=True):
    """A line read exactly, with what the engine doesn't know kept as the JSON text that it was."""

    id: str
    ts: int
    type: str
    session_id: str | None
    user_id: str | None
    fields: dict[str, Any]
    extra: dict[str, msgspec.Raw]
    metadata: dict[str, msgspec.Raw]
    other: dict[str, msgspec.Raw]


_RAW_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ANY: Final = msgspec.json.Decoder()
_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
_ARTICLES: Final = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
}
_JSON_NAMES: Final = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    list: "a list",
}
_TOP_FIELDS: Final = frozenset({"id", "timestamp", "type", "session_id", "user_id", "data", "metadata"})
_DATA_KINDS: Final = {field.name: field.kind for field in DATA_FIELDS}


def parse_line(line: bytes) -> ParsedLine:
    """Reads one line of a metrics log by the contract, or raises `Refused` with the reason."""
    top = _raw_object(line)
    identifier = _typed(top, "id", "string")
    if not identifier:
        raise Refused("no id" if identifier is None else "the id is empty")
    stamp = _typed(top, "timestamp", "string")
    if stamp is None:
        raise Refused("no timestamp")
    try:
        ts = microseconds(stamp)
    except ValueError:
        raise Refused(f"the timestamp {stamp[:40]!r} is no moment of the calendar") from None
    kind = _typed(top, "type", "string")
    if kind is None:
        raise Refused("no type")
    if kind not in METRIC_TYPES:
        raise Refused(f"the type {kind[:40]!r} is none of the ten")
    session_id, user_id = _typed(top, "session_id", "string"), _typed(top, "user_id", "string")
    data = _object(top, "data")
    fields = {
        name: value for name in _DATA_KINDS if (value := _typed(data, name, _DATA_KINDS[name], "data.")) is not None
    }
    if "duration_ms" not in fields and isinf(fields.get("duration_seconds", 0) * 1000):
        raise Refused("data.duration_seconds is too large a number")
    added = [fields[name] for name in ADDED_TOKEN_KINDS if name in fields]
    if "token_count" not in fields and abs(sum(added)) > INT64_MAX:
        raise Refused("the kinds of tokens add up to more than 64 bits hold")
    extra = {name: raw for name, raw in data.items() if name not in _DATA_KINDS}
    metadata = _object(top, "metadata")
    other = {name: raw for name, raw in top.items() if name not in _TOP_FIELDS}
    for raw in (*extra.values(), *metadata.values(), *other.values()):
        _any(raw)
    return ParsedLine(identifier, ts, kind, session_id or None, user_id or None, fields, extra, metadata, other)


def read_metric(line: bytes) -> Metric:
    """One line of a metrics log as a value, or raises `Refused` with the reason."""
    parsed = parse_line(line)
    data = dict(parsed.fields)
    data.update({name: _ANY.decode(raw) for name, raw in parsed.extra.items()})
    return Metric(
        id=parsed.id,
        timestamp=moment(parsed.ts),
        type=MetricType(parsed.type),
        session_id=parsed.session_id,
        user_id=parsed.user_id,
        data=data,
        metadata={name: _ANY.decode(raw) for name, raw in parsed.metadata.items()},
    )


def is_whole_object(line: bytes) -> bool:
    """Whether bytes without a final newline are a whole JSON object, and so a finished line."""
    if not line.lstrip().startswith(b"{"):
        return False
    try:
        _RAW_OBJECT.decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False
    return True


def _raw_object(line: bytes) -> dict[str, msgspec.Raw]:
    try:
        line.decode()
    except UnicodeDecodeError as error:
        raise Refused(f"not UTF-8 at byte {error.start} of the line") from None
    try:
        return _RAW_OBJECT.decode(line)
    except msgspec.ValidationError:
        _any(line)
        raise Refused("not a JSON object") from None
    except RecursionError:
        raise Refused("nested too deeply") from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise Refused(f"not JSON: {str(error).removeprefix('JSON is malformed: ')}") from None


def _any(raw: bytes | msgspec.Raw) -> Any:
    try:
        return _ANY.decode(raw)
    except RecursionError:
        raise Refused("nested too deeply") from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise Refused(f"not JSON: {str(error).removeprefix('JSON is malformed: ')}") from None


def _object(top: Mapping[str, msgspec.Raw], name: str) -> dict[str, msgspec.Raw]:
    raw = top.get(name)
    if raw is None:
        return {}
    value = _any(raw)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refused(f"{name} is {_JSON_NAMES.get(type(value), 'something else')}, not an object")
    return _RAW_OBJECT.decode(raw)


def _typed(values: Mapping[str, msgspec.Raw], name: str, kind: FieldKind, prefix: str = "") -> Any:
    raw = values.get(name)
    value = None if raw is None else _any(raw)
    if value is None:
        return None
    if type(value) not in _KINDS[kind]:
        found = _JSON_NAMES.get(type(value), "an object")
        raise Refused(f"{prefix}{name} is {found}, not {_ARTICLES[kind]}")
    if kind == "integer" and not -INT64_MAX - 1 <= value <= INT64_MAX:
        raise Refused(f"{prefix}{name} does not fit in 64 bits")
    if kind == "number":
        try:
            return float(value)
        except OverflowError:
            raise Refused(f"{prefix}{name} is too large a number") from None
    return value
