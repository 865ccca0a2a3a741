"""A store that a collector keeps open: one thread fills it, any may ask it, and other processes get their turn."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

from tachograph.errors import StoreUnusable
from tachograph.store import memory, rollup
from tachograph.store.duckdb import Store
from tachograph.store.gate import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tachograph.store.engine import DuckDBPyConnection

_PATIENCE_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.02
_GIVING_BACK_SECONDS: Final = 10.0
_GROWN_BYTES: Final = 64 * 2**20
"""A store that has grown by so much is opened anew: of what the engine itself wrote it keeps five bytes a row in memory
for as long as it is open, and a fifth of that of what it only reads."""
SPARING: Final = max((os.cpu_count() or 1) - 1, 1)
"""What a question or a filling may take at most where much is sent: one core is left for that."""


class StoreBusy(StoreUnusable):
    """Another process has had the store for so long that nobody should wait for it any more."""


def _busy(store: Path) -> StoreBusy:
    return StoreBusy("another process has the store", where=str(store), mend="try again")


class SharedStore:
    """The store in one file, opened when it is first needed. Close it."""

    def __init__(self, path: Path, cores: int | None = SPARING) -> None:
        """A question may take so many cores; None: all."""
        self._cores = cores
        self.path = path
        self.patience = _PATIENCE_SECONDS
        """How long anybody waits for other processes, in seconds."""
        self._changed = threading.Condition()
        self._store: Store | None = None
        self._away = False
        """Whether it is being opened or others have it."""
        self._asking = 0
        self._free: list[tuple[int, DuckDBPyConnection]] = []
        """Connections that nobody asks over, each with the commit after which it was last used."""
        self._commits = 0
        self._is_sparing = False
        self._opened_size = 0
        self._give_back_at = 0.0
        self._closed = False
        self._filling = threading.Lock()

    @contextmanager
    def asked(self) -> Iterator[Store]:
        """The store over a connection of its own, in this thread, as it is when the block begins.

        Raises `StoreBusy` where others have it for longer than `patience`, and `StoreUnusable`.
        """
        store = self._enter()
        try:
            seen, connection = self._connection(store)
            try:
                if self._is_sparing:
                    self._is_sparing = False
                    connection.execute(f"SET memory_limit = '{memory.for_questions()}'")
                yield Store(connection, self.path)
            except BaseException:
                connection.close()
                raise
            with self._changed:
                self._free.append((seen, connection))
        finally:
            self._leave()

    def fill(self, change: Callable[[Store], None]) -> bool:
        """Lets one thread change the store; False where another one does so already, or another process reads logs.

        That process will want in. Raises what `change` raises, `StoreBusy` and `StoreUnusable`.
        """
        if not self._filling.acquire(blocking=False):
            return False
        try:
            return self._fill(change)
        finally:
            self._filling.release()

    def _fill(self, change: Callable[[Store], None]) -> bool:
        store = self._enter()
        try:
            reading = Reading.at_once(self.path)
            if reading is None:
                return False
            with reading:
                self._spare_memory(store)
                change(store)
            with self._changed:
                self._commits += 1
            if monotonic() > self._give_back_at:
                memory.give_back()
                self._give_back_at = monotonic() + _GIVING_BACK_SECONDS
            return True
        finally:
            self._leave()

    def _spare_memory(self, store: Store) -> None:
        """Lets the engine forget what it keeps for questions, where nobody asks one: filling needs little of it."""
        with self._changed:
            if self._asking == 1:
                self._is_sparing = True
                store.connection.execute(f"SET memory_limit = '{memory.for_collecting()}'")

    def give_way(self) -> None:
        """Lets other processes in that wait for the store, when those who ask it now are done. Not while filling."""
        with self._changed:
            store = self._store
            if store is None or self._away or not (store.somebody_waits() or self._has_grown()):
                return
            self._away = True
            self._wait_for_answers(None)
        try:
            self._close_connections()
            store.let_others_in()
            self._opened_size = self._size()
        except BaseException:
            with self._changed:
                self._store = None
            store.close()
            raise
        finally:
            with self._changed:
                self._away = False
                self._commits += 1  # of theirs
                self._changed.notify_all()

    def close(self) -> None:
        """Closes the store, when those who ask it now are done; nobody may ask it any more."""
        with self._changed:
            self._closed = True
            while self._away:
                self._changed.wait()
            self._wait_for_answers(self.patience)
            store, self._store = self._store, None
        self._close_connections()
        if store:
            store.close()

    def _has_grown(self) -> bool:
        """Whether it should be opened anew, and nobody would wait for that."""
        return not self._asking and self._size() > self._opened_size + _GROWN_BYTES

    def _size(self) -> int:
        try:
            return self.path.stat().st_size
        except OSError:  # whoever fills it next says what the matter is
            return 0

    def _enter(self) -> Store:
        """Counts one more who asks, and opens the store where nobody has done so yet."""
        deadline = monotonic() + self.patience
        with self._changed:
            while self._away:
                if not self._changed.wait(deadline - monotonic()):
                    raise _busy(self.path)
            if self._closed:
                raise StoreUnusable("the collector ends", where=str(self.path))
            if self._store is None:
                self._away = True
            else:
                self._asking += 1
                return self._store
        opened = None
        try:
            opened = self._opened(deadline)
        finally:
            with self._changed:
                self._away, self._store = False, opened
                self._asking += opened is not None
                self._changed.notify_all()
        return opened

    def _leave(self) -> None:
        with self._changed:
            self._asking -= 1
            self._changed.notify_all()

    def _opened(self, deadline: float) -> Store:
        """The store, open to write, but without the right to read logs into it: others may want to do that."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        while (right := Reading.at_once(self.path)) is None:
            if monotonic() > deadline:
                raise _busy(self.path)
            sleep(_LOOK_SECONDS)
        with right as reading:
            store = Store.open(self.path, reading=reading)
        store.use_cores(self._cores)
        self._opened_size = self._size()
        return store

    def _connection(self, store: Store) -> tuple[int, DuckDBPyConnection]:
        with self._changed:
            commits = self._commits
            seen, connection = self._free.pop() if self._free else (commits, None)
        if connection is None:
            return commits, store.connection.cursor()
        if seen != commits:
            rollup.forget_owned(connection)
        return commits, connection

    def _wait_for_answers(self, patience: float | None) -> None:
        deadline = None if patience is None else monotonic() + patience
        while self._asking and self._changed.wait(None if deadline is None else max(deadline - monotonic(), 0)):
            pass

    def _close_connections(self) -> None:
        with self._changed:
            free, self._free = self._free, []
        for _, connection in free:
            connection.close()
