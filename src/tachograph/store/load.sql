-- How appended rows become metrics, in the transaction that appended them. Each statement begins with "-- name:".
-- $last is the number of the last row before them; a row without a moment (ts) is no metric yet.

-- name: forget_unfinished
DELETE FROM metrics WHERE seq > (SELECT max(value::BIGINT) FROM meta WHERE name = 'whole');

-- name: know_tables
-- What there is at all that new rows may have to do with.
SELECT EXISTS (FROM condensed_ids), EXISTS (FROM claims);

-- name: drop_condensed
-- What was condensed is counted already.
DELETE FROM metrics WHERE seq > $last AND md5_number(id) IN (SELECT hash FROM condensed_ids);

-- name: join_requests
-- A reply that is known by its request alone is the one that was read with that request.
UPDATE metrics SET id = known.id, id_hash = hash(known.id)
FROM (
    SELECT told.seq, min(replies.id) AS id
    FROM metrics AS told JOIN (
        SELECT source, request, id FROM metrics WHERE witness IS NULL AND request IS NOT NULL
        UNION ALL
        SELECT source, other_request, id FROM metrics WHERE witness IS NULL AND other_request IS NOT NULL
    ) AS replies ON replies.source = told.source AND replies.request = told.request
    WHERE told.witness = {by_request}
    GROUP BY told.seq
) AS known
WHERE metrics.seq = known.seq;

-- name: find_touched
-- Rows whose id the new ones have more than once, or that was known before: all others are metrics as they are. From
-- here on rows are found by their number, as no other column takes as long to look through as that of the ids.
-- Should two ids ever share a hash, their rows are looked at in vain.
CREATE OR REPLACE TEMP TABLE touched AS
WITH added AS MATERIALIZED (
    SELECT {id_hash} AS id_hash, seq FROM metrics WHERE seq > $last
), known AS MATERIALIZED (
    SELECT {id_hash} AS id_hash, seq FROM metrics
    WHERE seq <= $last AND {id_hash} IN (SELECT id_hash FROM added)
), several AS (
    SELECT id_hash FROM added GROUP BY id_hash HAVING count(*) > 1
    UNION
    SELECT id_hash FROM known
)
SELECT seq FROM added WHERE id_hash IN (SELECT id_hash FROM several)
UNION ALL
SELECT seq FROM known;

-- name: find_touched_by_few
-- The same: all rows with an id of the new ones that there is more than once.
CREATE OR REPLACE TEMP TABLE touched AS
SELECT unnest(list(seq)) AS seq FROM metrics
WHERE {id_hash} IN (SELECT {id_hash} FROM metrics WHERE seq > $last)
GROUP BY {id_hash} HAVING count(*) > 1;

-- name: gather_parts
-- All that is known of the touched ids. A duration that was worked out is left out, and worked out again.
CREATE OR REPLACE TEMP TABLE parts AS
SELECT
    * REPLACE (CASE WHEN in_parts AND duration_ms = (ended_ts - ts) / 1000.0 THEN NULL ELSE duration_ms END AS duration_ms)
FROM metrics
WHERE seq IN (SELECT seq FROM touched);

-- name: keep_first_read
-- A metric that is whole in its line: the first one read is the one.
DELETE FROM metrics
WHERE seq IN (
    SELECT parts.seq
    FROM parts JOIN (SELECT id, min(seq) AS seq FROM parts GROUP BY id HAVING NOT bool_and(in_parts)) AS first_read
        ON parts.id = first_read.id AND parts.seq <> first_read.seq
);

-- name: know_parts
-- Whether they hold a metric that is whole in its line, are of more than one session, and may have cost anything.
SELECT NOT bool_and(in_parts), min(session_id) <> max(session_id), count(model) + count(cost_usd) > 0 FROM parts;

-- name: merge_parts
-- A metric in parts: the least upper bound of them, whatever their order and however often each is read.
-- Where nothing can have cost anything (`merge_unpriced`) it isn't looked for prices, which takes a third of the time.
CREATE OR REPLACE TEMP TABLE merged AS
WITH whole AS (
    SELECT
        id,
        {merged_columns},
        min(id_hash) AS id_hash,
        min(source) AS source,
        true AS in_parts,
        max(seq) AS seq
    FROM parts
    GROUP BY id
    HAVING bool_and(in_parts)
)
SELECT metrics.* REPLACE ({completed_duration} AS duration_ms), {cost} AS cost
FROM whole AS metrics {price_join};

