"""Writes made-up transcripts as Claude Code keeps them, and what is true of them: half a year, 40 projects.

usage: uv run bench/gen_claude.py HOME [--mb 500] [--seed 1]

HOME/.claude/projects has the transcripts: sessions, their sub-agents in files of their own, and forks, which begin
with the history of another session under a new session id. As in real ones, a reply is a line per content block,
each with the same id; until 2.1.x the output tokens of all but the last line are too low. HOME/truth.json has
totals by kind of token, model and UTC day, tool calls and their errors: each message counts once, with the
largest output of its lines, on the day of the first.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import string
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

FIRST_MOMENT: Final = datetime(2026, 3, 1, tzinfo=UTC)
DAYS: Final = 180
SESSION_BYTES: Final = 250_000
"""What a session comes to, on average about, with its sub-agents."""
CONTEXT_LIMIT: Final = 150_000  # tokens; then the conversation is compacted

Draw = random.Random
Json = dict[str, object]


@dataclass(frozen=True)
class Model:
    """How often a model is used (a weight), and USD per million tokens in and out."""

    name: str
    weight: float
    input_usd: float
    output_usd: float

    def cost_usd(self, count: Counter[str]) -> float:
        """At list prices: writing to the cache costs 1.25 times the input (2 times for an hour), reading a tenth."""
        as_input = (
            count["input"] + 1.25 * count["cache_5m"] + 2 * count["cache_1h"] + 0.1 * count["cache_read"]
        ) * self.input_usd
        return (as_input + count["output"] * self.output_usd) / 1e6


@dataclass(frozen=True)
class Version:
    """How a version of the agent writes: are early lines of a reply unfinished; what, and where, sub-agents are."""

    name: str
    streams_counters: bool
    agent_tool: str
    agents_in_session_folder: bool


MODELS: Final = (
    Model("claude-sonnet-4-5-20250929", 0.5, 3, 15),
    Model("claude-opus-4-5-20251101", 0.3, 5, 25),
    Model("claude-haiku-4-5-20251001", 0.2, 1, 5),
)
HAIKU: Final = MODELS[-1]
VERSIONS: Final = (
    Version("2.0.55", streams_counters=True, agent_tool="Task", agents_in_session_folder=False),
    Version("2.1.7", streams_counters=True, agent_tool="Task", agents_in_session_folder=True),
    Version("2.1.266", streams_counters=False, agent_tool="Agent", agents_in_session_folder=True),
)
TOOLS: Final = {
    "Bash": (30, 0.09),
    "Read": (26, 0.03),
    "Edit": (17, 0.05),
    "Grep": (9, 0.01),
    "Glob": (5, 0.01),
    "Write": (5, 0.01),
    "TodoWrite": (5, 0.002),
    "mcp__tracker__search_tickets": (2, 0.06),
    "WebFetch": (1, 0.12),
    "": (1, 0.01),
}
"""How often a tool is called (a weight), and how often that fails; the one without a name is the sub-agent's."""
KINDS: Final = ("input", "output", "cache_5m", "cache_1h", "cache_read")
BRANCHES: Final = ("main", "feature/login", "fix/timeouts", "HEAD")
AGENT_TYPES: Final = ("general-purpose", "Explore", "Plan", "code-reviewer")
VOCABULARY: Final = (
    "a the of and in is it to for not as with on this that error test file line function value key index cache parse "
    "read write build run order user price config module import return class def self none true false async await"
)
WORDS: Final = VOCABULARY.split()
ALPHABET: Final = string.ascii_letters + string.digits
_encode: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _text(draw: Draw, length: int) -> str:
    """Words in lines, as programs and their output are."""
    lines, left = [], length
    while left > 0:
        line = " " * draw.choice((0, 0, 4, 8)) + " ".join(draw.choices(WORDS, k=draw.randint(2, 14)))
        lines.append(line)
        left -= len(line) + 1
    return "\n".join(lines)


