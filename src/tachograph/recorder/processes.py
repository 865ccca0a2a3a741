"""The beginnings and ends of processes: what waits is written at the exit, and a forked child begins with nothing."""

from __future__ import annotations

import atexit
import os
import sys
from typing import Final, Protocol
from weakref import WeakSet


class LivesInAProcess(Protocol):
    """What has to know of them."""

    def close(self) -> None:
        """The process is about to end."""
        ...

    def begin_anew(self) -> None:
        """It is in a forked child process, in which no other thread runs; what its parent has is the parent's."""
        ...


_ALIVE: Final[WeakSet[LivesInAProcess]] = WeakSet()
_CLOSED_AT_THE_END: Final[set[int]] = set()
"""The processes in which `multiprocessing` was told."""


def watch(one: LivesInAProcess) -> None:
    """Tells it of what happens to the process, for as long as it is used."""
    _ALIVE.add(one)


def close_at_the_end_of_a_child() -> None:
    """In a child process of `multiprocessing`, which may end without `atexit`, lets its end close all."""
    library = sys.modules.get("multiprocessing.process")
    process = os.getpid()
    if library is None or library.parent_process() is None or process in _CLOSED_AT_THE_END:
        return
    from multiprocessing.util import Finalize  # noqa: PLC0415 - only where it is imported already

    _CLOSED_AT_THE_END.add(process)
    Finalize(None, _close_all, exitpriority=0)


def _close_all() -> None:
    for one in list(_ALIVE):
        one.close()


def _begin_all_anew() -> None:
    for one in list(_ALIVE):
        one.begin_anew()


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_all_anew)
