"""How a database's tables are laid out, by number, and how those of an earlier layout are brought up to date.

The number is the comment of the table `writers`; while tables are brought up to date, the comment also names the
portions that are done. Each may be done again, so whoever dies amid one is followed by one who does that again, and who
begins meanwhile does some of them. What a tenant's `meta` says as `schema` is the layout that its last writer knew:
where that is an earlier one, a program of an earlier version has written since, and what it left out is made up for.

Columns that are new need no layout of their own (`Table.missing`); another number is for what an earlier version's
writer would leave out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.errors import StoreUnusable
from tachograph.store.clickhouse.minutes import of_table
from tachograph.store.clickhouse.tables import INDICES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from tachograph.store.clickhouse.address import Address
    from tachograph.store.clickhouse.connection import Connection

    Tells = Callable[[int, int], None]

LAYOUT: Final = 2
"""1: as it was before there were numbers. 2: metrics are found by what stands in `minutes`, and by their numbers."""
SAID: Final = f"layout {LAYOUT}"
_BEFORE: Final = {"5": 1}
"""What was said as `schema` before there were layouts, and what that is one of."""
_COMMENT: Final = re.compile(r"layout (\d{1,9})(?:, done: ([\w ]*))?", re.ASCII)


class Found(msgspec.Struct, frozen=True):
    """The layout of a database, and which portions of bringing it up to date are done."""

    number: int
    done: frozenset[str] = frozenset()


def find(connection: Connection, address: Address, tables: Collection[str]) -> Found:
    """The layout of a database that has these tables. Raises `StoreUnusable` where it is a later one than we know."""
    if not {"writers", "metrics"} <= set(tables):
        return Found(LAYOUT)
    found = _commented(connection, address.database)
    said = connection.ask(
        f"SELECT value FROM {address.database}.meta FINAL WHERE tenant = {{tenant:String}} AND name = 'schema'"
    ).fetchone()
    of_tenant = _number(said[0], address) if said else LAYOUT
    if max(found.number, of_tenant) > LAYOUT:
        raise StoreUnusable(
            f"a newer version of Tachograph has laid out its tables (layout {max(found.number, of_tenant)};"
            f" this one knows {LAYOUT})",
            where=address.shown(),
            mend="update tachograph, or use another database",
        )
    if of_tenant < found.number:
        return Found(of_tenant)  # an earlier version has written since
    return found if "minutes" in tables else Found(1)


def bring_up_to_date(connection: Connection, address: Address, found: Found, tells: Tells | None) -> None:
    """Makes the tables of an earlier layout those of this one; `tells` is told how many portions of how many are done.

    It takes as long as reading three of the columns of all metrics. Others may ask in the meantime.
    """
    if found.number == LAYOUT:
        return
    database, cluster = address.database, address.cluster
    earlier = ", ".join(f"'{each}'" for each in (*_BEFORE, *(f"layout {n}" for n in range(2, LAYOUT))))
    behind = f"FROM {database}.meta FINAL WHERE name = 'schema' AND value IN ({earlier})"
    (written,) = connection.ask(f"SELECT count() {behind}").fetchone() or (0,)
    done = set() if written else set(found.done)  # an earlier version may have written to what was done
    _say(connection, address, f"layout {found.number}", done)
    connection.do(  # before anything else: whatever an earlier version writes from now on says so again
        f"INSERT INTO {database}.meta (tenant, name, value, version, gone)"
        f" SELECT tenant, name, '{SAID}', version + 1, 0 {behind}"
    )
    portions = _portions(connection, database, cluster)
    for number, (portion, statements) in enumerate(portions.items()):
        if not written:
            now = _commented(connection, database)  # another one may be at it
            if now.number == LAYOUT:
                return
            done |= now.done
        if portion in done:
            continue
        if tells:
            tells(number, len(portions))
        for statement in statements:
            connection.do(statement)
        done.add(portion)
        _say(connection, address, f"layout {found.number}", done)
    _say(connection, address, SAID)


def _portions(connection: Connection, database: str, cluster: str | None) -> dict[str, list[str]]:
    """What makes the first layout the second one, by a name."""
    table = f"{database}.metrics" if cluster is None else f"{database}.metrics_local ON CLUSTER {cluster}"
    indices = INDICES["metrics"]
    parts = connection.ask(f"SELECT DISTINCT _partition_id FROM {database}.metrics ORDER BY 1").fetchall()
    adding = [f"ALTER TABLE {table} ADD INDEX IF NOT EXISTS {index}" for index in indices]
    making = [f"ALTER TABLE {table} MATERIALIZE INDEX {index.split()[0]}" for index in indices]
    into = f"INSERT INTO {database}.minutes (tenant, key, minute)"
    made = {part: of_table(f"_partition_id = '{part}'", database) for (part,) in parts}
    return {"indices": [*adding, *making]} | {part: [f"{into} {rows}"] for part, rows in made.items()}


def _commented(connection: Connection, database: str) -> Found:
    row = connection.ask(
        "SELECT comment FROM system.tables WHERE database = {database:String} AND name = 'writers'",
        {"database": database},
    ).fetchone()
    comment = _COMMENT.fullmatch(row[0]) if row else None
    return Found(int(comment[1]), frozenset((comment[2] or "").split())) if comment else Found(1)


def _say(connection: Connection, address: Address, layout: str, done: Iterable[str] = ()) -> None:
    cluster = f" ON CLUSTER {address.cluster}" if address.cluster else ""
    names = " ".join(sorted(done))
    comment = f"{layout}, done: {names}" if names else layout
    connection.do(f"ALTER TABLE {address.database}.writers{cluster} MODIFY COMMENT '{comment}'")


def _number(said: str, address: Address) -> int:
    """The layout that a tenant's last writer knew."""
    if comment := _COMMENT.fullmatch(said):
        return int(comment[1])
    if said in _BEFORE:
        return _BEFORE[said]
    raise StoreUnusable(
        f"it was made by another version of Tachograph (schema {said:.40}; this one knows {SAID})",
        where=address.shown(),
        mend="use that version, or another database",
    )
