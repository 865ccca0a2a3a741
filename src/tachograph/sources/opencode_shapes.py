"""The shapes of OpenCode's records, as far as they are counted; whatever else a record has is skipped.

What only some records have, or have in several shapes, stays JSON until it is asked for (`decoding.told`), so that a
part that looks different from what is known takes nothing else with it.
"""

# Without postponed annotations: msgspec would compile each of them when a decoder is made.

from typing import Final

import msgspec
from msgspec import field

from tachograph.metric import FIRST_US, LAST_US
from tachograph.sources.decoding import NOTHING, told

_LARGEST_COUNT: Final = 2**53


class Times(msgspec.Struct, gc=False):
    """Moments in milliseconds since 1970: of a record, of a call (`start`, `end`), of a call since 2.0 (`ran`)."""

    created: int | float | None = None
    updated: int | float | None = None
    completed: int | float | None = None
    start: int | float | None = None
    end: int | float | None = None
    ran: int | float | None = None


class CacheTokens(msgspec.Struct, gc=False):
    """What was read from a cache and written to one."""

    read: int | float | None = None
    write: int | float | None = None


class Tokens(msgspec.Struct):
    """The counters of a step: `input` leaves out the cache, and `output` the reasoning."""

    input: int | float | None = None
    output: int | float | None = None
    reasoning: int | float | None = None
    cache: CacheTokens | None = None


class Session(msgspec.Struct):
    """A session; one that has a parent is a run of a sub-agent."""

    id: str | None = None
    parent: str | None = field(default=None, name="parentID")
    directory: str | None = None
    time: Times | None = None


class Message(msgspec.Struct):
    """A message: a user's, or a reply with one request to a model or (in earlier versions) several."""

    id: str | None = None
    session: str | None = field(default=None, name="sessionID")
    parent: str | None = field(default=None, name="parentID")
    role: str | None = None
    time: Times | None = None
    agent: str | None = None
    mode: str | None = None
    model_id: str | None = field(default=None, name="modelID")
    finish: str | None = None
    model: msgspec.Raw = NOTHING
    path: msgspec.Raw = NOTHING
    cost: msgspec.Raw = NOTHING
    tokens: msgspec.Raw = NOTHING
    error: msgspec.Raw = NOTHING
    summary: msgspec.Raw = NOTHING


class Part(msgspec.Struct):
    """A part of a message."""

    type: str = ""
    id: str | None = None
    session: str | None = field(default=None, name="sessionID")
    message: str | None = field(default=None, name="messageID")
    tool: msgspec.Raw = NOTHING
    state: msgspec.Raw = NOTHING
    snapshot: msgspec.Raw = NOTHING
    hash: msgspec.Raw = NOTHING
    tokens: msgspec.Raw = NOTHING
    cost: msgspec.Raw = NOTHING
    error: msgspec.Raw = NOTHING
    time: msgspec.Raw = NOTHING


class ToolState(msgspec.Struct):
    """How far a call has come."""

    status: str = ""
    time: Times | None = None
    error: msgspec.Raw = NOTHING
    input: msgspec.Raw = NOTHING
    metadata: msgspec.Raw = NOTHING


class TaskInput(msgspec.Struct):
    """The counted part of the input of a call that runs a sub-agent."""

    subagent_type: str | None = None
    task_id: str | None = None


class TaskMetadata(msgspec.Struct):
    """What a call that ran a sub-agent tells of it."""

    session: str | None = field(default=None, name="sessionId")
    session_since_2: str | None = field(default=None, name="sessionID")
    background: bool | None = None


class ErrorData(msgspec.Struct):
    """The counted part of a failure."""

    message: str | None = None
    status: int | None = field(default=None, name="statusCode")


class Failure(msgspec.Struct):
    """A failure: its name and data, or since 2.0 its type, message and status."""

    name: str | None = None
    data: msgspec.Raw = NOTHING
    type: str | None = None
    message: str | None = None
    status: int | None = None


class Folder(msgspec.Struct):
    """Where a reply's agent worked."""

    cwd: str | None = None


