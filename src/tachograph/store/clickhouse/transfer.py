"""Rows between the embedded engine and a server, as Parquet: both read and write it, and neither needs Arrow for it.

Integers of 128 bits, which Parquet doesn't have, go one way as decimals and the other as texts.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from tachograph.store.clickhouse.commits import Insert, insert
from tachograph.store.clickhouse.tables import COMPUTED, tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tachograph.store.clickhouse.connection import Connection
    from tachograph.store.clickhouse.tables import Table
    from tachograph.store.engine import DuckDBPyConnection

_SENT: Final = {"HUGEINT": "{}::DECIMAL(38, 0)", "UHUGEINT": "{}::VARCHAR"}
_WIDE: Final = frozenset({"HUGEINT", "UHUGEINT"})
_KEYS: Final = {"VARCHAR": "String", "BIGINT": "Int64"}


class Transfer:
    """The way between a connection of DuckDB's and one to a server. Close it."""

    def __init__(self, here: DuckDBPyConnection, there: Connection) -> None:
        self._here = here
        self._there = there
        self._folder = TemporaryDirectory(prefix="tachograph-")
        self._file = Path(self._folder.name, "rows.parquet")
        self._kept: list[Insert] | None = None

    def keep(self) -> None:
        """What is sent from now on waits until it is asked for, and isn't inserted."""
        self._kept = []

    def kept(self) -> list[Insert]:
        """What waits, in its order; what is sent from now on is inserted at once."""
        kept, self._kept = self._kept or [], None
        return kept

    def send(self, name: str, rows: str, version: int, *, gone: bool = False) -> int:
        """Inserts the rows of a statement into a table of the server's, as of a version; how many there were.

        (Or keeps them for later, after `keep`.)

        `rows` is the statement of DuckDB's that gives them. With `gone`, they stand for none. It may be repeated: what
        was inserted already is not inserted again.
        """
        table = tables()[name]
        selected = _sent(table)
        versions = {"version": version, "gone": int(gone)} if table.changes else {}
        of_all = ", ".join(f"${name} AS {name}" for name in ("tenant", *versions))
        (many,) = self._here.execute(
            f"COPY (SELECT {selected}, {of_all} FROM ({rows})) TO '{self._file}' (FORMAT parquet)",
            {"tenant": self._there.tenant, **versions},
        ).fetchone() or (0,)
        if many:
            token = f"{self._there.tenant} {version} {name} {int(gone)}"
            sent = Insert(f"{self._there.database}.{name}", token, self._file.read_bytes())
            if self._kept is None:
                insert(self._there, sent)
            else:
                self._kept.append(sent)
        return int(many)

    def name_keys(self, name: str, rows: str) -> int:
        """Gives the server keys to look for, as the only column, `key`, of a temporary table; how many there are."""
        there, given = self._there, f"SELECT DISTINCT key FROM ({rows}) WHERE key IS NOT NULL"
        (_, kind, *_), *_ = self._here.execute(f"DESCRIBE ({given})").fetchall()
        there.do(f"CREATE OR REPLACE TEMPORARY TABLE {name} (key {_KEYS[kind]}) ENGINE = Memory")
        (many,) = self._here.execute(f"COPY ({given}) TO '{self._file}' (FORMAT parquet)").fetchone() or (0,)
        if many:
            there.insert(name, self._file.read_bytes(), "Parquet")
        return int(many)

    def name_texts(self, name: str, texts: Sequence[str]) -> None:
        """Likewise, of texts that are known here: as parameters, so many would be more than a server takes."""
        self._here.execute("CREATE OR REPLACE TEMP TABLE named AS SELECT unnest(?::VARCHAR[]) AS key", [list(texts)])
        self.name_keys(name, "FROM named")

    def fetch(self, name: str, condition: str, parameters: Mapping[str, Any] | None = None, *, into: str = "") -> int:
        """Adds a table's rows that meet a condition of ClickHouse's to the table of that name here, or to another."""
        table = tables()[name]
        selected = ", ".join(f"toString(`{c}`) AS `{c}`" if k in _WIDE else f"`{c}`" for c, k in table.columns.items())
        body = self._there.rows_as(
            f"SELECT {selected} FROM ({table.read(self._there.database)}) WHERE {condition}", "Parquet", parameters
        )
        self._file.write_bytes(body)
        named = ", ".join(f'"{column}"' for column in table.columns)
        cast = ", ".join(f'"{column}"::{kind}' for column, kind in table.columns.items())
        added = self._here.execute(
            f"INSERT INTO {into or name} ({named}) SELECT {cast} FROM read_parquet('{self._file}')"
        ).fetchone()
        return int(added[0]) if added else 0

    def close(self) -> None:
        """Removes what it kept for a moment."""
        self._folder.cleanup()


def _sent(table: Table) -> str:
    computed = [f"{sql} AS {name}" for name, (_, sql) in COMPUTED.get(table.name, {}).items()]
    plain = [
        f'{_SENT.get(kind, "{}").format(chr(34) + name + chr(34))} AS "{name}"' for name, kind in table.columns.items()
    ]
    return ", ".join(computed + plain)
