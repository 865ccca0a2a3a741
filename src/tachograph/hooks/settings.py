"""Our entries in a settings file of Claude Code's: put in, and taken out again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tachograph.errors import TachographError
from tachograph.hooks.agent_file import AgentFile
from tachograph.hooks.entries import check, entries, with_entries, without_entries
from tachograph.hooks.json_text import parsed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tachograph.hooks.command import HookCommand
    from tachograph.hooks.entries import Entry
    from tachograph.hooks.events import Event

_BACKUP: Final = ".before-tachograph"


class SettingsFile:
    """A settings file, as it was when this object was made. Raises `NotSettings` where it isn't one."""

    def __init__(self, path: Path) -> None:
        self._file = AgentFile(path, _BACKUP)
        self.path = path
        self.backup = self._file.backup
        if self._file.text is not None:
            check(self._file.text, str(path))

    @property
    def exists(self) -> bool:
        """Whether there is such a file."""
        return self._file.text is not None

    def entries(self) -> list[Entry]:
        """Our entries."""
        return [] if self._file.text is None else entries(self._file.text)

    def install(self, events: Sequence[Event], command: HookCommand) -> bool:
        """Puts in an entry for each event, in place of those that there are; whether that changed anything."""
        there = self.entries()
        if sorted((one.event, one.command) for one in there) == sorted((event.name, command) for event in events):
            return False
        text = "{}\n" if self._file.text is None else self._file.text
        if there:
            text = without_entries(text, self._before())
        self._file.write(with_entries(text, events, command), is_first=not there)
        return True

    def remove(self) -> bool:
        """Takes our entries out again; whether there were any. A file that held nothing else goes with them."""
        if self._file.text is None or not self.entries():
            return False
        before = self._before()
        text = without_entries(self._file.text, before)
        if before is not None and parsed(text) == parsed(before):
            self._file.restore()
        elif before is None and parsed(text) == parsed("{}"):
            self._file.delete()
        else:
            self._file.write(text, is_first=False)
        return True

    def _before(self) -> str | None:
        """What the file was before our entries; None where that isn't known, or it wasn't there."""
        text = self._file.before()
        try:
            if text is not None:
                check(text, str(self.backup))
        except TachographError:
            return None
        return text
