"""What kind of failure Claude Code's records tell of, from their codes and the beginnings of their texts.

Only the kind is kept, never the text. Patterns are compiled when they are first tried: few logs need all of them.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

_STATUS_KINDS: Final = {
    400: "invalid_request",
    401: "authentication",
    402: "billing",
    403: "permission",
    404: "not_found",
    408: "timeout",
    413: "context_too_long",
    429: "rate_limit",
    500: "server_error",
    502: "server_error",
    503: "server_error",
    504: "timeout",
    529: "overloaded",
}
_NAMED_KINDS: Final = {
    "rate_limit": "rate_limit",
    "rate_limit_error": "rate_limit",
    "overloaded": "overloaded",
    "overloaded_error": "overloaded",
    "authentication_failed": "authentication",
    "authentication_error": "authentication",
    "permission_error": "permission",
    "billing_error": "billing",
    "invalid_request": "invalid_request",
    "invalid_request_error": "invalid_request",
    "not_found_error": "not_found",
    "request_too_large": "context_too_long",
    "server_error": "server_error",
    "api_error": "server_error",
    "timeout_error": "timeout",
    "max_output_tokens": "max_output_tokens",
}
_TEXT_KINDS: Final = (
    (rb"(?i)prompt is too long|context.{0,20}(limit|length)|input is too long", "context_too_long"),
    (rb"(?i)overloaded", "overloaded"),
    (rb'"code"\s*:\s*"(ECONN|ENOTFOUND|EAI_AGAIN|EPIPE|Connection|FailedToOpenSocket)', "connection"),
    (rb"(?i)rate[ _-]?limit(?!s\")|usage limit|session limit|spend limit|hit your .{0,20}limit", "rate_limit"),
    (rb"(?i)credit balance|billing", "billing"),
    (rb"(?i)/login|api key|authenticat|oauth", "authentication"),
    (rb"(?i)output token maximum|max_output_tokens", "max_output_tokens"),
    (rb"(?i)timed? ?out|ETIMEDOUT", "timeout"),
    (rb"(?i)connection|ECONN|ENOTFOUND|EAI_AGAIN|EPIPE|socket|fetch failed|certificate", "connection"),
)
_STATUS: Final = rb'(?:API Error: |"status"\s*:\s*)(\d{3})\b'
_ERROR_TYPE: Final = rb'\\?"type\\?"\s*:\s*\\?"(\w+_error|request_too_large)\\?"'

_TOOL_TEXTS: Final = (
    (rb"The user doesn't want to (proceed|take this action)", "rejected_by_user", False),
    (rb"Request interrupted by user|\[Request interrupted", "interrupted", False),
    (rb"Sibling tool call errored", "sibling_failed", True),
    (rb"Exit code \d+|Command exited with non-zero status", "exit_code", True),
    (rb"File has not been read yet", "file_not_read", True),
    (rb"File has been (unexpectedly )?modified", "file_changed", True),
    (rb"String to replace not found", "no_match", True),
    (rb"InputValidationError", "invalid_input", True),
    (rb"(File does not exist|ENOENT|Path does not exist)|.{0,80}ENOENT", "not_found", True),
    (rb".{0,120}(requested permissions|denied|EACCES|not allowed)", "permission_denied", True),
    (rb"(?i).{0,120}tim(ed|e) ?out", "timeout", True),
)
_WRAPPINGS: Final = (b"<tool_use_error>", b"Error: ")
_JSON_STRING_START: Final = rb'\s*(?:\[\s*\{[^{}]{0,60}?"text"\s*:\s*)?"'


def api_error_kind(named: str | None, status: int | None, text: bytes) -> str:
    """The kind of a request that failed for good: by its named error, else its status, else its text."""
    if named and named != "unknown":
        return _NAMED_KINDS.get(named, named[:60])
    return _kind(status, text)


def retried_error_kind(error: bytes, cause: bytes) -> str:
    """The kind of a request that failed and was tried again, from the error objects as JSON."""
    return _kind(None, error + b" " + cause)


_compiled: Final = cache(re.compile)
"""As `re` does it for its own functions, which take longer to look them up than these short texts to be matched."""


def tool_error_kind(content: bytes) -> tuple[str, bool]:
    """The kind of a call's error, from its result as JSON, and whether it is the tool's failure.

    A call that the user refused or stopped did not fail: its outcome is unknown.
    """
    start = _compiled(_JSON_STRING_START).match(content)
    text = content[start.end() :] if start else content
    for wrapping in _WRAPPINGS:
        text = text.removeprefix(wrapping)
    for pattern, kind, failed in _TOOL_TEXTS:
        if _compiled(pattern).match(text):
            return kind, failed
    return "tool_error", True


def _kind(status: int | None, text: bytes) -> str:
    found = re.search(_STATUS, text)
    code = status if status is not None else int(found[1]) if found else None
    if code in _STATUS_KINDS and code != 400:
        return _STATUS_KINDS[code]
    for pattern, kind in _TEXT_KINDS:
        if re.search(pattern, text):
            return kind
    typed = re.search(_ERROR_TYPE, text)
    if typed:
        return _NAMED_KINDS.get(typed[1].decode(), "unknown")
    return _STATUS_KINDS.get(code or 0, "unknown")
