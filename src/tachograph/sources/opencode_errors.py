"""What kind of failure OpenCode's records tell of, from their names and the beginnings of their texts.

Only the kind is kept, never the text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tachograph.sources.claude_errors import api_error_kind
from tachograph.sources.decoding import told
from tachograph.sources.opencode_shapes import ERROR_DATA, TEXT

if TYPE_CHECKING:
    import msgspec

    from tachograph.sources.opencode_shapes import Failure

_NAMED_KINDS: Final = {
    "ProviderAuthError": "authentication",
    "ContextOverflowError": "context_too_long",
    "MessageOutputLengthError": "max_output_tokens",
    "StructuredOutputError": "structured_output",
    "auth": "authentication",
    "context_overflow": "context_too_long",
    "output_length": "max_output_tokens",
    "structured_output": "structured_output",
}
_STOPPED: Final = re.compile(r"abort|interrupt|cancel", re.IGNORECASE)
_REJECTED: Final = re.compile(r"reject", re.IGNORECASE)
_TOO_LONG: Final = re.compile(
    r"context_length_exceeded|context window|maximum context|too many tokens|token limit|input.{0,20}exceeds",
    re.IGNORECASE,
)
_TYPED_KINDS: Final = (
    (re.compile(r"rate.?limit|quota", re.IGNORECASE), "rate_limit"),
    (re.compile(r"overload", re.IGNORECASE), "overloaded"),
    (re.compile(r"auth", re.IGNORECASE), "authentication"),
    (re.compile(r"context", re.IGNORECASE), "context_too_long"),
    (re.compile(r"time.?out", re.IGNORECASE), "timeout"),
    (re.compile(r"connection|network|transport", re.IGNORECASE), "connection"),
)
_TOOL_TEXTS: Final = (
    (re.compile(r"The user (rejected permission|dismissed this question)"), "rejected_by_user", False),
    (re.compile(r"(Tool execution (was )?(aborted|interrupted)|The operation was aborted)"), "interrupted", False),
    (re.compile(r"The user has specified a rule which prevents"), "permission_denied", True),
    (re.compile(r"The .{1,60} tool was called with invalid arguments"), "invalid_input", True),
    (re.compile(r"(You must read|File .{0,400} (has not been|must be) read)"), "file_not_read", True),
    (re.compile(r"File .{0,400} has been modified since"), "file_changed", True),
    (
        re.compile(
            r"(oldString not found|Could not find oldString|apply_patch verification failed.{0,20}Failed to find)"
        ),
        "no_match",
        True,
    ),
    (re.compile(r"(File not found|.{0,80}ENOENT|.{0,80}[Nn]o such file)"), "not_found", True),
    (re.compile(r".{0,120}(EACCES|[Pp]ermission denied|not allowed)"), "permission_denied", True),
    (re.compile(r".{0,120}tim(ed|e) ?out", re.IGNORECASE), "timeout", True),
)


def request_error_kind(failure: Failure) -> str | None:
    """The kind of a request's failure; None where it was stopped, which is no failure."""
    name = failure.name or failure.type or ""
    if _STOPPED.search(name):
        return None
    if name in _NAMED_KINDS:
        return _NAMED_KINDS[name]
    data = told(ERROR_DATA, failure.data)
    text = (data.message if data else failure.message) or ""
    status = data.status if data else failure.status
    if _TOO_LONG.search(text):
        return "context_too_long"
    if status is None and failure.type:
        for pattern, kind in _TYPED_KINDS:
            if pattern.search(failure.type):
                return kind
    return api_error_kind(None, status, text.encode(errors="replace"))


def tool_error_kind(error: msgspec.Raw, failure: Failure | None) -> tuple[str, bool]:
    """The kind of a call's error, from its text or (since 2.0) its failure, and whether it is the tool's failure.

    A call that the user refused or stopped did not fail: its outcome is unknown.
    """
    text = (told(TEXT, error) or (failure.message if failure else None) or "").removeprefix("Error: ")
    named = (failure.type or "") if failure else ""
    if _REJECTED.search(named):
        return "rejected_by_user", False
    if _STOPPED.search(named):
        return "interrupted", False
    for pattern, kind, failed in _TOOL_TEXTS:
        if pattern.match(text):
            return kind, failed
    return "tool_error", True
