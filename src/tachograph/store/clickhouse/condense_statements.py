"""The statements by which metrics are condensed, as a server is asked them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.store.clickhouse.connection import kind_of
from tachograph.store.clickhouse.dialect import translated
from tachograph.store.clickhouse.tables import reading_tables
from tachograph.store.condense import Condensable
from tachograph.store.statements import condense_statements

if TYPE_CHECKING:
    from tachograph.store.clickhouse.connection import Connection
    from tachograph.store.condense import Condensing, Windows

_SETTLED: Final = "seq <= $last"
"""Rows beyond are those of a writer who isn't done, or died."""


class Statements:
    """Those of one condensing, of the metrics up to the number `last`."""

    def __init__(self, there: Connection, asked: Condensing, last: int) -> None:
        self._there = there
        self._parameters: dict[str, str | int] = {
            "before": asked.before_us, "settled": asked.settled_us, "last": last,
        }  # fmt: skip
        self._sql = _named("0", "0")

    def have(self, windows: Windows) -> None:
        """From now on these are the windows."""
        self._sql = _named(windows.start, windows.end)
        self._parameters |= {"resolution": windows.resolution, "timezone": windows.timezone}

    def condensable(self) -> Condensable:
        """Looks for the metrics that may be condensed, of which the other statements are."""
        self._hold()
        (found,) = self.ask("count_condensable")
        return Condensable(*found)

    def ask(self, name: str, **more: int) -> list[tuple[Any, ...]]:
        """The rows that one gives."""
        return self._there.ask(*self.translated(name, **more)).fetchall()

    def translated(self, name: str, **more: int) -> tuple[str, dict[str, str | int]]:
        """One in ClickHouse's SQL, and its parameters."""
        return _translated(self._there, self._sql[name], {**self._parameters, **more})

    @staticmethod
    def of_all(there: Connection, name: str) -> tuple[str, dict[str, str | int]]:
        """One that is of whatever was condensed."""
        return _translated(there, _named("0", "0")[name], {})

    def _hold(self) -> None:
        """Finds the sessions that are left alone, as `find_held` does."""
        linked: dict[str, set[str]] = {}
        for one, other in self.ask("linked"):
            linked.setdefault(one, set()).add(other)
        reached = {session for (session,) in self.ask("young")} if linked else set()
        new = list(reached)
        while new:
            others = linked.get(new.pop(), set()) - reached
            reached |= others
            new += others
        self._there.do("CREATE OR REPLACE TEMPORARY TABLE held (session_id String) ENGINE = Memory")
        if reached:
            rows = [msgspec.json.encode({"session_id": session}) for session in reached]
            self._there.insert("held", b"\n".join(rows), "JSONEachRow")


def _named(start: str, end: str) -> dict[str, str]:
    of_both = condense_statements(start, end, only=_SETTLED)
    return of_both | condense_statements(start, end, file="clickhouse/condense.sql", only=_SETTLED)


def _translated(there: Connection, sql: str, known: dict[str, str | int]) -> tuple[str, dict[str, str | int]]:
    given = {name: value for name, value in known.items() if f"${name}" in sql}
    kinds = tuple((name, kind_of(value)) for name, value in given.items())
    return translated(sql, kinds, reading_tables(there.database)), given
