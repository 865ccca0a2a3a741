"""What all ways of putting something into an agent's settings have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from pathlib import Path

BACKUP: Final = ".before-tachograph-connect"
"""The ending of the copy of what a file was."""


class Undone(NamedTuple):
    """What undoing came to: whether anything was taken out, and what was left because somebody changed it since."""

    changed: bool
    left: list[str]


class Settings(Protocol):
    """The settings of one agent, and what is to stand in them."""

    path: Path
    backup: Path

    def text(self, key: str | None) -> str:
        """What is to stand there, as it would stand there, with this in place of the key."""

    def says(self, name: str) -> bool:
        """Whether a switch of that name is on there. Raises `TachographError` for a file that isn't settings."""

    def connect(self) -> bool:
        """Puts it in; whether that changed anything. Raises `TachographError` where it can't, and changes nothing."""

    def disconnect(self) -> Undone:
        """Takes out what `connect` put in, and nothing else. Raises as `connect`."""
