"""What kind of failure Claude Code's records tell of, from their codes and the beginnings of their texts.

Only the kind is kept, never the text.
"""

from __future__ import annotations

import re
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
    (
        re.compile(rb"prompt is too long|context.{0,20}(limit|length)|input is too long", re.IGNORECASE),
        "context_too_long",
    ),
    (re.compile(rb"overloaded", re.IGNORECASE), "overloaded"),
    (
        re.compile(rb'"code"\s*:\s*"(ECONN|ENOTFOUND|EAI_AGAIN|EPIPE|Connection|FailedToOpenSocket)'),
        "connection",
    ),
    (
        re.compile(
            rb"rate[ _-]?limit(?!s\")|usage limit|session limit|spend limit|hit your .{0,20}limit",
            re.IGNORECASE,
        ),
        "rate_limit",
    ),
    (re.compile(rb"credit balance|billing", re.IGNORECASE), "billing"),
    (re.compile(rb"/login|api key|authenticat|oauth", re.IGNORECASE), "authentication"),
    (re.compile(rb"output token maximum|max_output_tokens", re.IGNORECASE), "max_output_tokens"),
    (re.compile(rb"timed? ?out|ETIMEDOUT", re.IGNORECASE), "timeout"),
    (
        re.compile(rb"connection|ECONN|ENOTFOUND|EAI_AGAIN|EPIPE|socket|fetch failed|certificate", re.IGNORECASE),
        "connection",
    ),
)
_STATUS: Final = re.compile(rb'(?:API Error: |"status"\s*:\s*)(\d{3})\b')
_ERROR_TYPE: Final = re.compile(rb'\\?"type\\?"\s*:\s*\\?"(\w+_error|request_too_large)\\?"')

_TOOL_TEXTS: Final = (
    (re.compile(rb"The user doesn't want to (proceed|take this action)"), "rejected_by_user", False),
    (re.compile(rb"Request interrupted by user|\[Request interrupted"), "interrupted", False),
    (re.compile(rb"Sibling tool call errored"), "sibling_failed", True),
    (re.compile(rb"Exit code \d+|Command exited with non-zero status"), "exit_code", True),
    (re.compile(rb"File has not been read yet"), "file_not_read", True),
    (re.compile(rb"File has been (unexpectedly )?modified"), "file_changed", True),
    (re.compile(rb"String to replace not found"), "no_match", True),
    (re.compile(rb"InputValidationError"), "invalid_input", True),
    (
        re.compile(rb"(File does not exist|ENOENT|Path does not exist)|.{0,80}ENOENT"),
        "not_found",
        True,
    ),
    (re.compile(rb".{0,120}(requested permissions|denied|EACCES|not allowed)"), "permission_denied", True),
    (re.compile(rb".{0,120}tim(ed|e) ?out", re.IGNORECASE), "timeout", True),
)
_WRAPPINGS: Final = (b"<tool_use_error>", b"Error: ")
_JSON_STRING_START: Final = re.compile(rb'\s*(?:\[\s*\{[^{}]{0,60}?"text"\s*:\s*)?"')


def api_error_kind(named: str | None, status: int | None, text: bytes) -> str:
    """The kind of a request that failed for good: by its named error, else its status, else its text."""
    if named and named != "unknown":
        return _NAMED_KINDS.get(named, named[:60])
    return _kind(status, text)


def retried_error_kind(error: bytes, cause: bytes) -> str:
    """The kind of a request that failed and was tried again, from the error objects as JSON."""
    return _kind(None, error + b" " + cause)


def tool_error_kind(content: bytes) -> tuple[str, bool]:
    """The kind of a call's error, from its result as JSON, and whether it is the tool's failure.

    A call that the user refused or stopped did not fail: its outcome is unknown.
    """
    start = _JSON_STRING_START.match(content)
    text = content[start.end() :] if start else content
    for wrapping in _WRAPPINGS:
        text = text.removeprefix(wrapping)
    for pattern, kind, failed in _TOOL_TEXTS:
        if pattern.match(text):
            return kind, failed
    return "tool_error", True


def _kind(status: int | None, text: bytes) -> str:
    found = _STATUS.search(text)
    code = status if status is not None else int(found[1]) if found else None
    if code in _STATUS_KINDS and code != 400:
        return _STATUS_KINDS[code]
    for pattern, kind in _TEXT_KINDS:
        if pattern.search(text):
            return kind
    typed = _ERROR_TYPE.search(text)
    if typed:
        return _NAMED_KINDS.get(typed[1].decode(), "unknown")
    return _STATUS_KINDS.get(code or 0, "unknown")
