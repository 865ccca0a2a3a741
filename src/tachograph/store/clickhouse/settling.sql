-- What new rows may touch of a server's, as keys to look for, each in a column `key`; then what settling them changed.
-- They are DuckDB's statements, of the small store in which the new rows are settled: `last` is the number of the last
-- row of the server's, and rows beyond it are new.

-- name: ids
-- A call and the run of an agent that it begins tell of each other's end.
SELECT id AS key FROM metrics WHERE seq > getvariable('last')
UNION ALL
SELECT id || ':agent' FROM metrics WHERE seq > getvariable('last') AND type = 'tool_use'
UNION ALL
SELECT regexp_replace(id, ':agent$', '') FROM metrics WHERE seq > getvariable('last') AND suffix(id, ':agent');

-- name: runs
SELECT agent_run_id AS key FROM metrics WHERE seq > getvariable('last') AND type = 'agent_execution';

-- name: requests
SELECT request AS key FROM metrics WHERE seq > getvariable('last')
UNION ALL
SELECT other_request FROM metrics WHERE seq > getvariable('last');

-- name: sessions
SELECT session_id AS key FROM metrics WHERE seq > getvariable('last');

-- name: days
SELECT ts // {day_us} AS key FROM metrics WHERE seq > getvariable('last');

-- name: hashes
SELECT md5_number(id)::VARCHAR AS key FROM metrics WHERE seq > getvariable('last');

-- name: contested
-- Sessions that tell of the same, and those that are known to.
SELECT session_id AS key FROM metrics
WHERE in_parts AND type <> 'session_start' AND id IN (
    SELECT id FROM metrics WHERE in_parts AND session_id IS NOT NULL GROUP BY id HAVING count(DISTINCT session_id) > 1
)
UNION ALL
SELECT session_id FROM claims;

-- name: claimed
SELECT id AS key FROM claims;

-- name: touched_sessions
SELECT session_id AS key FROM metrics WHERE seq > getvariable('last')
UNION ALL
SELECT session_id FROM claims;

-- name: fetched
SELECT seq AS key FROM metrics WHERE seq <= getvariable('last');

-- name: changed_metrics
-- What is other than it was, or new.
SELECT * FROM metrics WHERE seq > getvariable('last')
UNION ALL
(SELECT * FROM metrics WHERE seq <= getvariable('last') EXCEPT SELECT * FROM before);

-- name: gone_metrics
-- What was somewhere else, or is no more. (With another session it is in another shard of a cluster.)
SELECT before.* FROM before LEFT JOIN metrics USING (seq)
WHERE metrics.seq IS NULL OR metrics.session_id IS DISTINCT FROM before.session_id
   OR metrics.ts IS DISTINCT FROM before.ts;

-- name: gone_sessions
SELECT session_id, NULL::VARCHAR AS user_id, NULL::VARCHAR AS project_path
FROM changed ANTI JOIN sessions USING (session_id);
