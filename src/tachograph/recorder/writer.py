"""From lines that wait to the log: in the background or by whoever records, once each, in their order.

Several threads that want their lines written share one writing: who comes first writes what all have waiting, the
others find theirs written. What can't be written waits for the next attempt, which comes after a second. No method
raises anything because of disks, folders or locks.
"""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager, suppress
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Final, Literal

from tachograph.recorder.background import RETRY_SECONDS, Background
from tachograph.recorder.lock import WAIT_SECONDS
from tachograph.recorder.processes import watch
from tachograph.recorder.waiting import Status, Waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tachograph.recorder.log import Log
    from tachograph.recorder.trouble import Troubles
    from tachograph.recorder.waiting import Dropped

Durability = Literal["buffered", "flushed", "synced"]

_HURRY_BYTES: Final = 1 << 20
"""So much waiting is written without waiting for more."""
_ROOM_SECONDS: Final = 1.0
"""How long a record waits for room in memory while the writing goes on, before it is dropped."""


class Writer:
    """Writes the lines of one recorder. For any number of threads."""

    def __init__(
        self,
        log: Log,
        troubles: Troubles,
        *,
        durability: Durability,
        memory_bytes: int,
        flush_seconds: float,
        line_about_dropped: Callable[[Dropped], bytes],
        look_after: Callable[[], None] | None,
    ) -> None:
        """`line_about_dropped` makes a line of what was dropped; `look_after` sees to files that were left."""
        self._log = log
        self._troubles = troubles
        self._synced = durability == "synced"
        self._buffered = durability == "buffered"
        self._memory_bytes = memory_bytes
        self._flush_seconds = flush_seconds
        self._line_about_dropped = line_about_dropped
        self._look_after = look_after
        self.begin_anew()
        watch(self)

    def begin_anew(self) -> None:
        """Forgets what waits, as a forked child does: its parent writes that."""
        self._log.close()
        self._lock = threading.RLock()  # a signal's handler may record amid a recording
        self._room = threading.Condition(self._lock)
        self._writing = threading.RLock()
        self._is_writing = False
        self._written_now = 0
        self._waiting = Waiting(self._memory_bytes)
        self._wake_at = self._least_wake_at = 0 if self._buffered else sys.maxsize
        self._trouble: str | None = None
        self._retry_at = 0.0
        self._closed = False
        self._looked_after = False
        self._when_tried: list[Callable[[], None]] = []
        self._background = Background(self._work, self._flush_seconds)

    def put(self, line: bytes, moment: str, *, may_wait: bool) -> int:
        """Lets a line wait, and returns its number; 0 where there is no room in memory even after a while."""
        with self._lock:
            if self._waiting.has_room(len(line)) or (may_wait and self._wait_for_room(len(line))):
                number = self._waiting.add(line)
                if self._waiting.size >= self._wake_at:
                    self._wake()
                return number
            self._waiting.drop(moment)
        self._troubles.tell("dropped", "records are dropped: those that wait to be written fill the memory for them")
        return 0

    def write(self, number: int) -> None:
        """Writes all that waits, unless the line of that number was written, or writing failed a moment ago."""
        with self._turn(WAIT_SECONDS) as mine:
            if mine and (not number or self._waiting.written < number) and not self._failed_just_now():
                self._write_all()
            if mine and self._closed:
                self._log.close()
        if self._log.has_rotated and self._look_after is not None and not self._closed:
            self._background.rouse(hurry=True)

    def hurry(self) -> None:
        """Lets the background write all that waits, now."""
        if not self._background.rouse(hurry=True):
            self.write(0)

    def may_still_write(self, number: int) -> bool:
        """Whether the line of that number isn't written, and it makes sense to wait until it is."""
        return self._waiting.written < number and not self._failed_just_now()

    def when_tried(self, then: Callable[[], None]) -> None:
        """Lets the background write all that waits, and call `then`, whether that went well or not."""
        with self._lock:
            self._when_tried.append(then)
        if not self._background.rouse(hurry=True):
            self._work()

    def flush(self) -> bool:
        """Writes all that waits; whether nothing waits now."""
        with self._turn(WAIT_SECONDS) as mine:
            return mine and self._write_all()

    def sync(self) -> bool:
        """Writes all that waits, and brings the files to the disk; whether that went well."""
        with self._turn(WAIT_SECONDS) as mine:
            if not (mine and self._write_all()):
                return False
            try:
                self._log.sync()
            except OSError as error:
                self._failed(error)
                return False
            return True

    def close(self) -> None:
        """Writes all that waits and ends the background. What is recorded later is written by who records it."""
        self._closed = True
        self._background.end()
        self._look_after_old_files()
        with self._turn(WAIT_SECONDS) as mine:
            if not mine or self._failed_just_now() or not self._write_all():
                left = self.status().waiting
                self._troubles.tell("closed", f"{left} records couldn't be written before the end, and are lost")
            if mine:
                self._log.close()
        self._tell_tried(self._take_tried())

    def status(self) -> Status:
        """How it stands."""
        with self._lock:
            return self._waiting.status(self._trouble)

    @property
    def writes_at_once(self) -> bool:
        """Whether who records is to write as well."""
        return not self._buffered or self._closed

    @property
    def is_filling(self) -> bool:
        """Whether so much waits that recorders should slow down, and that may help."""
        return self._waiting.size > self._memory_bytes // 2 and self._trouble is None

    def _wake(self) -> None:
        """The first line that waits rouses the background, and many lines hurry it."""
        hurry = self._wake_at > 0
        self._wake_at = sys.maxsize if hurry else min(_HURRY_BYTES, self._memory_bytes // 2)
        self._background.rouse(hurry=hurry)

    def _wait_for_room(self, length: int) -> bool:
        if self._trouble is not None or not self._background.rouse(hurry=True):
            return False
        if not self._room.wait_for(lambda: self._waiting.has_room(length) or self._trouble is not None, _ROOM_SECONDS):
            self._trouble = "writing takes too long"  # until something is written, nobody waits for it again
        return self._waiting.has_room(length)

    def _work(self) -> bool:
        """What the background does."""
        tried = self._take_tried()
        with self._turn(inf):
            written = self._write_all()
        self._tell_tried(tried)
        self._look_after_old_files()
        return written

    def _take_tried(self) -> list[Callable[[], None]]:
        with self._lock:
            tried, self._when_tried = self._when_tried, []
            return tried

    def _tell_tried(self, tried: list[Callable[[], None]]) -> None:
        for then in tried:
            then()

    @contextmanager
    def _turn(self, wait_seconds: float) -> Iterator[bool]:
        """Whether it is this thread's turn to write, for which it waits that long, and as long for other processes."""
        mine = self._writing.acquire(timeout=-1 if wait_seconds == inf else wait_seconds)
        try:
            if mine:
                self._log.wait_for_others(wait_seconds)
            yield mine
        finally:
            if mine:
                self._writing.release()

    def _look_after_old_files(self) -> None:
        """At first, and whenever a file was begun. What fails is done at the next time, or by another process."""
        if self._look_after is None or (self._looked_after and not self._log.has_rotated):
            return
        self._looked_after, self._log.has_rotated = True, False
        try:
            self._look_after()
        except Exception as error:  # noqa: BLE001 - it is of no concern to a host that records
            self._troubles.tell("compressing", f"old files of the log weren't compressed: {error}")

    def _failed_just_now(self) -> bool:
        return self._trouble is not None and monotonic() < self._retry_at

    def _write_all(self) -> bool:
        """Writes until nothing waits; false where that fails, or where it is asked for amid a writing, by a signal."""
        if self._is_writing:
            return False
        self._is_writing = True
        try:
            while lines := self._take():
                if not self._write_lines(lines):
                    return False
        finally:
            self._is_writing = False
        return True

    def _take(self) -> list[bytes]:
        with self._lock:
            self._wake_at = self._least_wake_at
            lines = self._waiting.take()
            if not lines and (dropped := self._waiting.take_dropped()):
                self._waiting.add(self._line_about_dropped(dropped))
                lines = self._waiting.take()
            return lines

    def _write_lines(self, lines: list[bytes]) -> bool:
        self._written_now = 0
        try:
            self._append(lines)
        except Exception as error:  # noqa: BLE001 - whatever the system fails at: the host only records
            self._failed(error)
            return False
        finally:
            with self._room:
                self._waiting.settle(lines, self._written_now)
                self._room.notify_all()
        self._trouble = None
        return True

    def _append(self, lines: list[bytes]) -> None:
        """Appends batch by batch; however it ends, `_written_now` says how many lines are as safe as was promised."""
        appended = 0
        try:
            for batch in _batches(lines, self._log.batch_bytes):
                self._log.append(b"".join(batch))
                appended += len(batch)
        finally:
            if self._synced and appended:
                self._sync_or_leave()
            self._written_now = appended

    def _sync_or_leave(self) -> None:
        """Syncs. A failure leaves open what is on the disk: so the lines go into another file, under their ids."""
        try:
            self._log.sync()
        except OSError:
            with suppress(OSError):
                self._log.leave()
            raise

    def _failed(self, error: Exception) -> None:
        self._retry_at = monotonic() + RETRY_SECONDS
        self._trouble = self._troubles.met(error)
        with self._room:
            self._room.notify_all()
        self._background.rouse()


def _batches(lines: Sequence[bytes], size: int) -> Iterator[Sequence[bytes]]:
    """The lines in runs of at most that many bytes, or of one line that is longer."""
    start = length = 0
    for index, line in enumerate(lines):
        length += len(line)
        if length > size and index > start:
            yield lines[start:index]
            start, length = index, len(line)
    yield lines[start:]
