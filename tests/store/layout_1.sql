CREATE TABLE IF NOT EXISTS {database}.writers (
    tenant LowCardinality(String), number UInt64, owner String, nonce String, at DateTime64(6, 'UTC') DEFAULT now64(6),
    done UInt8
) ENGINE = MergeTree ORDER BY (tenant, number) TTL toDateTime(at) + INTERVAL 1 WEEK;

CREATE TABLE IF NOT EXISTS {database}.meta (
    `tenant` LowCardinality(String),
    `name` Nullable(String) CODEC(ZSTD(1)),
    `value` Nullable(String) CODEC(ZSTD(1)),
    `version` UInt64 CODEC(Delta, ZSTD(1)),
    `gone` UInt8
) ENGINE = ReplacingMergeTree(version, gone) ORDER BY (tenant, name)  SETTINGS allow_nullable_key = 1, non_replicated_deduplication_window = 1000, replicated_deduplication_window = 1000, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

CREATE TABLE IF NOT EXISTS {database}.metrics (
    `tenant` LowCardinality(String),
    `id` String CODEC(ZSTD(1)),
    `ts` Nullable(Int64) CODEC(Delta, ZSTD(1)),
    `ended_ts` Nullable(Int64) CODEC(Delta, ZSTD(1)),
    `type` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `session_id` Nullable(String) CODEC(ZSTD(1)),
    `user_id` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `tool_name` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `agent_id` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `agent_run_id` Nullable(String) CODEC(ZSTD(1)),
    `command_name` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `error_type` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `operation` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `hook_name` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `project_path` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `cwd` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `model` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `success` Nullable(Bool) CODEC(ZSTD(1)),
    `duration_ms` Nullable(Float64) CODEC(ZSTD(1)),
    `token_count` Nullable(Int64) CODEC(ZSTD(1)),
    `input_tokens` Nullable(Int64) CODEC(ZSTD(1)),
    `output_tokens` Nullable(Int64) CODEC(ZSTD(1)),
    `cache_read_tokens` Nullable(Int64) CODEC(ZSTD(1)),
    `cache_write_tokens` Nullable(Int64) CODEC(ZSTD(1)),
    `cache_write_1h_tokens` Nullable(Int64) CODEC(ZSTD(1)),
    `reasoning_tokens` Nullable(Int64) CODEC(ZSTD(1)),
    `cost_usd` Nullable(Float64) CODEC(ZSTD(1)),
    `blocks` Nullable(String) CODEC(ZSTD(1)),
    `request` Nullable(Int64) CODEC(ZSTD(1)),
    `other_request` Nullable(Int64) CODEC(ZSTD(1)),
    `witness` Nullable(Int64) CODEC(ZSTD(1)),
    `extra` Nullable(String) CODEC(ZSTD(1)),
    `metadata` Nullable(String) CODEC(ZSTD(1)),
    `other` Nullable(String) CODEC(ZSTD(1)),
    `source` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `in_parts` Nullable(Bool) CODEC(ZSTD(1)),
    `cost` Nullable(Int128) CODEC(ZSTD(1)),
    `seq` Int64 CODEC(Delta, ZSTD(1)),
    `version` UInt64 CODEC(Delta, ZSTD(1)),
    `gone` UInt8
) ENGINE = ReplacingMergeTree(version, gone) ORDER BY (tenant, ts, seq) PARTITION BY toYYYYMM(toDateTime64(least(greatest(ifNull(ts, 0), 1420070400000000), 2524608000000000) / 1000000, 0, 'UTC')) SETTINGS allow_nullable_key = 1, non_replicated_deduplication_window = 1000, replicated_deduplication_window = 1000, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

CREATE TABLE IF NOT EXISTS {database}.sessions (
    `tenant` LowCardinality(String),
    `session_id` Nullable(String) CODEC(ZSTD(1)),
    `user_id` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `project_path` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `version` UInt64 CODEC(Delta, ZSTD(1)),
    `gone` UInt8
) ENGINE = ReplacingMergeTree(version, gone) ORDER BY (tenant, session_id)  SETTINGS allow_nullable_key = 1, non_replicated_deduplication_window = 1000, replicated_deduplication_window = 1000, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

