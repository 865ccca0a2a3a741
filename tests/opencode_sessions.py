"""Made-up OpenCode sessions in each form in which OpenCode stores them, and a store that reads them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from tachograph.sources.opencode import OpenCode

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tachograph.sources.protocol import LineProblem
    from tachograph.store.duckdb import Store

Record = dict[str, Any]

SECRET = "the-secret-words"  # noqa: S105 - what must not be stored
ROOT = "ses_root"
CHILD = "ses_child"
FIRST_MS = 1_780_000_000_000

SCHEMA = """
CREATE TABLE `session` (
    `id` text PRIMARY KEY, `project_id` text NOT NULL, `workspace_id` text, `parent_id` text, `slug` text NOT NULL,
    `directory` text NOT NULL, `path` text, `title` text NOT NULL, `version` text NOT NULL, `share_url` text,
    `summary_additions` integer, `summary_deletions` integer, `summary_files` integer, `summary_diffs` text,
    `metadata` text, `cost` real DEFAULT 0 NOT NULL, `tokens_input` integer DEFAULT 0 NOT NULL,
    `tokens_output` integer DEFAULT 0 NOT NULL, `tokens_reasoning` integer DEFAULT 0 NOT NULL,
    `tokens_cache_read` integer DEFAULT 0 NOT NULL, `tokens_cache_write` integer DEFAULT 0 NOT NULL,
    `revert` text, `permission` text, `agent` text, `model` text,
    `time_created` integer NOT NULL, `time_updated` integer NOT NULL,
    `time_compacting` integer, `time_archived` integer
);
CREATE TABLE `message` (
    `id` text PRIMARY KEY, `session_id` text NOT NULL, `time_created` integer NOT NULL,
    `time_updated` integer NOT NULL, `data` text NOT NULL,
    CONSTRAINT `fk_message_session_id_session_id_fk` FOREIGN KEY (`session_id`) REFERENCES `session`(`id`)
    ON DELETE CASCADE
);
CREATE TABLE `part` (
    `id` text PRIMARY KEY, `message_id` text NOT NULL, `session_id` text NOT NULL, `time_created` integer NOT NULL,
    `time_updated` integer NOT NULL, `data` text NOT NULL,
    CONSTRAINT `fk_part_message_id_message_id_fk` FOREIGN KEY (`message_id`) REFERENCES `message`(`id`)
    ON DELETE CASCADE
);
CREATE INDEX `message_session_time_created_id_idx` ON `message` (`session_id`, `time_created`, `id`);
CREATE INDEX `part_message_id_id_idx` ON `part` (`message_id`, `id`);
CREATE INDEX `part_session_idx` ON `part` (`session_id`);
"""
"""The tables since 1.2."""
SCHEMA_SINCE_2 = """
CREATE TABLE `session_v2` (
    `id` text PRIMARY KEY, `project_id` text NOT NULL, `workspace_id` text, `parent_id` text, `fork_session_id` text,
    `fork_boundary` text, `slug` text NOT NULL, `directory` text NOT NULL, `path` text, `title` text,
    `version` text NOT NULL, `share_url` text, `summary_additions` integer, `summary_deletions` integer,
    `summary_files` integer, `summary_diffs` text, `metadata` text, `cost` real DEFAULT 0 NOT NULL,
    `tokens_input` integer DEFAULT 0 NOT NULL, `tokens_output` integer DEFAULT 0 NOT NULL,
    `tokens_reasoning` integer DEFAULT 0 NOT NULL, `tokens_cache_read` integer DEFAULT 0 NOT NULL,
    `tokens_cache_write` integer DEFAULT 0 NOT NULL, `revert` text, `permission` text, `agent` text, `model` text,
    `time_created` integer NOT NULL, `time_updated` integer NOT NULL, `time_compacting` integer,
    `time_archived` integer, `time_suspended` integer, `resume_attempts` integer DEFAULT 0 NOT NULL
);
CREATE TABLE `session_message` (
    `id` text PRIMARY KEY, `session_id` text NOT NULL, `type` text NOT NULL, `seq` integer NOT NULL,
    `time_created` integer NOT NULL, `time_updated` integer NOT NULL, `data` text NOT NULL,
    CONSTRAINT `fk_session_message_session_id_session_v2_id_fk` FOREIGN KEY (`session_id`)
    REFERENCES `session_v2`(`id`) ON DELETE CASCADE
);
CREATE UNIQUE INDEX `session_message_session_seq_idx` ON `session_message` (`session_id`, `seq`);
"""


def ms(seconds: float) -> int:
    """A moment of the log: so many seconds after the first session began."""
    return FIRST_MS + round(seconds * 1000)


def us(seconds: float) -> int:
    """The same moment as metrics have it."""
    return ms(seconds) * 1000


def session(identifier: str = ROOT, at: float = 0, parent: str | None = None, **fields: Any) -> Record:
    """A session as an export has it, without messages."""
    info = {
        "id": identifier, "slug": "a-slug", "projectID": "p1", "directory": "/repo", "title": SECRET,
        "version": "1.14.30", "time": {"created": ms(at), "updated": ms(at)}, **fields,
    }  # fmt: skip
    return {"info": info | ({"parentID": parent} if parent else {}), "messages": []}


def counters(input: int = 0, output: int = 0, reasoning: int = 0, read: int = 0, written: int = 0) -> Record:
    """A step's counters."""
    return {
        "total": input + output + reasoning + read + written, "input": input, "output": output,
        "reasoning": reasoning, "cache": {"read": read, "write": written},
    }  # fmt: skip


