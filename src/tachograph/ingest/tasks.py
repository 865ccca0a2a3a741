"""A task is some pieces of one source's files, small enough that its result is held in memory; here is it done."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, cast

import msgspec

from tachograph.ingest.reading import (
    MAX_LINE_BYTES,
    CompressedAfterAllError,
    Piece,
    Progress,
    Scan,
    compression_errors,
    open_piece,
)
from tachograph.sources import source
from tachograph.sources.protocol import LineProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tachograph.columns import ColumnBatch
    from tachograph.sources.protocol import FileReader, Reader, SequenceReader

_WAITING_ROWS_MAX: Final = 100_000


class Task(msgspec.Struct, frozen=True):
    """Pieces of files of one source, in order."""

    number: int
    source: str
    pieces: list[Piece]


class PieceRead(msgspec.Struct):
    """What became of a piece: how far it was read, and the lines that were refused (numbered within the piece).

    `marks` tell the file again that was read to its end; None where it can't be told. `memory` is what a reader that
    has one wants to know when the file is read on.
    """

    piece: Piece
    progress: Progress
    problems: list[LineProblem]
    marks: tuple[str, str] | None = None
    memory: str | None = None


class TaskPart(msgspec.Struct):
    """Some of a task's metrics, and with the last part (`done`) what became of each piece."""

    number: int
    batches: list[ColumnBatch]
    done: bool = False
    pieces: list[PieceRead] = msgspec.field(default_factory=list)


def do(task: Task) -> Iterator[TaskPart]:
    """Reads the task's pieces. What goes wrong with one file is told of that file, and stops no other."""
    kind = source(task.source)
    reader = kind.reader()
    pieces: list[PieceRead] = []
    for piece in task.pieces:
        outcome = PieceRead(piece, Progress(piece.start), [], memory=piece.memory)
        pieces.append(outcome)
        if kind.reading == "files":
            reading = _read_whole(piece, outcome, cast("FileReader", reader))
        else:
            reading = _read_lines(piece, outcome, cast("Reader", reader), has_memory=kind.reading == "sequence")
        with _trouble_told(outcome.progress):
            for _ in reading:
                if reader.waiting > _WAITING_ROWS_MAX:
                    yield TaskPart(task.number, reader.take())
    yield TaskPart(task.number, reader.take(), done=True, pieces=pieces)


def _read_lines(piece: Piece, outcome: PieceRead, reader: Reader, *, has_memory: bool) -> Iterator[None]:
    progress = outcome.progress
    if has_memory:
        cast("SequenceReader", reader).memory = piece.memory
    try:
        try:
            yield from _read_blocks(piece, outcome, reader)
        except CompressedAfterAllError:
            outcome.piece = msgspec.structs.replace(piece, compressed=True)
            yield from _read_blocks(outcome.piece, outcome, reader)
    finally:
        if has_memory:
            outcome.memory = cast("SequenceReader", reader).memory
        megabytes = MAX_LINE_BYTES >> 20
        outcome.problems.extend(
            LineProblem(line, offset, f"the line is longer than {megabytes} MiB") for line, offset in progress.too_long
        )


def _read_blocks(piece: Piece, outcome: PieceRead, reader: Reader) -> Iterator[None]:
    with open_piece(piece) as handle:
        scan = Scan(handle, piece, outcome.progress)
        for block in scan.blocks():
            outcome.problems.extend(reader.read(piece.path, [block]))
            yield
        if piece.to_the_end and not piece.compressed:
            outcome.marks = scan.marks()


def _read_whole(piece: Piece, outcome: PieceRead, reader: FileReader) -> Iterator[None]:
    reader.memory = piece.memory
    for problem in reader.read_file(piece.path):
        outcome.problems.append(problem)
        yield
    outcome.memory = reader.memory
    outcome.progress.offset = piece.end
    yield


@contextmanager
def _trouble_told(progress: Progress) -> Iterator[None]:
    """What ends the reading of a file early is told of it, and goes no further."""
    try:
        yield
    except FileNotFoundError:
        progress.trouble = "the file was deleted before it was read"
    except OSError as error:
        progress.trouble = f"the file can't be read: {error.strerror or error}"
    except compression_errors() as error:
        progress.trouble = f"the compressed file is damaged or cut: {error}"
    except Exception as error:  # noqa: BLE001 - whatever a source's reader fails at: the other files go on
        progress.trouble = f"its source failed at it: {type(error).__name__}: {error}"