class Texts:
    """Texts to take from, made once: sentences, and contents of files from a few words to 40 kB."""

    def __init__(self, draw: Draw) -> None:
        self.sentences = [" ".join(draw.choices(WORDS, k=draw.randint(4, 60))) for _ in range(500)]
        self.contents = [_text(draw, min(40_000, int(draw.lognormvariate(6.8, 1.2)))) for _ in range(500)]


@dataclass
class Truth:
    """What is true of all that was written, gathered line by line; a replayed line changes nothing."""

    files: int = 0
    bytes: int = 0
    lines: int = 0
    sessions: int = 0
    forks: int = 0
    api_errors: int = 0
    messages: dict[str, tuple[str, Model, Counter[str]]] = field(default_factory=dict)
    tools: dict[str, str] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)

    def message(self, identifier: str, at: datetime, model: Model, counters: Counter[str]) -> None:
        """A line of a message: the day of the first one stays, the largest output wins."""
        known = self.messages.get(identifier)
        day = known[0] if known else at.date().isoformat()
        if known is None or counters["output"] > known[2]["output"]:
            self.messages[identifier] = (day, model, counters)

    def document(self) -> Json:
        """As truth.json has it."""
        totals: Counter[str] = Counter()
        days: defaultdict[str, Counter[str]] = defaultdict(Counter)
        models: defaultdict[str, Counter[str]] = defaultdict(Counter)
        cost_usd = 0.0
        for day, model, counters in self.messages.values():
            cost_usd += model.cost_usd(counters)
            for group in (totals, days[day], models[model.name]):
                group.update(counters)
                group["messages"] += 1
        return {
            "files": self.files,
            "bytes": self.bytes,
            "lines": self.lines,
            "sessions": self.sessions,
            "forks": self.forks,
            "api_errors": self.api_errors,
            "cost_usd": round(cost_usd, 6),
            "totals": totals,
            "models": models,
            "days": dict(sorted(days.items())),
            "tools": Counter(self.tools.values()),
            "tool_errors": Counter(self.tools[call] for call in self.failed),
        }


@dataclass
class Session:
    """Who is at work: a session, or (with `agent`) a sub-agent of one."""

    id: str
    cwd: str
    branch: str
    version: Version
    model: Model
    agent: str | None = None


@dataclass
class Run:
    """A sub-agent that a session called for: what it is known by, and when it began."""

    agent: str
    start: datetime


