"""Copilot CLI as a source: `copilot_events` reads what it writes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from tachograph.folders import named_folder
from tachograph.sources.decoding import BAD_JSON

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tachograph.sources.copilot_events import EventReader

EVENTS_FILE: Final = "events.jsonl"
_PLACE: Final = "session-state"
_TYPE: Final = r"[a-z_]+\.[a-z_]+|abort"
_REMARK: Final = rb"(?m)^\s*//.*$"


class CopilotCli:
    """Sessions below `session-state`, in Copilot CLI's folder."""

    name = "copilot-cli"
    title = "Copilot CLI"
    merging = True
    names_users = False
    reading: Literal["lines", "sequence", "files"] = "sequence"

    def places(self, environment: Mapping[str, str], home: Path) -> list[Path]:
        """`COPILOT_HOME` takes the place of `~/.copilot`."""
        return [_folder(environment, home) / _PLACE]

    def user(self, environment: Mapping[str, str], home: Path) -> str | None:
        """The account that was logged in last; None where the configuration names none."""
        from tachograph.sources.copilot_shapes import Configuration  # noqa: PLC0415 - only reading needs it

        try:
            text = re.sub(_REMARK, b"", (_folder(environment, home) / "config.json").read_bytes())
            configuration = msgspec.json.decode(text, type=Configuration)
        except (OSError, *BAD_JSON):
            return None
        account = configuration.last_logged_in_user or configuration.later_last_logged_in_user
        return (account.login or None) if account else None

    def owns(self, path: str) -> bool:
        """`<session>/events.jsonl`, and the `<session>.jsonl` of older builds."""
        if not path.endswith(".jsonl"):
            return False
        file = Path(path)
        return file.name == EVENTS_FILE or file.parent.name == _PLACE

    def beside(self, path: str) -> list[str]:  # noqa: ARG002 - the protocol's
        """None: a session's events are one file."""
        return []

    def recognises(self, first_lines: list[bytes]) -> bool:
        """Whether one of the lines is an event."""
        return any(_is_event(line) for line in first_lines)

    def reader(self) -> EventReader:
        """A reader of events."""
        from tachograph.sources.copilot_events import EventReader  # noqa: PLC0415 - only reading needs it

        return EventReader()


def _folder(environment: Mapping[str, str], home: Path) -> Path:
    moved = environment.get("COPILOT_HOME")
    return named_folder(moved) if moved else home / ".copilot"


def _is_event(line: bytes) -> bool:
    try:
        top = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
        if not {"type", "data", "id", "timestamp", "parentId"} <= top.keys():
            return False
        kind = msgspec.json.decode(top["type"], type=str)
        return re.fullmatch(_TYPE, kind) is not None and bytes(top["data"]).startswith(b"{")
    except BAD_JSON:
        return False
