"""What Codex's records tell of how a call or a request went, from flags, codes and the beginnings of texts.

Only the outcome and its kind are kept, never the text.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import msgspec

from tachograph.sources.claude_errors import api_error_kind
from tachograph.sources.codex_shapes import Failure, HttpStatus, McpAnswer, McpResult
from tachograph.sources.decoding import NOTHING, told


class Outcome(NamedTuple):
    """How a call went: well, badly or unknown; and the kind of its failure, or why it wasn't done."""

    success: bool | None
    kind: str | None = None


WELL: Final = Outcome(success=True)
UNKNOWN: Final = Outcome(success=None)
REJECTED: Final = Outcome(None, "rejected_by_user")
FAILED: Final = Outcome(success=False, kind="tool_error")

_STATUS: Final = {
    "completed": WELL,
    "failed": FAILED,
    "declined": REJECTED,
}
_STRING_START: Final = re.compile(
    rb'\s*(?:[\[{]\s*\{?[^{}"]{0,20}"(?:type"\s*:\s*"\w{1,20}"\s*,\s*")?(?:text|content)"\s*:\s*)?"'
)
_REJECTED: Final = re.compile(rb".{0,160}(rejected by (the )?user|user (rejected|denied|declined))", re.DOTALL)
_STOPPED: Final = re.compile(rb"aborted\b|.{0,60}(aborted|interrupted|cancelled) by (the )?user", re.DOTALL)
_EXIT_CODE: Final = re.compile(rb"Exit code: (-?\d{1,12})|(?s:.{0,200}?)\bProcess exited with code (-?\d{1,12})")
_EXIT_CODE_IN_JSON: Final = re.compile(rb'\\?"exit_code\\?"\s*:\s*(-?\d{1,12})')
_STILL_RUNNING: Final = re.compile(rb"(?s:.{0,200}?)\bProcess running with session ID|Script running\b")
_FAILURES: Final = (
    (re.compile(rb"apply_patch verification failed|patch rejected|invalid patch", re.IGNORECASE), "patch_failed"),
    (re.compile(rb"failed to parse|unsupported |unknown |invalid |missing ", re.IGNORECASE), "invalid_input"),
    (re.compile(rb'[^{\["\\]{0,80}\btimed out', re.IGNORECASE), "timeout"),
    (
        re.compile(rb'[^{\["\\]{0,80}\b(permission denied|not permitted|not allowed)', re.IGNORECASE),
        "permission_denied",
    ),
    (re.compile(rb"([\w ]{1,30} )?(error|err|failed|failure|terminated)\b", re.IGNORECASE), "tool_error"),
)
"""How an output without a code begins where the call failed: with a sentence, not with data."""
_HEAD, _TAIL = 400, 240
_HEADER_END: Final = b"Output:"


def output_outcome(output: bytes) -> Outcome:
    """How a call went, from its output as JSON: a flag, an exit code, or how it begins.

    Outputs have no flag but in old files. One that tells of no failure is a success: those that end badly say so.
    """
    flag = told(_FLAG, msgspec.Raw(output)) if output.startswith(b"{") else None
    start = _STRING_START.match(output)
    text = output[start.end() :] if start else output
    head = text[:_HEAD].partition(_HEADER_END)[0].replace(rb"\n", b"\n")
    if _REJECTED.match(head):
        return REJECTED
    if _STOPPED.match(head):
        return Outcome(None, "interrupted")
    if flag is not None and flag.success is not None:
        return WELL if flag.success else FAILED
    found = _EXIT_CODE.match(head)
    if found is None and text.startswith((b'{\\"', b'{"')):
        found = _EXIT_CODE_IN_JSON.search(text[-_TAIL:])
    if found is not None:
        code = next(int(group) for group in found.groups() if group)
        return exit_outcome(code, timed_out=b"timed out" in text[:_HEAD])
    if _STILL_RUNNING.match(head):
        return UNKNOWN
    for pattern, kind in _FAILURES:
        if pattern.match(head):
            return Outcome(success=False, kind=kind)
    return WELL


def exit_outcome(code: int, *, timed_out: bool = False) -> Outcome:
    """How a command went, by its exit code (124 is also what Codex gives to one that it stopped for its time)."""
    if code == 0:
        return WELL
    return Outcome(success=False, kind="timeout" if timed_out and code == 124 else "exit_code")


def flag_outcome(*, success: bool | None, kind: str = "tool_error") -> Outcome:
    """How a call went, by a flag; `kind` is how it is called where it failed."""
    if success is None:
        return UNKNOWN
    return WELL if success else Outcome(success=False, kind=kind)


def status_outcome(status: str | None) -> Outcome:
    """How a call went, by the word for its status."""
    return _STATUS.get(status or "", UNKNOWN)


def mcp_outcome(result: msgspec.Raw) -> Outcome:
    """How the call of an MCP tool went: the server may have failed to answer, or have answered that it failed."""
    found = told(_MCP_RESULT, result)
    if found is None:
        return UNKNOWN
    if found.err is not NOTHING:
        return REJECTED if _REJECTED.match(bytes(found.err)) else FAILED
    answer = told(_MCP_ANSWER, found.ok)
    return FAILED if answer is not None and answer.is_error else WELL


class _Flag(msgspec.Struct):
    success: bool | None = None


_FLAG: Final = msgspec.json.Decoder(_Flag)
_MCP_RESULT: Final = msgspec.json.Decoder(McpResult)
_MCP_ANSWER: Final = msgspec.json.Decoder(McpAnswer)
_INFO: Final = msgspec.json.Decoder(str | dict[str, msgspec.Raw] | None)
_HTTP_STATUS: Final = msgspec.json.Decoder(HttpStatus)

_NAMED_KINDS: Final = {
    "context_window_exceeded": "context_too_long",
    "usage_limit_exceeded": "rate_limit",
    "server_overloaded": "overloaded",
    "internal_server_error": "server_error",
    "unauthorized": "authentication",
    "bad_request": "invalid_request",
    "sandbox_error": "permission_denied",
    "http_connection_failed": "connection",
    "response_stream_connection_failed": "connection",
    "response_stream_disconnected": "connection",
    "response_too_many_failed_attempts": "server_error",
}
_TEXT_STATUS: Final = rb"status:? (\d{3})\b|\b(401|403|429|500|502|503|529) [A-Z]"
_TEXT_KINDS: Final = (
    (rb"(?i)context window|ran out of room", "context_too_long"),
    (rb"(?i)at capacity|high demand", "overloaded"),
    (rb"(?i)disconnected|stream (closed|error)|error sending request", "connection"),
)


def request_error_kind(failure: Failure) -> str:
    """The kind of a request's failure: by the status that it came with, else by its name, else by its text."""
    info = told(_INFO, failure.codex_error_info)
    details: msgspec.Raw = NOTHING
    name = info if isinstance(info, str) else None
    if isinstance(info, dict) and info:
        name, details = next(iter(info.items()))
    http = told(_HTTP_STATUS, details)
    text = bytes(failure.message)
    status = http.http_status_code if http is not None else None
    if status is None:
        found = re.search(_TEXT_STATUS, text)
        status = next((int(group) for group in found.groups() if group), None) if found else None
    if name in _NAMED_KINDS:
        by_status = api_error_kind(None, status, b"") if details is not NOTHING else "unknown"
        return _NAMED_KINDS[name] if by_status == "unknown" else by_status
    if name is not None and name != "other":
        return api_error_kind(name, None, b"")
    for pattern, kind in _TEXT_KINDS:
        if re.search(pattern, text):
            return kind
    return api_error_kind(None, status, text)
