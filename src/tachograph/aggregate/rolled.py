"""Rows of sums in place of metrics, where a question can be answered from them.

Sums are kept by quarter of an hour (`store/rollup.py`). What a range has of whole quarters comes from them; the rest,
metrics that aren't in them yet, and quarters that changed since, are counted by their rows. All of it has the columns
of `counting.TOGETHER`, so that a query adds it up like condensed metrics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.aggregate.condensed import is_any
from tachograph.aggregate.counting import CONDENSED, DETAIL
from tachograph.aggregate.windows import window_start
from tachograph.metric import FIRST_US, LAST_US
from tachograph.store.measures import SUMS, WIDE_BUCKET
from tachograph.store.rollup import rolled
from tachograph.store.statements import KIND, OWNED, QUARTER_US, USE, quarter_start

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tachograph.aggregate.windows import Run
    from tachograph.store.engine import DuckDBPyConnection

DAY: Final = "quarter // 96"
"""The number of the day of a quarter, for `start` below."""
QUARTER_START: Final = f"(quarter::BIGINT * {QUARTER_US} + ({FIRST_US}))"
"""When a quarter begins, likewise."""
_CHANGED_MAX: Final = 64
"""More changed quarters aren't looked at one by one."""
_QUARTERS: Final = (LAST_US - FIRST_US) // QUARTER_US + 1
_ALL_SUMS: Final = ", ".join(f"sum({each.name}) AS {each.name}" for each in SUMS)
_TIMES: Final = "min(first_ts) AS ts, max(last_ts) AS last_ts"
_BEGIN: Final = f"min(quarter)::BIGINT * {QUARTER_US} + ({FIRST_US}) AS ts"
_KINDS: Final = ", ".join(f"kinds.{name}" for name in KIND)
_RUNS: Final = f"source, agent_run_id, agent_id, type, told, true AS in_parts, {', '.join(each.name for each in SUMS)}"


