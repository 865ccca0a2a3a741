"""How much memory the program may take: what `TACHOGRAPH_MEMORY` says, else 1 GB, or a quarter of a smaller machine's.

The engine is given what is left of it beside the program itself. What doesn't fit in there it keeps on the disk, beside
the store, until the question is answered.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tachograph.errors import TachographError

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE: Final = "TACHOGRAPH_MEMORY"
_UNITS: Final = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
_SIZE: Final = re.compile(r"(\d{1,12})(?:\.(\d{1,3}))? ?([kmg]?)b?", re.ASCII | re.IGNORECASE)
_USUAL: Final = 1_000_000_000
_LEAST: Final = 160_000_000
"""With less, some millions of metrics can't be read into the store."""
_OURS: Final = 100_000_000
"""What the program takes beside what the engine counts."""
_OVERHEAD: Final = 1.25
"""How much more the engine may take than it counts, for a moment."""
_LOADING: Final = 208_000_000
"""More makes reading no faster."""
_COLLECTING: Final = 96_000_000
"""What is collected comes in small portions, for days: more would only fill with what was written long ago."""
_READING: Final = 400_000_000
"""What of a reading waits to be taken into the store, at most."""
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
"""As glibc's malloc.h numbers them."""
_KEPT: Final = 64 * 2**20
KEEPING_FREED: Final = {"MALLOC_TRIM_THRESHOLD_": str(_KEPT), "MALLOC_MMAP_THRESHOLD_": str(_KEPT // 2)}
"""The environment in which a process does as `keep_freed` says from its beginning."""
_OF_CONTAINER: Final = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def limit(environment: Mapping[str, str] = os.environ) -> int:
    """In bytes. Raises `TachographError` where the environment's is no size, or too little to work with."""
    said = environment.get(VARIABLE, "").strip()
    if not said:
        return max(min(_USUAL, _of_machine() // 4), _LEAST)
    matched = _SIZE.fullmatch(said)
    size = int(float(f"{matched[1]}.{matched[2] or 0}") * _UNITS[matched[3].lower()]) if matched else 0
    if size < _LEAST:
        what = f"{said!r} is no size" if not matched else f"{said} is too little to work with"
        raise TachographError(what, where=VARIABLE, mend="give 160 MB or more, such as 512MB or 2GB")
    return size


def for_questions() -> str:
    """What the engine is given to answer questions, in its words."""
    return f"{_of_engine(limit())}B"


def for_loading() -> str:
    """What the engine is given while metrics are read into the store."""
    return f"{min(_LOADING, _of_engine(limit()))}B"


def for_collecting() -> str:
    """What the engine is given while small portions are taken into the store."""
    return f"{min(_COLLECTING, _of_engine(limit()))}B"


def for_summing() -> str:
    """What the engine is given to add up, while a reading holds what it has parsed."""
    return f"{max(min(_LOADING, _of_engine(limit())), _of_engine(limit() - _READING))}B"


def keep_freed() -> None:
    """Lets the C library keep what is freed for what is needed next: to ask the system again took 2 % longer."""
    import ctypes  # noqa: PLC0415 - as below

    with suppress(OSError, AttributeError):  # another system's library
        library = ctypes.CDLL(None)
        library.mallopt(_M_TRIM_THRESHOLD, _KEPT)
        library.mallopt(_M_MMAP_THRESHOLD, _KEPT // 2)


def give_back() -> None:
    """Gives the system back what was freed: the C library would keep it, and a long reading grow by that."""
    import ctypes  # noqa: PLC0415 - who reads much has it already

    with suppress(OSError, AttributeError):  # another system's library
        ctypes.CDLL(None).malloc_trim(0)


def _of_engine(whole: int) -> int:
    return int((whole - _OURS) / _OVERHEAD)


def _of_machine() -> int:
    """The memory that there is, or that a container may have."""
    try:
        sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    except (AttributeError, ValueError, OSError):  # not told on this system
        sizes = [4 * _USUAL]
    for file in _OF_CONTAINER:
        try:
            sizes.append(int(file.read_text(encoding="ascii")))
        except (OSError, ValueError):  # no such file, or no limit
            continue
    return min(sizes)
