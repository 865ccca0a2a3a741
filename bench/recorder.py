"""Times recording: each call by itself, and records a second from the first call to the last line in the file.

usage: uv run bench/recorder.py [--records N] [--runs N] [--folder FOLDER]

Of one process and of four that record into the same folder, for each durability. A call is timed with two looks at
the clock, whose own time is in the figures; records a second are measured without them, closing included. The log lies
in FOLDER (bench/.cache unless named), whose disk the figures of `synced` are about.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from tachograph import Recorder
from tachograph.ingest.reading import open_plain_or_compressed

CACHE = Path(__file__).parent / ".cache"
RECORDS = {"buffered": 1, "flushed": 10, "synced": 200}
"""By durability, by what the number of records is divided."""


def calls_ns(recorder: Recorder, records: int) -> list[int]:
    """How long each call took, in nanoseconds, the shortest first."""
    clock, times = time.perf_counter_ns, []
    for _ in range(records):
        start = clock()
        recorder.tool_use("Bash", duration_ms=412.5, success=True, session_id="s1")
        times.append(clock() - start)
    return sorted(times)


def one_writer(folder: str, durability: str, records: int) -> dict[str, float]:
    """Records twice as many: once with a look at each call, once with one look at all."""
    with Recorder(folder, durability=durability) as recorder:  # type: ignore[arg-type]
        times = calls_ns(recorder, records)
    began = time.monotonic()
    with Recorder(folder, durability=durability) as recorder:  # type: ignore[arg-type]
        for _ in range(records):
            recorder.tool_use("Bash", duration_ms=412.5, success=True, session_id="s1")
    return {
        "median_us": times[len(times) // 2] / 1000,
        "p99_us": times[len(times) * 99 // 100] / 1000,
        "began": began,
        "ended": time.monotonic(),
        "dropped": recorder.status().dropped,
    }


def writers(folder: str, durability: str, records: int, count: int) -> dict[str, float]:
    """Several at once, each a process: the middle of their calls' figures, and how many records a second they made."""
    command = [sys.executable, __file__, "--writer", folder, durability, str(records)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    told = [json.loads(process.communicate()[0]) for process in running]
    if any(each["dropped"] for each in told):
        sys.exit("records were dropped: these timings mean nothing")
    middle = {name: median(each[name] for each in told) for name in ("median_us", "p99_us")}
    seconds = max(each["ended"] for each in told) - min(each["began"] for each in told)
    return {**middle, "per_second": count * records / seconds}


def lines_in(folder: str) -> int:
    """How many lines the log has."""
    files = [open_plain_or_compressed(str(path)) for path in Path(folder).glob("metrics_*")]
    return sum(sum(1 for _ in file) for file in files)


def main() -> None:
    """Takes the runs, checks that every line arrived, and prints the table."""
    parser = argparse.ArgumentParser(description="Times the recorder.")
    parser.add_argument("--records", type=int, default=400_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=CACHE)
    parser.add_argument("--writer", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.writer:
        folder, durability, records = asked.writer
        print(json.dumps(one_writer(folder, durability, int(records))))
        return
    asked.folder.mkdir(exist_ok=True)
    print(f"{'':<22}{'median us':>10}{'p99 us':>10}{'records/s':>12}")
    for durability, part in RECORDS.items():
        for count in (1, 4):
            records = max(1, asked.records // part // count)
            runs = []
            for _ in range(asked.runs):
                with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
                    runs.append(writers(folder, durability, records, count))
                    if lines_in(folder) != 2 * records * count:
                        sys.exit("lines are missing: these timings mean nothing")
            middle = {name: median(run[name] for run in runs) for name in runs[0]}
            words = f"{durability}, {count} writer{'s' if count > 1 else ''}"
            print(f"{words:<22}{middle['median_us']:>10.1f}{middle['p99_us']:>10.1f}{middle['per_second']:>12.0f}")


if __name__ == "__main__":
    main()
