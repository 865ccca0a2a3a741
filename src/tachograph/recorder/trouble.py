"""Telling the host program what keeps its records from the disk: each kind of trouble once, and never by an exception.

It is a warning of the logger `tachograph`, and a call of `on_trouble`, if the program gave one.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_WORDS: Final = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would be larger than this process may write",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EROFS: "the disk is read-only",
    errno.EIO: "the disk fails",
}


class Troubles:
    """What was told already, and how to tell more."""

    def __init__(self, folder: Path, on_trouble: Callable[[str], object] | None) -> None:
        self._folder = folder
        self._on_trouble = on_trouble
        self._told: set[str] = set()

    def met(self, error: Exception) -> str:
        """Tells of an error of the system; returns it in words."""
        words = _in_words(error)
        self.tell(words, f"{self._folder}: {words}: records wait in memory, and are written when that is mended")
        return words

    def tell(self, kind: str, text: str) -> None:
        """Tells it, unless its kind was told before."""
        if kind in self._told:
            return
        self._told.add(kind)
        import logging  # noqa: PLC0415 - mostly there is no trouble

        logger = logging.getLogger("tachograph")
        with suppress(Exception):  # whatever a host's handlers do: it gets no exception of ours where it records
            logger.warning(text)
        if self._on_trouble is not None:
            try:
                self._on_trouble(text)
            except Exception as error:  # noqa: BLE001 - as above
                with suppress(Exception):
                    logger.warning("on_trouble failed: %s: %s", type(error).__name__, error)


def _in_words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "another process holds the lock of the folder"
    if isinstance(error, OSError) and error.errno:
        return _WORDS.get(error.errno) or os.strerror(error.errno)
    return f"{type(error).__name__}: {error}"
