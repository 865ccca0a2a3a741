"""By how much counters have grown, as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tachograph.metric import ADDED_TOKEN_KINDS, MetricType
from tachograph.otlp.counters import COUNTERS, Counter
from tachograph.otlp.decoded import COUNTER, Point, Row
from tachograph.otlp.genai import usage

if TYPE_CHECKING:
    from collections.abc import Iterable


THINGS_MAX: Final = 100_000
"""So many things may a request count, and so may one of its points: each is a metric of its own."""


_MOST: Final = 2**60
"""Of one kind of token: so the sum of all kinds fits in 64 bits, whatever many processes may claim at once."""


class Increment(NamedTuple):
    """What came to a counter by one of its points: of a histogram the sum, and how many things that is."""

    point: Point
    value: float
    things: int


def rows_of(increments: Iterable[Increment]) -> list[tuple[str, Row]]:
    """The metrics that increments come to: those of one group and moment are one; things are as many as they are."""
    rows: list[tuple[str, Row]] = []
    amounts: dict[tuple[str, int], list[Increment]] = {}
    for increment in increments:
        point = increment.point
        counter = COUNTERS[point.counter]
        if counter.counts_amounts:
            amounts.setdefault((point.group, point.ts), []).append(increment)
        else:
            rows += [(point.source, row) for row in _things(increment, counter)]
    rows += [(group[0].point.source, _used(group)) for group in amounts.values()]
    return rows


def _things(increment: Increment, counter: Counter) -> Iterable[Row]:
    point, count, each = increment.point, increment.things, counter.milliseconds
    took = increment.value / count * each if each is not None and count else None
    row: Row = {"id": "", "ts": point.ts, "type": counter.type.value, **point.row}
    if took is not None:
        row["duration_ms"] = took
    session = point.row.get("session_id")
    if counter.part is not None and session:
        if count:
            yield row | {"id": f"{point.source}:{session}:{counter.part}"}
        return
    for number in range(count):
        yield row | {"id": f"{point.source}:otlp:{point.series}:{point.ts}:{number}", "witness": COUNTER}


def _used(group: list[Increment]) -> Row:
    """The metric of a group. Of one series the same point may be there twice; several are several processes."""
    point = group[0].point
    apart: dict[tuple[str, str], float] = {}
    for increment in group:
        key = increment.point.kind or "", increment.point.series
        apart[key] = max(apart.get(key, 0), increment.value)
    counted: dict[str, float] = {}
    for (kind, _), value in apart.items():
        counted[kind] = min(counted.get(kind, 0) + value, _MOST)
    began = min(increment.point.began for increment in group)
    kinds = {kind: int(value) for kind, value in counted.items() if not kind.startswith("cost")}
    row: Row = {
        "id": f"{point.source}:otlp:{point.group}:{began}:{point.ts}",
        "ts": point.ts,
        "type": MetricType.TOKEN_USAGE.value,
        "witness": COUNTER,
        **point.row,
        **_tokens(kinds, disjoint=COUNTERS[point.counter].disjoint),
    }
    cost = counted.get("cost_usd")
    return row if cost is None else {**row, "cost_usd": float(cost)}


def _tokens(kinds: dict[str, int], *, disjoint: bool) -> Row:
    """The kinds of a group: what is a part of another is taken off it, or as with thoughts added to it."""
    if disjoint:
        row: Row = {f"{kind}_tokens": value for kind, value in kinds.items()}
        return row | {"token_count": sum(row[kind] for kind in ADDED_TOKEN_KINDS if kind in row)} if row else row
    thoughts = kinds.get("thought")
    used = usage(
        _added(kinds, "input", "tool"),
        _added(kinds, "output", "thought"),
        kinds.get("cache_read"),
        kinds.get("cache_write"),
        kinds.get("reasoning") if thoughts is None else thoughts,
    )
    return {kind: value for kind, value in used.items() if value is not None}


def _added(kinds: dict[str, int], *parts: str) -> int | None:
    told = [kinds[part] for part in parts if part in kinds]
    return sum(told) if told else None
