"""What there is to read: the files of the known places or of given paths, less what the ledger says was read."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.errors import NoLogs, UnreadableLog
from tachograph.ingest.reading import compression_errors, is_compressed, marks, open_plain_or_compressed
from tachograph.recorder.names import LOCK_NAME
from tachograph.sources import all_sources, source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tachograph.ingest.listings import Folders
    from tachograph.sources.protocol import Source
    from tachograph.store.ledger import FileEntry

_SNIFFED_LINES: Final = 40
_SNIFFED_BYTES: Final = 1 << 16
_SNIFFED_BYTES_MAX: Final = 1 << 20
_LOOKED_INTO_BYTES: Final = 8 << 20
_MUCH_BYTES: Final = 10_000_000
"""A new file is looked into before it is read from so many bytes on, because a large one is read in pieces."""
_LOG_SUFFIXES: Final = (".jsonl", ".json", ".ndjson", ".jsonl.gz", ".jsonl.zst", ".json.gz", ".json.zst", ".db")


class Found(msgspec.Struct):
    """A file of a source, as it is now."""

    path: str
    source: str
    size: int
    mtime_ns: int
    in_place: bool = True
    """Whether it lies where this machine's agent keeps its logs."""


class Skipped(msgspec.Struct, frozen=True):
    """A file or folder that isn't read, and why."""

    path: str
    reason: str


class ToRead(msgspec.Struct, frozen=True):
    """A file with something new: from where on, after how many lines."""

    found: Found
    start: int
    lines: int | None
    """None where they weren't counted."""
    compressed: bool | None
    """None where whoever reads it has to see."""
    memory: str | None = None
    """What the reader knew when it came that far."""
    whole: bool = False
    """Whether it isn't read as lines, but whole each time."""


class Plan(msgspec.Struct):
    """What a reading will do."""

    to_read: list[ToRead] = msgspec.field(default_factory=list)
    moved: list[tuple[str, FileEntry]] = msgspec.field(default_factory=list)
    """Files that have only another path: the old path, and their entry under the new one."""
    unchanged: int = 0
    skipped: list[Skipped] = msgspec.field(default_factory=list)
    again: list[str] = msgspec.field(default_factory=list)
    """Paths of which all that was read is read again, from the beginning or from a compressed copy."""

    @property
    def bytes_to_read(self) -> int:
        """How much there is to read, as it lies on the disk."""
        return sum(item.found.size - (0 if item.compressed else item.start) for item in self.to_read)

    @property
    def is_much(self) -> bool:
        """Whether it takes longer than to make ready for much."""
        return self.bytes_to_read > _MUCH_BYTES


def known_places(environment: Mapping[str, str], home: Path) -> list[tuple[Source, Path]]:
    """The folders in which this machine's agents would keep their logs."""
    return [(known, place) for known in all_sources() for place in known.places(environment, home)]


def find_in_places(
    places: Iterable[tuple[Source, Path]], skipped: list[Skipped], listed: Folders | None = None
) -> list[Found]:
    """The files of each source below its places, by path; a file in two places is found once.

    `listed` is told of each folder before it is listed.
    """
    found: dict[str, Found] = {}
    for known, place in places:
        for path, stat in _walk(place, skipped, known.owns, listed):
            if path not in found:
                found[path] = found_at(path, known, stat.st_size, stat.st_mtime_ns)
    return sorted(found.values(), key=lambda file: file.path)


