"""Looks whether a store is whole: every block of it is read, and what has to hold of its rows is looked at.

A damaged file can make DuckDB end the process that reads it, so this is done by a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.errors import StoreDamaged, StoreUnusable
from tachograph.interpreter import module_command, module_environment
from tachograph.store.statements import HASH_OF_HASH, quarter

if TYPE_CHECKING:
    from tachograph.store.engine import DuckDBPyConnection

_TABLES: Final = "SELECT table_name FROM duckdb_tables() WHERE NOT temporary AND NOT internal ORDER BY ALL"
_RULES: Final = {
    "{n} metrics are there more than once": "SELECT count(id) - count(DISTINCT id) FROM {metrics}",
    "{n} rows have no id or number": "SELECT count(*) FROM {metrics} WHERE id IS NULL OR seq IS NULL",
    "{n} rows have a number that others have too": "SELECT count(seq) - count(DISTINCT seq) FROM {metrics}",
    "{n} sessions belong to several users or projects": "SELECT count(*) - count(DISTINCT session_id) FROM sessions",
    "{n} sessions are not in the table that says whose they are": """
        SELECT count(DISTINCT session_id) FROM {metrics} ANTI JOIN sessions USING (session_id)
        WHERE session_id IS NOT NULL AND ts IS NOT NULL
    """,
    "the sums of {n} quarters of an hour are not those of their metrics": f"""
        SELECT count(*) FROM (
            SELECT quarter, sum(metrics_count) AS counted FROM rollup_by_kind GROUP BY quarter
        ) AS sums FULL JOIN (
            SELECT {quarter("ts")} AS quarter, count(*) AS counted FROM {{metrics}}
            WHERE ts IS NOT NULL AND seq <= (SELECT max(value::BIGINT) FROM meta WHERE name = 'rolled')
            GROUP BY ALL
        ) AS metrics USING (quarter)
        WHERE sums.counted IS DISTINCT FROM metrics.counted AND quarter NOT IN (SELECT quarter FROM rollup_dirty)
    """,
    "{n} metrics have the hash of another id": f"""
        SELECT count(*) FROM {{metrics}} WHERE id_hash IS DISTINCT FROM hash(id)
            AND (SELECT value FROM meta WHERE name = 'hashed') = {HASH_OF_HASH}
    """,
    "{n} files are in the ledger more than once": "SELECT count(*) - count(DISTINCT path) FROM files",
}
"""What is wrong with so many rows, and the query that counts them."""
_WHOLE: Final = """(
    SELECT * FROM metrics WHERE seq <= (SELECT max(value::BIGINT) FROM meta WHERE name = 'whole')
) AS metrics"""
"""Without the rows that a process left unfinished: those are removed when the store is next opened to write."""


class Examined(msgspec.Struct):
    """What was found: what is wrong, in words; whether the file itself is damaged, and how many rows each table has.

    `refused` is set where it can't be looked at though it isn't damaged: what, where, and how to mend it.
    """

    wrong: list[str]
    damaged: bool
    rows: dict[str, int]
    refused: tuple[str, str | None, str | None] | None = None


def examine(store: Path) -> Examined:
    """Looks at the store in that file, which nobody may write to in the meantime.

    Raises `StoreUnusable` where it isn't one of ours, may not be read, or is held by another process all the same.
    """
    found = _examined_elsewhere(store)
    if found.refused:
        what, where, mend = found.refused
        raise StoreUnusable(what, where=where, mend=mend)
    return found


def _examined_elsewhere(store: Path) -> Examined:
    if not sys.executable:
        return _examined(store)
    command = module_command("tachograph.store.examine", str(store))
    done = subprocess.run(command, capture_output=True, check=False, env=module_environment())  # noqa: S603 - see there
    try:
        return msgspec.json.decode(done.stdout, type=Examined)
    except (msgspec.DecodeError, UnicodeError):
        return Examined([f"DuckDB gives up on it (exit code {done.returncode})"], damaged=True, rows={})


def _examined(store: Path) -> Examined:
    from tachograph.store import engine  # noqa: PLC0415 - the other process's business
    from tachograph.store.duckdb import Store  # noqa: PLC0415 - as above

    found = Examined([], damaged=False, rows={})
    try:
        with Store.without_waiting(store, read_only=True) as opened:
            _read_all(opened.connection, found)
            _count_wrong(opened.connection, found)
    except engine.Error as error:
        found.damaged = True
        found.wrong.append(f"DuckDB can't read it: {str(error).partition(chr(10))[0]}")
    except StoreDamaged as error:
        found.damaged = True
        found.wrong.append(error.what)
    except StoreUnusable as error:
        found.refused = error.what, error.where, error.mend
    return found


def _read_all(connection: DuckDBPyConnection, found: Examined) -> None:
    """Reads every value, which makes DuckDB check the sums of all blocks."""
    for (table,) in connection.execute(_TABLES).fetchall():
        name = '"' + str(table).replace('"', '""') + '"'
        row = connection.execute(f"SELECT count(*), bit_xor(hash(t)) FROM {name} AS t").fetchone()
        found.rows[table] = row[0] if row else 0


def _count_wrong(connection: DuckDBPyConnection, found: Examined) -> None:
    for words, query in _RULES.items():
        row = connection.execute(query.replace("{metrics}", _WHOLE)).fetchone()
        if row and row[0]:
            found.wrong.append(words.format(n=row[0]))


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(_examined(Path(sys.argv[1]))))