CREATE TABLE IF NOT EXISTS {database}.claims (
    `tenant` LowCardinality(String),
    `id` String CODEC(ZSTD(1)),
    `ts` Nullable(Int64) CODEC(Delta, ZSTD(1)),
    `session_id` Nullable(String) CODEC(ZSTD(1)),
    `cwd` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `version` UInt64 CODEC(Delta, ZSTD(1)),
    `gone` UInt8
) ENGINE = ReplacingMergeTree(version, gone) ORDER BY (tenant, id, session_id)  SETTINGS allow_nullable_key = 1, non_replicated_deduplication_window = 1000, replicated_deduplication_window = 1000, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

CREATE TABLE IF NOT EXISTS {database}.claimed_starts (
    `tenant` LowCardinality(String),
    `session_id` Nullable(String) CODEC(ZSTD(1)),
    `ts` Nullable(Int64) CODEC(Delta, ZSTD(1)),
    `cwd` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `version` UInt64 CODEC(Delta, ZSTD(1)),
    `gone` UInt8
) ENGINE = ReplacingMergeTree(version, gone) ORDER BY (tenant, session_id, ts, cwd)  SETTINGS allow_nullable_key = 1, non_replicated_deduplication_window = 1000, replicated_deduplication_window = 1000, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

CREATE TABLE IF NOT EXISTS {database}.files (
    `tenant` LowCardinality(String),
    `path` Nullable(String) CODEC(ZSTD(1)),
    `source` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `size` Nullable(Int64) CODEC(ZSTD(1)),
    `mtime_ns` Nullable(Int64) CODEC(ZSTD(1)),
    `read_offset` Nullable(Int64) CODEC(ZSTD(1)),
    `lines` Nullable(Int64) CODEC(ZSTD(1)),
    `head` Nullable(String) CODEC(ZSTD(1)),
    `tail` Nullable(String) CODEC(ZSTD(1)),
    `compressed` Nullable(Bool) CODEC(ZSTD(1)),
    `trouble` Nullable(String) CODEC(ZSTD(1)),
    `memory` Nullable(String) CODEC(ZSTD(1)),
    `version` UInt64 CODEC(Delta, ZSTD(1)),
    `gone` UInt8
) ENGINE = ReplacingMergeTree(version, gone) ORDER BY (tenant, path)  SETTINGS allow_nullable_key = 1, non_replicated_deduplication_window = 1000, replicated_deduplication_window = 1000, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

CREATE TABLE IF NOT EXISTS {database}.rejects (
    `tenant` LowCardinality(String),
    `path` Nullable(String) CODEC(ZSTD(1)),
    `line` Nullable(Int64) CODEC(ZSTD(1)),
    `byte_offset` Nullable(Int64) CODEC(ZSTD(1)),
    `reason` Nullable(String) CODEC(ZSTD(1)),
    `version` UInt64 CODEC(Delta, ZSTD(1)),
    `gone` UInt8
) ENGINE = ReplacingMergeTree(version, gone) ORDER BY (tenant, path, line, byte_offset)  SETTINGS allow_nullable_key = 1, non_replicated_deduplication_window = 1000, replicated_deduplication_window = 1000, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

