"""The shapes of Codex's records, as far as they are counted; whatever else a record has is skipped.

A part that has had several shapes, or may get another, is kept as JSON (`Raw`) and read on its own, so that it can't
cost the record it stands in.
"""

# Without postponed annotations: msgspec would compile each of them when a decoder is made.

from typing import Annotated

import msgspec

from tachograph.sources.decoding import NOTHING

Count = Annotated[int, msgspec.Meta(ge=0, le=2**60)]
"""So many tokens: five of them still add up within 64 bits."""
Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=1e11)]
EpochMilliseconds = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)]


class Line(msgspec.Struct):
    """One line of a rollout: a record in its envelope or, in files of 2025, an item without one."""

    timestamp: str | None = None
    type: str | None = None
    payload: msgspec.Raw = NOTHING
    id: msgspec.Raw = NOTHING


class Kind(msgspec.Struct):
    """Of which kind an item or an event is."""

    type: str | None = None


class SessionMeta(msgspec.Struct):
    """A file's first record: which thread it is, and where that comes from."""

    id: str | None = None
    session_id: str | None = None
    timestamp: str | None = None
    cwd: str | None = None
    forked_from_id: str | None = None
    parent_thread_id: str | None = None
    thread_source: str | None = None
    source: msgspec.Raw = NOTHING


class Spawned(msgspec.Struct):
    """How an agent started a sub-agent."""

    parent_thread_id: str | None = None
    agent_role: str | None = None


class Subagent(msgspec.Struct):
    """What kind of sub-agent a thread is, where that is not said in a word."""

    thread_spawn: Spawned | None = None
    other: str | None = None


class Source(msgspec.Struct):
    """Who started a thread, where it wasn't a person."""

    subagent: str | Subagent | None = None


class TurnContext(msgspec.Struct):
    """What holds for the calls of a turn."""

    turn_id: str | None = None
    cwd: str | None = None
    model: str | None = None


class Usage(msgspec.Struct, gc=False):
    """Counters; the cached and the written are parts of the input, and the reasoning of the output."""

    input_tokens: Count | None = None
    cached_input_tokens: Count | None = None
    cache_write_input_tokens: Count | None = None
    output_tokens: Count | None = None
    reasoning_output_tokens: Count | None = None
    total_tokens: Count | None = None


class TokenInfo(msgspec.Struct):
    """What a thread has used, and what its last call did."""

    total_token_usage: Usage | None = None
    last_token_usage: Usage | None = None


class TokenCount(msgspec.Struct):
    """The event that follows each call, and each change of the rate limits."""

    info: TokenInfo | None = None


class UsageRecord(msgspec.Struct):
    """One response of a model."""

    response_id: str | None = None
    thread_id: str | None = None
    session_id: str | None = None
    model: str | None = None
    usage: Usage | None = None


class Call(msgspec.Struct):
    """A call of a tool."""

    id: str | None = None
    call_id: str | None = None
    name: str | None = None
    namespace: str | None = None
    status: str | None = None


class Output(msgspec.Struct):
    """What a call came to."""

    call_id: str | None = None
    status: str | None = None
    output: msgspec.Raw = NOTHING


class Duration(msgspec.Struct, gc=False):
    """A duration as Rust writes it."""

    secs: Annotated[int, msgspec.Meta(ge=0, le=10**8)] = 0
    nanos: Annotated[int, msgspec.Meta(ge=0, le=10**9)] = 0


class Invocation(msgspec.Struct):
    """Which tool of which MCP server was called."""

    server: str | None = None
    tool: str | None = None


class McpResult(msgspec.Struct):
    """The result of an MCP tool: one or the other."""

    ok: msgspec.Raw = msgspec.field(default=NOTHING, name="Ok")
    err: msgspec.Raw = msgspec.field(default=NOTHING, name="Err")


class McpAnswer(msgspec.Struct):
    """What an MCP tool answered, which may be that it failed."""

    is_error: bool | None = msgspec.field(default=None, name="isError")


class CallEnd(msgspec.Struct):
    """The event of a call that ended: a command, a patch, an MCP tool, a client's tool, a search."""

    call_id: str | None = None
    status: msgspec.Raw = NOTHING
    success: bool | None = None
    exit_code: int | None = None
    tool: str | None = None
    source: msgspec.Raw = NOTHING
    duration: msgspec.Raw = NOTHING
    invocation: Invocation | None = None
    result: msgspec.Raw = NOTHING


class Item(msgspec.Struct):
    """A thing done in a turn: a command, a call, a change of files, but also a message or a plan."""

    type: str | None = None
    id: str | None = None
    status: msgspec.Raw = NOTHING
    success: bool | None = None
    exit_code: int | None = None
    server: str | None = None
    tool: str | None = None
    kind: str | None = None
    duration: msgspec.Raw = NOTHING


class ItemCompleted(msgspec.Struct):
    """The event of a thing done."""

    item: Item | None = None
    started_at_ms: EpochMilliseconds | None = None
    completed_at_ms: EpochMilliseconds | None = None


class TurnStarted(msgspec.Struct):
    """The beginning of a turn."""

    turn_id: str | None = None
    started_at: msgspec.Raw = NOTHING


class TurnEnded(msgspec.Struct):
    """The end of a turn."""

    turn_id: str | None = None
    duration_ms: Milliseconds | None = None
    error: msgspec.Raw = NOTHING


class Failure(msgspec.Struct):
    """An error of a request."""

    message: msgspec.Raw = NOTHING
    codex_error_info: msgspec.Raw = NOTHING


class HttpStatus(msgspec.Struct):
    """What some kinds of errors say besides."""

    http_status_code: int | None = None


class Anything(msgspec.Struct):
    """A record of which nothing is counted but that it is there."""