def find_given(
    paths: Sequence[Path], forced: str | None, skipped: list[Skipped], places: Sequence[tuple[Source, Path]] = ()
) -> list[Found]:
    """The logs in given files and folders, whose format is recognised unless it is `forced`; `places` are those known.

    Raises `NoLogs` where a path doesn't exist or holds no log, and `UnreadableLog` for a file in no known format.
    """
    found: dict[str, Found] = {}
    for path in paths:
        if not path.exists():
            raise NoLogs("no such file or folder", where=str(path), mend="check the path")
        try:
            items = _logs_below(path, forced, skipped) if path.is_dir() else [_given_file(path, forced)]
        except PermissionError:
            raise UnreadableLog("it can't be read: permission denied", where=str(path)) from None
        if not items:
            raise NoLogs(
                "no logs of a known agent in it",
                where=str(path),
                mend=f"known are {', '.join(each.title for each in all_sources())}",
            )
        found.update({item.path: item for item in items})
    skipped.sort(key=lambda one: one.path)
    folders = {(known.name, str(place)) for known, place in places}
    for item in found.values():
        item.in_place = any((item.source, str(parent)) in folders for parent in Path(item.path).parents)
    return sorted(found.values(), key=lambda file: file.path)


def plan(found: Iterable[Found], ledger: Mapping[str, FileEntry], skipped: list[Skipped]) -> Plan:
    """Compares what there is with what was read."""
    result = Plan(skipped=skipped)
    fresh: list[Found] = []
    present: set[str] = set()
    for file in found:
        present.add(file.path)
        entry = ledger.get(file.path)
        if entry is None:
            fresh.append(file)
        elif (entry.size, entry.mtime_ns) == (file.size, file.mtime_ns) and entry.trouble is None:
            result.unchanged += 1
        else:
            _plan_changed(result, file, entry)
    if fresh:
        missing = [entry for path, entry in ledger.items() if path not in present and not Path(path).exists()]
        for file in fresh:
            _plan_new(result, file, missing)
    return result


def _plan_changed(result: Plan, file: Found, entry: FileEntry) -> None:
    """A known file with another size or time: it was appended to, or it is another file by now."""
    if source(file.source).reading == "files":
        result.again.append(file.path)
        result.to_read.append(ToRead(file, 0, 0, compressed=False, memory=entry.memory, whole=True))
        return
    try:
        compressed = is_compressed(file.path)
        same = (
            not compressed
            and not entry.compressed
            and file.size >= entry.read_offset
            and marks(file.path, entry.read_offset) == (entry.head, entry.tail)
        )
    except OSError as error:
        result.skipped.append(Skipped(file.path, error.strerror or str(error)))
        return
    if same:
        result.to_read.append(ToRead(file, entry.read_offset, entry.lines, compressed, entry.memory))
    else:
        result.again.append(file.path)
        result.to_read.append(ToRead(file, 0, 0, compressed))


def _plan_new(result: Plan, file: Found, missing: list[FileEntry]) -> None:
    """A file that wasn't there: one that was moved is read on from where it was read to."""
    if source(file.source).reading == "files":
        result.to_read.append(ToRead(file, 0, 0, compressed=False, whole=True))
        return
    may_be_read = (
        os.access(file.path, os.R_OK) or not Path(file.path).exists()
    )  # then it may have been compressed since
    if not missing and file.size < _LOOKED_INTO_BYTES and may_be_read:
        result.to_read.append(ToRead(file, 0, 0, None))
        return
    try:
        compressed = is_compressed(file.path)
        for entry in missing:
            if compressed and file.path in (f"{entry.path}.gz", f"{entry.path}.zst"):
                result.again.append(entry.path)
            moved = (
                entry.source == file.source
                and not compressed
                and not entry.compressed
                and 0 < entry.read_offset <= file.size
                and marks(file.path, entry.read_offset) == (entry.head, entry.tail)
            )
            if moved:
                missing.remove(entry)
                result.moved.append((entry.path, _at(entry, file)))
                if file.size > entry.read_offset:
                    result.to_read.append(ToRead(file, entry.read_offset, entry.lines, False, entry.memory))  # noqa: FBT003
                return
    except OSError as error:
        result.skipped.append(Skipped(file.path, error.strerror or str(error)))
        return
    result.to_read.append(ToRead(file, 0, 0, compressed))


def _at(entry: FileEntry, file: Found) -> FileEntry:
    return msgspec.structs.replace(entry, path=file.path, size=file.size, mtime_ns=file.mtime_ns)


