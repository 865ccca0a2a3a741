"""What holds for all tests."""

from __future__ import annotations

import gc

import pytest


@pytest.fixture(autouse=True)
def _small_logs_are_loaded_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to ten rows as lists, more than that as Arrow's columns, as otherwise up to a thousand."""
    monkeypatch.setattr("tachograph.store.duckdb._ROWS_AS_LISTS", 10)


def pytest_sessionfinish() -> None:
    """Lets go of connections in reference cycles: DuckDB's bindings complain of those that outlive the interpreter."""
    gc.collect()
