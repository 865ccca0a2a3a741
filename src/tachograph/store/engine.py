"""DuckDB's engine, without the Python package around it.

The package brings relations and expressions, which nobody uses here, and takes three quarters of the time to import
(42 of 55 ms, a fifth of what a small question takes). It is imported where its scan of Python's objects is needed.
"""

from __future__ import annotations

try:
    from _duckdb import (
        BinderException,
        CatalogException,
        DuckDBPyConnection,
        Error,
        InterruptException,
        IOException,
        OutOfMemoryException,
        connect,
    )
except ImportError:  # a build that keeps its engine elsewhere
    from duckdb import (
        BinderException,
        CatalogException,
        DuckDBPyConnection,
        Error,
        InterruptException,
        IOException,
        OutOfMemoryException,
        connect,
    )

__all__ = [
    "BinderException",
    "CatalogException",
    "DuckDBPyConnection",
    "Error",
    "IOException",
    "InterruptException",
    "OutOfMemoryException",
    "connect",
]
