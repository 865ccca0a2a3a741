"""How the recorder names its files, so that they sort by time and are told from those that other programs wrote."""

from __future__ import annotations

import re
from calendar import timegm
from os import urandom
from time import gmtime, strftime, strptime
from typing import Final

LOCK_NAME: Final = ".tachograph.lock"
"""The file whose lock orders all appends to a folder; it holds the name of the file that is appended to."""
ENDINGS: Final = {"zstd": ".zst", "gzip": ".gz"}
"""By kind of compression, what a compressed file's name ends with."""
_OURS: Final = re.compile(r"metrics_(\d{8}_\d{6})_r[0-9a-f]{12}\.jsonl")
_FORM: Final = "%Y%m%d_%H%M%S"


def new_name(now: float) -> str:
    """A name for a file that is begun now (seconds since 1970), which no other file has."""
    return f"metrics_{strftime(_FORM, gmtime(now))}_r{urandom(6).hex()}.jsonl"


def is_ours(name: str) -> bool:
    """Whether a recorder made the plain file of that name."""
    return _OURS.fullmatch(name) is not None


def begun(name: str) -> int:
    """When the file of that name was begun, in seconds since 1970; 0 where the name doesn't tell."""
    found = _OURS.fullmatch(name)
    try:
        return timegm(strptime(found[1], _FORM)) if found else 0
    except ValueError:
        return 0


def plain_name(name: str) -> str | None:
    """Of a compressed file that a recorder made, the name it had before; None for any other."""
    for ending in ENDINGS.values():
        if name.endswith(ending) and is_ours(name.removesuffix(ending)):
            return name.removesuffix(ending)
    return None
