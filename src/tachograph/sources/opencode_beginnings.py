"""How OpenCode's files begin: its JSON documents, whole or cut, and its databases."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from tachograph.sources.decoding import BAD_JSON
from tachograph.sources.opencode import DATABASE_MAGIC

_RAW_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_CREATED: Final = re.compile(rb'"created"\s*:\s*\d')
_ROLE: Final = re.compile(rb'"(user|assistant)"')
_EXPORT_START: Final = re.compile(rb'\s*\{\s*"info"\s*:\s*\{\s*"id"\s*:\s*"')
_PROJECT: Final = re.compile(rb'"(projectID|directory)"\s*:\s*"')
_INDENTED_KEY: Final = re.compile(rb'^(?: {2}|\t)"(\w+)"\s*:', re.MULTILINE)
_COMPACT_KEY: Final = re.compile(rb'"(\w+)":')
_COMPACT_START: Final = re.compile(rb'\{"(id|sessionID|messageID|type|role)":"')
_START_BYTES: Final = 600


def is_opencodes(first_lines: list[bytes]) -> bool:
    """Whether it is one of OpenCode's JSON documents, whole or cut, or a database, whose tables say whose it is."""
    if not first_lines:
        return False
    if first_lines[0].startswith(DATABASE_MAGIC):
        return True
    text = b"\n".join(first_lines)
    try:
        return _is_record(_RAW_OBJECT.decode(text))
    except BAD_JSON:
        return not _is_whole(first_lines[0]) and _begins_record(text)


def _is_whole(line: bytes) -> bool:
    """Whether a line is an object by itself, and so a file that has more lines isn't one document."""
    try:
        _RAW_OBJECT.decode(line)
    except BAD_JSON:
        return False
    return True


def _is_record(top: dict[str, msgspec.Raw]) -> bool:
    """Whether a whole object is an export, a session, a message or a part."""
    keys = top.keys()
    if keys >= {"info", "messages"}:
        info = bytes(top["info"])
        return _PROJECT.search(info) is not None and _CREATED.search(info) is not None
    if keys >= {"id", "projectID", "time"} or keys >= {"id", "sessionID", "role", "time"}:
        role = top.get("role")
        return _CREATED.search(bytes(top["time"])) is not None and (role is None or _ROLE.match(role) is not None)
    return keys >= {"id", "type", "messageID"}


def _begins_record(text: bytes) -> bool:
    """Whether what is there of a document that was cut begins like one of them."""
    if _EXPORT_START.match(text):
        return _PROJECT.search(text) is not None
    keys = set(_INDENTED_KEY.findall(text))
    if _COMPACT_START.match(text):
        keys |= set(_COMPACT_KEY.findall(text[:_START_BYTES]))
    return (
        keys >= {b"id", b"type", b"messageID"}
        or (keys >= {b"id", b"sessionID", b"role"} and _CREATED.search(text) is not None)
        or (keys >= {b"id", b"projectID", b"directory"})
    )
