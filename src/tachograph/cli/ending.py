"""How a command ends: with its process, or in one that goes on."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tachograph.store.duckdb import Store

_process_ends = False


def process_ends() -> None:
    """Says that the process ends at once after its command, whatever is still under way."""
    global _process_ends  # noqa: PLW0603 - it is the process's
    _process_ends = True


def process_goes_on() -> None:
    """Says that it doesn't: the command serves, and needs again what it closes."""
    global _process_ends  # noqa: PLW0603 - as above
    _process_ends = False


@contextmanager
def closing(store: Store) -> Iterator[None]:
    """Closes a store after the block that last needs it: beside what comes then, where nobody has to wait for it.

    The engine takes milliseconds to give its memory back, which a process that ends needn't. What it wrote to the disk
    is durable already; what it has spilled there it must remove.
    """
    try:
        yield
    except BaseException:
        store.close()
        raise
    if _process_ends and not store.has_spilled():
        threading.Thread(target=store.close, name="closing", daemon=True).start()
    else:
        store.close()
