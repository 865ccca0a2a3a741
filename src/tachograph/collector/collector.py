"""The collector: keeps what is sent of each tenant, and fills their stores with it."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Final

from tachograph.collector.collected import Collected
from tachograph.collector.intake import Intake
from tachograph.collector.shared import SPARING
from tachograph.collector.tenants import Tenants
from tachograph.errors import TachographError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from pathlib import Path

    from tachograph.collector.collected import Batch

_LOOK_SECONDS: Final = 0.05
"""How often it is looked whether another process waits for a store."""
_FILL_SECONDS: Final = 0.5
"""So long after one filling of a store the next one begins at the earliest,"""
_FILLING_SHARE: Final = 3
"""and so many times as long as that took: a large store takes longer, and then more is done at once."""
_TROUBLE_SECONDS: Final = 5.0
_STANDING_BACK: Final = 10
"""As `nice` counts it."""


class Collector:
    """All that is collected in one home. Close it."""

    def __init__(
        self,
        home: Path,
        *,
        store: str | None = None,
        cores: int | None = SPARING,
        user_name: Callable[[str], str] | None = None,
        told: Callable[[str], None] | None = None,
    ) -> None:
        """With a `store` metrics are kept at that address, else in the home, where the spool is in any case.

        Of an embedded store a question may take so many `cores`; None: all.

        `user_name` gives the name that a user is kept by; `told` is called, in any thread, with what goes wrong.

        Raises `StoreUnusable` where another process collects there, and `OSError`.
        """
        self.tenants = Tenants(home, store, cores)
        self._user_name = user_name
        self._told = told or (lambda _: None)
        self._guard = threading.Lock()
        self._collected: dict[str, Collected] = {}
        self._next: dict[str, float] = {}
        self._troubles: dict[str, str] = {}
        self._changed = threading.Event()
        self._ends = False
        for name in self.tenants.on_disk():
            self.of(name)
        self.intake = Intake(self._changed.set)
        self._filling = threading.Thread(target=self._fill, name="filling", daemon=True)
        self._filling.start()

    def of(self, tenant: str) -> Collected:
        """What is collected of a tenant. Raises as the class does."""
        with self._guard:
            known = self._collected.get(tenant)
            if known is None:
                known = self._collected[tenant] = Collected(self.tenants.get(tenant), self._user_name)
                for damage in known.damages:
                    self._told(f"what wasn't acknowledged was cut off: {damage}")
            return known

    def all(self) -> list[Collected]:
        """What is collected of each tenant."""
        with self._guard:
            return list(self._collected.values())

    def accept(self, tenant: str, batch: Batch) -> Future[None]:
        """What is done when the batch is durable. Raises `Full`."""
        return self.intake.offer(self.of(tenant), batch)

    def trouble(self) -> str | None:
        """Why stores can't be filled, if one can't."""
        return next(iter(self._troubles.values()), None)

    def close(self) -> None:
        """Writes what waits, takes it into the stores as far as they can be had, and closes everything."""
        self.intake.end()
        self._ends = True
        self._changed.set()
        self._filling.join()
        self.tenants.close()
        for collected in self.all():
            collected.close()

    def _fill(self) -> None:
        _stand_back()
        while not self._ends:
            self._changed.wait(_LOOK_SECONDS)
            self._changed.clear()
            self._give_way()
            for collected in self.all():
                if collected.is_behind() and monotonic() >= self._next.get(collected.name, 0):
                    self._fill_one(collected)
        for collected in self.all():
            while collected.is_behind() and self._fill_one(collected):
                pass

    def _fill_one(self, collected: Collected) -> bool:
        """Fills one store, as far as it can be had; whether that was so."""
        begun = monotonic()
        done, pause = False, _LOOK_SECONDS
        try:
            done = collected.tenant.shared.fill(collected.fill)
        except TachographError as error:
            self._tell_once(collected.name, str(error))
            pause = _TROUBLE_SECONDS
        except Exception as error:  # noqa: BLE001 - whatever it is: what is sent is kept, and it is tried again
            self._tell_once(collected.name, f"{type(error).__name__}: {error}")
            pause = _TROUBLE_SECONDS
        if done:
            pause = max(_FILL_SECONDS, (monotonic() - begun) * _FILLING_SHARE)
            self._troubles.pop(collected.name, None)
        self._next[collected.name] = monotonic() + pause
        return done

    def _tell_once(self, name: str, trouble: str) -> None:
        """Says why a store can't be filled, again only when something else is the matter."""
        if self._troubles.get(name) != trouble:
            self._troubles[name] = trouble
            self._told(f"the store can't be filled, what is sent waits in the spool: {trouble}")

    def _give_way(self) -> None:
        for tenant in self.tenants.known():
            try:
                tenant.shared.give_way()
            except TachographError as error:
                self._tell_once(tenant.name, str(error))


def _stand_back() -> None:
    """Lets other threads go first where cores are few: who sends waits for them, and nobody for this one."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _STANDING_BACK)
