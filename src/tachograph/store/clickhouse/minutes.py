"""In which minutes there are metrics of an id, a run, a request or a session: a server's metrics are sorted by time.

Each of those texts is a key, 40 bits of its hash, and the table `minutes` has the minutes of each. What shares a key by
chance, was said to be gone, or was moved costs nothing but a look into a minute where there is nothing to find. So rows
are added before the metrics that they are of, and only condensing deletes any, together with those. Metrics without a
time are in minute 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tachograph.store.clickhouse.connection import Connection

_MINUTE_US: Final = 60_000_000
_FOUND: Final = "found_minutes"
WITHOUT_TIME: Final = "ts IS NULL"
_OTHERS: Final = "session_id, {request}, {other}, CASE WHEN type = 'agent_execution' THEN agent_run_id END"
"""What several metrics may share."""
_OTHERS_HERE: Final = _OTHERS.format(request="request::VARCHAR", other="other_request::VARCHAR")
_OTHERS_THERE: Final = _OTHERS.format(request="toString(request)", other="toString(other_request)")
_THERE: Final = "bitShiftRight(reinterpretAsUInt64(MD5(toString(assumeNotNull({text})))), 24)"


def of_rows(rows: str) -> str:
    """The statement of DuckDB's that gives the rows of `minutes` for the metrics that another one gives."""
    return f"""
        WITH timed AS (SELECT *, coalesce(ts // {_MINUTE_US}, 0) AS minute FROM ({rows})),
        named AS (SELECT DISTINCT unnest([{_OTHERS_HERE}]) AS text, minute FROM timed)
        SELECT md5_number_upper(text) >> 24 AS key, minute
        FROM (SELECT id AS text, minute FROM timed UNION ALL FROM named) WHERE text IS NOT NULL
    """


def of_table(condition: str, database: str) -> str:
    """Likewise a statement of ClickHouse's, for those of all tenants' metrics that meet a condition.

    What it gives more than once is once in the table.
    """
    return (
        f"SELECT tenant, {_THERE.format(text='named')} AS key, minute FROM ("
        f" SELECT tenant, arrayJoin([id, {_OTHERS_THERE}]) AS named, intDiv(ifNull(ts, 0), {_MINUTE_US}) AS minute"
        f" FROM {database}.metrics WHERE {condition}) WHERE named IS NOT NULL"
    )


def needless(before_us: int, is_kept: str, database: str) -> str:
    """The condition on a tenant's rows of `minutes` that are of metrics before a moment, but of none that is kept.

    Those of metrics without a time, and before 1970, aren't looked at.
    """
    kept = of_table(f"tenant = {{tenant:String}} AND {is_kept}", database)
    old = f"minute > 0 AND minute < {before_us // _MINUTE_US:d}"
    return f"{old} AND (key, minute) NOT IN (SELECT key, minute FROM ({kept}))"


def look_up(there: Connection, keys: str) -> list[str]:
    """Conditions for `metrics` to be read by, one of which those of any of these texts meet; none where there are none.

    `keys` names the temporary table of them. What they mean lasts until the next look.
    """
    there.do(
        f"CREATE OR REPLACE TEMPORARY TABLE {_FOUND} ENGINE = Memory AS SELECT DISTINCT minute"
        f" FROM {there.database}.minutes WHERE tenant = {{tenant:String}}"
        f" AND key GLOBAL IN (SELECT {_THERE.format(text='key')} FROM {keys})"
    )
    many, without_time = there.ask(f"SELECT count(), countIf(minute = 0) FROM {_FOUND}").fetchone() or (0, 0)
    timed = [f"intDiv(ts, {_MINUTE_US}) GLOBAL IN (SELECT minute FROM {_FOUND})"] if many else []
    return [*timed, *([WITHOUT_TIME] if without_time else [])]
