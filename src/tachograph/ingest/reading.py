"""From a file to blocks of whole lines: plain, gzip or zstd, from any line on, however long a line is.

Of a file that is still being written the last line may be unfinished: it is left for the next reading, unless it is
a whole JSON object that only lacks its newline. A file that was compressed since it was listed is read from its
compressed copy. A line longer than `MAX_LINE_BYTES` is passed over and told, without
ever being held in memory whole.
"""

from __future__ import annotations

import errno
import os
import sys
import zlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import msgspec

from tachograph.digest import digest
from tachograph.sources.protocol import Block

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

BLOCK_BYTES: Final = 1 << 20
MAX_LINE_BYTES: Final = 64 << 20
MARK_BYTES: Final = 1024
"""How much of a file's beginning, and of what stands before the last position, tells that it is the same file."""
GZIP_MAGIC: Final = b"\x1f\x8b"
ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_BOM: Final = b"\xef\xbb\xbf"


class Piece(msgspec.Struct, frozen=True):
    """The lines of one file that begin at `start` or later and before `end` (bytes; of a compressed file, all)."""

    path: str
    start: int
    end: int
    at_line_start: bool
    """Whether a line is known to begin at `start`; else the first one after it is looked for."""
    to_the_end: bool
    """Whether the piece reaches the file's end, where a last line may be unfinished."""
    compressed: bool | None = False
    """None where its first bytes are still to tell."""
    memory: str | None = None
    """What is known of the lines before it, where a source wants to know that."""


class Progress(msgspec.Struct):
    """How far the reading of a piece came."""

    offset: int
    begin: int = 0
    """Where the piece's first line begins."""
    lines: int | None = None
    """Newlines passed since then, where the file is compressed; of others they are counted when somebody asks."""
    trouble: str | None = None
    """Why it ended early, for people; None where it didn't."""
    unfinished: int = 0
    """Bytes of a last line that isn't whole yet."""
    too_long: list[tuple[int, int]] = msgspec.field(default_factory=list)
    """Lines that were passed over, as (line, offset)."""


def is_compressed(path: str) -> bool:
    """Whether the file's first bytes are those of gzip or zstd."""
    with _open_plain(path) as handle:
        return handle.read(4).startswith((GZIP_MAGIC, ZSTD_MAGIC))


def open_plain_or_compressed(path: str) -> BinaryIO:
    """The file's bytes, decompressed where its first bytes say that they are compressed."""
    try:
        handle = Path(path).open("rb")  # noqa: SIM115 - it is the caller's, once it is known to be plain
    except FileNotFoundError:
        return open_plain_or_compressed(_compressed_copy(path))
    magic = handle.read(4)
    if not magic.startswith((GZIP_MAGIC, ZSTD_MAGIC)):
        handle.seek(0)  # and isn't opened again: it may be gone by then
        return handle
    handle.close()
    if magic.startswith(ZSTD_MAGIC):
        return _open_zstd(path)
    import gzip  # noqa: PLC0415 - most logs are plain

    return cast("BinaryIO", gzip.open(path))


def _open_plain(path: str) -> BinaryIO:
    """The file, or what it was where it was compressed since it was listed. A read may give less than asked for."""
    try:
        return open(path, "rb", buffering=0)  # noqa: PTH123 - thousands of files: Path takes as long as the opening
    except FileNotFoundError:
        return open_plain_or_compressed(_compressed_copy(path))


def _compressed_copy(path: str) -> str:
    """Where the compressed copy of a file that is gone is. Raises `FileNotFoundError` where there is none."""
    from tachograph.recorder.names import compressed_copy  # noqa: PLC0415 - mostly no file is gone

    copy = compressed_copy(path)
    if copy is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    return copy


def _open_zstd(path: str) -> BinaryIO:
    from tachograph.zstandard import zstd  # noqa: PLC0415 - most logs are plain

    return cast("BinaryIO", zstd.open(path))


