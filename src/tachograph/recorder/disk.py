"""What the system knows about files and disks: how large a file may be, and when it is on the disk.

All of these raise `OSError` where the system fails them.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path


def sync(path: Path) -> None:
    """Brings all that was written to the file of that path to the disk, whoever wrote it."""
    _sync(path, os.O_RDWR)


def check_size(size: int) -> None:
    """Raises `OSError` where this process may write no file of that size, in bytes.

    Trying to would send it a signal, by which a host that doesn't ignore it would end.
    """
    if size > file_size_max():
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


if sys.platform == "win32":

    def file_size_max() -> int:
        """How large a file this process may write, in bytes."""
        return sys.maxsize

    def sync_folder(folder: Path) -> None:
        """Brings the names in the folder to the disk; Windows has no way to ask for that."""
        del folder

    def read_first(file: FileIO, length: int) -> bytes:
        """What the file begins with."""
        file.seek(0)
        return file.read(length)

else:
    import resource

    def file_size_max() -> int:
        """How large a file this process may write, in bytes."""
        soft, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
        return sys.maxsize if soft == resource.RLIM_INFINITY else soft

    def sync_folder(folder: Path) -> None:
        """Brings the names in the folder to the disk."""
        _sync(folder, os.O_RDONLY)

    def read_first(file: FileIO, length: int) -> bytes:
        """What the file begins with."""
        return os.pread(file.fileno(), length, 0)
