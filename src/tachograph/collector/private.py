"""Files that are nobody else's to read (mode 0600), as a whole or not at all, and on the disk when a call returns."""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tachograph.recorder.lock import locked
from tachograph.store.files import sync

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ALONE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)


def write_private(path: Path, content: bytes) -> None:
    """Puts a file in the place of the one that there is, if any. Raises `OSError`; the old one is as it was then."""
    fresh = _fresh(path, content)
    try:
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    sync(path.parent)


def make_private(path: Path, content: bytes) -> bool:
    """Makes a file where there is none; False where somebody was first. Nobody ever sees half of it."""
    fresh = _fresh(path, content)
    try:
        os.link(fresh, path)
    except FileExistsError:
        return False
    finally:
        fresh.unlink(missing_ok=True)
    sync(path.parent)
    return True


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Lets one process at a time change a file, whose folder is made. `TimeoutError` where another one doesn't end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        with locked(lock):
            yield
    finally:
        os.close(lock)


def _fresh(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, _ALONE, 0o600), "wb") as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
    return fresh
