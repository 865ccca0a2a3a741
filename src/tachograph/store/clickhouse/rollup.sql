-- How sums by quarter of an hour are made on the server, as `rollup.sql` makes them in the embedded store: a quarter's all
-- at once. They are statements of DuckDB's that are translated; what stands for a kind, a use and an owner is the hash of
-- their names. Quarters to be made are in the temporary table `making`, in a column `key`.

-- name: rollup_uses
SELECT {use_hash} AS number, {use_names} FROM metrics WHERE {chosen} GROUP BY ALL;

-- name: rollup_kinds
SELECT {kind_hash} AS number, {use_hash} AS use, {kind} FROM metrics WHERE {chosen} GROUP BY ALL;

-- name: rollup_owners
SELECT
    {owner_hash} AS number, CASE WHEN metrics.session_id IS NOT NULL THEN {session_hash} END AS session,
    metrics.session_id, metrics.user_id, metrics.project_path
FROM metrics WHERE {chosen} GROUP BY ALL;

-- name: rollup_by_kind
SELECT
    {quarter} AS quarter, {kind_hash} AS kind, min(metrics.ts) AS first_ts, max(metrics.ts) AS last_ts,
    min(metrics.duration_ms) AS shortest, max(metrics.duration_ms) AS longest, {sums}
FROM metrics WHERE {chosen} GROUP BY quarter, kind;

-- name: rollup_by_owner
SELECT
    {quarter} AS quarter, {owner_hash} AS owner, min(metrics.ts) AS first_ts, max(metrics.ts) AS last_ts,
    count(*) FILTER (metrics.type = 'error_occurred') AS errors, {sums}
FROM metrics WHERE {chosen} GROUP BY quarter, owner;

-- name: rollup_by_use
SELECT {quarter} AS quarter, {owner_hash} AS owner, {use_hash} AS use, count(*) AS metrics_count
FROM metrics WHERE {chosen} AND NOT ({no_use}) GROUP BY quarter, owner, use;

-- name: rollup_durations
SELECT {quarter} AS quarter, {bucket} AS bucket, count(*) AS timed
FROM metrics WHERE {chosen} AND metrics.duration_ms IS NOT NULL GROUP BY quarter, bucket;

-- name: rollup_runs
SELECT
    {quarter} AS quarter, metrics.source AS source, metrics.agent_run_id AS agent_run_id, metrics.agent_id AS agent_id,
    metrics.type AS type, {told} AS told, {sums}
FROM metrics WHERE {chosen} AND {in_run}
GROUP BY quarter, metrics.source, metrics.agent_run_id, metrics.agent_id, metrics.type, told;
