"""Times the commands as whole processes on a log of a million metrics, beside a plain Python pass over it.

usage: uv run bench/core.py [--lines N] [--runs N]

The log is made once and kept in bench/.cache. Every run has an empty HOME and a store of its own; runs of
the different commands take turns, so that a busy moment of the machine hits all of them. "peak" is the
resident memory of the largest process of a command, as the kernel counted it; it can't show less than this
program's own (about 24 MB), from which the command was started.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from pathlib import Path
from statistics import median

import gen_metrics
from timing import Timing, timed

CACHE = Path(__file__).parent / ".cache"
PLAIN_COUNT = """
import collections, json, sys
days = collections.Counter()
with open(sys.argv[1], "rb") as file:
    for line in file:
        days[json.loads(line)["timestamp"][:10]] += 1
print(json.dumps(days))
"""
RANGE = ("--since", "2026-01-01", "--until", "2026-08-01", "--timezone", "UTC")
STEPS = {
    "plain": "plain Python: json.loads, count per day",
    "version": "tachograph --version",
    "ingest": "tachograph ingest, into an empty store",
    "daily": "tachograph daily --json, the first",
    "cold": "the two together: from a log to an answer",
    "again": "tachograph daily --json, the second",
}


def one_round(log: Path, lines: int) -> dict[str, Timing]:
    """Every step once, with a new store; checks that no metric got lost on the way."""
    command = str(Path(sys.executable).with_name("tachograph"))
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        store, empty_home = Path(folder, "store"), Path(folder, "home")
        empty_home.mkdir()
        daily = [command, "daily", "--json", *RANGE, "--home", str(store)]
        plain, counts = timed([sys.executable, "-c", PLAIN_COUNT, str(log)], empty_home)
        version, _ = timed([command, "--version"], empty_home)
        ingest, _ = timed([command, "ingest", str(log), "--home", str(store)], empty_home)
        first, answer = timed(daily, empty_home)
        again, second_answer = timed(daily, empty_home)
    rows = {row["timestamp"][:10]: row["metrics_count"] for row in json.loads(answer)["time_series"]}
    if rows != json.loads(counts) or json.loads(answer)["total_metrics"] != lines or answer != second_answer:
        sys.exit("the answers differ from the plain count: these timings mean nothing")
    return {
        "plain": plain,
        "version": version,
        "ingest": ingest,
        "daily": first,
        "cold": ingest + first,
        "again": again,
    }


def print_table(rounds: list[dict[str, Timing]]) -> None:
    """Medians, the fastest and slowest run, the largest peak, and the ratio to the plain pass."""
    base = median(timings["plain"].seconds for timings in rounds)
    print(f"{'':<44}{'median s':>9}{'min':>8}{'max':>8}{'peak MB':>9}{'x plain':>9}")
    for step, words in STEPS.items():
        seconds = [timings[step].seconds for timings in rounds]
        peak_mb = max(timings[step].peak_mb for timings in rounds)
        middle = median(seconds)
        spread = f"{min(seconds):>8.3f}{max(seconds):>8.3f}"
        print(f"{words:<44}{middle:>9.3f}{spread}{peak_mb:>9.0f}{middle / base:>9.3f}")


def log_of(lines: int) -> Path:
    """The log, made if it isn't there yet for this many lines and this version of its generator."""
    version = hashlib.sha256(Path(gen_metrics.__file__).read_bytes()).hexdigest()[:12]
    log = CACHE / f"{version}-{lines}" / "metrics_20260101_000000.jsonl"
    if not log.exists():
        print(f"writing {lines} lines to {log}", file=sys.stderr)
        gen_metrics.write_log(log, lines)
    return log


def main() -> None:
    """Makes the log, warms the file cache, takes the rounds, prints the table."""
    parser = argparse.ArgumentParser(description="Times tachograph on a large log.")
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    asked = parser.parse_args()
    log = log_of(asked.lines)
    with log.open("rb") as file:
        while file.read(1 << 24):
            pass
    rounds = []
    for number in range(asked.runs):
        print(f"round {number + 1} of {asked.runs}", file=sys.stderr)
        rounds.append(one_round(log, asked.lines))
    print(f"{asked.lines} metrics, {log.stat().st_size / 1e6:.0f} MB, median of {asked.runs} runs")
    print_table(rounds)


if __name__ == "__main__":
    main()
