"""A copy of all that was read, from which a store can be made again when the logs are long gone.

Agents delete their logs; what only the store has would be lost with it. So what is appended to the store is appended
here too, as it came, and then what each commit told the ledger. Replayed in order, that makes the same store. The store
says how much of the journal belongs to it (`meta`, in the transaction of the commit), so what a killed process appended
and didn't commit is cut off by the next one.

A journal is a file of frames: a mark, the length of what follows, its form, and the CRC-32 of these two and of what
follows (4 bytes each, little endian), then a `Rows` or a `Commit` as MessagePack, plain or compressed with zstd. The
first frame is a `Beginning`. A damaged frame is told, and those after it are found by their mark.
Source of the formats: https://msgpack.org, RFC 8878 (zstd).
"""

from __future__ import annotations

import os
import zlib
from contextlib import suppress
from struct import Struct
from typing import TYPE_CHECKING, Final, Self, TypeVar

import msgspec

from tachograph.columns import Column, ColumnBatch
from tachograph.errors import StoreUnusable
from tachograph.store.ledger import FileEntry, RejectEntry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HEAD: Final = Struct("<4sIII")
_SUMMED: Final = Struct("<II")
_MARK: Final = b"TJf\n"
_PLAIN, _ZSTD = 0, 1
_WORTH_COMPRESSING_BYTES: Final = 4096
_LEVEL: Final = 1
_FRAME_MAX_BYTES: Final = 1 << 30
FORM: Final = 1
"""Goes up when older programs can't read what is written."""


class Beginning(msgspec.Struct, frozen=True, tag="beginning", array_like=True):
    """What a journal begins with."""

    form: int


class Rows(msgspec.Struct, frozen=True, tag="rows", array_like=True):
    """Rows that were appended together."""

    source: str
    in_parts: bool
    user: str | None
    length: int
    columns: dict[str, Column]

    @property
    def batch(self) -> ColumnBatch:
        """The rows as they came from their reader."""
        return ColumnBatch(self.length, self.columns)


class Commit(msgspec.Struct, frozen=True, tag="commit", array_like=True):
    """That the rows before it became metrics, and what the ledger was told with that (see `Loading.commit`)."""

    entries: list[FileEntry]
    gone: list[str]
    rejects: list[RejectEntry]
    moved: list[tuple[str, FileEntry]]


class Damage(msgspec.Struct, frozen=True):
    """Bytes of a journal that are no frames: from where to where, and what is wrong with them."""

    start: int
    end: int
    what: str


Frame = Beginning | Rows | Commit
AnyFrame = TypeVar("AnyFrame")
_ENCODER: Final = msgspec.msgpack.Encoder()


