"""OpenCode's database: `session`, `message` and `part` since 1.2, and `session_v2` and `session_message` since 2.0.

It is only read, and never in the agent's way: each statement is short, so that no lock and no part of the write-ahead
log is held for long, and a database that nobody has open is read without making the files beside it that SQLite would.
Messages are found by when they were last changed, and each is read again with all its parts. Since 2.0 a message is one
row; those that were brought over from the earlier tables are still there too, under the same ids, and are left out.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.sources.decoding import BAD_JSON, reason_of
from tachograph.sources.opencode_rows import Place, Rows
from tachograph.sources.opencode_shapes import MESSAGE, PART, PROJECTED_MESSAGE, Message, moment
from tachograph.sources.protocol import LineProblem
from tachograph.sources.surrogates import with_whole_characters

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

_WRITE_VERSION: Final = 18
"""Where the header says whether there is a write-ahead log (2) or a rollback journal (1)."""
_PATIENCE_SECONDS: Final = 2.0
_SLACK_MS: Final = 60_000
"""Several programs may write at once: a row may come to light a little after one that was changed later."""
_MOST_ANCESTORS: Final = 32
_NOT_NOW: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_FULL,
    }
)  # fmt: skip
_UNCOUNTED: Final = tuple(b'{"type":"%s"' % kind for kind in (b"text", b"reasoning", b"file"))
"""How the parts begin that hold most of what is stored, and nothing that is counted."""

_TABLES: Final = "SELECT name FROM sqlite_master WHERE type = 'table'"
_SESSIONS: Final = "SELECT id, parent_id, directory, time_created, time_updated FROM session"
_SESSIONS_SINCE_2: Final = "SELECT id, parent_id, directory, time_created, time_updated FROM session_v2"
_CHANGED: Final = """
    SELECT id, max(time_updated) FROM (
        SELECT id, time_updated FROM message WHERE time_updated >= :since
        UNION ALL
        SELECT message_id, time_updated FROM part WHERE time_updated >= :since
    )
    GROUP BY id ORDER BY id
"""
_CHANGED_SINCE_2: Final = """
    SELECT id, time_updated FROM session_message
    WHERE time_updated >= :since AND type IN ('assistant', 'compaction')
    ORDER BY id
