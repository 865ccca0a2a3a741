"""Gemini CLI as a source: `gemini_chats` reads what it writes."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from tachograph.folders import named_folder
from tachograph.sources.decoding import BAD_JSON

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tachograph.sources.gemini_chats import ConversationReader

_CHATS: Final = "chats"
_FIRST_MEMBERS: Final = rb'\s*\{((?:\s*"[^"\\]{1,60}"\s*:\s*(?:"(?:[^"\\]|\\.)*"|[\w.+-]+)\s*,)*+)'
"""The members of an object before the first that is itself an object or a list."""


class GeminiCli:
    """Conversations below `tmp`, in Gemini CLI's folder."""

    name = "gemini-cli"
    title = "Gemini CLI"
    merging = True
    names_users = False
    reading: Literal["lines", "sequence", "files"] = "files"

    def places(self, environment: Mapping[str, str], home: Path) -> list[Path]:
        """`GEMINI_CLI_HOME` takes the place of the home folder."""
        return [_folder(environment, home) / "tmp"]

    def user(self, environment: Mapping[str, str], home: Path) -> str | None:
        """The account that is logged in; None where there is none, as with an API key."""
        from tachograph.sources.gemini_shapes import Accounts  # noqa: PLC0415 - only reading needs it

        try:
            accounts = (_folder(environment, home) / "google_accounts.json").read_bytes()
            return msgspec.json.decode(accounts, type=Accounts).active or None
        except (OSError, *BAD_JSON):
            return None

    def owns(self, path: str) -> bool:
        """`chats/session-*.json` and `.jsonl`, and a sub-agent's `chats/<session>/<id>.jsonl`."""
        if not path.endswith((".json", ".jsonl")):
            return False
        file = Path(path)
        return file.name.startswith("session-") if file.parent.name == _CHATS else is_of_sub_agent(file)

    def beside(self, path: str) -> list[str]:  # noqa: ARG002 - the protocol's
        """None: a conversation is one file."""
        return []

    def recognises(self, first_lines: list[bytes]) -> bool:
        """Whether there is a header, on a line of its own or at the beginning of one object over many lines."""
        for line in first_lines:
            try:
                top = _object(line)
            except BAD_JSON:
                continue
            if _is_header(top):
                return True
        members = re.match(_FIRST_MEMBERS, b"\n".join(first_lines).removeprefix(BOM_UTF8))
        if members is None:
            return False
        try:
            return _is_header(_object(b"{" + members[1].rstrip(b", \t\r\n") + b"}"))
        except BAD_JSON:
            return False

    def reader(self) -> ConversationReader:
        """A reader of conversations."""
        from tachograph.sources.gemini_chats import ConversationReader  # noqa: PLC0415 - only reading needs it

        return ConversationReader()


def _folder(environment: Mapping[str, str], home: Path) -> Path:
    moved = environment.get("GEMINI_CLI_HOME")
    return (named_folder(moved) if moved else home) / ".gemini"


def is_of_sub_agent(path: Path) -> bool:
    """Whether it is the file of a sub-agent, in the folder of the session that it works for."""
    return path.suffix == ".jsonl" and path.parent.parent.name == _CHATS


def _object(text: bytes) -> dict[str, msgspec.Raw]:
    return msgspec.json.decode(text, type=dict[str, msgspec.Raw])


def _is_header(top: Mapping[str, msgspec.Raw]) -> bool:
    """Forks of Gemini CLI and Claude Code name a session on each line, which has a `type` or a `uuid`."""
    return {"sessionId", "projectHash"} <= top.keys() and not {"type", "uuid", "payload"} & top.keys()
