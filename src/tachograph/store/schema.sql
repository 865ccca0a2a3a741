-- The embedded store. Rows are appended; a metric that comes in parts is replaced by the whole when a part is added.
-- No indexes, no keys: DuckDB's have known faults under replacement, and a scan of one column is fast enough.

CREATE TABLE meta (name VARCHAR, value VARCHAR);

-- One row a metric. Times are microseconds since 1970 in UTC, durations milliseconds. A row whose ts is null is none
-- yet: the end of a call whose beginning wasn't read, or the start of a session that owns nothing.
CREATE TABLE metrics (
    {columns},
    id_hash UBIGINT,    -- hash(id), by which ids that are known are found; null in a store of few metrics
    source VARCHAR,     -- which reader it came from
    in_parts BOOLEAN,   -- whether later lines may add to it
    cost HUGEINT,       -- in 1e-24 USD: what the log says, else by its tokens; null where nobody knows
    seq BIGINT          -- in the order in which they were read
);

-- Metrics that more than one session tells of, as a resumed or forked session does of those it copied.
CREATE TABLE claims (id VARCHAR, ts BIGINT, session_id VARCHAR, cwd VARCHAR);

-- When and where the sessions of `claims` say that they began (several rows a session; the earliest counts).
CREATE TABLE claimed_starts (session_id VARCHAR, ts BIGINT, cwd VARCHAR);

-- Whose a session is: the earliest user and project that any of its metrics names.
CREATE TABLE sessions (session_id VARCHAR, user_id VARCHAR, project_path VARCHAR);

-- The ledger: how far each file has been read, and what tells that it is still the same file.
CREATE TABLE files (
    path VARCHAR,
    source VARCHAR,
    size BIGINT,
    mtime_ns BIGINT,
    read_offset BIGINT, -- bytes read (of a compressed file, of what it decompresses to)
    lines BIGINT,       -- newlines before read_offset; null where they weren't counted
    head VARCHAR,       -- mark of the file's first bytes
    tail VARCHAR,       -- mark of the bytes before read_offset
    compressed BOOLEAN,
    trouble VARCHAR,    -- what went wrong at the last reading
    memory VARCHAR      -- what the reader wants to know when it reads on, if anything
);

-- What models charge, a row for each period and size of request; and the models whose prices were looked for.
CREATE TABLE rates ({price_columns});
CREATE TABLE priced_models (model VARCHAR);

-- Lines that were refused. `line` counts from 1.
CREATE TABLE rejects (path VARCHAR, line BIGINT, byte_offset BIGINT, reason VARCHAR);

-- What is left of metrics whose detail was deleted: what adds up, in a row for each window of time and for each
-- combination of names that they had. Rows are only ever added, and those of one window add up too. `told` is whether
-- they have tokens, `used` whether they say anything of tokens or cost; `durations` is a histogram (measures.py).
CREATE TABLE condensed (
    window_start BIGINT, -- of the window in `timezone`, microseconds since 1970 in UTC
    window_end BIGINT,
    resolution VARCHAR,  -- hour, day or month
    timezone VARCHAR,
    first_ts BIGINT,     -- when the first and the last of them happened
    last_ts BIGINT,
    {condensed_names},
    told BOOLEAN,
    used BOOLEAN,
    {condensed_sums},
    shortest DOUBLE,     -- milliseconds
    longest DOUBLE,
    durations MAP(INTEGER, BIGINT)
);

-- The ids of those metrics, as 128 bits of hash: whoever tells of one again tells nothing new.
CREATE TABLE condensed_ids (hash UHUGEINT);

-- What those metrics said of whose their sessions are: the earliest that names a user, a project, a folder.
CREATE TABLE condensed_owners (
    session_id VARCHAR, ts BIGINT, id VARCHAR, user_id VARCHAR, project_path VARCHAR, cwd VARCHAR
);

-- Sums of metrics by quarter of an hour (rollup.py), counted from the calendar's first moment. Rows of one quarter add up.
CREATE TABLE rollup_uses (number INTEGER, {use_columns});
CREATE TABLE rollup_kinds (number INTEGER, use INTEGER, {kind_columns});
CREATE TABLE rollup_owners (number INTEGER, session INTEGER, session_id VARCHAR, user_id VARCHAR, project_path VARCHAR);
CREATE TABLE rollup_by_kind (
    quarter INTEGER, kind INTEGER, first_ts BIGINT, last_ts BIGINT, shortest DOUBLE, longest DOUBLE, {rollup_sums}
);
CREATE TABLE rollup_by_owner (
    quarter INTEGER, owner INTEGER, first_ts BIGINT, last_ts BIGINT, errors BIGINT, {rollup_sums}
);
CREATE TABLE rollup_by_use (quarter INTEGER, owner INTEGER, use INTEGER, metrics_count BIGINT);
CREATE TABLE rollup_durations (quarter INTEGER, bucket INTEGER, timed BIGINT);
CREATE TABLE rollup_values (bucket INTEGER, quarter INTEGER, duration_ms DOUBLE);
CREATE TABLE rollup_runs (
    quarter INTEGER, source VARCHAR, agent_run_id VARCHAR, agent_id VARCHAR, type VARCHAR, told BOOLEAN, {rollup_sums}
);
CREATE TABLE rollup_dirty (quarter INTEGER);
