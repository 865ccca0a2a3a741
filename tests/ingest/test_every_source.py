"""Logs of all sources at once come to the same store, in however many portions, and however often a reading is killed.

A home is a folder in which several agents work at the same time: each log is a history of writes, of which more and
more have happened. The writers keep account of what they did, and the store must come to the same totals.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections import Counter
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import opencode_sessions as opencode
from claude_lines import contents
from claude_lines import stamp as moment
from ingest.test_order import as_rows, found_in, grow
from sources import test_codex as codex
from sources import test_copilot_cli as copilot
from sources import test_gemini_cli as gemini
from tachograph.errors import NoLogs
from tachograph.ingest.reader import plan_paths, read
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ingest.test_order import Tree

Json = dict[str, Any]
PORTIONS = 10
FIRST_WRITE = 1_790_000_000
COUNTERS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")


# Histories of logs


class Home:
    """A folder in which each write is a second after the last, and in which Gemini CLI knows one project by its path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FIRST_WRITE
        self.stack = ExitStack()
        self.write(".gemini/tmp/api/.project_root", b"/home/ana/api")

    def write(self, name: str, text: bytes, mode: str = "wb") -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode) as handle:
            handle.write(text)
        self.stamp(path)

    def stamp(self, *paths: Path) -> None:
        """Dates files: how finely a file system does it itself is its own affair."""
        self.clock += 1
        for path in paths:
            if path.exists():
                os.utime(path, (self.clock, self.clock))


class Log(Protocol):
    """What is written of one log, a step after the other."""

    @property
    def steps(self) -> int: ...

    def write(self, home: Home, begin: int, end: int) -> None:
        """Does the steps from one to before the other."""
        ...


@dataclass
class Appended:
    """A file that grows, by any number of bytes; in the end it may be moved."""

    name: str
    text: bytes
    moved: str | None = None

    @property
    def steps(self) -> int:
        return len(self.text) + 1

    def write(self, home: Home, begin: int, end: int) -> None:
        home.write(self.name, self.text[begin:end], "ab")
        if end == self.steps and self.moved is not None:
            (home.folder / self.moved).parent.mkdir(parents=True, exist_ok=True)
            (home.folder / self.name).rename(home.folder / self.moved)


@dataclass
class Written:
    """Files that are written whole, and some of them anew."""

    writes: list[tuple[str, bytes]]

    @property
    def steps(self) -> int:
        return len(self.writes)

    def write(self, home: Home, begin: int, end: int) -> None:
        for name, text in dict(self.writes[begin:end]).items():
            home.write(name, text)


@dataclass
class Database:
    """A database, whose rows are written and changed; the agent may keep it open."""

    name: str
    records: list[tuple[str, Json]]
    stays_open: bool

    @property
    def steps(self) -> int:
        return len(self.records)

    def write(self, home: Home, begin: int, end: int) -> None:
        path = home.folder / self.name
        path.parent.mkdir(parents=True, exist_ok=True)
        home.stack.close()
        connection = home.stack.enter_context(closing(sqlite3.connect(path)))
        if begin == 0:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(opencode.SCHEMA)
        for number, (kind, record) in enumerate(self.records[begin:end], begin):
            self._put(connection, kind, record, opencode.ms(40 * number))
        connection.commit()
        if not self.stays_open or end == self.steps:
            home.stack.close()
        home.stamp(path, path.with_name(f"{path.name}-wal"))

    @staticmethod
    def _put(connection: sqlite3.Connection, kind: str, record: Json, at_ms: int) -> None:
        if kind == "session":
            opencode.insert(connection, {"info": record, "messages": []})
            return
        ids = {"id": record["id"], "message_id": record.get("messageID"), "session_id": record["sessionID"]}
        data = {key: value for key, value in record.items() if key not in ("id", "messageID", "sessionID")}
        values = [value for value in ids.values() if value is not None]
        marks = ", ".join("?" * len(values))
        connection.execute(
            f"INSERT INTO {kind} VALUES ({marks}, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "  # noqa: S608
            "data = excluded.data, time_updated = excluded.time_updated",
            [*values, at_ms, at_ms, json.dumps(data, separators=(",", ":"))],
        )


