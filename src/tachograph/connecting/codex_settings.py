"""The table `otel` in Codex's `config.toml`: lines of ours at the file's end, known again by their text.

There is no mark at their end: when Codex changes its file, it puts new tables before a comment that stands last, and
what lies between two marks would be no longer ours alone. Before any change is written, what the file would say is
compared with what it says: but for the table it must be the same.
"""

from __future__ import annotations

import json
import re
import tomllib
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from tachograph.connecting.settings import BACKUP, Undone
from tachograph.errors import TachographError
from tachograph.hooks.agent_file import AgentFile, NotSettings

if TYPE_CHECKING:
    from pathlib import Path

    from tachograph.connecting.destination import Destination

_TABLE: Final = "otel"
_MARK: Final = "# put here by 'tachograph connect codex'; --undo takes these four lines out"
_OURS: Final = re.compile(
    rf"^{re.escape(_MARK)}\r?\n\[otel\]\r?\nlog_user_prompt = false\r?\nexporter = \{{ otlp-[^\r\n]*\}}(?:\r?\n|\Z)",
    re.MULTILINE,
)


class CodexSettings:
    """Codex's settings. The file is read when it is first needed; then `NotSettings` is raised where it isn't TOML."""

    def __init__(self, path: Path, to: Destination) -> None:
        self.path = path
        self.backup = path.with_name(path.name + BACKUP)
        self._to = to

    def text(self, key: str | None) -> str:
        """As TOML, with this in place of the key."""
        return _lines(self._to._replace(key=key), "\n").rstrip("\n")

    def says(self, name: str) -> bool:
        """Whether the table has a key of that name that is true."""
        table = self._was.get(_TABLE)
        return isinstance(table, dict) and table.get(name) is True

    def connect(self) -> bool:
        """Puts our lines at the end, or in place of earlier ones. Raises `TachographError` where a table is there."""
        text = self._file.text or ""
        newline = "\r\n" if "\r\n" in text else "\n"
        ours = self._ours(text)
        if ours is None and _TABLE in self._was:
            raise TachographError(
                f"it has [{_TABLE}] already",
                where=str(self.path),
                mend="put 'exporter' there by hand, or take the table out; nothing was changed",
            )
        lines = _lines(self._to, newline)
        changed = _with(text, lines, newline) if ours is None else text[: ours.start()] + lines + text[ours.end() :]
        if changed == text:
            return False
        self._write(changed, self._but_ours() | tomllib.loads(lines), is_first=ours is None)
        return True

    def disconnect(self) -> Undone:
        """Takes our lines out. Raises `TachographError` where somebody added to the table since."""
        text = self._file.text or ""
        ours = self._ours(text)
        if ours is None:
            return Undone(changed=False, left=[])
        newline = "\r\n" if "\r\n" in text else "\n"
        before = self._file.before()
        if before is not None and text == _with(before, ours[0], newline):
            self._file.restore()
            return Undone(changed=True, left=[])
        rest = text[: ours.start()].removesuffix(newline) if not text[ours.end() :] else text[: ours.start()]
        rest += text[ours.end() :]
        if not rest and before is None:
            self._file.delete()
        else:
            self._write(rest, self._but_ours(), is_first=False)
        return Undone(changed=True, left=[])

    @cached_property
    def _file(self) -> AgentFile:
        return AgentFile(self.path, BACKUP)

    @cached_property
    def _was(self) -> dict[str, Any]:
        """What the file said."""
        return self._parsed(self._file.text or "")

    def _ours(self, text: str) -> re.Match[str] | None:
        """Our lines. Raises `TachographError` where the table says more than they do, or other lines look like them."""
        found = list(_OURS.finditer(text))
        if not found:
            return None
        if len(found) > 1 or self._was.get(_TABLE) != tomllib.loads(found[0][0])[_TABLE]:
            raise TachographError(
                f"its [{_TABLE}] isn't as connect put it there",
                where=str(self.path),
                mend="take out by hand what connect put there, from its comment on; nothing was changed",
            )
        return found[0]

    def _but_ours(self) -> dict[str, Any]:
        return {name: value for name, value in self._was.items() if name != _TABLE}

    def _write(self, text: str, says: dict[str, Any], *, is_first: bool) -> None:
        """Writes the file if it says just that."""
        if self._parsed(text) != says:
            mend = "take out by hand what connect put there; nothing was changed"
            raise TachographError("it can't be changed without changing more", where=str(self.path), mend=mend)
        self._file.write(text, is_first=is_first, is_private=self._to.key is not None)

    def _parsed(self, text: str) -> dict[str, Any]:
        try:
            return tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            mend = "mend the file by hand first; nothing was changed"
            raise NotSettings(f"it isn't TOML: {error}", where=str(self.path), mend=mend) from None


def _with(text: str, lines: str, newline: str) -> str:
    """The text with lines at its end, after an empty one."""
    if not text:
        return lines
    return f"{text}{'' if text.endswith(newline) else newline}{newline}{lines}"


def _lines(to: Destination, newline: str) -> str:
    """Our lines. Codex posts to the very address that it is given, so that is the one of logs."""
    way = ["otlp-grpc"] if to.is_grpc else ["otlp-http", 'protocol = "binary"']
    values = [f"endpoint = {json.dumps(to.of('logs'))}", *way[1:]]
    if to.key is not None:
        values.append(f"headers = {{ Authorization = {json.dumps(f'Bearer {to.key}', ensure_ascii=False)} }}")
    exporter = f"exporter = {{ {way[0]} = {{ {', '.join(values)} }} }}"
    return newline.join([_MARK, f"[{_TABLE}]", "log_user_prompt = false", exporter, ""])
