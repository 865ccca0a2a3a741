"""OpenCode as a source: `opencode_reader` reads what it keeps."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tachograph.folders import named_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tachograph.sources.opencode_reader import OpenCodeReader

DATABASE_MAGIC: Final = b"SQLite format 3\0"
_DATABASE: Final = r"opencode(-[A-Za-z0-9._-]+)?\.db"
"""Builds of other channels than the usual one have databases of their own."""
_KINDS_OF_FILES: Final = frozenset({"session", "message", "part"})


class OpenCode:
    """The database and the storage folder in OpenCode's folder of data, and exported sessions."""

    name = "opencode"
    title = "OpenCode"
    merging = True
    names_users = False
    reading: Final = "files"

    def places(self, environment: Mapping[str, str], home: Path) -> list[Path]:
        """`XDG_DATA_HOME` moves the folder, on all systems alike."""
        shared = environment.get("XDG_DATA_HOME")
        return [(named_folder(shared) if shared else home / ".local" / "share") / "opencode"]

    def user(self, environment: Mapping[str, str], home: Path) -> str | None:  # noqa: ARG002 - the protocol's
        """OpenCode has no users."""
        return None

    def owns(self, path: str) -> bool:
        """Databases, stored sessions, messages and parts, and exports that are named after their session."""
        file = Path(path)
        if file.suffix == ".db":
            return re.fullmatch(_DATABASE, file.name) is not None
        if file.suffix != ".json":
            return False
        if not _KINDS_OF_FILES.isdisjoint(file.parts[-4:-1]):
            return True
        return file.name.startswith("ses_") and "storage" not in file.parts

    def beside(self, path: str) -> list[str]:
        """What is new in a database is at first in its log alone."""
        return [f"{path}-wal"] if path.endswith(".db") else []

    def recognises(self, first_lines: list[bytes]) -> bool:
        """Whether it is one of OpenCode's JSON documents, whole or cut, or a database, whose tables say whose it is."""
        from tachograph.sources.opencode_beginnings import is_opencodes  # noqa: PLC0415 - for files that are named

        return is_opencodes(first_lines)

    def reader(self) -> OpenCodeReader:
        """A reader of databases and JSON files."""
        from tachograph.sources.opencode_reader import OpenCodeReader  # noqa: PLC0415 - only reading needs it

        return OpenCodeReader()
