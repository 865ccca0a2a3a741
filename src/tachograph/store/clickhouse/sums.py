"""Sums by quarter of an hour on a server: a quarter's are replaced as a whole, whenever anything in it has changed.

Which quarters are about to be is said first (`rollup_dirty`), and they are counted by their metrics until all of their
new sums are there. So an answer is right at any moment, and whoever is in the middle of it may die: the next one makes
those quarters again. It changes nothing if that is done twice, or of metrics that came late, twice, or went.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tachograph.store.clickhouse.dialect import translated
from tachograph.store.clickhouse.tables import reading_tables, tables
from tachograph.store.measures import SUMS, TOLD, WIDE_BUCKET
from tachograph.store.rollup import DIRTY_MAX, FIRST_ROWS, MORE_ROWS
from tachograph.store.statements import KIND, OWNER, QUARTER_KEYS, USE, filled, quarter, quarter_start

if TYPE_CHECKING:
    from tachograph.store.clickhouse.connection import Connection
    from tachograph.store.clickhouse.writing import Turn

_CHOSEN: Final = f"metrics.ts IS NOT NULL AND {quarter('metrics.ts')} IN (SELECT key FROM making)"
_NAMED: Final = ("rollup_uses", "rollup_kinds", "rollup_owners")
_QUARTER: Final = quarter("metrics.ts")


class ServerSums:
    """The sums of one tenant, for whoever has the turn to write."""

    def __init__(self, there: Connection, turn: Turn) -> None:
        self._there = there
        self._turn = turn

    def is_due(self, rolled: int, whole: int) -> bool:
        """Whether it makes a difference to bring them up to the last metric, where the last one summed is `rolled`."""
        if whole - rolled >= (MORE_ROWS if rolled else FIRST_ROWS):
            return True
        (dirty,) = self._there.execute("SELECT count(*) FROM rollup_dirty").fetchone() or (0,)
        return bool(rolled) and dirty > DIRTY_MAX

    def roll_up(self, rolled: int, whole: int) -> None:
        """Makes those again that have changed, and those of metrics after `rolled` up to `whole`, the last there is."""
        there = self._there
        there.do("CREATE OR REPLACE TEMPORARY TABLE making (key Int64) ENGINE = Memory")
        for sql in (
            "SELECT quarter FROM rollup_dirty",
            f"SELECT DISTINCT {_QUARTER} FROM metrics WHERE metrics.ts IS NOT NULL AND metrics.seq > {rolled:d}",
            *([] if rolled else ["SELECT DISTINCT quarter FROM rollup_by_kind"]),
        ):
            there.do(f"INSERT INTO making {self._translated(sql)}")
        bounds = there.ask("SELECT min(key), max(key), count() FROM making").fetchone()
        if not bounds or not bounds[2]:
            return
        self._put("rollup_dirty", "SELECT DISTINCT key AS quarter FROM making")
        made = statements(quarter_start(bounds[0]), quarter_start(bounds[1] + 1))
        for name in QUARTER_KEYS:
            kept = ", ".join(f"`{column}`" for column in tables()[name].columns)
            old = f"SELECT {kept} FROM ({there.reading(name)}) WHERE quarter IN (SELECT key FROM making)"
            self._insert(name, old, gone=True)
        for name in (*_NAMED, *QUARTER_KEYS):
            self._put(name, made[name])
        self._put("meta", f"SELECT 'rolled' AS name, '{whole:d}' AS value")
        self._turn.next()
        self._insert("rollup_dirty", "SELECT DISTINCT key AS quarter FROM making", gone=True)
        self._turn.next()

    def _put(self, name: str, sql: str) -> None:
        self._insert(name, self._translated(sql))

    def _insert(self, name: str, sql: str, *, gone: bool = False) -> None:
        self._there.do(tables()[name].inserting(self._there.database, sql, self._turn.version + (not gone), gone=gone))

    def _translated(self, sql: str) -> str:
        return translated(sql, (), reading_tables(self._there.database))


def statements(start_us: int, end_us: int) -> dict[str, str]:
    """What the sums of the quarters in `making` are, which lie between two moments, by the name of their table."""
    owner = ", ".join(f"metrics.{name}" for name in OWNER)
    replaced = {
        "chosen": f"metrics.ts >= {start_us} AND metrics.ts < {end_us} AND {_CHOSEN}",
        "kind": ", ".join(f'{sql} AS "{name}"' for name, sql in KIND.items()),
        "kind_hash": f"hash({', '.join(KIND.values())})",
        "use_names": ", ".join(f'{KIND[name]} AS "{name}"' for name in USE),
        "use_hash": f"hash({', '.join(KIND[name] for name in USE)})",
        "no_use": " AND ".join(f"({KIND[name]}) IS NULL" if name != "used" else f"NOT {KIND[name]}" for name in USE),
        "owner_hash": f"hash({owner})",
        "session_hash": "hash(metrics.session_id)",
        "quarter": _QUARTER,
        "sums": ", ".join(f"sum({each.of_one}) AS {each.name}" for each in SUMS),
        "told": TOLD,
        "in_run": KIND["in_run"],
        "bucket": WIDE_BUCKET,
    }
    return filled("clickhouse/rollup.sql", replaced)
