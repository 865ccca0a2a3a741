"""Members of one object in an agent's JSON settings: put in and taken out, in the text, which else stays as it is."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tachograph.connecting.receipt import Receipt, read_receipt, receipt_of, write_receipt
from tachograph.connecting.settings import BACKUP, Undone
from tachograph.errors import TachographError
from tachograph.hooks.agent_file import AgentFile, NotSettings, settings_object
from tachograph.hooks.json_text import items, member, parsed, with_item, without_item

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path


class JsonSettings:
    """Members that are to stand in the object `section` of a JSON file.

    `contrary` are other members of it that would send elsewhere. The file is read when it is first needed; then
    `NotSettings` is raised where it isn't settings.
    """

    def __init__(
        self, path: Path, section: str, members: Mapping[str, Any], contrary: Collection[str], key: str | None
    ) -> None:
        self.path = path
        self.backup = path.with_name(path.name + BACKUP)
        self._section = section
        self._members = members
        self._contrary = contrary
        self._key = key

    def text(self, key: str | None) -> str:
        """As JSON, with this in place of the key."""
        shown = {
            name: value.replace(self._key, key) if self._key and key and isinstance(value, str) else value
            for name, value in self._members.items()
        }
        return json.dumps({self._section: shown}, indent=2, ensure_ascii=False)

    def says(self, name: str) -> bool:
        """Whether the member of that name is there, and switches something on."""
        return str((self._was or {}).get(name, "")).lower() not in {"", "0", "false"}

    def connect(self) -> bool:
        """Puts the members in, in place of our earlier ones. Raises `TachographError` where others' are in the way."""
        there = self._was or {}
        noted = read_receipt(self.path)
        ours = _ours(noted, there)
        self._check(there, ours)
        text = "{}\n" if self._file.text is None else self._file.text
        stale = ours - self._members.keys()
        new = {name: value for name, value in self._members.items() if name not in there or name in ours}
        if not stale and all(name in there and _same(there[name], value) for name, value in new.items()):
            return False
        receipt = noted if noted and ours else Receipt(self._file.text is None, self._was is None, {})
        for name, value in new.items():
            receipt.add(name, value)
        changed = self._with(self._without(text, stale), new)
        write_receipt(self.path, receipt)
        self._file.write(changed, is_first=not ours, is_private=self._key is not None)
        return True

    def disconnect(self) -> Undone:
        """Takes out the members whose values are those that we gave them."""
        noted = read_receipt(self.path)
        if noted is None:
            return Undone(changed=False, left=[])
        there = self._was or {}
        ours = _ours(noted, there)
        if self._file.text is not None and ours:
            self._take_out(self._file.text, noted, ours)
        receipt_of(self.path).unlink()
        return Undone(changed=bool(ours), left=[name for name in noted.digests if name in there and name not in ours])

    @cached_property
    def _file(self) -> AgentFile:
        return AgentFile(self.path, BACKUP)

    @cached_property
    def _was(self) -> dict[str, Any] | None:
        """The section as it was; None where there is none."""
        return _object(self._file.text, self._section, self.path)

    def _take_out(self, text: str, noted: Receipt, ours: set[str]) -> None:
        text = self._without(text, ours)
        root = text.index("{")
        section = member(text, root, self._section)
        if noted.made_section and section is not None and not items(text, section.value):
            text = _without_member(text, root, self._section)
        before = None if noted.made_file else self._file.before()
        if noted.made_file and parsed(text) == parsed("{}"):
            self._file.delete()
        elif before is not None and _says_the_same(text, before):
            self._file.restore()
        else:
            self._file.write(text, is_first=False)

    def _check(self, there: Mapping[str, Any], ours: set[str]) -> None:
        """Raises where a member that isn't ours says otherwise, or something that sends elsewhere is there."""
        others = [name for name, value in there.items() if name not in ours and self._is_contrary(name, value)]
        if others:
            raise TachographError(
                f"its {self._section!r} has {', '.join(others)} already, for another purpose",
                where=str(self.path),
                mend="take that out first, or change it by hand; nothing was changed",
            )

    def _is_contrary(self, name: str, value: Any) -> bool:
        return not _same(value, self._members[name]) if name in self._members else name in self._contrary

    def _with(self, text: str, new: Mapping[str, Any]) -> str:
        for name, value in new.items():
            root = text.index("{")
            section = member(text, root, self._section)
            if section is None:
                text = with_item(text, root, {name: value}, self._section)
                continue
            there = member(text, section.value, name)
            if there is None:
                text = with_item(text, section.value, value, name)
            else:
                text = text[: there.value] + json.dumps(value) + text[there.end :]
        return text

    def _without(self, text: str, names: Collection[str]) -> str:
        for name in names:
            section = member(text, text.index("{"), self._section)
            assert section is not None
            text = _without_member(text, section.value, name)
        return text


def _object(text: str | None, section: str, path: Path) -> dict[str, Any] | None:
    """The section of settings; None where there is none. Raises `NotSettings`."""
    if text is None:
        return None
    whole = settings_object(text, str(path))
    if section in whole and not isinstance(whole[section], dict):
        mend = "mend the file by hand first; nothing was changed"
        raise NotSettings(f"its {section!r} isn't an object", where=str(path), mend=mend)
    found: dict[str, Any] | None = whole.get(section)
    return found


def _ours(noted: Receipt | None, there: Mapping[str, Any]) -> set[str]:
    return {name for name, value in there.items() if noted is not None and noted.is_ours(name, value)}


def _same(one: Any, other: Any) -> bool:
    """Whether two values are the same in JSON, where 1 isn't true."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _says_the_same(text: str, before: str) -> bool:
    try:
        return bool(parsed(text) == parsed(before))
    except (ValueError, RecursionError):
        return False


def _without_member(text: str, at: int, key: str) -> str:
    keys = [item.key for item in items(text, at)]
    return without_item(text, at, len(keys) - 1 - keys[::-1].index(key))
