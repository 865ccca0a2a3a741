-- How sums are kept beside the metrics, by quarter of an hour. $from and $to are numbers of rows (seq): those after the
-- one and up to the other are added. A quarter of which an added row was changed or deleted is made again.

-- name: find_new_kinds
CREATE OR REPLACE TEMP TABLE new_kinds AS
SELECT DISTINCT {kind} FROM metrics WHERE {chosen}
EXCEPT
SELECT {kind_names} FROM rollup_kinds;

-- name: insert_uses
INSERT INTO rollup_uses
SELECT (SELECT coalesce(max(number), 0) FROM rollup_uses) + row_number() OVER (), {use_names}
FROM (SELECT {use_names} FROM new_kinds EXCEPT SELECT {use_names} FROM rollup_uses);

-- name: insert_kinds
INSERT INTO rollup_kinds BY NAME
SELECT (SELECT coalesce(max(number), 0) FROM rollup_kinds) + row_number() OVER () AS number, uses.number AS use, new_kinds.*
FROM new_kinds JOIN rollup_uses AS uses ON {same_use};

-- name: insert_owners
-- All of a session's have the number of its first as their session's.
INSERT INTO rollup_owners
WITH found AS (
    SELECT DISTINCT session_id, user_id, project_path FROM metrics WHERE {chosen}
    EXCEPT
    SELECT session_id, user_id, project_path FROM rollup_owners
), new AS (
    SELECT (SELECT coalesce(max(number), 0) FROM rollup_owners) + row_number() OVER () AS number, * FROM found
), known AS (
    SELECT session_id, min(session) AS session FROM rollup_owners
    WHERE session_id IN (SELECT session_id FROM new)
    GROUP BY session_id
)
SELECT
    new.number,
    CASE WHEN new.session_id IS NOT NULL
    THEN coalesce(known.session, min(new.number) OVER (PARTITION BY new.session_id)) END,
    new.session_id, new.user_id, new.project_path
FROM new LEFT JOIN known ON known.session_id = new.session_id;

-- name: count_mistakable
-- Kinds and owners are found by hash, which says less than they do.
SELECT
    (SELECT count(*) - count(DISTINCT {kind_hash}) FROM rollup_kinds AS kinds)
    + (SELECT count(*) - count(DISTINCT {owner_hash}) FROM rollup_owners AS owners);

-- name: add_by_kind
INSERT INTO rollup_by_kind BY NAME
WITH added AS (
    SELECT
        {quarter} AS quarter, hash({kind_values}) AS kind_hash,
        min(metrics.ts) AS first_ts, max(metrics.ts) AS last_ts,
        min(metrics.duration_ms) AS shortest, max(metrics.duration_ms) AS longest, {sums}
    FROM metrics WHERE {chosen} GROUP BY ALL
)
SELECT kinds.number AS kind, added.* EXCLUDE (kind_hash)
FROM added JOIN rollup_kinds AS kinds ON {kind_hash} = added.kind_hash
ORDER BY quarter;

-- name: add_by_owner
INSERT INTO rollup_by_owner BY NAME
WITH added AS (
    SELECT
        {quarter} AS quarter, hash({owner_values}) AS owner_hash,
        min(metrics.ts) AS first_ts, max(metrics.ts) AS last_ts,
        count(*) FILTER (metrics.type = 'error_occurred') AS errors, {sums}
    FROM metrics WHERE {chosen} GROUP BY ALL
)
SELECT owners.number AS owner, added.* EXCLUDE (owner_hash)
FROM added JOIN rollup_owners AS owners ON {owner_hash} = added.owner_hash
ORDER BY quarter;

-- name: add_by_use
INSERT INTO rollup_by_use BY NAME
WITH added AS (
    SELECT
        {quarter} AS quarter, hash({owner_values}) AS owner_hash, hash({kind_values}) AS kind_hash,
        count(*) AS metrics_count
    FROM metrics WHERE {chosen} GROUP BY ALL
)
SELECT added.quarter, owners.number AS owner, kinds.use, sum(added.metrics_count) AS metrics_count
FROM added
JOIN rollup_kinds AS kinds ON {kind_hash} = added.kind_hash
JOIN rollup_owners AS owners ON {owner_hash} = added.owner_hash
WHERE kinds.use NOT IN (SELECT number FROM rollup_uses WHERE {no_use})
GROUP BY ALL ORDER BY added.quarter;

-- name: add_durations
INSERT INTO rollup_durations BY NAME
SELECT {quarter} AS quarter, {bucket} AS bucket, count(*) AS timed
FROM metrics WHERE {chosen} AND metrics.duration_ms IS NOT NULL GROUP BY ALL ORDER BY quarter;

-- name: add_values
-- In the order of their buckets, so that those of one are found without looking at the others.
INSERT INTO rollup_values BY NAME
SELECT {bucket} AS bucket, {quarter} AS quarter, metrics.duration_ms
FROM metrics WHERE {chosen} AND metrics.duration_ms IS NOT NULL ORDER BY bucket, quarter;

-- name: add_runs
INSERT INTO rollup_runs BY NAME
SELECT {quarter} AS quarter, metrics.source, metrics.agent_run_id, metrics.agent_id, metrics.type, {told} AS told, {sums}
FROM metrics WHERE {chosen} AND {in_run} GROUP BY ALL ORDER BY quarter;
