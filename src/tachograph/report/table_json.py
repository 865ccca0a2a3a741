"""Rows as JSON: one document, or a line for each."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import BinaryIO


def write_lines(documents: Iterable[Mapping[str, Any]], stream: BinaryIO) -> None:
    """A line for each, in ASCII, which ends with a line feed. A number that JSON doesn't have is null."""
    stream.writelines(f"{_line(document)}\n".encode() for document in documents)


def write_list(documents: Iterable[Mapping[str, Any]], stream: BinaryIO) -> None:
    """One document, a list of them, in ASCII; each on a line."""
    before = b"[\n"
    for document in documents:
        stream.write(before + _line(document).encode())
        before = b",\n"
    stream.write(b"[]\n" if before == b"[\n" else b"\n]\n")


def _line(document: Mapping[str, Any]) -> str:
    try:
        return json.dumps(document, allow_nan=False)
    except ValueError:
        return json.dumps(
            {
                name: None if isinstance(value, float) and not math.isfinite(value) else value
                for name, value in document.items()
            },
            allow_nan=False,
        )
