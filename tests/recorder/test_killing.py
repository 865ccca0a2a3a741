"""Writers that are killed at any moment: what they acknowledged is in the log and in the store, once, and no line is torn.

`TACHOGRAPH_KILL_ROUNDS` makes it as many rounds as one has time for.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from recorded import read as read_log
from tachograph.ingest.plan import Skipped, find_in_places, plan
from tachograph.ingest.reader import Summary, read
from tachograph.recorder.names import LOCK_NAME
from tachograph.sources import source
from tachograph.store.duckdb import Store

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = int(os.environ.get("TACHOGRAPH_KILL_ROUNDS", "8"))
ROUNDS_A_LOG = 20
WRITERS = ("flushed", "synced", "flushed", "buffered")
PATIENCE_SECONDS = 60
pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no such signal")


class Writer:
    """A process that records, and what it acknowledged."""

    def __init__(self, folder: Path, durability: str, rotate_bytes: int) -> None:
        command = [sys.executable, str(Path(__file__).with_name("killed_writer.py")), str(folder)]
        self.process = subprocess.Popen([*command, durability, str(rotate_bytes)], stdout=subprocess.PIPE)
        self.acknowledged: list[str] = []
        self.acknowledges = durability != "buffered"
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def kill(self) -> None:
        self.process.kill()
        self._thread.join()
        assert self.process.wait() == -signal.SIGKILL
        assert self.process.stdout
        self.process.stdout.close()

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            if line.endswith(b"\n"):
                self.acknowledged.append(line.decode().strip())


def ingest(store: Store, folder: Path) -> Summary:
    """Reads what is new as the commands do."""
    skipped: list[Skipped] = []
    there = find_in_places([(source("metrics-log"), folder)], skipped)
    return read(store, plan(there, store.files(), skipped))


def lines_of(folder: Path) -> Iterator[bytes]:
    """Every line of every file, by other means than the reader's; of two copies of a file the plain one."""
    for path in folder.iterdir():
        if path.name.startswith("."):
            continue
        if path.suffix == ".jsonl":
            content = path.read_bytes()
        elif path.with_suffix("").exists():
            continue
        else:
            content = (gzip if path.suffix == ".gz" else zstd).open(path).read()
        *whole, rest = content.split(b"\n")
        yield from whole
        active = (folder / LOCK_NAME).read_text()
        assert rest == b"" or path.name == active, "only the file that is appended to may end within a line"


def wait_until_busy(writers: list[Writer], records: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(len(writer.acknowledged) < records for writer in writers if writer.acknowledges):
        assert time.monotonic() < deadline, "the writers record nothing"
        assert all(writer.process.poll() is None for writer in writers)


def one_round(folder: Path, store: Store, chance: random.Random) -> set[str]:
    """Writers at work, all killed somewhere; returns what they acknowledged."""
    rotate_bytes = chance.choice((5_000, 40_000, 300_000))
    writers = [Writer(folder, durability, rotate_bytes) for durability in WRITERS]
    try:
        wait_until_busy(writers, chance.randrange(1, 250))
        if chance.random() < 0.5:
            summary = ingest(store, folder)
            assert (summary.skipped, summary.lines_rejected) == ([], 0)
        if chance.random() < 0.2:
            read_log(folder)
    finally:
        for writer in chance.sample(writers, len(writers)):
            writer.kill()
    return {id for writer in writers for id in writer.acknowledged}


def one_log(folder: Path, rounds: int) -> int:
    """Round after round on one log, which is compared after each; returns how many records were acknowledged."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    acknowledged: set[str] = set()
    with Store.in_memory() as store:
        for number in range(rounds):
            told = f"round {number} of seed {seed}"
            acknowledged |= one_round(folder, store, chance)
            summary = ingest(store, folder)
            assert (summary.skipped, summary.lines_rejected) == ([], 0), told
            ids = [json.loads(line)["id"] for line in lines_of(folder)]
            stored = [id for (id,) in store.connection.execute("SELECT id FROM metrics").fetchall()]
            # Numbers, because the difference of two large sets takes minutes to print.
            assert len(ids) - len(set(ids)) == 0, told
            assert len(acknowledged - set(ids)) == 0, told
            assert len(set(stored) ^ set(ids)) + len(stored) - len(ids) == 0, told
    return len(acknowledged)


def test_what_was_acknowledged_is_there_once_whoever_was_killed(tmp_path: Path) -> None:
    acknowledged = 0
    for begun in range(0, ROUNDS, ROUNDS_A_LOG):
        acknowledged += one_log(tmp_path / str(begun), min(ROUNDS_A_LOG, ROUNDS - begun))
    print(f"{ROUNDS} rounds, {acknowledged} acknowledged")  # noqa: T201 - for who runs many
