"""What was collected of one tenant: its spool, what is remembered beside the rows, and how it gets to the store."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.collector.rows import frames_of_rows
from tachograph.collector.spool import START, Noted, Position, Spool
from tachograph.otlp.decoded import Point
from tachograph.otlp.series import Known, Series
from tachograph.store.journal import Damage, Rows, framed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tachograph.collector.tenants import Tenant
    from tachograph.store.duckdb import Store

_SERIES: Final = "series"
_UNMAPPED: Final = "unmapped"
_UNMAPPED_SO_FAR: Final = "unmapped so far"
_AT_ONCE: Final = 200_000
"""So many rows are taken into the store by one commit."""
_META: Final = "collected"
_NAMES_MAX: Final = 1_000
_NAME_MAX: Final = 200
_OTHERS: Final = "(others)"
_SERIES_MAX: Final = 200_000


class Batch(msgspec.Struct):
    """What one sender sent at once: rows, points of counters, and how often there was what is no metric.

    `size` is what it takes in memory, in bytes, about.
    """

    frames: list[Rows]
    points: list[Point] = []
    unmapped: dict[str, int] = {}
    size: int = 0


class Collected:
    """What is collected of one tenant. One thread keeps, one fills."""

    def __init__(self, tenant: Tenant, user_name: Callable[[str], str] | None = None) -> None:
        """Raises `StoreUnusable` where another process collects there, and `OSError`."""
        self.tenant = tenant
        self._user_name = user_name
        self.spool = Spool(tenant.folder / "collector")
        self.damages = list(self.spool.damages)
        """What of the spool couldn't be read, in words."""
        self._series = Series()
        self.unmapped: dict[str, int] = {}
        """How often what was sent that is no metric."""
        self.stored: Position | None = None
        """Up to where all is in the store, once that is known."""
        self._remember()

    @property
    def name(self) -> str:
        """The tenant's name."""
        return self.tenant.name

    def keep(self, batches: Sequence[Batch]) -> None:
        """Writes batches to the spool, and waits until they are on the disk. Raises `OSError`; then none of them is."""
        points = [point for batch in batches for point in batch.points]
        frames: list[Rows | Noted] = [frame for batch in batches for frame in batch.frames]
        counted: dict[str, int] = {}
        for batch in batches:
            _count(counted, batch.unmapped)
        try:
            if points:
                frames += frames_of_rows(self._series.increments(points), self._user_name)
                self._series.keep_newest(_SERIES_MAX)
                if changes := self._series.changes():
                    frames.append(_noted(_SERIES, changes))
            if counted:
                frames.append(_noted(_UNMAPPED, counted))
            if frames:
                self.spool.append(frames, self._snapshot())
        except BaseException:
            self._remember()  # the series as if those points hadn't come
            raise
        _count(self.unmapped, counted)

    def unread(self) -> int:
        """How many bytes of the spool aren't in the store yet."""
        return self.spool.bytes_after(self.stored or START)

    def is_behind(self) -> bool:
        """Whether something waits to be taken into the store."""
        return self.stored != self.spool.end

    def fill(self, store: Store) -> None:
        """Takes what was kept into the store, with how far that is in the same transaction; at most so much at once.

        Should the engine refuse it, frame by frame, and what it refuses by itself is set aside: it would be in the way
        of all that came after it. Raises `engine.Error` where it is the disk or the memory that is refused.
        """
        from tachograph.store import engine  # noqa: PLC0415 - who imports this may not need it

        if self.stored is None:
            self.stored = self._position(store)
        try:
            self._fill(store, _AT_ONCE)
        except (engine.IOException, engine.InterruptException):
            raise
        except engine.Error as error:
            if engine.is_out_of_memory(error):
                raise
            self._fill_one_by_one(store)

    def _fill(self, store: Store, most: int) -> None:
        assert self.stored is not None
        upto, rows = self.stored, 0
        with store.loading() as loading:
            for found in self.spool.frames(self.stored):
                if isinstance(found, Damage):
                    self.damages.append(f"{self.spool.folder}: {found.what} at byte {found.start}")
                    continue
                upto, frame = found
                if isinstance(frame, Rows):
                    loading.add_frame(frame)
                    rows += frame.length
                if rows >= most:
                    break
            if upto != self.stored:
                loading.commit((), said=self._said(upto))
        self.stored = upto
        self.spool.forget(upto)

    def _fill_one_by_one(self, store: Store) -> None:
        from tachograph.store import engine  # noqa: PLC0415 - as above

        assert self.stored is not None
        rows = 0
        for found in self.spool.frames(self.stored):
            if isinstance(found, Damage) or rows >= _AT_ONCE:
                return
            upto, frame = found
            if not isinstance(frame, Rows):
                continue
            rows += frame.length
            try:
                self._fill(store, 1)
            except engine.Error as error:
                self._set_aside(frame, str(error))
                with store.loading() as loading:
                    loading.commit((), said=self._said(upto))
                self.stored = upto

    def _set_aside(self, frame: Rows, why: str) -> None:
        path = self.spool.folder / "refused.frames"
        with path.open("ab") as file:
            file.write(framed(frame))
            file.flush()
            os.fsync(file.fileno())
        told = why.partition("\n")[0]
        self.damages.append(f"{path}: {frame.length} row(s) that can't be stored were set aside: {told}")

    def _said(self, upto: Position) -> dict[str, str]:
        return {_META: f"{self.spool.id} {upto.file} {upto.offset}"}

    def close(self) -> None:
        """Closes the spool."""
        self.spool.close()

    def _position(self, store: Store) -> Position:
        told = store.connection.execute("SELECT value FROM meta WHERE name = ?", [_META]).fetchone()
        spool, *numbers = str(told[0]).split() if told else [""]
        if spool == self.spool.id:
            with suppress(ValueError):
                return Position(*map(int, numbers))
        return START

    def _remember(self) -> None:
        """What the spool's files tell of series, and of what was no metric."""
        self._series, self.unmapped = Series(), {}
        for found in self.spool.frames(START):
            if isinstance(found, Damage) or not isinstance(found[1], Noted):
                continue
            if found[1].kind == _SERIES:
                self._series.take(msgspec.msgpack.decode(found[1].content, type=list[Known]))
            elif found[1].kind == _UNMAPPED_SO_FAR:
                self.unmapped = msgspec.msgpack.decode(found[1].content, type=dict[str, int])
            elif found[1].kind == _UNMAPPED:
                _count(self.unmapped, msgspec.msgpack.decode(found[1].content, type=dict[str, int]))

    def _snapshot(self) -> Iterable[Noted]:
        """All of it, at the beginning of each file, as those before it are deleted."""
        self._series.forget(time.time_ns() // 1000)
        if len(self._series):
            yield _noted(_SERIES, self._series.snapshot())
        if self.unmapped:
            yield _noted(_UNMAPPED_SO_FAR, self.unmapped)


def _count(counted: dict[str, int], more: Mapping[str, int]) -> None:
    """Adds to what was counted; names beyond so many, which come from outside, are counted together."""
    for name, times in more.items():
        short = name if len(name) <= _NAME_MAX else f"{name[: _NAME_MAX - 1]}…"
        what = short if short in counted or len(counted) < _NAMES_MAX else _OTHERS
        counted[what] = counted.get(what, 0) + times


def _noted(kind: str, content: Any) -> Noted:
    return Noted(kind, msgspec.msgpack.encode(content))
