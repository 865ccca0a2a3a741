"""Answers that were given before, kept beside the store for as long as neither it nor the logs have changed.

A second look at the same question then takes no longer than looking whether any log has changed. What is kept is a
cache: it is left out where anything about it is doubtful, and can be deleted at any time.
"""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph import __version__
from tachograph.digest import digest
from tachograph.store.files import write_cache
from tachograph.store.state import state_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tachograph.cli.kinds import Answer, Asked, Kind
    from tachograph.ingest.plan import Found

_FILE: Final = "answers.json"
_KEPT_MAX: Final = 16
_BYTES_MAX: Final = 4 << 20


class _Kept(msgspec.Struct):
    """What the file holds: the state that the answers belong to, what was remarked, and the answers by question."""

    state: str
    remarks: list[str]
    answers: dict[str, msgspec.Raw]


class Memory:
    """The answers that belong to a store and some logs as they are now."""

    def __init__(self, store: Path | None, found: Sequence[Found]) -> None:
        """Of a store on a server (None) nothing is kept: others may have written to it."""
        self._store = store
        self._path = None if store is None else store.parent / _FILE
        self._logs = _fingerprint(found)
        self._state = self.state_now()
        self._kept = self._read()

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
        kept = self._kept if self._kept and self._kept.state == state else _Kept(state, remarks, {})
        answers = {**named, **{name: kept.answers[name] for name in kept.answers if name not in named}}
        content = msgspec.json.encode(_Kept(state, remarks, dict(list(answers.items())[:_KEPT_MAX])))
        if len(content) > _BYTES_MAX:
            content = msgspec.json.encode(_Kept(state, remarks, named))
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
        state = None if self._store is None else state_of(self._store)
        return None if state is None else f"{__version__} {state} {self._logs}"


def _but_for_logs(state: str) -> str:
    return state.rpartition(" ")[0]


def _fingerprint(found: Sequence[Found]) -> str:
    """A digest of which files there are, column by column: a text for each of thousands took twice as long."""
    names = "\0".join([*[file.path for file in found], *[file.source for file in found]])
    numbers = [*[file.size for file in found], *[file.mtime_ns for file in found]]
    return digest(b"%d\0%b%b" % (len(found), names.encode(), pack(f"<{len(numbers)}q", *numbers)), 16)
