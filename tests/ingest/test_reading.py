"""Files as blocks of whole lines: however they are cut into pieces, each line comes once, with its number and place."""

from __future__ import annotations

import gzip
import sys
from io import BytesIO
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tachograph.ingest import reading
from tachograph.ingest.reading import (
    Piece,
    Progress,
    compression_errors,
    is_compressed,
    open_plain_or_compressed,
    read_blocks,
)
from tachograph.metric import is_whole_object

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BOM = b"\xef\xbb\xbf"


class Reading(NamedTuple):
    """What a file came to: lines as (number from 0, offset, bytes); those that were too long; where it ended."""

    lines: list[tuple[int, int, bytes]]
    too_long: list[tuple[int, int]]
    offset: int
    newlines: int
    unfinished: int


def read_in_pieces(data: bytes, starts: Sequence[int] = ()) -> Reading:
    """Reads a file cut at these places, and puts the pieces together as a reading of the file does.

    A byte order mark is never cut: pieces are large.
    """
    first = len(BOM) if data.startswith(BOM) else 0
    cuts = [0, *sorted({start for start in starts if first < start < len(data)}), len(data)]
    lines: list[tuple[int, int, bytes]] = []
    too_long: list[tuple[int, int]] = []
    before, offset, unfinished = 0, 0, 0
    for index, (start, end) in enumerate(pairwise(cuts)):
        last = index == len(cuts) - 2
        piece = Piece("", start, end, at_line_start=index == 0, to_the_end=last)
        progress = Progress(start)
        for block in read_blocks(BytesIO(data), piece, progress):
            place = block.offset
            assert block.lines.endswith(b"\n")
            for number, line in enumerate(block.lines[:-1].split(b"\n"), block.first_line):
                lines.append((before + number, place, line))
                place += len(line) + 1
        too_long += [(before + number, place) for number, place in progress.too_long or ()]
        if not unfinished:
            assert progress.lines is None  # nobody needed them
            before += data[progress.begin : progress.offset].count(b"\n")
            offset = max(offset, progress.offset)
        unfinished = unfinished or progress.unfinished
        assert progress.trouble is None
    return Reading(lines, too_long, offset, before, unfinished)


def read_slowly(data: bytes) -> Reading:
    """The same by splitting the whole file: without an end to how long a line may be."""
    begin = len(BOM) if data.startswith(BOM) else 0
    *whole, rest = data[begin:].split(b"\n")
    lines = []
    offset = begin
    for number, line in enumerate(whole):
        lines.append((number, offset, line))
        offset += len(line) + 1
    unfinished = 0
    if is_whole_object(rest):
        lines.append((len(whole), offset, rest))
        offset += len(rest)
    elif rest and not rest.isspace():
        unfinished = len(rest)
    return Reading(lines, [], offset, len(whole), unfinished)


FEW_BYTES = st.lists(
    st.sampled_from([b"\n", b"\n", b"a", b"{}", b'{"a":1}', b" ", b"\r", b"\xc3\xa9", b"\x00", BOM]), max_size=40
).map(b"".join)
STARTS = st.lists(st.integers(1, 120), max_size=6)


@settings(
    deadline=None,
    max_examples=500,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)
@given(data=FEW_BYTES | st.binary(max_size=60), starts=STARTS, block_bytes=st.integers(1, 30))
@example(data=b"a\nb\nc\n", starts=[1], block_bytes=30)
@example(data=b"\n\n\n", starts=[], block_bytes=30)
@example(data=b"ab\ncd\nef", starts=[2, 4], block_bytes=1)
def test_a_file_cut_anywhere_gives_each_line_once(
    monkeypatch: pytest.MonkeyPatch, data: bytes, starts: list[int], block_bytes: int
) -> None:
    monkeypatch.setattr(reading, "BLOCK_BYTES", block_bytes)
    assert read_in_pieces(data, starts) == read_slowly(data)


LINES = st.lists(st.sampled_from([b"", b"ok", b"fine", b"x" * 21, b"y" * 40, b"z" * 95]), max_size=9)


