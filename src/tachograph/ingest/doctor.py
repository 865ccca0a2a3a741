"""Whether the store, its copy and the logs are whole and agree, and what can be mended.

Nothing is changed by looking. What is mended keeps the damaged file under another name.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.errors import StoreUnusable
from tachograph.ingest.reading import MARK_BYTES, Piece, marks
from tachograph.ingest.tasks import Task, do
from tachograph.sources import METRICS_LOG, source
from tachograph.store.copies import StoreCopy, state
from tachograph.store.duckdb import Store
from tachograph.store.examine import examine
from tachograph.store.gate import Gate, Reading
from tachograph.store.journal import Damage, frames
from tachograph.store.rebuild import rebuild

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tachograph.store.ledger import FileEntry

_TOLD_LINES_MAX: Final = 20


class Finding(msgspec.Struct, frozen=True):
    """Something that isn't as it should be."""

    part: str
    """Of what: `store`, `copy`, `ledger` or `log`."""
    where: str
    """The file."""
    what: str
    mend: str | None = None
    """What `--repair` does about it; None where nothing can be done, or needs to be."""


class Diagnosis(msgspec.Struct):
    """What was looked at, and what was found."""

    store: str
    metrics: int = 0
    """How many the store has; 0 where it can't be read."""
    files: int = 0
    """How many the ledger knows."""
    gone: int = 0
    """How many of them aren't there any longer: what they told is in the store and its copy alone."""
    journal_bytes: int = 0
    logs_checked: int = 0
    findings: list[Finding] = msgspec.field(default_factory=list)

    def parts(self) -> set[str]:
        """What something is wrong with that can be mended."""
        return {finding.part for finding in self.findings if finding.mend}


def diagnose(path: Path, logs: Iterable[str] = (), waits: Callable[[], None] | None = None) -> Diagnosis:
    """Looks at a store, at its copy, at the files that it was read from, and at these metrics logs.

    Raises `StoreUnusable` where the store was made by another version, or isn't one.
    """
    found = Diagnosis(str(path))
    with _alone_with(path, waits):
        _look_at_store(path, found)
        _look_at_copy(path, found)
    _look_at_logs(logs, found)
    return found


def repair(path: Path, found: Diagnosis, waits: Callable[[], None] | None = None) -> list[str]:
    """Mends what can be; says what was done, a sentence each. The logs that are there are then to be read as always."""
    done: list[str] = []
    with _alone_with(path, waits):
        if "store" in found.parts():
            made = rebuild(path)
            kept = f"; the damaged one is {made.aside} now" if made.aside else ""
            done.append(f"made the store again from its copy: {made.metrics:,} metrics{kept}")
            done += [f"of the copy, this could not be used: {damage}" for damage in made.damages]
        elif "copy" in found.parts():
            with Store.without_waiting(path) as store:
                StoreCopy(path).begin_anew(store.connection, keep_old=True)
            done.append("made the copy again from the store")
    return done


@contextmanager
def _alone_with(path: Path, waits: Callable[[], None] | None) -> Iterator[None]:
    """Nobody else reads logs into the store or has it open."""
    if not path.parent.is_dir():
        raise StoreUnusable("there is no store yet", where=str(path), mend="run 'tachograph ingest' first")
    with Reading(path, waits):
        gate = Gate(path, to_write=True, waits=waits)
        try:
            gate.enter()
            yield
        finally:
            gate.give_up()


def _look_at_store(path: Path, found: Diagnosis) -> None:
    if not path.exists():
        lost = StoreCopy(path).newest() is not None
        mend = "make it again from its copy" if lost else None
        found.findings.append(Finding("store", str(path), "there is no store", mend))
        return
    examined = examine(path)
    found.metrics = examined.rows.get("metrics", 0)
    found.findings += [
        Finding("store", str(path), what, "make it again from its copy, and from the logs that are still there")
        for what in examined.wrong
    ]
    if not examined.damaged:
        with Store.without_waiting(path, read_only=True) as store:
            _look_at_ledger(store.files().values(), found)


def _look_at_ledger(entries: Iterable[FileEntry], found: Diagnosis) -> None:
    """Whether the files are still those that were read."""
    for entry in entries:
        found.files += 1
        file = Path(entry.path)
        if not file.exists():
            found.gone += 1
        elif not entry.compressed and entry.head:
            try:
                told = "is shorter than it was" if file.stat().st_size < entry.read_offset else None
                if told is None and marks(entry.path, entry.read_offset) != (entry.head, entry.tail):
                    told = f"has other bytes at its beginning, or in the {MARK_BYTES} before where it was read to"
            except OSError as error:
                told = f"can't be read: {error.strerror}"
            if told:
                what = f"the file {told}: it is read again, from its beginning, when logs are next read"
                found.findings.append(Finding("ledger", entry.path, what))


def _look_at_copy(path: Path, found: Diagnosis) -> None:
    copy = StoreCopy(path)
    generation = copy.newest()
    mend = "make it again from the store"
    if generation is None:
        if path.exists() and found.files:
            found.findings.append(Finding("copy", str(copy.folder), "there is no copy of the store", mend))
        return
    journal = copy.journal(generation)
    try:
        found.journal_bytes = journal.stat().st_size
        belongs = _belongs(path, found)
        end = 0
        for each in frames(journal):
            if isinstance(each, Damage):
                if each.start < belongs:
                    what = f"bytes {each.start} to {each.end}: {each.what}"
                    found.findings.append(Finding("copy", str(journal), what, mend))
            else:
                end = each[0]
        if end < belongs:
            found.findings.append(Finding("copy", str(journal), "its end is missing", mend))
    except OSError as error:
        found.findings.append(Finding("copy", str(journal), f"it can't be read: {error.strerror}", mend))
    base = copy.base(generation)
    if base.exists():
        found.findings += [Finding("copy", str(base), what, mend) for what in examine(base).wrong]


def _belongs(path: Path, found: Diagnosis) -> int:
    """How much of the journal has to be there: all that the store knows of, or, where that can't be read, all of it."""
    if not path.exists() or "store" in found.parts():
        return found.journal_bytes
    with Store.without_waiting(path, read_only=True) as store:
        return state(store.connection)[1]


def _look_at_logs(logs: Iterable[str], found: Diagnosis) -> None:
    """What can't be read of metrics logs, which are the only record of what programs told."""
    for path in logs:
        found.logs_checked += 1
        size = Path(path).stat().st_size if Path(path).exists() else 0
        piece = Piece(path, 0, size, at_line_start=True, to_the_end=True, compressed=None)
        refused = 0
        for part in do(Task(0, source(METRICS_LOG).name, [piece])):
            for read in part.pieces:
                refused += len(read.problems)
                for problem in read.problems[:_TOLD_LINES_MAX]:
                    what = f"line {problem.line + 1} (byte {problem.offset}): {problem.reason}"
                    found.findings.append(Finding("log", path, what))
                if read.progress.unfinished:
                    what = f"its last {read.progress.unfinished} bytes are no whole line"
                    found.findings.append(Finding("log", path, what))
                if read.progress.trouble:
                    found.findings.append(Finding("log", path, read.progress.trouble))
        if refused > _TOLD_LINES_MAX:
            found.findings.append(Finding("log", path, f"{refused - _TOLD_LINES_MAX} more lines can't be read"))
