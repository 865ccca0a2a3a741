"""Whose the metrics are that name nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tachograph.sources.protocol import Source


class Users:
    """Who used each source: `named`, else `TACHOGRAPH_USER`, else whom the agent's files name, else the system's.

    Only of logs in the agent's own place is anybody guessed, and where metrics name their users themselves, nobody is
    told either: then those that name nobody are their session's.
    """

    def __init__(
        self, sources: Mapping[str, Source], environment: Mapping[str, str], home: Path, named: str | None = None
    ) -> None:
        self._sources = sources
        self._environment = environment
        self._home = home
        self._told = named or environment.get("TACHOGRAPH_USER") or None
        self._guessed: dict[str, str | None] = {}

    def __call__(self, name: str, *, in_place: bool) -> str | None:
        """Whose the metrics of a source are that name nobody, in its place or elsewhere."""
        known = self._sources.get(name)
        if known is None or known.names_users:
            return None
        if self._told or not in_place:
            return self._told
        if name not in self._guessed:
            self._guessed[name] = known.user(self._environment, self._home) or _system_user()
        return self._guessed[name]


def _system_user() -> str | None:
    from getpass import getuser  # noqa: PLC0415 - mostly the agent's files say it

    try:
        return getuser()
    except (OSError, KeyError):  # no name in the environment, and none for the number
        return None
