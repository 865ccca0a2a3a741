"""Trees of made-up transcripts: made once and kept, lent out as homes, and a line that one of them gets."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

TRUTH: Final = "truth.json"
CLAUDE: Final = ".claude"
KINDS: Final = {
    "input": ("input",),
    "output": ("output",),
    "cache read": ("cache_read",),
    "cache write": ("cache_5m", "cache_1h"),
}
"""The kinds of tokens as they are compared, and what makes them up in truth.json."""
ADDED: Final = {"input": 3, "output": 1_000, "cache read": 20_000, "cache write": 500}
"""What the appended line tells of."""


class TreeError(Exception):
    """A tree can't be had, or isn't one."""


@dataclass(frozen=True)
class Answer:
    """What a tool tells, or what is true: tokens by kind, tokens by day where it has them, cost where it has one."""

    tokens: dict[str, int]
    days: dict[str, int] | None
    cost_usd: float | None


@dataclass(frozen=True)
class Tree:
    """A home with transcripts and what is true of them; nothing is ever written to it."""

    home: Path
    truth: Answer
    size_mb: float
    files: int
    growing: Path
    """The file that gets a line: the one that was written to last, as if its session went on."""

    @property
    def days(self) -> tuple[str, str]:
        """The first and the last day on which tokens were used."""
        days = sorted(self.truth.days or ())
        return days[0], days[-1]

    def lend(self, home: Path) -> Path:
        """Makes a home with the same files (links, but for the growing one, which is copied); returns that one.

        So whatever a program leaves in its home goes with it, and the tree stays as it was made.
        """
        shutil.copytree(self.home / CLAUDE, home / CLAUDE, copy_function=_link)
        own = home / self.growing.relative_to(self.home)
        own.unlink()
        shutil.copy2(self.growing, own)
        return own

    def read(self) -> None:
        """Reads every file once, so that the system has them in memory for whoever comes first."""
        for path in (self.home / CLAUDE).rglob("*.jsonl"):
            with path.open("rb") as file:
                while file.read(1 << 20):
                    pass


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def made(generator: Path, megabytes: int, seed: int, cache: Path) -> Path:
    """The home that a generator writes, from the cache if this one wrote it before; raises TreeError."""
    try:
        version = hashlib.sha256(generator.read_bytes()).hexdigest()[:12]
    except OSError as error:
        raise TreeError(f"the generator {generator} can't be read: {error.strerror}") from None
    home = cache / f"tree-{version}-{megabytes}-{seed}"
    if not home.exists():
        print(f"making {megabytes} MB of transcripts in {home}", file=sys.stderr)
        unfinished = home.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        command = [sys.executable, str(generator), str(unfinished), "--mb", str(megabytes), "--seed", str(seed)]
        if (ended := subprocess.run(command, check=False)).returncode:
            shutil.rmtree(unfinished)
            raise TreeError(f"the generator {generator} ended with {ended.returncode}")
        unfinished.rename(home)
    return home


def tree_of(home: Path) -> Tree:
    """A home as a tree; raises TreeError where it has no transcripts or no truth in a form that is known."""
    try:
        truth = json.loads((home / TRUTH).read_bytes())
        days = {
            day: sum(count for kind, count in of.items() if kind != "messages") for day, of in truth["days"].items()
        }
        tokens = {name: sum(truth["totals"][kind] for kind in kinds) for name, kinds in KINDS.items()}
    except OSError as error:
        raise TreeError(f"{home / TRUTH} can't be read: {error.strerror}") from None
    except (AttributeError, KeyError, TypeError, ValueError):
        words = "totals and days, each with input, output, cache_read, cache_5m and cache_1h"
        raise TreeError(f"{home / TRUTH} isn't as gen_claude.py writes it: it needs {words}") from None
    files = {path: path.stat() for path in (home / CLAUDE / "projects").rglob("*.jsonl")}
    sessions = [path for path in files if not path.name.startswith("agent-")]
    if not sessions:
        raise TreeError(f"{home} has no transcripts in {CLAUDE}/projects")
    size_mb = sum(file.st_size for file in files.values()) / 1e6
    growing = max(sessions, key=lambda path: (files[path].st_mtime, path))
    return Tree(home, Answer(tokens, days, truth.get("cost_usd")), size_mb, len(files), growing)


def append_line(file: Path) -> None:
    """Adds a reply to a transcript: like the last that it has, with an id of its own and ADDED as its usage."""
    lines = file.read_text(encoding="utf-8").splitlines()
    record = next(filter(_is_reply, map(json.loads, reversed(lines))), None)
    if record is None:
        raise TreeError(f"{file} has no reply to add another one to")
    record |= {"uuid": "00000000-0000-4000-8000-000000000001", "requestId": "req_added", "parentUuid": record["uuid"]}
    record["message"] |= {
        "id": "msg_added",
        "content": [{"type": "text", "text": "One more."}],
        "stop_reason": "end_turn",
        "usage": {
            "input_tokens": ADDED["input"],
            "output_tokens": ADDED["output"],
            "cache_read_input_tokens": ADDED["cache read"],
            "cache_creation_input_tokens": ADDED["cache write"],
            "cache_creation": {
                "ephemeral_5m_input_tokens": ADDED["cache write"],
                "ephemeral_1h_input_tokens": 0,
            },
        },
    }
    with file.open("a", encoding="utf-8") as appended:
        appended.write(json.dumps(record, separators=(",", ":")) + "\n")


def _is_reply(record: dict[str, object]) -> bool:
    return record.get("type") == "assistant" and not record.get("isApiErrorMessage")
