"""Lines to metrics and rejects: the contract's section 1."""

import json
import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NoReturn

Metric = dict[str, Any]

METRIC_TYPES = (
    "session_start",
    "session_end",
    "tool_use",
    "agent_execution",
    "checkpoint_created",
    "hook_triggered",
    "command_executed",
    "error_occurred",
    "token_usage",
    "performance",
)
STRINGS = (
    "tool_name",
    "agent_id",
    "agent_run_id",
    "command_name",
    "error_type",
    "operation",
    "hook_name",
    "project_path",
    "model",
)
INTEGERS = (
    "token_count",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cache_write_1h_tokens",
)
NUMBERS = ("duration_ms", "duration_seconds", "cost_usd")
JSON_BLANKS = b" \t\r\n"


class RejectedError(Exception):
    """Why a line can't be a metric."""


def read_lines(lines: Iterable[bytes]) -> tuple[list[Metric], list[tuple[int, str]]]:
    """The metrics of some lines, first one of each id, and the rejects as (line number from 1, reason)."""
    metrics: dict[str, Metric] = {}
    rejects: list[tuple[int, str]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip(JSON_BLANKS):
            continue
        try:
            metric = _metric(_json_object(line))
        except RejectedError as reason:
            rejects.append((number, str(reason)))
        else:
            metrics.setdefault(metric["id"], metric)
    return list(metrics.values()), rejects


def _json_object(line: bytes) -> dict[str, Any]:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        raise RejectedError("not UTF-8") from None
    try:
        value = json.loads(text, parse_constant=_not_a_number, object_pairs_hook=_last_of_each_key)
    except (ValueError, RecursionError):
        raise RejectedError("not JSON") from None
    if not isinstance(value, dict):
        raise RejectedError("not an object")
    _check_finite(value)
    return value


def _not_a_number(name: str) -> NoReturn:
    raise RejectedError(f"{name} is not a number")


def _check_finite(value: Any) -> None:
    """Of the values that count: one that a later key hides is none."""
    if isinstance(value, float) and math.isinf(value):
        raise RejectedError("a number is infinite")
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_finite(part)


def _last_of_each_key(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Checked here and not at the end, so that a value that a later key hides is checked too.
    for pair in pairs:
        _check_unicode(pair)
    return dict(pairs)


def _check_unicode(value: Any) -> None:
    if isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value):
        raise RejectedError("a lone surrogate is not UTF-8")
    if isinstance(value, (list, tuple)):
        for part in value:
            _check_unicode(part)


def _metric(line: dict[str, Any]) -> Metric:
    fields = {name: value for name, value in line.items() if value is not None}
    for name in ("id", "timestamp", "type", "session_id", "user_id"):
        _check(name, fields.get(name, ""), isinstance(fields.get(name, ""), str))
    for name in ("data", "metadata"):
        _check(name, fields.get(name, {}), isinstance(fields.get(name, {}), dict))
    if not fields.get("id"):
        raise RejectedError("no id")
    if "timestamp" not in fields:
        raise RejectedError("no timestamp")
    if fields.get("type") not in METRIC_TYPES:
        raise RejectedError(f"unknown type: {fields.get('type')!r}")
    _check_data(fields.get("data", {}))
    return {
        "id": fields["id"],
        "timestamp": _moment(fields["timestamp"]),
        "type": fields["type"],
        "session_id": fields.get("session_id") or None,
        "user_id": fields.get("user_id") or None,
        "data": fields.get("data", {}),
        "metadata": fields.get("metadata", {}),
    }


def _check_data(data: dict[str, Any]) -> None:
    known = {name: value for name, value in data.items() if value is not None}
    for name, value in known.items():
        if name in STRINGS:
            _check(name, value, isinstance(value, str))
        elif name in INTEGERS:
            _check(name, value, type(value) is int and -(2**63) <= value < 2**63)
        elif name in NUMBERS:
            _check(name, value, type(value) in (int, float) and _is_finite(value))
        elif name == "success":
            _check(name, value, isinstance(value, bool))
    if "duration_ms" not in known and "duration_seconds" in known:
        _check("duration_seconds", known["duration_seconds"], _is_finite(known["duration_seconds"] * 1000))


def _check(name: str, value: Any, fits: bool) -> None:
    if not fits:
        raise RejectedError(f"{name} can't be {value!r:.80}")


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _moment(text: str) -> datetime:
    """The UTC moment of an ISO 8601 text, cut to the microsecond; naive is UTC."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise RejectedError(f"no calendar has the timestamp {text!r:.80}") from None