class ModelName(msgspec.Struct):
    """A model, as a message names it: by `modelID`, or since 2.0 by `id`."""

    model_id: str | None = field(default=None, name="modelID")
    id: str | None = None


class Document(msgspec.Struct):
    """As much of a JSON document as tells whether it is an export, a session, a message or a part."""

    id: str | None = None
    role: msgspec.Raw = NOTHING
    type: msgspec.Raw = NOTHING
    info: msgspec.Raw = NOTHING
    messages: msgspec.Raw = NOTHING
    time: msgspec.Raw = NOTHING


class ExportedMessage(msgspec.Struct):
    """A message with its parts, as `opencode export` writes it."""

    info: Message
    parts: list[msgspec.Raw] = []


class Snapshots(msgspec.Struct):
    """The states of the files before and after a reply (since 2.0)."""

    start: str | None = None


class Content(msgspec.Struct):
    """A part of a reply's content (since 2.0)."""

    type: str = ""
    id: str | None = None
    name: str | None = None
    state: msgspec.Raw = NOTHING
    time: Times | None = None


class Retry(msgspec.Struct):
    """A request that failed and is tried again (since 2.0)."""

    at: int | float | None = None
    attempt: int | None = None
    error: msgspec.Raw = NOTHING


class ProjectedMessage(msgspec.Struct):
    """A row of `session_message`, in which OpenCode keeps a message with all its parts since 2.0."""

    agent: str | None = None
    time: Times | None = None
    model: msgspec.Raw = NOTHING
    content: msgspec.Raw = NOTHING
    snapshot: msgspec.Raw = NOTHING
    cost: msgspec.Raw = NOTHING
    tokens: msgspec.Raw = NOTHING
    error: msgspec.Raw = NOTHING
    retry: msgspec.Raw = NOTHING


DOCUMENT: Final = msgspec.json.Decoder(Document)
SESSION: Final = msgspec.json.Decoder(Session)
MESSAGE: Final = msgspec.json.Decoder(Message)
PART: Final = msgspec.json.Decoder(Part)
EXPORTED_MESSAGE: Final = msgspec.json.Decoder(ExportedMessage)
PROJECTED_MESSAGE: Final = msgspec.json.Decoder(ProjectedMessage)
TOOL_STATE: Final = msgspec.json.Decoder(ToolState)
TASK_INPUT: Final = msgspec.json.Decoder(TaskInput)
TASK_METADATA: Final = msgspec.json.Decoder(TaskMetadata)
TOKENS: Final = msgspec.json.Decoder(Tokens)
FAILURE: Final = msgspec.json.Decoder(Failure)
ERROR_DATA: Final = msgspec.json.Decoder(ErrorData)
FOLDER: Final = msgspec.json.Decoder(Folder)
MODEL_NAME: Final = msgspec.json.Decoder(ModelName)
SNAPSHOTS: Final = msgspec.json.Decoder(Snapshots)
CONTENT: Final = msgspec.json.Decoder(Content)
RETRY: Final = msgspec.json.Decoder(Retry)
TIMES: Final = msgspec.json.Decoder(Times)
RAW_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])
TEXT: Final = msgspec.json.Decoder(str)
NUMBER: Final = msgspec.json.Decoder(float)


def moment(milliseconds: float | None) -> int | None:
    """A moment of the log in microseconds since 1970; None where it isn't there or no calendar has it."""
    if milliseconds is None or not abs(milliseconds) < _LARGEST_COUNT:
        return None
    microseconds = round(milliseconds * 1000)
    return microseconds if FIRST_US <= microseconds <= LAST_US else None


def count(tokens: float | None) -> int | None:
    """A counter, 0 where a provider's arithmetic came out below it; None where it isn't there or can't be one."""
    if tokens is None or not tokens < _LARGEST_COUNT:
        return None
    return max(0, int(tokens))


def model_of(message: Message | ProjectedMessage) -> str | None:
    """The model that wrote a reply, without its provider."""
    if isinstance(message, Message) and message.model_id:
        return message.model_id
    name = told(MODEL_NAME, message.model)
    return (name.model_id or name.id or None) if name else None
