"""What holds for all tests."""

from __future__ import annotations

import gc

import pytest

from stored import FORMS


@pytest.fixture(autouse=True)
def _small_logs_are_loaded_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to ten rows as lists, more than that as Arrow's columns, as otherwise up to a thousand."""
    monkeypatch.setattr("tachograph.store.duckdb._ROWS_AS_LISTS", 10)


@pytest.fixture(scope="session", params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    """Each form in which a store holds its metrics."""
    if request.param == "rolled":
        pytest.importorskip("tachograph.store.rollup")
    return str(request.param)


def pytest_sessionfinish() -> None:
    """Lets go of connections in reference cycles: DuckDB's bindings complain of those that outlive the interpreter."""
    gc.collect()
