"""A program that records until it is killed, and says of each record that was acknowledged so on stdout.

usage: python killed_writer.py FOLDER DURABILITY ROTATE_BYTES
"""

from __future__ import annotations

import os
import random
import signal
import sys

from tachograph import Recorder

LONGEST = 12_000
"""Texts are up to this long: a killed process may leave a part of a write that is longer than a page."""
MOST = 400
"""So many records are made at most, or the log becomes too large to be checked often."""


def main() -> None:
    folder, durability, rotate_bytes = sys.argv[1:]
    recorder = Recorder(folder, durability=durability, rotate_bytes=int(rotate_bytes), flush_seconds=0.005)  # type: ignore[arg-type]
    chance = random.Random(os.getpid())
    for _ in range(MOST):
        length = chance.randrange(LONGEST) if chance.random() < 0.1 else 0
        id = recorder.tool_use("Bash", success=True, session_id=durability, text="x" * length)
        if durability != "buffered" and recorder.status().waiting == 0:
            os.write(1, f"{id}\n".encode())
    signal.pause()


if __name__ == "__main__":
    main()
