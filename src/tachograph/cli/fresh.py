"""Keeps a store fresh beside a server: what agents write meanwhile is read as ordinary commands read it first."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Final

from tachograph import __version__
from tachograph.cli.home import places, users
from tachograph.cli.serving import tell
from tachograph.errors import TachographError
from tachograph.ingest.listings import Listings
from tachograph.ingest.plan import plan
from tachograph.ingest.reader import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tachograph.ingest.plan import Skipped
    from tachograph.store.duckdb import Store

    Change = Callable[[Store], None]
    Fill = Callable[[Change], bool]

_LOOK_SECONDS: Final = 1.0
_LOOKING_SHARE: Final = 20
"""So many times as long as a look took is waited for the next one: a machine with many logs has other things to do."""


class Fresh:
    """What is new in this machine's logs gets into the store of that file, at each look.

    `fill` lets a change be made to the store; False where it can't be had now.
    """

    def __init__(self, store: Path, fill: Fill) -> None:
        self._store = store
        self._fill = fill
        self._read: str | None = None
        """The fingerprint of the logs as they were read last."""
        self._told: str | None = None
        self.looked_seconds = 0.0
        """How long it took the last time to see whether there is anything new."""

    def look(self) -> None:
        """Looks once. What goes wrong is told once, and tried again at the next look."""
        try:
            self._look()
            self._told = None
        except Exception as error:  # noqa: BLE001 - whatever it is: what is there is shown, and it is tried again
            trouble = str(error) if isinstance(error, TachographError | OSError) else f"{type(error).__name__}: {error}"
            if trouble != self._told:
                tell(f"new logs can't be read: {trouble}")
                self._told = trouble

    def _look(self) -> None:
        begun = monotonic()
        where = places(self._store)
        skipped: list[Skipped] = []
        listings = Listings(self._store.parent, __version__)
        found = listings.find(where, skipped)
        self.looked_seconds = monotonic() - begun
        now = found.fingerprint()
        if now == self._read:
            return

        def take_in(store: Store) -> None:
            what = plan(found.files(), store.files(), skipped)
            if what.to_read or what.moved:
                read(store, what, users=users(where))
            store.price_again()

        if self._fill(take_in):
            self._read = now
            listings.keep()


@contextmanager
def kept_fresh(store: Path, fill: Fill) -> Iterator[None]:
    """Looks again and again in a thread of its own, for as long as the block lasts."""
    ends = threading.Event()
    fresh = Fresh(store, fill)

    def look_again() -> None:
        pause = 0.0
        while not ends.wait(pause):
            fresh.look()
            pause = max(_LOOK_SECONDS, fresh.looked_seconds * _LOOKING_SHARE)

    thread = threading.Thread(target=look_again, name="keeping fresh", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join()
