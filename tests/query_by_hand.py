"""Histories of a few lines, and what the slow reading answers of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from oracle import read_lines
from oracle.queries import answer
from tachograph.query.model import Query


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def line(n: int | str, at: str = "2026-03-01T09:00:00Z", type: str = "tool_use", **fields: Any) -> bytes:
    """A line; what isn't a field of the line itself goes into its data."""
    own = {name: fields.pop(name) for name in ("session_id", "user_id") if name in fields}
    return json.dumps({"id": f"m{n}", "timestamp": at, "type": type, **own, "data": fields}).encode()


def ask(lines: list[bytes], *measures: str, zone: str = "UTC", **asked: Any) -> dict[str, Any]:
    metrics, rejects = read_lines(lines)
    assert rejects == []
    for name in ("start", "end"):
        if name in asked:
            asked[name] = moment(asked[name])
    return answer(metrics, Query(measures=measures or ("count",), zone=ZoneInfo(zone), **asked))


def total(lines: list[bytes], measure: str, **asked: Any) -> Any:
    return ask(lines, measure, **asked)["total"][measure]


def cells(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """The rows' values, without the names of their columns."""
    return [tuple(row.values()) for row in rows]


def rows(lines: list[bytes], *measures: str, **asked: Any) -> list[tuple[Any, ...]]:
    return cells(ask(lines, *measures, **asked)["rows"])
