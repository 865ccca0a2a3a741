"""Who may have a store open: one process that writes, or any number that read.

DuckDB refuses a second process at once, so processes wait for each other here, before they open it:

- `.tachograph.gate` is locked by whoever has the store open: shared to read, exclusively to write.
- `.tachograph.queue` is locked by whoever waits for that, so that all get in, in about the order in which they came: a
  writer that leaves for a moment can't be back before those who wait. It also tells the writer that somebody waits.
- `.tachograph.reading` is locked by whoever reads logs into the store, for as long as that takes: the next one waits,
  and then finds little that is new.

They are locks of the system's (`flock`) on empty files beside the store, which it lets go of when a process ends,
however it ends. Where there are none (other systems, a folder that may not be written and has no such files), processes
try again until DuckDB lets them in.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

from tachograph.errors import StoreUnusable

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_TOLD_AFTER_SECONDS: Final = 3.0

_WRITING: Final = -1
_held: Final[dict[str, int]] = {}
"""How often this process has a store open to read, by real path; `_WRITING` where it has it open to write."""
_held_guard: Final = threading.Lock()


class Gate:
    """The way into one store, for one use of it at a time."""

    def __init__(self, store: Path, *, to_write: bool, waits: Callable[[], None] | None = None) -> None:
        """`waits` is called, from another thread, when waiting takes longer than a few seconds.

        Raises `StoreUnusable` where this very process has the store open in a way that excludes this: it would wait for
        itself.
        """
        self._store = store
        self._to_write = to_write
        self._waits = waits
        self._lock: int | None = None
        self._process = os.getpid()
        self._key = os.path.realpath(store)
        with _held_guard:
            held = _held.get(self._key, 0)
            if held == _WRITING or (to_write and held):
                mend = "use it as it is, or close it first"
                raise StoreUnusable("this program has it open already", where=str(store), mend=mend)
            _held[self._key] = _WRITING if to_write else held + 1

    @classmethod
    def at_once(cls, store: Path) -> Self | None:
        """The way in to write, entered; None where others are in, or wait."""
        try:
            gate = cls(store, to_write=True)
        except StoreUnusable:  # this process itself has it open
            return None
        if gate._enter_at_once():
            return gate
        gate.give_up()
        return None

    def _enter_at_once(self) -> bool:
        queue = _lock_file(self._store, "queue")
        if queue is None:
            return False
        try:
            lock = _lock_file(self._store, "gate") if _locked(queue) else None
            if lock is not None and not _locked(lock):
                os.close(lock)
                lock = None
        finally:
            os.close(queue)
        self._lock = lock
        return lock is not None

    def enter(self) -> None:
        """Waits until the store may be opened."""
        queue = _lock_file(self._store, "queue")
        if queue is None:
            return
        try:
            _wait_for(queue, shared=False, waits=self._waits)
            self._lock = _lock_file(self._store, "gate")
            if self._lock is not None:
                _wait_for(self._lock, shared=not self._to_write, waits=self._waits)
        finally:
            os.close(queue)

    def leave(self) -> None:
        """Lets others in. The store has to be closed; it may be entered again."""
        if self._lock is not None:
            _let_go(self._lock, self._process)
            self._lock = None

    def give_up(self) -> None:
        """Leaves for good; a second call does nothing."""
        self.leave()
        with _held_guard:
            if self._key in _held:
                left = 0 if self._to_write else _held[self._key] - 1
                if left:
                    _held[self._key] = left
                else:
                    del _held[self._key]
        self._key = ""

    def somebody_waits(self) -> bool:
        """Whether another process waits to be let in."""
        queue = _lock_file(self._store, "queue") if self._lock is not None else None
        if queue is None:
            return False
        try:
            return _locked(queue) is False
        finally:
            os.close(queue)


class Reading:
    """The right to read logs into a store, which one process has at a time, from its making until `end`."""

    def __init__(self, store: Path, waits: Callable[[], None] | None = None) -> None:
        """Waits for whoever has it; `waits` as for a `Gate`. The store's folder has to be there."""
        self._process = os.getpid()
        self._lock = _lock_file(store, "reading")
        if self._lock is not None:
            try:
                _wait_for(self._lock, shared=False, waits=waits)
            except BaseException:
                self.end()
                raise

    @classmethod
    def at_once(cls, store: Path) -> Self | None:
        """The right, or None where somebody has it: who keeps others out of the store may not wait for them."""
        lock = _lock_file(store, "reading")
        locked = None if lock is None else _locked(lock)
        if lock is not None and not locked:
            os.close(lock)
            lock = None
        return None if locked is False else cls._having(lock)

    @classmethod
    def _having(cls, lock: int | None) -> Self:
        right = cls.__new__(cls)
        right._process, right._lock = os.getpid(), lock  # noqa: SLF001 - its own
        return right

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Gives the right up; a second call does nothing."""
        if self._lock is not None:
            _let_go(self._lock, self._process)
            self._lock = None


def _let_go(lock: int, process: int) -> None:
    """Closes a lock that a process took. Its copies (`fork`) have that open too, and would keep it; theirs it isn't."""
    if os.getpid() == process:
        with suppress(OSError):  # where there are no locks
            fcntl.flock(lock, fcntl.LOCK_UN)
    os.close(lock)


def _lock_file(store: Path, name: str) -> int | None:
    """An open lock file, made where it isn't there; None where there can be none."""
    if sys.platform == "win32":
        return None
    path = store.parent / f".{store.stem}.{name}"
    with suppress(OSError):
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    with suppress(OSError):  # another user's, to be read alone: that is enough to lock it
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    return None


def _locked(lock: int, *, shared: bool = False) -> bool | None:
    """Locks it, if nobody keeps that from being done at once; None where there are no locks (DuckDB has its own)."""
    try:
        fcntl.flock(lock, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _wait_for(lock: int, *, shared: bool, waits: Callable[[], None] | None) -> None:
    if _locked(lock, shared=shared) is not False:
        return
    timer = threading.Timer(_TOLD_AFTER_SECONDS, waits) if waits else None
    if timer:
        timer.daemon = True
        timer.start()
    try:
        fcntl.flock(lock, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
    finally:
        if timer:
            timer.cancel()