-- name: end_background_runs
-- A run in the background ends with a message that names the run, not the call that began it.
UPDATE metrics SET
    ended_ts = ends.ended_ts,
    success = ends.success,
    duration_ms = coalesce(ends.duration_ms, (ends.ended_ts - metrics.ts) / 1000.0)
FROM metrics AS ends
WHERE metrics.agent_run_id = ends.agent_run_id AND metrics.source = ends.source
  AND metrics.type = 'agent_execution' AND metrics.ts IS NOT NULL AND metrics.ended_ts IS NULL
  AND ends.type = 'agent_execution' AND ends.ts IS NULL AND ends.ended_ts >= metrics.ts;

-- name: find_plain_runs
-- Runs whose result doesn't name them (they failed at once, or their build was an older one): each ends with its call.
CREATE OR REPLACE TEMP TABLE going AS
SELECT seq, source, regexp_replace(id, ':agent$', '') AS call_id FROM metrics
WHERE type = 'agent_execution' AND ts IS NOT NULL AND ended_ts IS NULL AND agent_run_id IS NULL
  AND suffix(id, ':agent');

-- name: end_plain_runs
WITH ended AS (
    SELECT going.seq, calls.ended_ts, calls.success, calls.duration_ms
    FROM metrics AS calls JOIN going ON calls.id = going.call_id AND calls.source = going.source
    WHERE calls.type = 'tool_use' AND calls.ts IS NOT NULL AND calls.ended_ts IS NOT NULL
)
UPDATE metrics SET ended_ts = ended.ended_ts, success = ended.success, duration_ms = ended.duration_ms
FROM ended
WHERE metrics.seq = ended.seq;

-- name: insert_claims
-- More than one session tells of it: remember each, and decide below whose it is.
INSERT INTO claims
WITH told AS (
    SELECT id, session_id, min(coalesce(ts, ended_ts)) AS ts, {earliest_cwd} AS cwd
    FROM parts
    WHERE in_parts AND session_id IS NOT NULL AND type <> 'session_start'
    GROUP BY id, session_id
), contested AS (
    SELECT id FROM told GROUP BY id HAVING count(*) > 1
    UNION
    SELECT id FROM told WHERE id IN (SELECT id FROM claims)
)
SELECT told.id, told.ts, told.session_id, told.cwd
FROM told SEMI JOIN contested USING (id) ANTI JOIN claims USING (id, session_id);

-- name: delete_merged
DELETE FROM metrics WHERE seq IN (SELECT parts.seq FROM parts SEMI JOIN merged USING (id));

-- name: insert_merged
INSERT INTO metrics BY NAME SELECT * FROM merged;

-- name: price_again
-- After the prices have changed.
UPDATE metrics SET cost = priced.cost
FROM (
    SELECT metrics.seq, metrics.cost AS before, {cost} AS cost FROM metrics {price_join}
    WHERE metrics.cost IS NOT NULL OR metrics.model IS NOT NULL
) AS priced
WHERE metrics.seq = priced.seq AND priced.cost IS DISTINCT FROM priced.before;

-- name: have_claims
SELECT count(*) > 0 FROM claims
WHERE session_id IN (SELECT session_id FROM metrics WHERE seq > $last);

-- name: insert_claimed_starts
-- Before a claiming session's start is moved for the first time, and whenever its files say more of it.
INSERT INTO claimed_starts
SELECT DISTINCT session_id, ts, cwd FROM metrics
WHERE type = 'session_start' AND in_parts AND session_id IN (SELECT session_id FROM claims)
  AND (seq > $last OR session_id NOT IN (SELECT session_id FROM claimed_starts))
  AND ts IS NOT NULL;