def _walk(
    folder: Path, skipped: list[Skipped], wanted: Callable[[str], bool], listed: Folders | None = None
) -> Iterator[tuple[str, os.stat_result]]:
    """The wanted files below a folder; links to folders aren't followed, so that no circle is walked."""
    waiting = [str(folder)]
    while waiting:
        try:
            entries = _entries(waiting.pop(), listed)
        except FileNotFoundError:
            continue
        except OSError as error:
            skipped.append(Skipped(str(error.filename), error.strerror or str(error)))
            continue
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif wanted(entry.path) and _is_file(entry, listed):
                    entry.path.encode()
                    yield entry.path, entry.stat()
            except UnicodeEncodeError:
                skipped.append(Skipped(repr(entry.path), "its name is not UTF-8"))
            except OSError as error:
                skipped.append(Skipped(entry.path, error.strerror or str(error)))


def _is_file(entry: os.DirEntry[str], listed: Folders | None) -> bool:
    if listed is not None and entry.is_symlink():  # what it leads to may come and go without its folder changing
        listed.steady = False
    return entry.is_file()


def _entries(folder: str, listed: Folders | None) -> list[os.DirEntry[str]]:
    """What is in a folder; a recorder's, without the compressed copies of files that are still there."""
    if listed is not None:
        listed.begin(folder)
    with os.scandir(folder) as scanned:
        entries = list(scanned)
    if all(entry.name != LOCK_NAME for entry in entries):
        return entries
    if listed is not None:
        listed.steady = False
    from tachograph.recorder.listing import entries_at_rest  # noqa: PLC0415 - few folders are a recorder's

    return entries_at_rest(folder)


def _logs_below(folder: Path, forced: str | None, skipped: list[Skipped]) -> list[Found]:
    found: list[Found] = []
    for path, stat in _walk(folder.absolute(), skipped, lambda path: path.endswith(_LOG_SUFFIXES)):
        if stat.st_size == 0:
            continue
        try:
            known = source(forced) if forced else _recognise(path)
        except OSError as error:
            skipped.append(Skipped(path, error.strerror or str(error)))
            continue
        if known is None:
            skipped.append(Skipped(path, "in no known format"))
        else:
            found.append(found_at(path, known, stat.st_size, stat.st_mtime_ns))
    return found


def found_at(path: str, known: Source, size: int, mtime_ns: int) -> Found:
    """The file at a path, with what it and those beside it take, and when one of them was last changed."""
    for other in known.beside(path):
        with suppress(OSError):  # mostly there is none
            beside = os.stat(other)  # noqa: PTH116 - half the time of Path.stat, and there may be many
            size, mtime_ns = size + beside.st_size, max(mtime_ns, beside.st_mtime_ns)
    return Found(path, known.name, size, mtime_ns)


def _given_file(path: Path, forced: str | None) -> Found:
    absolute = path.absolute()
    try:
        str(absolute).encode()
    except UnicodeEncodeError:
        raise UnreadableLog("its name is not UTF-8", where=repr(str(path)), mend="rename it") from None
    known = source(forced) if forced else _recognise(str(absolute))
    if known is None:
        names = " nor ".join(each.title for each in all_sources())
        raise UnreadableLog(
            f"in no known format (neither {names})", where=str(path), mend="force one with --source NAME"
        )
    stat = absolute.stat()
    return found_at(str(absolute), known, stat.st_size, stat.st_mtime_ns)


def _recognise(path: str) -> Source | None:
    """The source whose format a file is in, from its first lines; its name decides where they don't."""
    lines = _first_lines(path)
    for known in all_sources():
        if known.recognises(lines):
            return known
    log = source("metrics-log")
    return log if log.owns(path) else None


def _first_lines(path: str) -> list[bytes]:
    try:
        with open_plain_or_compressed(path) as handle:
            start = handle.read(_SNIFFED_BYTES)
            if b"\n" not in start:
                start += handle.read(_SNIFFED_BYTES_MAX)
    except compression_errors():
        return []
    return [line for line in start.split(b"\n")[:_SNIFFED_LINES] if line.strip()]
