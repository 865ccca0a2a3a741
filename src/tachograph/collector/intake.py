"""From what was sent to what is acknowledged: written to the spool together with what others sent, then synced once."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.collector.collected import Batch, Collected
from tachograph.errors import TachographError

if TYPE_CHECKING:
    from collections.abc import Callable

_WAITING_MAX_BYTES: Final = 64 * 2**20
_OF_TENANT: Final = 0.5
"""The part of that which one tenant may take."""
_UNREAD_MAX_BYTES: Final = 2 * 2**30
"""Of what was acknowledged, so much may wait for the store."""


class Full(TachographError):  # noqa: N818 - the names of errors read as sentences
    """More is under way than should be; `by_sender` where it is this tenant's. To be tried again in `seconds`."""

    def __init__(self, what: str, *, by_sender: bool = False, seconds: int = 1) -> None:
        super().__init__(what, mend=f"send it again in {seconds} s")
        self.by_sender = by_sender
        self.seconds = seconds


class CantBeKept(TachographError):  # noqa: N818 - as above
    """The disk is full or broken: nothing was acknowledged."""


class _Waiting(msgspec.Struct, eq=False):
    collected: Collected
    batch: Batch
    done: Future[None]


class Intake:
    """Writes batches to the spools of their tenants, in a thread of its own, as many at once as wait."""

    def __init__(self, written: Callable[[], None]) -> None:
        """`written` is called after each time that something was written."""
        self._written = written
        self._changed = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._bytes: dict[str, int] = {}
        self._ends = False
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
        self._thread.start()

    def offer(self, collected: Collected, batch: Batch) -> Future[None]:
        """What is done when the batch is on the disk. Raises `Full` where too much waits already."""
        with self._changed:
            if self._ends:
                raise Full("the collector ends", seconds=5)
            mine = self._bytes.get(collected.name, 0) + batch.size
            if sum(self._bytes.values()) + batch.size > _WAITING_MAX_BYTES and self._waiting:
                raise Full("too much is being written")
            if mine > _WAITING_MAX_BYTES * _OF_TENANT and mine > batch.size:
                raise Full("too much of yours is being written", by_sender=True)
            if collected.unread() > _UNREAD_MAX_BYTES:
                raise Full("the store is far behind what was sent", seconds=30)
            self._bytes[collected.name] = mine
            waiting = _Waiting(collected, batch, Future())
            self._waiting.append(waiting)
            self._changed.notify_all()
        return waiting.done

    def end(self) -> None:
        """Writes what waits, and takes no more."""
        with self._changed:
            self._ends = True
            self._changed.notify_all()
        self._thread.join()

    def waiting_bytes(self) -> int:
        """How much waits to be written."""
        with self._changed:
            return sum(self._bytes.values())

    def _run(self) -> None:
        while True:
            with self._changed:
                while not (self._waiting or self._ends):
                    self._changed.wait()
                taken, self._waiting = self._waiting, []
                if not taken:
                    return
            of_tenants: dict[str, list[_Waiting]] = {}
            for one in taken:
                of_tenants.setdefault(one.collected.name, []).append(one)
            for name, group in of_tenants.items():
                self._write(group)
                with self._changed:
                    self._bytes[name] -= sum(one.batch.size for one in group)
            self._written()

    def _write(self, group: list[_Waiting]) -> None:
        """Writes the batches of one tenant together, and tells those who wait for them."""
        try:
            group[0].collected.keep([one.batch for one in group])
        except OSError as error:
            trouble: Exception = CantBeKept(f"it can't be written: {error.strerror}", mend="free some disk space")
        except Exception as error:  # noqa: BLE001 - whatever it is: without a word, all would wait forever
            trouble = error
        else:
            for one in group:
                one.done.set_result(None)
            return
        for one in group:
            one.done.set_exception(trouble)
