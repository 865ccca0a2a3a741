"""The lock of a folder: who appends, begins a new file or deletes one holds it alone; who lists the files shares it.

It is the system's own lock on an open file, so it goes with the process that holds it, however that ends. Waiting for
it has an end, because a process that was stopped while it held the lock must not stop others; only a thread that
nobody waits for may wait without end, which is the fairer way of waiting where many want the lock.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from contextlib import contextmanager, suppress
from io import FileIO
from math import inf
from typing import TYPE_CHECKING, Final

from tachograph.recorder.disk import check_size, read_first
from tachograph.recorder.names import LOCK_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAIT_SECONDS: Final = 5.0
_TRIES_AT_ONCE: Final = 50
_PAUSE_SECONDS: Final = 0.0005
_NAME_BYTES: Final = 256

if sys.platform == "win32":
    import msvcrt

    _LOCKED_BYTE: Final = 1 << 30  # beyond the contents, which a lock of Windows would keep others from reading

    def _try_lock(descriptor: int, *, shared: bool) -> bool:
        del shared  # there are only locks for one
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _wait_for_lock(descriptor: int) -> bool:
        del descriptor
        return False  # there is no waiting without end

    def unlock(descriptor: int) -> None:
        """Unlocks an open file."""
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(descriptor: int, *, shared: bool) -> bool:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _wait_for_lock(descriptor: int) -> bool:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return True

    def unlock(descriptor: int) -> None:
        """Unlocks an open file."""
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def lock(descriptor: int, *, shared: bool = False, wait_seconds: float = WAIT_SECONDS) -> None:
    """Locks an open file. Raises `TimeoutError` where another holds it for too long, `OSError` where it can't be."""
    if _try_lock(descriptor, shared=shared):
        return
    if wait_seconds == inf and _wait_for_lock(descriptor):
        return
    deadline = time.monotonic() + wait_seconds
    tries = 0
    while not _try_lock(descriptor, shared=shared):
        if time.monotonic() >= deadline:
            raise TimeoutError(errno.ETIMEDOUT, "another process holds the lock")
        tries += 1
        time.sleep(0 if tries < _TRIES_AT_ONCE else _PAUSE_SECONDS)


@contextmanager
def locked(descriptor: int, *, shared: bool = False, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """As `lock`, and then unlocks it: to close the file wouldn't, where a child was forked that has it open as well."""
    lock(descriptor, shared=shared, wait_seconds=wait_seconds)
    try:
        yield
    finally:
        unlock(descriptor)


def read_name(file: FileIO) -> str:
    """The name that the file of a folder's lock holds, of whatever kind. Only for who has locked it, shared or not."""
    return read_first(file, _NAME_BYTES).decode(errors="replace")


class FolderLock:
    """The lock of one folder, which is made where it isn't there. The file behind it holds a name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = str(folder / LOCK_NAME)
        self._file: FileIO | None = None
        self._identity = (0, 0)
        self.wait_seconds = WAIT_SECONDS
        self.made: list[Path] = []
        """The folders that had to be made."""

    def __enter__(self) -> None:
        """Locks it for this process alone. Raises as `lock`, and `OSError` where the folder can't be written to."""
        try:
            while True:
                file = self._file or self._open()
                lock(file.fileno(), wait_seconds=self.wait_seconds)
                if self._is_there():
                    return
                self.close()  # somebody deleted the folder or moved it away
        except BaseException:  # an interruption mustn't leave it locked
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            unlock(self._file.fileno())

    def close(self) -> None:
        """Lets go of the file."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                file.close()

    def name(self) -> str:
        """The name that it holds, of whatever kind. Only for who holds the lock."""
        assert self._file is not None
        return read_name(self._file)

    def set_name(self, name: str) -> None:
        """Changes the name that it holds. Only for who holds the lock."""
        assert self._file is not None
        check_size(len(name.encode()))
        self._file.seek(0)
        self._file.write(name.encode())
        self._file.truncate(len(name.encode()))

    def _open(self) -> FileIO:
        try:
            self._file = FileIO(self._path, "r+", opener=_create)
        except FileNotFoundError:
            self.made += [each for each in (self._folder, *self._folder.parents) if not each.exists()]
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = FileIO(self._path, "r+", opener=_create)
        stat = os.fstat(self._file.fileno())
        self._identity = (stat.st_dev, stat.st_ino)
        return self._file

    def _is_there(self) -> bool:
        try:
            stat = os.stat(self._path)  # noqa: PTH116 - at each append, and half the time of Path.stat
        except FileNotFoundError:
            return False
        return (stat.st_dev, stat.st_ino) == self._identity


def _create(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CREAT, 0o666)