class Transcript:
    """The lines of one file, one after the other, with the clock and the context as they go on."""

    def __init__(self, draw: Draw, texts: Texts, truth: Truth, session: Session, start: datetime) -> None:
        self._draw, self._texts, self._truth, self._session = draw, texts, truth, session
        self.now = start
        self.size = 0
        self.records: list[Json] = []
        self.lines: list[str] = []
        self.runs: list[Run] = []
        self._last: str | None = None
        self._context = draw.randint(11_000, 24_000)

    def replay(self, records: list[Json]) -> None:
        """Begins with what happened elsewhere, as a fork does: all as it was, but for the session's id."""
        for record in records:
            self._keep({**record, "sessionId": self._session.id})
        self._last = str(records[-1]["uuid"])

    def plain(self, record: Json) -> None:
        """A line that isn't part of the conversation."""
        self._write(_encode(record))

    def work(self, until_bytes: int) -> None:
        """Prompts and what comes of them, until the file has grown to a size."""
        while self.size < until_bytes:
            self._turn()

    def _write(self, line: str) -> None:
        self.lines.append(line)
        self.size += len(line) + 1

    def _keep(self, record: Json) -> None:
        self.records.append(record)
        self._write(_encode(record))

    def _line(self, record: Json) -> None:
        """A line of the conversation: who, where and when, and what it follows."""
        session, uuid = self._session, self._uuid()
        agent = {"agentId": session.agent} if session.agent else {}
        self._keep(
            {
                "parentUuid": self._last,
                "isSidechain": session.agent is not None,
                "userType": "external",
                "cwd": session.cwd,
                "sessionId": session.id,
                "version": session.version.name,
                "gitBranch": session.branch,
                **agent,
                **record,
                "uuid": uuid,
                "timestamp": _moment(self.now),
            }
        )
        self._last = uuid

    def _uuid(self) -> str:
        digits = f"{self._draw.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def _name(self, prefix: str, length: int = 22) -> str:
        return prefix + "".join(self._draw.choices(ALPHABET, k=length))

    def _pass(self, median_ms: float) -> None:
        self.now += timedelta(milliseconds=int(median_ms * self._draw.lognormvariate(0, 0.8)) + 1)

    def _sentence(self) -> str:
        return self._draw.choice(self._texts.sentences)

    def _turn(self) -> None:
        start = self.now
        prompt = self._uuid()
        if not self._session.agent:
            snapshot = {"messageId": prompt, "trackedFileBackups": {}, "timestamp": _moment(self.now)}
            self.plain(
                {
                    "type": "file-history-snapshot",
                    "messageId": prompt,
                    "snapshot": snapshot,
                    "isSnapshotUpdate": False,
                }
            )
        self._line({"type": "user", "message": {"role": "user", "content": self._sentence()}})
        for _ in range(self._draw.randint(1, 14)):
            self._pass(4_000)
            if self._draw.random() < 0.004:
                self._api_error()
            elif not self._reply():
                break
        took_ms = int((self.now - start) / timedelta(milliseconds=1))
        self._line({"type": "system", "subtype": "turn_duration", "durationMs": took_ms, "isMeta": False})
        self._pass(120_000)

    def _api_error(self) -> None:
        self._truth.api_errors += 1
        nothing = dict.fromkeys(
            ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"), 0
        )
        said = 'API Error: 529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
        self._line(
            {
                "type": "assistant",
                "message": {
                    "id": self._uuid(),
                    "type": "message",
                    "role": "assistant",
                    "model": "<synthetic>",
                    "content": [{"type": "text", "text": said}],
                    "stop_reason": "stop_sequence",
                    "stop_sequence": "",
                    "usage": nothing,
                },
                "isApiErrorMessage": True,
                "error": "server_error",
            }
        )

    def _reply(self) -> bool:
        """A reply, and the results of the tools that it calls; whether it calls any."""
        draw, session = self._draw, self._session
        calls = self._calls(draw.choices((0, 1, 2, 3), (18, 66, 12, 4))[0])
        blocks: list[Json] = []
        if draw.random() < 0.35:
            blocks.append({"type": "thinking", "thinking": self._sentence(), "signature": self._name("", 180)})
        if draw.random() < 0.6 or not (blocks or calls):
            blocks.append({"type": "text", "text": self._sentence()})
        blocks += calls
        identifier, request = self._name("msg_01"), self._name("req_011C", 20)
        counters = self._counters()
        for index, block in enumerate(blocks):
            last = index == len(blocks) - 1
            seen = counters.copy()
            if session.version.streams_counters and not last:
                seen["output"] = counters["output"] * (index + 1) // (4 * len(blocks)) + 1
            self._truth.message(identifier, self.now, session.model, seen)
            self._line(
                {
                    "message": {
                        "model": session.model.name,
                        "id": identifier,
                        "type": "message",
                        "role": "assistant",
                        "content": [block],
                        "stop_reason": ("tool_use" if calls else "end_turn") if last else None,
                        "stop_sequence": None,
                        "usage": _usage(seen),
                    },
                    "requestId": request,
                    "type": "assistant",
                }
            )
            self._pass(300)
        for call in calls:
            self._result(call)
        return bool(calls)

    def _counters(self) -> Counter[str]:
        """The tokens of a reply; the context grows by what is written to the cache."""
        draw = self._draw
        written = min(25_000, int(draw.lognormvariate(7, 1)))
        for_an_hour = draw.random() < 0.3
        counters = Counter(
            input=draw.randint(1, 12),
            output=min(16_000, int(draw.lognormvariate(5.6, 1.1))) + 16,
            cache_5m=0 if for_an_hour else written,
            cache_1h=written if for_an_hour else 0,
            cache_read=self._context,
        )
        self._context += written
        if self._context > CONTEXT_LIMIT:
            self._context = draw.randint(20_000, 40_000)
        return counters

    def _calls(self, count: int) -> list[Json]:
        weights = [weight for weight, _ in TOOLS.values()]
        if self._session.agent:
            weights[-1] = 0  # a sub-agent calls no other
        calls: list[Json] = []
        for name in self._draw.choices(list(TOOLS), weights, k=count):
            tool, identifier = name or self._session.version.agent_tool, self._name("toolu_01")
            self._truth.tools[identifier] = tool
            calls.append({"type": "tool_use", "id": identifier, "name": tool, "input": self._input(name)})
        return calls

    def _input(self, tool: str) -> Json:
        draw = self._draw
        path = f"{self._session.cwd}/src/{draw.choice(WORDS)}.py"
        match tool:
            case "Bash":
                return {"command": self._sentence()[:120], "description": self._sentence()[:40]}
            case "Read":
                return {"file_path": path}
            case "Edit":
                return {"file_path": path, "old_string": self._sentence(), "new_string": self._sentence()}
            case "Write":
                return {"file_path": path, "content": draw.choice(self._texts.contents)[:6_000]}
            case "":
                kind = draw.choice(AGENT_TYPES)
                return {"description": self._sentence()[:30], "prompt": self._sentence(), "subagent_type": kind}
            case _:
                return {"query": self._sentence()[:80]}

    def _result(self, call: Json) -> None:
        """What a tool answers: for the model, and again, with more, for the program."""
        identifier, tool, asked = str(call["id"]), str(call["name"]), call["input"]
        self._pass(1_500)
        _, failing = TOOLS.get(tool, TOOLS[""])
        failed = self._draw.random() < failing
        said = self._draw.choice(self._texts.contents)
        detail: object
        if failed:
            said = f"Exit code 1\n{self._sentence()}" if tool == "Bash" else f"<tool_use_error>{self._sentence()}"
            detail = f"Error: {said}"
            self._truth.failed.add(identifier)
        elif tool == self._session.version.agent_tool:
            detail = self._agent_detail(said)
        else:
            detail = _detail(tool, asked, said)
        block: Json = {"tool_use_id": identifier, "type": "tool_result", "content": said}
        if failed or tool == "Bash":
            block["is_error"] = failed
        self._line({"type": "user", "message": {"role": "user", "content": [block]}, "toolUseResult": detail})

    def _agent_detail(self, said: str) -> Json:
        run = Run(f"{self._draw.getrandbits(32):08x}", self.now)
        self.runs.append(run)
        self._pass(40_000)
        return {
            "status": "completed",
            "agentId": run.agent,
            "content": [{"type": "text", "text": said}],
            "totalDurationMs": int((self.now - run.start) / timedelta(milliseconds=1)),
        }


