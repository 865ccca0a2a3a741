"""Where the server of a home listens, written down for other programs of this machine.

It holds for as long as that server has the spool: what a killed one left behind is not believed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tachograph.collector.spool import is_held
from tachograph.store.files import write_cache

if TYPE_CHECKING:
    from pathlib import Path

_FILE: Final = "address"
_LONGEST: Final = 300


def _path(home: Path) -> Path:
    return home / "collector" / _FILE


def tell(home: Path, url: str) -> None:
    """Writes down where it listens; where that can't be written, nobody is told."""
    write_cache(_path(home), url.encode())


def forget(home: Path) -> None:
    """Says that nobody listens, or nobody yet."""
    _path(home).unlink(missing_ok=True)


def known(home: Path) -> str | None:
    """Where a server of that home listens now; None where there is none, or it doesn't say."""
    if not is_held(home / "collector"):
        return None
    try:
        with _path(home).open("rb") as file:
            return file.read(_LONGEST).decode("ascii") or None
    except (OSError, UnicodeDecodeError):
        return None
