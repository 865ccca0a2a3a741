"""Whatever a request holds: it is refused as a whole, or comes to rows that a store takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from exported import (
    as_json,
    counter,
    decoded,
    durations,
    event,
    histogram,
    logs,
    metrics,
    point,
    signal_of,
    span,
    traces,
)
from tachograph.columns import COLUMNS, ColumnBuilder, add_dicts
from tachograph.metric import METRIC_TYPES
from tachograph.otlp import (
    Decoded,
    Form,
    Series,
    Signal,
    Undecodable,
    claude_events,
    claude_spans,
    codex_events,
    counters,
    decode,
    gemini_events,
    genai_events,
    genai_spans,
)

if TYPE_CHECKING:
    from google.protobuf.message import Message

EVENTS = claude_events.EVENTS | codex_events.EVENTS | gemini_events.EVENTS | genai_events.EVENTS
SPANS = claude_spans.SPANS | genai_spans.SPANS
KEYS = sorted(
    counters.ABOUT_KEYS.union(
        *(mapping.wanted for mapping in (*EVENTS.values(), *SPANS.values())), {"gen_ai.operation.name"}
    )
)
NOT_COLUMNS = {"witness", "request_id"}

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(0, 1000),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["true", "5", "-1", "1e400", "NaN", "response.completed", "reject", "input", "output", "429"]),
    st.binary(max_size=5),
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner), max_leaves=5
)
attributes = st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=10), values, max_size=12)
numbers = st.one_of(st.integers(-10, 50), st.integers(-(2**63), 2**63 - 1), st.floats())
services = st.sampled_from(["", "claude-code", "codex_cli_rs", "gemini-cli", "github-copilot", "shop"])


@st.composite
def requests(draw: st.DrawFn) -> Message:
    """A request of any signal whose names are mostly known and whose attributes may be anything."""
    service = draw(services)
    kind = draw(st.sampled_from(["logs", "metrics", "traces"]))
    given = draw(st.lists(attributes, max_size=4))
    if kind == "logs":
        names = st.sampled_from(sorted(EVENTS)) | st.text(max_size=10)
        return logs(*(event(draw(names), each, body=draw(st.text(max_size=5))) for each in given), service=service)
    if kind == "traces":
        names = st.sampled_from(sorted(SPANS)) | st.text(max_size=10)
        spans = [(draw(names), each) for each in given]
        return traces(
            *(
                span(name, {"gen_ai.operation.name": name, **each}, took=draw(st.floats(-1, 1e6)))
                for name, each in spans
            ),
            service=service,
        )
    made = []
    for each in given:
        name, temporality = draw(st.sampled_from(sorted(counters.COUNTERS))), draw(st.integers(0, 2))
        if draw(st.booleans()):
            made.append(counter(name, point(draw(numbers), each), temporality=temporality))
        else:
            made.append(
                histogram(name, durations(draw(st.floats()), draw(st.integers(0, 2000)), each), temporality=temporality)
            )
    return metrics(*made, service=service)


def check(found: Decoded) -> None:
    """All rows are metrics, and columns take them."""
    series = Series()
    rows = [row for _, row in found.rows + series.increments(found.points, heard_us=0)]
    for row in rows:
        assert {"id", "ts", "type"} <= row.keys() <= COLUMNS.keys() | NOT_COLUMNS
        assert row["type"] in METRIC_TYPES
        assert row.get("witness") in {None, 1, 2, 3}
        counted = [value for name, value in row.items() if name.endswith("_tokens") or name == "token_count"]
        assert all(isinstance(count, int) and 0 <= count < 2**63 for count in counted)
        assert 0 <= row.get("cost_usd", 0) < 1e13
        assert 0 <= row.get("duration_ms", 0) < 1e16
    if rows:
        builder = ColumnBuilder()
        add_dicts(builder, rows)
        assert builder.batch().length == len(rows)
    assert bool(found.reason) == bool(found.rejected)
    assert series.increments(found.points, heard_us=0) == []


def check_body(signal: Signal, body: bytes, form: Form) -> None:
    """A body is refused as such, or its rows are metrics."""
    try:
        found = decode(signal, body, form)
    except Undecodable as refusal:
        reason = str(refusal)
    else:
        reason = "the body is no news"
        check(found)
    assert reason.startswith("the body is no ")


@given(requests())
def test_any_attributes_come_to_rows_or_are_refused_and_to_the_same_in_both_forms(request: Message) -> None:
    found = decoded(request)
    check(found)
    assert decoded(request) == found
    in_json = decode(signal_of(request), as_json(request), "json")
    assert (in_json.rows, in_json.points, in_json.rejected) == (found.rows, found.points, found.rejected)


@given(st.binary(max_size=200), st.sampled_from(["logs", "metrics", "traces"]), st.sampled_from(["protobuf", "json"]))
def test_any_bytes_are_a_request_or_refused(body: bytes, signal: Signal, form: Form) -> None:
    check_body(signal, body, form)


@given(requests(), st.data())
def test_a_damaged_request_is_read_or_refused(request: Message, data: st.DataObject) -> None:
    form: Form = data.draw(st.sampled_from(["protobuf", "json"]))
    body = bytearray(request.SerializeToString() if form == "protobuf" else as_json(request))
    for _ in range(data.draw(st.integers(1, 3))):
        if body:
            body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    check_body(signal_of(request), bytes(body), form)


json_parts: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            [
                "resourceLogs", "scopeLogs", "logRecords", "resource", "attributes", "key", "value", "stringValue",
                "resourceMetrics", "scopeMetrics", "metrics", "sum", "dataPoints", "asInt", "aggregationTemporality",
                "resourceSpans", "scopeSpans", "spans", "name", "spanId", "timeUnixNano", "body", "intValue",
            ]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


@given(json_parts, st.sampled_from(["logs", "metrics", "traces"]))
def test_any_json_is_a_request_or_refused(document: Any, signal: Signal) -> None:
    check_body(signal, msgspec.json.encode(document), "json")