def _usage(counters: Counter[str]) -> Json:
    return {
        "input_tokens": counters["input"],
        "cache_creation_input_tokens": counters["cache_5m"] + counters["cache_1h"],
        "cache_read_input_tokens": counters["cache_read"],
        "cache_creation": {
            "ephemeral_5m_input_tokens": counters["cache_5m"],
            "ephemeral_1h_input_tokens": counters["cache_1h"],
        },
        "output_tokens": counters["output"],
        "service_tier": "standard",
    }


def _detail(tool: str, asked: object, said: str) -> Json:
    match tool:
        case "Bash":
            return {"stdout": said, "stderr": "", "interrupted": False, "isImage": False}
        case "Read":
            lines = said.count("\n") + 1
            return {"type": "text", "file": {"content": said, "numLines": lines, "startLine": 1, "totalLines": lines}}
        case "Edit":
            return {"edit": asked, "originalFile": said, "userModified": False}
        case _:
            return {"text": said[:1_000]}


class Tree:
    """The files of all sessions, under one folder of projects."""

    def __init__(self, home: Path, seed: int) -> None:
        self._folder = home / ".claude" / "projects"
        self._draw = Draw(seed)
        self._texts = Texts(self._draw)
        self._projects = [f"/home/dev/projects/{self._draw.choice(WORDS)}-{number:02d}" for number in range(40)]
        self._weights = [self._draw.paretovariate(1.1) for _ in self._projects]
        self._before: Transcript | None = None
        self._before_cwd = ""
        self.truth = Truth()

    def add_session(self) -> None:
        """A session with its sub-agents; one in twenty goes on from the one before."""
        draw, truth = self._draw, self.truth
        day = FIRST_MOMENT + timedelta(days=draw.randrange(DAYS))
        start = day + timedelta(hours=min(23.9, max(0, draw.gauss(14, 4))), milliseconds=draw.randrange(60_000))
        fork = self._before if draw.random() < 0.05 else None
        cwd = self._before_cwd if fork else draw.choices(self._projects, self._weights)[0]
        model = draw.choices(MODELS, [model.weight for model in MODELS])[0]
        identifier = f"{draw.getrandbits(128):032x}"
        identifier = f"{identifier[:8]}-{identifier[8:12]}-4{identifier[13:16]}-b{identifier[17:20]}-{identifier[20:]}"
        session = Session(identifier, cwd, draw.choice(BRANCHES), draw.choice(VERSIONS), model)
        transcript = Transcript(draw, self._texts, truth, session, max(start, fork.now) if fork else start)
        if draw.random() < 0.3:
            summary = draw.choice(self._texts.sentences)[:60]
            transcript.plain({"type": "summary", "summary": summary, "leafUuid": identifier})
        if fork and fork.records:
            truth.forks += 1
            transcript.replay(fork.records[: draw.randint(20, 150)])
        transcript.work(transcript.size + min(8_000_000, int(SESSION_BYTES * draw.lognormvariate(-0.6, 1.1))))
        folder = self._folder / cwd.replace("/", "-")
        self._save(folder / f"{identifier}.jsonl", transcript)
        for run in transcript.runs:
            self._add_agent(folder, session, run)
        truth.sessions += 1
        self._before, self._before_cwd = transcript, cwd

    def _add_agent(self, folder: Path, session: Session, run: Run) -> None:
        agent = Session(session.id, session.cwd, session.branch, session.version, HAIKU, run.agent)
        transcript = Transcript(self._draw, self._texts, self.truth, agent, run.start)
        transcript.work(self._draw.randint(8_000, 90_000))
        if session.version.agents_in_session_folder:
            folder = folder / session.id / "subagents"
        self._save(folder / f"agent-{run.agent}.jsonl", transcript)

    def _save(self, path: Path, transcript: Transcript) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        written = ("\n".join(transcript.lines) + "\n").encode()
        path.write_bytes(written)
        os.utime(path, (transcript.now.timestamp(),) * 2)
        self.truth.files += 1
        self.truth.bytes += len(written)
        self.truth.lines += len(transcript.lines)


def write_tree(home: Path, megabytes: float, seed: int) -> Truth:
    """Writes sessions until they have so many megabytes, then HOME/truth.json, which is there only if all is."""
    tree = Tree(home, seed)
    while tree.truth.bytes < megabytes * 1e6:
        tree.add_session()
    (home / "truth.json").write_text(json.dumps(tree.truth.document(), indent=1, sort_keys=True), encoding="ascii")
    return tree.truth


def main() -> None:
    """Writes a tree where the command line says; one that is there already is left alone."""
    parser = argparse.ArgumentParser(description="Writes made-up Claude Code transcripts, and what is true of them.")
    parser.add_argument("home", metavar="HOME", type=Path, help="gets .claude/projects and truth.json")
    parser.add_argument("--mb", type=float, default=500, help="how large, in megabytes (default: 500)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same files (default: 1)")
    asked = parser.parse_args()
    if (asked.home / ".claude").exists():
        parser.error(f"{asked.home} has a .claude already: name a folder without one")
    truth = write_tree(asked.home, asked.mb, asked.seed)
    print(f"{truth.files} files, {truth.bytes / 1e6:.1f} MB, {truth.sessions} sessions", file=sys.stderr)


if __name__ == "__main__":
    main()
