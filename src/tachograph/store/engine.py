"""DuckDB's engine, without the Python package around it.

The package brings relations and expressions, which nobody uses here, and takes three quarters of the time to import
(42 of 55 ms, a fifth of what a small question takes).
"""

from __future__ import annotations

import sys

from tachograph.bare import bare_package

try:
    import _duckdb
    from _duckdb import (
        BinderException,
        CatalogException,
        DuckDBPyConnection,
        Error,
        InterruptException,
        IOException,
        OutOfMemoryException,
        TransactionException,
        connect,
    )
except ImportError:  # a build that keeps its engine elsewhere
    import duckdb as _duckdb  # type: ignore[no-redef]
    from duckdb import (
        BinderException,
        CatalogException,
        DuckDBPyConnection,
        Error,
        InterruptException,
        IOException,
        OutOfMemoryException,
        TransactionException,
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
    "TransactionException",
    "connect",
    "is_out_of_memory",
    "let_it_scan",
]


def is_out_of_memory(error: Error) -> bool:
    """Whether the engine wanted more memory than it was given; when it commits it says so by another error."""
    return isinstance(error, OutOfMemoryException) or (
        isinstance(error, TransactionException) and "could not allocate" in str(error)
    )


def let_it_scan() -> None:
    """Lets the engine scan Arrow's columns, for which the package gives it one of its modules."""
    if "duckdb" in sys.modules:
        return
    try:
        with bare_package("duckdb"):
            from duckdb import _sources  # noqa: PLC0415 - many rows alone need it

            _duckdb._set_arrow_sources(_sources)  # noqa: SLF001 - what the package does when it is imported
    except (ImportError, AttributeError):  # another version's way
        import duckdb  # noqa: F401, PLC0415 - as above
