"""The log of one folder: whole batches of lines appended to its one active file, by any number of processes.

Each append holds the folder's lock. Under it, who appends looks which file is the active one, mends what a writer that
was killed left of its last line (it was never acknowledged), begins a new file where the old one is large or old
enough, and writes the batch; what can't be written whole is taken back. So a file only ever ends within a line where
its last writer was killed, and only until the next append.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from tachograph.metric import is_whole_object
from tachograph.recorder.disk import check_size, file_size_max, sync, sync_folder
from tachograph.recorder.lock import FolderLock
from tachograph.recorder.names import begun, is_ours, new_name

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path

_BATCH_BYTES: Final = 2 << 20
"""How much is appended under one lock: some milliseconds of waiting for others."""
_TAIL_BYTES: Final = 1 << 16


class Log:
    """The log of one folder. For one thread at a time; every method raises `OSError` where the system fails it."""

    def __init__(self, folder: Path, *, rotate_bytes: int, rotate_seconds: float) -> None:
        self.folder = folder
        self._rotate_bytes = rotate_bytes
        self._rotate_seconds = rotate_seconds
        self._lock = FolderLock(folder)
        self._file: ActiveFile | None = None
        self._not_synced: set[str] = set()
        self._entered: set[str] = set()
        """The files that are sure to be in the folder when the power fails."""
        self.has_rotated = False
        """Whether this process began a file, so that another may have been left; who looks after those resets it."""

    def wait_for_others(self, seconds: float) -> None:
        """Sets how long an append may wait until other processes have appended."""
        self._lock.wait_seconds = seconds

    @property
    def batch_bytes(self) -> int:
        """The most that should be appended at once."""
        return max(1, min(_BATCH_BYTES, self._rotate_bytes, file_size_max()))

    def append(self, batch: bytes) -> None:
        """Appends whole lines: all of them, or none where it raises."""
        with self._lock:
            file = self._active(len(batch))
            file.append(batch)
        self._not_synced.add(file.name)

    def sync(self) -> None:
        """Brings all that this process appended to the disk: the files, and their names in the folder."""
        for name in list(self._not_synced):
            with suppress(FileNotFoundError):  # it was compressed, and that brought it to the disk
                sync(self.folder / name)
            if name not in self._entered:
                for folder in (self.folder, *(made.parent for made in self._lock.made)):
                    sync_folder(folder)
                self._entered.add(name)
            self._not_synced.discard(name)

    def leave(self) -> None:
        """Makes the next append begin a new file: the system isn't sure what of the active one is on the disk."""
        with self._lock:
            if self._file is not None and self._lock.name() == self._file.name:
                self._lock.set_name(new_name(time.time()))
        self._not_synced.clear()

    def close(self) -> None:
        """Lets go of the files; an append opens them again."""
        file, self._file = self._file, None
        if file is not None:
            file.close()
        self._lock.close()

    def _active(self, length: int) -> ActiveFile:
        """The file that so many bytes are to be appended to, mended."""
        name = self._lock.name()
        file = self._open(name) if is_ours(name) else self._begin()
        size = file.mended_size()
        full = size + length > min(self._rotate_bytes, file_size_max())
        old = time.time() - file.begun > self._rotate_seconds
        if size and (full or old):
            file = self._begin()
            file.mended_size()
        return file

    def _begin(self) -> ActiveFile:
        name = new_name(time.time())
        self._lock.set_name(name)  # before it is made, so that no file is left behind that nobody appends to
        self.has_rotated = True
        return self._open(name)

    def _open(self, name: str) -> ActiveFile:
        if self._file is not None:
            if self._file.name == name and self._file.look():
                return self._file
            self._file.close()
        self._file = ActiveFile(self.folder, name)
        self._file.look()
        return self._file


class ActiveFile:
    """The file that is appended to. Only for who holds the lock of the folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.begun = begun(name)
        """When it was begun, in seconds since 1970."""
        self._file: FileIO = (folder / name).open("a+b", buffering=0)
        self._size = 0
        self._end = -1

    def look(self) -> bool:
        """Looks how large it is; false where it has been deleted."""
        stat = os.fstat(self._file.fileno())
        self._size = stat.st_size
        return stat.st_nlink > 0

    def close(self) -> None:
        """Lets go of it."""
        with suppress(OSError):
            self._file.close()

    def mended_size(self) -> int:
        """Its size in bytes when it was looked at, once what a killed writer left of its last line was mended.

        A whole JSON object gets the newline that it lacks; anything less is cut off.
        """
        size = self._size
        if size and size != self._end:
            tail = self._tail(size)
            if tail and is_whole_object(tail):
                check_size(size + 1)
                size += self._file.write(b"\n")
            elif tail:
                size = self._file.truncate(size - len(tail))
        self._end = size
        return size

    def append(self, batch: bytes) -> None:
        """Appends all of it, or nothing where it raises `OSError`."""
        start = self._end
        check_size(start + len(batch))
        try:
            written = self._file.write(batch)
            while written < len(batch):
                written += self._file.write(memoryview(batch)[written:])
        except BaseException:
            self._end = -1
            self._file.truncate(start)
            raise
        self._end = start + len(batch)

    def _tail(self, size: int) -> bytes:
        """What stands after the last newline."""
        tail = b""
        while b"\n" not in tail and len(tail) < size:
            length = min(_TAIL_BYTES if tail else 1, size - len(tail))
            self._file.seek(size - len(tail) - length)
            tail = self._file.read(length) + tail
        return tail[tail.rfind(b"\n") + 1 :]
