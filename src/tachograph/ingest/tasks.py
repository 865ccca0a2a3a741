"""A task is some pieces of one source's files, small enough that its result is held in memory; here is it done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tachograph.ingest.reading import (
    MAX_LINE_BYTES,
    Piece,
    Progress,
    compression_errors,
    marks_of,
    open_plain_or_compressed,
    read_blocks,
)
from tachograph.sources import source
from tachograph.sources.protocol import LineProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tachograph.columns import ColumnBatch
    from tachograph.sources.protocol import Reader

_WAITING_ROWS_MAX: Final = 100_000


@dataclass(frozen=True, slots=True)
class Task:
    """Pieces of files of one source, in order."""

    number: int
    source: str
    pieces: list[Piece]


@dataclass(slots=True)
class PieceRead:
    """What became of a piece: how far it was read, and the lines that were refused (numbered within the piece).

    `marks` tell the file again that was read to its end; None where it can't be told.
    """

    piece: Piece
    progress: Progress
    problems: list[LineProblem]
    marks: tuple[str, str] | None = None


@dataclass(slots=True)
class TaskPart:
    """Some of a task's metrics, and with the last part (`done`) what became of each piece."""

    number: int
    batches: list[ColumnBatch]
    done: bool = False
    pieces: list[PieceRead] = field(default_factory=list)


def do(task: Task) -> Iterator[TaskPart]:
    """Reads the task's pieces. What goes wrong with one file is told of that file, and stops no other."""
    reader = source(task.source).reader()
    pieces: list[PieceRead] = []
    for piece in task.pieces:
        outcome = PieceRead(piece, Progress(piece.start), [])
        pieces.append(outcome)
        for _ in _read(piece, outcome, reader):
            if reader.waiting > _WAITING_ROWS_MAX:
                yield TaskPart(task.number, reader.take())
    yield TaskPart(task.number, reader.take(), done=True, pieces=pieces)


def _read(piece: Piece, outcome: PieceRead, reader: Reader) -> Iterator[None]:
    progress = outcome.progress
    try:
        with open_plain_or_compressed(piece.path) as handle:
            for block in read_blocks(handle, piece, progress):
                outcome.problems.extend(reader.read(piece.path, [block]))
                yield
            if piece.to_the_end and not piece.compressed:
                outcome.marks = marks_of(handle, progress.offset)
    except FileNotFoundError:
        progress.trouble = "the file was deleted before it was read"
    except OSError as error:
        progress.trouble = f"the file can't be read: {error.strerror or error}"
    except compression_errors() as error:
        progress.trouble = f"the compressed file is damaged or cut: {error}"
    megabytes = MAX_LINE_BYTES >> 20
    outcome.problems.extend(
        LineProblem(line, offset, f"the line is longer than {megabytes} MiB") for line, offset in progress.too_long
    )
