"""Old metrics make room: their detail is deleted, and what adds up of them is kept, a row for each window of time.

What it promises: sums, ids and the deletion are one transaction, so a crash at any moment leaves all or nothing of it,
and condensing again what was condensed finds nothing to do. Then the store's copy is made anew without the detail: if a
crash comes first, when the store is next opened to write. Counts, sums, extremes and distinct sessions and users
stay exact; of durations a histogram is kept, for percentiles within 1 %. Costs are kept as they were at that time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tachograph.store.copies import OUTDATED
from tachograph.store.statements import condense_statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tachograph.store.duckdb import Store
    from tachograph.store.engine import DuckDBPyConnection

_ROWS_TOGETHER: Final = 1_000_000
"""Histograms are made in memory, of which a store doesn't take more than it was given."""


@dataclass(frozen=True, slots=True)
class Condensable:
    """Metrics that are old enough: how many, and the moments of the first and the last (None where there are none)."""

    metrics: int
    first_us: int | None
    last_us: int | None


@dataclass(frozen=True, slots=True)
class Windows:
    """What is kept together: a row's window, as expressions of `metrics.ts` in SQL, and what to call such windows."""

    start: str
    end: str
    resolution: str
    timezone: str


@dataclass(frozen=True, slots=True)
class Condensing:
    """Where condensing ends, in microseconds since 1970.

    Metrics before `before_us` are condensed; those from `settled_us` on only if nothing more is to be told of them.
    """

    before_us: int
    settled_us: int


WindowsOf = Callable[[list[int]], Windows]
"""What gives the windows that cover some days, which are counted from the calendar's first."""


def condensable(store: Store, asked: Condensing) -> Condensable:
    """What `condense` would condense. Nothing is changed."""
    execute = _Statements(store.connection, asked)
    execute("find_held")
    return _counted(execute)


def condense(store: Store, asked: Condensing, windows_of: WindowsOf) -> Condensable:
    """Keeps the sums of old metrics, a row for each window and combination of names, and deletes their detail."""
    execute = _Statements(store.connection, asked)
    store.connection.begin()
    try:
        execute("find_held")
        found = _counted(execute)
        if found.metrics:
            days = [day for (day,) in execute("days").fetchall()]
            _condense(_Statements(store.connection, asked, windows_of(days)), asked)
            store.connection.execute("INSERT INTO meta VALUES (?, '1')", [OUTDATED])
        store.connection.commit()
    except BaseException:
        store.connection.rollback()
        raise
    if found.metrics:
        store.bring_copy_up_to_date()
    return found


def _counted(execute: _Statements) -> Condensable:
    row = execute("count_condensable").fetchone()
    return Condensable(*row) if row else Condensable(0, None, None)


def _condense(execute: _Statements, asked: Condensing) -> None:
    for start_us, end_us, _ in slices(execute("count_by_window").fetchall(), asked.before_us):
        execute("condensed", into="condensed", **{"from": start_us, "to": end_us})
    execute("ids", into="condensed_ids")
    execute("owners", into="condensed_owners")
    for name in ("dirty", "delete_condensed", "delete_claims", "delete_claimed_starts", "say_whole", "say_rolled"):
        execute(name)


def slices(counts: Sequence[tuple[int, int]], before_us: int) -> Iterator[tuple[int, int, bool]]:
    """Stretches of whole windows, each with no more metrics than one window has, or than fit in memory together.

    `counts` are how many metrics there are in each window that has any, by when it begins. Each stretch is told by when
    it begins and ends, and whether it is one window that has more than fit.
    """
    start_us, rows = None, 0
    for window_us, metrics in counts:
        if start_us is None:
            start_us = window_us
        elif rows + metrics > _ROWS_TOGETHER:
            yield start_us, window_us, rows > _ROWS_TOGETHER
            start_us, rows = window_us, 0
        rows += metrics
    if start_us is not None:
        yield start_us, before_us, rows > _ROWS_TOGETHER


class _Statements:
    """Executes the statements of `condense.sql` by name."""

    def __init__(self, connection: DuckDBPyConnection, asked: Condensing, windows: Windows | None = None) -> None:
        self._connection = connection
        self._sql = condense_statements(windows.start if windows else "0", windows.end if windows else "0")
        self._parameters: dict[str, str | int] = {"before": asked.before_us, "settled": asked.settled_us}
        if windows:
            self._parameters |= {"resolution": windows.resolution, "timezone": windows.timezone}

    def __call__(self, name: str, *, into: str = "", **more: int) -> DuckDBPyConnection:
        """Executes one; `into` is the table that takes the rows which it gives, else they are the answer."""
        sql = f"INSERT INTO {into} BY NAME {self._sql[name]}" if into else self._sql[name]
        used = {key: value for key, value in (self._parameters | more).items() if f"${key}" in sql}
        return self._connection.execute(sql, used or None)