class Journal:
    """A journal that is being written. Close it, or use it in a `with` statement."""

    def __init__(self, path: Path, position: int) -> None:
        """Opens it at `position` (in bytes; 0 for a new one) and cuts off what stands behind.

        Raises `ShortJournalError` where it ends before that, and `OSError` where it can't be written.
        """
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        self.position = position
        """Where the next frame will stand."""
        try:
            self._cut(position)
            if position == 0:
                self.append(Beginning(FORM))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, frame: msgspec.Struct) -> None:
        """Writes a frame, of a journal one of `Frame`.

        Raises `OSError` where there is no room; what it wrote of it is nothing yet.
        """
        rest = memoryview(framed(frame))
        os.lseek(self._descriptor, self.position, os.SEEK_SET)
        length = len(rest)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        self.position += length

    def _cut(self, position: int) -> None:
        if os.fstat(self._descriptor).st_size < position:
            raise ShortJournalError
        os.ftruncate(self._descriptor, position)

    def take_back(self, position: int) -> None:
        """Cuts off what stands behind a position, as far as the system lets us: the next frame stands there anyway."""
        self.position = position
        with suppress(OSError):
            os.ftruncate(self._descriptor, position)

    def sync(self) -> None:
        """Waits until all that was written is on the disk."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Closes it; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class ShortJournalError(Exception):
    """A journal ends before what the store says is in it."""


def frames(path: Path, start: int = 0) -> Iterator[tuple[int, Frame] | Damage]:
    """What a journal holds from a frame on that begins at `start`: each and where it ends, or what is damaged.

    Raises `OSError` where it can't be read, and `StoreUnusable` where a newer version wrote it.
    """
    yield from frames_of(path, msgspec.msgpack.Decoder(Frame), start)


def frames_of(
    path: Path, decoder: msgspec.msgpack.Decoder[AnyFrame], start: int = 0
) -> Iterator[tuple[int, AnyFrame] | Damage]:
    """As `frames`, of a file of the same form with frames that the decoder knows."""
    with path.open("rb") as file:
        limit, position = os.fstat(file.fileno()).st_size, start
        while position < limit:
            found = _frame_at(file.fileno(), position, limit, decoder)
            if isinstance(found, str):
                following = _next_mark(file.fileno(), position + 1, limit, decoder)
                yield Damage(position, following, found)
                position = following
            else:
                position, frame = found
                if isinstance(frame, Beginning) and frame.form > FORM:
                    what, mend = "it was made by a newer version of Tachograph", "update tachograph"
                    raise StoreUnusable(what, where=str(path), mend=mend)
                yield position, frame


def read_frames(data: bytes, decoder: msgspec.msgpack.Decoder[AnyFrame], most: int) -> list[AnyFrame]:
    """The frames that some bytes are, and nothing else. Raises `ValueError` for others.

    Decompressed they may take `most` bytes.
    """
    found: list[AnyFrame] = []
    position = 0
    while position < len(data):
        head = data[position : position + _HEAD.size]
        if len(head) < _HEAD.size or not head.startswith(_MARK):
            raise ValueError("no frame begins where one should")
        _, length, form, checksum = _HEAD.unpack(head)
        position += _HEAD.size
        body = data[position : position + length]
        position += length
        if len(body) < length or _checksum(length, form, body) != checksum:
            raise ValueError("a frame isn't as it was written")
        try:
            plain = _decompress(body, most + 1) if form == _ZSTD else body
        except _zstd_error():
            raise ValueError("a frame can't be decompressed") from None
        most -= len(plain)
        if most < 0:
            raise ValueError("it is too long once it is decompressed")
        try:
            found.append(decoder.decode(plain))
        except msgspec.DecodeError as error:
            raise ValueError(f"a frame can't be read: {error}") from None
    return found


def framed(frame: msgspec.Struct) -> bytes:
    """A frame as it stands in a file."""
    body, form = _ENCODER.encode(frame), _PLAIN
    if len(body) >= _WORTH_COMPRESSING_BYTES:
        body, form = _compress(body), _ZSTD
    return _HEAD.pack(_MARK, len(body), form, _checksum(len(body), form, body)) + body


def _checksum(length: int, form: int, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(_SUMMED.pack(length, form)))


def _frame_at(
    descriptor: int, position: int, limit: int, decoder: msgspec.msgpack.Decoder[AnyFrame]
) -> tuple[int, AnyFrame] | str:
    """The frame that begins there and where it ends, or why there is none."""
    head = os.pread(descriptor, _HEAD.size, position)
    if len(head) < _HEAD.size:
        return "it ends within the head of a frame"
    mark, length, form, checksum = _HEAD.unpack(head)
    begin = position + _HEAD.size
    if mark != _MARK or length > _FRAME_MAX_BYTES:
        return "no frame begins here"
    if begin + length > limit:
        return "it ends within a frame"
    body = os.pread(descriptor, length, begin)
    if _checksum(length, form, body) != checksum:
        return "a frame isn't as it was written"
    try:
        return begin + length, decoder.decode(_decompress(body) if form == _ZSTD else body)
    except (msgspec.DecodeError, ValueError, _zstd_error()):
        return "a frame can't be read"


def _next_mark(descriptor: int, start: int, limit: int, decoder: msgspec.msgpack.Decoder[AnyFrame]) -> int:
    """Where the next good frame begins, or `limit`."""
    block, kept = 1 << 20, len(_MARK) - 1
    position = start
    while position < limit:
        data = os.pread(descriptor, min(block, limit - position), position)
        at = data.find(_MARK)
        while at >= 0:
            if not isinstance(_frame_at(descriptor, position + at, limit, decoder), str):
                return position + at
            at = data.find(_MARK, at + 1)
        if len(data) < block:
            return limit
        position += len(data) - kept
    return limit


def _compress(body: bytes) -> bytes:
    from tachograph.zstandard import zstd  # noqa: PLC0415 - small readings don't need it

    return zstd.compress(body, _LEVEL)


def _decompress(body: bytes, most: int | None = None) -> bytes:
    """Where `most` is given, no more than so many bytes of it."""
    from tachograph.zstandard import zstd  # noqa: PLC0415 - as above

    if most is None:
        return zstd.decompress(body)
    return zstd.ZstdDecompressor().decompress(body, most)


def _zstd_error() -> type[Exception]:
    from tachograph.zstandard import zstd  # noqa: PLC0415 - as above

    return zstd.ZstdError
