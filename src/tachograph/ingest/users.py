"""Whose the metrics are that name nobody."""

from __future__ import annotations

from getpass import getuser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tachograph.sources.protocol import Source


def users_here(
    sources: Iterable[Source], environment: Mapping[str, str], home: Path, named: str | None = None
) -> dict[str, str | None]:
    """By the name of a source, who used it on this machine.

    That is who is `named`, else `TACHOGRAPH_USER`, else whom the agent's own files name, else the system's user; where
    metrics name their users themselves, nobody is guessed.
    """
    told = named or environment.get("TACHOGRAPH_USER") or None
    return {known.name: told or _guessed(known, environment, home) for known in sources}


def _guessed(known: Source, environment: Mapping[str, str], home: Path) -> str | None:
    if known.names_users:
        return None
    return known.user(environment, home) or _system_user()


def _system_user() -> str | None:
    try:
        return getuser()
    except (OSError, KeyError):  # no name in the environment, and none for the number
        return None
