"""Finding the logs again without listing the folders that haven't changed since they were listed.

What was listed is kept beside the store. It is a cache: it is left out where anything about it is doubtful, and can be
deleted at any time. It says of a place which folders are below it, when each of them was last changed, and which files
of the source were in them. A file that came, went or was renamed has changed its folder; whether a file itself has
changed is always looked up.
"""

from __future__ import annotations

import os
import time
from array import array
from contextlib import contextmanager
from itertools import repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.digest import digest
from tachograph.ingest.plan import Found, find_in_places, found_at
from tachograph.store.files import write_cache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from tachograph.ingest.plan import Skipped
    from tachograph.sources.protocol import Source

_FILE: Final = "listings.json"
_FORM: Final = 2
"""Goes up when listings are kept otherwise."""
_FEW_FOLDERS: Final = 16
"""So many are listed sooner than a file is read that says what is in them."""
_FINE_TICK_NS: Final = 50_000_000
"""A folder that changes twice within a tick of its file system's clock, of mostly 4 ms, looks the same after both."""
_COARSE_TICK_NS: Final = 3_000_000_000
"""That of file systems which know no fractions of a second; FAT's is 2 s."""

_changed_ns: Final = attrgetter("st_mtime_ns" if os.name == "nt" else "st_ctime_ns")
"""When what is in a folder, or its name or rights, last changed: where there is such a time, none can set it."""


class _Listing(msgspec.Struct, array_like=True):
    """What a place held; its folders and files are named as seen from it."""

    source: str
    place: str
    folders: list[str]
    changed_ns: list[int]
    files: list[str]
    digest: str
    """Of the files' names."""


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

    def find(self, places: Iterable[tuple[Source, Path]], skipped: list[Skipped]) -> Logs:
        """As `find_in_places`, which is asked only for the places that have changed since they were last found."""
        self._now = {}
        found: list[_Seen] = []
        for source, place in places:
            key = (source.name, str(place))
            listing = self._known.get(key)
            seen = None if listing is None else _as_listed(source, listing)
            if listing is None or seen is None:
                now_ns = self._now_ns()
                trouble: list[Skipped] = []
                folders = Folders()
                files = find_in_places([(source, place)], trouble, folders)
                skipped += trouble
                seen = _seen(key, files)
                keep = not trouble and _can_be_kept(source, folders, now_ns)
                listing = _listing(key, folders, seen) if keep else None
            if listing is not None:
                self._now[key] = listing
            if seen.names:
                found.append(seen)
        return Logs(found)

    def keep(self) -> None:
        """Writes to the cache what was found, if that is something new."""
        if self._now != self._known:
            write_cache(self._path, msgspec.json.encode(_Kept(self._form, list(self._now.values()))))


class _Seen(msgspec.Struct):
    """The files of a place as they are now: their names as seen from it, and of each its size and its last change."""

    source: str
    place: str
    names: list[str]
    digest: str
    """Of the names."""
    numbers: list[int]
    """A size in bytes, a moment in Unix nanoseconds, and so on."""

    def files(self) -> list[Found]:
        paths = map(_prefix(self.place).__add__, self.names)
        return list(map(Found, paths, repeat(self.source), self.numbers[::2], self.numbers[1::2]))

    def fingerprint(self) -> bytes:
        try:
            numbers = array("q", self.numbers).tobytes()
        except OverflowError:  # a moment that is none
            numbers = repr(self.numbers).encode()
        return f"{self.source}\0{self.place}\0{self.digest}\0".encode() + numbers


class Logs:
    """The logs that were found. What of them is told apart is made where somebody asks: most often nobody does."""

    def __init__(self, places: Sequence[_Seen]) -> None:
        self._places = places
        self._files: list[Found] | None = None

    def files(self) -> list[Found]:
        """All of them, by path; one in two places is the first one's."""
        if self._files is None:
            found = [place.files() for place in self._places]
            if len(found) == 1:
                self._files = found[0]
            else:
                by_path = {file.path: file for files in reversed(found) for file in files}
                self._files = [by_path[path] for path in sorted(by_path)]
        return self._files

    def fingerprint(self) -> str:
        """What is another one whenever one of them came, went or changed."""
        parts = [place.fingerprint() for place in self._places]
        return digest(b"".join(b"%d\0%b" % (len(part), part) for part in parts), 16)


def _prefix(place: str) -> str:
    return os.path.join(place, "")  # noqa: PTH118 - paths of logs are text


def _seen(key: tuple[str, str], files: Sequence[Found]) -> _Seen:
    prefix = len(_prefix(key[1]))
    names = [file.path[prefix:] for file in files]
    numbers = [number for file in files for number in (file.size, file.mtime_ns)]
    return _Seen(*key, names, digest("\0".join(names).encode(), 16), numbers)


def _listing(key: tuple[str, str], folders: Folders, seen: _Seen) -> _Listing:
    prefix = len(_prefix(key[1]))
    return _Listing(*key, [path[prefix:] or "." for path in folders.paths], folders.changed_ns, seen.names, seen.digest)


def _as_listed(source: Source, listing: _Listing) -> _Seen | None:
    """The files that were listed, as they are now; None where it has to be looked which there are."""
    numbers: list[int] = []
    may_have_others = source.reading == "files"
    path = _prefix(listing.place)
    stat = os.stat
    try:
        with _looking_from(path) as (prefix, folder):
            changed = [_changed_ns(stat(prefix + name, dir_fd=folder)) for name in listing.folders]
            if changed != listing.changed_ns:
                return None
            for name in listing.files:  # one by one: to keep thousands of results takes longer than to get them
                told = stat(prefix + name, dir_fd=folder)
                if may_have_others:
                    file = found_at(path + name, source, told.st_size, told.st_mtime_ns)
                    numbers += (file.size, file.mtime_ns)
                else:
                    numbers += (told.st_size, told.st_mtime_ns)
    except (OSError, ValueError):  # not there any more, or a name that can be none
        return None
    return _Seen(listing.source, listing.place, listing.files, listing.digest, numbers)


@contextmanager
def _looking_from(place: str) -> Iterator[tuple[str, int | None]]:
    """What `os.stat` gets before a name and as `dir_fd`: it needn't follow the place's own path each time."""
    if os.stat not in os.supports_dir_fd or not hasattr(os, "O_PATH"):
        yield place, None
        return
    descriptor = os.open(place, os.O_PATH)
    try:
        yield "", descriptor
    finally:
        os.close(descriptor)


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