def compression_errors() -> tuple[type[Exception], ...]:
    """What a damaged or cut compressed file raises while it is read."""
    from tachograph.zstandard import zstd  # noqa: PLC0415 - as above

    return (EOFError, zlib.error, zstd.ZstdError)


def open_piece(piece: Piece) -> BinaryIO:
    """The file that a piece is of, decompressed if it is compressed. A read may give less than was asked for."""
    return open_plain_or_compressed(piece.path) if piece.compressed else _open_plain(piece.path)


def read_blocks(handle: BinaryIO, piece: Piece, progress: Progress) -> Iterator[Block]:
    """The piece's lines, in blocks; `progress` is true after each block and at the end."""
    yield from Scan(handle, piece, progress).blocks()


class CompressedAfterAllError(Exception):
    """The first bytes of a file of which that wasn't known say that it is compressed."""


class Scan:
    """One pass over a piece."""

    def __init__(self, handle: BinaryIO, piece: Piece, progress: Progress) -> None:
        self._handle = handle
        self._piece = piece
        self._progress = progress
        self._left = sys.maxsize if piece.compressed else piece.end - piece.start
        self._all: bytes | None = None
        """The whole file, where one read gave it."""
        self._counted = (0, 0)
        """Up to where newlines were counted, and how many there are since the piece's first line."""

    def marks(self) -> tuple[str, str]:
        """The marks by which the file is known again that was read to here."""
        offset = self._progress.offset
        if self._all is None:
            return marks_of(self._handle, offset)
        return _hash(self._all[: min(MARK_BYTES, offset)]), _hash(self._all[max(0, offset - MARK_BYTES) : offset])

    def _read(self) -> bytes:
        """The next bytes before the piece's end, or nothing there or where the file ends sooner."""
        wanted = min(BLOCK_BYTES, self._left)
        data = self._handle.read(wanted) if wanted else b""
        self._left -= len(data)
        if wanted and not data and not self._piece.compressed:
            self._progress.trouble = "the file was cut while it was read"
            self._left = 0
        return data

    def blocks(self) -> Iterator[Block]:
        """The piece's lines. Raises `CompressedAfterAllError` before the first where they aren't plain."""
        piece, progress = self._piece, self._progress
        if piece.start and not piece.compressed:
            self._handle.seek(piece.start)
        progress.offset = piece.start
        carry = self._beginning() if piece.at_line_start else self._to_the_first_line()
        progress.begin = progress.offset
        self._counted = progress.offset, 0
        if piece.compressed:
            progress.lines = 0
        if carry is None:
            return
        if b"\n" in carry:
            carry = yield from self._whole_lines(carry)
        while data := self._read():
            if b"\n" in data:
                carry = yield from self._whole_lines(carry + data if carry else data)
            elif len(carry) + len(data) > MAX_LINE_BYTES:
                carry = yield from self._whole_lines(self._past_a_long_line(len(carry) + len(data)))
            else:
                carry += data
        if carry:
            yield from self._last(carry)

    def _whole_lines(self, data: bytes) -> Generator[Block, None, bytes]:
        """Gives what ends with a newline, and returns the rest."""
        end = data.rfind(b"\n") + 1
        if end:
            yield self._block(data[:end])
        return data[end:]

    def _block(self, lines: bytes) -> Block:
        block = self._block_here(lines)
        if self._progress.lines is not None:
            self._progress.lines += block.newlines()
        self._progress.offset += len(lines)
        return block

    def _block_here(self, lines: bytes) -> Block:
        """A block of these lines. Few are asked for their number, and counting takes a tenth of the time of reading."""
        passed, offset = self._progress.lines, self._progress.offset
        return Block(partial(self._lines_before, offset) if passed is None else passed, offset, lines)

    def _lines_before(self, offset: int) -> int:
        """How many newlines there are before a place of a plain file, since the piece's first line."""
        counted_to, lines = self._counted
        position = self._handle.tell()
        self._handle.seek(counted_to)
        lines += newlines(self._handle, offset - counted_to)
        self._handle.seek(position)
        self._counted = offset, lines
        return lines

    def _passed(self) -> int:
        passed = self._progress.lines
        return self._lines_before(self._progress.offset) if passed is None else passed

    def _beginning(self) -> bytes:
        """What the piece begins with, without a byte order mark."""
        data = self._read()
        while data and len(data) < len(ZSTD_MAGIC) and (more := self._read() if self._left else b""):
            data += more
        if self._piece.compressed is None and data.startswith((GZIP_MAGIC, ZSTD_MAGIC)):
            raise CompressedAfterAllError
        if self._piece.start == 0 and not self._left:
            self._all = data
        if self._piece.start == 0 and data.startswith(_BOM):
            self._progress.offset = len(_BOM)
            return data[len(_BOM) :]
        return data

    def _to_the_first_line(self) -> bytes | None:
        """Passes over the line that began before the piece, or returns None where none begins within it."""
        self._handle.seek(self._piece.start - 1)
        self._left += 1
        self._progress.offset -= 1
        while data := self._read():
            end = data.find(b"\n") + 1
            if end:
                self._progress.offset += end
                return data[end:]
            self._progress.offset += len(data)
        self._progress.offset = 0  # no line begins here, so this says nothing about where the next reading does
        return None

    def _past_a_long_line(self, length: int) -> bytes:
        self._progress.too_long.append((self._passed(), self._progress.offset))
        while True:
            within = self._read()
            data = within or self._beyond()
            end = data.find(b"\n") + 1
            if end or not data:
                self._progress.offset += length + (end or len(data))
                if self._progress.lines is not None:
                    self._progress.lines += 1 if end else 0
                return data[end:] if within else b""
            length += len(data)

    def _beyond(self) -> bytes:
        """Bytes after the piece's end, for the rest of a line that began within it."""
        return b"" if self._piece.to_the_end or self._piece.compressed else self._handle.read(BLOCK_BYTES)

    def _last(self, carry: bytes) -> Iterator[Block]:
        """A line that began within the piece and isn't finished there."""
        parts, length = [carry], len(carry)
        while b"\n" not in parts[-1] and (data := self._beyond()):
            parts.append(data)
            length += len(data)
            if length > MAX_LINE_BYTES and b"\n" not in data:
                self._past_a_long_line(length)
                return
        from tachograph.metric import is_whole_object  # noqa: PLC0415 - only readers of last lines need its library

        line = b"".join(parts)
        end = line.find(b"\n") + 1
        if end:
            yield self._block(line[:end])
        elif is_whole_object(line):
            block = self._block_here(line + b"\n")
            self._progress.offset += len(line)
            yield block
        elif not line.isspace():
            self._progress.unfinished = len(line)


def count_lines(path: str, start: int, end: int) -> int:
    """How many newlines are between those offsets of a plain file. Raises `OSError` where it can't be read."""
    with _open_plain(path) as handle:
        handle.seek(start)
        return newlines(handle, end - start)


def newlines(handle: BinaryIO, length: int) -> int:
    """How many there are among so many bytes from the file's position on."""
    count = 0
    while length > 0 and (data := handle.read(min(BLOCK_BYTES, length))):
        count += data.count(b"\n")
        length -= len(data)
    return count


def marks(path: str, offset: int) -> tuple[str, str]:
    """The marks of a file's beginning and of what stands just before `offset` (both at most `MARK_BYTES`)."""
    with _open_plain(path) as handle:
        return marks_of(handle, offset)


def marks_of(handle: BinaryIO, offset: int) -> tuple[str, str]:
    """As `marks`, of an open file, whose position moves."""
    handle.seek(0)
    head = handle.read(min(MARK_BYTES, offset))
    handle.seek(max(0, offset - MARK_BYTES))
    return _hash(head), _hash(handle.read(min(MARK_BYTES, offset)))


def _hash(data: bytes) -> str:
    return digest(data, 12)
