"""Finding the logs again without listing the folders that haven't changed since they were listed.

What was listed is kept beside the store. It is a cache: it is left out where anything about it is doubtful, and can be
deleted at any time. It says of a place which folders are below it, when each of them was last changed, and which files
of the source were in them. A file that came, went or was renamed has changed its folder; whether a file itself has
changed is always looked up.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.ingest.plan import Found, find_in_places, found_at
from tachograph.store.files import write_cache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from tachograph.ingest.plan import Skipped
    from tachograph.sources.protocol import Source

_FILE: Final = "listings.json"
_FORM: Final = 1
"""Goes up when listings are kept otherwise."""
_FEW_FOLDERS: Final = 16
"""So many are listed sooner than a file is read that says what is in them."""
_FINE_TICK_NS: Final = 50_000_000
"""A folder that changes twice within a tick of its file system's clock, of mostly 4 ms, looks the same after both."""
_COARSE_TICK_NS: Final = 3_000_000_000
"""That of file systems which know no fractions of a second; FAT's is 2 s."""


class _Listing(msgspec.Struct, array_like=True):
    """What a place held; its folders and files are named as seen from it."""

    source: str
    place: str
    folders: list[str]
    changed_ns: list[int]
    files: list[str]


class _Kept(msgspec.Struct, array_like=True):
    form: str
    listings: list[_Listing]


class Folders(msgspec.Struct):
    """The folders that were listed on a walk, and when each was last changed as it began to be listed."""

    paths: list[str] = msgspec.field(default_factory=list)
    changed_ns: list[int] = msgspec.field(default_factory=list)
    steady: bool = True
    """Whether all that may change of what was found shows in a folder or a file that is looked at."""

    def begin(self, folder: str) -> None:
        """Notes a folder, before it is listed. Raises as `os.stat`."""
        stat = os.stat(folder)  # noqa: PTH116 - half the time of Path.stat, and there are many
        self.paths.append(folder)
        self.changed_ns.append(_changed_ns(stat))


class Listings:
    """What is known of the places, read from a cache in that folder.

    What another version of the program has listed isn't trusted: it may have looked for other files. `now_ns` is the
    clock, in Unix nanoseconds.
    """

    def __init__(self, cache_folder: Path, version: str, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._form = f"{version} {_FORM}"
        self._now_ns = now_ns
        self._path = cache_folder / _FILE
        self._known = {(listing.source, listing.place): listing for listing in _read(self._path, self._form)}
        self._now = self._known

    def find(self, places: Iterable[tuple[Source, Path]], skipped: list[Skipped]) -> list[Found]:
        """As `find_in_places`, which is asked only for the places that have changed since they were last found."""
        self._now = {}
        found: list[list[Found]] = []
        for source, place in places:
            key = (source.name, str(place))
            listing = self._known.get(key)
            files = None if listing is None else _as_listed(source, listing)
            if listing is None or files is None:
                now_ns = self._now_ns()
                trouble: list[Skipped] = []
                folders = Folders()
                files = find_in_places([(source, place)], trouble, folders)
                skipped += trouble
                keep = not trouble and _can_be_kept(source, folders, now_ns)
                listing = _listing(key, folders, files) if keep else None
            if listing is not None:
                self._now[key] = listing
            if files:
                found.append(files)
        if len(found) == 1:
            return found[0]
        by_path = {file.path: file for files in reversed(found) for file in files}
        return [by_path[path] for path in sorted(by_path)]

    def keep(self) -> None:
        """Writes to the cache what was found, if that is something new."""
        if self._now != self._known:
            write_cache(self._path, msgspec.json.encode(_Kept(self._form, list(self._now.values()))))


def _listing(key: tuple[str, str], folders: Folders, files: list[Found]) -> _Listing:
    place = len(key[1]) + 1
    names = [file.path[place:] for file in files]
    return _Listing(*key, [path[place:] or "." for path in folders.paths], folders.changed_ns, names)


def _as_listed(source: Source, listing: _Listing) -> list[Found] | None:
    """The files that were listed, as they are now; None where it has to be looked which there are."""
    place = os.path.join(listing.place, "")  # noqa: PTH118 - paths of logs are text
    files: list[Found] = []
    try:
        with _looking_from(listing.place) as look:
            if [_changed_ns(look(folder)) for folder in listing.folders] != listing.changed_ns:
                return None
            beside, name = source.beside, source.name
            for file in listing.files:  # one by one: to keep thousands of results takes longer than to get them
                path, stat = place + file, look(file)
                if beside(path):
                    files.append(found_at(path, source, stat.st_size, stat.st_mtime_ns))
                else:
                    files.append(Found(path, name, stat.st_size, stat.st_mtime_ns))
    except OSError:
        return None
    return files


@contextmanager
def _looking_from(folder: str) -> Iterator[Callable[[str], os.stat_result]]:
    """`os.stat` for names as seen from that folder: where it can, it needn't follow the folder's own path each time."""
    if os.stat not in os.supports_dir_fd or not hasattr(os, "O_PATH"):
        yield lambda name: os.stat(os.path.join(folder, name))  # noqa: PTH116, PTH118 - paths of logs are text
        return
    descriptor = os.open(folder, os.O_PATH)
    try:
        yield partial(os.stat, dir_fd=descriptor)
    finally:
        os.close(descriptor)


def _changed_ns(stat: os.stat_result) -> int:
    """When what is in a folder, or its name or rights, last changed: where there is such a time, none can set it."""
    return stat.st_mtime_ns if os.name == "nt" else stat.st_ctime_ns


def _can_be_kept(source: Source, folders: Folders, now_ns: int) -> bool:
    """Only of sources of ours: those of another package may find other files when that package changes."""
    return (
        folders.steady
        and len(folders.paths) > _FEW_FOLDERS
        and all(_settled(changed_ns, now_ns) for changed_ns in folders.changed_ns)
        and type(source).__module__.startswith("tachograph.")
    )


def _settled(changed_ns: int, now_ns: int) -> bool:
    """Whether whatever changes a folder after that look will be seen to have been later than its last change."""
    tick_ns = _FINE_TICK_NS if changed_ns % 1_000_000_000 else _COARSE_TICK_NS
    return changed_ns < now_ns - tick_ns


def _read(path: Path, form: str) -> list[_Listing]:
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
    except (OSError, ValueError, RecursionError):  # none yet, or not as we write it
        return []
    return kept.listings if kept.form == form else []
