"""The shapes of Gemini CLI's records, as far as they are counted; whatever else a record has is skipped."""

# Without postponed annotations: msgspec would compile each of them when a decoder is made.

from typing import Annotated, Final

import msgspec

from tachograph.sources.decoding import NOTHING

_MOST_TOKENS: Final = 2**53
"""More than any conversation has, and few enough that sums of a few fit in 64 bits."""

Count = Annotated[int, msgspec.Meta(ge=0, le=_MOST_TOKENS)]


class Tokens(msgspec.Struct, gc=False):
    """The counters of a reply. `cached` is a part of `input`; `thoughts` and `tool` are parts of nothing else."""

    input: Count | None = None
    output: Count | None = None
    cached: Count | None = None
    thoughts: Count | None = None
    tool: Count | None = None


class Call(msgspec.Struct, rename="camel"):
    """A tool call, which is recorded when it is done."""

    id: str | None = None
    name: str | None = None
    status: str | None = None
    timestamp: str | None = None
    agent_id: str | None = None
    args: msgspec.Raw = NOTHING
    result: msgspec.Raw = NOTHING


class Message(msgspec.Struct, rename="camel"):
    """A message of the user, of the model (`gemini`) or of the program (`info`, `warning`, `error`)."""

    type: str | None = None
    id: str | None = None
    timestamp: str | None = None
    model: str | None = None
    tokens: Tokens | None = None
    tool_calls: list[Call] | None = None
    content: msgspec.Raw = NOTHING


class Header(msgspec.Struct, rename="camel"):
    """What is known of a conversation."""

    session_id: str | None = None
    start_time: str | None = None
    kind: str | None = None
    directories: list[str] | None = None
    messages: list[msgspec.Raw] | None = None


class Record(Message, rename="camel"):
    """A line, or the whole of an older file: a header with or without messages, a message, or a patch of the header."""

    session_id: str | None = None
    start_time: str | None = None
    kind: str | None = None
    directories: list[str] | None = None
    messages: list[msgspec.Raw] | None = None
    patch: Header | None = msgspec.field(default=None, name="$set")


class AgentArguments(msgspec.Struct):
    """The counted part of a call that starts an agent."""

    agent_name: str | None = None


class Accounts(msgspec.Struct):
    """The accounts that the user has logged in with."""

    active: str | None = None
