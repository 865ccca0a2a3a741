"""How long a store on ClickHouse takes to settle new metrics beside those that it has: used by `clickhouse.py`."""

from __future__ import annotations

import json
import statistics
import tempfile
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final

from tachograph.ingest.reader import plan_paths, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tachograph.store.clickhouse.store import ClickHouseStore

BATCHES: Final = (1_000, 100_000)
_SINCE: Final = "2025-12-31T{:02d}:{:02d}:{:02d}Z"
_NUMBERS: Final = count()


def settling(store: ClickHouseStore, runs: int) -> Iterator[tuple[int, float]]:
    """Sizes of batches, and the median of the seconds from a log of so many metrics to metrics that are settled.

    Half of them are of sessions that the store knows, the others of new ones; one in a hundred it has already.
    """
    newest = "FROM metrics WHERE session_id IS NOT NULL AND seq > (SELECT max(seq) - 4000 FROM metrics)"
    known = [row for (row,) in store.connection.execute(f"SELECT DISTINCT session_id {newest}").fetchall()]
    ids = [row for (row,) in store.connection.execute(f"SELECT id {newest} ORDER BY id").fetchall()]
    for size in BATCHES:
        yield size, statistics.median(_seconds(store, size, known, ids) for _ in range(runs))


def _seconds(store: ClickHouseStore, size: int, known: list[str], ids: list[str]) -> float:
    number = next(_NUMBERS)
    with tempfile.TemporaryDirectory() as folder:
        lines = (json.dumps(_metric(f"{number}-{place}", place, known, ids)) for place in range(size))
        Path(folder, f"metrics_20251231_{number:06d}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        begun = perf_counter()
        read(store, plan_paths(store, [Path(folder)], "metrics-log"))
        return perf_counter() - begun


def _metric(name: str, place: int, known: list[str], ids: list[str]) -> dict[str, object]:
    return {
        "id": ids[place % len(ids)] if place % 100 == 0 else name,
        "timestamp": _SINCE.format(place % 24, place % 60, place // 60 % 60),
        "type": "tool_use",
        "session_id": known[place % len(known)] if place % 2 else f"new-{name.partition('-')[0]}-{place // 200}",
        "user_id": "ana",
        "data": {"tool_name": "Bash", "duration_ms": place},
    }
