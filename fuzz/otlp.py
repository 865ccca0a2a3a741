"""Looks for bodies of OTLP requests that `decode` doesn't bear, guided by what of the code they reach.

    uv run --extra fuzz fuzz/otlp.py [FOLDER] [-max_total_time=300] [other options of libFuzzer]

FOLDER keeps what was found worth keeping; it begins with a request of each signal and form. The first byte of an input
says which of them the rest is, or that a request is to be made of it, with names that are known and any values.
What is found is written to `crash-…` in the current folder.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["tachograph.otlp", "tachograph.sources"]):
    from tachograph.otlp import Series, Undecodable, claude_spans, counters, decode, genai_spans
    from tachograph.otlp.logs import EVENTS

from tachograph.columns import COLUMNS
from tachograph.metric import INT64_MAX, METRIC_TYPES

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from exported import as_json, counter, durations, event, histogram, logs, metrics, point, signal_of, span, traces

SPANS = claude_spans.SPANS | genai_spans.SPANS
KINDS = [(signal, form) for form in ("protobuf", "json") for signal in ("logs", "metrics", "traces")]
BESIDE_COLUMNS = {"witness", "request_id"}


def check(data: bytes) -> None:
    """Whatever the body is, it is refused as one or comes to rows that the store takes, the same ones each time."""
    kind = data[0] % (len(KINDS) + 1) if data else 0
    if kind < len(KINDS):
        signal, form = KINDS[kind]
        body = data[1:]
    else:
        request = made(atheris.FuzzedDataProvider(data[1:]))
        signal, form, body = signal_of(request), "protobuf", request.SerializeToString()
        check_body(signal, "json", as_json(request))
    check_body(signal, form, body)


def check_body(signal: str, form: str, body: bytes) -> None:
    """A body is refused as such, or comes to rows, and to the same ones again."""
    try:
        decoded = decode(signal, body, form)
    except Undecodable:
        return
    again = decode(signal, body, form)
    if (again.rows, again.points) != (decoded.rows, decoded.points):
        raise AssertionError("a request that is sent again comes to other rows")
    for _, row in decoded.rows + Series().increments(decoded.points, heard_us=0):
        check_row(row)


def made(data: Any) -> Any:
    """A request with known names and any values."""
    kind, service = data.ConsumeIntInRange(0, 2), data.PickValueInList(["claude-code", "codex", "github-copilot", ""])
    if kind == 0:
        name = data.PickValueInList(sorted(EVENTS))
        return logs(event(name, attributes(data, EVENTS[name].wanted)), service=service)
    if kind == 1:
        name = data.PickValueInList(sorted(SPANS))
        about = {"gen_ai.operation.name": name, **attributes(data, SPANS[name].wanted)}
        return traces(span(name, about, took=data.ConsumeIntInRange(-1, 10**6), failed=data.ConsumeBool()))
    name, temporality = data.PickValueInList(sorted(counters.COUNTERS)), data.ConsumeIntInRange(0, 2)
    about = attributes(data, counters.ABOUT_KEYS)
    amount = data.ConsumeFloat() if data.ConsumeBool() else data.ConsumeInt(8)
    if data.ConsumeBool():
        return metrics(counter(name, point(amount, about), temporality=temporality), service=service)
    timed = durations(float(amount), data.ConsumeIntInRange(0, 100), about)
    return metrics(histogram(name, timed, temporality=temporality), service=service)


def attributes(data: Any, wanted: frozenset[str]) -> dict[str, Any]:
    """Some of the attributes that are looked at, with any values."""
    keys = sorted(wanted)
    return {data.PickValueInList(keys): value(data) for _ in range(data.ConsumeIntInRange(0, 12))}


def value(data: Any) -> Any:
    """A value of an attribute."""
    kind = data.ConsumeIntInRange(0, 5)
    if kind == 0:
        return data.ConsumeUnicodeNoSurrogates(12)
    if kind == 1:
        return data.ConsumeInt(8)
    if kind == 2:
        return data.ConsumeFloat()
    if kind == 3:
        return data.ConsumeBool()
    return str(data.ConsumeIntInRange(0, 2000)) if kind == 4 else [data.ConsumeBytes(3)]


def check_row(row: dict[str, Any]) -> None:
    """A row has an id, a moment and a type, and values of its columns' kinds."""
    if not {"id", "ts", "type"} <= row.keys() or row["type"] not in METRIC_TYPES:
        raise AssertionError(f"no metric: {row}")
    for name, value in row.items():
        kind = "int64" if name == "witness" else COLUMNS.get(name, "words")
        if name not in COLUMNS and name not in BESIDE_COLUMNS:
            raise AssertionError(f"no column: {name}")
        fits = {
            "int64": isinstance(value, int) and 0 <= value <= INT64_MAX,
            "float64": isinstance(value, float) and 0 <= value < 1e16,
            "words": isinstance(value, str | bool),
            "key": isinstance(value, str) and bool(value),
        }[kind]
        if not fits:
            raise AssertionError(f"{name} can't be {value!r}")


def write_seeds(folder: Path) -> None:
    """A request of each signal and form, from those that the tests are made of."""
    usage = {"session.id": "s", "request_id": "r", "model": "m", "input_tokens": "5", "cost_usd": 0.5, "success": True}
    requests = (
        logs(event("api_request", usage, body="claude_code.api_request"), service="claude-code"),
        metrics(
            counter("claude_code.token.usage", point(5, {"type": "input"}), temporality=2),
            histogram("codex.tool.call.duration_ms", durations(5, 2, {"tool": "t"})),
        ),
        traces(span("chat", {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 5})),
    )
    folder.mkdir(parents=True, exist_ok=True)
    for number, request in enumerate(requests):
        (folder / f"seed-{number}").write_bytes(bytes([number]) + request.SerializeToString())
        (folder / f"seed-{number + 3}").write_bytes(bytes([number + 3]) + as_json(request))


def main() -> None:
    """Runs until something is found, or for as long as libFuzzer's options say."""
    for folder in sys.argv[1:]:
        if not folder.startswith("-"):
            write_seeds(Path(folder))
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
