-- What condensing on a server needs beside `condense.sql`: statements of DuckDB's too, which are translated. What is
-- deleted there is told by other rows here.

-- name: count_by_minute
SELECT (ts - {first_us}) // 60000000 * 60000000 + {first_us} AS start_us, count(*) FROM metrics
WHERE {is_condensable} AND ts >= $from AND ts < $to GROUP BY start_us ORDER BY start_us;

-- name: kept
-- What is old, but stays.
SELECT metrics.seq FROM metrics WHERE seq <= $last AND ts >= $from AND ts < $to AND NOT {is_condensable};

-- name: ids
SELECT md5_number(id) AS hash FROM metrics WHERE {is_condensable} AND ts >= $from AND ts < $to;

-- name: owners
-- The earliest of these that names each.
WITH old AS (
    SELECT session_id, ts, id, user_id, project_path, cwd FROM metrics
    WHERE session_id IS NOT NULL AND {is_condensable} AND ts >= $from AND ts < $to
)
SELECT * FROM old WHERE user_id IS NOT NULL QUALIFY row_number() OVER (PARTITION BY session_id ORDER BY ts, id) = 1
UNION
SELECT * FROM old WHERE project_path IS NOT NULL QUALIFY row_number() OVER (PARTITION BY session_id ORDER BY ts, id) = 1
UNION
SELECT * FROM old WHERE cwd IS NOT NULL QUALIFY row_number() OVER (PARTITION BY session_id ORDER BY ts, id) = 1;

-- name: dirty
-- All sums of old quarters: those of which nothing is left go, the others are made again.
SELECT DISTINCT quarter FROM rollup_by_kind WHERE quarter <= {quarter_before};

-- name: gone_claims
SELECT * FROM claims WHERE md5_number(id) IN (
    SELECT hash FROM condensed_ids WHERE hash IN (SELECT md5_number(id) FROM claims)
);

-- name: gone_starts
SELECT * FROM claimed_starts WHERE session_id NOT IN (SELECT session_id FROM claims);
