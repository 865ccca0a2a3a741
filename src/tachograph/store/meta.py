"""What a store says of itself, in its table `meta`: a value by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tachograph.store.engine import DuckDBPyConnection


def say(connection: DuckDBPyConnection, name: str, value: str) -> None:
    """Says that from now on, whatever was said before."""
    connection.execute("DELETE FROM meta WHERE name = ?", [name])
    connection.execute("INSERT INTO meta VALUES (?, ?)", [name, value])