CREATE TABLE IF NOT EXISTS {database}.condensed (
    `tenant` LowCardinality(String),
    `number` Int64 CODEC(ZSTD(1)),
    `window_start` Nullable(Int64) CODEC(ZSTD(1)),
    `window_end` Nullable(Int64) CODEC(ZSTD(1)),
    `resolution` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `timezone` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `first_ts` Nullable(Int64) CODEC(ZSTD(1)),
    `last_ts` Nullable(Int64) CODEC(ZSTD(1)),
    `session_id` Nullable(String) CODEC(ZSTD(1)),
    `user_id` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `project_path` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `type` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `tool_name` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `agent_id` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `agent_run_id` Nullable(String) CODEC(ZSTD(1)),
    `command_name` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `error_type` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `operation` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `hook_name` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `model` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `success` Nullable(Bool) CODEC(ZSTD(1)),
    `source` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `in_parts` Nullable(Bool) CODEC(ZSTD(1)),
    `told` Nullable(Bool) CODEC(ZSTD(1)),
    `used` Nullable(Bool) CODEC(ZSTD(1)),
    `metrics_count` Nullable(Int64) CODEC(ZSTD(1)),
    `timed` Nullable(Int64) CODEC(ZSTD(1)),
    `fine_duration` Nullable(Int128) CODEC(ZSTD(1)),
    `coarse_duration` Nullable(Float64) CODEC(ZSTD(1)),
    `tokens` Nullable(Int128) CODEC(ZSTD(1)),
    `input_tokens` Nullable(Int128) CODEC(ZSTD(1)),
    `output_tokens` Nullable(Int128) CODEC(ZSTD(1)),
    `cache_read_tokens` Nullable(Int128) CODEC(ZSTD(1)),
    `cache_write_tokens` Nullable(Int128) CODEC(ZSTD(1)),
    `cost` Nullable(Int128) CODEC(ZSTD(1)),
    `unpriced` Nullable(Int64) CODEC(ZSTD(1)),
    `unknown_usage` Nullable(Int64) CODEC(ZSTD(1)),
    `lower_bounds` Nullable(Int64) CODEC(ZSTD(1)),
    `reported` Nullable(Int128) CODEC(ZSTD(1)),
    `unpriced_tokens` Nullable(Int128) CODEC(ZSTD(1)),
    `shortest` Nullable(Float64) CODEC(ZSTD(1)),
    `longest` Nullable(Float64) CODEC(ZSTD(1)),
    `durations` Map(Int32, Int64) CODEC(ZSTD(1)),
    `version` UInt64 CODEC(Delta, ZSTD(1)),
    `gone` UInt8
) ENGINE = ReplacingMergeTree(version, gone) ORDER BY (tenant, window_start, number)  SETTINGS allow_nullable_key = 1, non_replicated_deduplication_window = 1000, replicated_deduplication_window = 1000, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

CREATE TABLE IF NOT EXISTS {database}.condensed_ids (
    `tenant` LowCardinality(String),
    `hash` UInt128 CODEC(ZSTD(1)),
    `version` UInt64 CODEC(Delta, ZSTD(1)),
    `gone` UInt8
) ENGINE = ReplacingMergeTree(version, gone) ORDER BY (tenant, hash)  SETTINGS allow_nullable_key = 1, non_replicated_deduplication_window = 1000, replicated_deduplication_window = 1000, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

CREATE TABLE IF NOT EXISTS {database}.condensed_owners (
    `tenant` LowCardinality(String),
    `session_id` Nullable(String) CODEC(ZSTD(1)),
    `ts` Nullable(Int64) CODEC(Delta, ZSTD(1)),
    `id` String CODEC(ZSTD(1)),
    `user_id` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `project_path` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `cwd` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `version` UInt64 CODEC(Delta, ZSTD(1)),
    `gone` UInt8
) ENGINE = ReplacingMergeTree(version, gone) ORDER BY (tenant, session_id, ts, id)  SETTINGS allow_nullable_key = 1, non_replicated_deduplication_window = 1000, replicated_deduplication_window = 1000, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

CREATE TABLE IF NOT EXISTS {database}.rollup_uses (
    `tenant` LowCardinality(String),
    `number` UInt64 CODEC(ZSTD(1)),
    `tool_name` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `agent_id` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `error_type` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `model` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `used` Nullable(Bool) CODEC(ZSTD(1)),
    `version` UInt64 CODEC(Delta, ZSTD(1)),
    `gone` UInt8
) ENGINE = ReplacingMergeTree(version, gone) ORDER BY (tenant, number)  SETTINGS allow_nullable_key = 1, non_replicated_deduplication_window = 1000, replicated_deduplication_window = 1000, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

CREATE TABLE IF NOT EXISTS {database}.rollup_kinds (
    `tenant` LowCardinality(String),
    `number` UInt64 CODEC(ZSTD(1)),
    `use` UInt64 CODEC(ZSTD(1)),
    `type` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `tool_name` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `agent_id` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `error_type` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `command_name` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `operation` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `hook_name` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `model` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `success` Nullable(Bool) CODEC(ZSTD(1)),
    `source` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `in_parts` Nullable(Bool) CODEC(ZSTD(1)),
    `told` Nullable(Bool) CODEC(ZSTD(1)),
    `used` Nullable(Bool) CODEC(ZSTD(1)),
    `in_run` Nullable(Bool) CODEC(ZSTD(1)),
    `version` UInt64 CODEC(Delta, ZSTD(1)),
    `gone` UInt8
) ENGINE = ReplacingMergeTree(version, gone) ORDER BY (tenant, number)  SETTINGS allow_nullable_key = 1, non_replicated_deduplication_window = 1000, replicated_deduplication_window = 1000, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

