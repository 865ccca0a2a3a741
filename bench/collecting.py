"""Times collecting: log records a second that are acknowledged durably, how long a batch waits, what memory it takes.

usage: uv run --extra dev bench/collecting.py [--seconds N] [--rate N] [--senders N] [--phoenix]

A server of ours (`tachograph serve`) gets batches of 512 OTLP log records (`claude_code.api_request` and
`claude_code.tool_result`, half of each) over HTTP, as protobuf, from so many senders that share `--rate` records a
second evenly, or send as fast as they can (`--rate 0`). No two records are the same: in a batch that was made once,
numbers are put in place. A batch waits from the moment when it was due, so that a server which falls behind shows. At
the end the server is killed (kill -9), and its store is counted by the next one: all that was acknowledged has to be
there, once.

`--phoenix` sends spans of agents (`chat`, `execute_tool`) to ours and to Arize Phoenix, which it installs in
bench/.cache, one after the other, as fast as they take them, and counts in both what is left of what they acknowledged
after kill -9.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

from collecting_batches import RECORDS, log_batch, numbered, span_batch
from collecting_phoenix import Phoenix
from tachograph.store.duckdb import Store
from timing import PAGE_MB, PASSED_ON, PROC

if TYPE_CHECKING:
    from collections.abc import Callable

CACHE: Final = Path(__file__).parent / ".cache"
PROTOBUF: Final = "application/x-protobuf"
OK: Final = 200
_GRACE_SECONDS: Final = 10


@dataclass
class Sent:
    """What was acknowledged: when each batch was due and when it was acknowledged, in seconds; and what was refused."""

    waits: list[float] = field(default_factory=list)
    refused: int = 0
    began: float = 0
    ended: float = 0

    def percentile_ms(self, part: float) -> float:
        """The wait that so many of the batches were below, in milliseconds."""
        return sorted(self.waits)[min(int(len(self.waits) * part), len(self.waits) - 1)] * 1000


class Ours:
    """`tachograph serve`, in a home of its own."""

    name = "tachograph"

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ} | {"HOME": str(home)}

    def start(self) -> int:
        """Its port, once it listens."""
        command = [sys.executable, "-m", "tachograph", "serve", "--port", "0", "--grpc-port", "none"]
        command += ["--home", str(self.home)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=self.environment)
        assert self.process.stderr
        for line in self.process.stderr:
            if found := re.search(r"listening on http://[^:]+:(\d+)", line):
                self.port = int(found[1])
                return self.port
        raise SystemExit("tachograph serve didn't start")

    def kill(self) -> None:
        """Kill -9."""
        self.process.kill()
        self.process.wait()

    def counted(self) -> tuple[int, int]:
        """How many rows there are, and how many different ids, after what was acknowledged was taken into the store."""
        self.start()
        deadline = time.monotonic() + 300
        while self._unread() and time.monotonic() < deadline:
            time.sleep(0.2)
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        with Store.open(self.home / "tachograph.duckdb", read_only=True) as store:
            row = store.connection.execute("SELECT count(*), count(DISTINCT id) FROM metrics").fetchone()
        return row or (0, 0)

    def _unread(self) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", "/api/v1/collector")
        return int(json.loads(connection.getresponse().read())["unread_bytes"])


def _acknowledged(connection: http.client.HTTPConnection, path: str, body: bytes, until: float) -> tuple[bool, int]:
    """Sends it until it is, or that moment has come; and how often it was refused."""
    refused = 0
    while time.perf_counter() < until:
        connection.request("POST", path, body, {"Content-Type": PROTOBUF})
        answer = connection.getresponse()
        answer.read()
        if answer.status == OK:
            return True, refused
        refused += 1
        time.sleep(0.05)
    return False, refused


def send(port: int, path: str, batch: bytes, seconds: float, rate: float, senders: int) -> Sent:
    """Sends for so long, and tells what came of it. A batch that is refused for long after that is given up."""
    sent, guard, numbers = Sent(), threading.Lock(), iter(range(10**9))
    pause = RECORDS * senders / rate if rate else 0
    start = time.perf_counter()
    until = start + seconds + _GRACE_SECONDS

    def sender(place: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        due = start + pause * place / senders
        while due < start + seconds:
            if (early := due - time.perf_counter()) > 0:
                time.sleep(early)
            elif not rate:
                due = time.perf_counter()
                if due >= start + seconds:
                    break
            with guard:
                number = next(numbers)
            done, refused = _acknowledged(connection, path, numbered(batch, number), until)
            with guard:
                sent.refused += refused
            if not done:
                return
            with guard:
                sent.waits.append(time.perf_counter() - due)
            due += pause

    threads = [threading.Thread(target=sender, args=(place,)) for place in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent.began, sent.ended = start, time.perf_counter()
    return sent


class Watching(threading.Thread):
    """Looks at the memory of a process each second."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self.process = process
        self.seen_mb: list[float] = []
        self.ends = threading.Event()

    def run(self) -> None:
        """Until it is ended, or the process has."""
        while not self.ends.wait(1):
            try:
                pages = int((PROC / str(self.process) / "statm").read_text().split()[1])
            except OSError:
                return
            self.seen_mb.append(pages * PAGE_MB)


def measure(server: Ours | Phoenix, path: str, batch: bytes, options: argparse.Namespace) -> list[str]:
    """Sends to one server, kills it, and gives its line of the table."""
    port = server.start()
    first = send(port, path, numbered(batch, 10**9 - 1), 0.1, 0, 1)  # so that what is imported late is there
    watching = Watching(server.process.pid)
    watching.start()
    sent = send(port, path, batch, options.seconds, options.rate, options.senders)
    server.kill()
    watching.ends.set()
    rows, ids = server.counted()
    records = (len(sent.waits) + bool(first.waits)) * RECORDS
    minute = max(len(watching.seen_mb) // 5, 1)
    early, late = median(watching.seen_mb[minute : 2 * minute] or [0]), median(watching.seen_mb[-minute:] or [0])
    rate = len(sent.waits) * RECORDS / (sent.ended - sent.began)
    kept = f"{ids:,} of {records:,}" + ("" if rows == ids else f", in {rows:,} rows")
    return [
        server.name, f"{rate:,.0f}", f"{median(sent.waits) * 1000:.0f}", f"{sent.percentile_ms(0.99):.0f}",
        f"{max(sent.waits) * 1000:.0f}", f"{sent.refused:,}", f"{early:.0f}", f"{late:.0f}",
        f"{max(watching.seen_mb or [0]):.0f}", kept,
    ]  # fmt: skip


def main() -> None:
    """Measures, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=20_000, help="records a second in all; 0: as fast as they go")
    parser.add_argument("--senders", type=int, default=4)
    parser.add_argument("--phoenix", action="store_true")
    options = parser.parse_args()
    head = [
        "server",
        "records/s",
        "median ms",
        "p99 ms",
        "longest ms",
        "refused",
        "MB early",
        "MB late",
        "MB peak",
        "kept",
    ]
    lines = [head, ["---"] * len(head)]

    def fresh(make: Callable[[Path], Ours | Phoenix]) -> Ours | Phoenix:
        home = CACHE / "collecting"
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        return make(home)

    if options.phoenix:
        options.rate = 0
        lines += [measure(fresh(make), "/v1/traces", span_batch(), options) for make in (Ours, Phoenix)]
    else:
        lines.append(measure(fresh(Ours), "/v1/logs", log_batch(), options))
    print("\n".join("| " + " | ".join(line) + " |" for line in lines))


if __name__ == "__main__":
    main()
