"""OpenCode's JSON files: `storage/{session,message,part}` of versions before 1.2, and what `opencode export` writes.

A file of the storage holds one record and names the others by their ids: a message its session, a part its message.
Only the session's own file says whose run it is, and only the message's what model wrote it and when. So a record is
read together with the few fields of those above it, which OpenCode writes before it and doesn't change. What isn't
there is left out: without the message there is no moment, and so no metric, but for calls, which have moments of
their own.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from tachograph.sources.decoding import BAD_JSON, NOTHING, reason_of, told
from tachograph.sources.opencode_rows import (
    COUNTED_PARTS,
    STEP_FINISH,
    STEP_START,
    Place,
    Rows,
    place_of,
)
from tachograph.sources.opencode_shapes import (
    DOCUMENT,
    EXPORTED_MESSAGE,
    MESSAGE,
    PART,
    RAW_LIST,
    SESSION,
    TEXT,
    TOKENS,
    Message,
    Part,
    Session,
    Tokens,
)
from tachograph.sources.protocol import LineProblem
from tachograph.sources.surrogates import with_whole_characters

if TYPE_CHECKING:
    from collections.abc import Iterator

    import msgspec

    from tachograph.sources.opencode_shapes import Document

_MOST_ANCESTORS: Final = 32
_T = TypeVar("_T")


class JsonFiles:
    """Reads JSON files, and remembers the records above them for as long as their neighbours are read."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._sessions: dict[tuple[Path, str], Session | None] = {}
        self._roots: dict[Path, list[Path]] = {}
        self._message: tuple[Path, str | None, str, Message | None] | None = None
        self._listed: tuple[Path, dict[str, Message]] | None = None

    def forget(self) -> None:
        """Forgets the records that were looked up: by the next reading there may be more."""
        self._sessions.clear()
        self._roots.clear()
        self._message = self._listed = None

    def read(self, path: str, data: bytes) -> Iterator[LineProblem]:
        """Takes in a document, and tells what of it is refused."""
        try:
            document = DOCUMENT.decode(data)
            if document.info is not NOTHING and document.messages is not NOTHING:
                yield from self._export(document)
            elif document.type is not NOTHING:
                self._part(Path(path), data, document)
            elif document.role is not NOTHING:
                self._read_message(Path(path), MESSAGE.decode(data))
            elif document.id and document.time is not NOTHING:
                self._read_session(Path(path), SESSION.decode(data))
            else:
                yield LineProblem(0, 0, "unknown shape: neither a session, nor a message, a part or an export")
        except BAD_JSON as error:
            yield LineProblem(0, 0, reason_of(error))

    def _export(self, document: Document) -> Iterator[LineProblem]:
        """An export knows its session's parent, but not that one's; an agent's agents are rare enough to leave it."""
        session = SESSION.decode(document.info)
        place = place_of(session, session.id, session.parent or session.id)
        self._rows.session(place, place.began)
        for number, raw in enumerate(RAW_LIST.decode(document.messages)):
            try:
                exported = EXPORTED_MESSAGE.decode(raw)
                parts = [PART.decode(part) for part in exported.parts]
            except BAD_JSON as error:
                yield LineProblem(0, 0, f"message {number}: {reason_of(error)}")
                continue
            message = exported.info
            if message.id:
                self._rows.message(place, message.id, message, (part.type for part in parts))
                for part in parts:
                    if part.id:
                        self._rows.part(place, part.id, part, message)

    def _read_session(self, path: Path, session: Session) -> None:
        identifier = session.id or path.stem
        place = place_of(session, identifier, self._root(_root_of(path, "session"), session, identifier))
        self._rows.session(place, place.began)

    def _read_message(self, path: Path, message: Message) -> None:
        if message.role != "assistant":
            return
        root = _root_of(path, "message")
        identifier = message.id or path.stem
        counted = told(TOKENS, message.tokens)
        steps = self._steps(root, path, message.session, identifier) if counted and _any(counted) else ()
        self._rows.message(self._place(root, message.session), identifier, message, steps)

    def _part(self, path: Path, data: bytes, document: Document) -> None:
        if (told(TEXT, document.type) or "") not in COUNTED_PARTS:
            return
        part = PART.decode(data)
        root = _root_of(path, "part")
        message = self._message_of(root, path, part) if root is not None else None
        session = part.session or (message.session if message else None)
        self._rows.part(self._place(root, session), part.id or path.stem, part, message)

    def _steps(self, root: Path | None, path: Path, session: str | None, message: str) -> set[str]:
        """Which types of parts that begin or end a step a message has; the last ones tell it soonest."""
        found: set[str] = set()
        if root is None or not _is_name(message) or not _is_name(session or ""):
            return found
        folders = (root / "part" / path.stem, root / "part" / message, root / "part" / (session or "") / message)
        for folder in dict.fromkeys(folders):
            for name in sorted(_names(folder), reverse=True):
                document = _load(DOCUMENT, folder / name)
                kind = told(TEXT, document.type) if document else None
                if kind in (STEP_START, STEP_FINISH):
                    found.add(kind)
                if kind == STEP_FINISH:
                    return found
        return found

    def _place(self, root: Path | None, identifier: str | None) -> Place:
        if identifier is None:
            return Place(None, None)
        session = self._session(root, identifier)
        return place_of(session, identifier, self._root(root, session, identifier))

    def _root(self, root: Path | None, session: Session | None, identifier: str) -> str:
        """The session at the root of a run's ancestors, as far as their files are there."""
        for _ in range(_MOST_ANCESTORS):
            if session is None or not session.parent:
                break
            identifier = session.parent
            session = self._session(root, identifier)
        return identifier

    def _session(self, root: Path | None, identifier: str) -> Session | None:
        if root is None or not _is_name(identifier):
            return None
        key = (root, identifier)
        if key not in self._sessions:
            found = None
            for folder in self._session_folders(root):
                found = found or _load(SESSION, folder / f"{identifier}.json")
            self._sessions[key] = found
        return self._sessions[key]

    def _session_folders(self, root: Path) -> list[Path]:
        """Sessions lie in a folder per project, or in the earliest layout in `info`."""
        if root not in self._roots:
            folders = [root / "session" / name for name in sorted(_names(root / "session"))]
            self._roots[root] = [*folders, root / "info"]
        return self._roots[root]

    def _message_of(self, root: Path, path: Path, part: Part) -> Message | None:
        """The message of a part; those of one message mostly come one after the other."""
        identifier, session = part.message, part.session
        if identifier is None or not _is_name(identifier) or not _is_name(session or ""):
            return None
        key = (root, session, identifier)
        if self._message is None or self._message[:3] != key:
            found = None
            if session is not None:
                folder = root / "message" / session
                found = _load(MESSAGE, folder / f"{identifier}.json") or self._named_otherwise(folder).get(identifier)
            elif path.parent.name == "part":
                for name in _names(root / "message"):
                    found = found or self._named_otherwise(root / "message" / name).get(identifier)
            self._message = (*key, found)
        return self._message[3]

    def _named_otherwise(self, folder: Path) -> dict[str, Message]:
        """A session's messages by their ids, where their files have other names."""
        if self._listed is None or self._listed[0] != folder:
            loaded = [_load(MESSAGE, folder / name) for name in _names(folder) if name.endswith(".json")]
            self._listed = (folder, {message.id: message for message in loaded if message and message.id})
        return self._listed[1]


def _root_of(path: Path, kind: str) -> Path | None:
    """The folder that the folder of that kind of record lies in; None where a file lies somewhere else."""
    return next((folder.parent for folder in list(path.parents)[:3] if folder.name == kind), None)


def _any(tokens: Tokens) -> bool:
    cache = tokens.cache
    return any((tokens.input, tokens.output, tokens.reasoning, cache and cache.read, cache and cache.write))


def _names(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in os.scandir(folder)]
    except OSError:
        return []


def _is_name(identifier: str) -> bool:
    """Whether an id can be a file's name, and no way to another folder."""
    return not set(identifier) & set("/\\\0")


def _load(decoder: msgspec.json.Decoder[_T], path: Path) -> _T | None:
    """A record that another one names; None where it isn't there, or can't be read (its own reading tells that)."""
    try:
        return decoder.decode(with_whole_characters(path.read_bytes()))
    except (OSError, *BAD_JSON):
        return None
