"""Writes a store of so many made-up metrics of one year straight into its tables, without any log.

usage: uv run bench/scale_store.py METRICS FOLDER

Sessions have 200 metrics each. Every metric names its user, only the start of a session its project. What logs would
go through is left out (reading, looking for ids that are known, the journal), so it takes a tenth of the time; sums are
made where reading logs would have made them.
"""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tachograph.store.statements import rollup_statements, schema

if TYPE_CHECKING:
    from tachograph.store.engine import DuckDBPyConnection

BYTES_PER_METRIC: Final = 100
"""More than a store takes on the disk (53 without sums, 60 to 80 with them), for what is on its way."""
STORE: Final = "tachograph.duckdb"
_FIRST_US: Final = 1_735_689_600_000_000
"""The first moment of 2025 in UTC."""
_YEAR_US: Final = 365 * 86_400_000_000
_PER_SESSION: Final = 200
_AT_ONCE: Final = 2_000_000

_METRICS: Final = f"""
INSERT INTO metrics BY NAME
WITH numbered AS (
    SELECT
        i, i // {_PER_SESSION} AS session, i % {_PER_SESSION} AS place,
        hash(i, 1) AS h, hash(i, 2) AS g, hash(i // {_PER_SESSION}, 3) AS of_session
    FROM range($from, $to) AS numbers(i)
), drawn AS (
    SELECT *, (h % 100)::INT AS draw, (h // 100 % 1000000) / 1e6 AS part, (h // 100000000 % 1000) / 1e3 AS chance
    FROM numbered
), typed AS (
    SELECT *, CASE
        WHEN place = 0 THEN 'session_start'
        WHEN draw < 58 THEN 'tool_use'
        WHEN draw < 83 THEN 'token_usage'
        WHEN draw < 87 THEN 'agent_execution'
        WHEN draw < 91 THEN 'hook_triggered'
        WHEN draw < 94 THEN 'command_executed'
        WHEN draw < 97 THEN 'error_occurred'
        ELSE 'performance' END AS kind
    FROM drawn
), counted AS (
    SELECT *,
        CASE kind WHEN 'tool_use' THEN 700 WHEN 'agent_execution' THEN 60000 WHEN 'hook_triggered' THEN 180
            WHEN 'command_executed' THEN 30 WHEN 'performance' THEN 40000 END AS mean_ms,
        CASE WHEN kind = 'token_usage' THEN (g % 50)::BIGINT END AS input_tokens,
        CASE WHEN kind = 'token_usage' THEN (g // 50 % 1500)::BIGINT END AS output_tokens,
        CASE WHEN kind = 'token_usage' THEN (g // 75000 % 150000)::BIGINT END AS cache_read_tokens,
        CASE WHEN kind = 'token_usage' THEN (g // 11250000000 % 5000)::BIGINT END AS cache_write_tokens
    FROM typed
)
SELECT
    printf('%016x%016x', h, g) AS id, hash(printf('%016x%016x', h, g)) AS id_hash,
    {_FIRST_US} + session * $apart_us + (of_session % 3600000000)::BIGINT
        + place * 9000000 + (h % 8000000)::BIGINT AS ts,
    kind AS type,
    printf('%016x', of_session) AS session_id,
    'person-' || (of_session // 7 % 400) AS user_id,
    CASE WHEN kind = 'tool_use' THEN [
        'Bash', 'Read', 'Edit', 'Write', 'Grep', 'Glob', 'Task', 'WebFetch', 'mcp__tracker__search_tickets'
    ][1 + (g % 9)::INT] END AS tool_name,
    CASE WHEN kind = 'agent_execution' THEN 'agent-' || (g % 12) END AS agent_id,
    CASE WHEN kind = 'session_start' THEN '/home/dev/project-' || (of_session // 13 % 150) END AS project_path,
    CASE WHEN kind = 'command_executed'
        THEN ['/commit', '/review', '/test', '/clear'][1 + (g % 4)::INT] END AS command_name,
    CASE WHEN kind = 'error_occurred' THEN [
        'rate_limit', 'overloaded', 'timeout', 'tool_error', 'permission_denied'
    ][1 + (g % 5)::INT] END AS error_type,
    CASE WHEN kind = 'performance' THEN 'compaction' END AS operation,
    CASE WHEN kind = 'hook_triggered'
        THEN ['PreToolUse:Bash', 'PostToolUse:Edit', 'Stop'][1 + (g % 3)::INT] END AS hook_name,
    CASE WHEN kind = 'token_usage'
        THEN ['claude-opus-4-5', 'claude-sonnet-4-5', 'claude-haiku-4-5'][1 + (h // 1000 % 3)::INT] END AS model,
    CASE WHEN mean_ms IS NOT NULL AND chance >= 0.01 THEN chance < 0.94 END AS success,
    round(-ln(part + 1e-7) * mean_ms, 3) AS duration_ms,
    input_tokens + output_tokens + cache_read_tokens + cache_write_tokens AS token_count,
    input_tokens, output_tokens, cache_read_tokens, cache_write_tokens,
    'metrics-log' AS source,
    false AS in_parts,
    (50 * output_tokens + cache_read_tokens)::HUGEINT * 500000000000000000 AS cost, -- $25 and $0.50 a million
    i + 1 AS seq
FROM counted ORDER BY i
"""
_SESSIONS: Final = """
INSERT INTO sessions SELECT session_id, min(user_id), min(project_path) FROM metrics GROUP BY session_id
"""
_A_FILE: Final = """
INSERT INTO files (path, source, size, mtime_ns, read_offset, lines, head, tail, compressed)
VALUES ('/nowhere/metrics_20250101_000000.jsonl', 'metrics-log', 1, 1, 1, 1, '', '', false)
"""
"""A command answers only from a store into which something was read."""


def version() -> str:
    """Changes whenever the same number of metrics may become another store."""
    made_by = [Path(__file__).read_text(encoding="utf-8"), schema(), *rollup_statements("true").values()]
    return sha256("\n".join(made_by).encode()).hexdigest()[:12]


def write_store(folder: Path, metrics: int) -> None:
    """Writes a store into a folder that has none yet."""
    from tachograph.price_list import data_version  # noqa: PLC0415 - whoever only asks for the version needs no engine
    from tachograph.store.duckdb import Store  # noqa: PLC0415 - as above
    from tachograph.store.rollup import is_due, roll_up  # noqa: PLC0415 - as above

    with Store.open(folder / STORE) as store:
        connection = store.connection
        _insert_metrics(connection, metrics)
        connection.execute(_SESSIONS)
        connection.execute("UPDATE meta SET value = ? WHERE name = 'whole'", [str(metrics)])
        connection.execute("INSERT INTO meta VALUES ('prices', ?)", [data_version(folder)])
        connection.execute(_A_FILE)
        if is_due(connection, 0, metrics):
            roll_up(connection)
        connection.execute("CHECKPOINT")


def _insert_metrics(connection: DuckDBPyConnection, metrics: int) -> None:
    sessions = max(metrics // _PER_SESSION, 1)
    apart_us = (_YEAR_US - 7_200_000_000) // sessions  # the last one ends within the year, too
    connection.execute("SET preserve_insertion_order = true")  # as logs are read: in the order of time
    for first in range(0, metrics, _AT_ONCE):
        after = min(first + _AT_ONCE, metrics)
        connection.execute(_METRICS, {"from": first, "to": after, "apart_us": apart_us})


if __name__ == "__main__":
    write_store(Path(sys.argv[2]), int(sys.argv[1]))