-- name: credit
-- Whose is a metric that several sessions tell of? Of two sessions the copy is the one whose own metrics lie farther,
-- in time, from those that both have. The original has some among them (of sub-agents, which aren't copied), or ended
-- with them, or went on at once. A tie goes to the smaller id.
CREATE OR REPLACE TEMP TABLE credited AS
WITH shared AS (
    SELECT mine.session_id AS one, theirs.session_id AS other, min(mine.ts) AS first_ts, max(mine.ts) AS last_ts
    FROM claims AS mine JOIN claims AS theirs USING (id)
    WHERE mine.session_id <> theirs.session_id
    GROUP BY ALL
), own AS (
    SELECT shared.one, shared.other, greatest(shared.first_ts - claims.ts, claims.ts - shared.last_ts, 0) AS distance
    FROM shared
    JOIN claims ON claims.session_id = shared.one
    ANTI JOIN claims AS theirs ON theirs.id = claims.id AND theirs.session_id = shared.other
    UNION ALL
    SELECT shared.one, shared.other, greatest(shared.first_ts - metrics.ts, metrics.ts - shared.last_ts, 0)
    FROM shared
    JOIN metrics ON metrics.session_id = shared.one
    ANTI JOIN claims AS told ON told.id = metrics.id
    WHERE metrics.type <> 'session_start' AND metrics.ts IS NOT NULL
), nearest AS (
    SELECT one, other, if(min(distance) = 0, -2, min(distance)) AS distance FROM own GROUP BY one, other
), wins AS (
    SELECT shared.one, shared.other
    FROM shared
    LEFT JOIN nearest AS mine ON mine.one = shared.one AND mine.other = shared.other
    LEFT JOIN nearest AS theirs ON theirs.one = shared.other AND theirs.other = shared.one
    WHERE coalesce(mine.distance, -1) < coalesce(theirs.distance, -1)
       OR (coalesce(mine.distance, -1) = coalesce(theirs.distance, -1) AND shared.one < shared.other)
)
SELECT claims.id, claims.session_id, claims.cwd
FROM claims
LEFT JOIN claims AS rivals ON rivals.id = claims.id AND rivals.session_id <> claims.session_id
LEFT JOIN wins ON wins.one = claims.session_id AND wins.other = rivals.session_id
GROUP BY claims.id, claims.session_id, claims.cwd
QUALIFY row_number() OVER (PARTITION BY claims.id ORDER BY count(wins.one) DESC, claims.session_id) = 1;

-- name: apply_credit
UPDATE metrics SET session_id = credited.session_id, cwd = credited.cwd
FROM credited
WHERE credited.id = metrics.id;

-- name: place_starts
-- A copy begins with the first thing that it did itself, and a session that did nothing itself is none.
CREATE OR REPLACE TEMP TABLE starts AS
WITH claiming AS (
    SELECT session_id, min(ts) AS told_ts, arg_min(cwd, {'ts': ts, 'cwd': cwd}) AS told_cwd
    FROM claimed_starts
    GROUP BY session_id
), given AS (
    SELECT claims.session_id, min(claims.ts) AS ts
    FROM claims ANTI JOIN credited USING (id, session_id)
    GROUP BY claims.session_id
), kept AS (
    SELECT session_id, min(ts) AS ts, {earliest_cwd} AS cwd
    FROM metrics
    WHERE session_id IN (SELECT session_id FROM claiming) AND ts IS NOT NULL
      AND NOT (type = 'session_start' AND in_parts)
    GROUP BY session_id
)
SELECT
    claiming.session_id,
    CASE
        WHEN kept.ts IS NULL THEN NULL
        WHEN given.ts < kept.ts THEN kept.ts
        ELSE claiming.told_ts
    END AS ts,
    CASE WHEN given.ts < kept.ts THEN kept.cwd ELSE claiming.told_cwd END AS cwd
FROM claiming
LEFT JOIN given USING (session_id)
LEFT JOIN kept USING (session_id);

-- name: apply_starts
UPDATE metrics SET ts = starts.ts, cwd = starts.cwd
FROM starts
WHERE metrics.type = 'session_start' AND metrics.in_parts AND metrics.session_id = starts.session_id;

-- name: changed_sessions
CREATE OR REPLACE TEMP TABLE changed AS
SELECT DISTINCT session_id FROM metrics WHERE seq > $last AND session_id IS NOT NULL;

-- name: changed_claimants
-- Whenever metrics are credited, any session that claims some may have won or lost them.
INSERT INTO changed SELECT DISTINCT session_id FROM claims WHERE session_id NOT IN (SELECT session_id FROM changed);

-- name: find_outdone
-- What a worse witness tells of that a better one tells of too: of a session's metrics of one type only the best ones'
-- count, and of those of no session, the best of the day (in UTC). A moment that doesn't count is kept as an end.
CREATE OR REPLACE TEMP TABLE outdone AS
WITH best AS (
    SELECT source, type, session_id, min(coalesce(witness, 0)) AS witness FROM metrics
    WHERE ts IS NOT NULL AND session_id IN (SELECT session_id FROM changed)
    GROUP BY source, type, session_id
), weak AS (
    SELECT seq, source, type, ts // {day_us} AS day, witness FROM metrics
    WHERE witness > 0 AND session_id IS NULL AND ts // {day_us} IN (
        SELECT ts // {day_us} FROM metrics WHERE seq > $last AND ts IS NOT NULL
    )
), best_of_day AS (
    SELECT source, type, ts // {day_us} AS day, min(coalesce(witness, 0)) AS witness FROM metrics
    WHERE ts IS NOT NULL AND ts // {day_us} IN (SELECT day FROM weak)
    GROUP BY ALL
)
SELECT metrics.seq FROM metrics JOIN best USING (source, type, session_id)
WHERE metrics.witness > best.witness AND metrics.ts IS NOT NULL
UNION ALL
SELECT weak.seq FROM weak JOIN best_of_day AS best USING (source, type, day) WHERE weak.witness > best.witness;

