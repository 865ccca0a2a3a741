"""Answers a question from a store, in SQL over its columns; only groups, never metrics, come to Python."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from tachograph.aggregate import condensed, percentiles
from tachograph.aggregate.counting import ONE_BY_ONE, TOGETHER
from tachograph.aggregate.narrowing import narrowed
from tachograph.aggregate.question import WINDOWS, AggregationType, Question
from tachograph.aggregate.result import (
    AggregationResult,
    Breakdowns,
    Calls,
    CostStats,
    DurationStats,
    SuccessMetrics,
    TokenStats,
    Unpriced,
)
from tachograph.aggregate.rolled import rolled_for
from tachograph.aggregate.windows import DAY_US, label, runs, window_start
from tachograph.errors import BadQuestion
from tachograph.metric import FIRST_US
from tachograph.prices import in_dollars
from tachograph.store.measures import FINE, SUCCEEDED, TOKEN_KINDS, USAGE_SUMS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from tachograph.aggregate.counting import Counting
    from tachograph.aggregate.result import Condensed
    from tachograph.aggregate.windows import Run
    from tachograph.store.duckdb import Store

_DURATION_OF_PARTS: Final = """
    sum(parts.fine_duration) AS fine_duration,
    sum(parts.coarse_duration) AS coarse_duration
"""
_FILLED_WINDOWS_MAX: Final = 1_000_000
_DAYS_LOOKED_FOR: Final = 1_000
"""Of more days it is asked which have metrics at all."""
_USAGE_OF_PARTS: Final = ", ".join(f"sum(parts.{name}) AS {name}" for name in USAGE_SUMS)
_UNTOLD_RUN: Final = (
    "(metrics.type = 'agent_execution' AND metrics.in_parts AND NOT {told} AND told.agent_run_id IS NULL)"
)
_SESSION_VALUES: Final = frozenset({"user_id", "project_path"})
"""Filters whose value is the session's where the metric has none."""


def compute(store: Store, asked: Question) -> AggregationResult:
    """The answer to a question: from sums by quarter of an hour, where the store has some and they say enough."""
    return store.answered(lambda: _compute(store, asked))


def _compute(store: Store, asked: Question) -> AggregationResult:
    if not asked.filters:
        rolled = rolled_for(store.connection, asked.start_us, asked.end_us)
        if rolled:
            from tachograph.aggregate.compute_rolled import RolledComputation  # noqa: PLC0415 - large stores alone

            return RolledComputation(store, asked, rolled).result()
    return Computation(store, asked).result()


