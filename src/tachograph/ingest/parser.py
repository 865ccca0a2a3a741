"""`MetricsParser`: a metrics log as a stream of metrics, a batch at a time."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tachograph.errors import NoLogs, UnreadableLog
from tachograph.ingest.reading import (
    Piece,
    Progress,
    compression_errors,
    open_plain_or_compressed,
    read_blocks,
)
from tachograph.metric import Metric, Refused, Reject, aware, read_metric
from tachograph.recorder.listing import entries_at_rest
from tachograph.sources import source

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from datetime import datetime


class MetricsParser:
    """A metrics log: a file, or a folder of `metrics_YYYYMMDD_HHMMSS*.jsonl[.gz|.zst]` (or its subfolder `metrics`)."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.rejects: list[Reject] = []
        """The lines that the last stream refused."""

    def files(self) -> list[Path]:
        """The log's files, in the order of their names. Raises `NoLogs` where there is none."""
        if self.path.is_file():
            return [self.path]
        log = source("metrics-log")
        folders = [self.path, self.path / "metrics"]
        found = [
            path
            for folder in folders
            if folder.is_dir()
            for path in sorted(Path(entry.path) for entry in entries_at_rest(str(folder)))
            if log.owns(str(path))
        ]
        if not found:
            what = "no metrics log in it" if self.path.exists() else "no such file or folder"
            raise NoLogs(what, where=str(self.path), mend="a log's files are named metrics_YYYYMMDD_HHMMSS.jsonl")
        return found

    async def stream_metrics(
        self, start: datetime | None = None, end: datetime | None = None, batch_size: int = 1000
    ) -> AsyncIterator[list[Metric]]:
        """The metrics with `start <= timestamp < end`, in the order of the files, each id once.

        Aware times; a naive one is UTC. Raises `NoLogs`, or `UnreadableLog` for a file that can't be read.
        """
        import asyncio  # noqa: PLC0415 - takes as long to import as a small log to read

        metrics = self._metrics(aware(start) if start else None, aware(end) if end else None)
        while batch := await asyncio.to_thread(lambda: list(islice(metrics, max(1, batch_size)))):
            yield batch

    def _metrics(self, start: datetime | None, end: datetime | None) -> Iterator[Metric]:
        self.rejects = []
        seen: set[str] = set()
        for path in self.files():
            for metric in self._metrics_of(path):
                if metric.id in seen:
                    continue
                seen.add(metric.id)
                if (start is None or metric.timestamp >= start) and (end is None or metric.timestamp < end):
                    yield metric

    def _metrics_of(self, path: Path) -> Iterator[Metric]:
        # Read as a compressed file is, until nothing comes: a file that is being compressed has no size to rely on.
        piece, progress = Piece(str(path), 0, 0, at_line_start=True, to_the_end=True, compressed=True), Progress(0)
        try:
            with open_plain_or_compressed(str(path)) as handle:
                for block in read_blocks(handle, piece, progress):
                    for number, offset, line in block.numbered_lines():
                        try:
                            yield read_metric(line)
                        except Refused as refusal:
                            self.rejects.append(Reject(str(path), number + 1, offset, str(refusal)))
        except OSError as error:
            raise UnreadableLog(f"it can't be read: {error.strerror or error}", where=str(path)) from None
        except compression_errors() as error:
            raise UnreadableLog(f"the compressed file is damaged or cut: {error}", where=str(path)) from None
        self.rejects += [
            Reject(str(path), line + 1, offset, "the line is too long") for line, offset in progress.too_long
        ]
