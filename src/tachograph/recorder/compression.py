"""Compressing the files that nobody appends to any longer, by one process at a time and beside the appending.

A file is compressed under a name that no reader takes for a log, brought to the disk, given its name, and only then is
the plain one deleted, so that at any moment one of the two is there and whole. Who lists the folder shares its lock,
which the deleting holds alone: it finds the plain file, the compressed one, or both, of which it leaves out the latter.
What a process that was killed left undone is finished by the next.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, closing, contextmanager
from io import FileIO
from typing import TYPE_CHECKING, BinaryIO, Final, Literal, cast

from tachograph.recorder.disk import check_size, sync, sync_folder
from tachograph.recorder.lock import FolderLock, locked, read_name
from tachograph.recorder.names import ENDINGS, LOCK_NAME, is_ours

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Compression = Literal["zstd", "gzip"]

_COMPRESSING: Final = ".tachograph.compressing"
"""The file whose lock lets one process compress."""
_HALF: Final = ".half"
_CHUNK_BYTES: Final = 1 << 20
_GZIP_LEVEL: Final = 6


def compress_rotated(folder: Path, kind: Compression) -> None:
    """Compresses every file of the folder's log but the active one, unless another process is at it.

    Files that no recorder made are left alone. Raises `OSError` where the system fails it; nothing is lost then.
    """
    if not _rotated(folder):
        return
    with _alone(folder) as alone:
        if not alone:
            return
        for half in folder.glob(f".*{_HALF}"):
            half.unlink(missing_ok=True)
        while plains := _rotated(folder):  # others may be left meanwhile, by processes that find this one at it
            for plain in plains:
                if not any(_named(plain, ending).exists() for ending in ENDINGS.values()):
                    _compress(plain, kind)
                _delete(plain)


def _rotated(folder: Path) -> list[Path]:
    """The plain files, the oldest first, that aren't the active one."""
    try:
        names = sorted(name for name in os.listdir(folder) if is_ours(name))  # noqa: PTH208 - names are all it takes
    except FileNotFoundError:
        return []
    active = _active(folder) if names else None
    if active is None:
        return []
    return [folder / name for name in names if name != active]


def _active(folder: Path) -> str | None:
    """The name of the active file; None where nobody has recorded yet. Only a lock makes sure that it is whole."""
    try:
        file = FileIO(str(folder / LOCK_NAME), "r")
    except FileNotFoundError:
        return None
    with file, locked(file.fileno(), shared=True):
        return read_name(file)


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Whether no other process compresses; while this one does, none will."""
    with FileIO(str(folder / _COMPRESSING), "a") as file, ExitStack() as held:
        try:
            held.enter_context(locked(file.fileno(), wait_seconds=0))
        except TimeoutError:
            yield False
        else:
            yield True


def _named(plain: Path, ending: str) -> Path:
    return plain.with_name(f"{plain.name}{ending}")


def _compress(plain: Path, kind: Compression) -> None:
    whole = _named(plain, ENDINGS[kind])
    half = plain.with_name(f".{whole.name}{_HALF}")
    with plain.open("rb") as source, half.open("wb") as target:
        check_size(os.fstat(source.fileno()).st_size + _CHUNK_BYTES)
        with _compressed(target, kind) as compressed:
            while chunk := source.read(_CHUNK_BYTES):
                compressed.write(chunk)
        stat = os.fstat(source.fileno())
    os.utime(half, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    sync(half)
    half.replace(whole)
    sync_folder(plain.parent)


def _compressed(target: BinaryIO, kind: Compression) -> BinaryIO:
    if kind == "gzip":
        import gzip  # noqa: PLC0415 - files are rarely compressed

        return cast("BinaryIO", gzip.GzipFile("", "wb", _GZIP_LEVEL, target))
    from tachograph.zstandard import zstd  # noqa: PLC0415 - as above

    return cast("BinaryIO", zstd.ZstdFile(target, "w"))


def _delete(plain: Path) -> None:
    with closing(FolderLock(plain.parent)) as held, held:
        plain.unlink(missing_ok=True)
