"""The two forms of a request, and what of them is borne: a malformed item costs no other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from exported import (
    NOON_NS,
    NOON_US,
    as_json,
    counter,
    decoded,
    durations,
    event,
    histogram,
    logs,
    metrics,
    only,
    point,
    rows,
    span,
    traces,
)
from tachograph.otlp import Form, Signal, Undecodable, decode

BODY = "claude_code.api_request"
USAGE = {"request_id": "r", "model": "m", "input_tokens": 5}


def request(**attributes: Any) -> dict[str, Any]:
    """A request of one event as a JSON document."""
    document: dict[str, Any] = json.loads(as_json(logs(event("api_request", USAGE | attributes, body=BODY))))
    return document


def record_of(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0]
    return found


def told(document: dict[str, Any]) -> Any:
    return decode("logs", json.dumps(document).encode(), "json")


def test_unknown_keys_and_nulls_are_passed_over() -> None:
    document = request()
    document["new"] = {"deep": [1]}
    record_of(document).update({"new": 1, "traceId": None, "severityText": 5})
    document["resourceLogs"][0]["schemaUrl"] = None
    assert len(told(document).rows) == 1


def test_integers_may_be_strings_or_numbers_and_names_may_be_protobufs() -> None:
    document = request()
    record = record_of(document)
    record["time_unix_nano"] = int(record.pop("timeUnixNano"))
    record["attributes"][3] = {"key": "input_tokens", "value": {"intValue": 7}}
    assert told(document).rows[0][1]["input_tokens"] == 7
    record["attributes"][3] = {"key": "input_tokens", "value": {"int_value": "8"}}
    assert told(document).rows[0][1]["input_tokens"] == 8


def test_ids_of_spans_are_hexadecimal() -> None:
    found = decoded(traces(span("chat", {"gen_ai.usage.input_tokens": 1}, number=255)), "json")
    assert found.rows[0][1]["id"].endswith(":00000000000000ff")


def test_ids_of_spans_may_be_in_base64_as_protobufs_own_json_has_them() -> None:
    document = request()
    record_of(document).update(traceId="nXmxo38xgBzRGmcG+0DWvQ==", spanId="nXmxo38xgBw=")
    assert told(document).rejected == 0


@pytest.mark.parametrize("identifier", ["!!!INVALID_BASE64!!!", "zzz", "nXmxo38xgBzRGmcG+0DW!Q==", 5])
def test_an_id_that_is_neither_is_refused(identifier: object) -> None:
    document = request()
    record_of(document).update(traceId=identifier)
    assert told(document).rejected == 1


def test_temporality_may_be_a_name() -> None:
    document = json.loads(as_json(metrics(counter("claude_code.token.usage", point(5, {"type": "input"})))))
    data = document["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0]["sum"]
    data["aggregationTemporality"] = "AGGREGATION_TEMPORALITY_CUMULATIVE"
    assert len(decode("metrics", json.dumps(document).encode(), "json").points) == 1


def test_half_a_character_of_javascript_is_no_reason_to_refuse() -> None:
    body = as_json(logs(event("api_request", USAGE | {"prompt": "HALF"}, body=BODY)))
    assert len(decode("logs", body.replace(b"HALF", rb"\ud83d"), "json").rows) == 1


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_refused_alone(amount: str) -> None:
    document = request()
    good = json.loads(json.dumps(record_of(document)))
    record_of(document)["attributes"][3] = {"key": "cost_usd", "value": {"doubleValue": amount}}
    document["resourceLogs"][0]["scopeLogs"][0]["logRecords"].append(good)
    found = told(document)
    assert (len(found.rows), found.rejected, found.reason) == (1, 1, "a log record: cost_usd is no number")


@pytest.mark.parametrize(
    "broken",
    [
        {"timeUnixNano": "noon"},
        {"timeUnixNano": -1},
        {"attributes": {}},
        {"attributes": [{"key": 5}]},
        {"attributes": [{"key": "a", "value": {"intValue": "99999999999999999999"}}]},
        {"attributes": [{"key": "a", "value": {"intValue": 1.5}}]},
        {"attributes": [{"key": "a", "value": {"boolValue": 1}}]},
        {"attributes": [{"key": "a", "value": {"bytesValue": "%"}}]},
        {"traceId": "xyz"},
        {"body": "text"},
    ],
)
def test_a_malformed_record_costs_no_other(broken: dict[str, Any]) -> None:
    document = request()
    records = document["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    records += [{**records[0], **broken}, "no object"]
    found = told(document)
    assert (len(found.rows), found.rejected) == (1, 2)
    assert found.reason


def test_all_items_of_a_malformed_resource_are_counted() -> None:
    document = request()
    records = document["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    records += records * 2
    document["resourceLogs"][0]["resource"] = {"attributes": 5}
    found = told(document)
    assert (len(found.rows), found.rejected) == (0, 3)


def test_attributes_may_lie_within_each_other_but_not_too_deeply() -> None:
    nested: dict[str, Any] = {"stringValue": "x"}
    for _ in range(30):
        nested = {"arrayValue": {"values": [nested]}}
    document = request()
    record_of(document)["attributes"].append({"key": "deep", "value": nested})
    assert len(told(document).rows) == 1
    for _ in range(30):
        nested = {"kvlistValue": {"values": [{"key": "k", "value": nested}]}}
    record_of(document)["attributes"][-1] = {"key": "deep", "value": nested}
    assert (told(document).rejected, told(document).reason) == (1, "it is nested too deeply")


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("protobuf", b"not protobuf"),
        ("protobuf", b"\x0a\xff"),
        ("json", b""),
        ("json", b"[]"),
        ("json", b"{"),
        ("json", b'{"resourceLogs": 5}'),
        ("json", b'{"resourceLogs": NaN}'),
        ("json", b'{"a": "\xff"}'),
        ("json", b"[" * 100_000),
    ],
)
def test_what_is_no_request_is_refused_whole(form: Form, body: bytes) -> None:
    with pytest.raises(Undecodable, match="the body is no"):
        decode("logs", body, form)


@pytest.mark.parametrize("signal", ["logs", "metrics", "traces"])
@pytest.mark.parametrize(("form", "body"), [("protobuf", b""), ("json", b"{}")])
def test_an_empty_request_is_one(signal: Signal, form: Form, body: bytes) -> None:
    found = decode(signal, body, form)
    assert (found.rows, found.points, found.rejected) == ([], [], 0)


def test_a_record_without_a_time_is_of_when_it_was_observed_or_refused() -> None:
    record = event("api_request", USAGE, body=BODY, number=7_000)
    record.time_unix_nano = 0
    assert only(logs(record))["ts"] == NOON_US + 7
    record.observed_time_unix_nano = 0
    found = decoded(logs(record))
    assert (found.rows, found.rejected, found.reason) == ([], 1, "a log record: no time")


def test_points_and_spans_without_a_time_are_refused() -> None:
    timeless = point(5, {"type": "input"})
    timeless.time_unix_nano = 0
    assert decoded(metrics(counter("claude_code.token.usage", timeless))).rejected == 1
    untimed = span("chat", {"gen_ai.usage.input_tokens": 1})
    untimed.start_time_unix_nano = untimed.end_time_unix_nano = 0
    assert decoded(traces(untimed)).rejected == 1
    untimed.start_time_unix_nano, untimed.end_time_unix_nano = NOON_NS, NOON_NS - 1
    assert decoded(traces(untimed)).reason == "a span: it ends before it begins"


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"input_tokens": -1}, "input_tokens is negative"),
        ({"input_tokens": 2**60}, "input_tokens is too large"),
        ({"input_tokens": 1.5}, "input_tokens is no integer"),
        ({"input_tokens": "many"}, "input_tokens is no number"),
        ({"input_tokens": True}, "input_tokens is no number"),
        ({"cost_usd": float("nan")}, "cost_usd is no number"),
        ({"cost_usd": float("inf")}, "cost_usd is no number"),
        ({"duration_ms": 1e300}, "duration_ms is too large"),
        ({"model": "m" * 5000}, "model is longer than 4,096 characters"),
        ({f"key-{number}": 1 for number in range(1100)}, "more than 1,024 attributes"),
    ],
)
def test_what_is_not_sane_is_refused_alone_and_said(attributes: dict[str, Any], reason: str) -> None:
    found = decoded(logs(event("api_request", USAGE | attributes, body=BODY), event("api_request", USAGE, body=BODY)))
    assert (len(found.rows), found.rejected, found.reason) == (1, 1, f"a log record: {reason}")


def test_a_call_that_would_have_begun_before_1970_is_refused() -> None:
    found = decoded(
        logs(event("tool_result", {"tool_use_id": "t", "duration_ms": 1e14}, body="claude_code.tool_result"))
    )
    assert (found.rows, found.reason) == ([], "a log record: duration_ms is longer than the time since 1970")


@pytest.mark.parametrize("count", [5, 5.0, "5", "5.0"])
def test_a_number_is_one_however_it_is_written(count: Any) -> None:
    assert only(logs(event("api_request", USAGE | {"input_tokens": count}, body=BODY)))["input_tokens"] == 5


@pytest.mark.parametrize(
    ("given", "success"), [(True, True), ("true", True), (0, False), ("False", False), ("?", None)]
)
def test_a_boolean_is_one_however_it_is_written(given: Any, success: bool | None) -> None:
    row = only(logs(event("tool_result", {"tool_use_id": "t", "success": given}, body="claude_code.tool_result")))
    assert row.get("success") is success


def test_an_id_that_is_a_number_is_its_digits() -> None:
    row = only(logs(event("api_request", USAGE | {"session.id": 5, "user.id": 7}, body=BODY)))
    assert (row["session_id"], row["user_id"]) == ("5", "7")


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (counter("claude_code.token.usage", point(-1, {"type": "input"})), "the value is negative"),
        (counter("claude_code.token.usage", point(2**60, {"type": "input"})), "the value is too large"),
        (counter("claude_code.token.usage", point(0.5, {"type": "input"})), "the value is no integer"),
        (counter("claude_code.cost.usage", point(float("nan"), {})), "the value is no number"),
        (counter("claude_code.cost.usage", point(1e10, {})), "the value is too large"),
        (counter("gemini_cli.tool.call.count", point(2**40, {})), "the count is too large"),
        (counter("gemini_cli.tool.call.count", point(0.5, {})), "the count is no integer"),
        (histogram("codex.tool.call.duration_ms", durations(1e200, 1, {})), "the sum of durations is too large"),
        (counter("claude_code.cost.usage", point(1, {}), temporality=0), "neither delta nor cumulative"),
    ],
)
def test_a_point_that_is_not_sane_is_refused_alone_and_said(made: Any, reason: str) -> None:
    found = decoded(metrics(made, counter("claude_code.cost.usage", point(1.5, {"model": "other"}))))
    assert (len(found.rows), found.rejected, found.reason) == (1, 1, f"{made.name}: {reason}")


def test_a_histogram_of_tokens_needs_a_sum() -> None:
    sumless = durations(5, 1, {"token_type": "input"})
    sumless.ClearField("sum")
    assert decoded(metrics(histogram("codex.turn.token_usage", sumless))).rejected == 1


def test_things_of_one_request_are_bounded() -> None:
    made = counter(
        "gemini_cli.tool.call.count", *(point(60_000, {"function_name": str(number)}) for number in range(2))
    )
    found = decoded(metrics(made))
    assert (len(found.rows), found.rejected) == (60_000, 1)


def test_points_without_a_value_are_none() -> None:
    empty = point(5, {"type": "input"})
    empty.flags = 1
    assert rows(metrics(counter("claude_code.token.usage", empty))) == []
