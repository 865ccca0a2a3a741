"""The beginnings and ends of processes: what waits is written at the exit, and a forked child begins with nothing."""

from __future__ import annotations

import atexit
import os
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


def watch(one: LivesInAProcess) -> None:
    """Tells it of what happens to the process, for as long as it is used."""
    _ALIVE.add(one)


def _close_all() -> None:
    for one in list(_ALIVE):
        one.close()


def _begin_all_anew() -> None:
    for one in list(_ALIVE):
        one.begin_anew()


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_all_anew)