-- name: dirty_outdone
INSERT INTO rollup_dirty
SELECT DISTINCT {quarter_of_metrics} FROM metrics
WHERE seq IN (SELECT seq FROM outdone) AND seq <= $rolled AND ts IS NOT NULL;

-- name: leave_out_outdone
UPDATE metrics SET ended_ts = ts, ts = NULL WHERE seq IN (SELECT seq FROM outdone);

-- name: hash_all
-- Once there are many, and with another version of the engine, which may have another hash.
UPDATE metrics SET id_hash = hash(id);

-- name: delete_changed_sessions
DELETE FROM sessions WHERE session_id IN (SELECT session_id FROM changed);

-- name: insert_changed_sessions
-- The earliest metric that names one, by time and then by id; where none names a project, where the agent worked.
INSERT INTO sessions
SELECT
    session_id,
    arg_min(user_id, {order_key}) FILTER (user_id IS NOT NULL),
    coalesce(
        arg_min(project_path, {order_key}) FILTER (project_path IS NOT NULL),
        arg_min(cwd, {order_key}) FILTER (cwd IS NOT NULL)
    )
FROM (
    SELECT session_id, ts, id, user_id, project_path, cwd FROM metrics WHERE ts IS NOT NULL
    UNION ALL
    SELECT session_id, ts, id, user_id, project_path, cwd FROM condensed_owners
)
WHERE session_id IN (SELECT session_id FROM changed)
GROUP BY session_id;

-- name: dirty_repeats
-- Which quarters have sums that no longer hold, because rows up to number $rolled are about to change: those of repeats
-- that are deleted, of parts that are merged, of runs that end, of sessions that get or lose metrics, and of their starts.
INSERT INTO rollup_dirty
SELECT DISTINCT {quarter_of_parts}
FROM parts JOIN (SELECT id, min(seq) AS seq FROM parts GROUP BY id HAVING NOT bool_and(in_parts)) AS first_read
    ON parts.id = first_read.id AND parts.seq <> first_read.seq
WHERE parts.seq <= $rolled AND parts.ts IS NOT NULL;

-- name: dirty_merged
INSERT INTO rollup_dirty
SELECT DISTINCT {quarter_of_parts} FROM parts SEMI JOIN merged USING (id) WHERE seq <= $rolled AND ts IS NOT NULL;

-- name: dirty_background_runs
INSERT INTO rollup_dirty
SELECT DISTINCT {quarter_of_metrics}
FROM metrics JOIN metrics AS ends ON metrics.agent_run_id = ends.agent_run_id AND metrics.source = ends.source
WHERE metrics.type = 'agent_execution' AND metrics.ts IS NOT NULL AND metrics.ended_ts IS NULL
  AND ends.type = 'agent_execution' AND ends.ts IS NULL AND ends.ended_ts >= metrics.ts AND metrics.seq <= $rolled;

-- name: dirty_plain_runs
INSERT INTO rollup_dirty
SELECT DISTINCT {quarter_of_metrics} FROM metrics
WHERE metrics.seq IN (SELECT seq FROM going) AND metrics.seq <= $rolled AND metrics.ts IS NOT NULL;

-- name: dirty_credit
INSERT INTO rollup_dirty
SELECT DISTINCT {quarter_of_metrics} FROM metrics JOIN credited ON credited.id = metrics.id
WHERE metrics.session_id IS DISTINCT FROM credited.session_id AND metrics.seq <= $rolled AND metrics.ts IS NOT NULL;

-- name: dirty_starts
INSERT INTO rollup_dirty
WITH moved AS (
    SELECT metrics.ts AS before, starts.ts AS after FROM metrics JOIN starts ON metrics.session_id = starts.session_id
    WHERE metrics.type = 'session_start' AND metrics.in_parts AND metrics.seq <= $rolled
      AND metrics.ts IS DISTINCT FROM starts.ts
)
SELECT DISTINCT {quarter_of_moved} FROM (SELECT before AS ts FROM moved UNION SELECT after FROM moved) AS moved
WHERE ts IS NOT NULL;
