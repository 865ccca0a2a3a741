"""From files to the store: reads what is new, once, and commits it with the ledger so that nothing is read twice."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.ingest.doing import doing
from tachograph.ingest.plan import Plan, Skipped, ToRead, find_given, plan
from tachograph.ingest.reading import Piece, count_lines, marks
from tachograph.ingest.tasks import PieceRead, Task, TaskPart
from tachograph.ingest.users import Users
from tachograph.sources import source
from tachograph.store import memory
from tachograph.store.ledger import FileEntry, RejectEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tachograph.ingest.workers import Worker
    from tachograph.store.duckdb import Loading, Store

_TASK_BYTES: Final = 12 << 20
_SHARED_EVERY_SECONDS: Final = 1.0


class Summary(msgspec.Struct):
    """What a reading did."""

    files_read: int = 0
    files_unchanged: int = 0
    bytes_read: int = 0
    lines_rejected: int = 0
    skipped: list[Skipped] = msgspec.field(default_factory=list)
    """Files that weren't read, or not to their end, and why."""
    unfinished: int = 0
    """Files whose last line isn't whole yet."""


def plan_paths(store: Store, paths: Sequence[Path], forced: str | None = None) -> Plan:
    """What is new in given files and folders. Raises as `find_given`."""
    skipped: list[Skipped] = []
    return plan(find_given(paths, forced, skipped), store.files(), skipped)


class Work(msgspec.Struct, frozen=True):
    """A plan that is being carried out: its tasks, and their parts as they come."""

    plan: Plan
    tasks: list[Task]
    parts: Iterator[TaskPart]


@contextmanager
def begun(what: Plan, workers: Sequence[Worker] = ()) -> Iterator[Work]:
    """Begins with what the plan says, so that logs are parsed while the store is still being opened."""
    tasks = _tasks(what.to_read)
    with doing(tasks, workers) as parts:
        yield Work(what, tasks, parts)


def read(
    store: Store,
    what: Plan | Work,
    progress: Callable[[int], None] | None = None,
    users: Users | None = None,
) -> Summary:
    """Reads what the plan says into the store. `progress` is told of each number of bytes that was read.

    `users` says, for a source and for whether a log lies in its place, whose the metrics are that name nobody.
    """
    whose = users or Users({}, {}, Path())
    if isinstance(what, Work):
        return _Ingest(store, what, progress, whose).run()
    with begun(what) as work:
        return _Ingest(store, work, progress, whose).run()


class _FileInHand:
    """A file that is being read in pieces, which may come back in any order."""

    def __init__(self, item: ToRead) -> None:
        self.item = item
        self.offset, self.lines = item.start, item.lines
        self.trouble: str | None = None
        self.unfinished = False
        self._counted = (0, 0)
        """Up to where lines were counted when that had to be, and how many there are."""
        self._waiting: dict[int, PieceRead] = {}
        self._expected = item.start
        self.complete = False
        self._marks: tuple[str, str] | None = None
        self._memory = item.memory
        self._compressed = bool(item.compressed)

    def take(self, read: PieceRead) -> list[RejectEntry]:
        """Takes in a piece, and gives the rejects of those that now follow on what was read before."""
        rejects: list[RejectEntry] = []
        self._waiting[read.piece.start] = read
        while (ready := self._waiting.pop(self._expected, None)) is not None:
            if ready.problems:
                before = self._lines_before(ready)
                rejects += [
                    RejectEntry(ready.piece.path, before + problem.line + 1, problem.offset, problem.reason)
                    for problem in ready.problems
                ]
            if not self.unfinished:  # else no line begins after it, and the next reading begins with it
                passed = ready.progress.lines
                self.lines = None if self.lines is None or passed is None else self.lines + passed
                self.offset = max(self.offset, ready.progress.offset)
            self.trouble = self.trouble or ready.progress.trouble
            self.unfinished = self.unfinished or ready.progress.unfinished > 0
            self.complete = ready.piece.to_the_end
            self._marks = ready.marks
            self._compressed = bool(ready.piece.compressed)
            self._memory = ready.memory
            self._expected = ready.piece.end
        return rejects

    def _lines_before(self, read: PieceRead) -> int:
        """How many lines the file has before a piece's first; those that weren't counted are, if they still can be."""
        if self.lines is not None:
            return self.lines
        offset, lines = self._counted
        with suppress(OSError):
            lines += count_lines(read.piece.path, offset, read.progress.begin)
            self._counted = read.progress.begin, lines
        return lines

    def entry(self) -> FileEntry:
        """What the ledger is to know of the file by now."""
        found = self.item.found
        size = found.size if self.complete else -1  # of no file: so it is looked at again
        head, tail = self._marks or self._marks_now()
        return FileEntry(
            found.path, found.source, size, found.mtime_ns, self.offset, self.lines,
            head, tail, self._compressed, self.trouble, self._memory,
        )  # fmt: skip

    def _marks_now(self) -> tuple[str, str]:
        if self._compressed or self.item.whole:
            return "", ""
        try:
            return marks(self.item.found.path, self.offset)
        except OSError as error:
            self.trouble = self.trouble or error.strerror
            return "", ""


