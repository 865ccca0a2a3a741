"""Old metrics of a server's make room for their sums, by the statements that the embedded store has (`condense.sql`).

What it promises: whoever reads gets the answer from before or the one from after, at any moment, and whoever dies on
the way leaves what the next writer takes back or ends. So it goes in steps, of which `progress.py` says what they mean:
sums, ids and owners are inserted, and don't count; then they do, and their metrics don't; then those are deleted, all
versions of a row. Parts of the table that have any are written again without them. (Rows that say that others are gone
take room themselves, and only an experimental kind of merge removes them.)
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from msgspec import structs

from tachograph.errors import StoreUnusable
from tachograph.metric import FIRST_US
from tachograph.store.clickhouse.condense_statements import Statements
from tachograph.store.clickhouse.connection import AS_THE_EMBEDDED, PROGRESS_SECONDS, SURE_SECONDS
from tachograph.store.clickhouse.minutes import needless
from tachograph.store.clickhouse.progress import SAID_AS, Progress
from tachograph.store.clickhouse.sums import ServerSums
from tachograph.store.clickhouse.tables import tables
from tachograph.store.condense import Condensable, slices
from tachograph.store.statements import QUARTER_KEYS, QUARTER_US

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tachograph.store.clickhouse.address import Address
    from tachograph.store.clickhouse.connection import Connection
    from tachograph.store.clickhouse.writing import Turn
    from tachograph.store.condense import Condensing, WindowsOf

_GRACE_SECONDS: Final = 2 * PROGRESS_SECONDS + SURE_SECONDS
"""By then whoever reads goes by what was said, or knows that they had better ask again."""
_INSERTING: Final[dict[str, Any]] = AS_THE_EMBEDDED | {"prefer_global_in_and_join": 1, "max_execution_time": 20}
"""An insert ends, or is given up, before another writer may have the turn, and take back what there is by then."""
_DELETING: Final[dict[str, Any]] = {"mutations_sync": 0, "allow_nondeterministic_mutations": 1}
_MADE: Final = {"condensed": "condensed", "condensed_ids": "ids", "condensed_owners": "owners"}
"""The tables of what is kept, and the statements that give it."""
_EVERYWHERE: Final = frozenset({"kept", "commits"})
"""The tables of which each node of a cluster has all."""
_LITTLE: Final = 10
"""Less than one row in so many may stay in `minutes` in vain."""
_POLL_SECONDS, _POLL_SECONDS_MAX, _PATIENCE_SECONDS = 0.02, 2.0, 3600.0
_NUMBERS: Final = 2**31
"""So many rows of sums may have numbers of their own in one turn."""


class ServerCondensing:
    """The condensing of one tenant's metrics, for whoever has the turn to write."""

    def __init__(self, there: Connection, turn: Turn, address: Address) -> None:
        self._there = there
        self._turn = turn
        self._cluster = address.cluster
        self._grace_seconds = 0.0 if address.scheme == "chdb" else _GRACE_SECONDS  # there nobody else can be reading

    def condensable(self, asked: Condensing) -> Condensable:
        """What would be condensed. Nothing is changed, and it needs no turn."""
        return Statements(self._there, asked, int(self._there.said().get("whole", 0))).condensable()

    def condense(self, asked: Condensing, windows_of: WindowsOf) -> Condensable:
        """Condenses what is old enough; which metrics those were. Whatever was begun before has to be ended."""
        said = self._there.said()
        last, rolled = int(said.get("whole", 0)), int(said.get("rolled", 0))
        statements = Statements(self._there, asked, last)
        found = statements.condensable()
        if found.metrics:
            statements.have(windows_of([day for (day,) in statements.ask("days")]))
            self._delete(self._sum_up(statements, Progress(self._turn.version, asked.before_us, last)))
            if rolled:
                ServerSums(self._there, self._turn).roll_up(rolled, last)
        return found

    def end_what_was_begun(self, said: Mapping[str, str]) -> None:
        """Ends what a writer left who died while it condensed, or takes it back; `said` is what the store says."""
        progress = Progress.of(said.get(SAID_AS))
        if progress is None or progress.is_over:
            return
        if progress.deleting:
            self._wait()
            self._delete(progress)
        else:
            self._remove(dict.fromkeys(_MADE, f"version > {progress.version:d}"))
            self._say(structs.replace(progress, is_over=True))

    def _sum_up(self, statements: Statements, progress: Progress) -> Progress:
        """Inserts what is kept, and makes it count in place of the metrics that it is of."""
        self._say(progress)
        if self._many("kept", "true"):
            self._alter("kept", f"run < {progress.version:d}")  # of the one before: by now nobody asks for them
        number = self._turn.number * _NUMBERS
        for start_us, end_us in _parts(statements, progress.before_us):
            bounds = {"from": start_us, "to": end_us}
            for table, name in _MADE.items():
                rows, given = statements.translated(name, **bounds)
                numbered = f"SELECT *, {number:d} + row_number() OVER () AS number FROM ({rows})"
                self._insert(table, numbered if table == "condensed" else rows, given)
            number += self._many("condensed", f"version = {self._turn.version + 1:d}")
            self._keep(progress, *statements.translated("kept", **bounds))
            self._turn.next()
        self._insert("rollup_dirty", *statements.translated("dirty"))
        self._wait()
        self._turn.check()
        (kept,) = self._there.ask(f"SELECT {progress.many_kept(self._there.database)}").fetchone() or (0,)
        progress = structs.replace(progress, kept=int(kept), deleting=True)
        self._say(progress)
        return progress

    def _keep(self, progress: Progress, rows: str, given: Mapping[str, Any]) -> None:
        """Says which of the old metrics aren't deleted."""
        into = f"INSERT INTO {self._there.database}.kept (tenant, run, seq)"
        selected = f"SELECT {{tenant:String}}, {progress.version:d}, seq FROM ({rows})"
        self._there.do(f"{into} {selected}", given, **_INSERTING)

    def _delete(self, progress: Progress) -> None:
        """Deletes metrics all of whose sums are there, and what is there for their sake alone."""
        database = self._there.database
        deleted = progress.is_deleted(database)
        quarter = (progress.before_us - FIRST_US) // QUARTER_US
        self._remove(
            {
                "metrics": deleted,
                **dict.fromkeys(QUARTER_KEYS, f"quarter < {quarter:d}"),
                "commits": f"version <= {self._turn.version:d}",  # all of those are done, and have detail too
                **self._needless_minutes(progress),
            },
            only_if=f"{progress.many_kept(database)} = {progress.kept:d}",  # a node may not know of all of them yet
        )
        for table, name in (("claims", "gone_claims"), ("claimed_starts", "gone_starts")):
            self._insert(table, *Statements.of_all(self._there, name), gone=True)
            self._turn.next()
        self._say(structs.replace(progress, is_over=True))

    def _needless_minutes(self, progress: Progress) -> dict[str, str]:
        """What metrics that are deleted were found by, once that is much: all of that table is written again.

        Not in a cluster: what is kept of their metrics is on other nodes there.
        """
        if self._cluster:
            return {}
        condition = needless(progress.before_us, progress.is_kept(self._there.database), self._there.database)
        is_much = self._many("minutes", condition) * _LITTLE >= self._many("minutes", "true")
        return {"minutes": condition} if is_much else {}

    def _remove(self, conditions: Mapping[str, str], *, only_if: str = "true") -> None:
        """Deletes rows of tables, and waits until none is there any more."""
        left = {name: condition for name, condition in conditions.items() if self._many(name, condition)}
        for name, condition in left.items():
            self._alter(name, f"{condition} AND {only_if}")
        pause, until = _POLL_SECONDS, time.monotonic() + _PATIENCE_SECONDS
        while left:
            time.sleep(pause)
            pause = min(2 * pause, _POLL_SECONDS_MAX)
            self._turn.hold()
            left = {name: condition for name, condition in left.items() if self._many(name, condition)}
            if left and time.monotonic() > until:
                mend = "look for it in system.mutations, and do the same again: it goes on"
                raise StoreUnusable("the server has been deleting rows for an hour", where=next(iter(left)), mend=mend)

    def _alter(self, name: str, condition: str) -> None:
        """Has a table's rows deleted, which takes its time. What is the same on all nodes is told to one."""
        place = f"{self._there.database}.{name}"
        if self._cluster and name not in _EVERYWHERE:
            place += f"_local ON CLUSTER {self._cluster}"
        self._there.do(f"ALTER TABLE {place} DELETE WHERE tenant = {{tenant:String}} AND {condition}", **_DELETING)

    def _many(self, name: str, condition: str) -> int:
        """How many rows of a table there are, of any version."""
        counted = f"SELECT count() FROM {self._there.database}.{name} WHERE tenant = {{tenant:String}} AND {condition}"
        (many,) = self._there.ask(counted).fetchone() or (0,)
        return int(many)

    def _say(self, progress: Progress) -> None:
        """Says how far it is, and waits until everybody goes by it."""
        said = {"value": progress.said()}
        self._insert("meta", f"SELECT '{SAID_AS}' AS name, {{value:String}} AS value", said)
        self._turn.next()
        if not progress.is_over:
            self._wait()

    def _wait(self) -> None:
        time.sleep(self._grace_seconds)
        self._turn.hold()

    def _insert(self, name: str, rows: str, given: Mapping[str, Any], *, gone: bool = False) -> None:
        self._turn.hold()
        self._turn.check()
        sql = tables()[name].inserting(self._there.database, rows, self._turn.version + (not gone), gone=gone)
        self._there.do(sql, given, **_INSERTING)


def _parts(statements: Statements, before_us: int) -> list[tuple[int, int]]:
    """Stretches of time to be summed one by one; a window with more metrics than fit together is summed in several."""
    found: list[tuple[int, int]] = []
    for start_us, end_us, is_large in slices(statements.ask("count_by_window"), before_us):
        if is_large:
            minutes = statements.ask("count_by_minute", **{"from": start_us, "to": end_us})
            ends = [end for _, end, _ in slices(minutes, end_us)]
            found += zip([start_us, *ends[:-1]], ends, strict=True)
        else:
            found.append((start_us, end_us))
    (_, first_end_us), *others = found
    return [(FIRST_US, first_end_us), *others]  # before the first there is what is kept
