"""What a collector has acknowledged: a log on the disk, from which the store is filled.

It is a folder of files `00000001.spool`, each of frames with a CRC-32 as a journal has them (`store/journal.py`): rows
of metrics, and what is to be remembered beside them. A batch is written and synced before it is acknowledged. What a
killed process wrote of one that it didn't acknowledge is cut off by the next one, unless it is whole: then it counts,
as it would when its sender sends it again. A file is deleted when all that is in it is in the store.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import msgspec

from tachograph.errors import StoreUnusable
from tachograph.store.files import sync
from tachograph.store.journal import Beginning, Damage, Journal, Rows, frames_of

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_NAME: Final = re.compile(r"(\d{8,})\.spool")
_FILE_BYTES: Final = 64 * 2**20
"""A file that is larger is followed by another."""


class Position(NamedTuple):
    """A place in a spool: the number of a file, and bytes from its beginning."""

    file: int
    offset: int


START: Final = Position(0, 0)
_ID: Final = "id"


class Noted(msgspec.Struct, frozen=True, tag="noted", array_like=True):
    """What is remembered beside rows, by whom it is of use to: MessagePack."""

    kind: str
    content: bytes


SpoolFrame = Beginning | Rows | Noted


class Spool:
    """The spool in one folder. One process has it open at a time; one thread appends."""

    def __init__(self, folder: Path) -> None:
        """Makes the folder, and cuts off what isn't whole.

        Raises `StoreUnusable` where another process has it open, and `OSError` where it can't be written.
        """
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(folder)
        self.damages: list[str] = []
        """What was cut off, and where."""
        self._file: Journal | None = None
        self._number = max(self._numbers(), default=0)
        try:
            self.id = self._identified()
            if self._number:
                path = self._path(self._number)
                self._file = Journal(path, self._whole(path))
            self.end = Position(self._number, self._file.position if self._file else 0)
            """Where the last frame ends that is known to be on the disk."""
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, frames: Iterable[Rows | Noted], first: Iterable[Noted] = ()) -> Position:
        """Writes frames, waits until they are on the disk, and gives where they end.

        `first` are put before them where they begin a file. Raises `OSError` where they can't be written; then none is.
        """
        if self._file is None or self._file.position >= _FILE_BYTES:
            self._begin_file(first)
        file = self._file
        assert file is not None
        before = self.end = Position(self._number, file.position)
        try:
            for frame in frames:
                file.append(frame)
            file.sync()
        except BaseException:
            file.take_back(before.offset)
            raise
        self.end = Position(self._number, file.position)
        return self.end

    def frames(self, after: Position) -> Iterator[tuple[Position, SpoolFrame] | Damage]:
        """What was appended after a position, each frame with where it ends, up to what is on the disk by now."""
        decoder = msgspec.msgpack.Decoder(SpoolFrame)
        end = self.end
        for number in self._numbers():
            if not after.file <= number <= end.file:
                continue
            for found in frames_of(self._path(number), decoder, after.offset if number == after.file else 0):
                begins_late = isinstance(found, Damage) and Position(number, found.start) >= end
                if begins_late or (not isinstance(found, Damage) and Position(number, found[0]) > end):
                    return  # it is being written
                yield found if isinstance(found, Damage) else (Position(number, found[0]), found[1])

    def forget(self, upto: Position) -> None:
        """Deletes files of which all stands before a position. The one that is being written stays."""
        for number in self._numbers():
            if number < min(upto.file, self._number):
                with suppress(FileNotFoundError):
                    self._path(number).unlink()

    def bytes_after(self, position: Position) -> int:
        """How much was appended after a position."""
        end = self.end
        if position.file == end.file:
            return end.offset - position.offset
        left = end.offset - position.offset
        for number in range(max(position.file, 1), end.file):
            with suppress(FileNotFoundError):  # deleted while it was asked
                left += self._path(number).stat().st_size
        return left

    def close(self) -> None:
        """Closes it; a second call does nothing."""
        if self._file:
            self._file.close()
            self._file = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _identified(self) -> str:
        """What tells this spool from another that was in the same folder."""
        path = self.folder / _ID
        with suppress(FileNotFoundError):
            return path.read_text(encoding="ascii")
        new = os.urandom(8).hex()
        half = self.folder / f"{_ID}.new"
        half.write_text(new, encoding="ascii")
        sync(half)
        half.replace(path)
        sync(self.folder)
        return new

    def _begin_file(self, first: Iterable[Noted]) -> None:
        number = self._number + 1
        file = Journal(self._path(number), 0)
        try:
            for frame in first:
                file.append(frame)
            file.sync()
            sync(self.folder)
        except BaseException:
            file.close()
            self._path(number).unlink()
            raise
        if self._file:
            self._file.close()
        self._number, self._file = number, file

    def _whole(self, path: Path) -> int:
        """Where the last whole frame of a file ends; what stands behind was never acknowledged."""
        position, damage = 0, None
        for found in frames_of(path, msgspec.msgpack.Decoder(SpoolFrame)):
            if isinstance(found, Damage):
                damage = found
            else:
                position, damage = found[0], None
        if damage:
            self.damages.append(f"{path}: {damage.what} at byte {damage.start}")
        return position

    def _numbers(self) -> list[int]:
        return sorted(int(found[1]) for path in self.folder.iterdir() if (found := _NAME.fullmatch(path.name)))

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:08}.spool"


def is_held(folder: Path) -> bool:
    """Whether a process has the spool of that folder open, as far as the system has locks to tell."""
    if sys.platform == "win32":
        return False
    try:
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def _locked(folder: Path) -> int | None:
    """The right to write there, which the system lets go of when the process ends; None where there are no locks."""
    if sys.platform == "win32":
        return None
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StoreUnusable(
            "another server collects there",
            where=str(folder),
            mend="end that 'tachograph serve' or 'tachograph dashboard', or choose another --home",
        ) from None
    except OSError:  # a file system without locks
        os.close(descriptor)
        return None
    return descriptor
