"""Claude Code as a source: `claude_transcripts` reads what it writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.folders import named_folder, named_folders, store_folder
from tachograph.hooks.log import PLACE
from tachograph.sources.decoding import BAD_JSON

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tachograph.sources.claude_transcripts import TranscriptReader


class ClaudeCode:
    """Transcripts below `projects`, in Claude Code's configuration folder."""

    name = "claude-code"
    title = "Claude Code"
    merging = True
    names_users = False
    reading: Final = "lines"

    def places(self, environment: Mapping[str, str], home: Path) -> list[Path]:
        """`CLAUDE_CONFIG_DIR` (one or more, separated by commas) moves the configuration from its two usual folders.

        The last is that of the log of its hooks, in our own folder.
        """
        shared = environment.get("XDG_CONFIG_HOME")
        folders = named_folders(environment.get("CLAUDE_CONFIG_DIR", "")) or [
            home / ".claude",
            (named_folder(shared) if shared else home / ".config") / "claude",
        ]
        return [*map(_projects, folders), store_folder(environment).joinpath(*PLACE)]

    def owns(self, path: str) -> bool:
        """Any `.jsonl` but the journals that workflows keep beside their agents' transcripts."""
        return path.endswith(".jsonl") and not path.endswith(("/journal.jsonl", "\\journal.jsonl"))

    def user(self, environment: Mapping[str, str], home: Path) -> str | None:
        """Whose account `.claude.json` names: by e-mail address, else by the account's id."""
        from tachograph.sources.claude_shapes import Settings  # noqa: PLC0415 - only reading needs it

        for folder in (*named_folders(environment.get("CLAUDE_CONFIG_DIR", "")), home, home / ".claude"):
            try:
                account = msgspec.json.decode((folder / ".claude.json").read_bytes(), type=Settings)
            except (OSError, *BAD_JSON):
                continue
            if account.oauthAccount is not None:
                return account.oauthAccount.emailAddress or account.oauthAccount.accountUuid
        return None

    def beside(self, path: str) -> list[str]:
        """None: a transcript stands alone."""
        del path
        return []

    def recognises(self, first_lines: list[bytes]) -> bool:
        """Whether one of the lines has the envelope of a transcript."""
        for line in first_lines:
            try:
                top = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
            except BAD_JSON:
                continue
            if "sessionId" in top and "type" in top and ("uuid" in top or "message" in top or "timestamp" in top):
                return True
            if top.keys() >= {"type", "snapshot", "messageId"} or top.keys() >= {
                "type",
                "summary",
                "leafUuid",
            }:
                return True
        return False

    def reader(self) -> TranscriptReader:
        """A reader of transcripts."""
        from tachograph.sources.claude_transcripts import TranscriptReader  # noqa: PLC0415 - only reading needs it

        return TranscriptReader()


def _projects(folder: Path) -> Path:
    return folder if folder.name == "projects" else folder / "projects"
