"""Answers a question from sums by quarter of an hour: the same answer, from few rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tachograph.aggregate import percentiles
from tachograph.aggregate.compute import Computation
from tachograph.aggregate.counting import TOGETHER
from tachograph.aggregate.question import AggregationType
from tachograph.aggregate.rolled import DAY, Rolled, make_owned, rolled_for, start_of_quarter
from tachograph.aggregate.windows import DAY_US, window_start
from tachograph.metric import FIRST_US

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tachograph.aggregate.question import Question
    from tachograph.aggregate.windows import Run
    from tachograph.store.duckdb import Store

SESSIONS: Final = "(count(DISTINCT metrics.session) + count(DISTINCT metrics.session_id))"
"""A row has either."""
_SUMS: Final = f"""
    {TOGETHER.count} AS metrics_count, coalesce(sum(metrics.errors), 0)::BIGINT AS errors,
    {TOGETHER.duration}, {TOGETHER.usage}
"""


_A_TOOL: Final = "tool_name IS NOT NULL"
_SHOWN: Final = "session_id IN (SELECT unnest($shown::VARCHAR[]))"


class RolledComputation(Computation):
    """One question without filters on its way to its answer."""

    def __init__(self, store: Store, asked: Question, rolled: Rolled) -> None:
        super().__init__(store, asked)
        self._rolled = rolled
        make_owned(store.connection)

    def _from(self, rows: str) -> str:
        """FROM and WHERE. What isn't summed is within the range already, but for condensed metrics."""
        return f"FROM {rows} WHERE {' AND '.join(self._in_range())}"

    def _cells(self) -> list[dict[str, Any]]:
        return self._cells_of(TOGETHER, self._from(self._rolled.by_kind()))

    def _distinct(self) -> tuple[int, int]:
        source = self._from(self._rolled.by_owner(("session", "user_id")))
        (row,) = self._query(f"SELECT {SESSIONS} AS sessions, count(DISTINCT metrics.user_id) AS users {source}")
        return row["sessions"], row["users"]

    def _models(self) -> list[dict[str, Any]]:
        sums = self._sums_of_models(TOGETHER, self._from(self._rolled.by_kind()))
        pairs = self._from(self._rolled.by_use(("session",), only="used"))
        return self._query(f"""
            SELECT sums.*, told.sessions
            FROM ({sums}) AS sums
            JOIN (SELECT metrics.model, {SESSIONS} AS sessions {pairs} AND metrics.used GROUP BY metrics.model) AS told
                ON told.model IS NOT DISTINCT FROM sums.model
            ORDER BY cost DESC, tokens DESC, sums.model
        """)

    def _percentiles(self) -> tuple[float, ...]:
        return tuple(value for value in percentiles.by_buckets(self._query, self._rolled) if value is not None)

    def _active_days(self) -> set[int]:
        found = self._query(
            f"SELECT DISTINCT (metrics.ts - {FIRST_US}) // {DAY_US} AS day {self._from(self._rolled.by_kind(DAY))}"
        )
        return {row["day"] + FIRST_US // DAY_US for row in found}

    def _by_window(self, windows: Sequence[Run]) -> list[dict[str, Any]]:
        of_quarter = start_of_quarter(windows)
        if of_quarter is None:
            return super()._by_window(windows)
        start = window_start(windows, "metrics.ts")
        sums = f"SELECT {start} AS start_us, {_SUMS} {self._from(self._rolled.by_kind(of_quarter))} GROUP BY start_us"
        if self._asked.type is AggregationType.HOURLY:  # whose rows don't say how many sessions and users there were
            return [row | {"sessions": 0, "users": 0} for row in self._query(sums)]
        pairs = self._from(self._rolled.by_owner(("session", "user_id"), of_quarter))
        return self._query(f"""
            WITH sums AS ({sums}), told AS (
                SELECT {start} AS start_us, {SESSIONS} AS sessions, count(DISTINCT metrics.user_id) AS users
                {pairs} GROUP BY start_us
            )
            SELECT sums.*, told.sessions, told.users FROM sums JOIN told ON told.start_us = sums.start_us
        """)

    def _by_session(self) -> list[dict[str, Any]]:
        ordered = self._order_of_sessions()
        if self._are_some():  # which they are is known by a column or two
            found = self._query(f"SELECT session_id FROM ({self._summed_sessions()}) {ordered} {self._some_sessions()}")
            self._parameters["shown"] = [row["session_id"] for row in found]
        return self._query(f"SELECT * FROM ({self._summed_sessions()}) {ordered}")

    def _summed_sessions(self) -> str:
        shown = "shown" in self._parameters
        rows = self._rolled.by_owner(("session",), owners=_SHOWN if shown else "true")
        return f"""
            WITH summed AS (
                SELECT
                    metrics.session, metrics.session_id,
                    {TOGETHER.first_ts} AS first_ts, {TOGETHER.last_ts} AS last_ts, {_SUMS}
                {self._from(rows)} AND (metrics.session IS NOT NULL OR metrics.session_id IS NOT NULL)
                GROUP BY metrics.session, metrics.session_id
            ), named AS (
                SELECT DISTINCT session, session_id FROM rollup_owners
            ), found AS (
                SELECT summed.* REPLACE (coalesce(summed.session_id, named.session_id) AS session_id)
                FROM summed LEFT JOIN named ON named.session = summed.session
            )
            SELECT * FROM found WHERE {_SHOWN if shown else "true"}
        """

    def _by_owner(self, key: str) -> list[dict[str, Any]]:
        sums = self._from(self._rolled.by_owner((key,)))
        pairs = self._from(self._rolled.by_owner(tuple(dict.fromkeys(("session", "user_id", key)))))
        return self._query(f"""
            WITH summed AS (
                SELECT metrics.{key} AS owner, {_SUMS} {sums} AND metrics.{key} IS NOT NULL GROUP BY owner
            ), told AS (
                SELECT metrics.{key} AS owner, {SESSIONS} AS sessions, count(DISTINCT metrics.user_id) AS users
                {pairs} AND metrics.{key} IS NOT NULL GROUP BY owner
            )
            SELECT summed.*, told.sessions, told.users FROM summed JOIN told ON told.owner = summed.owner
            ORDER BY metrics_count DESC, summed.owner
        """)

    def _agents_usage(self) -> dict[str, dict[str, Any]]:
        whole = rolled_for(self._connection, None, None)
        if whole is None:  # more has changed in the whole than in the range
            return super()._agents_usage()
        return self._usage_by_agent(TOGETHER, whole.runs(), self._from(self._rolled.runs()))

    def _counted_uses(self, key: str) -> list[dict[str, Any]]:
        if key == "session_id":
            owners = _SHOWN if "shown" in self._parameters else "true"
            rows = self._rolled.by_use(("session",), only=_A_TOOL, owners=owners)
            named = "LEFT JOIN (SELECT DISTINCT session AS number, session_id AS name FROM rollup_owners) AS named"
            rows = f"{rows} {named} ON named.number = metrics.session"
            owner = "coalesce(metrics.session_id, named.name)"
        else:
            rows, owner = self._rolled.by_use((key,), only=_A_TOOL), f"metrics.{key}"
        return self._query(f"""
            SELECT {owner} AS owner, metrics.tool_name AS tool, sum(metrics.metrics_count)::BIGINT AS uses
            {self._from(rows)} AND metrics.tool_name IS NOT NULL
            GROUP BY ALL
            HAVING owner IS NOT NULL
            ORDER BY uses DESC, tool
        """)
