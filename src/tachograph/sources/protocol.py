"""What a source of metrics offers: where its files are, how one is recognised, and how bytes become metrics.

A source knows nothing of the store, and keeps nothing between two pieces of a file but what its `memory` says: a
piece parsed twice, or a file parsed in two pieces, must come to the same metrics. Where what a file says of one metric
is spread over several lines (a streamed message, a call and its result), a source that is `merging` gives each part
under the metric's id, and the parts are merged as a least upper bound: earliest `ts` and `ended_ts`, largest of
everything else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from tachograph.columns import ColumnBatch


class Block:
    """Some whole lines of a file: the first one's number (from 0, within what is read), where it begins, the bytes.

    The number may be given as a function, which is only called where somebody asks for it.
    """

    __slots__ = ("_first_line", "lines", "offset")

    def __init__(self, first_line: int | Callable[[], int], offset: int, lines: bytes) -> None:
        self._first_line = first_line
        self.offset = offset
        self.lines = lines

    @property
    def first_line(self) -> int:
        """The number of the first line."""
        if not isinstance(self._first_line, int):
            self._first_line = self._first_line()
        return self._first_line

    def newlines(self) -> int:
        """How many lines there are."""
        return len(self.lines) - len(self.lines.replace(b"\n", b""))  # a third of the time that bytes.count takes

    def numbered_lines(self) -> Iterator[tuple[int, int, bytes]]:
        """The lines that aren't blank, one by one: number (counted as `first_line`), where it begins, the bytes."""
        offset = self.offset
        for number, line in enumerate(self.lines.split(b"\n"), self.first_line):
            if line and not line.isspace():
                yield number, offset, line
            offset += len(line) + 1


class LineProblem(msgspec.Struct, frozen=True):
    """A line that was refused: its number within the piece, counted from 0, where it begins, and why."""

    line: int
    offset: int
    reason: str


class Reader(Protocol):
    """Turns blocks of files into columns; what it has read waits until it is taken."""

    @property
    def waiting(self) -> int:
        """About how many rows wait."""
        ...

    def read(self, path: str, blocks: Iterable[Block]) -> Iterator[LineProblem]:
        """Takes in a run of blocks of the file of that path, a block at a time, and tells the lines it refuses."""
        ...

    def take(self) -> list[ColumnBatch]:
        """What waits, as columns; afterwards nothing waits."""
        ...


class SequenceReader(Reader, Protocol):
    """A reader of files in which a line means something only after those before it."""

    memory: str | None
    """What is to be known of the lines before the next one. It is set before a file's first block is given (None: the
    file begins there), and kept with the file's position after its last."""


class FileReader(Protocol):
    """A reader of files that aren't lines, such as one JSON document or a database."""

    memory: str | None
    """As a `SequenceReader`'s, for what of a file is new when it has changed."""

    @property
    def waiting(self) -> int:
        """About how many rows wait."""
        ...

    def read_file(self, path: str) -> Iterator[LineProblem]:
        """Takes in a file, and tells the parts that it refuses. `OSError` where it can't be read."""
        ...

    def take(self) -> list[ColumnBatch]:
        """What waits, as columns; afterwards nothing waits."""
        ...


class Source(Protocol):
    """One kind of agent's files."""

    name: str
    title: str
    """The name for people: "Claude Code"."""
    merging: bool
    names_users: bool
    """Whether a metric says itself whose it is. If not, all on this machine are of who uses the agent here."""
    reading: Literal["lines", "sequence", "files"]
    """Whether a file is read by a `Reader`, in pieces that begin at any line and from where it was read to; by a
    `SequenceReader`, from its first line on or from where it was read to; or by a `FileReader`, whole."""

    def places(self, environment: Mapping[str, str], home: Path) -> list[Path]:
        """The folders in which this machine's agent keeps its logs, whether they exist or not."""
        ...

    def user(self, environment: Mapping[str, str], home: Path) -> str | None:
        """Who uses the agent on this machine, by its own files; None where they don't say."""
        ...

    def owns(self, path: str) -> bool:
        """Whether the file at that path, below one of its places, is one of its logs."""
        ...

    def beside(self, path: str) -> list[str]:
        """The files whose change is a change of this one, such as a database's log; mostly none."""
        ...

    def recognises(self, first_lines: list[bytes]) -> bool:
        """Whether a file that begins with these lines is in this source's format."""
        ...

    def reader(self) -> Reader | SequenceReader | FileReader:
        """A reader of this source's files, as `reading` says, which keeps no metric from one `take` to the next."""
        ...
