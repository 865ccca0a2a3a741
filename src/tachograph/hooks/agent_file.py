"""A settings file of an agent's, changed as a whole or not at all.

It is replaced by a new one with the same permissions, where a link leads; just before that it is read again, and left
alone where somebody else has changed it meanwhile. What it was before our first change is kept beside it.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tachograph.errors import TachographError
from tachograph.hooks.json_text import parsed

_BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"


class NotSettings(TachographError):  # noqa: N818 - the names of errors read as sentences
    """The text isn't settings that can be changed; nothing was."""


class AgentFile:
    """A settings file, as it was when this object was made; raises `NotSettings` where it isn't text.

    `backup` is where what it was before our first change is kept, by its name and an ending.
    """

    def __init__(self, path: Path, backup_ending: str) -> None:
        self.path = path
        self.backup = path.with_name(path.name + backup_ending)
        self._read = _bytes_of(path)
        self.text = None if self._read is None else _text_of(self._read, path).removeprefix(_BOM)
        """What it says; None where there is no such file."""
        self._bom = _BOM if self._read is not None and self._read.decode().startswith(_BOM) else ""

    def before(self) -> str | None:
        """What the file said before our first change; None where that isn't known, or it wasn't there."""
        try:
            return _text_of(self.backup.read_bytes(), self.backup).removeprefix(_BOM)
        except (OSError, TachographError):
            return None

    def write(self, text: str, *, is_first: bool, is_private: bool = False) -> None:
        """Replaces the file; what it was is kept where this is the first change of ours.

        A new file is for its owner alone where it is to be private. Raises `TachographError` where somebody else has
        changed the file, `OSError`.
        """
        self._replace((self._bom + text).encode(), is_first=is_first, is_private=is_private)

    def restore(self) -> None:
        """Makes the file what it was, to the byte, and lets go of the copy."""
        self._replace(self.backup.read_bytes(), is_first=False, is_private=False)
        self.backup.unlink()

    def delete(self) -> None:
        """Deletes the file, where a link leads; the link stays."""
        self._check_unchanged()
        Path(os.path.realpath(self.path)).unlink()

    def _replace(self, content: bytes, *, is_first: bool, is_private: bool) -> None:
        target = Path(os.path.realpath(self.path))
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{target.name}.{os.getpid()}.tachograph")
        try:
            _write(fresh, content, _status_of(target), 0o600 if is_private else 0o666)
            self._check_unchanged()
            if is_first:
                self._keep()
            fresh.replace(target)
        finally:
            fresh.unlink(missing_ok=True)
        self._read = content

    def _keep(self) -> None:
        if self._read is None:
            self.backup.unlink(missing_ok=True)  # of an earlier installation
        else:
            _write(self.backup, self._read, _status_of(self.path), 0o600)

    def _check_unchanged(self) -> None:
        if _bytes_of(self.path) != self._read:
            raise TachographError(
                "it was changed by somebody else just now, and was left as it is",
                where=str(self.path),
                mend="run the command again",
            )


def settings_object(text: str, where: str) -> dict[str, Any]:
    """What settings in JSON say. Raises `NotSettings` where the text isn't one JSON object."""
    mend = "mend the file by hand first; nothing was changed"
    try:
        parsed(text)
        whole = json.loads(text)
    except RecursionError:
        raise NotSettings("it is nested too deeply", where=where, mend=mend) from None
    except ValueError as error:
        comments = ", or has comments" if "//" in text or "/*" in text else ""
        raise NotSettings(f"it isn't JSON{comments}: {error}", where=where, mend=mend) from None
    if not isinstance(whole, dict):
        raise NotSettings("it isn't a JSON object", where=where, mend=mend)
    return whole


def _bytes_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _text_of(content: bytes, path: Path) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise NotSettings(
            f"it isn't UTF-8 at byte {error.start}", where=str(path), mend="mend the file by hand first"
        ) from None


def _status_of(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _write(path: Path, content: bytes, like: os.stat_result | None, otherwise: int) -> None:
    """Writes a file, with the permissions and the owner of another where there is one."""
    path.unlink(missing_ok=True)
    mode = otherwise if like is None else like.st_mode & 0o777
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
