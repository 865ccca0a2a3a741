"""Asks stores of made-up metrics all questions, each in a process of its own, and compares the answers."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

import scale_store
from scale_questions import DAILY, QUESTIONS, difference
from tachograph.store import memory
from timing import Timing, timed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scale_questions import Question, Row

BENCH: Final = Path(__file__).parent
CACHE: Final = BENCH / ".cache"
TACHOGRAPH: Final = str(Path(sys.executable).with_name("tachograph"))
PYTHON_MOST: Final = 1_000_000
"""Plain Python keeps all metrics in lists, and gets no more of them."""
OURS, SQL, PYTHON = "tachograph", "plain SQL", "plain Python"
DASHBOARD: Final = "the eight of a dashboard"


class WrongError(Exception):
    """Two answers to one question differ, so that timings mean nothing; or something that is needed isn't there."""


@dataclass
class Measured:
    """What was seen of one store."""

    metrics: int
    store_mb: float
    timings: defaultdict[tuple[str, str], list[Timing]] = field(default_factory=lambda: defaultdict(list))
    """By who was asked, and what."""
    too_little: set[str] = field(default_factory=set)
    """Questions for which the plain SQL had too little memory."""

    def seconds(self, who: str, *questions: str) -> float | None:
        """The medians of these questions, added up; None where one wasn't answered."""
        found = [self.timings.get((who, question)) for question in questions]
        times = [median(timing.seconds for timing in timings) for timings in found if timings]
        return sum(times) if len(times) == len(found) else None

    def peak_mb(self, who: str, *questions: str) -> float | None:
        """The most that any process of these questions had; None where none answered."""
        found = [timing.peak_mb for question in questions for timing in self.timings.get((who, question), ())]
        return max(found, default=None)


def measure(metrics: int, runs: int) -> Measured:
    """All rounds on one store, which is in memory before the first, as far as there is any.

    Raises `WrongError` where answers differ or there is no room for the store, `CommandError` where a process fails.
    """
    store = store_of(metrics)
    file = store / scale_store.STORE
    measured = Measured(metrics, file.stat().st_size / 1e6)
    with file.open("rb") as content:
        while content.read(1 << 24):
            pass
    with tempfile.TemporaryDirectory(dir=CACHE) as home:
        for number in range(runs):
            print(f"{metrics:,} metrics, round {number + 1} of {runs}", file=sys.stderr)
            _Round(measured, store, Path(home)).take()
    return measured


def store_of(metrics: int) -> Path:
    """The folder of a store of so many metrics, made if there is none yet by this version of its generator.

    Those of as many metrics by other versions are deleted.
    """
    folder = CACHE / f"scale-{scale_store.version()}-{metrics}"
    if folder.exists():
        return folder
    for outdated in CACHE.glob(f"scale-*-{metrics}"):
        shutil.rmtree(outdated)
    need_room(metrics * scale_store.BYTES_PER_METRIC, f"a store of {metrics:,} metrics")
    print(f"writing {metrics:,} metrics to {folder}", file=sys.stderr)
    with tempfile.TemporaryDirectory(dir=CACHE) as unfinished:
        new = Path(unfinished, "store")
        command = [sys.executable, str(BENCH / "scale_store.py"), str(metrics), str(new)]
        timed(command, Path(unfinished), allowed())
        new.rename(folder)
    return folder


def need_room(size: int, what: str) -> None:
    """Raises `WrongError` where the cache's disk has no room for so many bytes."""
    free = shutil.disk_usage(CACHE).free
    if free < size:
        raise WrongError(
            f"{what} may take {size / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free for {CACHE}: "
            "free some, or name smaller ones"
        )


def allowed() -> dict[str, str]:
    """How much memory ours may take, where somebody says so."""
    return {name: value for name, value in os.environ.items() if name == memory.VARIABLE}


class _Round:
    """All questions to one store, once; ours and the plain SQL take turns."""

    def __init__(self, measured: Measured, store: Path, home: Path) -> None:
        self._measured, self._store, self._home = measured, store, home
        self._file = str(store / scale_store.STORE)

    def take(self) -> None:
        for question in QUESTIONS:
            ours = self._ask_us(question)
            self._ask_sql(question, ours["rows"])
            if question is DAILY and self._measured.metrics <= PYTHON_MOST:
                self._ask_python(ours)
        self._keep(OURS, DASHBOARD, *self._run(sys.executable, str(BENCH / "scale_dashboard.py"), self._file))

    def _ask_us(self, question: Question) -> dict[str, list[Row]]:
        options = ("--json", "--no-ingest", "--timezone", "UTC", "--home", str(self._store))
        answer = json.loads(self._keep(OURS, question.name, *self._run(TACHOGRAPH, *question.asked, *options)))
        stats = answer.get("duration_stats", {})
        percentiles = tuple(stats.get(name) for name in ("p50_ms", "p95_ms", "p99_ms"))
        return {"rows": question.rows(answer), "percentiles": [percentiles]}

    def _ask_sql(self, question: Question, ours: Sequence[Row]) -> None:
        if question.name in self._measured.too_little:
            return
        timing, output = self._plain("sql", question.name)
        rows = json.loads(output)
        if rows is None:
            self._measured.too_little.add(question.name)
            return
        self._keep(SQL, question.name, timing, output)
        _compare(question, ours, rows)

    def _ask_python(self, ours: Mapping[str, list[Row]]) -> None:
        """What is timed is counting alone, not fetching the rows."""
        timing, output = self._plain("python")
        answer = json.loads(output)
        self._keep(PYTHON, DAILY.name, Timing(answer["seconds"], timing.peak_mb), output)
        _compare(DAILY, ours["rows"], answer["rows"])
        _compare(DAILY, ours["percentiles"], [answer["percentiles"]])

    def _plain(self, way: str, *question: str) -> tuple[Timing, str]:
        program = str(BENCH / "scale_plain.py")
        return self._run(sys.executable, program, way, self._file, memory.for_questions(), *question)

    def _run(self, *command: str) -> tuple[Timing, str]:
        return timed(list(command), self._home, allowed())

    def _keep(self, who: str, question: str, timing: Timing, output: str) -> str:
        self._measured.timings[who, question].append(timing)
        return output


def _compare(question: Question, ours: Sequence[Row], others: Sequence[Row]) -> None:
    differs = difference(ours, others)
    if differs:
        raise WrongError(f"two answers to {question.name!r} differ, so no timing means anything: {differs}")
