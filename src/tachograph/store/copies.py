"""Where a store's copy is: a folder beside it, `<store>.copy`, with a journal and perhaps the base it goes on from.

A generation is `000002.journal`, and `000002.base.duckdb` where it doesn't begin with nothing. The store says which
generation is its own and how much of the journal belongs to it. A new generation is begun where the journal can't be
gone on with, or holds what was deleted since; the file of its journal is made last, so that a generation which has one
is whole, and the one before it is removed after that.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from tachograph.store.files import sync, write_anew
from tachograph.store.journal import Commit, Damage, Journal, ShortJournalError, frames
from tachograph.store.meta import say_again

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tachograph.store.engine import DuckDBPyConnection
    from tachograph.store.journal import Frame

_JOURNAL: Final = re.compile(r"(\d{6,})\.journal")
JOURNAL: Final = "journal"
"""Under this name a store says in `meta` which generation is its own, and how much of the journal belongs to it."""
_DAMAGED: Final = ".damaged"
OUTDATED: Final = "copy is outdated"
"""What a store says in `meta` while its copy still has what was deleted from the store."""
FIRST: Final = "1 0"
"""What a new store says of its journal: its first generation, nothing of which belongs to it yet."""


class StoreCopy:
    """The copy of the store in one file."""

    def __init__(self, store: Path) -> None:
        self.folder = store.with_suffix(".copy")

    def journal(self, generation: int) -> Path:
        """The file of a generation's journal."""
        return self.folder / f"{generation:06}.journal"

    def base(self, generation: int) -> Path:
        """The file of a generation's base, which need not be there."""
        return self.folder / f"{generation:06}.base.duckdb"

    def newest(self) -> int | None:
        """The last generation that is whole, or None where there is no copy."""
        try:
            names = [path.name for path in self.folder.iterdir()]
        except (FileNotFoundError, NotADirectoryError):
            return None
        return max((int(found[1]) for name in names if (found := _JOURNAL.fullmatch(name))), default=None)

    def is_newer(self, than: int) -> bool:
        """Whether there is a generation after the store's: it has all that the store has, or more."""
        return (self.newest() or 0) > than

    def go_on(self, connection: DuckDBPyConnection) -> Journal:
        """The journal as far as it belongs to the store, to be gone on with; a new one where it isn't all there.

        Raises `OSError` where it can't be written.
        """
        self.folder.mkdir(exist_ok=True)
        generation, position = state(connection)
        try:
            return Journal(self.journal(generation), position)
        except ShortJournalError:
            self.begin_anew(connection)
        generation, position = state(connection)
        return Journal(self.journal(generation), position)

    def ahead(self, generation: int, position: int) -> list[tuple[int, Frame]]:
        """What the journal has beyond that, which belongs to the store, up to its last commit; each with where it ends.

        A process was killed before the store was told, or the store lost what it was told last.
        """
        path = self.journal(generation)
        if not path.exists() or path.stat().st_size <= position:
            return []
        found: list[tuple[int, Frame]] = []
        for frame in frames(path, start=position):
            if isinstance(frame, Damage):
                break
            found.append(frame)
        while found and not isinstance(found[-1][1], Commit):
            found.pop()
        return found

    def begin_anew(self, connection: DuckDBPyConnection, *, keep_old: bool = False) -> None:
        """Begins a new generation, with the store as it is for a base. Nothing may be under way on the connection.

        Those before it are removed, or get names that end with `.damaged`.
        """
        generation = max(state(connection)[0], self.newest() or 0) + 1
        self.folder.mkdir(exist_ok=True)
        half = self.folder / "half.duckdb"
        write_anew(
            connection,
            half,
            f"UPDATE anew.meta SET value = '{generation} 0' WHERE name = '{JOURNAL}'",
            f"DELETE FROM anew.meta WHERE name = '{OUTDATED}'",
        )
        half.replace(self.base(generation))
        with Journal(self.journal(generation), 0) as journal:
            journal.sync()
            position = journal.position
        sync(self.folder)
        connection.begin()
        say_again(connection, saying(generation, position))
        connection.execute("DELETE FROM meta WHERE name = ?", [OUTDATED])
        connection.commit()
        for path in list(self.folder.iterdir()):
            number = path.name.partition(".")[0]
            if number.isdecimal() and int(number) < generation and not path.name.endswith(_DAMAGED):
                with suppress(FileNotFoundError):
                    path.replace(path.with_name(path.name + _DAMAGED)) if keep_old else path.unlink()


def state(connection: DuckDBPyConnection) -> tuple[int, int]:
    """The generation that a store goes on with, and how much of its journal belongs to the store, in bytes."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", [JOURNAL]).fetchone()
    return state_said({} if row is None else {JOURNAL: row[0]})


def saying(generation: int, position: int) -> dict[str, str]:
    """What a store says in `meta` that goes on with that generation, so much of whose journal belongs to it."""
    return {JOURNAL: f"{generation} {position}"}


def state_said(said: Mapping[str, str]) -> tuple[int, int]:
    """That state, by what the store says in `meta`."""
    generation, _, position = said.get(JOURNAL, FIRST).partition(" ")
    return int(generation), int(position)
