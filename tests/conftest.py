"""What holds for all tests."""

from __future__ import annotations

import gc


def pytest_sessionfinish() -> None:
    """Lets go of connections in reference cycles: DuckDB's bindings complain of those that outlive the interpreter."""
    gc.collect()
