"""What both recorders are: their settings, and the way of a record from the caller's arguments to the writer."""

from __future__ import annotations

import os
from abc import abstractmethod
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tachograph.errors import BadRecord, TachographError
from tachograph.folders import metrics_folders
from tachograph.recorder.compression import compress_rotated
from tachograph.recorder.lines import exact_line, line_of
from tachograph.recorder.log import Log
from tachograph.recorder.spans import TimedRecords
from tachograph.recorder.stamps import Moment, next_id, now
from tachograph.recorder.trouble import Troubles
from tachograph.recorder.typed import Answer_co
from tachograph.recorder.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from tachograph.recorder.compression import Compression
    from tachograph.recorder.waiting import Dropped, Status
    from tachograph.recorder.writer import Durability


class BaseRecorder(TimedRecords[Answer_co]):
    """The settings, and the making of records."""

    def __init__(
        self,
        folder: Path | str | None = None,
        *,
        durability: Durability = "buffered",
        session_id: str | None = None,
        user_id: str | None = None,
        project_path: Path | str | None = None,
        metadata: Mapping[str, Any] | None = None,
        rotate_bytes: int = 64 << 20,
        rotate_seconds: float = 86_400,
        compress: Compression | None = "zstd",
        flush_seconds: float = 1.0,
        memory_bytes: int = 16 << 20,
        on_trouble: Callable[[str], object] | None = None,
    ) -> None:
        """Makes a recorder, and touches no disk yet.

        `session_id`, `user_id`, `project_path` and `metadata` are those of every record that doesn't say otherwise.
        Raises `TachographError` for a setting that isn't one.
        """
        if durability not in {"buffered", "flushed", "synced"}:
            raise TachographError(
                f"there is no durability {durability!r}", mend="choose 'buffered', 'flushed' or 'synced'"
            )
        if compress not in {"zstd", "gzip", None}:
            raise TachographError(f"there is no compression {compress!r}", mend="choose 'zstd', 'gzip' or None")
        if min(rotate_bytes, rotate_seconds, memory_bytes) <= 0 or flush_seconds < 0:
            raise TachographError("the sizes and times of a recorder have to be above 0")
        self.folder = _absolute(metrics_folders(os.environ)[0] if folder is None else Path(folder))
        """Where the log is."""
        self._session_id = session_id
        self._user_id = user_id
        self._project_path = None if project_path is None else os.fspath(project_path)
        self._metadata = dict(metadata or {})
        self.check("session_start", {}, None, None, None)
        self._writer = Writer(
            Log(self.folder, rotate_bytes=rotate_bytes, rotate_seconds=rotate_seconds),
            Troubles(self.folder, on_trouble),
            durability=durability,
            memory_bytes=memory_bytes,
            flush_seconds=flush_seconds,
            line_about_dropped=self._line_about_dropped,
            look_after=None if compress is None else partial(compress_rotated, self.folder, compress),
        )

    def status(self) -> Status:
        """How many records there were and what became of them, and what is wrong, if anything is."""
        return self._writer.status()

    @abstractmethod
    def _answer(self, id: str, line: bytes, moment: str) -> Answer_co:
        """Puts the line in the hands of the writer."""

    def check(
        self,
        type: str,
        data: Mapping[str, Any],
        session_id: str | None,
        user_id: str | None,
        metadata: Mapping[str, Any] | None,
    ) -> None:
        """Raises `BadRecord` where recording that would; records nothing."""
        self._line(type, dict(data), "-", None, session_id, user_id, metadata)

    def _own_session_id(self) -> str | None:
        return self._session_id

    def _record(
        self,
        type: str,
        fields: Mapping[str, Any],
        data: Mapping[str, Any],
        id: str | None,
        timestamp: datetime | str | Moment | None,
        session_id: str | None,
        user_id: str | None,
        metadata: Mapping[str, Any] | None,
    ) -> Answer_co:
        values = {name: value for name, value in fields.items() if value is not None}
        if data:
            values = _merged(values, data, "data")
        if id is None:
            id = next_id()
        line, moment = self._line(type, values, id, timestamp, session_id, user_id, metadata)
        return self._answer(id, line, moment)

    def _line(
        self,
        type: str,
        values: dict[str, Any],
        id: str,
        timestamp: datetime | str | Moment | None,
        session_id: str | None,
        user_id: str | None,
        metadata: Mapping[str, Any] | None,
    ) -> tuple[bytes, str]:
        if self._project_path is not None:
            values.setdefault("project_path", self._project_path)
        if session_id is None:
            session_id = self._session_id
        if user_id is None:
            user_id = self._user_id
        merged = self._metadata if metadata is None else _merged(self._metadata, metadata, "metadata")
        if timestamp is None:
            moment = now()
        elif timestamp.__class__ is Moment:
            moment = timestamp.text
        else:
            return exact_line(id, timestamp, type, session_id, user_id, values, merged), now()
        return line_of(id, moment, type, session_id, user_id, values, merged), moment

    def _line_about_dropped(self, dropped: Dropped) -> bytes:
        data = {"error_type": "records_dropped", "dropped": dropped.records, "from": dropped.first, "to": dropped.last}
        line, _ = self._line("error_occurred", data, next_id(), None, None, None, None)
        return line


def _merged(first: dict[str, Any], then: Mapping[str, Any], name: str) -> dict[str, Any]:
    try:
        return {**first, **then}
    except TypeError:
        raise BadRecord(f"{name} is no mapping", where="a record", mend="give a dict") from None


def _absolute(folder: Path) -> Path:
    try:
        return folder.absolute()
    except OSError:  # the working folder is gone
        return folder
