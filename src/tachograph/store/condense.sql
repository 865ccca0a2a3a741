-- How metrics make room for their sums. $before is where the first window that stays begins; $settled is since when a
-- metric may still be waiting for the rest of it.

-- name: linked
-- Sessions that tell of each other's metrics are condensed together, or whose those metrics are could change.
SELECT DISTINCT mine.session_id AS one, theirs.session_id AS other
FROM claims AS mine JOIN claims AS theirs USING (id);

-- name: young
-- Those of them that have metrics which stay.
SELECT DISTINCT session_id FROM metrics
WHERE session_id IN (SELECT session_id FROM claims) AND ts IS NOT NULL AND NOT ({is_old});

-- name: find_held
CREATE OR REPLACE TEMP TABLE held AS
WITH RECURSIVE linked AS ({linked}), reached AS (
    SELECT session_id FROM ({young})
    UNION
    SELECT linked.other FROM reached JOIN linked ON linked.one = reached.session_id
)
SELECT session_id FROM reached;

-- name: count_condensable
SELECT count(*), min(ts), max(ts) FROM metrics WHERE {is_condensable};

-- name: days
SELECT DISTINCT (ts - {first_us}) // {day_us} FROM metrics WHERE {is_condensable};

-- name: count_by_window
SELECT {window_start} AS start_us, count(*) FROM metrics WHERE {is_condensable} GROUP BY start_us ORDER BY start_us;

-- name: condensed
-- Of the windows that begin from $from on and before $to. First by bucket of duration too, so that a histogram takes no
-- more memory than it has buckets.
WITH buckets AS (
    SELECT
        {window_start} AS window_start,
        {window_end} AS window_end,
        {names},
        {told} AS told,
        {used} AS used,
        {bucket} AS bucket,
        min(metrics.ts) AS first_ts, max(metrics.ts) AS last_ts,
        {sums_of_ones},
        min(metrics.duration_ms) AS shortest, max(metrics.duration_ms) AS longest
    FROM metrics
    WHERE {is_condensable} AND ts >= $from AND ts < $to
    GROUP BY ALL
)
SELECT
    window_start, window_end, $resolution AS resolution, $timezone AS timezone,
    {name_columns}, told, used,
    min(first_ts) AS first_ts, max(last_ts) AS last_ts,
    {sums_of_sums},
    min(shortest) AS shortest, max(longest) AS longest,
    map_from_entries(list((bucket, timed) ORDER BY bucket) FILTER (bucket IS NOT NULL)) AS durations
FROM buckets
GROUP BY ALL;

-- name: ids
SELECT md5_number(id) AS hash FROM metrics WHERE {is_condensable};

-- name: owners
WITH old AS (
    SELECT session_id, ts, id, user_id, project_path, cwd FROM metrics
    WHERE session_id IS NOT NULL AND {is_condensable}
), earliest AS (
    SELECT
        session_id,
        arg_min(old, {order_key}) FILTER (user_id IS NOT NULL) AS of_user,
        arg_min(old, {order_key}) FILTER (project_path IS NOT NULL) AS of_project,
        arg_min(old, {order_key}) FILTER (cwd IS NOT NULL) AS of_folder
    FROM old
    GROUP BY session_id
)
SELECT DISTINCT owner.* FROM (SELECT unnest([of_user, of_project, of_folder]) AS owner FROM earliest)
WHERE owner IS NOT NULL;

-- name: dirty
-- What is left of a quarter is summed again.
INSERT INTO rollup_dirty
SELECT DISTINCT {quarter} FROM metrics
WHERE {is_condensable} AND seq <= (SELECT max(value::BIGINT) FROM meta WHERE name = 'rolled');

-- name: delete_condensed
DELETE FROM metrics WHERE {is_condensable};

-- name: delete_claims
DELETE FROM claims WHERE id NOT IN (SELECT id FROM metrics);

-- name: delete_claimed_starts
DELETE FROM claimed_starts WHERE session_id NOT IN (SELECT session_id FROM claims);

-- name: say_whole
-- The last row may be gone, and numbers below it may be given again.
UPDATE meta SET value = (SELECT coalesce(max(seq), 0) FROM metrics)::VARCHAR WHERE name = 'whole';

-- name: say_rolled
UPDATE meta SET value = least(value::BIGINT, (SELECT max(value::BIGINT) FROM meta WHERE name = 'whole'))::VARCHAR
WHERE name = 'rolled';