@dataclass
class Work:
    """All logs of a home, and what the agents did: (source, type of metric or kind of tokens) → how many."""

    logs: list[Log] = field(default_factory=list)
    done: Counter[tuple[str, str]] = field(default_factory=Counter)

    def count(self, source: str, *types: str, **counts: int) -> None:
        self.done.update((source, type) for type in types)
        self.done.update({(source, kind): count for kind, count in counts.items()})


# What agents write


def claude_code(work: Work, seed: int) -> Tree:
    """Sessions, forks of them, and sub-agents."""
    tree = grow(seed)
    work.logs += [Appended(f".claude/projects/-home-ana/{name}", text) for name, text in tree.files.items()]
    return tree


class CodexWriter:
    """Threads that go on by turns, and forks and sub-agents of them, which begin with a copy."""

    def __init__(self, work: Work, dice: random.Random) -> None:
        self.work, self.dice = work, dice
        self.clock = 0.0
        self.number = 0
        self.lines: dict[str, list[Json]] = {}
        self.roots: dict[str, str] = {}
        self.records = dice.random() < 0.4
        """Whether this build records each response, and not only the totals."""

    def at(self) -> float:
        self.clock += self.dice.choice([0.25, 1, 7])
        return self.clock

    def new_id(self) -> str:
        self.number += 1
        return codex.dated(self.clock, self.number)

    def thread(self) -> str:
        self.clock += 100
        thread = self.new_id()
        self.lines[thread], self.roots[thread] = [codex.meta(thread, self.clock)], thread
        self.work.count("codex", "session_start")
        return thread

    def copied(self, original: str) -> str:
        """A fork or a sub-agent, whose copy is stamped anew at once, stamped anew over seconds, or left as it was."""
        self.clock += 1000
        thread = self.new_id()
        lines = self.lines[original]
        copy = lines[: self.dice.randint(1, len(lines))]
        apart = self.dice.choice([None, 0, 0.3])
        if apart is not None:
            copy = codex.stamped(copy, self.clock, apart)
        source = {"source": codex.spawned(original), "session_id": self.roots[original]}
        ways: list[tuple[Json, str]] = [
            ({"forked_from_id": original}, "session_start"),
            ({"forked_from_id": original, **source}, "agent_execution"),
            ({"parent_thread_id": original, **source}, "agent_execution"),
        ]
        told, kind = self.dice.choice(ways)
        self.roots[thread] = thread if kind == "session_start" else self.roots[original]
        self.lines[thread] = [codex.meta(thread, self.clock, **told), *copy]
        self.work.count("codex", kind)
        self.clock += 1000
        return thread

    def totals(self, thread: str) -> dict[str, int]:
        told = [line["payload"]["info"] for line in self.lines[thread] if line["payload"].get("info")]
        return dict(told[-1]["total_token_usage"]) if told else codex.used(0, 0)

    def turn(self, thread: str) -> None:
        lines, turn = self.lines[thread], self.new_id()
        if self.dice.random() < 0.2:
            lines.append(codex.meta(thread, self.at()))  # it was resumed
        lines += [codex.started(self.at(), turn), codex.context(self.at(), turn=turn)]
        for _ in range(self.dice.randint(1, 3)):
            self.response(thread)
            for _ in range(self.dice.choice([0, 1, 2])):
                self.tool(thread)
        lines.append(codex.event("task_complete", self.at(), turn_id=turn, duration_ms=self.dice.randint(1, 9000)))
        self.work.count("codex", "performance")

    def response(self, thread: str) -> None:
        """Totals grow, and are told again when the rate limits change."""
        dice, lines = self.dice, self.lines[thread]
        entered, answered = dice.randint(1, 900), dice.randint(1, 90)
        cached = dice.randint(0, entered)
        written = dice.randint(0, entered - cached)
        reasoned = dice.randint(0, answered)
        used = codex.used(entered, answered, cached, written, reasoned)
        before = self.totals(thread)
        total = {name: before[name] + used[name] for name in used}
        if self.records:
            lines.append(codex.recorded(self.at(), f"resp_{self.new_id()}", used, thread))
        at = self.at()
        lines.append(codex.counted(at, total, used))
        lines += [codex.counted(self.at(), total, used) for _ in range(dice.choice([0, 0, 1, 2]))]
        self.work.count(
            "codex", "token_usage",
            input_tokens=entered - cached - written, output_tokens=answered, cache_read_tokens=cached,
            cache_write_tokens=written, reasoning_tokens=reasoned,
        )  # fmt: skip

    def tool(self, thread: str) -> None:
        name = f"call_{self.new_id()}"
        self.lines[thread].append(codex.call(name, self.at()))
        if self.dice.random() < 0.8:
            code = self.dice.choice([0, 0, 1])
            ended = codex.event("exec_command_end", self.at(), call_id=name, exit_code=code)
            told = [ended] if self.dice.random() < 0.5 else []
            self.lines[thread] += [*told, codex.output(name, self.at(), f"Exit code: {code}\n")]
        self.work.count("codex", "tool_use")

    def logs(self) -> Iterable[Appended]:
        for thread, lines in self.lines.items():
            file = f"rollout-2026-07-01T11-00-00-{thread}.jsonl"
            moved = f".codex/archived_sessions/{file}" if self.dice.random() < 0.3 else None
            yield Appended(f".codex/sessions/2026/07/01/{file}", codex.rollout(*lines), moved)


