"""Sums that are kept beside the metrics, by quarter of an hour, so that questions over years look at few rows.

Windows of every zone begin at a quarter of an hour, but for some before clocks were set by zones. What adds up is kept
by kind of metric, by owner (session, user and project, as metrics name them: whose a session is may still change), and
of both together how many; durations as a histogram of buckets, which says where a percentile is to be looked for.

Rows up to a number, `rolled` in the table `meta`, are in the sums; those after it are counted themselves. A quarter of
which such a row was changed or deleted since is in `rollup_dirty`, and counted by its rows until it is made again. So
an answer is the same with and without the sums, and they may be brought up to date at any time.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tachograph.store.meta import say
from tachograph.store.statements import QUARTER_KEYS, quarter, quarter_start, rollup_statements, together

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tachograph.store.engine import DuckDBPyConnection

FIRST_ROWS: Final = 3_000_000
"""So many metrics are counted in less time than anybody waits for."""
MORE_ROWS: Final = 200_000
"""Once there are sums, so many rows are added to them at once."""
_SLICE: Final = 1_000_000
_QUARTERS: Final = 2_000
"""So many quarters are made again at once."""
DIRTY_MAX: Final = 64
"""So many quarters may be counted by their rows."""
_SPARSE: Final = 2
"""The sums of a quarter are brought together when there are so many times as many rows as there would be then."""
_TABLES: Final = (*QUARTER_KEYS, "rollup_values")
_ADDING: Final = (
    "find_new_kinds", "insert_uses", "insert_kinds", "insert_owners",
    "add_by_kind", "add_by_owner", "add_by_use", "add_durations", "add_values", "add_runs",
)  # fmt: skip


class _MistakableError(Exception):
    """Two kinds or owners have one hash."""


def rolled(connection: DuckDBPyConnection) -> int:
    """The number of the last row that is in the sums; 0 where there are none."""
    return _said(connection).get("rolled", 0)


def is_due(connection: DuckDBPyConnection, rolled: int, whole: int) -> bool:
    """Whether it makes a difference to bring the sums up to the last metric `whole`, when they are up to `rolled`."""
    more = whole - rolled >= (MORE_ROWS if rolled else FIRST_ROWS)
    return more or (rolled > 0 and _dirty(connection) > DIRTY_MAX)


def roll_up(connection: DuckDBPyConnection) -> None:
    """Brings the sums up to the last metric, a transaction for each so many rows. No other may be under way.

    Where memory doesn't suffice for all of them, as far as it does: what isn't in the sums is counted by its rows.
    """
    from tachograph.store import engine  # noqa: PLC0415 - few processes make sums

    try:
        _roll_up(connection)
    except engine.Error as error:
        if not engine.is_out_of_memory(error):
            raise


def _roll_up(connection: DuckDBPyConnection) -> None:
    forget_owned(connection)
    said = _said(connection)
    done, last = said.get("rolled", 0), said["whole"]
    try:
        while _dirty(connection):
            _make_dirty_again(connection, done)
        while done < last:
            upto = min(done + _SLICE, last)
            with _transaction(connection):
                _add(connection, "metrics.seq > $from AND metrics.seq <= $to", {"from": done, "to": upto})
                say(connection, "rolled", str(upto))
            done = upto
    except _MistakableError:  # there will hardly ever be any; until then answers come from the rows
        return
    rows = _rows(connection)
    if rows >= _SPARSE * said.get("rolled_rows", 0):
        if rows >= _SPARSE * _rows_together(connection):
            _bring_together(connection)
        with _transaction(connection):
            say(connection, "rolled_rows", str(_rows(connection)))


def forget_owned(connection: DuckDBPyConnection) -> None:
    """Removes the temporary table that says whose the summed metrics are: that may be about to change."""
    connection.execute("DROP TABLE IF EXISTS temp.owned")


def forget(connection: DuckDBPyConnection) -> None:
    """Empties the sums, in the transaction that is under way: all metrics have changed."""
    forget_owned(connection)
    for table in (*_TABLES, "rollup_kinds", "rollup_uses", "rollup_owners", "rollup_dirty"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("DELETE FROM meta WHERE name IN ('rolled', 'rolled_rows')")


def _said(connection: DuckDBPyConnection) -> dict[str, int]:
    names = "('whole', 'rolled', 'rolled_rows')"
    return dict(connection.execute(f"SELECT name, value::BIGINT FROM meta WHERE name IN {names}").fetchall())


def _dirty(connection: DuckDBPyConnection) -> int:
    row = connection.execute("SELECT count(DISTINCT quarter) FROM rollup_dirty").fetchone()
    return int(row[0]) if row else 0


def _rows(connection: DuckDBPyConnection) -> int:
    row = connection.execute("SELECT (SELECT count(*) FROM rollup_by_kind) + count(*) FROM rollup_by_use").fetchone()
    return int(row[0]) if row else 0


def _rows_together(connection: DuckDBPyConnection) -> int:
    """About how many there would be of `_rows` if each said something else."""
    row = connection.execute("""
        SELECT (SELECT approx_count_distinct({'quarter': quarter, 'kind': kind}) FROM rollup_by_kind)
            + approx_count_distinct({'quarter': quarter, 'owner': owner, 'use': use}) FROM rollup_by_use
    """).fetchone()
    return int(row[0]) if row else 0


def _make_dirty_again(connection: DuckDBPyConnection, done: int) -> None:
    """Makes the sums of the first quarters again of which rows were changed or deleted."""
    found = connection.execute(
        f"SELECT DISTINCT quarter FROM rollup_dirty ORDER BY quarter LIMIT {_QUARTERS}"
    ).fetchall()
    first, last = found[0][0], found[-1][0]
    with _transaction(connection):
        for table in _TABLES:
            connection.execute(
                f"DELETE FROM {table} WHERE quarter BETWEEN ? AND ? AND quarter IN (SELECT quarter FROM rollup_dirty)",
                [first, last],
            )
        chosen = (
            f"metrics.ts >= {quarter_start(first)} AND metrics.ts < {quarter_start(last + 1)} AND metrics.seq <= $to "
            f"AND {quarter('metrics.ts')} IN (SELECT quarter FROM rollup_dirty)"
        )
        _add(connection, chosen, {"to": done})
        connection.execute("DELETE FROM rollup_dirty WHERE quarter BETWEEN ? AND ?", [first, last])


def _add(connection: DuckDBPyConnection, chosen: str, parameters: dict[str, int]) -> None:
    """Adds the rows that meet a condition. Raises `_MistakableError`."""
    statements = rollup_statements(chosen)
    for name in _ADDING:
        sql = statements[name]
        connection.execute(sql, {key: value for key, value in parameters.items() if f"${key}" in sql} or None)
        if name == "insert_owners":
            row = connection.execute(statements["count_mistakable"]).fetchone()
            if row and row[0]:
                raise _MistakableError


def _bring_together(connection: DuckDBPyConnection) -> None:
    """Makes one row of those that say something of the same: logs aren't read in the order in which things happened."""
    with _transaction(connection):
        for table in QUARTER_KEYS:
            connection.execute(f"CREATE OR REPLACE TEMP TABLE together AS {together(table)}")
            connection.execute(f"DELETE FROM {table}")
            connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM together")
            connection.execute("DROP TABLE together")


@contextmanager
def _transaction(connection: DuckDBPyConnection) -> Iterator[None]:
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()  # where that fails, the engine has rolled it back