class Computation:
    """One question on its way to its answer."""

    def __init__(self, store: Store, asked: Question) -> None:
        self._connection = store.connection
        self._asked = asked
        self._counting = TOGETHER if condensed.is_any(store.connection) else ONE_BY_ONE
        self._parameters: dict[str, Any] = {}
        self._joined = ""
        self._told: tuple[int, int] | None = None
        """How many sessions and users there are, once a query has told it by the way."""
        self._passing = self._filtered()
        few = None
        if self._counting is ONE_BY_ONE:
            few = narrowed(store, asked.filters, asked.start_us, asked.end_us)
        self._source = self._chosen(few or self._counting.rows)

    def result(self) -> AggregationResult:
        """Everything, put together."""
        asked = self._asked
        cells = self._cells()
        breakdowns = _breakdowns(cells)
        models = self._models()
        breakdowns.models.update(
            (row["model"], {"requests": row["requests"], "sessions": row["sessions"], **_usage(row)})
            for row in models
            if row["model"] is not None
        )
        left = self._condensed()
        total = sum(cell["count"] for cell in cells)
        used = _added(cells)
        first, last = (
            min(_present(cells, "first_ts"), default=None),
            max(_present(cells, "last_ts"), default=None),
        )
        rows = self._rows(breakdowns, cells, first, last)
        sessions, users = self._told or self._distinct()
        return AggregationResult(
            type=asked.type,
            start_time=self._bound(asked.start_us, first),
            end_time=self._bound(asked.end_us, None if last is None else last + 1),
            total_metrics=total,
            total_sessions=sessions,
            total_users=users,
            total_errors=breakdowns.by_type.get("error_occurred", 0),
            duration_stats=self._durations(cells, left),
            token_stats=TokenStats(
                used["tokens"],
                used["tokens"] / sessions if sessions else 0,
                **{kind: used[kind] for kind in TOKEN_KINDS},
                at_least=used["tokens_at_least"],
                unknown=sum(cell["unknown_usage"] for cell in cells),
                lower_bounds=sum(cell["lower_bounds"] for cell in cells),
            ),
            cost_stats=_costs(used, models, sessions),
            success_metrics=_successes(cells),
            breakdowns=breakdowns,
            time_series=rows,
            condensed=left,
        )

    def _bound(self, asked: int | None, found: int | None) -> str | None:
        us = found if asked is None else asked
        return None if us is None else label(us, self._asked.zone)

    def _in_range(self) -> list[str]:
        asked = self._asked
        conditions = ["metrics.ts IS NOT NULL"]
        if asked.start_us is not None:
            conditions.append("metrics.ts >= $start")
            self._parameters["start"] = asked.start_us
        if asked.end_us is not None:
            conditions.append("metrics.ts < $end")
            self._parameters["end"] = asked.end_us
        return conditions

    def _chosen(self, rows: str) -> str:
        """The FROM and WHERE of every query: the metrics that pass the range and the filters."""
        conditions = [*self._in_range(), *self._passing]
        return f"FROM {rows} {self._joined} WHERE {' AND '.join(conditions)}"

    def _filtered(self) -> list[str]:
        """The condition that each filter is; where one needs the session's values, those are joined."""
        conditions = []
        for name, values in self._asked.filters.items():
            column = f"metrics.{name}"
            if name in _SESSION_VALUES:
                self._joined = "LEFT JOIN sessions ON sessions.session_id = metrics.session_id"
                column = f"coalesce(metrics.{name}, sessions.{name})"
            conditions.append(f"{column} IN (SELECT unnest(${name}::VARCHAR[]))")
            self._parameters[name] = list(values)
        return conditions

    def _condensed(self) -> Condensed | None:
        if self._counting is ONE_BY_ONE:
            return None
        return condensed.part_of_answer(self._query, self._asked, self._joined, self._passing)

    def _query(self, sql: str) -> list[dict[str, Any]]:
        used = {name: value for name, value in self._parameters.items() if f"${name}" in sql}
        cursor = self._connection.execute(sql, used or None)
        names = [column[0] for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        if "fine_duration" in names:
            for row in rows:
                row["total_duration_ms"] = _total([row])
        return rows

    def _cells(self) -> list[dict[str, Any]]:
        """Everything that adds up, by what the breakdowns need."""
        return self._cells_of(self._counting, self._source)

    def _cells_of(self, by: Counting, source: str) -> list[dict[str, Any]]:
        return self._query(f"""
            SELECT
                type, tool_name, agent_id,
                CASE WHEN type = 'error_occurred' THEN error_type END AS error_type,
                {SUCCEEDED} AS outcome,
                {by.count} AS count,
                {by.timed} AS timed, {by.duration},
                {by.shortest} AS shortest, {by.longest} AS longest,
                {by.usage},
                {by.first_ts} AS first_ts, {by.last_ts} AS last_ts
            FROM (SELECT metrics.* {source}) AS metrics
            GROUP BY ALL
        """)

    def _models(self) -> list[dict[str, Any]]:
        """Tokens and cost of each model, and of what names none."""
        sums = self._sums_of_models(self._counting, self._source, "count(DISTINCT metrics.session_id) AS sessions,")
        return self._query(f"{sums} ORDER BY cost DESC, tokens DESC, metrics.model")

    def _sums_of_models(self, by: Counting, source: str, sessions: str = "") -> str:
        return f"""
            SELECT
                metrics.model, {by.count} AS requests, {sessions} {by.usage},
                {by.reported} AS reported,
                {by.unpriced_tokens} AS unpriced_tokens
            {source} AND {by.used}
            GROUP BY metrics.model
        """

    def _distinct(self) -> tuple[int, int]:
        (row,) = self._query(f"""
            WITH pairs AS (SELECT DISTINCT metrics.session_id, metrics.user_id {self._source})
            SELECT
                count(DISTINCT pairs.session_id) AS sessions,
                count(DISTINCT coalesce(pairs.user_id, sessions.user_id)) AS users
            FROM pairs LEFT JOIN sessions ON sessions.session_id = pairs.session_id
        """)
        return row["sessions"], row["users"]

    def _durations(self, cells: list[dict[str, Any]], left: Condensed | None) -> DurationStats:
        timed = sum(cell["timed"] for cell in cells)
        if not timed:
            return DurationStats()
        total = _total(cells)
        shortest, longest = min(_present(cells, "shortest")), max(_present(cells, "longest"))
        if left and left.duration_percentiles != condensed.EXACT:
            found: tuple[float, ...] = condensed.percentiles(self._query, self._source, shortest, longest)
        else:
            found = self._percentiles()
        return DurationStats(total, total / timed, shortest, longest, *found)

    def _percentiles(self) -> tuple[float, ...]:
        return percentiles.at_once(self._query, self._source)

    def _rows(
        self,
        breakdowns: Breakdowns,
        cells: Sequence[Mapping[str, Any]],
        first: int | None,
        last: int | None,
    ) -> list[dict[str, Any]]:
        if self._asked.type is AggregationType.BY_SESSION:
            return self._sessions()
        return _ordered(self._all_rows(breakdowns, cells, first, last), self._asked)

    def _all_rows(
        self,
        breakdowns: Breakdowns,
        cells: Sequence[Mapping[str, Any]],
        first: int | None,
        last: int | None,
    ) -> list[dict[str, Any]]:
        kind = self._asked.type
        if kind in WINDOWS:
            return self._windows(first, last)
        if kind is AggregationType.BY_TOOL:
            used = {name: _added(group) for name, group in _by(cells, "tool_name").items()}
            return [{"tool": name, **calls.to_dict(), **used[name]} for name, calls in breakdowns.tools.items()]
        if kind is AggregationType.BY_AGENT:
            used = self._agents_usage()
            return [{"agent": name, **calls.to_dict(), **used[name]} for name, calls in breakdowns.agents.items()]
        if kind is AggregationType.BY_MODEL:
            return [{"model": name, **used_by} for name, used_by in breakdowns.models.items()]
        return self._owners("user_id" if kind is AggregationType.BY_USER else "project_path")

    def _windows(self, first: int | None, last: int | None) -> list[dict[str, Any]]:
        kind = self._asked.type
        zone = self._asked.zone
        windows = runs(WINDOWS[kind], zone, self._days(first, last))
        rows = {row.pop("start_us"): row for row in self._by_window(windows)} if windows else {}
        if self._asked.fill:
            self._fill(rows, first, last)
        return [
            {
                _WINDOW_KEYS[kind]: label(start, zone),
                **{name: row[name] for name in _WINDOW_MEASURES[kind]},
                **_usage(row),
            }
            for start, row in sorted(rows.items())
        ]

    def _days(self, first: int | None, last: int | None) -> Collection[int]:
        """Days in which something happened, counted from 1970 in UTC; where they aren't many, also those between."""
        if first is None or last is None:
            return ()
        if last - first < _DAYS_LOOKED_FOR * DAY_US:
            return range(first // DAY_US, last // DAY_US + 1)
        return self._active_days()

    def _active_days(self) -> set[int]:
        """In which days something happened."""
        found = self._query(f"SELECT DISTINCT (metrics.ts - {FIRST_US}) // {DAY_US} AS day {self._source}")
        return {row["day"] + FIRST_US // DAY_US for row in found}

    def _by_window(self, windows: Sequence[Run]) -> list[dict[str, Any]]:
        by = self._counting
        found = self._query(f"""
            WITH parts AS (
                SELECT
                    {window_start(windows, "metrics.ts")} AS start_us,
                    metrics.session_id, metrics.user_id,
                    {by.count} AS metrics_count, {by.errors} AS errors,
                    {by.duration}, {by.usage}
                {self._source}
                GROUP BY ALL
            )
            SELECT
                parts.start_us, grouping(parts.start_us) AS is_total,
                sum(parts.metrics_count)::BIGINT AS metrics_count,
                count(DISTINCT parts.session_id) AS sessions,
                count(DISTINCT coalesce(parts.user_id, sessions.user_id)) AS users,
                sum(parts.errors)::BIGINT AS errors,
                {_DURATION_OF_PARTS},
                {_USAGE_OF_PARTS}
            FROM parts LEFT JOIN sessions ON sessions.session_id = parts.session_id
            GROUP BY GROUPING SETS ((parts.start_us), ())
        """)
        (total,) = [row for row in found if row["is_total"]]
        self._told = total["sessions"], total["users"]
        return [row for row in found if not row["is_total"]]

    def _fill(self, rows: dict[int, dict[str, Any]], first: int | None, last: int | None) -> None:
        """Adds the windows of the range in which nothing happened."""
        asked = self._asked
        start = first if asked.start_us is None else asked.start_us
        end = last if asked.end_us is None else asked.end_us - 1
        if start is None or end is None or end < start:
            return
        unit = WINDOWS[asked.type]
        if unit == "hour" and (end - start) // (DAY_US // 24) > _FILLED_WINDOWS_MAX:
            raise BadQuestion("the range has too many hours to fill", mend="narrow it, or ask by day")
        covering = runs(unit, asked.zone, range(start // DAY_US, end // DAY_US + 1))
        empty = {
            "metrics_count": 0,
            "sessions": 0,
            "users": 0,
            "errors": 0,
            "total_duration_ms": 0.0,
            **dict.fromkeys(USAGE_SUMS, 0),
        }
        for run in covering:
            for begin in range(run.start_us, run.end_us, run.width_us):
                if begin <= end and begin + run.width_us > start:
                    rows.setdefault(begin, dict(empty))

    def _by_session(self) -> list[dict[str, Any]]:
        by = self._counting
        return self._query(f"""
            SELECT * FROM (
                SELECT
                    metrics.session_id, {by.first_ts} AS first_ts, {by.last_ts} AS last_ts,
                    {by.count} AS metrics_count, {by.errors} AS errors,
                    {by.duration}, {by.usage}
                {self._source} AND metrics.session_id IS NOT NULL
                GROUP BY metrics.session_id
            )
            {self._order_of_sessions()} {self._some_sessions()}
        """)

    def _order_of_sessions(self) -> str:
        """ORDER BY, of columns as `_by_session` gives them."""
        order = self._asked.order
        first = ""
        if order is not None:
            key = order.removeprefix("-")
            first = f"{_SESSION_ORDERS.get(key, key)} {'DESC' if key != order else 'ASC'}, "
        return f"ORDER BY {first}first_ts, session_id"

    def _some_sessions(self) -> str:
        """LIMIT and OFFSET, where they are asked for."""
        limit, offset = self._asked.limit, self._asked.offset
        return (f"LIMIT {limit:d} " if limit is not None else "") + (f"OFFSET {offset:d}" if offset else "")

    def _are_some(self) -> bool:
        """Whether not all rows are wanted."""
        return self._asked.limit is not None or bool(self._asked.offset)

    def _sessions(self) -> list[dict[str, Any]]:
        zone = self._asked.zone
        grouped = self._by_session()
        if self._are_some():
            self._parameters["shown"] = [row["session_id"] for row in grouped]
        tools = self._tool_uses("session_id")
        return [
            {
                "session_id": row["session_id"],
                "start_time": label(row["first_ts"], zone),
                "end_time": label(row["last_ts"], zone),
                "duration_seconds": (row["last_ts"] - row["first_ts"]) / 1_000_000,
                "metrics_count": row["metrics_count"],
                "tool_uses": tools.get(row["session_id"], {}),
                "errors": row["errors"],
                "total_duration_ms": row["total_duration_ms"],
                **_usage(row),
            }
            for row in grouped
        ]

    def _by_owner(self, key: str) -> list[dict[str, Any]]:
        by = self._counting
        return self._query(f"""
            WITH parts AS (
                SELECT
                    metrics.session_id, metrics.user_id, metrics.project_path,
                    {by.count} AS metrics_count, {by.errors} AS errors,
                    {by.duration}, {by.usage}
                {self._source}
                GROUP BY ALL
            )
            SELECT
                coalesce(parts.{key}, sessions.{key}) AS owner,
                count(DISTINCT parts.session_id) AS sessions,
                count(DISTINCT coalesce(parts.user_id, sessions.user_id)) AS users,
                sum(parts.metrics_count)::BIGINT AS metrics_count,
                sum(parts.errors)::BIGINT AS errors,
                {_DURATION_OF_PARTS},
                {_USAGE_OF_PARTS}
            FROM parts LEFT JOIN sessions ON sessions.session_id = parts.session_id
            GROUP BY owner
            HAVING owner IS NOT NULL
            ORDER BY metrics_count DESC, owner
        """)

    def _owners(self, key: str) -> list[dict[str, Any]]:
        """Rows by user or by project, each the session's where a metric names none."""
        grouped = self._by_owner(key)
        tools = self._tool_uses(key)
        measures = ("sessions", "users", "metrics_count") if key == "project_path" else ("sessions", "metrics_count")
        return [
            {
                key: row["owner"],
                **{name: row[name] for name in measures},
                "tool_uses": tools.get(row["owner"], {}),
                **{name: row[name] for name in ("errors", "total_duration_ms")},
                **_usage(row),
            }
            for row in grouped
        ]

    def _agents_usage(self) -> dict[str, dict[str, Any]]:
        """Tokens and cost by agent: of the metrics that name it, and of those that its runs did themselves.

        A run of which no log tells any tokens has used some all the same.
        """
        return self._usage_by_agent(self._counting, self._counting.rows, self._source)

    def _usage_by_agent(self, by: Counting, rows: str, source: str) -> dict[str, dict[str, Any]]:
        """`rows` are those in which runs are named, `source` those of the range."""
        grouped = self._query(f"""
            WITH runs AS (
                SELECT source, agent_run_id, min(agent_id) AS agent_id FROM {rows}
                WHERE agent_run_id IS NOT NULL AND agent_id IS NOT NULL AND in_parts
                GROUP BY source, agent_run_id
            ), told AS (
                SELECT DISTINCT source, agent_run_id FROM {rows}
                WHERE agent_run_id IS NOT NULL AND {by.told}
            ), chosen AS (
                SELECT metrics.* {source} AND (metrics.agent_id IS NOT NULL OR metrics.agent_run_id IS NOT NULL)
            )
            SELECT
                coalesce(metrics.agent_id, runs.agent_id) AS agent,
                {by.usage_with_unknown(_UNTOLD_RUN.format(told=by.told))}
            FROM chosen AS metrics
            LEFT JOIN runs ON runs.source = metrics.source AND runs.agent_run_id = metrics.agent_run_id
            LEFT JOIN told ON told.source = metrics.source AND told.agent_run_id = metrics.agent_run_id
            GROUP BY agent
        """)
        return {row["agent"]: _usage(row) for row in grouped}

    def _tool_uses(self, key: str) -> dict[str, dict[str, int]]:
        """Owner → tool → count, largest first, by session, user or project."""
        uses: dict[str, dict[str, int]] = {}
        for row in self._counted_uses(key):
            uses.setdefault(row["owner"], {})[row["tool"]] = row["uses"]
        return uses

    def _shown(self) -> str:
        """The condition on the sessions whose tools are counted: where few sessions are shown, those alone."""
        return "metrics.session_id IN (SELECT unnest($shown::VARCHAR[]))" if "shown" in self._parameters else "true"

    def _counted_uses(self, key: str) -> list[dict[str, Any]]:
        by = self._counting
        owner = "parts.session_id" if key == "session_id" else f"coalesce(parts.{key}, sessions.{key})"
        return self._query(f"""
            WITH parts AS (
                SELECT metrics.session_id, metrics.user_id, metrics.project_path, metrics.tool_name, {by.count} AS uses
                {self._source} AND metrics.tool_name IS NOT NULL AND {self._shown()}
                GROUP BY ALL
            )
            SELECT {owner} AS owner, parts.tool_name AS tool, sum(parts.uses)::BIGINT AS uses
            FROM parts LEFT JOIN sessions ON sessions.session_id = parts.session_id
            GROUP BY owner, tool
            HAVING owner IS NOT NULL
            ORDER BY uses DESC, tool
        """)


_WINDOW_KEYS: Final = {
    AggregationType.HOURLY: "timestamp",
    AggregationType.DAILY: "timestamp",
    AggregationType.WEEKLY: "week_start",
    AggregationType.MONTHLY: "month",
}
_LONG: Final = ("metrics_count", "sessions", "users", "errors", "total_duration_ms")
_WINDOW_MEASURES: Final[Mapping[AggregationType, tuple[str, ...]]] = {
    AggregationType.HOURLY: ("metrics_count", "errors", "total_duration_ms"),
    AggregationType.DAILY: ("metrics_count", "sessions", "errors", "total_duration_ms"),
    AggregationType.WEEKLY: _LONG,
    AggregationType.MONTHLY: _LONG,
}


_SESSION_ORDERS: Final = {
    "start_time": "first_ts",
    "end_time": "last_ts",
    "duration_seconds": "last_ts - first_ts",
    "total_duration_ms": f"coalesce(fine_duration, 0) / {FINE} + coalesce(coarse_duration, 0)",
    "cost_usd": "cost",
}
"""What sessions are ordered by in SQL, where that has another name there."""


def _ordered(rows: list[dict[str, Any]], asked: Question) -> list[dict[str, Any]]:
    """The rows in the order that is asked for, those without a value last, and no more than are wanted."""
    if asked.order is not None:
        key = asked.order.removeprefix("-")
        known = [row for row in rows if row[key] is not None]
        known.sort(key=lambda row: row[key], reverse=key != asked.order)
        rows = known + [row for row in rows if row[key] is None]
    return rows[asked.offset : None if asked.limit is None else asked.offset + asked.limit]


def _present(cells: Iterable[Mapping[str, Any]], name: str) -> list[Any]:
    return [cell[name] for cell in cells if cell[name] is not None]


def _total(cells: Sequence[Mapping[str, Any]]) -> float:
    """The durations of groups together, in milliseconds."""
    fine = sum(cell["fine_duration"] or 0 for cell in cells) / FINE
    try:
        return math.fsum([fine, *_present(cells, "coarse_duration")])
    except (OverflowError, ValueError):  # past the largest float, or infinities of both signs
        return math.inf


def _usage(row: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a row that tell tokens and cost."""
    return {
        "tokens": int(row["tokens"]),
        **{kind: int(row[kind]) for kind in TOKEN_KINDS},
        "tokens_at_least": bool(row["unknown_usage"] or row["lower_bounds"]),
        "cost_usd": in_dollars(row["cost"]),
        "cost_at_least": bool(row["unpriced"] or row["unknown_usage"] or row["lower_bounds"]),
    }


def _added(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return _usage({name: sum(row[name] for row in rows) for name in USAGE_SUMS})


def _by(cells: Iterable[Mapping[str, Any]], key: str) -> dict[str, list[Mapping[str, Any]]]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for cell in cells:
        if cell[key] is not None:
            groups.setdefault(cell[key], []).append(cell)
    return groups


def _costs(used: Mapping[str, Any], models: Sequence[Mapping[str, Any]], sessions: int) -> CostStats:
    total = used["cost_usd"]
    return CostStats(
        total_usd=total,
        avg_per_session_usd=total / sessions if sessions else 0,
        reported_usd=in_dollars(sum(model["reported"] for model in models)),
        at_least=used["cost_at_least"],
        unpriced=[
            Unpriced(model["model"], model["unpriced"], int(model["unpriced_tokens"]))
            for model in sorted(
                models, key=lambda model: (-model["unpriced_tokens"], model["model"] is not None, model["model"] or "")
            )
            if model["unpriced"]
        ],
    )


def _successes(cells: Iterable[Mapping[str, Any]]) -> SuccessMetrics:
    counts = {True: 0, False: 0, None: 0}
    for cell in cells:
        counts[cell["outcome"]] += cell["count"]
    known = counts[True] + counts[False]
    return SuccessMetrics(counts[True], counts[False], counts[True] / known if known else 0)


def _breakdowns(cells: Sequence[Mapping[str, Any]]) -> Breakdowns:
    by_type: dict[str, int] = {}
    errors: dict[str, int] = {}
    for cell in cells:
        by_type[cell["type"]] = by_type.get(cell["type"], 0) + cell["count"]
        if cell["error_type"] is not None:
            errors[cell["error_type"]] = errors.get(cell["error_type"], 0) + cell["count"]
    tools, agents = _calls(_by(cells, "tool_name")), _calls(_by(cells, "agent_id"))
    return Breakdowns(_largest_first(by_type), tools, agents, _largest_first(errors))


def _largest_first(counts: dict[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _calls(groups: Mapping[str, list[Mapping[str, Any]]]) -> dict[str, Calls]:
    calls = {
        name: Calls(
            count=sum(cell["count"] for cell in cells),
            success=sum(cell["count"] for cell in cells if cell["outcome"] is True),
            failure=sum(cell["count"] for cell in cells if cell["outcome"] is False),
            timed=sum(cell["timed"] for cell in cells),
            total_duration_ms=_total(cells),
        )
        for name, cells in groups.items()
    }
    return dict(sorted(calls.items(), key=lambda item: (-item[1].count, item[0])))