def codex_cli(work: Work, dice: random.Random) -> None:
    writer = CodexWriter(work, dice)
    threads = [writer.thread() for _ in range(dice.randint(1, 2))]
    for thread in threads:
        writer.turn(thread)
    for _ in range(dice.randint(1, 3)):
        thread = dice.choice(threads)
        writer.turn(thread)
        threads.append(writer.copied(thread))
        for _ in range(dice.randint(0, 2)):
            writer.turn(threads[-1])
    work.logs += writer.logs()


class CopilotWriter:
    """A session that is begun, shut down or killed, and resumed."""

    def __init__(self, work: Work, dice: random.Random, session: str, at: float) -> None:
        self.work, self.dice, self.session, self.clock = work, dice, session, at
        self.told: Json = {}
        self.goes_on = dice.random() < 0.5
        """Whether a shutdown tells what all runs used, and not only the last."""
        self.events = [copilot.start(self.clock, sessionId=session)]
        self.work.count("copilot-cli", "session_start")

    def at(self) -> float:
        self.clock += self.dice.choice([0.25, 1, 7])
        return self.clock

    def run(self, *, killed: bool) -> None:
        models = self.dice.choice([["gpt_5"], ["gpt_5", "o5"]])
        spoken = dict.fromkeys(models, 0)
        for model in [*models, *self.dice.choices(models, k=2)]:
            output = self.dice.randint(1, 90)
            spoken[model] += output
            self.events.append(copilot.reply(self.at(), output, model.replace("_", "-")))
            if self.dice.random() < 0.6:
                self.tool(f"t{self.dice.randint(0, 3)}")
        self.work.count("copilot-cli", *["token_usage"] * len(models))
        if not killed:
            self.shut_down({model: (self.dice.randint(100, 900), output) for model, output in spoken.items()})

    def tool(self, name: str) -> None:
        hook = {"hookInvocationId": f"h{self.at()}", "hookType": "preToolUse"}
        self.events += [copilot.event("hook.start", self.at(), **hook), copilot.call(name, self.at())]
        self.events.append(copilot.event("hook.end", self.at(), **hook, success=True))
        if self.dice.random() < 0.8:
            self.events.append(copilot.done(name, self.at(), self.dice.random() < 0.7))
        self.work.count("copilot-cli", "hook_triggered", "tool_use")

    def shut_down(self, spoken: dict[str, tuple[int, int]]) -> None:
        used = {model: (entered, answered, self.dice.randint(0, 90)) for model, (entered, answered) in spoken.items()}
        for model, (entered, answered, cached) in used.items():
            counts = {"input_tokens": entered - cached, "output_tokens": answered, "cache_read_tokens": cached}
            self.work.count("copilot-cli", **counts)
            before = self.told.get(model, (0, 0, 0)) if self.goes_on else (0, 0, 0)
            self.told[model] = tuple(new + old for new, old in zip((entered, answered, cached), before, strict=True))
        told = self.told if self.goes_on else used
        metrics: Json = {
            model: copilot.used(entered, answered, cached, reasoning=None)
            for model, (entered, answered, cached) in told.items()
        }
        self.events.append(copilot.shutdown(self.at(), **metrics))
        self.work.count("copilot-cli", "session_end")

    def resume(self) -> None:
        self.clock += 600
        self.events.append(copilot.resume(self.clock))

    def fork(self, session: str) -> CopilotWriter:
        """A session that begins with a copy of this one's events, ids and all."""
        writer = CopilotWriter(self.work, self.dice, session, self.clock + 3600)
        writer.told, writer.goes_on = dict(self.told), self.goes_on
        writer.events += self.named()[1:]
        return writer

    def named(self) -> list[Json]:
        """The events, each with an id of its own, where it isn't a copy."""
        return [
            event if "copied" in event else {**event, "id": f"{self.session}-{number}", "copied": True}
            for number, event in enumerate(self.events)
        ]


