"""What a record is given where the caller gives none: an id that no other record has, and the moment that it is."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from itertools import count
from time import time_ns
from typing import Final


class _Ids:
    """Ids of one process: a random part, and a count."""

    __slots__ = ("_next", "_prefix")

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """A process that was forked needs its own random part."""
        self._prefix = os.urandom(8).hex()
        self._next = count().__next__

    def __call__(self) -> str:
        """The next one."""
        return f"{self._prefix}-{self._next():x}"


class Moment:
    """A moment that is known to be well written."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class _Now:
    """The present moment as the contract writes one, in UTC; the text of a second is made once."""

    __slots__ = ("_second",)

    def __init__(self) -> None:
        self._second = (-1, "")

    def __call__(self) -> str:
        """To the microsecond, such as `2026-03-01T09:30:00.125000Z`."""
        second, microsecond = divmod(time_ns() // 1000, 1_000_000)
        known, text = self._second  # one tuple, so that threads never meet half a change
        if known != second:
            text = datetime.fromtimestamp(second, UTC).isoformat()[:19]
            self._second = (second, text)
        return f"{text}.{microsecond:06}Z"


next_id: Final = _Ids()
now: Final = _Now()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=next_id.begin_anew)
