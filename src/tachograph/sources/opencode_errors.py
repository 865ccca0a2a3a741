"""What kind of failure OpenCode's records tell of, from their names and the beginnings of their texts.

Only the kind is kept, never the text. Patterns are compiled when they are first tried: few logs need all of them.
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
_STOPPED: Final = r"(?i)abort|interrupt|cancel"
_REJECTED: Final = r"(?i)reject"
_TOO_LONG: Final = (
    r"(?i)context_length_exceeded|context window|maximum context|too many tokens|token limit|input.{0,20}exceeds"
)
_TYPED_KINDS: Final = (
    (r"(?i)rate.?limit|quota", "rate_limit"),
    (r"(?i)overload", "overloaded"),
    (r"(?i)auth", "authentication"),
    (r"(?i)context", "context_too_long"),
    (r"(?i)time.?out", "timeout"),
    (r"(?i)connection|network|transport", "connection"),
)
_TOOL_TEXTS: Final = (
    (r"The user (rejected permission|dismissed this question)", "rejected_by_user", False),
    (r"(Tool execution (was )?(aborted|interrupted)|The operation was aborted)", "interrupted", False),
    (r"The user has specified a rule which prevents", "permission_denied", True),
    (r"The .{1,60} tool was called with invalid arguments", "invalid_input", True),
    (r"(You must read|File .{0,400} (has not been|must be) read)", "file_not_read", True),
    (r"File .{0,400} has been modified since", "file_changed", True),
    (
        r"(oldString not found|Could not find oldString|apply_patch verification failed.{0,20}Failed to find)",
        "no_match",
        True,
    ),
    (r"(File not found|.{0,80}ENOENT|.{0,80}[Nn]o such file)", "not_found", True),
    (r".{0,120}(EACCES|[Pp]ermission denied|not allowed)", "permission_denied", True),
    (r"(?i).{0,120}tim(ed|e) ?out", "timeout", True),
)


def request_error_kind(failure: Failure) -> str | None:
    """The kind of a request's failure; None where it was stopped, which is no failure."""
    name = failure.name or failure.type or ""
    if re.search(_STOPPED, name):
        return None
    if name in _NAMED_KINDS:
        return _NAMED_KINDS[name]
    data = told(ERROR_DATA, failure.data)
    text = (data.message if data else failure.message) or ""
    status = data.status if data else failure.status
    if re.search(_TOO_LONG, text):
        return "context_too_long"
    if status is None and failure.type:
        for pattern, kind in _TYPED_KINDS:
            if re.search(pattern, failure.type):
                return kind
    return api_error_kind(None, status, text.encode(errors="replace"))


def tool_error_kind(error: msgspec.Raw, failure: Failure | None) -> tuple[str, bool]:
    """The kind of a call's error, from its text or (since 2.0) its failure, and whether it is the tool's failure.

    A call that the user refused or stopped did not fail: its outcome is unknown.
    """
    text = (told(TEXT, error) or (failure.message if failure else None) or "").removeprefix("Error: ")
    named = (failure.type or "") if failure else ""
    if re.search(_REJECTED, named):
        return "rejected_by_user", False
    if re.search(_STOPPED, named):
        return "interrupted", False
    for pattern, kind, failed in _TOOL_TEXTS:
        if re.match(pattern, text):
            return kind, failed
    return "tool_error", True
