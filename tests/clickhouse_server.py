"""ClickHouse's HTTP interface in front of its engine in the process: what its official client asks of a server.

usage: python tests/clickhouse_server.py FOLDER USER PASSWORD [PORT]

It listens on the loopback alone and says `listening on PORT`. A statement comes in the body or as `query=`, rows to be
inserted follow it; the rest of the address are its parameters (`param_…`), the session, the database, and settings of
this one statement. It is for tests: answers are held in memory, and nothing but the loopback may ask.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import re
import sys
import tempfile
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

import chdb

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORDS: Final = frozenset({
    "query", "database", "session_id", "session_timeout", "session_check", "query_id", "default_format", "user",
    "password", "wait_end_of_query", "client_protocol_version", "send_progress_in_http_headers",
    "http_headers_progress_interval_ms", "enable_http_compression", "cancel_http_readonly_queries_on_client_close",
})  # fmt: skip
"""What of an address is no setting of the engine's."""
_INSERT: Final = re.compile(rb"\s*(INSERT\s+INTO\s+[^;]+?\sFORMAT\s+(\w+))[ \t]*\r?\n", re.IGNORECASE)
_FORMAT: Final = re.compile(r"\bFORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
_ANSWERS: Final = re.compile(r"\s*(SELECT|WITH|SHOW|DESCRIBE|DESC|EXISTS|EXPLAIN|KILL|\()\b", re.IGNORECASE)
_CODE: Final = re.compile(r"Code: (\d+)\.")
_NAMED: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FORBIDDEN: Final = frozenset({192, 193, 516, 511, 497})
_BAD_REQUEST: Final = frozenset({6, 26, 36, 38, 41, 43, 62, 53, 69, 72, 117, 321, 376})
_NOT_FOUND: Final = frozenset({46, 47, 50, 60, 63, 73, 81, 115})
_READONLY, _LOCKED, _SESSION_NOT_FOUND = 164, 373, 372
_AUTHENTICATION_FAILED: Final = 516
_EXCEPTION: Final = 1000
_SESSION_SECONDS: Final = 60
_LONGEST_FIELD: Final = 131_072
"""As `http_max_field_value_size` is, of which a server takes no more."""


class RefusedError(Exception):
    """What the server itself, not its engine, answers an error to."""

    def __init__(self, code: int, name: str, what: str) -> None:
        super().__init__(f"Code: {code}. DB::Exception: {what}. ({name}) (version 0)")


class Session:
    """A connection to the engine, with temporary tables of its own; one statement at a time."""

    def __init__(self, folder: str) -> None:
        self.engine = chdb.connect(folder)
        self.turn = threading.Lock()
        self.asked = time.monotonic()

    def run(self, sql: str, kind: str, parameters: dict[str, str], settings: dict[str, str], database: str) -> bytes:
        """The answer of one statement; settings are as before afterwards."""
        self.engine.query(f"USE `{database}`")
        names = [name for name in settings if _NAMED.fullmatch(name)]
        self.engine.query("SET " + ", ".join(f"{name} = {_quoted(settings[name])}" for name in names))
        try:
            found: bytes = self.engine.query(sql, kind, params=parameters).bytes()
        finally:
            self.engine.query("SET " + ", ".join(f"{name} = DEFAULT" for name in names))
        return found


class Server(ThreadingHTTPServer):
    """The sessions, and who may ask."""

    daemon_threads = True

    def __init__(self, folder: str, user: str, password: str, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.folder = folder
        self.known = (user, password)
        self._sessions: dict[str, Session] = {}
        self._changing = threading.Lock()
        self._first = Session(folder)  # as long as there is a connection, the engine is

    @contextlib.contextmanager
    def session(self, name: str, *, must_be: bool) -> Iterator[Session]:
        """The session of that name, or one for this statement alone."""
        if not name:
            alone = Session(self.folder)
            try:
                yield alone
            finally:
                alone.engine.close()
            return
        with self._changing:
            if must_be and name not in self._sessions:
                raise RefusedError(_SESSION_NOT_FOUND, "SESSION_NOT_FOUND", f"Session {name} not found")
            self._end_old()
            if name not in self._sessions:
                self._sessions[name] = Session(self.folder)
            session = self._sessions[name]
            session.asked = time.monotonic()
            if not session.turn.acquire(blocking=False):
                raise RefusedError(_LOCKED, "SESSION_IS_LOCKED", f"Session {name} is locked by a concurrent client")
        try:
            yield session
        finally:
            session.turn.release()

    def _end_old(self) -> None:
        """Forgets sessions that nothing was asked in for a minute, and their temporary tables, as a server does."""
        for name, session in list(self._sessions.items()):
            if time.monotonic() - session.asked > _SESSION_SECONDS and session.turn.acquire(blocking=False):
                session.engine.close()
                del self._sessions[name]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def do_GET(self) -> None:
        """A statement that changes nothing, or a look whether somebody is there."""
        if urlsplit(self.path).path == "/ping":
            self._send(HTTPStatus.OK, b"Ok.\n", {})
        else:
            self._answer(changes=False)

    def do_POST(self) -> None:
        """Any statement."""
        self._answer(changes=True)

    def log_message(self, *_: object) -> None:
        """Nothing is said of requests."""

    def _answer(self, *, changes: bool) -> None:
        asked = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        about = {
            "X-ClickHouse-Query-Id": asked.get("query_id", ""),
            "X-ClickHouse-Timezone": "UTC",
            "X-ClickHouse-Server-Display-Name": "test",
        }
        try:
            asked |= _form(self.headers.get("Content-Type", ""), body)
            self._know(asked)
            if "multipart" in self.headers.get("Content-Type", ""):
                body = b""
            found, kind = self._run(asked, body, changes=changes)
        except Exception as error:  # noqa: BLE001 - whatever the engine says is an answer
            self._fail(str(error), about)
            return
        about |= {"X-ClickHouse-Summary": json.dumps({"read_rows": "0", "written_rows": "0"})}
        about |= {"X-ClickHouse-Format": kind} if kind else {}
        if asked.get("enable_http_compression") == "1" and "gzip" in self.headers.get("Accept-Encoding", ""):
            found = gzip.compress(found, 1)
            about["Content-Encoding"] = "gzip"
        self._send(HTTPStatus.OK, found, about)

    def _know(self, asked: dict[str, str]) -> None:
        """Refuses whoever has another name or password, or tells too much at once."""
        if max(map(len, asked.values()), default=0) > _LONGEST_FIELD:
            raise RefusedError(_EXCEPTION, "POCO_EXCEPTION", "HTML Form Exception: Field value too long")
        kind, _, told = self.headers.get("Authorization", "").partition(" ")
        if kind == "Basic":
            user, _, password = base64.b64decode(told).decode().partition(":")
        else:
            user = self.headers.get("X-ClickHouse-User", asked.get("user", "default"))
            password = self.headers.get("X-ClickHouse-Key", asked.get("password", ""))
        if (user, password) != self.server.known:
            what = f"{user}: Authentication failed: password is incorrect, or there is no user with such name"
            raise RefusedError(_AUTHENTICATION_FAILED, "AUTHENTICATION_FAILED", what)

    def _run(self, asked: dict[str, str], body: bytes, *, changes: bool) -> tuple[bytes, str]:
        """The answer, and its format where there is any."""
        whole = b"\n".join(part for part in (asked.get("query", "").encode(), body) if part)
        settings = {
            name: value for name, value in asked.items() if name not in _WORDS and not name.startswith("param_")
        }
        settings["log_comment"] = asked.get("query_id", "")  # the engine in the process knows no ids of statements
        parameters = {name[6:]: value for name, value in asked.items() if name.startswith("param_")}
        database = asked.get("database") or "default"
        insert = _INSERT.match(whole)
        sql = "" if insert else whole.decode()
        if not changes and (insert or not _ANSWERS.match(sql)):
            raise RefusedError(_READONLY, "READONLY", "Cannot execute query in readonly mode")
        if re.match(r"\s*KILL\s", sql, re.IGNORECASE):
            sql = re.sub(r"\bquery_id\b", "Settings['log_comment']", sql)
        with self.server.session(asked.get("session_id", ""), must_be=asked.get("session_check") == "1") as session:
            if not insert:
                named = _FORMAT.search(sql)
                kind = named[1] if named else asked.get("default_format", "TabSeparated")
                found = session.run(sql, kind, parameters, settings, database)
                return found, kind if _ANSWERS.match(sql) else ""
            with tempfile.NamedTemporaryFile() as rows:
                rows.write(whole[insert.end() :])
                rows.flush()
                before, _, _ = insert[1].decode().rpartition("FORMAT")
                from_file = f"{before} FROM INFILE {_quoted(rows.name)} FORMAT {insert[2].decode()}"
                return session.run(from_file, "TabSeparated", parameters, settings, database), ""

    def _fail(self, said: str, about: dict[str, str]) -> None:
        found = _CODE.search(said)
        code = int(found[1]) if found else _EXCEPTION
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        for codes, of_them in (
            (_FORBIDDEN, HTTPStatus.FORBIDDEN), (_BAD_REQUEST, HTTPStatus.BAD_REQUEST),
            (_NOT_FOUND, HTTPStatus.NOT_FOUND),
        ):  # fmt: skip
            if code in codes:
                status = of_them
        text = said[found.start() :] if found else said
        self._send(status, f"{text}\n".encode(), about | {"X-ClickHouse-Exception-Code": str(code)})

    def _send(self, status: HTTPStatus, body: bytes, about: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in about.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _form(kind: str, body: bytes) -> dict[str, str]:
    """The fields of a form, as which a client sends parameters that are too long for an address."""
    if "multipart/form-data" not in kind:
        return {}
    from email import message_from_bytes  # noqa: PLC0415 - few need it

    message = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    return {
        str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True).decode()  # type: ignore[union-attr]
        for part in message.get_payload()
    }


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def main(folder: str, user: str, password: str, port: str = "0") -> None:
    """Listens until it is killed."""
    server = Server(str(Path(folder)), user, password, int(port))
    sys.stdout.write(f"listening on {server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    arguments: Any = sys.argv[1:]
    main(*arguments)
