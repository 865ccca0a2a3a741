"""The metrics log as a source: `metrics_lines` reads it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.folders import metrics_folders
from tachograph.sources.decoding import BAD_JSON

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tachograph.sources.metrics_lines import MetricsLogReader

_NAME: Final = r"metrics_\d{8}_\d{6}.*\.jsonl(\.gz|\.zst)?"


class MetricsLog:
    """Folders of `metrics_YYYYMMDD_HHMMSS*.jsonl`, plain, `.gz` or `.zst`."""

    name = "metrics-log"
    title = "metrics log"
    merging = False
    names_users = True
    reading: Final = "lines"

    def places(self, environment: Mapping[str, str], home: Path) -> list[Path]:
        """The folders named in `TACHOGRAPH_METRICS` (separated by commas), else the one that programs record into."""
        del home
        return metrics_folders(environment)

    def user(self, environment: Mapping[str, str], home: Path) -> str | None:  # noqa: ARG002 - as the protocol has it
        """Nobody: each metric says itself whose it is."""
        return None

    def owns(self, path: str) -> bool:
        """A file of the log's naming scheme."""
        return re.fullmatch(_NAME, Path(path).name) is not None

    def beside(self, path: str) -> list[str]:  # noqa: ARG002 - as the protocol has it
        """None: a log's files are whole in themselves."""
        return []

    def recognises(self, first_lines: list[bytes]) -> bool:
        """Whether any of the first lines has the shape of a metric, good or not."""
        return any(_looks_like_a_metric(line) for line in first_lines)

    def reader(self) -> MetricsLogReader:
        """A reader of metrics logs."""
        from tachograph.sources.metrics_lines import MetricsLogReader  # noqa: PLC0415 - only reading needs it

        return MetricsLogReader()


def _looks_like_a_metric(line: bytes) -> bool:
    try:
        top = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except BAD_JSON:
        return False
    return {"timestamp", "type"} <= top.keys() and ("data" in top or "id" in top) and "message" not in top
