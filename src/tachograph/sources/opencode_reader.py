"""OpenCode's sessions: its database, the files that it kept before, and what `opencode export` writes.

All three forms hold the same sessions, messages and parts under the same ids, so what is stored twice (the files stay
when their content moves into the database) is one metric. `opencode_rows` says what becomes of them, and
`opencode_database` and `opencode_storage` how they are read.

No text of a conversation leaves these modules: names, ids, counters, outcomes and moments only.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tachograph.sources.opencode import DATABASE_MAGIC
from tachograph.sources.opencode_rows import Rows
from tachograph.sources.opencode_storage import JsonFiles
from tachograph.sources.surrogates import with_whole_characters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tachograph.columns import ColumnBatch
    from tachograph.sources.protocol import LineProblem


class OpenCodeReader:
    """Reads a database from its latest change that is remembered, and any other file whole."""

    def __init__(self) -> None:
        self.memory: str | None = None
        self._rows = Rows()
        self._files = JsonFiles(self._rows)

    @property
    def waiting(self) -> int:
        """How many parts of metrics wait."""
        return self._rows.waiting

    def read_file(self, path: str) -> Iterator[LineProblem]:
        """Takes in a file, and tells what of it is refused. `OSError` where it can't be read, or not now."""
        with Path(path).open("rb", buffering=0) as handle:
            start = handle.read(len(DATABASE_MAGIC))
            rest = b"" if start == DATABASE_MAGIC else handle.read()
        if start == DATABASE_MAGIC:
            from tachograph.sources.opencode_database import read_database  # noqa: PLC0415 - only databases need SQLite

            self.memory = yield from read_database(path, self.memory, self._rows)
        else:
            self.memory = None
            yield from self._files.read(path, with_whole_characters(start + rest))

    def take(self) -> list[ColumnBatch]:
        """What waits; afterwards nothing waits."""
        self._files.forget()
        return self._rows.take()
