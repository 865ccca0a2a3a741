"""Makes a store again from its copy: the base, if there is one, and then all that the journal tells."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import msgspec

from tachograph.store.copies import StoreCopy
from tachograph.store.duckdb import Store
from tachograph.store.examine import examine
from tachograph.store.journal import Damage, frames

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tachograph.store.journal import Frame


class Rebuilt(msgspec.Struct):
    """What a store was made again from."""

    metrics: int = 0
    frames: int = 0
    aside: Path | None = None
    """Where the store is that was there before, if one was."""
    damages: list[str] = msgspec.field(default_factory=list)
    """What of the copy couldn't be used: then the logs that are still there are read again."""


def rebuild(store: Path) -> Rebuilt:
    """Puts a new store in the place of that file, which nobody may have open.

    The new one is made beside it, and takes its place when it is whole; the old one is kept, as `set_aside` says.
    Raises `OSError` where there is no room.
    """
    found = Rebuilt()
    half = store.with_name(f"{store.stem}.rebuilt.duckdb")
    for leftover in (half, half.with_name(f"{half.name}.wal")):
        leftover.unlink(missing_ok=True)
    copy = StoreCopy(store)
    generation = copy.newest()
    if generation is not None:
        base = copy.base(generation)
        if base.exists() and not examine(base).damaged:
            shutil.copyfile(base, half)
        elif base.exists():
            found.damages.append(f"{base}: it is damaged")
    with Store.without_waiting(half) as made:
        if generation is not None:
            made.goes_on_with(generation, 0)
            made.forget_sums()  # of a base: those may be what is wrong
            made.take_in(_good(copy.journal(generation), found))
        if found.damages:  # what is missing may still be in the logs
            made.forget_ledger()
            copy.begin_anew(made.connection, keep_old=True)
        found.metrics = made.metrics_count()
        made.connection.execute("CHECKPOINT")  # so that one file is all there is of it
    found.aside = set_aside(store)
    half.replace(store)
    return found


def set_aside(store: Path) -> Path | None:
    """Renames a store's files to a name that is free; gives the new one, or None where there was none."""
    wal = store.with_name(f"{store.name}.wal")
    if not store.exists():
        wal.unlink(missing_ok=True)  # of no use without the store, and in the way of another one
        return None
    number = 1
    while (aside := store.with_name(f"{store.stem}.damaged-{number}.duckdb")).exists():
        number += 1
    if wal.exists():
        wal.replace(aside.with_name(f"{aside.name}.wal"))
    store.replace(aside)
    return aside


def _good(journal: Path, found: Rebuilt) -> Iterator[tuple[int, Frame]]:
    try:
        for each in frames(journal):
            if isinstance(each, Damage):
                found.damages.append(f"{journal}: bytes {each.start} to {each.end}: {each.what}")
            else:
                found.frames += 1
                yield each
    except OSError as error:
        found.damages.append(f"{journal}: it can't be read: {error.strerror}")
