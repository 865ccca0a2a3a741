"""What the JSON form of a session's timeline looks like, for the document that describes the API."""

from __future__ import annotations

from typing import Literal

import msgspec


class TimelineStep(msgspec.Struct):
    """One metric of a session; what isn't known of it is null. Its run is one of those of the session's agents."""

    start: str
    type: str
    run: int | None
    agent: str | None
    tool: str | None
    model: str | None
    command: str | None
    operation: str | None
    hook: str | None
    error_type: str | None
    outcome: Literal["success", "failure"] | None
    duration_ms: float | None
    tokens: int | None
    input_tokens: int | None
    output_tokens: int | None
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    tokens_at_least: bool
    cost_usd: float | None


class TimelineTold(msgspec.Struct):
    """A session's metrics as they began: when the first began and the last was over, how many, and a page of them.

    Of so many condensed ones there are only sums.
    """

    session_id: str
    start: str | None
    end: str | None
    metrics: int
    condensed: int
    steps: list[TimelineStep]
