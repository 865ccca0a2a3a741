"""Answers that were given before, kept beside the store for as long as neither it nor the logs have changed.

A second look at the same question then takes no longer than looking whether any log has changed. What is kept is a
cache: it is left out where anything about it is doubtful, and can be deleted at any time.
"""

from __future__ import annotations

import os
from heapq import nlargest
from operator import attrgetter
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph import __version__
from tachograph.store.files import write_cache
from tachograph.store.state import state_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tachograph.cli.kinds import Answer, Asked, Kind
    from tachograph.ingest.listings import Logs

_FILE: Final = "answers.json"
_KEPT_MAX: Final = 16
_BYTES_MAX: Final = 4 << 20
_LATEST: Final = 16
"""More logs than are written to at once on most machines."""


class _Kept(msgspec.Struct):
    """What the file holds: the state that the answers belong to, what was remarked, and the answers by question."""

    state: str
    remarks: list[str]
    answers: dict[str, msgspec.Raw]
    latest: list[tuple[str, int, int]]
    """The path, the size and the change (Unix nanoseconds) of the logs that changed last."""


class Memory:
    """The answers that belong to a store and some logs as they are now."""

    def __init__(self, store: Path | None) -> None:
        """Of a store on a server (None) nothing is kept: others may have written to it."""
        self._store = store
        self._path = None if store is None else store.parent / _FILE
        self._of_store = self._store_now()
        self._kept = self._read()
        self._found: Logs | None = None
        self._logs: str | None = None
        self._state: str | None = None

    def expects_news(self) -> bool:
        """Whether the store is as it was when answers were kept, and one of the logs that changed last has changed.

        What an agent writes to next is mostly one of those. So that is known before thousands of others are looked at.
        """
        kept = self._kept
        return (
            kept is not None
            and _but_for_logs(kept.state) == self._of_store
            and any(_has_changed(*log) for log in kept.latest)
        )

    def look_at(self, found: Logs) -> None:
        """Takes in which logs there are; what is asked next is asked of a store with those."""
        self._found, self._logs = found, found.fingerprint()
        self._state = self._with_logs(self._of_store)

    def knows_other_logs(self) -> bool:
        """Whether answers are kept for this very store and for other logs: then there is something new to read."""
        if self._kept is None or self._state is None or self._kept.state == self._state:
            return False
        return _but_for_logs(self._kept.state) == _but_for_logs(self._state)

    def recall(self, kind: Kind[Asked, Answer], questions: Sequence[Asked]) -> tuple[list[Answer], list[str]] | None:
        """The answers to all of these questions and what was remarked, or None where one isn't known."""
        kept = self._kept
        names = [kind.name(asked) for asked in questions]
        if kept is None or kept.state != self._state or not all(name in kept.answers for name in names):
            return None
        known = [(asked, kept.answers[name]) for asked, name in zip(questions, names, strict=True) if name is not None]
        try:
            return [kind.read(bytes(content), asked) for asked, content in known], kept.remarks
        except ValueError:  # not as we write it: then there is no such memory
            return None

    def keep(
        self,
        kind: Kind[Asked, Answer],
        state: str | None,
        questions: Sequence[Asked],
        results: Sequence[Answer],
        remarks: list[str],
    ) -> None:
        """Keeps the answers of a store that was in that state when it was asked, and holds all that the logs do."""
        if state is None or self._path is None:
            return
        try:
            named = {
                name: msgspec.Raw(kind.write(result))
                for asked, result in zip(questions, results, strict=True)
                if (name := kind.name(asked))
            }
        except (ValueError, OverflowError):  # a number that JSON doesn't hold
            return
        kept = self._kept if self._kept and self._kept.state == state else _Kept(state, remarks, {}, [])
        found = self._found.files() if self._found else ()
        latest = [(log.path, log.size, log.mtime_ns) for log in nlargest(_LATEST, found, key=attrgetter("mtime_ns"))]
        answers = {**named, **{name: kept.answers[name] for name in kept.answers if name not in named}}
        content = msgspec.json.encode(_Kept(state, remarks, dict(list(answers.items())[:_KEPT_MAX]), latest))
        if len(content) > _BYTES_MAX:
            content = msgspec.json.encode(_Kept(state, remarks, named, latest))
        if len(content) <= _BYTES_MAX:
            write_cache(self._path, content)

    def _read(self) -> _Kept | None:
        if self._path is None:
            return None
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_Kept)
        except (OSError, ValueError, RecursionError):  # none yet, or not as we write it: then there is no such memory
            return None

    def state_now(self) -> str | None:
        """What changes with the store and the logs; None where there is no store."""
        return self._with_logs(self._store_now())

    def _store_now(self) -> str | None:
        state = None if self._store is None else state_of(self._store)
        return None if state is None else f"{__version__} {state}"

    def _with_logs(self, of_store: str | None) -> str | None:
        return None if of_store is None or self._logs is None else f"{of_store} {self._logs}"


def _but_for_logs(state: str) -> str:
    return state.rpartition(" ")[0]


def _has_changed(path: str, size: int, mtime_ns: int) -> bool:
    try:
        stat = os.stat(path)  # noqa: PTH116 - paths of logs are text
    except OSError:
        return True
    return (stat.st_size, stat.st_mtime_ns) != (size, mtime_ns)