@settings(
    deadline=None,
    max_examples=500,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)
@given(lines=LINES, starts=STARTS, block_bytes=st.integers(1, 12), ended=st.booleans())
@example(lines=[b"z" * 95, b"ok", b"ok"], starts=[], block_bytes=12, ended=True)
@example(lines=[b"ok", b"z" * 95, b"ok", b"ok"], starts=[50], block_bytes=12, ended=True)
def test_a_line_that_is_too_long_is_told_and_the_others_are_read(
    monkeypatch: pytest.MonkeyPatch, lines: list[bytes], starts: list[int], block_bytes: int, ended: bool
) -> None:
    """What is longer than both together is too long; what is shorter than the limit isn't; between them, it may be."""
    limit = 20
    monkeypatch.setattr(reading, "BLOCK_BYTES", block_bytes)
    monkeypatch.setattr(reading, "MAX_LINE_BYTES", limit)
    data = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    found, slow = read_in_pieces(data, starts), read_slowly(data)
    assert set(found.lines) <= set(slow.lines)
    assert [each for each in slow.lines if len(each[2]) <= limit - 1] == [
        each for each in found.lines if len(each[2]) <= limit - 1
    ]
    told = sorted([(number, place) for number, place, _ in found.lines] + found.too_long)
    places = [(number, place) for number, place, _ in slow.lines]
    assert len(set(told)) == len(told)
    assert set(places) <= set(told)
    assert all(len(line) <= limit + block_bytes for _, _, line in found.lines)
    assert found.newlines == slow.newlines


def test_a_long_line_is_never_in_memory_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BLOCK_BYTES", 1 << 10)
    monkeypatch.setattr(reading, "MAX_LINE_BYTES", 1 << 12)
    data = b"ok\n" + b"x" * (1 << 16) + b"\n{}\n{}\n"
    found = read_in_pieces(data)
    assert [line for _, _, line in found.lines] == [b"ok", b"{}", b"{}"]
    assert found.too_long == [(1, 3)]
    assert [number for number, _, _ in found.lines] == [0, 2, 3]


def test_an_unfinished_last_line_is_left_for_the_next_reading() -> None:
    found = read_in_pieces(b'{"a":1}\n{"b":')
    assert [line for _, _, line in found.lines] == [b'{"a":1}']
    assert (found.offset, found.unfinished) == (8, 5)


def test_a_whole_object_without_its_newline_is_a_line() -> None:
    found = read_in_pieces(b'{"a":1}\n {"b":2} ')
    assert [line for _, _, line in found.lines] == [b'{"a":1}', b' {"b":2} ']
    assert (found.offset, found.newlines, found.unfinished) == (17, 1, 0)


@pytest.mark.parametrize("rest", [b"5", b"[1]", b'"x"', b"null", b"{", b'{"a":1', b'{"a":1}}', b'{"a":"\xc3', b"x"])
def test_what_is_no_whole_object_is_unfinished(rest: bytes) -> None:
    """A number may get more digits, and no line of ours is anything but an object."""
    found = read_in_pieces(b"{}\n" + rest)
    assert (len(found.lines), found.offset, found.unfinished) == (1, 3, len(rest))


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    found = read_in_pieces(BOM + b"{}\n" + BOM + b"{}\n")
    assert found.lines == [(0, 3, b"{}"), (1, 6, BOM + b"{}")]


def test_an_empty_file_has_no_lines() -> None:
    assert read_in_pieces(b"") == Reading([], [], 0, 0, 0)


def test_reading_goes_on_where_it_stopped() -> None:
    data = b"{}\n{}\n{}\n"
    progress = Progress(3)
    piece = Piece("", 3, len(data), at_line_start=True, to_the_end=True)
    blocks = list(read_blocks(BytesIO(data), piece, progress))
    assert [(block.first_line, block.offset, block.lines) for block in blocks] == [(0, 3, b"{}\n{}\n")]
    assert (progress.offset, progress.lines) == (9, None)


