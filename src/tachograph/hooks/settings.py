"""Changes to a settings file of Claude Code's, each of them whole or not at all.

The file is replaced by a new one with the same permissions, where a link leads; just before that it is read again,
and left alone where somebody else has changed it meanwhile. What it was before our entries is kept beside it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tachograph.errors import TachographError
from tachograph.hooks.entries import check, entries, with_entries, without_entries
from tachograph.hooks.json_text import parsed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tachograph.hooks.command import HookCommand
    from tachograph.hooks.entries import Entry
    from tachograph.hooks.events import Event

_BACKUP: Final = ".before-tachograph"
_BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"


class SettingsFile:
    """A settings file, as it was when this object was made. Raises `NotSettings` where it isn't one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.backup = path.with_name(path.name + _BACKUP)
        self._read = _bytes_of(path)
        text = None if self._read is None else _text_of(self._read, path)
        self._bom = _BOM if text and text.startswith(_BOM) else ""
        self._text = text[len(self._bom) :] if text is not None else None
        if self._text is not None:
            check(self._text, str(path))

    @property
    def exists(self) -> bool:
        """Whether there is such a file."""
        return self._read is not None

    def entries(self) -> list[Entry]:
        """Our entries."""
        return [] if self._text is None else entries(self._text)

    def install(self, events: Sequence[Event], command: HookCommand) -> bool:
        """Puts in an entry for each event, in place of those that there are; whether that changed anything."""
        there = self.entries()
        if sorted((one.event, one.command) for one in there) == sorted((event.name, command) for event in events):
            return False
        text = "{}\n" if self._text is None else self._text
        if there:
            text = without_entries(text, self._before())
        self._replace((self._bom + with_entries(text, events, command)).encode(), is_first=not there)
        return True

    def remove(self) -> bool:
        """Takes our entries out again; whether there were any. A file that held nothing else goes with them."""
        if self._text is None or not self.entries():
            return False
        before = self._before()
        text = without_entries(self._text, before)
        if before is not None and parsed(text) == parsed(before):
            self._replace(self.backup.read_bytes())
            self.backup.unlink()
        elif before is None and parsed(text) == parsed("{}"):
            self._check_unchanged()
            Path(os.path.realpath(self.path)).unlink()
        else:
            self._replace((self._bom + text).encode())
        return True

    def _before(self) -> str | None:
        """What the file was before our entries; None where that isn't known, or it wasn't there."""
        try:
            text = _text_of(self.backup.read_bytes(), self.backup).removeprefix(_BOM)
            check(text, str(self.backup))
        except (OSError, TachographError):
            return None
        return text

    def _replace(self, content: bytes, *, is_first: bool = False) -> None:
        """Replaces the file; what it was is kept where these are the first entries of ours in it."""
        target = Path(os.path.realpath(self.path))
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{target.name}.{os.getpid()}.tachograph")
        try:
            _write(fresh, content, _status_of(target))
            self._check_unchanged()
            if is_first:
                self._keep()
            fresh.replace(target)
        finally:
            fresh.unlink(missing_ok=True)

    def _keep(self) -> None:
        if self._read is None:
            self.backup.unlink(missing_ok=True)  # of an earlier installation
        else:
            _write(self.backup, self._read, _status_of(self.path))

    def _check_unchanged(self) -> None:
        if _bytes_of(self.path) != self._read:
            raise TachographError(
                "it was changed by somebody else just now, and was left as it is",
                where=str(self.path),
                mend="run the command again",
            )


def _bytes_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _text_of(content: bytes, path: Path) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise TachographError(
            f"it isn't UTF-8 at byte {error.start}", where=str(path), mend="mend the file by hand first"
        ) from None


def _status_of(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _write(path: Path, content: bytes, like: os.stat_result | None) -> None:
    """Writes a file, with the permissions and the owner of another where there is one."""
    path.unlink(missing_ok=True)
    mode = 0o666 if like is None else like.st_mode & 0o777
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    with os.fdopen(file, "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(file)
        if like is not None:
            path.chmod(mode)
            if hasattr(os, "chown"):
                with suppress(OSError):  # only the superuser may give a file away
                    os.chown(path, like.st_uid, like.st_gid)
