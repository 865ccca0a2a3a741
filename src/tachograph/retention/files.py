"""How a file of a metrics log is compressed, archived or deleted, so that at no moment its metrics are in no file.

Each is an iterator of steps, named when they are done. A crash between any two leaves the original, or a whole copy
that was brought to the disk and compared with it, or both; doing it again finishes what was begun. A copy on its way
has a name that no reader takes for a log.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from tachograph.ingest.reading import compression_errors, open_plain_or_compressed
from tachograph.retention.logs import LOCK
from tachograph.store.files import sync

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from tachograph.retention.logs import LogFile, Step
    from tachograph.retention.policy import LogPolicy

_SUFFIXES: Final[dict[str, str]] = {"zstd": ".zst", "gzip": ".gz"}
_BLOCK_BYTES: Final = 1 << 20


class NotDone(Exception):  # noqa: N818 - why one file was left as it is, a value for the report
    """Why a file was left as it is."""


def target(step: Step, policy: LogPolicy) -> Path | None:
    """Where a step brings the file; None where it deletes it."""
    if step.action == "delete":
        return None
    packed = step.action == "compress" or step.pack
    name = step.file.path.name + (_SUFFIXES[policy.compress] if packed else "")
    folder = policy.archive_to if step.action == "archive" else None
    return (folder or step.file.path.parent) / name


def do(step: Step, policy: LogPolicy) -> Generator[str]:
    """Does a step, and tells each part of it that is done. Raises `NotDone` where the file has to stay as it is.

    Raises `OSError` where the disk or a permission is in the way.
    """
    to = target(step, policy)
    if to is not None:
        packed = to.suffix if to.name != step.file.path.name else ""
        yield from _copy(step.file, to, packed)
    with locked(step.file.path.parent):
        _check(step.file)
        step.file.path.unlink()
        yield "unlinked"
        sync(step.file.path.parent)
    yield "done"


def _copy(file: LogFile, to: Path, packed: str) -> Iterator[str]:
    """Brings a whole copy to the disk and gives it its name, in place of an equal one that is there."""
    to.parent.mkdir(parents=True, exist_ok=True)
    if to.exists() and not _same_content(file.path, to):
        raise NotDone(f"{to} is there already, and is another")
    half = to.with_name(f".{to.name}.retaining")
    try:
        yield from _write(file, half, packed)
        with locked(file.path.parent):
            _check(file)
            half.replace(to)
    except (NotDone, OSError):
        half.unlink(missing_ok=True)
        raise
    yield "renamed"
    sync(to.parent)
    yield "kept"


def _write(file: LogFile, half: Path, packed: str) -> Iterator[str]:
    with file.path.open("rb") as original, half.open("wb") as raw:
        with _packing(raw, packed) as copy:
            shutil.copyfileobj(original, copy, _BLOCK_BYTES)
        yield "copied"
        raw.flush()
        shutil.copymode(file.path, half)
        os.utime(half, ns=(file.mtime_ns, file.mtime_ns))  # its age is that of its content
        os.fsync(raw.fileno())
    if not _same_content(file.path, half):
        raise NotDone("it was changed while it was copied")
    yield "synced"


@contextmanager
def _packing(raw: BinaryIO, packed: str) -> Iterator[BinaryIO]:
    if packed == ".gz":
        import gzip  # noqa: PLC0415 - one of three ways

        with gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as copy:
            yield cast("BinaryIO", copy)
    elif packed == ".zst":
        from tachograph.zstandard import zstd  # noqa: PLC0415 - one of three ways

        with zstd.ZstdFile(raw, "wb") as copy:
            yield cast("BinaryIO", copy)
    else:
        yield raw


def _same_content(one: Path, other: Path) -> bool:
    """Whether two files hold the same bytes, once decompressed; a damaged one isn't the same as any."""
    try:
        with open_plain_or_compressed(str(one)) as first, open_plain_or_compressed(str(other)) as second:
            while block := first.read(_BLOCK_BYTES):
                if second.read(len(block)) != block:
                    return False
            return not second.read(1)
    except compression_errors():
        return False


def _check(file: LogFile) -> None:
    """Raises `NotDone` where the file isn't the one any longer that the step is about."""
    try:
        stat = file.path.stat()
    except FileNotFoundError:
        raise NotDone("it is gone") from None
    if (stat.st_size, stat.st_mtime_ns) != (file.size, file.mtime_ns):
        raise NotDone("it was changed meanwhile")


@contextmanager
def locked(folder: Path, name: str = LOCK, *, wait: bool = True) -> Iterator[None]:
    """Holds the folder's lock, which those who write to the log, and those who list it, hold as well.

    Without `wait`, `BlockingIOError` is raised where somebody else has it.
    """
    if sys.platform == "win32":  # where a file that somebody has open can't be removed anyway
        yield
        return
    import fcntl  # noqa: PLC0415 - not on every platform

    descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(descriptor)
