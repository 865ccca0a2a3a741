"""What the store knows of the files that were read, and of the lines that were refused."""

from __future__ import annotations

import msgspec


class FileEntry(msgspec.Struct, frozen=True):
    """What the ledger knows of one file; `read_offset` and `lines` say how far it was read.

    `lines` is None where they weren't counted.
    """

    path: str
    source: str
    size: int
    mtime_ns: int
    read_offset: int
    lines: int | None
    head: str
    tail: str
    compressed: bool
    trouble: str | None
    memory: str | None = None


class RejectEntry(msgspec.Struct, frozen=True):
    """A line that was refused: its file, its number from 1, where it begins, and why."""

    path: str
    line: int
    byte_offset: int
    reason: str