class Rolled(msgspec.Struct, frozen=True):
    """The sums for a range of time: those of the quarters from `first` up to (without) `end`, but for `changed` ones.

    Metrics up to the row `last` are in them; `others` says whether there are any beside the sums, `condensed` whether
    there are condensed ones.
    """

    last: int
    first: int
    end: int
    changed: tuple[int, ...]
    start_us: int | None
    end_us: int | None
    others: bool
    condensed: bool

    def by_kind(self, start: str = "") -> str:
        """What stands after FROM: rows called `metrics` by kind of metric, with all sums.

        There is one at least for each `start`, an expression of `quarter` in SQL; all of its metrics are in there.
        """
        keys = f"kind, {start} AS part" if start else "kind"
        sums = f"""
            SELECT {keys}, {_TIMES}, min(shortest) AS shortest, max(longest) AS longest, {_ALL_SUMS}
            FROM rollup_by_kind WHERE {self.quarters()} GROUP BY ALL
        """
        return self._with_others(f"""
            SELECT {_KINDS}, sums.*, if(kinds.type = 'error_occurred', sums.metrics_count, 0) AS errors
            FROM ({sums}) AS sums JOIN rollup_kinds AS kinds ON kinds.number = sums.kind
        """)

    def by_owner(self, names: Sequence[str], start: str = "", *, owners: str = "true") -> str:
        """Likewise rows by owner, with all sums and `errors`.

        `names` are some of `session`, `session_id`, `user_id` and `project_path`; user and project are the session's
        where a metric names none. `session` is a number; a row without has its `session_id` instead. Where that is
        asked for, all rows have it. `owners` is a condition on `session_id`; it may let other rows through.
        """
        sums = f"{_TIMES}, sum(errors) AS errors, {_ALL_SUMS}"
        return self._owned("rollup_by_owner", names, start, sums, _owners(owners))

    def by_use(self, names: Sequence[str], start: str = "", *, only: str = "true", owners: str = "true") -> str:
        """Likewise rows by owner and by what was used (tool, agent, model, kind of error), with counts.

        `only` is a condition on what was used, `owners` one on `session_id`; both may let other rows through.
        """
        counts = f"{_BEGIN}, sum(metrics_count) AS metrics_count"
        passing = f" AND use IN (SELECT number FROM rollup_uses WHERE {only})" if only != "true" else ""
        return self._owned("rollup_by_use", [*names, "use"], start, counts, passing + _owners(owners))

    def runs(self) -> str:
        """Likewise, with one row at least for each agent's run of which several metrics tell."""
        kinds = f"SELECT kind, {_TIMES}, {_ALL_SUMS} FROM rollup_by_kind WHERE {self.quarters()} GROUP BY kind"
        return self._with_others(f"""
            SELECT {_RUNS}, {_BEGIN.replace("min(quarter)", "quarter")} FROM rollup_runs WHERE {self.quarters()}
            UNION ALL BY NAME
            SELECT kinds.agent_id, kinds.type, kinds.told, kinds.in_parts, sums.*
            FROM ({kinds}) AS sums JOIN rollup_kinds AS kinds ON kinds.number = sums.kind
            WHERE NOT kinds.in_run AND kinds.agent_id IS NOT NULL
        """)

    def histogram(self) -> str:
        """A query for how many durations are in each bucket (`bucket`, `many`)."""
        rest = f"UNION ALL SELECT {WIDE_BUCKET}, 1 FROM ({self._timed_rest()}) AS metrics" if self.others else ""
        return f"""
            SELECT bucket, sum(many)::BIGINT AS many FROM (
                SELECT bucket, timed AS many FROM rollup_durations WHERE {self.quarters()} {rest}
            ) GROUP BY bucket ORDER BY bucket
        """

    def values(self, bucket: int) -> str:
        """A query for the durations (`duration_ms`) in a bucket."""
        rest = f"UNION ALL SELECT duration_ms FROM ({self._timed_rest()}) AS metrics WHERE {WIDE_BUCKET} = {bucket}"
        return f"""
            SELECT duration_ms FROM rollup_values WHERE bucket = {bucket} AND {self.quarters()}
            {rest if self.others else ""}
        """

    def quarters(self) -> str:
        """The condition on the quarters whose sums are taken."""
        left_out = f" AND quarter NOT IN ({', '.join(map(str, self.changed))})" if self.changed else ""
        bounds = [f"quarter >= {self.first}"] if self.first else []
        bounds += [f"quarter < {self.end}"] if self.end < _QUARTERS else []
        return (" AND ".join(bounds) or "true") + left_out

    def _owned(self, table: str, names: Sequence[str], start: str, sums: str, passing: str = "") -> str:
        keys = ", ".join([f"{start} AS part"] * bool(start) + list(names))
        summed = f"""
            SELECT {keys}, {sums} FROM {table} JOIN owned ON owned.number = {table}.owner
            WHERE {self.quarters()}{passing} GROUP BY ALL
        """
        if "use" in names:
            uses = ", ".join(f"uses.{name}" for name in USE)
            summed = f"SELECT sums.*, {uses} FROM ({summed}) AS sums JOIN rollup_uses AS uses ON uses.number = sums.use"
        named = "" if "session_id" in names else ", NULL::VARCHAR AS session_id"
        others = self._others()
        if not others:
            return f"(SELECT *{named} FROM ({summed})) AS metrics"
        session_id = "CASE WHEN known.session IS NULL THEN others.session_id END" if named else "others.session_id"
        return f"""(
            WITH others AS ({others}), known AS (
                SELECT session_id, min(session) AS session FROM rollup_owners
                WHERE session_id IN (SELECT session_id FROM others) GROUP BY session_id
            )
            SELECT *{named} FROM ({summed})
            UNION ALL BY NAME
            SELECT
                others.* REPLACE (
                    {session_id} AS session_id,
                    coalesce(others.user_id, sessions.user_id) AS user_id,
                    coalesce(others.project_path, sessions.project_path) AS project_path
                ),
                known.session
            FROM others
            LEFT JOIN sessions ON sessions.session_id = others.session_id
            LEFT JOIN known ON known.session_id = others.session_id
        ) AS metrics"""

    def _with_others(self, summed: str) -> str:
        others = self._others()
        return f"({summed} UNION ALL BY NAME {others}) AS metrics" if others else f"({summed}) AS metrics"

    def _others(self) -> str:
        """A query for all that is counted beside the sums; empty where there is nothing."""
        parts = [self._rest(DETAIL)] if self.others else []
        if self.condensed:
            parts.append(f"SELECT {CONDENSED} FROM condensed")
        return " UNION ALL BY NAME ".join(parts)

    def _timed_rest(self) -> str:
        return f"SELECT duration_ms FROM ({self._rest('duration_ms')}) WHERE duration_ms IS NOT NULL"

    def _rest(self, columns: str) -> str:
        """The metrics of the range that aren't in the sums: each condition lets most of the table be passed over."""
        within = "metrics.ts IS NOT NULL"
        if self.start_us is not None:
            within += f" AND metrics.ts >= {self.start_us}"
        if self.end_us is not None:
            within += f" AND metrics.ts < {self.end_us}"
        parts = [f"metrics.seq > {self.last}"]
        if self.start_us is not None and self.start_us < quarter_start(self.first):
            parts.append(f"metrics.seq <= {self.last} AND metrics.ts < {quarter_start(self.first)}")
        if self.end_us is not None and self.end_us > quarter_start(self.end):
            parts.append(f"metrics.seq <= {self.last} AND metrics.ts >= {quarter_start(self.end)}")
        if self.changed:
            among = " OR ".join(f"({_within(quarter, quarter)})" for quarter in self.changed)
            between = _within(self.changed[0], self.changed[-1])
            parts.append(f"metrics.seq <= {self.last} AND {between} AND ({among})")
        return " UNION ALL BY NAME ".join(f"SELECT {columns} FROM metrics WHERE {within} AND {part}" for part in parts)


