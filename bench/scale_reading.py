"""Times `tachograph ingest` of logs of several lengths, each into an empty store."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

from core import log_of
from peers import table
from scale_rounds import CACHE, TACHOGRAPH, WrongError, allowed, need_room
from timing import timed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from timing import Timing

_LINE_BYTES: Final = 350
"""What a line may take of the disk, in the log and in the store that it is read into."""


def reading(lengths: Sequence[int], runs: int) -> list[str]:
    """How long it takes, and how many times as long as for the shortest log, as a Markdown table.

    Raises `WrongError` where metrics are missing or there is no room for logs, `CommandError` where a process fails.
    """
    need_room(sum(lengths) * _LINE_BYTES, f"reading logs of {' and '.join(f'{lines:,}' for lines in lengths)} lines")
    rows: list[tuple[str, ...]] = []
    shortest = None
    for lines in lengths:
        log = log_of(lines)
        timings = []
        for number in range(runs):
            print(f"{lines:,} lines, round {number + 1} of {runs}", file=sys.stderr)
            timings.append(_read(log, lines))
        seconds = median(timing.seconds for timing in timings)
        shortest = shortest or seconds
        size_mb, peak_mb = log.stat().st_size / 1e6, max(timing.peak_mb for timing in timings)
        rows.append((f"{lines:,}", f"{size_mb:,.0f}", f"{seconds:.2f}", f"{peak_mb:.0f}", f"{seconds / shortest:.2f}"))
    return table(("lines", "MB", "seconds", "peak MB", "× the shortest"), rows)


def _read(log: Path, lines: int) -> Timing:
    """Reads a log once, and looks whether all of it is there."""
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        home, store = Path(folder), str(Path(folder, "store"))
        timing, _ = timed([TACHOGRAPH, "ingest", str(log), "--home", store], home, allowed())
        _, answer = timed([TACHOGRAPH, "query", "--json", "--no-ingest", "--home", store], home, allowed())
    count = json.loads(answer)["total"]["count"]
    if count != lines:
        raise WrongError(f"{count:,} of {lines:,} metrics were read, so no timing means anything")
    return timing
