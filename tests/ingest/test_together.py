"""Eight processes at one store and one log: four record, two read, two report; nobody gets an error, nothing is lost.

`TACHOGRAPH_TOGETHER_RECORDS` makes it as many records as one has time for; 60,000 take some minutes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

RECORDS: Final = int(os.environ.get("TACHOGRAPH_TOGETHER_RECORDS", "1000"))
"""How many each process records."""
RECORDS_ALL: Final = """
import sys
from tachograph import Recorder

with Recorder(durability=sys.argv[1], session_id=sys.argv[2], rotate_bytes=100_000) as recorder:
    for number in range(int(sys.argv[3])):
        recorder.tool_use("Bash", duration_ms=1.5, success=number % 3 > 0)
    recorder.flush()
    status = recorder.status()
    assert status.waiting == status.dropped == 0, status
"""


class Process:
    """A command that is run again and again, or once; what its runs said."""

    def __init__(self, *command: str, again_until: threading.Event | None = None, home: Path) -> None:
        self._command = [sys.executable, *command]
        self._environment = {**os.environ, "TACHOGRAPH_HOME": str(home), "HOME": str(home.parent), "TZ": "UTC"}
        self._until = again_until
        self.said: list[str] = []
        self.failed: list[str] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def _run(self) -> None:
        while True:
            done = subprocess.run(self._command, env=self._environment, capture_output=True, text=True, check=False)
            self.said.append(done.stdout)
            if done.returncode or done.stderr:
                self.failed.append(f"{done.returncode}: {done.stderr}")
            if self._until is None or self._until.is_set() or self.failed:
                return


def total(answer: str) -> Any:
    return json.loads(answer)["total_metrics"]


def test_eight_processes_get_no_error_and_lose_no_record(tmp_path: Path) -> None:
    home, recorded = tmp_path / "store", threading.Event()
    first = Process("-m", "tachograph", "record", "session_start", "session_id=first", home=home)
    first.join()
    assert first.failed == []
    recorders = [
        Process("-c", RECORDS_ALL, durability, f"s{number}", str(RECORDS), home=home)
        for number, durability in enumerate(("synced", "flushed", "synced", "buffered"))
    ]
    others = [
        Process("-m", "tachograph", *command, again_until=recorded, home=home)
        for command in (("ingest", "--json"), ("ingest", "--json"), ("daily", "--json"), ("tools", "--json"))
    ]
    for process in recorders:
        process.join()
    recorded.set()
    for process in others:
        process.join()
    assert [process.failed for process in (*recorders, *others)] == [[]] * 8
    written = 1 + 4 * RECORDS
    for process in others[2:]:
        seen = [total(answer) for answer in process.said]
        assert seen == sorted(seen)
    last = Process("-m", "tachograph", "tools", "--json", home=home)
    last.join()
    answer = json.loads(last.said[0])
    assert (answer["total_metrics"], last.failed) == (written, [])
    assert answer["breakdowns"]["tools"]["Bash"]["count"] == written - 1
    assert answer["total_sessions"] == 5
    checked = Process("-m", "tachograph", "doctor", "--json", home=home)
    checked.join()
    assert (json.loads(checked.said[0])["findings"], checked.failed) == ([], [])
    print(f"{written} records, {[len(process.said) for process in others]} runs")  # noqa: T201 - for who lets it run long
