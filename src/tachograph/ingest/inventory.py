"""What there is of each source: its places, the logs in them, how many of them were read, what was passed over and why.

Nothing is read into the store. Of a log no more is looked at than tells whether it is the one that was read before.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.ingest.plan import Skipped, find_in_places, plan
from tachograph.sources import all_sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tachograph.ingest.plan import Found, Plan
    from tachograph.sources.protocol import Source
    from tachograph.store.duckdb import Store
    from tachograph.store.ledger import FileEntry

_METRICS: Final = """
    SELECT source, sum(metrics)::BIGINT FROM (
        SELECT source, count(ts) AS metrics FROM metrics GROUP BY source
        UNION ALL
        SELECT source, sum(metrics_count) FROM condensed GROUP BY source
    )
    GROUP BY source
"""
_REJECTED: Final = "SELECT files.source, count(*) FROM rejects JOIN files USING (path) GROUP BY files.source"


class LogsThere(msgspec.Struct, frozen=True):
    """The logs of one source in one folder."""

    path: str
    exists: bool
    logs: int
    """How many are there now."""
    size: int
    """What they take, in bytes."""
    read: int
    """How many of them were read, to whatever end."""
    new: int
    """How many of them have something that wasn't read."""
    gone: int
    """How many more were read, and aren't there any longer."""
    changed_ns: int | None
    """When the newest was last changed, in nanoseconds since 1970; None where there is none."""


class LogsElsewhere(msgspec.Struct, frozen=True):
    """The logs of one source that were read from outside its places, as they were then."""

    logs: int
    """How many are still there."""
    size: int
    """What those took, in bytes."""
    gone: int
    changed_ns: int | None


class SourceState(msgspec.Struct):
    """What there is of one source."""

    name: str
    source: Source | None
    """None where only the store knows it: the package that added it is gone."""
    places: list[LogsThere] = msgspec.field(default_factory=list)
    elsewhere: LogsElsewhere | None = None
    """None where nothing was read from elsewhere."""
    metrics: int = 0
    rejected: int = 0
    """How many lines of its logs were refused."""
    skipped: list[Skipped] = msgspec.field(default_factory=list)
    """What couldn't be read, or not to its end, by now or at the last reading."""


class _Looked(msgspec.Struct, frozen=True):
    """What a look into one place found."""

    source: Source
    place: Path
    found: dict[str, Found]
    skipped: list[Skipped]


def inventory(where: Iterable[tuple[Source, Path]], store: Store | None) -> list[SourceState]:
    """The state of every known source and of those that only the store knows; `where` are the places of the known."""
    ledger = store.files() if store else {}
    looked = _look(where)
    planned = plan((file for look in looked for file in look.found.values()), ledger, [])
    moved = dict(planned.moved)
    ledger = {path: entry for path, entry in ledger.items() if path not in moved}
    ledger |= {entry.path: entry for entry in moved.values()}
    states = {known.name: SourceState(known.name, known) for known in all_sources()}
    for entry in ledger.values():
        states.setdefault(entry.source, SourceState(entry.source, None))
    for state in states.values():
        places = [look for look in looked if look.source.name == state.name]
        _fill(state, places, ledger, planned)
    if store:
        for name, metrics in store.connection.execute(_METRICS).fetchall():
            states.setdefault(name, SourceState(name, None)).metrics = metrics
        for name, rejected in store.connection.execute(_REJECTED).fetchall():
            states[name].rejected = rejected
    return list(states.values())


def _look(where: Iterable[tuple[Source, Path]]) -> list[_Looked]:
    """Looks into each place by itself; a log that is in two of them is in the first."""
    looked: list[_Looked] = []
    seen: set[str] = set()
    for known, place in where:
        skipped: list[Skipped] = []
        found = {file.path: file for file in find_in_places([(known, place)], skipped) if file.path not in seen}
        seen |= found.keys()
        looked.append(_Looked(known, place, found, skipped))
    return looked


def _fill(state: SourceState, places: Sequence[_Looked], ledger: Mapping[str, FileEntry], planned: Plan) -> None:
    """Counts the logs in each place, those that were read from elsewhere, and what was skipped of both."""
    new = {item.found.path for item in planned.to_read}
    entries = {path: entry for path, entry in ledger.items() if entry.source == state.name}
    reasons = {skipped.path: skipped.reason for look in places for skipped in look.skipped}
    gone = {path for path in entries if not _is_there(path)}
    left = {path for path in entries if not any(path in look.found for look in places)}
    for look in places:
        gone_here = {path for path in left & gone if Path(path).is_relative_to(look.place)}
        left -= gone_here
        found = look.found.values()
        state.places.append(
            LogsThere(
                path=str(look.place),
                exists=_is_there(look.place),
                logs=len(found),
                size=sum(file.size for file in found),
                read=sum(path in ledger and _was_read(ledger[path]) for path in look.found),
                new=len(look.found.keys() & new),
                gone=len(gone_here),
                changed_ns=max((file.mtime_ns for file in found), default=None),
            )
        )
        reasons |= {skipped.path: skipped.reason for skipped in planned.skipped if skipped.path in look.found}
    if left:
        there = [entries[path] for path in left - gone]
        state.elsewhere = LogsElsewhere(
            logs=len(there),
            size=sum(max(entry.size, 0) for entry in there),
            gone=len(left & gone),
            changed_ns=max((entry.mtime_ns for entry in there), default=None),
        )
    for path, entry in entries.items():
        if entry.trouble is not None:
            reasons.setdefault(path, entry.trouble)  # what is wrong now goes before what was wrong then
    state.skipped = [Skipped(path, reason) for path, reason in sorted(reasons.items())]


def _is_there(path: str | Path) -> bool:
    """Whether there is such a file or folder; what can't be looked at isn't said to be gone."""
    try:
        Path(path).stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _was_read(entry: FileEntry) -> bool:
    """Whether anything came of a file: where its first byte was trouble, nothing did."""
    return entry.trouble is None or entry.read_offset > 0
