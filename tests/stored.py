"""Logs in a store, in each of the forms in which it can hold them."""

from __future__ import annotations

import tempfile
from importlib import import_module
from pathlib import Path

from tachograph import MetricsParser, Store
from tachograph.ingest.reader import plan_paths, read

FORMS = ("ingested", "rolled")


def store_of(lines: list[bytes], form: str) -> Store:
    """A store in memory with these lines: as they were ingested, or `rolled` up, all of them."""
    store = Store.in_memory()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "metrics_20260101_000000.jsonl"
        log.write_bytes(b"\n".join(lines) + b"\n")
        read(store, plan_paths(store, MetricsParser(log).files(), "metrics-log"))
    if form == "rolled":
        import_module("tachograph.store.rollup").roll(store)
    return store
