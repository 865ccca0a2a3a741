"""Transcripts come to the same store whichever file is read first, in however many portions."""

from __future__ import annotations

import random
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from claude_lines import Line, call, contents, ingest, microseconds, prompt, reply, result, rows, transcript, usage
from tachograph.store.duckdb import Store


def session_id(number: int) -> str:
    return f"{number:08d}-0000-4000-8000-000000000000"


class Tree(NamedTuple):
    """Some files by name, and whose each metric is, and when each session did its first own thing."""

    files: dict[str, bytes]
    owners: dict[str, str]
    starts: dict[str, float]


class _Writer:
    """Writes sessions down line by line, at one clock, so that a fork is always later than what it copies."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.clock = 0.0
        self.count = 0
        self.lines: dict[str, list[Line]] = defaultdict(list)
        self.agents: dict[str, list[Line]] = {}
        self.owners: dict[str, str] = {}
        self.own: dict[str, list[float]] = defaultdict(list)
        self.begun: dict[str, float] = {}
        self.forks: set[str] = set()

    def at(self) -> float:
        self.clock += self.dice.choice([0.5, 1, 1, 30])
        return self.clock

    def write(self, session: str, line: Line, metric: str | None = None) -> None:
        line |= {"sessionId": session, "uuid": f"u{self.count}", "cwd": f"/home/{session[:8]}"}
        self.lines[session].append(line)
        self.begun.setdefault(session, self.clock)
        self.count += 1
        if metric:
            self.owners[f"claude-code:{metric}"] = session
            self.own[session].append(self.clock)

    def turn(self, session: str) -> None:
        """A prompt, a reply in several lines with growing counters, and calls whose results come later or never."""
        if self.dice.random() < 0.5:
            self.write(session, prompt(self.at()))
        message, output = f"m{self.count}", 0
        for _ in range(self.dice.randint(1, 3)):
            output += self.dice.randint(0, 9)
            self.write(session, reply(message, self.at(), used=usage(output=output)), message)
        calls = [f"t{self.count}-{n}" for n in range(self.dice.choice([0, 0, 1, 2]))]
        for each in calls:
            name = self.dice.choice(["Bash", "Read", "Task"])
            self.write(session, call(each, self.at(), name), each)
            if name == "Task":
                self.owners[f"claude-code:{each}:agent"] = session
        self.dice.shuffle(calls)
        for each in calls:
            if self.dice.random() < 0.8:
                took = {"durationMs": 7, "agentId": f"a{each}"} if self.dice.random() < 0.3 else None
                error = self.dice.random() < 0.3
                self.write(session, result(each, self.at(), "Exit code 1" if error else "", error=error, details=took))

    def sub_agent(self, session: str) -> None:
        """A file of its own, whose lines belong to the session."""
        run = f"a{self.count}"
        kept = self.lines[session]
        self.lines[session] = []
        self.turn(session)
        self.agents[f"{session}/subagents/agent-{run}.jsonl"] = [
            {**each, "agentId": run} for each in self.lines[session]
        ]
        self.lines[session] = kept

    def fork(self, session: str, fork: str, copied: int) -> None:
        """A session that begins with a copy of so many lines of another, a metric among them."""
        told = [index for index, each in enumerate(self.lines[session]) if each["type"] == "assistant"]
        copies = self.lines[session][: max(copied, told[0] + 1)]
        copies = [{**each, "sessionId": fork, "cwd": f"/home/{fork[:8]}"} for each in copies]
        self.lines[fork] += copies
        self.forks.add(fork)
        self.clock += 3600

    def tree(self) -> Tree:
        files = {f"{session}.jsonl": transcript(*lines) for session, lines in self.lines.items() if lines}
        files |= {name: transcript(*lines) for name, lines in self.agents.items() if lines}
        starts = {
            session: min(self.own[session]) if session in self.forks else self.begun[session]
            for session in self.lines
            if self.own[session]
        }
        return Tree(files, self.owners, starts)


def grow(seed: int) -> Tree:
    """Sessions that go on by turns, and forks of them, of which some copy all and some only a beginning.

    Who went on after a fork can only be told by when: so an original goes on at once, before its copies, or not at all.
    A copy that does nothing itself is one of all, as there is nothing to tell which of the two went on otherwise.
    """
    dice = random.Random(seed)
    writer = _Writer(dice)
    sessions = [session_id(n) for n in range(dice.randint(1, 2))]
    for session in sessions:
        for _ in range(dice.randint(1, 3)):
            writer.turn(session)
        if dice.random() < 0.3:
            writer.sub_agent(session)
            writer.turn(session)
    open_ones = list(sessions)
    for number in range(10, 10 + dice.randint(0, 3)):
        original, fork = dice.choice(open_ones), session_id(number)
        whole = len(writer.lines[original])
        first_reply = 1 + next(n for n, line in enumerate(writer.lines[original]) if line["type"] == "assistant")
        copied = dice.choice([whole, dice.randint(max(first_reply, whole // 2), whole)])
        writer.fork(original, fork, copied)
        for _ in range(dice.randint(1, 2)):
            writer.turn(fork)
        open_ones.append(fork)
    return writer.tree()


def read_in_portions(tree: Tree, dice: random.Random, store: Store, folder: Path) -> None:
    """Reads the files in a random order, a portion of one or several at a time, to any byte."""
    written = dict.fromkeys(tree.files, 0)
    while left := [name for name in tree.files if written[name] < len(tree.files[name])]:
        for name in dice.sample(left, dice.randint(1, len(left))):
            text = tree.files[name]
            end = len(text) if dice.random() < 0.4 else dice.randint(written[name] + 1, len(text))
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as handle:
                handle.write(text[written[name] : end])
            written[name] = end
        ingest(store, folder)


def read_whole(tree: Tree, store: Store, folder: Path) -> None:
    for name, text in tree.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    ingest(store, folder)


def as_rows(tree: Tree) -> tuple[dict[str, str], dict[str, int]]:
    """Whose each metric is, and when each session starts, as it should be."""
    return tree.owners, {session: microseconds(at) for session, at in tree.starts.items()}


def found_in(store: Store) -> tuple[dict[str, Any], dict[str, Any]]:
    owned = {each["id"]: each["session_id"] for each in rows(store, "type <> 'session_start'")}
    starts = {each["session_id"]: each["ts"] for each in rows(store, "type = 'session_start'")}
    return owned, starts


SEEDS = st.integers(0, 2**32)


@settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(seed=SEEDS, order=SEEDS)
def test_any_order_and_any_portions_come_to_the_same(seed: int, order: int) -> None:
    tree = grow(seed)
    with tempfile.TemporaryDirectory() as whole, tempfile.TemporaryDirectory() as parts:
        with Store.in_memory() as store:
            read_whole(tree, store, Path(whole))
            expected = contents(store)
        with Store.in_memory() as store:
            read_in_portions(tree, random.Random(order), store, Path(parts))
            assert contents(store) == expected


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(seed=SEEDS)
def test_what_was_copied_is_the_originals_and_a_copy_begins_with_its_own(seed: int) -> None:
    tree = grow(seed)
    with tempfile.TemporaryDirectory() as folder, Store.in_memory() as store:
        read_whole(tree, store, Path(folder))
        assert found_in(store) == as_rows(tree)
        assert [session for session, *_ in contents(store)[1]] == sorted(tree.starts)


@settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(seed=SEEDS, order=SEEDS, copies=st.integers(1, 2))
@example(seed=0, order=0, copies=2)
def test_a_copy_that_did_nothing_itself_is_no_session(seed: int, order: int, copies: int) -> None:
    """It copies all of a session that had ended, or of one that has another fork."""
    tree = grow(seed)
    original = max((name for name in tree.files if "/" not in name), key=lambda name: len(tree.files[name]))
    files = dict(tree.files)
    for number in range(copies):
        copy = session_id(90 + number)
        text = tree.files[original].replace(original.removesuffix(".jsonl").encode(), copy.encode())
        files[f"{copy}.jsonl"] = text
    with tempfile.TemporaryDirectory() as folder, Store.in_memory() as store:
        read_in_portions(tree._replace(files=files), random.Random(order), store, Path(folder))
        assert found_in(store) == as_rows(tree)
        assert [session for session, *_ in contents(store)[1]] == sorted(tree.starts)
