"""Looks for bodies of OTLP requests that `decode` doesn't bear, guided by what of the code they reach.

    uv run --extra fuzz fuzz/otlp.py [FOLDER] [-max_total_time=300] [other options of libFuzzer]

FOLDER keeps what was found worth keeping; it begins with a request of each signal and form. The first byte of an input
says which of them the rest is. What is found is written to `crash-…` in the current folder.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["tachograph.otlp", "tachograph.sources"]):
    from tachograph.otlp import Series, Undecodable, decode

from tachograph.columns import COLUMNS
from tachograph.metric import INT64_MAX, METRIC_TYPES

KINDS = [(signal, form) for form in ("protobuf", "json") for signal in ("logs", "metrics", "traces")]
BESIDE_COLUMNS = {"witness", "request_id"}


def check(data: bytes) -> None:
    """Whatever the body is, it is refused as one or comes to rows that the store takes, the same ones each time."""
    signal, form = KINDS[data[0] % len(KINDS)] if data else KINDS[0]
    try:
        decoded = decode(signal, data[1:], form)
    except Undecodable:
        return
    again = decode(signal, data[1:], form)
    if (again.rows, again.points) != (decoded.rows, decoded.points):
        raise AssertionError("a request that is sent again comes to other rows")
    for _, row in decoded.rows + Series().increments(decoded.points, heard_us=0):
        check_row(row)


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
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
    from exported import (  # noqa: PLC0415 - it is found only now
        as_json,
        counter,
        durations,
        event,
        histogram,
        logs,
        metrics,
        point,
        span,
        traces,
    )

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
