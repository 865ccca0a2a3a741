"""Logs in a store, in each of the forms in which it can hold them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import strategies as st

from tachograph import MetricsParser, Store
from tachograph.ingest.reader import plan_paths, read
from tachograph.store.clickhouse.store import ClickHouseStore
from tachograph.store.rollup import roll_up
from there import on_clickhouse

EMBEDDED = ("ingested", "rolled", "half rolled")
FORMS = (*EMBEDDED, "clickhouse", "clickhouse rolled", "clickhouse half rolled")
"""Answered from rows, from the sums of all rows, from the sums of those read first and the rows read after them; the same
on ClickHouse, of rows that were settled in two commits."""
ANY_FORM = st.sampled_from((*EMBEDDED * 4, *FORMS[3:]))
"""A form; mostly of the embedded store, which is quicker."""


def store_of(lines: list[bytes], form: str) -> Store:
    """A store in memory with the metrics of these lines, in one of `FORMS`. Of an id the first one counts."""
    store = on_clickhouse() if "clickhouse" in form else Store.in_memory()
    first = len(lines) // 2 if "half" in form or "clickhouse" in form else len(lines)
    with tempfile.TemporaryDirectory() as folder:
        _read(store, Path(folder) / "metrics_20260101_000000.jsonl", lines[:first])
        if form.endswith("half rolled") or form == "rolled":
            _roll_up(store)
        if first < len(lines):
            _read(store, Path(folder) / "metrics_20260101_000001.jsonl", lines[first:])
        if form == "clickhouse rolled":
            _roll_up(store)
    return store


def _read(store: Store, log: Path, lines: list[bytes]) -> None:
    log.write_bytes(b"\n".join(lines) + b"\n")
    read(store, plan_paths(store, MetricsParser(log).files(), "metrics-log"))


def _roll_up(store: Store) -> None:
    if isinstance(store, ClickHouseStore):
        store.roll_up()
    else:
        roll_up(store.connection)
