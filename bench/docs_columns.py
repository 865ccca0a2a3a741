"""What the columns of the store mean, where its schema doesn't say so itself."""

from __future__ import annotations

from typing import Final

TABLES: Final = {
    "meta": "What the store says of itself.",
    "priced_models": "The models whose prices were looked for, found or not.",
    "rollup_kinds": "Which kinds of metrics there are, by number: what tells them apart in `rollup_by_kind`.",
    "rollup_uses": (
        "Sums of metrics by quarter of an hour, kept where there are"
        " [millions](store.md#sums-for-years-of-a-whole-companys-agents); all tables from here on are of them. Rows of"
        " one quarter add up. This one has what of a kind is kept of owners too, by number."
    ),
    "rollup_owners": "Whose metrics are, by number: what tells them apart in `rollup_by_owner`.",
    "rollup_by_kind": "The sums of each quarter, by kind.",
    "rollup_by_owner": "The sums of each quarter, by owner.",
    "rollup_by_use": "How many metrics there are in each quarter, by owner and some names of the kind.",
    "rollup_durations": "How many durations of each quarter are in each bucket.",
    "rollup_values": "All durations, in the order of their buckets.",
    "rollup_runs": "The sums of each quarter that belong to runs of agents.",
    "rollup_dirty": "Quarters in which a metric was changed or deleted since: they are counted by their metrics.",
}
"""Of tables whose comment in the schema stands above another one, or is for who reads the code."""

COMMON: Final = {
    "ts": "when it happened or began",
    "type": "which of the ten types it is, such as `tool_use`",
    "session_id": "the session",
    "user_id": "the user",
    "project_path": "the project's folder",
    "tool_name": "the tool that was called",
    "agent_id": "the agent or sub-agent, by its kind",
    "agent_run_id": "which run of it",
    "command_name": "the command",
    "error_type": "the kind of error or failure, never its text",
    "operation": "of `performance`: what was measured, such as `turn`",
    "hook_name": "the hook",
    "cwd": "where the agent worked: the session's project where no metric names one",
    "model": "the model, as the log names it",
    "success": "the outcome; null where nobody said",
    "source": "which reader it came from, such as `claude-code`",
    "in_parts": "whether later lines may add to it",
    "path": "the file",
    "quarter": "the number of the quarter of an hour",
    "number": "what other tables call it",
    "first_ts": "when the first of them happened",
    "last_ts": "when the last of them happened",
    "shortest": "the shortest of their durations, in milliseconds",
    "longest": "the longest of their durations, in milliseconds",
    "metrics_count": "how many metrics there are",
    "timed": "how many of them have a duration",
    "fine_duration": "the sum of durations of less than 4,000,000,000 ms, in picoseconds",
    "coarse_duration": "the sum of all longer ones, in milliseconds",
    "tokens": "all tokens together",
    "input_tokens": "tokens that were read afresh, neither from nor into a cache",
    "output_tokens": "tokens that were written",
    "cache_read_tokens": "tokens that were read from the cache",
    "cache_write_tokens": "tokens that were put into the cache",
    "cost": "in 1e-24 USD; without what nobody knows the cost of",
    "unpriced": "how many have tokens and no known cost",
    "unknown_usage": "how many are requests of which the log tells no tokens",
    "lower_bounds": "how many are replies of which the log holds only the first counters",
    "reported": "how much of the cost is what logs say, in 1e-24 USD",
    "unpriced_tokens": "how many tokens have no known cost",
    "told": "whether they have tokens",
    "used": "whether they say anything of tokens or cost",
    "bucket": "the number of the bucket of durations, each 10 % wider than the one before",
    "duration_ms": "how long it took",
}
"""What columns of these names mean in every table that says nothing else."""

COLUMNS: Final = {
    "meta": {"name": "what is said of the store", "value": "such as the schema's number"},
    "metrics": {
        "id": "what the metric is known by: two lines with the same id are one metric",
        "ended_ts": "when the result of a call came",
        "user_id": "the user, where the metric names one",
        "project_path": "the project's folder, where the metric names one",
        "token_count": "all tokens together: as stated, else the sum of the kinds",
        "cache_write_1h_tokens": "those of them that it keeps for an hour",
        "reasoning_tokens": "those of the output that were reasoning",
        "cost_usd": "what the log says that it cost, in US dollars",
        "blocks": "of a reply: its lines and their characters while none ended it; a full stop once one did",
        "request": "of a reply: a number for the request that it answers",
        "other_request": "another one, where a copy of the reply names it",
        "witness": "how it is told, where others may tell of the same under another id ([collecting](collecting.md))",
        "extra": "a JSON object: what the line's `data` had beside all that",
        "metadata": "a JSON object: the line's",
        "other": "a JSON object: what stood beside the line's `data`",
    },
    "claims": {
        "id": "of the metric",
        "ts": "when it happened, as this session has it",
        "session_id": "one that tells of it",
    },
    "claimed_starts": {"ts": "when it began"},
    "files": {
        "size": "in bytes, when it was read last",
        "mtime_ns": "when it had been changed last, in nanoseconds since 1970",
        "compressed": "whether it is a `.gz` or `.zst`",
    },
    "rates": {
        "from_us": "from this moment on, in microseconds since 1970",
        "until_us": "up to this moment, without it",
        "day_from_us": "from this microsecond of the UTC day on",
        "day_until_us": "up to this one, without it",
        "above": "of requests of more input tokens than this",
        "up_to": "of requests of at most so many",
        "per_request": "for each request, in 1e-24 USD",
        "input": "for a token that was read afresh, in 1e-24 USD, as all below",
        "output": "for a token that was written",
        "cache_read": "for one that was read from the cache",
        "cache_write": "for one that was put into the cache",
        "cache_write_1h": "for one that it keeps for an hour",
    },
    "rejects": {"line": "which line", "byte_offset": "where it begins", "reason": "why it is none"},
    "condensed": {
        "window_end": "when the window ends, outside of it",
        "timezone": "whose windows they are",
        "durations": "a histogram: how many durations are in which bucket, each 2 % wider than the one before",
    },
    "condensed_ids": {"hash": "of one id"},
    "condensed_owners": {"id": "of the metric that said so"},
    "rollup_kinds": {"use": "its number in `rollup_uses`", "in_run": "whether they belong to an agent's run"},
    "rollup_owners": {"session": "the number of the session's first owner"},
    "rollup_by_kind": {"kind": "its number in `rollup_kinds`"},
    "rollup_by_owner": {"owner": "its number in `rollup_owners`", "errors": "how many of them are errors"},
    "rollup_by_use": {"owner": "its number in `rollup_owners`", "use": "its number in `rollup_uses`"},
}
"""What is said of a table's columns beside, or instead of, that."""
