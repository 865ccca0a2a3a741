"""Parquet files, written by the embedded engine, whichever engine the rows come from."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from tachograph.store import memory
from tachograph.store.files import quoted_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tachograph.store.engine import DuckDBPyConnection
    from tachograph.tables import Columns, Kind

_TYPES: Final[Mapping[Kind, str]] = {
    "time": "BIGINT", "text": "VARCHAR", "whole": "BIGINT", "float": "DOUBLE", "flag": "BOOLEAN",
}  # fmt: skip
"""Of the values on their way in. Moments are microseconds since 1970."""
_WIDE: Final = "HUGEINT"
_INT64: Final = 2**63


def write_parquet(columns: Columns, batches: Iterable[Sequence[Sequence[Any]]], path: Path) -> None:
    """Rows as a Parquet file: moments as timestamps of UTC, whole numbers as 64-bit integers, counts by name as maps.

    A moment is given in microseconds since 1970. A whole number that 64 bits don't hold makes its column one of floats.
    """
    from tachograph.store import engine  # noqa: PLC0415 - takes time, which only those who want a file should pay

    with TemporaryDirectory(prefix="tachograph-") as folder:
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory.for_questions(),
            "temp_directory": folder,
            "autoinstall_known_extensions": False,
        }
        connection = engine.connect(str(Path(folder, "rows.duckdb")), config=config)
        try:
            connection.execute(f"CREATE TABLE exported ({', '.join(_column(name, kind) for name, kind in columns)})")
            for rows in batches:
                if rows:
                    connection.execute(
                        f"INSERT INTO exported SELECT {', '.join(_value(kind) for _, kind in columns)}",
                        [
                            _given(values, kind)
                            for (_, kind), values in zip(columns, zip(*rows, strict=True), strict=True)
                        ],
                    )
            chosen = ", ".join(_chosen(connection, name, kind) for name, kind in columns)
            copy_to_parquet(connection, f"SELECT {chosen} FROM exported", None, path)
        finally:
            connection.close()


def can_copy(connection: object) -> bool:
    """Whether the connection is to the embedded engine, which writes such files by itself."""
    from tachograph.store import engine  # noqa: PLC0415 - as above

    return isinstance(connection, engine.DuckDBPyConnection)


def copy_to_parquet(connection: DuckDBPyConnection, sql: str, parameters: Mapping[str, Any] | None, path: Path) -> None:
    """The rows of a statement as a Parquet file, without any of them coming to Python."""
    connection.execute(f"COPY ({sql}) TO {quoted_path(path)} (FORMAT parquet, COMPRESSION zstd)", parameters)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _column(name: str, kind: Kind) -> str:
    types = {"time": "TIMESTAMPTZ", "counts": "MAP(VARCHAR, BIGINT)", "whole": _WIDE}
    return f"{_quoted(name)} {types.get(kind) or _TYPES[kind]}"


def _value(kind: Kind) -> str:
    if kind == "time":
        return "make_timestamptz(unnest(?::BIGINT[]))"
    if kind == "counts":
        return "unnest(?::MAP(VARCHAR, BIGINT)[])"
    return f"unnest(?::{_WIDE if kind == 'whole' else _TYPES[kind]}[])"


def _given(values: Sequence[Any], kind: Kind) -> list[Any]:
    if kind == "counts":  # a map is given to the engine as its keys and its values
        return [None if counts is None else {"key": list(counts), "value": list(counts.values())} for counts in values]
    return list(values)


def _chosen(connection: Any, name: str, kind: Kind) -> str:
    """The column in the smallest type that holds all of it."""
    quoted = _quoted(name)
    if kind != "whole":
        return quoted
    row = connection.execute(f"SELECT coalesce(max(abs({quoted})), 0) FROM exported").fetchone()
    return f"{quoted}::{'BIGINT' if row and row[0] < _INT64 else 'DOUBLE'} AS {quoted}"
