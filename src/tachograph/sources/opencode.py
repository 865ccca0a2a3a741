"""OpenCode's sessions: its database, the files that it kept before, and what `opencode export` writes.

All three forms hold the same sessions, messages and parts under the same ids, so what is stored twice (the files stay
when their content moves into the database) is one metric. `opencode_rows` says what becomes of them, and
`opencode_database` and `opencode_storage` how they are read.

No text of a conversation leaves these modules: names, ids, counters, outcomes and moments only.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.folders import named_folder
from tachograph.sources.decoding import BAD_JSON
from tachograph.sources.opencode_database import MAGIC, read_database
from tachograph.sources.opencode_rows import Rows
from tachograph.sources.opencode_storage import JsonFiles
from tachograph.sources.surrogates import with_whole_characters

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tachograph.columns import ColumnBatch
    from tachograph.sources.protocol import LineProblem

_DATABASE: Final = re.compile(r"opencode(-[A-Za-z0-9._-]+)?\.db")
"""Builds of other channels than the usual one have databases of their own."""
_KINDS_OF_FILES: Final = frozenset({"session", "message", "part"})
_RAW_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_CREATED: Final = re.compile(rb'"created"\s*:\s*\d')
_ROLE: Final = re.compile(rb'"(user|assistant)"')
_EXPORT_START: Final = re.compile(rb'\s*\{\s*"info"\s*:\s*\{\s*"id"\s*:\s*"')
_PROJECT: Final = re.compile(rb'"(projectID|directory)"\s*:\s*"')
_INDENTED_KEY: Final = re.compile(rb'^(?: {2}|\t)"(\w+)"\s*:', re.MULTILINE)
_COMPACT_KEY: Final = re.compile(rb'"(\w+)":')
_COMPACT_START: Final = re.compile(rb'\{"(id|sessionID|messageID|type|role)":"')
_START_BYTES: Final = 600


class OpenCode:
    """The database and the storage folder in OpenCode's folder of data, and exported sessions."""

    name = "opencode"
    title = "OpenCode"
    merging = True
    names_users = False
    reading: Final = "files"

    def places(self, environment: Mapping[str, str], home: Path) -> list[Path]:
        """`XDG_DATA_HOME` moves the folder, on all systems alike."""
        shared = environment.get("XDG_DATA_HOME")
        return [(named_folder(shared) if shared else home / ".local" / "share") / "opencode"]

    def user(self, environment: Mapping[str, str], home: Path) -> str | None:  # noqa: ARG002 - the protocol's
        """OpenCode has no users."""
        return None

    def owns(self, path: str) -> bool:
        """Databases, stored sessions, messages and parts, and exports that are named after their session."""
        file = Path(path)
        if file.suffix == ".db":
            return _DATABASE.fullmatch(file.name) is not None
        if file.suffix != ".json":
            return False
        if not _KINDS_OF_FILES.isdisjoint(file.parts[-4:-1]):
            return True
        return file.name.startswith("ses_") and "storage" not in file.parts

    def beside(self, path: str) -> list[str]:
        """What is new in a database is at first in its log alone."""
        return [f"{path}-wal"] if path.endswith(".db") else []

    def recognises(self, first_lines: list[bytes]) -> bool:
        """Whether it is one of OpenCode's JSON documents, whole or cut, or a database, whose tables say whose it is."""
        if not first_lines:
            return False
        if first_lines[0].startswith(MAGIC):
            return True
        text = b"\n".join(first_lines)
        try:
            return _is_record(_RAW_OBJECT.decode(text))
        except BAD_JSON:
            return not _is_whole(first_lines[0]) and _begins_record(text)

    def reader(self) -> OpenCodeReader:
        """A reader of databases and JSON files."""
        return OpenCodeReader()


class OpenCodeReader:
    """Reads a database from its latest change that is remembered, and any other file whole."""

    def __init__(self) -> None:
        self.memory: str | None = None
        self._rows = Rows()
        self._files = JsonFiles(self._rows)

    @property
    def waiting(self) -> int:
        """How many parts of metrics wait."""
        return self._rows.waiting

    def read_file(self, path: str) -> Iterator[LineProblem]:
        """Takes in a file, and tells what of it is refused. `OSError` where it can't be read, or not now."""
        with Path(path).open("rb", buffering=0) as handle:
            start = handle.read(len(MAGIC))
            rest = b"" if start == MAGIC else handle.read()
        if start == MAGIC:
            self.memory = yield from read_database(path, self.memory, self._rows)
        else:
            self.memory = None
            yield from self._files.read(path, with_whole_characters(start + rest))

    def take(self) -> list[ColumnBatch]:
        """What waits; afterwards nothing waits."""
        self._files.forget()
        return self._rows.take()


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
