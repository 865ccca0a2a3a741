"""The shapes of Claude Code's records, as far as they are counted; whatever else a record has is skipped.

Fields stand in the order in which most records have them, the rare ones last: a key is looked for from behind the one
that was found before it, and looking from the beginning each time took a tenth of the decoding.
"""

# Without postponed annotations: msgspec would compile each of them when a decoder is made.

from typing import Annotated

import msgspec

from tachograph.sources.decoding import NOTHING

Count = Annotated[int, msgspec.Meta(ge=0, le=2**60)]
"""A counter: what is beyond is none, and the sum of all kinds still fits in 64 bits."""


class CacheCreation(msgspec.Struct, gc=False):
    """What was written to the cache, by how long it is kept."""

    ephemeral_5m_input_tokens: Count | None = None
    ephemeral_1h_input_tokens: Count | None = None


class OutputDetails(msgspec.Struct, gc=False):
    """Parts of the output."""

    thinking_tokens: Count | None = None


class Usage(msgspec.Struct, gc=False):
    """The counters of a reply, or of one request of it."""

    input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation: CacheCreation | None = None
    output_tokens: Count | None = None
    output_tokens_details: OutputDetails | None = None
    iterations: msgspec.Raw = NOTHING


class Iteration(Usage):
    """One request of a reply that took several."""

    type: str | None = None
    model: str | None = None


class ContentBlock(msgspec.Struct, gc=False):
    """A part of a message's content."""

    type: str = ""
    id: str | None = None
    name: str | None = None
    input: msgspec.Raw = NOTHING
    text: msgspec.Raw = NOTHING
    thinking: msgspec.Raw = NOTHING
    tool_use_id: str | None = None
    content: msgspec.Raw = NOTHING
    is_error: bool | None = None


class Message(msgspec.Struct, gc=False):
    """A message: a user's, or a reply."""

    model: str | None = None
    id: str | None = None
    content: str | list[ContentBlock] | None = None
    stop_reason: str | None = None
    usage: Usage | None = None


class Progress(msgspec.Struct):
    """What a progress record tells: of a sub-agent, or of a hook."""

    type: str | None = None
    message: msgspec.Raw = NOTHING
    agentId: str | None = None
    hookEvent: str | None = None
    hookName: str | None = None
    command: str | None = None


class Attachment(msgspec.Struct):
    """What an attachment tells of a hook."""

    type: str | None = None
    hookName: str | None = None
    hookEvent: str | None = None
    durationMs: float | None = None
    exitCode: int | None = None
    command: str | None = None


class HookInfo(msgspec.Struct):
    """One hook of a stop_hook_summary."""

    durationMs: float | None = None
    command: str | None = None


class ToolResult(msgspec.Struct, gc=False):
    """The counted part of `toolUseResult`, where it is an object; what isn't of its kind is as good as absent."""

    durationMs: object = None
    durationSeconds: object = None
    totalDurationMs: object = None
    agentId: object = None
    status: object = None


class Line(msgspec.Struct, gc=False):
    """One line of a transcript."""

    cwd: str | None = None
    sessionId: str | None = None
    agentId: str | None = None
    type: str | None = None
    message: Message | None = None
    requestId: str | None = None
    toolUseResult: ToolResult | str | list[msgspec.Raw] | float | bool | None = None
    uuid: str | None = None
    timestamp: str | None = None
    subtype: str | None = None
    isMeta: bool | None = None
    isApiErrorMessage: bool | None = None
    apiErrorStatus: int | None = None
    error: msgspec.Raw = NOTHING
    cause: msgspec.Raw = NOTHING
    data: msgspec.Raw = NOTHING
    attachment: msgspec.Raw = NOTHING
    content: msgspec.Raw = NOTHING
    hookInfos: list[HookInfo] | None = None
    hookErrors: msgspec.Raw = NOTHING
    durationMs: float | None = None
    compactMetadata: msgspec.Raw = NOTHING
    messageId: str | None = None
    snapshot: msgspec.Raw = NOTHING
    isSnapshotUpdate: bool | None = None


class AgentInput(msgspec.Struct):
    """The counted part of the input of a call that starts an agent."""

    subagent_type: str | None = None


class Snapshot(msgspec.Struct):
    """A file-history snapshot."""

    timestamp: str | None = None


class DurationOnly(msgspec.Struct):
    """An object of which only the duration is counted."""

    durationMs: float | None = None


class Account(msgspec.Struct):
    """The account that the agent is signed in with."""

    emailAddress: str | None = None
    accountUuid: str | None = None


class Settings(msgspec.Struct):
    """The counted part of `.claude.json`."""

    oauthAccount: Account | None = None


class HookNote(msgspec.Struct):
    """What the log of Claude Code's hooks says of an event (`hooks.events` writes it)."""

    event: str
    call: str | None = None
    """The id of the tool's call that the event is of."""
    tool: str | None = None
    duration_ms: float | None = None
    success: bool | None = None
    error: str | None = None
    agent: str | None = None
    """The kind of sub-agent that the call asks for."""
    run: str | None = None
    """The run that the call came to."""
    run_ms: float | None = None
    background: bool = False
    """Whether that run went on after the call."""
    about: str | None = None
