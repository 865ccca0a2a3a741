"""What a store says of itself, in its table `meta`: a value by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tachograph.store.engine import DuckDBPyConnection


def say(connection: DuckDBPyConnection, name: str, value: str) -> None:
    """Says that from now on, whatever was said before."""
    connection.execute("DELETE FROM meta WHERE name = ?", [name])
    connection.execute("INSERT INTO meta VALUES (?, ?)", [name, value])


def say_again(connection: DuckDBPyConnection, values: Mapping[str, str]) -> None:
    """Says them in one statement, of names of which something was said before."""
    if not values:
        return
    cases = " ".join(["WHEN ? THEN ?"] * len(values))
    names = ", ".join("?" * len(values))
    given = [word for item in values.items() for word in item]
    connection.execute(f"UPDATE meta SET value = CASE name {cases} END WHERE name IN ({names})", [*given, *values])
