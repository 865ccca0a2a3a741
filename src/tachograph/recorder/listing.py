"""Listing a folder that recorders write to, so that each of their files is in the list once, compressed or not."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Final

from tachograph.recorder.lock import locked
from tachograph.recorder.names import LOCK_NAME, plain_name

if TYPE_CHECKING:
    from collections.abc import Iterator

_WAIT_SECONDS: Final = 1.0


def entries_at_rest(folder: str) -> list[os.DirEntry[str]]:
    """What is in the folder, without the compressed copies of files that are still there. Raises as `os.scandir`.

    What the entries are was looked up while no file could be deleted.
    """
    with _shared_lock(folder), os.scandir(folder) as scanned:
        entries = list(scanned)
        for entry in entries:
            with suppress(OSError):
                entry.stat()  # which the entry keeps
    names = {entry.name for entry in entries}
    return [entry for entry in entries if plain_name(entry.name) not in names]


@contextmanager
def _shared_lock(folder: str) -> Iterator[None]:
    """Shares the folder's lock; where there is none, or it can't be locked or not for long, does without."""
    try:
        descriptor = os.open(os.path.join(folder, LOCK_NAME), os.O_RDONLY)  # noqa: PTH118 - paths of logs are text
    except OSError:
        yield
        return
    with ExitStack() as held:
        held.callback(os.close, descriptor)
        with suppress(OSError):
            held.enter_context(locked(descriptor, shared=True, wait_seconds=_WAIT_SECONDS))
        yield
