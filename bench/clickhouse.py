"""The same metrics in the embedded store and on ClickHouse: how fast they move, what they take, how fast it answers.

usage: uv run bench/clickhouse.py [--metrics N] [--runs N] [--address clickhouse://…/EMPTY_DATABASE]

Without an address it is ClickHouse's engine in this process, with one year's store in bench/.cache. Both engines are
asked in this process, in turn; the median is printed, and the answers are compared. Both answer once with their sums by
quarter of an hour, and once from their metrics. At the end, more metrics are settled there.
"""

from __future__ import annotations

import math
import os
import shutil
import statistics
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

from clickhouse_settling import settling
from options import parser_of, positive
from scale_dashboard import QUERIES
from scale_rounds import CACHE, store_of
from scale_store import STORE
from tachograph.aggregate import compute as computing
from tachograph.aggregate.question import AggregationType, question
from tachograph.query import side
from tachograph.query.model import Query
from tachograph.query.run import run
from tachograph.store.clickhouse.moving import Moving
from tachograph.store.clickhouse.store import ClickHouseStore
from tachograph.store.clickhouse.tables import tables
from tachograph.store.duckdb import Store
from tachograph.store.place import StorePlace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tachograph.aggregate.question import Question

    Asked = Question | Query

_ZONE: Final = "Europe/Rome"
_NINE: Final = [kind for kind in AggregationType if kind is not AggregationType.BY_MODEL]
_CLOSE: Final = 1e-9


def _questions() -> Iterator[tuple[str, Asked]]:
    for kind in _NINE:
        by_session = kind is AggregationType.BY_SESSION
        order, limit = ("-tokens", 1000) if by_session else (None, None)
        yield kind.value, question(kind, zone=_ZONE, order=order, limit=limit)
    for query in QUERIES:
        by = f" by {', '.join(query.by)}" if query.by else ""
        yield f"30 days: {', '.join(query.measures[:2])}{by}", query


def _answer(store: Store, asked: Asked) -> Any:
    if isinstance(asked, Query):
        found = run(store, asked)
        return {"total": found.total, "rows": found.rows}
    return computing.compute(store, asked).to_dict()


def _timed(ask: Callable[[], Any]) -> tuple[float, Any]:
    begun = perf_counter()
    answer = ask()
    return perf_counter() - begun, answer


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=_CLOSE)
    return bool(one == other)


def _without_sums(store: Store, asked: Asked) -> Any:
    """The answer from metrics alone."""
    with patch.object(computing, "rolled_for", lambda *_: None), patch.object(side, "sums_for", lambda *_: None):
        return _answer(store, asked)


def _size(moved: ClickHouseStore, like: str) -> int:
    found = moved.connection.ask(
        "SELECT sum(bytes_on_disk) FROM system.parts"
        " WHERE active AND database = {database:String} AND table LIKE {like:String}",
        {"database": moved.connection.database, "like": like},
    )
    return int(found.fetchone()[0] or 0)


def main() -> None:
    """Moves the store, asks both, prints the tables."""
    parser = parser_of(__doc__)
    parser.add_argument("--metrics", type=positive, default=10_000_000, help="how many (default: 10,000,000)")
    parser.add_argument("--runs", type=positive, default=3, help="how often each is asked (default: 3)")
    parser.add_argument("--address", help="an empty database on a server, instead of the engine in this process")
    options = parser.parse_args()
    CACHE.mkdir(exist_ok=True)
    folder = store_of(options.metrics)
    made = nullcontext("") if options.address else tempfile.TemporaryDirectory(dir=CACHE)
    with made as there:
        _compare(folder / STORE, options, Path(there) / "clickhouse" if there else None)
    sys.stdout.flush()
    os._exit(0)  # the engine in the process takes its time to end


def _compare(file: Path, options: Any, own: Path | None) -> None:
    place = StorePlace(file, options.address or f"chdb://{own}")
    with Store.open(file, read_only=True) as embedded, place.open() as moved:
        assert isinstance(moved, ClickHouseStore)
        moving = Moving(embedded, moved)
        seconds, _ = _timed(lambda: [None for _ in moving.portions()])
        different = moving.differences()
        assert not different, different
        rate = options.metrics / seconds
        summing, _ = _timed(moved.roll_up)
        for name in tables():
            moved.connection.do(
                f"OPTIMIZE TABLE {moved.connection.database}.{name} FINAL"
            )  # as an hour later by itself
        print(
            f"{options.metrics:,} metrics moved in {seconds:.1f} s: {rate:,.0f} a second; summed in {summing:.1f} s\n"
        )
        wide = file.stat().st_size / options.metrics
        of_metrics, of_ids, of_all = (_size(moved, name) / options.metrics for name in ("metrics", "minutes", "%"))
        print(
            f"bytes per metric: {wide:.1f} embedded, with its sums;"
            f" on ClickHouse {of_metrics:.1f}, {of_ids:.1f} for finding them, {of_all:.1f} with sums\n"
        )
        print(
            "| question | embedded s | from its metrics s | ClickHouse s | from its metrics s |\n|---|--:|--:|--:|--:|"
        )
        for name, asked in _questions():
            print(f"| {name} | {' | '.join(_row(embedded, moved, asked, options.runs))} |", flush=True)
        for size, seconds in settling(moved, options.runs):
            print(f"\n{size:,} more read and settled in {seconds:.2f} s: {size / seconds:,.0f} a second")
    if own:
        shutil.rmtree(own, ignore_errors=True)


def _row(embedded: Store, moved: Store, asked: Asked, runs: int) -> list[str]:
    ways = (
        lambda: _answer(embedded, asked),
        lambda: _without_sums(embedded, asked),
        lambda: _answer(moved, asked),
        lambda: _without_sums(moved, asked),
    )
    times: list[list[float]] = [[] for _ in ways]
    for _ in range(runs):
        answers = []
        for way, taken in zip(ways, times, strict=True):
            seconds, answer = _timed(way)
            taken.append(seconds)
            answers.append(answer)
        assert all(_same(answers[0], answer) for answer in answers[1:]), asked
    return [f"{statistics.median(taken):.2f}" for taken in times]


if __name__ == "__main__":
    main()
