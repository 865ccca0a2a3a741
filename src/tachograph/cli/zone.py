"""The system's time zone: whose midnights count where none is named."""

from __future__ import annotations

from datetime import UTC, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tachograph.aggregate.question import time_zone
from tachograph.errors import BadQuestion

if TYPE_CHECKING:
    from collections.abc import Mapping

_ZONES: Final = "zoneinfo/"
"""What precedes a zone's name in the path of its file."""


def system_zone(environment: Mapping[str, str], etc: Path = Path("/etc")) -> tzinfo | None:
    """The zone that `TZ` names, else /etc/localtime, else /etc/timezone, else UTC.

    None where `TZ` is set and no zone's name or file (a rule such as CET-1CEST is neither).
    """
    named = environment.get("TZ")
    if named is None:
        return _of_file(etc / "localtime") or _of_text(etc / "timezone") or _of_copy(etc / "localtime") or UTC
    named = named.removeprefix(":")
    if not named:
        return UTC
    if named.startswith("/"):
        return _of_file(Path(named)) or _of_copy(Path(named))
    return _named(named)


def _named(name: str) -> tzinfo | None:
    try:
        return UTC if name == "Etc/UTC" else time_zone(name)
    except BadQuestion:
        return None


def _of_file(path: Path) -> tzinfo | None:
    """By the name of the file that a link leads to, which tells more than the file itself."""
    try:
        targets = [str(path), str(path.readlink()), str(path.resolve())]
    except OSError:  # it is no link
        targets = [str(path)]
    for target in targets:
        name = target.rpartition(_ZONES)[2] if _ZONES in target else ""
        zone = _named(name) if name else None
        if zone is not None:
            return zone
    return None


def _of_text(path: Path) -> tzinfo | None:
    try:
        return _named(path.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeError):
        return None


def _of_copy(path: Path) -> tzinfo | None:
    """By a zone's rules alone, as containers are given them."""
    from zoneinfo import ZoneInfo

    try:
        with path.open("rb") as file:
            return ZoneInfo.from_file(file)
    except (OSError, ValueError):
        return None