def copilot_cli(work: Work, dice: random.Random) -> None:
    writers = []
    for number in range(dice.randint(1, 2)):
        writer = CopilotWriter(work, dice, f"cccccccc-0000-4000-8000-{number:012}", 1000.0 * number)
        for _ in range(dice.randint(0, 2)):
            writer.run(killed=not writer.goes_on and dice.random() < 0.3)
            writer.resume()
        writer.run(killed=False)
        writers.append(writer)
    if dice.random() < 0.5:
        fork = writers[0].fork("cccccccc-0000-4000-8000-000000000099")
        fork.resume()
        fork.run(killed=False)
        writers.append(fork)
    for writer in writers:
        name = f".copilot/session-state/{writer.session}/events.jsonl"
        work.logs.append(Appended(name, copilot.lines(*writer.named())))


def gemini_cli(work: Work, dice: random.Random) -> None:
    """Conversations as lines and as documents, with the files of sub-agents."""
    for number in range(dice.randint(1, 3)):
        session = f"aaaaaaaa-0000-4000-8000-{number:012}"
        folder = f".gemini/tmp/{dice.choice(['api', '0f' * 32])}/chats"
        messages, runs = conversation(work, dice, session, 1000 * number, may_run=True)
        if dice.random() < 0.5:
            text = gemini.lines(gemini.header(session), *messages)
            work.logs.append(Appended(f"{folder}/session-{number}.jsonl", text.encode()))
        else:
            documents = [json.dumps({**gemini.header(session), "messages": kept}) for kept in growing(messages)]
            name = f"{folder}/session-{number}.json"
            work.logs.append(Written([(name, document.encode()) for document in documents]))
        for run in runs:
            inner, _ = conversation(work, dice, run, 1000 * number + 500, may_run=False)
            text = gemini.lines(gemini.header(run, "subagent", startTime=moment(1000 * number + 500)), *inner)
            work.logs.append(Appended(f"{folder}/{session}/{run}.jsonl", text.encode()))
    work.count("gemini-cli", *["session_start"] * (number + 1))


