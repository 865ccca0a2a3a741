"""The lines that wait to be written, in bounded memory, and the count of all that there were."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Status(NamedTuple):
    """Of a recorder's records, how many there were and what became of them: written, waiting or dropped."""

    recorded: int
    written: int
    """As far as the durability promises: in the kernel, or on the disk."""
    waiting: int
    dropped: int
    """Those for which there was no room in memory while they couldn't be written."""
    trouble: str | None
    """What keeps records from being written now; None where nothing does."""


class Dropped(NamedTuple):
    """How many records were dropped, and the moments of the first and the last."""

    records: int
    first: str
    last: str


class Waiting:
    """Lines in the order in which they came. For one thread at a time; sizes are in bytes."""

    def __init__(self, memory_bytes: int) -> None:
        self._memory_bytes = memory_bytes
        self._lines: list[bytes] = []
        self.size = 0
        """With those that were taken and may come back."""
        self.accepted = 0
        self.written = 0
        self.dropped = 0
        self._untold: Dropped | None = None

    def has_room(self, length: int) -> bool:
        """Whether a line of that length may wait; one alone always may."""
        return self.size + length <= self._memory_bytes or self.size <= 0

    def add(self, line: bytes) -> int:
        """Lets a line wait; returns how many were let in up to it."""
        length = len(line)  # a signal's handler may come where something is called, so not within a sum
        self._lines.append(line)
        self.size += length
        self.accepted += 1
        return self.accepted

    def drop(self, moment: str) -> None:
        """Counts a record for which there is no room."""
        self.dropped += 1
        records, first, _ = self._untold or (0, moment, moment)
        self._untold = Dropped(records + 1, first, moment)

    def take(self) -> list[bytes]:
        """Everything that waits; it is to be given back with `settle`."""
        lines, self._lines = self._lines, []
        return lines

    def settle(self, lines: Sequence[bytes], written: int) -> None:
        """Says how many of the lines that were taken are written; the others wait again, as the first ones."""
        length = sum(map(len, islice(lines, written)))
        self.written += written
        self.size -= length
        self._lines[:0] = lines[written:]

    def take_dropped(self) -> Dropped | None:
        """What was dropped since the last time this was asked."""
        dropped, self._untold = self._untold, None
        return dropped

    def status(self, trouble: str | None) -> Status:
        """How it stands."""
        recorded, waiting = self.accepted + self.dropped, self.accepted - self.written
        return Status(recorded, self.written, waiting, self.dropped, trouble)
