"""How the recorder names its files, so that they sort by time and are told from those that other programs wrote."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from typing import Final

LOCK_NAME: Final = ".tachograph.lock"
"""The file whose lock orders all appends to a folder; it holds the name of the file that is appended to."""
ENDINGS: Final = {"zstd": ".zst", "gzip": ".gz"}
"""By kind of compression, what a compressed file's name ends with."""
_OURS: Final = re.compile(r"metrics_(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)_r[0-9a-f]{12}\.jsonl")


def new_name(now: float) -> str:
    """A name for a file that is begun now (seconds since 1970), which no other file has."""
    return f"metrics_{datetime.fromtimestamp(now, UTC):%Y%m%d_%H%M%S_r%f}{os.urandom(3).hex()}.jsonl"


def is_ours(name: str) -> bool:
    """Whether a recorder made the plain file of that name."""
    return _OURS.fullmatch(name) is not None


def begun(name: str) -> float:
    """When the file of that name was begun, in seconds since 1970; 0 where the name doesn't tell."""
    found = _OURS.fullmatch(name)
    if not found:
        return 0
    year, month, day, hour, minute, second = map(int, found.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()
    except ValueError:
        return 0


def plain_name(name: str) -> str | None:
    """Of a compressed file that a recorder made, the name it had before; None for any other."""
    for ending in ENDINGS.values():
        if name.endswith(ending) and is_ours(name.removesuffix(ending)):
            return name.removesuffix(ending)
    return None


def compressed_copy(path: str) -> str | None:
    """Where the compressed copy is of a plain file that a recorder made; None where there is none."""
    if is_ours(os.path.basename(path)):  # noqa: PTH119 - paths of logs are text
        for ending in ENDINGS.values():
            if os.path.exists(f"{path}{ending}"):  # noqa: PTH110 - as above
                return f"{path}{ending}"
    return None