def rolled_for(connection: DuckDBPyConnection, start_us: int | None, end_us: int | None) -> Rolled | None:
    """The sums for a range; None where there are none, none of whole quarters in it, or too many have changed."""
    last = rolled(connection)
    if not last:
        return None
    first = 0 if start_us is None else -((FIRST_US - start_us) // QUARTER_US)
    end = _QUARTERS if end_us is None else (end_us - FIRST_US) // QUARTER_US
    if first >= end:
        return None
    found = connection.execute(
        "SELECT DISTINCT quarter FROM rollup_dirty WHERE quarter >= ? AND quarter < ? ORDER BY quarter", [first, end]
    ).fetchall()
    if len(found) > _CHANGED_MAX:
        return None
    changed = tuple(quarter for (quarter,) in found)
    begun = start_us is not None and start_us < quarter_start(first)
    ended = end_us is not None and end_us > quarter_start(end)
    newer = connection.execute("SELECT 1 FROM metrics WHERE seq > ? LIMIT 1", [last]).fetchone() is not None
    others = bool(changed) or begun or ended or newer
    return Rolled(last, first, end, changed, start_us, end_us, others, is_any(connection))


def make_owned(connection: DuckDBPyConnection) -> None:
    """Makes the temporary table that says whose each owner's metrics are, for `Rolled.by_owner` and `by_use`.

    It is there until the connection reads metrics; nobody else can while it is open.
    """
    connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS owned AS {OWNED}")


def start_of_quarter(windows: Sequence[Run]) -> str | None:
    """The window of a quarter, for `start` above; None where some begin within one."""
    if any(run.start_us % QUARTER_US or run.width_us % QUARTER_US for run in windows):
        return None
    return window_start(windows, QUARTER_START)


def _owners(condition: str) -> str:
    return f" AND owner IN (SELECT number FROM rollup_owners WHERE {condition})" if condition != "true" else ""


def _within(first: int, last: int) -> str:
    return f"metrics.ts >= {quarter_start(first)} AND metrics.ts < {quarter_start(last + 1)}"
