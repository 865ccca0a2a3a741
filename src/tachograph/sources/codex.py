"""Codex CLI as a source: `codex_rollouts` reads what it writes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.folders import named_folder
from tachograph.sources.decoding import BAD_JSON, told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tachograph.sources.codex_rollouts import RolloutReader

_ROLLOUT: Final = r"rollout-.*\.jsonl(\.zst)?"
_ENVELOPES: Final = frozenset(
    {
        "session_meta", "turn_context", "response_item", "event_msg", "compacted", "token_usage_record", "world_state",
    }
)  # fmt: skip
_WORD: Final = msgspec.json.Decoder(str | None)


class Codex:
    """Rollouts below `sessions` and `archived_sessions`, in Codex's folder."""

    name = "codex"
    title = "Codex CLI"
    merging = True
    names_users = False
    reading: Final = "sequence"

    def places(self, environment: Mapping[str, str], home: Path) -> list[Path]:
        """`CODEX_HOME` moves the folder from its usual place."""
        moved = environment.get("CODEX_HOME", "").strip()
        folder = named_folder(moved) if moved else home / ".codex"
        return [folder / "sessions", folder / "archived_sessions"]

    def user(self, environment: Mapping[str, str], home: Path) -> str | None:  # noqa: ARG002 - as the protocol has it
        """Nobody: who uses Codex stands only in the file that holds the tokens, which is not ours to read."""
        return None

    def owns(self, path: str) -> bool:
        """Rollouts, also those that Codex has compressed as they were old."""
        return re.fullmatch(_ROLLOUT, Path(path).name) is not None

    def beside(self, path: str) -> list[str]:  # noqa: ARG002 - as the protocol has it
        """None: a rollout is a file of its own."""
        return []

    def recognises(self, first_lines: list[bytes]) -> bool:
        """Whether one of the lines is a record in its envelope, or an old file's beginning."""
        for line in first_lines:
            try:
                top = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
            except BAD_JSON:
                continue
            if top.keys() >= {"timestamp", "payload", "type"} and told(_WORD, top["type"]) in _ENVELOPES:
                return True
            if "type" not in top and top.keys() >= {"id", "timestamp", "instructions"}:
                return True
        return False

    def reader(self) -> RolloutReader:
        """A reader of rollouts."""
        from tachograph.sources.codex_rollouts import RolloutReader  # noqa: PLC0415 - only reading needs it

        return RolloutReader()
