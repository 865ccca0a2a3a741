"""Writes the bundled demo history, `src/tachograph/demo/history.jsonl.gz`: six made-up weeks in spring 2026.

usage: uv run bench/make_demo.py [FILE]

The same seed gives the same lines everywhere, and the same bytes with the same zlib. The weeks contain
Europe's change to summer time (29 March), so that a day of 23 hours is in the demo too.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import sys
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from math import exp
from pathlib import Path
from zoneinfo import ZoneInfo

SEED = 20260316
FIRST_DAY = date(2026, 3, 16)  # a Monday
DAYS = 42
SATURDAY = 5
TARGET = Path(__file__).parent.parent / "src/tachograph/demo/history.jsonl.gz"

OPUS, SONNET, HAIKU = "claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5"
FULL_CONTEXT = 160_000  # tokens; then the conversation is compacted

Payload = dict[str, object]


@dataclass(frozen=True)
class Person:
    """Someone made up; `keenness` is the chance of a session on a weekday, a sixth of it on other days."""

    name: str
    zone: ZoneInfo
    keenness: float
    projects: dict[str, float]
    models: dict[str, float]


@dataclass(frozen=True)
class Tool:
    """How often a tool is called (a weight), its median time and spread, its success rate, how it fails."""

    weight: float
    median_ms: float
    spread: float
    success: float
    error_type: str


PEOPLE = (
    Person(
        "ana",
        ZoneInfo("Europe/Rome"),
        0.85,
        {"/home/ana/shop-api": 5, "/home/ana/shop-web": 3, "/srv/release-bot": 1},
        {OPUS: 7, SONNET: 3},
    ),
    Person(
        "ben",
        ZoneInfo("America/New_York"),
        0.6,
        {"/home/ben/ledger": 6, "/srv/release-bot": 2},
        {OPUS: 2, SONNET: 7, HAIKU: 1},
    ),
    Person(
        "chiyo",
        ZoneInfo("Asia/Tokyo"),
        0.5,
        {"/srv/release-bot": 3, "/home/ben/ledger": 1},
        {SONNET: 6, HAIKU: 3},
    ),
)

TOOLS = {
    "Bash": Tool(30, 900, 1.4, 0.90, "command_failed"),
    "Read": Tool(26, 25, 0.8, 0.985, "file_not_found"),
    "Edit": Tool(17, 60, 0.7, 0.95, "edit_conflict"),
    "Grep": Tool(11, 70, 0.9, 0.99, "invalid_pattern"),
    "Glob": Tool(5, 45, 0.8, 0.99, "invalid_pattern"),
    "Write": Tool(5, 50, 0.6, 0.97, "permission_denied"),
    "Task": Tool(2.5, 70_000, 0.7, 0.94, "agent_failed"),
    "WebFetch": Tool(1.5, 2_600, 0.7, 0.86, "timeout"),
    "mcp__tracker__search_tickets": Tool(2, 640, 0.6, 0.93, "timeout"),
}
SUB_AGENTS = {"Explore": 6.0, "general-purpose": 3.0, "Plan": 2.0}
SUB_AGENT_TOOLS = {name: TOOLS[name].weight for name in ("Read", "Grep", "Glob", "Bash")}
API_ERRORS = {"rate_limit": 4.0, "overloaded": 4.0, "timeout": 2.0, "connection_lost": 1.0}
COMMANDS = {"/commit": 5.0, "/review": 3.0, "/test": 3.0, "/clear": 2.0, "/cost": 1.0}
HOOKS = {"Bash": "PreToolUse:Bash", "Edit": "PostToolUse:Edit", "Write": "PostToolUse:Write"}
START_HOURS = (8, 9, 10, 11, 13, 14, 15, 16, 17, 20, 22)
START_WEIGHTS = (2, 8, 9, 7, 3, 8, 9, 7, 4, 1, 1.5)


@dataclass
class History:
    """The lines so far, and the one source of chance."""

    chance: random.Random
    lines: list[tuple[str, str]] = field(default_factory=list)

    def add(self, moment: datetime, kind: str, session: str, user: str | None, data: Payload) -> None:
        """Adds one metric."""
        timestamp = moment.isoformat(timespec="milliseconds")
        metric: Payload = {"id": self.new_id(), "timestamp": timestamp, "type": kind, "session_id": session}
        metric |= {"user_id": user, "data": data, "metadata": {}}
        self.lines.append((timestamp, json.dumps(metric, separators=(",", ":"))))

    def new_id(self) -> str:
        """64 seeded bits as hex: half a UUID, as ids are most of what can't be compressed."""
        return f"{self.chance.getrandbits(64):016x}"

    def pick(self, weights: dict[str, float]) -> str:
        """One of the names, by weight."""
        return self.chance.choices(list(weights), list(weights.values()))[0]

    def likely(self, probability: float) -> bool:
        """Whether something of this probability happens now."""
        return self.chance.random() < probability

    def around(self, median: float, spread: float) -> float:
        """A positive number with a long tail upwards."""
        return round(median * exp(self.chance.normalvariate(0, spread)), 1)


