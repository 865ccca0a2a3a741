"""What can be asked for, a line each: for whoever looks for the name of something."""

from __future__ import annotations

from typing import Final

MEASURES_SAY: Final = {
    "count": "how many metrics",
    "sessions": "distinct sessions",
    "users": "distinct users",
    "errors": "how many are errors",
    "error_rate": "errors / count",
    "success_count": "known outcomes that are a success",
    "failure_count": "known outcomes that are a failure",
    "success_rate": "successes / known outcomes",
    "timed": "how many have a duration",
    "duration_sum": "of those, in milliseconds",
    "duration_avg": "their average",
    "duration_min": "the shortest",
    "duration_max": "the longest",
    "duration_p95": "a percentile, exact; also duration_p50, duration_p99.9 and so on",
    "tokens": "tokens of all kinds",
    "input_tokens": "tokens read, those of the cache apart",
    "output_tokens": "tokens written",
    "cache_read_tokens": "tokens read from the cache",
    "cache_write_tokens": "tokens written to the cache",
    "cache_hit_rate": "tokens read from the cache / all that were read",
    "cost_usd": "US dollars: as logs say, else by tokens and prices",
    "active_ms": "for how long sessions were active, pauses counted up to 5 minutes",
    "tokens_per_minute": "tokens per minute of active time",
}
DIMENSIONS_SAY: Final = {
    "minute": "a window of time; or 15 minutes and so on",
    "hour": "or 6 hours and so on",
    "day": "or 3 days and so on",
    "week": "or 2 weeks and so on",
    "month": "or 3 months and so on",
    "hour_of_day": "0 to 23",
    "weekday": "1 for Monday to 7",
    "session": "the session's id",
    "user": "who it was, or whose session it was in",
    "project": "the project's folder",
    "type": "the type of metric, such as tool_use",
    "tool": "the tool",
    "agent": "the agent that the metric names",
    "acting_agent": "that agent, else the one whose run the metric is a part of",
    "model": "the language model",
    "source": "which agent's logs it is from, such as claude-code",
    "error_type": "the kind of error",
    "command": "the command",
    "operation": "what a performance metric measures",
    "hook": "the hook",
    "outcome": "success or failure",
}
AMOUNTS_SAY: Final = {
    "duration_ms": "how long it took, in milliseconds",
    "tokens": "its tokens of all kinds",
    "cost_usd": "what it cost, in US dollars",
}