def reply(identifier: str, at: float, *parts: Record, session: str = ROOT, **fields: Any) -> Record:
    """A reply with its parts, each of which gets the ids that tell where it belongs."""
    info = {
        "id": identifier, "sessionID": session, "parentID": "msg_user", "role": "assistant", "mode": "build",
        "agent": "build", "path": {"cwd": "/repo", "root": "/repo"}, "cost": 0, "tokens": counters(),
        "modelID": "gpt-5.4", "providerID": "openai", "time": {"created": ms(at)}, "finish": "stop", **fields,
    }  # fmt: skip
    return _with_parts(info, parts)


def asked(identifier: str, at: float, *parts: Record, session: str = ROOT, **fields: Any) -> Record:
    """A user's message."""
    info = {
        "id": identifier, "sessionID": session, "role": "user", "agent": "build", "time": {"created": ms(at)},
        "model": {"providerID": "openai", "modelID": "gpt-5.4"}, "summary": {"title": SECRET, "diffs": []}, **fields,
    }  # fmt: skip
    return _with_parts(info, parts)


def _with_parts(info: Record, parts: Iterable[Record]) -> Record:
    given = [
        {"id": f"prt_{info['id']}_{number:03d}", "sessionID": info["sessionID"], "messageID": info["id"], **part}
        for number, part in enumerate(parts)
    ]
    return {"info": info, "parts": given}


def text() -> Record:
    """What was said."""
    return {"type": "text", "text": SECRET, "time": {"start": ms(1)}}


def step_start(snapshot: str | None = None) -> Record:
    """The beginning of a step."""
    return {"type": "step-start"} | ({"snapshot": snapshot} if snapshot else {})


def step(cost: float = 0, **counts: int) -> Record:
    """The end of a step."""
    return {"reason": "stop", "type": "step-finish", "tokens": counters(**counts), "cost": cost}


def tool(name: str = "bash", status: str = "completed", times: tuple[float, ...] = (1, 2), **state: Any) -> Record:
    """A call of a tool."""
    time = dict(zip(("start", "end"), map(ms, times), strict=False))
    told = {"status": status, "input": {"command": SECRET}, "output": SECRET, **state}
    return {"type": "tool", "tool": name, "callID": "call_1", "state": told | ({"time": time} if time else {})}