class Session:
    """One sitting of one person with the agent."""

    def __init__(self, history: History, person: Person, start: datetime) -> None:
        self.history = history
        self.chance = history.chance
        self.person = person
        self.now = start
        self.id = history.new_id()
        self.model = history.pick(person.models)
        self.context = self.chance.randint(14_000, 22_000)

    def add(self, kind: str, data: Payload) -> None:
        """Adds a metric of this session, now."""
        self.history.add(self.now, kind, self.id, self.person.name, data)

    def wait(self, milliseconds: float) -> None:
        """Lets time pass."""
        self.now += timedelta(milliseconds=milliseconds)

    def play(self) -> None:
        """The session from its start to its end, which one in twelve never reports."""
        project = self.history.pick(self.person.projects)
        self.add("session_start", {"project_path": project, "model": self.model})
        for _ in range(max(2, round(self.history.around(6, 0.6)))):
            self.wait(self.history.around(70_000, 0.9))
            self.turn()
        if not self.history.likely(1 / 12):
            self.wait(self.history.around(40_000, 0.8))
            self.add("session_end", {})

    def turn(self) -> None:
        """What the agent does between two messages of its person."""
        if self.history.likely(0.12):
            self.slash_command()
        for _ in range(max(1, round(self.history.around(3, 0.7)))):
            self.model_call(self.model, {})
            for _ in range(self.chance.choice((1, 1, 1, 2, 3))):
                self.tool_call()
        self.model_call(self.model, {})
        if self.history.likely(0.5):
            self.hook("Stop")
        if self.context > FULL_CONTEXT:
            self.compact()

    def model_call(self, model: str, run: Payload) -> None:
        """One request to the model, now and then after an error."""
        if self.history.likely(0.012):
            self.add("error_occurred", {"error_type": self.history.pick(API_ERRORS), "model": model, **run})
            self.wait(self.history.around(4_000, 0.6))
        self.wait(self.history.around(6_000, 0.6))
        written = self.chance.randint(300, 6_000)
        output = round(self.history.around(380, 0.9))
        usage: Payload = {
            "model": model,
            "input_tokens": self.chance.randint(3, 40),
            "output_tokens": output,
            "cache_read_tokens": self.context if not run else self.chance.randint(9_000, 40_000),
            "cache_write_tokens": written,
        }
        if self.history.likely(0.6):
            usage["cache_write_1h_tokens"] = written
        if model == OPUS:
            usage["reasoning_tokens"] = output * self.chance.randint(10, 50) // 100
        self.context += written if not run else 0
        self.add("token_usage", usage | run)

    def tool_call(self) -> None:
        """One call of a tool, a sub-agent among them."""
        name = self.history.pick({name: tool.weight for name, tool in TOOLS.items()})
        if name in HOOKS and self.history.likely(0.15):
            self.hook(HOOKS[name])
        duration_ms = self.sub_agent() if name == "Task" else None
        self.use(name, duration_ms, {})
        if name in {"Edit", "Write"} and self.history.likely(0.3):
            self.add("checkpoint_created", {"file_count": self.chance.randint(1, 5)})

    def use(self, name: str, duration_ms: float | None, run: Payload) -> None:
        """The metric of one call: one in sixty is cut off, so that its outcome stays unknown."""
        tool = TOOLS[name]
        if self.history.likely(1 / 60):
            self.add("tool_use", {"tool_name": name, **run})
            return
        taken_ms = self.history.around(tool.median_ms, tool.spread) if duration_ms is None else duration_ms
        success = self.history.likely(tool.success)
        self.add("tool_use", {"tool_name": name, "duration_ms": taken_ms, "success": success, **run})
        if duration_ms is None:
            self.wait(taken_ms)
        if not success and self.history.likely(0.35):
            self.add("error_occurred", {"error_type": tool.error_type, "tool_name": name, **run})

    def sub_agent(self) -> float:
        """One run of a sub-agent; returns its milliseconds."""
        start = self.now
        agent, run = self.history.pick(SUB_AGENTS), {"agent_run_id": f"run-{self.chance.getrandbits(32):08x}"}
        model = HAIKU if agent == "Explore" else SONNET
        for _ in range(self.chance.randint(3, 12)):
            self.model_call(model, dict(run))
            self.use(self.history.pick(SUB_AGENT_TOOLS), None, dict(run))
        taken_ms = (self.now - start) / timedelta(milliseconds=1)
        data: Payload = {"agent_id": agent, **run, "model": model, "duration_ms": round(taken_ms, 1)}
        if not self.history.likely(0.04):
            data["success"] = self.history.likely(0.93)
        self.add("agent_execution", data)
        return round(taken_ms, 1)

    def hook(self, name: str) -> None:
        """One run of a hook."""
        duration_ms = self.history.around(180, 0.7)
        self.add(
            "hook_triggered",
            {"hook_name": name, "duration_ms": duration_ms, "success": self.history.likely(0.97)},
        )
        self.wait(duration_ms)

    def slash_command(self) -> None:
        """A command that the person typed."""
        command = self.history.pick(COMMANDS)
        success = self.history.likely(0.98)
        duration_ms = self.history.around(35, 0.8)
        self.add("command_executed", {"command_name": command, "duration_ms": duration_ms, "success": success})

    def compact(self) -> None:
        """The conversation is summarised, because the model's context is nearly full."""
        duration_ms = self.history.around(45_000, 0.3)
        self.wait(duration_ms)
        self.add("performance", {"operation": "compaction", "duration_ms": duration_ms, "success": True})
        self.context = self.chance.randint(20_000, 30_000)


