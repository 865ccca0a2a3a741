"""Files that a command was asked to write: whole, or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def write_file(path: Path, content: bytes) -> None:
    """Writes a file, or leaves the one that is there. Raises `OSError`."""
    with whole_file(path) as half:
        half.write_bytes(content)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Where to write what becomes the file once it is whole; what isn't a plain file (a pipe, a device) is itself."""
    if path.exists() and not path.is_file():
        yield path
        return
    target = path.resolve()
    half = target.with_name(f"{target.name}.{os.getpid()}.half")
    try:
        yield half
        half.replace(target)
    except BaseException:
        with suppress(OSError):
            half.unlink()
        raise
