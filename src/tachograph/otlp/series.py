"""What is known of cumulative counters, so that a point becomes an increment.

A series is one counter of one process: it is told from others by its resource, scope, name and attributes and by when
it began to count, so that a process that begins again, or several at once, are series of their own. Whoever keeps rows
keeps what has changed together with them (`changes`), and gives it back after a crash (`take`).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.otlp.counters import COUNTERS
from tachograph.otlp.increments import THINGS_MAX, Increment, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tachograph.otlp.decoded import Point, Row

DAY_US: Final = 86_400_000_000
FORGOTTEN_US: Final = 30 * DAY_US
"""A series that wasn't heard of for so long is forgotten."""


class Known(msgspec.Struct, array_like=True, gc=False):
    """What is known of a series: its last point, and when that was heard, in microseconds since 1970."""

    series: str
    ts: int
    value: float
    count: int
    heard_us: int


class Series:
    """What is known of all series. Points may come again and in any order: each counts once.

    A point that isn't newer than the last one of its series comes to nothing; a smaller value is a counter that began
    anew, and counts in full.
    """

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}
        self._kept_us: dict[str, int] = {}
        """When that was heard which was last handed out as a change."""
        self._changed: set[str] = set()

    def __len__(self) -> int:
        return len(self._known)

    def increments(self, points: Iterable[Point], heard_us: int | None = None) -> list[tuple[str, Row]]:
        """The rows that points come to; `heard_us` is when they were heard (microseconds since 1970), else now.

        Things beyond 100,000 in one call are left to later points.
        """
        now = time.time_ns() // 1000 if heard_us is None else heard_us
        found: list[Increment] = []
        room = THINGS_MAX
        for point in sorted(points, key=lambda point: point.ts):
            increment = self._increment(point)
            things = 0 if COUNTERS[point.counter].counts_amounts else increment.things
            if things > room:
                continue
            room -= things
            if self._note(point, now) and (increment.value or increment.things):
                found.append(increment)
        return rows_of(found)

    def _increment(self, point: Point) -> Increment:
        last = self._known.get(point.series)
        if last is None or point.value < last.value or point.count < last.count:
            return Increment(point, point.value, point.count)
        return Increment(point, round(point.value - last.value, 12), point.count - last.count)

    def _note(self, point: Point, now: int) -> bool:
        """Takes note of a point; says whether it is newer than the last."""
        last = self._known.get(point.series)
        if last is not None and point.ts <= last.ts:
            return False
        is_other = last is None or (last.value, last.count) != (point.value, point.count)
        self._known[point.series] = Known(point.series, point.ts, point.value, point.count, now)
        if is_other or now - self._kept_us.get(point.series, 0) > DAY_US:
            self._changed.add(point.series)
        return True

    def changes(self) -> list[Known]:
        """What is to be kept since the last call: values that have changed, and those that weren't kept for a day."""
        changed = [self._known[series] for series in self._changed]
        self._kept_us.update((known.series, known.heard_us) for known in changed)
        self._changed.clear()
        return changed

    def snapshot(self) -> list[Known]:
        """All that is known."""
        return list(self._known.values())

    def take(self, kept: Iterable[Known]) -> None:
        """Takes in what was kept; of one series the newest."""
        for known in kept:
            last = self._known.get(known.series)
            if last is None or known.ts >= last.ts:
                self._known[known.series] = known
                self._kept_us[known.series] = known.heard_us

    def forget(self, now_us: int) -> int:
        """Forgets what wasn't heard of for 30 days; says how many series that was."""
        return self._drop([series for series, known in self._known.items() if now_us - known.heard_us > FORGOTTEN_US])

    def keep_newest(self, most: int) -> int:
        """Forgets those that weren't heard of for longest, where there are more than `most`; says how many that was."""
        if len(self._known) <= most:
            return 0
        by_age = sorted(self._known, key=lambda series: self._known[series].heard_us)
        return self._drop(by_age[: len(by_age) - most * 9 // 10])

    def _drop(self, old: list[str]) -> int:
        for series in old:
            del self._known[series]
            self._kept_us.pop(series, None)
            self._changed.discard(series)
        return len(old)
