"""The log of the notes: a file a month in the store's folder, to which any number of hooks add at the same time.

A line is one write at the file's end, so lines of different processes don't mix. It is in the system's keeping when
`append` returns: it survives the end of the process, and not always a loss of power. A line that was cut (a full disk)
costs nobody else's: the next one begins on a line of its own.
"""

from __future__ import annotations

import os
from typing import Final

PLACE: Final = ("hooks", "claude-code")
"""The log's folder, within the store's."""
FAILURES: Final = "failures.txt"
_FAILURES_MAX: Final = 64 << 10
_BINARY: Final = getattr(os, "O_BINARY", 0)
_APPENDING: Final = os.O_RDWR | os.O_APPEND | os.O_CREAT | _BINARY


def folder_in(store: str) -> str:
    """The log's folder, in the store's folder."""
    return os.path.join(store, *PLACE)  # noqa: PTH118 - a hook has no time to import pathlib


def append(folder: str, moment: str, line: bytes) -> None:
    """Adds a line (without its newline) to the file of the month of `moment`. Raises `OSError` where it can't."""
    _append(folder, f"{moment[:7]}.jsonl", line)


def tell_failure(folder: str, moment: str, what: str) -> None:
    """Notes in the same folder why a hook failed; the last failures are kept. Raises `OSError` where it can't."""
    path = os.path.join(folder, FAILURES)  # noqa: PTH118 - as above
    _append(folder, FAILURES, f"{moment} {' '.join(what.split())[:500]}".encode(errors="backslashreplace"))
    if os.stat(path).st_size > _FAILURES_MAX:  # noqa: PTH116 - as above
        kept = failures(folder)[-200:]
        fresh = f"{path}.{os.getpid()}"
        with open(fresh, "w", encoding="utf-8") as file:  # noqa: PTH123 - as above
            file.writelines(f"{line}\n" for line in kept)
        os.replace(fresh, path)  # noqa: PTH105 - as above


def failures(folder: str) -> list[str]:
    """What hooks that failed have noted, oldest first: a moment, a space, why. Nothing where there is none."""
    try:
        with open(os.path.join(folder, FAILURES), encoding="utf-8", errors="replace") as file:  # noqa: PTH118, PTH123
            return [line for line in file.read().splitlines() if line]
    except OSError:
        return []


def _append(folder: str, name: str, line: bytes) -> None:
    path = os.path.join(folder, name)  # noqa: PTH118 - as above
    try:
        file = os.open(path, _APPENDING, 0o600)
    except FileNotFoundError:
        os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103 - as above
        file = os.open(path, _APPENDING, 0o600)
    try:
        if os.lseek(file, 0, os.SEEK_END):
            os.lseek(file, -1, os.SEEK_END)
            if os.read(file, 1) != b"\n":  # cut short by a full disk
                line = b"\n" + line
        whole = line + b"\n"
        if os.write(file, whole) != len(whole):
            raise OSError(28, "No space left on device", path)
    finally:
        os.close(file)