def history_lines() -> list[str]:
    """The whole history as JSON lines, in order of time."""
    history = History(random.Random(SEED))
    for day in (FIRST_DAY + timedelta(days=n) for n in range(DAYS)):
        for person in PEOPLE:
            keenness = person.keenness if day.weekday() < SATURDAY else person.keenness / 6
            if history.likely(keenness):
                Session(history, person, start_of_work(history, day, person.zone)).play()
    return [line for _, line in sorted(history.lines)]


def start_of_work(history: History, day: date, zone: ZoneInfo) -> datetime:
    """A moment in the person's working hours, in UTC."""
    hour = history.chance.choices(START_HOURS, START_WEIGHTS)[0]
    local = datetime(day.year, day.month, day.day, hour, tzinfo=zone)
    return local.astimezone(UTC) + timedelta(milliseconds=history.chance.randrange(3_600_000))


def main() -> None:
    """Writes the file and says how large it is."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    lines = history_lines()
    text = "".join(f"{line}\n" for line in lines)
    packed = io.BytesIO()
    # Not gzip.compress: its header names the operating system, before Python 3.13 only.
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=packed, mtime=0) as file:
        file.write(text.encode())
    target.write_bytes(packed.getvalue())
    print(f"{target}: {len(lines)} metrics, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