class _Ingest:
    """One reading."""

    def __init__(
        self,
        store: Store,
        work: Work,
        progress: Callable[[int], None] | None,
        users: Users,
    ) -> None:
        what = work.plan
        self._store = store
        self._users = users
        self._work = work
        self._progress = progress
        self._summary = Summary(files_unchanged=what.unchanged, skipped=list(what.skipped))
        self._files = {item.found.path: _FileInHand(item) for item in what.to_read}
        self._rejects: list[RejectEntry] = []
        self._changed: dict[str, _FileInHand] = {}
        self._forgotten, self._moved = what.again, what.moved
        self._committed = monotonic()

    def run(self) -> Summary:
        """Reads everything."""
        work = self._work
        if not (work.plan.to_read or work.plan.moved):
            return self._summary
        if work.plan.is_much:
            memory.keep_freed()
        with self._store.loading() as loading:
            for part in work.parts:
                task = work.tasks[part.number]
                kind = source(task.source)
                user = self._users(task.source, in_place=self._files[task.pieces[0].path].item.found.in_place)
                loading.add(part.batches, source=kind.name, in_parts=kind.merging, user=user)
                if part.done:
                    self._take(part)
                if loading.appended >= loading.rows_a_commit or self._should_share(loading):
                    self._commit(loading)
            self._commit(loading)
        for file in self._files.values():
            self._summary.files_read += 1
            self._summary.unfinished += file.unfinished
            if file.trouble:
                self._summary.skipped.append(Skipped(file.item.found.path, file.trouble))
        return self._summary

    def _should_share(self, loading: Loading) -> bool:
        """Whether another process waits for the store, which every commit lets in, and the last one was a while ago."""
        long_since = monotonic() - self._committed > _SHARED_EVERY_SECONDS
        return long_since and loading.holds_rows() and self._store.somebody_waits()

    def _take(self, part: TaskPart) -> None:
        for piece in part.pieces:
            file = self._files[piece.piece.path]
            self._rejects += file.take(piece)
            self._changed[piece.piece.path] = file
            size = piece.piece.end - piece.piece.start
            self._summary.bytes_read += size
            if self._progress:
                self._progress(size)

    def _commit(self, loading: Loading) -> None:
        changed = [file.entry() for file in self._changed.values()]
        self._summary.lines_rejected += len(self._rejects)
        loading.commit(changed, self._forgotten, self._rejects, self._moved)
        self._rejects, self._changed, self._forgotten, self._moved = [], {}, [], []
        self._committed = monotonic()


def _tasks(items: Sequence[ToRead]) -> list[Task]:
    """The files in tasks of about equal size: large ones cut in pieces, small ones together, in the files' order.

    Those of one task are of one source, and all in its place or none.
    """
    tasks: list[Task] = []
    waiting: list[Piece] = []
    waiting_for, waiting_bytes = ("", True), 0
    for item in items:
        for piece in _pieces(item):
            size = piece.end - piece.start
            wanted = item.found.source, item.found.in_place
            if waiting and (wanted != waiting_for or waiting_bytes + size > _TASK_BYTES):
                tasks.append(Task(len(tasks), waiting_for[0], waiting))
                waiting, waiting_bytes = [], 0
            waiting.append(piece)
            waiting_for, waiting_bytes = wanted, waiting_bytes + size
    if waiting:
        tasks.append(Task(len(tasks), waiting_for[0], waiting))
    return tasks


def _pieces(item: ToRead) -> list[Piece]:
    path, size = item.found.path, item.found.size
    if item.compressed or item.whole or source(item.found.source).reading == "sequence":
        start = 0 if item.compressed else item.start
        return [
            Piece(
                path, start, size, at_line_start=True, to_the_end=True, compressed=item.compressed, memory=item.memory
            )
        ]
    if item.compressed is None:
        return [Piece(path, item.start, size, at_line_start=True, to_the_end=True, compressed=None)]
    starts = list(range(item.start, max(size, item.start + 1), _TASK_BYTES))
    ends = [*starts[1:], size]
    return [
        Piece(path, start, end, at_line_start=index == 0, to_the_end=index == len(starts) - 1)
        for index, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]