def conversation(
    work: Work, dice: random.Random, name: str, at: float, *, may_run: bool
) -> tuple[list[Json], list[str]]:
    """Messages, of which those of the model are written again as they get counters and calls; and runs of agents."""
    messages: list[Json] = []
    runs: list[str] = []
    for number in range(dice.randint(1, 4)):
        at += dice.choice([1, 30])
        messages.append(gemini.message(f"u{number}", at, "user"))
        entered, answered, thought, tool = (dice.randint(1, 900) for _ in range(4))
        cached = dice.randint(0, entered)
        tokens = gemini.tokens(entered, answered, cached, thought, tool)
        calls: list[Json] = []
        messages += [gemini.reply(f"m{number}", at), gemini.reply(f"m{number}", at, tokens=tokens)]
        for index in range(dice.choice([0, 1, 2])):
            run = f"bbbbbbbb-{number:04}-4000-{index:04}-{name[-12:]}"
            runs += [run] if may_run else []
            more: Json = {"agentId": run, "args": {"agent_name": "investigator"}} if may_run else {}
            tool_name = "invoke_agent" if may_run else "read_file"
            status = dice.choice(["success", "error", "cancelled"])
            calls.append(gemini.call(f"c{number}{index}", at + dice.randint(0, 9), tool_name, status, **more))
            work.count("gemini-cli", "tool_use", *["agent_execution"] * may_run)
            may_run = False
        messages.append(gemini.reply(f"m{number}", at, *calls, tokens=tokens))
        work.count(
            "gemini-cli", "token_usage",
            input_tokens=entered - cached + tool, output_tokens=answered + thought, cache_read_tokens=cached,
            reasoning_tokens=thought,
        )  # fmt: skip
    return messages, runs


def growing(messages: Sequence[Json]) -> Iterable[list[Json]]:
    """The messages of a document each time that it is written: of each the last version so far."""
    for end in range(1, len(messages) + 1):
        yield list({message["id"]: message for message in messages[:end]}.values())


class OpenCodeWriter:
    """Sessions and runs of sub-agents, as records in the order in which they are written and written again."""

    def __init__(self, work: Work, dice: random.Random) -> None:
        self.work, self.dice = work, dice
        self.clock = 0.0
        self.number = 0
        self.records: list[tuple[str, Json]] = []

    def at(self) -> float:
        self.clock += self.dice.choice([0.25, 1, 7])
        return self.clock

    def new_id(self, kind: str) -> str:
        self.number += 1
        return f"{kind}_{self.number:06}"

    def put(self, kind: str, record: Json) -> None:
        self.records.append((kind, json.loads(json.dumps(record))))

    def session(self, parent: str | None = None) -> str:
        session = self.new_id("ses")
        self.put("session", opencode.session(session, self.at(), parent)["info"])
        self.work.count("opencode", "session_start" if parent is None else "agent_execution")
        for _ in range(self.dice.randint(1, 3)):
            self.put("message", opencode.asked(self.new_id("msg"), self.at(), session=session)["info"])
            self.reply(session, may_run=parent is None)
        return session

    def reply(self, session: str, *, may_run: bool) -> None:
        """A reply in steps; those of the earliest builds have no ends, and the counters are the reply's own."""
        dice = self.dice
        name, begun = self.new_id("msg"), self.at()
        message = opencode.reply(name, begun, session=session)["info"]
        early = dice.random() < 0.2
        del message["finish"]
        self.put("message", message)
        used: dict[str, int] = {}
        for _ in range(1 if early else dice.randint(1, 2)):
            self.part(name, session, opencode.step_start())
            for _ in range(dice.choice([0, 1, 2])):
                self.tool(name, session, may_run=may_run)
            used = {kind: dice.randint(1, 900) for kind in ("input", "output", "reasoning", "read", "written")}
            if not early:
                self.part(name, session, opencode.step(dice.choice([0, 0.25]), **used))
            self.work.count(
                "opencode", "token_usage",
                input_tokens=used["input"], output_tokens=used["output"] + used["reasoning"],
                cache_read_tokens=used["read"], cache_write_tokens=used["written"], reasoning_tokens=used["reasoning"],
            )  # fmt: skip
        ended = {
            "tokens": opencode.counters(**used),
            "time": {"created": opencode.ms(begun), "completed": opencode.ms(self.at())},
        }
        self.put("message", message | ended | ({} if early else {"finish": "stop"}))

    def part(self, message: str, session: str, part: Json, name: str | None = None) -> None:
        self.put("part", {"id": name or self.new_id("prt"), "sessionID": session, "messageID": message, **part})

    def tool(self, message: str, session: str, *, may_run: bool) -> None:
        """A call that is written down when it is asked for, when it runs, and when it is done."""
        name, begun = self.new_id("prt"), self.at()
        self.part(message, session, opencode.tool(status="pending", times=()), name)
        run, told = None, {}
        if may_run and self.dice.random() < 0.3:
            run = f"ses_{self.number + 1:06}"
            told = {"input": {"subagent_type": "explore"}, "metadata": {"sessionId": run}}
        tool = "task" if run else "bash"
        self.part(message, session, opencode.tool(tool, "running", (begun,), **told), name)
        if run:
            assert self.session(session) == run
        if self.dice.random() < 0.8:
            status, more = self.dice.choice([("completed", {}), ("error", {"error": "Tool execution aborted"})])
            self.part(message, session, opencode.tool(tool, status, (begun, self.at()), **told, **more), name)
        self.work.count("opencode", "tool_use")


