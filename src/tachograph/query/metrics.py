"""The metrics themselves that a query's range and filter let through, in the order of time: for exports."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from tachograph.aggregate.windows import DAY_US
from tachograph.metric import DATA_FIELDS, EPOCH
from tachograph.prices import UNITS_PER_DOLLAR, in_dollars
from tachograph.query.fields import FIELDS
from tachograph.query.selection import DAY
from tachograph.query.singles import Singles
from tachograph.store.parquet import can_copy, copy_to_parquet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tachograph.query.model import Query
    from tachograph.store.duckdb import Store
    from tachograph.tables import Columns, Kind

_AT_ONCE: Final = 50_000
"""Metrics that are in memory together, unless one day has more."""
_KINDS: Final[Mapping[str, Kind]] = {"string": "text", "boolean": "flag", "number": "float", "integer": "whole"}
_DATA: Final = tuple(field for field in DATA_FIELDS if field.name != "duration_seconds")
_OWNED: Final = {"user_id": "user", "project_path": "project"}
_LABELS: Final = ("id", "timestamp", "type", "session_id", "user_id")
METRIC_COLUMNS: Final[Columns] = (
    *((name, "time" if name == "timestamp" else "text") for name in _LABELS),
    *((field.name, _KINDS[field.kind]) for field in _DATA),
    ("source", "text"),
    ("extra", "text"),
    ("metadata", "text"),
    ("other", "text"),
)
"""The columns of exported metrics. `cost_usd` is what it cost, as in answers; `extra`, `metadata`, `other` are JSON.

`extra` are keys of `data` that the engine doesn't know, `other` such keys beside it.
"""
_NAMES: Final = [name for name, _ in METRIC_COLUMNS]
_PLACES: Final = {name: place for place, name in enumerate(_NAMES)}
_REPORTED: Final = len(METRIC_COLUMNS)
"""Where, after the columns, the cost stands that the log itself reported."""


def metric_rows(store: Store, query: Query) -> Iterator[list[list[Any]]]:
    """The metrics in portions, each a value per column and, after them, the cost that its log reported.

    A metric belongs to its session's user and project where it names none. Only the query's range, filter and zone
    count. Condensed metrics have no detail, and aren't among them.
    """
    singles = Singles(store, query, _OWNED.values())
    chosen = ", ".join(_expression(name) for name in _NAMES)
    time, cost = _PLACES["timestamp"], _PLACES["cost_usd"]
    for first, last in _stretches(singles):
        found = singles.asked(f"""
            SELECT {chosen}, metrics.cost_usd
            {singles.rows} AND metrics.ts >= {first * DAY_US} AND metrics.ts < {(last + 1) * DAY_US}
            ORDER BY metrics.ts, metrics.id
        """)
        portion = [list(row) for row in found.fetchall()]
        for row in portion:
            row[time] = stamp(row[time])
            row[cost] = None if row[cost] is None else in_dollars(row[cost])
        yield portion


def _stretches(singles: Singles) -> Iterator[tuple[int, int]]:
    """The first and the last day of stretches that have some metrics, and not too many unless one day has."""
    counted = singles.asked(f"""
        SELECT {DAY.format(moment="metrics.ts")} AS day, count(*) {singles.rows} GROUP BY day ORDER BY day
    """).fetchall()
    first: int | None = None
    last, number = 0, 0
    for day, count in counted:
        if first is not None and number + count > _AT_ONCE:
            yield first, last
            first, number = None, 0
        first = day if first is None else first
        last, number = day, number + count
    if first is not None:
        yield first, last


def copy_metrics(store: Store, query: Query, path: Path) -> bool:
    """The same as a Parquet file, by the engine itself, which is ten times as quick; False where it can't."""
    if not can_copy(store.connection):
        return False
    singles = Singles(store, query, _OWNED.values())
    typed = {"timestamp": "make_timestamptz(metrics.ts)", "cost_usd": f"metrics.cost / {UNITS_PER_DOLLAR:.0e}"}
    chosen = ", ".join(f"{typed.get(name) or _expression(name)} AS {name}" for name in _NAMES)
    sql = f"SELECT {chosen} {singles.rows} ORDER BY metrics.ts, metrics.id"
    copy_to_parquet(store.connection, sql, singles.parameters(sql), path)
    return True


def _expression(name: str) -> str:
    if name in _OWNED:
        return FIELDS[_OWNED[name]].sql
    return {"timestamp": "metrics.ts", "cost_usd": "metrics.cost"}.get(name, f"metrics.{name}")


def stamp(us: int) -> str:
    """A moment in ISO 8601, UTC, to the microsecond."""
    return (EPOCH + timedelta(microseconds=us)).isoformat(timespec="microseconds")


def columns_alone(row: Sequence[Any]) -> Sequence[Any]:
    """A row without what stands after its columns."""
    return row[:_REPORTED]


def open_form(row: Sequence[Any]) -> dict[str, Any]:
    """A metric as a line of a metrics log, from which it can be read again; its cost is what its log reported."""
    value = dict(zip(_NAMES, row, strict=False))
    value["cost_usd"] = row[_REPORTED]
    data = {field.name: value[field.name] for field in _DATA if value[field.name] is not None}
    document: dict[str, Any] = {name: value[name] for name in _LABELS}
    document["data"] = data | _object(value["extra"])
    document["metadata"] = _object(value["metadata"])
    return document | {name: kept for name, kept in _object(value["other"]).items() if name not in document}


def _object(text: str | None) -> dict[str, Any]:
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}
