"""How long it takes to condense half a year on ClickHouse, what memory that needs, and what it gives back.

usage: uv run --extra dev bench/condensing.py [--metrics N] [--address clickhouse://…/EMPTY_DATABASE]

A year's made-up store is moved there and summed; what happened in its first half is condensed by day. Answers from
before and after are compared, in counts, sums and extremes. Without an address it is ClickHouse's engine in this
process, whose memory is this process's.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from options import parser_of, positive
from scale_rounds import CACHE, store_of
from scale_store import STORE
from tachograph.aggregate import compute as computing
from tachograph.aggregate.question import AggregationType, question
from tachograph.retention.detail import condense_detail
from tachograph.retention.policy import DetailPolicy
from tachograph.store.clickhouse.moving import Moving
from tachograph.store.clickhouse.store import ClickHouseStore
from tachograph.store.clickhouse.tables import tables
from tachograph.store.duckdb import Store
from tachograph.store.place import StorePlace

if TYPE_CHECKING:
    from collections.abc import Callable

_AGE: Final = timedelta(days=30)
_AT: Final = datetime(2025, 7, 1, tzinfo=UTC) + _AGE
_KINDS: Final = (AggregationType.DAILY, AggregationType.BY_TOOL, AggregationType.BY_PROJECT)
_SHOWN_MB: Final = 0.1
_INEXACT: Final = ("p50_ms", "p95_ms", "p99_ms", "condensed")


def _answers(store: Store) -> dict[str, Any]:
    return {kind.value: _exact(computing.compute(store, question(kind)).to_dict()) for kind in _KINDS}


def _exact(answer: Any) -> Any:
    """What stays exact of an answer."""
    if isinstance(answer, dict):
        return {name: _exact(value) for name, value in answer.items() if name not in _INEXACT}
    return list(map(_exact, answer)) if isinstance(answer, list) else answer


def _timed(what: Callable[[], Any]) -> tuple[float, Any]:
    begun = perf_counter()
    answer = what()
    return perf_counter() - begun, answer


def _forget_peak() -> None:
    """From now on `_peak_mb` is of what comes (Linux)."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak_mb() -> float:
    (line,) = (line for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines() if "VmHWM" in line)
    return int(line.split()[1]) / 1024


def _sizes(moved: ClickHouseStore) -> dict[str, float]:
    """MB by table."""
    found = moved.connection.ask(
        "SELECT name, total_bytes FROM system.tables WHERE database = {database:String}",
        {"database": moved.connection.database},
    )
    return {name: (taken or 0) / 1e6 for name, taken in found.fetchall()}


def main() -> None:
    """Moves the store, condenses half of it, prints what that took."""
    parser = parser_of(__doc__)
    parser.add_argument("--metrics", type=positive, default=1_000_000, help="how many (default: 1,000,000)")
    parser.add_argument("--address", help="an empty database on a server, instead of the engine in this process")
    options = parser.parse_args()
    CACHE.mkdir(exist_ok=True)
    file = store_of(options.metrics) / STORE
    own = None if options.address else Path(tempfile.mkdtemp(dir=CACHE))
    with StorePlace(file, options.address or f"chdb://{own}").open() as moved:
        assert isinstance(moved, ClickHouseStore)
        with Store.open(file, read_only=True) as embedded:
            for _ in Moving(embedded, moved).portions():
                pass
        moved.roll_up()
        for name in tables():  # as an hour later by itself
            moved.connection.do(f"OPTIMIZE TABLE {moved.connection.database}.{name} FINAL")
        _condense(moved)
    if own:
        shutil.rmtree(own, ignore_errors=True)
    sys.stdout.flush()
    os._exit(0)  # the engine in the process takes its time to end


def _condense(moved: ClickHouseStore) -> None:
    before, sizes = _answers(moved), _sizes(moved)
    _forget_peak()
    resting = _peak_mb()
    seconds, plan = _timed(lambda: condense_detail(moved, DetailPolicy(_AGE), _AT))
    peak = _peak_mb()
    after, left = _answers(moved), _sizes(moved)
    assert before == after, [kind for kind in before if before[kind] != after[kind]]
    (rows,) = moved.connection.execute("SELECT count(*) FROM condensed").fetchone() or (0,)
    rate = plan.metrics / seconds
    print(f"{plan.metrics:,} metrics condensed in {seconds:.1f} s, {rate:,.0f} a second, to {rows:,} rows")
    print(f"memory: {resting:,.0f} MB before, {peak:,.0f} MB at most")
    print(f"{sum(sizes.values()):,.1f} MB before, {sum(left.values()):,.1f} MB after\n")
    print("| table | MB before | MB after |\n|---|--:|--:|")
    for name in sorted(sizes, key=lambda name: -sizes[name] - left[name]):
        if max(sizes[name], left[name]) >= _SHOWN_MB:
            print(f"| {name} | {sizes[name]:.1f} | {left[name]:.1f} |")


if __name__ == "__main__":
    main()