CREATE TABLE IF NOT EXISTS {database}.rollup_owners (
    `tenant` LowCardinality(String),
    `number` UInt64 CODEC(ZSTD(1)),
    `session` Nullable(UInt64) CODEC(ZSTD(1)),
    `session_id` Nullable(String) CODEC(ZSTD(1)),
    `user_id` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `project_path` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `version` UInt64 CODEC(Delta, ZSTD(1)),
    `gone` UInt8
) ENGINE = ReplacingMergeTree(version, gone) ORDER BY (tenant, number)  SETTINGS allow_nullable_key = 1, non_replicated_deduplication_window = 1000, replicated_deduplication_window = 1000, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

CREATE TABLE IF NOT EXISTS {database}.rollup_by_kind (
    `tenant` LowCardinality(String),
    `quarter` Int32 CODEC(ZSTD(1)),
    `kind` UInt64 CODEC(ZSTD(1)),
    `first_ts` Nullable(Int64) CODEC(ZSTD(1)),
    `last_ts` Nullable(Int64) CODEC(ZSTD(1)),
    `shortest` Nullable(Float64) CODEC(ZSTD(1)),
    `longest` Nullable(Float64) CODEC(ZSTD(1)),
    `metrics_count` Nullable(Int64) CODEC(ZSTD(1)),
    `timed` Nullable(Int64) CODEC(ZSTD(1)),
    `fine_duration` Nullable(Int128) CODEC(ZSTD(1)),
    `coarse_duration` Nullable(Float64) CODEC(ZSTD(1)),
    `tokens` Nullable(Int128) CODEC(ZSTD(1)),
    `input_tokens` Nullable(Int128) CODEC(ZSTD(1)),
    `output_tokens` Nullable(Int128) CODEC(ZSTD(1)),
    `cache_read_tokens` Nullable(Int128) CODEC(ZSTD(1)),
    `cache_write_tokens` Nullable(Int128) CODEC(ZSTD(1)),
    `cost` Nullable(Int128) CODEC(ZSTD(1)),
    `unpriced` Nullable(Int64) CODEC(ZSTD(1)),
    `unknown_usage` Nullable(Int64) CODEC(ZSTD(1)),
    `lower_bounds` Nullable(Int64) CODEC(ZSTD(1)),
    `reported` Nullable(Int128) CODEC(ZSTD(1)),
    `unpriced_tokens` Nullable(Int128) CODEC(ZSTD(1)),
    `version` UInt64 CODEC(Delta, ZSTD(1)),
    `gone` UInt8
) ENGINE = ReplacingMergeTree(version, gone) ORDER BY (tenant, quarter, kind)  SETTINGS allow_nullable_key = 1, non_replicated_deduplication_window = 1000, replicated_deduplication_window = 1000, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

CREATE TABLE IF NOT EXISTS {database}.rollup_by_owner (
    `tenant` LowCardinality(String),
    `quarter` Int32 CODEC(ZSTD(1)),
    `owner` UInt64 CODEC(ZSTD(1)),
    `first_ts` Nullable(Int64) CODEC(ZSTD(1)),
    `last_ts` Nullable(Int64) CODEC(ZSTD(1)),
    `errors` Nullable(Int64) CODEC(ZSTD(1)),
    `metrics_count` Nullable(Int64) CODEC(ZSTD(1)),
    `timed` Nullable(Int64) CODEC(ZSTD(1)),
    `fine_duration` Nullable(Int128) CODEC(ZSTD(1)),
    `coarse_duration` Nullable(Float64) CODEC(ZSTD(1)),
    `tokens` Nullable(Int128) CODEC(ZSTD(1)),
    `input_tokens` Nullable(Int128) CODEC(ZSTD(1)),
    `output_tokens` Nullable(Int128) CODEC(ZSTD(1)),
    `cache_read_tokens` Nullable(Int128) CODEC(ZSTD(1)),
    `cache_write_tokens` Nullable(Int128) CODEC(ZSTD(1)),
    `cost` Nullable(Int128) CODEC(ZSTD(1)),
    `unpriced` Nullable(Int64) CODEC(ZSTD(1)),
    `unknown_usage` Nullable(Int64) CODEC(ZSTD(1)),
    `lower_bounds` Nullable(Int64) CODEC(ZSTD(1)),
    `reported` Nullable(Int128) CODEC(ZSTD(1)),
    `unpriced_tokens` Nullable(Int128) CODEC(ZSTD(1)),
    `version` UInt64 CODEC(Delta, ZSTD(1)),
    `gone` UInt8
) ENGINE = ReplacingMergeTree(version, gone) ORDER BY (tenant, quarter, owner)  SETTINGS allow_nullable_key = 1, non_replicated_deduplication_window = 1000, replicated_deduplication_window = 1000, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