class Machine:
    """A folder of OpenCode's data, and a store into which it is read."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder, self.store = folder, store
        self.memories: dict[str, str | None] = {}
        self.problems: list[LineProblem] = []

    @property
    def database(self) -> Path:
        return self.folder / "opencode.db"

    def read(self, *paths: Path) -> list[dict[str, Any]]:
        """Reads files, each as one that was read before, and gives all metrics but the starts of sessions."""
        source = OpenCode()
        with self.store.loading() as loading:
            for path in paths:
                reader = source.reader()
                reader.memory = self.memories.get(str(path))
                self.problems += reader.read_file(str(path))
                self.memories[str(path)] = reader.memory
                loading.add(reader.take(), source="opencode", in_parts=True)
            loading.commit([])
        return self.metrics("type <> 'session_start'")

    def metrics(self, condition: str = "true") -> list[dict[str, Any]]:
        """The metrics, by time, without what is absent."""
        found = self.store.connection.execute(
            f"SELECT * FROM metrics WHERE ts IS NOT NULL AND {condition} ORDER BY ts, id"  # noqa: S608
        )
        names = [column[0] for column in found.description or ()]
        kept = [name not in ("source", "in_parts", "seq") for name in names]
        return [
            {name: value for name, value, keep in zip(names, row, kept, strict=True) if keep and value is not None}
            for row in found.fetchall()
        ]

    def export(self, *sessions: Record) -> list[Path]:
        """Sessions as `opencode export` writes them."""
        return [self._write(f"exports/{each['info']['id']}.json", each) for each in sessions]

    def keep_files(self, *sessions: Record) -> list[Path]:
        """Sessions as versions before 1.2 stored them."""
        paths: list[Path] = []
        for each in sessions:
            info = each["info"]
            paths.append(self._write(f"storage/session/p1/{info['id']}.json", info))
            for message in each["messages"]:
                name = message["info"]["id"]
                paths.append(self._write(f"storage/message/{info['id']}/{name}.json", message["info"]))
                paths += [self._write(f"storage/part/{name}/{part['id']}.json", part) for part in message["parts"]]
        return paths

    def _write(self, name: str, document: Any) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=2), encoding="utf-8")
        return path

    def connect(self, schema: str | None = SCHEMA) -> sqlite3.Connection:
        """The agent's own connection to the database, which it makes where there is none."""
        self.folder.mkdir(parents=True, exist_ok=True)
        new = not self.database.exists()
        connection = sqlite3.connect(self.database)
        connection.execute("PRAGMA journal_mode = WAL")
        if new and schema:
            connection.executescript(schema)
        return connection

    def keep_rows(self, *sessions: Record, updated: float = 0) -> Path:
        """Sessions as 1.2 and later stores them."""
        with closing(self.connect()) as connection:
            insert(connection, *sessions, updated=updated)
        return self.database

    def keep_projected(self, *rows: Record, sessions: Iterable[Record], schema: str = SCHEMA_SINCE_2) -> Path:
        """Messages as 2.0 and later stores them."""
        with closing(self.connect(schema)) as connection:
            for each in sessions:
                _insert_session(connection, "session_v2", each["info"])
            for seq, row in enumerate(rows):
                connection.execute(
                    "INSERT OR REPLACE INTO session_message VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (row["id"], row["session"], row["type"], seq, 0, ms(0), json.dumps(row["data"])),
                )
            connection.commit()
        return self.database


def insert(connection: sqlite3.Connection, *sessions: Record, updated: float = 0) -> None:
    """Writes sessions into the tables since 1.2, as changed at that moment."""
    for each in sessions:
        info = each["info"]
        _insert_session(connection, "session", info)
        for message in each["messages"]:
            name = message["info"]["id"]
            data = {key: value for key, value in message["info"].items() if key not in ("id", "sessionID")}
            connection.execute(
                "INSERT OR REPLACE INTO message VALUES (?, ?, ?, ?, ?)",
                (name, info["id"], message["info"]["time"]["created"], ms(updated), json.dumps(data)),
            )
            for part in message["parts"]:
                data = {key: value for key, value in part.items() if key not in ("id", "sessionID", "messageID")}
                text = json.dumps(data, separators=(",", ":"))
                connection.execute(
                    "INSERT OR REPLACE INTO part VALUES (?, ?, ?, ?, ?, ?)",
                    (part["id"], name, info["id"], ms(updated), ms(updated), text),
                )
    connection.commit()


def _insert_session(connection: sqlite3.Connection, table: str, info: Record) -> None:
    connection.execute(
        f"INSERT OR REPLACE INTO {table} (id, project_id, parent_id, slug, directory, title, version, time_created, "  # noqa: S608
        "time_updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            info["id"], info["projectID"], info.get("parentID"), info["slug"], info["directory"], info["title"],
            info["version"], info["time"]["created"], info["time"]["updated"],
        ),
    )  # fmt: skip