def test_a_file_that_was_cut_while_it_was_read_is_in_trouble_and_what_was_there_is_read() -> None:
    progress = Progress(0)
    piece = Piece("", 0, 100, at_line_start=True, to_the_end=True)
    blocks = list(read_blocks(BytesIO(b"{}\n{"), piece, progress))
    assert [block.lines for block in blocks] == [b"{}\n"]
    assert progress.trouble == "the file was cut while it was read"
    assert progress.offset == 3


# Compressed files

SIX = b'{"n":1}\n{"n":2}\n\n{"n":4}\n{"n":5}\n{"n":6}\n'


def read_compressed(path: Path) -> tuple[bytes, Progress]:
    progress = Progress(0)
    piece = Piece(str(path), 0, path.stat().st_size, at_line_start=True, to_the_end=True, compressed=True)
    with open_plain_or_compressed(str(path)) as handle:
        read = b"".join(block.lines for block in read_blocks(handle, piece, progress))
    return read, progress


@pytest.mark.parametrize(
    "compressed",
    [
        pytest.param(gzip.compress(SIX), id="gzip"),
        pytest.param(gzip.compress(SIX[:20]) + gzip.compress(SIX[20:]), id="gzip, cut into two members within a line"),
        pytest.param(gzip.compress(SIX[:1]) + gzip.compress(SIX[1:]), id="gzip, a first member of one byte"),
        pytest.param(gzip.compress(SIX) + gzip.compress(b""), id="gzip, an empty member"),
        pytest.param(zstd.compress(SIX), id="zstd"),
        pytest.param(zstd.compress(SIX[:20]) + zstd.compress(SIX[20:]), id="zstd, two frames"),
    ],
)
@pytest.mark.parametrize("block_bytes", [1, 7, 1 << 20])
def test_a_compressed_file_reads_as_what_it_holds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, compressed: bytes, block_bytes: int
) -> None:
    monkeypatch.setattr(reading, "BLOCK_BYTES", block_bytes)
    path = tmp_path / "any.name"
    path.write_bytes(compressed)
    read, progress = read_compressed(path)
    assert is_compressed(str(path))
    assert (read, progress.lines, progress.offset, progress.trouble) == (SIX, 6, len(SIX), None)


@pytest.mark.parametrize("compress", [gzip.compress, zstd.compress])
def test_a_compressed_byte_order_mark_is_passed_over(tmp_path: Path, compress: type) -> None:
    path = tmp_path / "log"
    path.write_bytes(compress(BOM + SIX))
    read, progress = read_compressed(path)
    assert (read, progress.offset) == (SIX, len(BOM + SIX))


@pytest.mark.parametrize("compress", [gzip.compress, zstd.compress])
def test_a_last_line_of_a_compressed_file_needs_no_newline(tmp_path: Path, compress: type) -> None:
    path = tmp_path / "log"
    path.write_bytes(compress(SIX + b'{"n":7}'))
    assert read_compressed(path)[0] == SIX + b'{"n":7}\n'


@pytest.mark.parametrize("compress", [gzip.compress, zstd.compress])
@pytest.mark.parametrize("keep", [6, 12, -1, -9])
def test_a_cut_compressed_file_raises_what_is_told_as_damage(tmp_path: Path, compress: type, keep: int) -> None:
    path = tmp_path / "log"
    path.write_bytes(compress(SIX * 50)[:keep])
    with pytest.raises((*compression_errors(), OSError)):
        read_compressed(path)


def test_a_damaged_gzip_file_raises_what_is_told_as_damage(tmp_path: Path) -> None:
    path = tmp_path / "log"
    damaged = bytearray(gzip.compress(SIX * 50))
    damaged[len(damaged) // 2] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises((*compression_errors(), OSError)):
        read_compressed(path)


def test_a_plain_file_is_not_taken_for_a_compressed_one(tmp_path: Path) -> None:
    path = tmp_path / "log.gz"
    path.write_bytes(SIX)
    assert not is_compressed(str(path))
    with open_plain_or_compressed(str(path)) as handle:
        assert handle.read() == SIX
