"""The shapes of Copilot CLI's events, as far as they are counted; whatever else an event has is skipped."""

# Without postponed annotations: msgspec would compile each of them when a decoder is made.

from typing import Annotated, Final

import msgspec

from tachograph.sources.decoding import NOTHING

MOST_TOKENS: Final = 2**53
"""More than any session has, and few enough that sums of a few fit in 64 bits."""

Count = Annotated[int, msgspec.Meta(ge=0, le=MOST_TOKENS)]


class Event(msgspec.Struct, rename="camel"):
    """One line: whatever happened is in `data`. Events of a sub-agent name its run as `agentId`."""

    type: str | None = None
    id: str | None = None
    timestamp: str | None = None
    agent_id: str | None = None
    data: msgspec.Raw = NOTHING


class Context(msgspec.Struct):
    """Where the agent works."""

    cwd: str | None = None


class SessionStart(msgspec.Struct, rename="camel"):
    """session.start, and session.resume, which names no session."""

    session_id: str | None = None
    start_time: str | None = None
    selected_model: str | None = None
    context: Context | None = None


class ModelChange(msgspec.Struct, rename="camel"):
    """session.model_change and session.auto_mode_resolved."""

    new_model: str | None = None
    chosen_model: str | None = None


class AssistantMessage(msgspec.Struct, rename="camel"):
    """assistant.message: a reply, or a part of one."""

    model: str | None = None
    output_tokens: Count | None = None
    parent_tool_call_id: str | None = None


class Turn(msgspec.Struct, rename="camel"):
    """assistant.turn_start and assistant.turn_end."""

    model: str | None = None


class CallStart(msgspec.Struct, rename="camel"):
    """tool.execution_start."""

    tool_call_id: str | None = None
    tool_name: str | None = None
    model: str | None = None
    parent_tool_call_id: str | None = None


class CallError(msgspec.Struct):
    """Why a call failed."""

    code: str | None = None
    message: msgspec.Raw = NOTHING


class CallComplete(msgspec.Struct, rename="camel"):
    """tool.execution_complete."""

    tool_call_id: str | None = None
    success: bool | None = None
    model: str | None = None
    error: CallError | None = None


class PermissionRequest(msgspec.Struct, rename="camel"):
    """What a permission is asked for."""

    tool_call_id: str | None = None


class PermissionRequested(msgspec.Struct, rename="camel"):
    """permission.requested."""

    request_id: str | None = None
    permission_request: PermissionRequest | None = None


class PermissionResult(msgspec.Struct):
    """Whether a permission was given, and by whom."""

    kind: str | None = None


class PermissionCompleted(msgspec.Struct, rename="camel"):
    """permission.completed."""

    request_id: str | None = None
    tool_call_id: str | None = None
    result: PermissionResult | None = None


class Hook(msgspec.Struct, rename="camel"):
    """hook.start and hook.end."""

    hook_invocation_id: str | None = None
    hook_type: str | None = None
    success: bool | None = None


class SubAgent(msgspec.Struct, rename="camel"):
    """subagent.started, .completed and .failed."""

    tool_call_id: str | None = None
    agent_name: str | None = None
    model: str | None = None
    cancelled: bool | None = None
    duration_ms: Annotated[float, msgspec.Meta(ge=0)] | None = None
    error: msgspec.Raw = NOTHING


class Skill(msgspec.Struct):
    """skill.invoked."""

    name: str | None = None
    trigger: str | None = None


class Failure(msgspec.Struct, rename="camel"):
    """session.error."""

    error_type: str | None = None
    status_code: int | None = None
    message: msgspec.Raw = NOTHING


class Compaction(msgspec.Struct, rename="camel"):
    """session.compaction_complete."""

    success: bool | None = None


class Requests(msgspec.Struct):
    """How often a model was asked."""

    count: Count = 0


class Usage(msgspec.Struct, rename="camel"):
    """The counters of a model. `inputTokens` contains what was read from and written to the cache."""

    input_tokens: Count = 0
    output_tokens: Count = 0
    cache_read_tokens: Count = 0
    cache_write_tokens: Count = 0
    reasoning_tokens: Count | None = None


class ModelMetrics(msgspec.Struct):
    """What one model was used for."""

    requests: msgspec.Raw = NOTHING
    usage: Usage | None = None


class Shutdown(msgspec.Struct, rename="camel"):
    """session.shutdown."""

    shutdown_type: str | None = None
    current_model: str | None = None
    model_metrics: dict[str, ModelMetrics] | None = None


class LoggedInUser(msgspec.Struct):
    """An account."""

    login: str | None = None


class Configuration(msgspec.Struct):
    """The counted part of config.json."""

    last_logged_in_user: LoggedInUser | None = None
    later_last_logged_in_user: LoggedInUser | None = msgspec.field(default=None, name="lastLoggedInUser")


class Counters(msgspec.Struct):
    """What a session's models had used by one moment, as the log counts: input contains what was cached."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int | None = None
    requests: int = 0


class Memory(msgspec.Struct, omit_defaults=True):
    """What is to be known of the events before the next one."""

    session: str | None = None
    started: bool = False
    """Whether the session's start was given."""
    cwd: str | None = None
    model: str | None = None
    """The model that answers now."""
    run: str | None = None
    """The first reply since the session was begun, resumed or shut down; tokens are counted by that."""
    seen: list[str] = []
    """The models that replied in this run, "" for one without a name."""
    spoken: int | None = 0
    """Output tokens that the run's replies name; None where a reply doesn't."""
    told: dict[str, Counters] = {}
    """What the last shutdown told."""
    calls: dict[str, str] = {}
    """Running calls, and the events that began them."""
    refused: dict[str, str] = {}
    """Calls that may not run, and why."""
    requests: dict[str, str] = {}
    """Permissions that are asked for, and for which calls."""
    agents: dict[str, str] = {}
    """Running sub-agents by the calls that began them, and the events of those."""
    hooks: dict[str, int] = {}
    """Running hooks, and when they began."""
    turns: dict[str, tuple[str, int]] = {}
    """Turns that go on, by agent run ("" for the main agent): the events that began them, and when."""
    compaction: int | None = None
    """When the compaction began that goes on."""
