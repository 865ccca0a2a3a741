"""Opening a store before it is known to be needed, beside what finds that out.

The engine takes 40 ms to be loaded and to open a file, most of that time without Python's lock.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

from tachograph.store.connections import connect
from tachograph.store.gate import Gate, Reading

if TYPE_CHECKING:
    from pathlib import Path

    from tachograph.store.engine import DuckDBPyConnection


class Begun(NamedTuple):
    """A store whose file is open to write, but which isn't made ready yet, and the right to read logs into it."""

    reading: Reading
    gate: Gate
    connection: DuckDBPyConnection


class EarlyOpening:
    """A store's file is opened to write, in a thread of its own, if nobody keeps it from that at this very moment.

    What comes of it is taken once, by whoever needs it, or given up.
    """

    def __init__(self, store: Path) -> None:
        self._store = store
        self._begun: Begun | None = None
        self._thread = threading.Thread(target=self._open, name="opening", daemon=True)
        self._thread.start()

    def take(self) -> Begun | None:
        """What was opened, which is the caller's to close from now on; None where it couldn't be, or was taken."""
        self._thread.join()
        begun, self._begun = self._begun, None
        return begun

    def give_up(self) -> None:
        """Closes what nobody took."""
        begun = self.take()
        if begun:
            begun.connection.close()
            begun.gate.give_up()
            begun.reading.end()

    def _open(self) -> None:
        reading = Reading.at_once(self._store)
        gate = Gate.at_once(self._store) if reading else None
        try:
            if reading and gate and self._store.exists():
                self._begun = Begun(reading, gate, connect(str(self._store), read_only=False))
        except Exception:  # noqa: BLE001 - whatever it is, whoever opens the store after all meets it, and says so
            return
        finally:
            if self._begun is None:
                if gate:
                    gate.give_up()
                if reading:
                    reading.end()
