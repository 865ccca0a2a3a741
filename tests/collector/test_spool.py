"""The spool: what was appended is there after whatever happened to the process, and nothing else."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tachograph.collector import spool as spools
from tachograph.collector.spool import START, Noted, Position, Spool
from tachograph.errors import StoreUnusable
from tachograph.store.journal import Beginning, Damage

if TYPE_CHECKING:
    from pathlib import Path


def noted(text: str) -> Noted:
    return Noted("test", text.encode())


def texts(spool: Spool, after: Position = START) -> list[str]:
    return [
        found[1].content.decode()
        for found in spool.frames(after)
        if not isinstance(found, Damage) and isinstance(found[1], Noted)
    ]


def test_what_was_appended_is_read_in_order_from_any_position(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        first = spool.append([noted("a"), noted("b")])
        second = spool.append([noted("c")])
        assert texts(spool) == ["a", "b", "c"]
        assert texts(spool, first) == ["c"]
        assert texts(spool, second) == []
        assert spool.bytes_after(second) == 0
        assert 0 < spool.bytes_after(first) < spool.bytes_after(START)


def test_it_goes_on_after_it_was_closed(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        spool.append([noted("a")])
        name = spool.id
    with Spool(tmp_path) as spool:
        spool.append([noted("b")])
        assert texts(spool) == ["a", "b"]
        assert spool.id == name


def test_one_process_has_it_at_a_time(tmp_path: Path) -> None:
    with Spool(tmp_path), pytest.raises(StoreUnusable, match="another server collects there"):
        Spool(tmp_path)
    Spool(tmp_path).close()


def test_a_long_file_is_followed_by_another_and_deleted_when_it_is_no_longer_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spools, "_FILE_BYTES", 200)
    with Spool(tmp_path) as spool:
        ends = [spool.append([noted(f"{number}" * 50)], [noted("so far")]) for number in range(9)]
        assert len(list(tmp_path.glob("*.spool"))) > 2
        assert [text for text in texts(spool) if text != "so far"] == [f"{number}" * 50 for number in range(9)]
        spool.forget(ends[-1])
        assert len(list(tmp_path.glob("*.spool"))) == 1
        assert texts(spool)[0] == "so far"
        assert texts(spool, ends[-1]) == []
        assert spool.bytes_after(ends[-1]) == 0
    with Spool(tmp_path) as spool:
        later = spool.append([noted("later")])
        assert later > ends[-1]
        assert texts(spool, ends[-1]) == ["later"]


@pytest.mark.parametrize("kept", ["cut", "zeros", "flipped"])
def test_what_is_not_whole_at_the_end_is_cut_off_wherever_that_is(tmp_path: Path, kept: str) -> None:
    with Spool(tmp_path / "whole") as spool:
        good = spool.append([noted("acknowledged")]).offset
        spool.append([noted("half written")])
    content = (tmp_path / "whole" / "00000001.spool").read_bytes()
    for length in range(good, len(content)):
        folder = tmp_path / f"{length}"
        folder.mkdir()
        rest = content[good:length]
        if kept == "zeros":
            rest += bytes(len(content) - length)
        elif kept == "flipped":
            rest += bytes([content[length] ^ 0x40]) + content[length + 1 :]
        (folder / "00000001.spool").write_bytes(content[:good] + rest)
        with Spool(folder) as spool:
            assert texts(spool) == ["acknowledged"]
            assert bool(spool.damages) == (len(rest) > 0)
            spool.append([noted("next")])
            assert texts(spool) == ["acknowledged", "next"]


def test_damage_in_the_middle_is_told_and_what_stands_behind_is_kept(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        first = spool.append([noted("a")]).offset
        spool.append([noted("b")])
        spool.append([noted("c")])
    path = tmp_path / "00000001.spool"
    content = bytearray(path.read_bytes())
    content[first + 20] ^= 0xFF
    path.write_bytes(content)
    with Spool(tmp_path) as spool:
        assert texts(spool) == ["a", "c"]
        assert sum(isinstance(found, Damage) for found in spool.frames(START)) == 1


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        spool.append([noted("a")])
        size = (tmp_path / "00000001.spool").stat().st_size
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, before[1]))
        try:
            with pytest.raises(OSError, match="File too large"):
                spool.append([noted("fits"), noted("b" * 1000)])
            spool.append([noted("small")])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, ignored)
        spool.append([noted("c" * 1000)])
        assert texts(spool) == ["a", "small", "c" * 1000]


_WRITER = """
import sys
from pathlib import Path
from tachograph.collector.spool import Noted, Spool
with Spool(Path(sys.argv[1])) as spool:
    for number in range(10**9):
        spool.append([Noted("test", f"{number}".encode())])
        print(number, flush=True)
"""


def test_a_killed_writer_loses_nothing_that_it_said_was_written(tmp_path: Path) -> None:
    said = -1
    for kill_after in (1, 7, 40):
        with subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout
            for _ in range(kill_after):
                said = int(writer.stdout.readline())
            os.kill(writer.pid, signal.SIGKILL)
            rest = writer.stdout.read().split()
            said = int(rest[-1]) if rest else said
        with Spool(tmp_path) as spool:
            found = [int(text) for text in texts(spool)]
            mine = found[len(found) - found[::-1].index(0) - 1 :]
            assert mine[: said + 1] == list(range(said + 1))
            assert len(mine) <= said + 2


def test_a_reader_sees_nothing_that_is_not_on_the_disk_yet(tmp_path: Path) -> None:
    with Spool(tmp_path) as spool:
        end = spool.append([noted("a")])
        path = tmp_path / "00000001.spool"
        with path.open("ab") as file:
            file.write(path.read_bytes()[-20:])  # as if it were being written
        found = list(spool.frames(START))
        assert [type(each[1]) for each in found if not isinstance(each, Damage)] == [Beginning, Noted]
        assert not any(isinstance(each, Damage) for each in found)
        assert found[-1] == (end, noted("a"))