"""
_MESSAGE: Final = "SELECT session_id, data FROM message WHERE id = ?"
_PARTS: Final = "SELECT id, data FROM part WHERE message_id = ? ORDER BY id"
_PROJECTED: Final = "SELECT session_id, type, data FROM session_message WHERE id = ?"
_BROUGHT_OVER: Final = "SELECT 1 FROM message WHERE id = ?"


class _Database:
    """One reading of a database."""

    def __init__(self, connection: sqlite3.Connection, rows: Rows) -> None:
        self._connection = connection
        self._rows = rows
        self._sessions: dict[str, tuple[str | None, Place, int]] = {}
        """The parent, the place (its own root, as long as that isn't known), and the last change."""
        self._changed: set[str] = set()
        self.newest: int | None = None
        """The latest change that was seen, in milliseconds since 1970."""

    def read(self, since: int) -> Iterator[LineProblem]:
        """Takes in what was changed since that moment (milliseconds since 1970), and tells the rows it refuses."""
        tables = {_text(name) for (name,) in self._connection.execute(_TABLES)}
        first, second = tables >= {"session", "message", "part"}, tables >= {"session_v2", "session_message"}
        if not first and not second:
            yield LineProblem(0, 0, "not OpenCode's: it has no table of sessions, messages and parts")
            return
        for statement in [_SESSIONS] * first + [_SESSIONS_SINCE_2] * second:
            self._read_sessions(statement)
        if first:
            for identifier in self._changed_ids(_CHANGED, since):
                yield from self._read_message(identifier)
        if second:
            for identifier in self._changed_ids(_CHANGED_SINCE_2, since):
                if not (first and self._connection.execute(_BROUGHT_OVER, [identifier]).fetchone()):
                    yield from self._read_projected(identifier)
        for identifier, (_, place, updated) in self._sessions.items():
            if updated >= since or identifier in self._changed:
                self._rows.session(self._place(identifier), place.began)

    def _read_sessions(self, statement: str) -> None:
        for row in self._connection.execute(statement):
            identifier, parent, directory = (_text(value) for value in row[:3])
            created, updated = (value if isinstance(value, int) else 0 for value in row[3:])
            if identifier:
                place = Place(identifier, identifier, directory or None, moment(created) if created else None)
                self._sessions[identifier] = (parent or None, place, updated)

    def _changed_ids(self, statement: str, since: int) -> list[str]:
        found: list[str] = []
        for identifier, updated in self._connection.execute(statement, {"since": since}):
            name = _text(identifier)
            if name:
                found.append(name)
            if isinstance(updated, int):
                self.newest = updated if self.newest is None else max(self.newest, updated)
        return found

    def _place(self, identifier: str | None) -> Place:
        known = self._sessions.get(identifier or "")
        if known is None:
            return Place(identifier, identifier)
        parent, place, _ = known
        root = place.session
        for _ in range(_MOST_ANCESTORS):
            if parent is None:
                break
            root, parent = parent, self._sessions[parent][0] if parent in self._sessions else None
        return Place(place.session, root, place.cwd, place.began)

    def _read_message(self, identifier: str) -> Iterator[LineProblem]:
        row = self._connection.execute(_MESSAGE, [identifier]).fetchone()
        if row is None:
            return
        session = _text(row[0])
        self._changed.add(session or "")
        place = self._place(session)
        try:
            message: Message | None = MESSAGE.decode(_bytes(row[1]))
        except BAD_JSON as error:
            message = None
            yield LineProblem(0, 0, f"message {identifier}: {reason_of(error)}")
        steps: set[str] = set()
        for name, data in self._connection.execute(_PARTS, [identifier]):
            raw = _bytes(data)
            if raw.startswith(_UNCOUNTED):
                continue
            try:
                part = PART.decode(raw)
            except BAD_JSON as error:
                yield LineProblem(0, 0, f"part {_text(name)}: {reason_of(error)}")
                continue
            part.message = identifier
            steps.add(part.type)
            self._rows.part(place, _text(name) or "", part, message)
        if message is not None:
            self._rows.message(place, identifier, message, steps)

    def _read_projected(self, identifier: str) -> Iterator[LineProblem]:
        row = self._connection.execute(_PROJECTED, [identifier]).fetchone()
        if row is None:
            return
        session = _text(row[0])
        self._changed.add(session or "")
        try:
            message = PROJECTED_MESSAGE.decode(_bytes(row[2]))
        except BAD_JSON as error:
            yield LineProblem(0, 0, f"message {identifier}: {reason_of(error)}")
            return
        self._rows.projected(self._place(session), identifier, _text(row[1]) or "", message)


def read_database(path: str, memory: str | None, rows: Rows) -> Generator[LineProblem, None, str | None]:
    """Takes in what is new since `memory`, tells what is refused, and returns what to remember.

    `OSError` where the database can't be read now; then nothing of it is taken in.
    """
    since = int(memory) - _SLACK_MS if memory is not None and memory.isdecimal() and len(memory) < 16 else 0
    before = _state(path)
    closed = before.keeps_log and before.log is None
    address = Path(path).absolute().as_uri() + ("?mode=ro&immutable=1" if closed else "?mode=ro")
    found = Rows()
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=_PATIENCE_SECONDS, isolation_level=None)) as connection:
            connection.text_factory = bytes
            database = _Database(connection, found)
            yield from database.read(since)
    except (sqlite3.Error, UnicodeError) as error:  # a damaged schema is told of in its own bytes
        reason = f"the database can't be read: {error}"
        if (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in _NOT_NOW:
            raise OSError(reason) from None
        yield LineProblem(0, 0, reason)
        return memory
    if closed and _state(path) != before:
        raise OSError("the agent opened the database while it was read")
    rows.add(found)
    newest = max(since + _SLACK_MS if since else 0, database.newest or 0)
    return str(min(newest, before.changed_ms))


class _State(msgspec.Struct, frozen=True):
    """What the files say of a database."""

    keeps_log: bool
    """Whether its writers use a write-ahead log."""
    log: tuple[int, int] | None
    """That log's size and time; None where there is none, and so nobody has the database open."""
    file: tuple[int, int]

    @property
    def changed_ms(self) -> int:
        """When it was last written, in milliseconds since 1970: no row was changed later."""
        return max(time for _, time in (self.file, self.log or self.file)) // 1_000_000 + 1


def _state(path: str) -> _State:
    with Path(path).open("rb", buffering=0) as handle:
        header = handle.read(_WRITE_VERSION + 1)
    return _State(header[_WRITE_VERSION:] == b"\x02", _size_and_time(f"{path}-wal"), _size_and_time(path) or (0, 0))


def _size_and_time(path: str) -> tuple[int, int] | None:
    try:
        stat = Path(path).stat()
    except FileNotFoundError:
        return None
    return stat.st_size, stat.st_mtime_ns


def _text(value: Any) -> str | None:
    return value.decode(errors="replace") if isinstance(value, bytes) else None


def _bytes(value: Any) -> bytes:
    return with_whole_characters(value) if isinstance(value, bytes) else b""