def open_code(work: Work, dice: random.Random) -> None:
    """Sessions as files, of which some were brought over into the database, and sessions that are only there."""
    writer = OpenCodeWriter(work, dice)
    for _ in range(dice.randint(1, 2)):
        writer.session()
    folder, early = ".local/share/opencode", list(writer.records)
    for _ in range(dice.randint(1, 2)):
        writer.session()
    late = writer.records if dice.random() < 0.4 else writer.records[len(early) :]
    work.logs.append(
        Written([(f"{folder}/storage/{place(*each)}.json", json.dumps(each[1], indent=2).encode()) for each in early])
    )
    work.logs.append(Database(f"{folder}/opencode.db", late, stays_open=dice.random() < 0.5))


def place(kind: str, record: Json) -> str:
    """Where a record is stored as a file."""
    above = {"session": "p1", "message": record.get("sessionID"), "part": record.get("messageID")}
    return f"{kind}/{above[kind]}/{record['id']}"


def everybody(seed: int) -> tuple[Work, Tree]:
    """What all agents do on one machine."""
    work, dice = Work(), random.Random(seed)
    tree = claude_code(work, seed)
    for agent in (codex_cli, copilot_cli, gemini_cli, open_code):
        agent(work, dice)
    return work, tree


# Readings


def ingest(store: Store, home: Home) -> int:
    """Reads what is new, and gives how many files that was. (Where no log can be told yet, there is nothing.)"""
    try:
        return read(store, plan_paths(store, [home.folder])).files_read
    except NoLogs:
        return 0


def write_all(work: Work, home: Home) -> None:
    for log in work.logs:
        log.write(home, 0, log.steps)


def totals(store: Store) -> Counter[tuple[str, str]]:
    """What there is of each source but Claude Code's: metrics by type, and tokens by kind."""
    found: Counter[tuple[str, str]] = Counter()
    sums = ", ".join(f"coalesce(sum({name}), 0)" for name in COUNTERS)
    rows = store.connection.execute(
        f"SELECT source, type, count(*), {sums} FROM metrics WHERE ts IS NOT NULL AND source <> 'claude-code' "  # noqa: S608
        "GROUP BY source, type"
    ).fetchall()
    for source, type, count, *tokens in rows:
        found[source, type] += count
        found.update(
            {(source, name): int(tokens_of_kind) for name, tokens_of_kind in zip(COUNTERS, tokens, strict=True)}
        )
    return +found


def read_whole(work: Work) -> Any:
    with TemporaryDirectory() as folder, Store.in_memory() as store:
        home = Home(Path(folder))
        write_all(work, home)
        ingest(store, home)
        assert store.rejects() == []
        return contents(store)


SEEDS = st.integers(0, 2**32)