CREATE TABLE IF NOT EXISTS {database}.rollup_by_use (
    `tenant` LowCardinality(String),
    `quarter` Int32 CODEC(ZSTD(1)),
    `owner` UInt64 CODEC(ZSTD(1)),
    `use` UInt64 CODEC(ZSTD(1)),
    `metrics_count` Nullable(Int64) CODEC(ZSTD(1)),
    `version` UInt64 CODEC(Delta, ZSTD(1)),
    `gone` UInt8
) ENGINE = ReplacingMergeTree(version, gone) ORDER BY (tenant, quarter, owner, use)  SETTINGS allow_nullable_key = 1, non_replicated_deduplication_window = 1000, replicated_deduplication_window = 1000, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

CREATE TABLE IF NOT EXISTS {database}.rollup_durations (
    `tenant` LowCardinality(String),
    `quarter` Int32 CODEC(ZSTD(1)),
    `bucket` Int32 CODEC(ZSTD(1)),
    `timed` Nullable(Int64) CODEC(ZSTD(1)),
    `version` UInt64 CODEC(Delta, ZSTD(1)),
    `gone` UInt8
) ENGINE = ReplacingMergeTree(version, gone) ORDER BY (tenant, quarter, bucket)  SETTINGS allow_nullable_key = 1, non_replicated_deduplication_window = 1000, replicated_deduplication_window = 1000, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

CREATE TABLE IF NOT EXISTS {database}.rollup_runs (
    `tenant` LowCardinality(String),
    `quarter` Int32 CODEC(ZSTD(1)),
    `source` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `agent_run_id` Nullable(String) CODEC(ZSTD(1)),
    `agent_id` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `type` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `told` Nullable(Bool) CODEC(ZSTD(1)),
    `metrics_count` Nullable(Int64) CODEC(ZSTD(1)),
    `timed` Nullable(Int64) CODEC(ZSTD(1)),
    `fine_duration` Nullable(Int128) CODEC(ZSTD(1)),
    `coarse_duration` Nullable(Float64) CODEC(ZSTD(1)),
    `tokens` Nullable(Int128) CODEC(ZSTD(1)),
    `input_tokens` Nullable(Int128) CODEC(ZSTD(1)),
    `output_tokens` Nullable(Int128) CODEC(ZSTD(1)),
    `cache_read_tokens` Nullable(Int128) CODEC(ZSTD(1)),
    `cache_write_tokens` Nullable(Int128) CODEC(ZSTD(1)),
    `cost` Nullable(Int128) CODEC(ZSTD(1)),
    `unpriced` Nullable(Int64) CODEC(ZSTD(1)),
    `unknown_usage` Nullable(Int64) CODEC(ZSTD(1)),
    `lower_bounds` Nullable(Int64) CODEC(ZSTD(1)),
    `reported` Nullable(Int128) CODEC(ZSTD(1)),
    `unpriced_tokens` Nullable(Int128) CODEC(ZSTD(1)),
    `version` UInt64 CODEC(Delta, ZSTD(1)),
    `gone` UInt8
) ENGINE = ReplacingMergeTree(version, gone) ORDER BY (tenant, quarter, source, agent_run_id, agent_id, type, told)  SETTINGS allow_nullable_key = 1, non_replicated_deduplication_window = 1000, replicated_deduplication_window = 1000, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

CREATE TABLE IF NOT EXISTS {database}.rollup_dirty (
    `tenant` LowCardinality(String),
    `quarter` Int32 CODEC(ZSTD(1)),
    `version` UInt64 CODEC(Delta, ZSTD(1)),
    `gone` UInt8
) ENGINE = ReplacingMergeTree(version, gone) ORDER BY (tenant, quarter)  SETTINGS allow_nullable_key = 1, non_replicated_deduplication_window = 1000, replicated_deduplication_window = 1000, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

