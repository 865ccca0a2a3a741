"""Where a server listens is known for as long as it runs, and no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tachograph.collector.address import forget, known, tell
from tachograph.collector.spool import Spool

if TYPE_CHECKING:
    from pathlib import Path

URL = "http://127.0.0.1:4318"


def test_it_is_known_while_somebody_collects_there(tmp_path: Path) -> None:
    assert known(tmp_path) is None
    with Spool(tmp_path / "collector"):
        assert known(tmp_path) is None
        tell(tmp_path, URL)
        assert known(tmp_path) == URL
        forget(tmp_path)
        assert known(tmp_path) is None


def test_what_a_killed_server_left_behind_is_not_believed(tmp_path: Path) -> None:
    with Spool(tmp_path / "collector"):
        tell(tmp_path, URL)
    assert known(tmp_path) is None


def test_looking_keeps_nobody_out(tmp_path: Path) -> None:
    with Spool(tmp_path / "collector"):
        pass
    assert known(tmp_path) is None
    Spool(tmp_path / "collector").close()


def test_what_is_no_address_is_none(tmp_path: Path) -> None:
    with Spool(tmp_path / "collector"):
        (tmp_path / "collector" / "address").write_bytes(b"\xff\xfe")
        assert known(tmp_path) is None
