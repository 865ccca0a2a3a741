"""What there is to see of the hooks on this machine: which version of the agent runs them, and what they noted last."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from tachograph.hooks.events import LINE_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Version = tuple[int, ...]

_VERSION: Final = re.compile(rb'"version":\s?"(\d+\.\d+\.\d+)')
_TRANSCRIPTS: Final = 5
_END_BYTES: Final = 1 << 16
_FILES: Final = 2
_LAST_BYTES: Final = 1 << 20


def version(text: str) -> Version | None:
    """A version such as `2.1.76` in order to be compared; None for what is none."""
    parts = text.strip().removeprefix("v").split(".")
    return tuple(map(int, parts)) if len(parts) == 3 and all(part.isdecimal() for part in parts) else None


def version_in_use(projects: Iterable[Path]) -> Version | None:
    """The version of Claude Code that wrote the newest transcripts; of several the oldest, None where none says."""
    found = []
    newest = sorted((path for folder in projects for path in folder.glob("*/*.jsonl")), key=_changed, reverse=True)
    for path in newest[:_TRANSCRIPTS]:
        with suppress(OSError):
            told = _VERSION.findall(_end_of(path, _END_BYTES))
            found += [version(told[-1].decode())] if told else []
    return min((one for one in found if one), default=None)


def last_noted(folder: Path) -> dict[str, str]:
    """When each event was noted last, as a timestamp in UTC; looks at the last megabyte of the newest two files."""
    moments: dict[str, str] = {}
    for path in sorted(folder.glob("*.jsonl"))[-_FILES:]:
        with suppress(OSError):
            for event, moment in _notes(_end_of(path, _LAST_BYTES)):
                moments[event] = max(moment, moments.get(event, ""))
    return moments


def _notes(lines: bytes) -> Iterator[tuple[str, str]]:
    for line in lines.splitlines():
        with suppress(ValueError, KeyError, TypeError):  # the first one may be cut
            note = json.loads(line)
            if note["type"] == LINE_TYPE:
                yield note["data"]["event"], note["timestamp"]


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _end_of(path: Path, length: int) -> bytes:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - length))
        return file.read()