@settings(deadline=None, max_examples=10)
@given(seed=SEEDS)
def test_all_that_agents_did_is_counted_once(seed: int) -> None:
    work, tree = everybody(seed)
    with TemporaryDirectory() as folder, Store.in_memory() as store:
        home = Home(Path(folder))
        write_all(work, home)
        ingest(store, home)
        assert totals(store) == +work.done
        owned, starts = found_in(store)
        assert {id: owner for id, owner in owned.items() if id.startswith("claude-code:")} == tree.owners
        assert starts.items() >= as_rows(tree)[1].items()
        sessions = sum(count for (_, type), count in work.done.items() if type == "session_start")
        assert len(contents(store)[1]) == len(starts) == len(tree.starts) + sessions
        assert ingest(store, home) == 0


def written_in_portions(work: Work, dice: random.Random) -> list[list[tuple[Log, int, int]]]:
    """What is written of each log in each portion: of some something each time, of others all at once or late."""
    portions: list[list[tuple[Log, int, int]]] = [[] for _ in range(PORTIONS)]
    for log in work.logs:
        times = dice.randint(1, PORTIONS)
        when = sorted(dice.sample(range(PORTIONS), times))
        ends = [*sorted(dice.sample(range(1, log.steps), min(times, log.steps) - 1)), log.steps]
        begin = 0
        for portion, end in zip(when, ends, strict=False):
            portions[portion].append((log, begin, end))
            begin = end
    for writes in portions:
        dice.shuffle(writes)
    return portions


@settings(deadline=None, max_examples=8)
@given(seed=SEEDS, order=SEEDS)
def test_ten_portions_in_any_order_come_to_the_same(seed: int, order: int) -> None:
    """A copy may be there before its original, and a last line or row may be of any length."""
    work, _ = everybody(seed)
    expected = read_whole(work)
    with TemporaryDirectory() as folder, Store.in_memory() as store:
        home = Home(Path(folder))
        for portion in written_in_portions(work, random.Random(order)):
            for log, begin, end in portion:
                log.write(home, begin, end)
            ingest(store, home)
        assert contents(store) == expected
        assert totals(store) == +work.done
        assert store.rejects() == []
        assert ingest(store, home) == 0


CHILD = """
    import os
    import signal
    import sys
    from pathlib import Path

    from tachograph.ingest import reader
    from tachograph.store import duckdb
    from tachograph.store.duckdb import Store

    reader._TASK_BYTES, duckdb.Loading.rows_a_commit, duckdb._ROWS_TOGETHER = 4000, 40, 1
    left, uses = None, int(sys.argv[4])

    class Watched:
        def __init__(self, connection):
            self.connection = connection

        def __getattr__(self, name):
            global uses
            if left is not None and left <= 0:
                uses -= 1
                if uses < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return getattr(self.connection, name)

    def progress(size):
        global left
        left -= size

    with Store.open(Path(sys.argv[1])) as store:
        store.connection = Watched(store.connection)
        plan = reader.plan_paths(store, [Path(sys.argv[2])])
        left = plan.bytes_to_read * float(sys.argv[3])
        reader.read(store, plan, progress)
"""
"""Reads a folder into a store, and kills itself before the next use of the store after some part of the bytes is read,
or a few uses later: before or after a commit, or within one."""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no such signal")
@settings(deadline=None, max_examples=6)
@given(seed=SEEDS, part=st.floats(0, 1), uses=st.integers(0, 8))
def test_a_killed_reading_of_everything_is_taken_up_again(seed: int, part: float, uses: int) -> None:
    work, _ = everybody(seed)
    expected = read_whole(work)
    with TemporaryDirectory() as folder:
        home, path = Home(Path(folder) / "home"), Path(folder) / "store.duckdb"
        write_all(work, home)
        command = [sys.executable, "-c", textwrap.dedent(CHILD), str(path), str(home.folder), str(part), str(uses)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGKILL
        with Store.open(path) as store:
            ingest(store, home)
            assert contents(store) == expected
            assert totals(store) == +work.done
            assert store.rejects() == []
            assert ingest(store, home) == 0
            whole = contents(store), store.files(), store.rejects()
        path.unlink()
        with Store.open(path) as store:  # made again from its copy
            assert (contents(store), store.files(), store.rejects()) == whole
