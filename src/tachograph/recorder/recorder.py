"""`Recorder`: a program's own metrics, appended to a metrics log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tachograph.recorder.base import BaseRecorder

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


class Recorder(BaseRecorder[str]):
    """Records metrics in a folder's log, which any number of processes and threads may do at once.

    Recording returns the record's id. It raises `BadRecord` for what can't be a metric, and nothing because of disks,
    folders or locks: those are told once by the logger `tachograph` and by `on_trouble`, and `status` knows of them.
    `tachograph.recorder` says what each durability promises.
    """

    def flush(self) -> bool:
        """Hands all that was recorded to the kernel; whether that went well."""
        return self._writer.flush()

    def sync(self) -> bool:
        """Brings all that was recorded to the disk; whether that went well."""
        return self._writer.sync()

    def close(self) -> None:
        """Writes all that was recorded and lets go of the log. What is recorded later is written at each call."""
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _answer(self, id: str, line: bytes, moment: str) -> str:
        number = self._writer.put(line, moment, may_wait=True)
        if self._writer.writes_at_once:
            self._writer.write(number)
        return id
