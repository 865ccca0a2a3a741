"""`tachograph push`: several machines' history in one place, each metric once."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from claude_lines import BEGINNING, Line, call, reply, result, text, transcript
from served import Served

if TYPE_CHECKING:
    from pathlib import Path


def tachograph(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"HOME": str(home), "TZ": "UTC", "TACHOGRAPH_HOME": str(home / "kept")}
    command = [sys.executable, "-m", "tachograph", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def write(home: Path, session: str, *lines: Line) -> None:
    folder = home / ".claude" / "projects" / "-home-ana-project"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{session}.jsonl").write_bytes(transcript(*lines))


def history(session: str, start: float) -> list[Line]:
    lines: list[Line] = []
    for number in range(5):
        at = start + 60 * number
        lines.append(_reply(session, number, at))
        lines.append(call(f"toolu-{session}-{number}", at + 1, sessionId=session))
        lines.append(result(f"toolu-{session}-{number}", at + 2, sessionId=session))
    return lines


def _reply(session: str, number: int, at: float) -> Line:
    return reply(f"msg-{session}-{number}", at, text(), sessionId=session)


def totals(home: Path) -> object:
    told = tachograph(home, "sessions", "--json", "--no-ingest")
    assert told.returncode == 0, told.stderr
    return msgspec.json.decode(told.stdout)


def test_two_machines_with_a_session_in_common_come_to_what_one_machine_with_all_logs_has(tmp_path: Path) -> None:
    ana, ben, both = tmp_path / "ana", tmp_path / "ben", tmp_path / "both"
    for home in (ana, both):
        write(home, "s1", *history("s1", 0))
        write(home, "shared", *history("shared", 5000))
    for home in (ben, both):
        write(home, "s2", *history("s2", 1000))
    write(ben, "shared", *history("shared", 5000))
    with Served(tmp_path / "server") as server:
        for home in (ana, ben):
            told = tachograph(home, "push", server.url, "--user", "the team")
            assert told.returncode == 0, told.stderr
            assert "sent" in told.stdout
        server.wait_until_stored()
        server.end()
    assert tachograph(both, "ingest", "--user", "the team").returncode == 0
    collected = tachograph(both, "sessions", "--json", "--no-ingest", "--home", str(tmp_path / "server"))
    assert msgspec.json.decode(collected.stdout) == totals(both)


def test_what_was_sent_is_not_sent_again_and_what_is_new_is(tmp_path: Path) -> None:
    ana = tmp_path / "ana"
    write(ana, "s1", *history("s1", 0))
    with Served(tmp_path / "server") as server:
        first = msgspec.json.decode(tachograph(ana, "push", server.url, "--json").stdout)
        assert first["rows"] > 0
        again = tachograph(ana, "push", server.url)
        assert again.stdout == f"{server.url} has all there is\n"
        write(ana, "s2", *history("s2", 1000))
        new = msgspec.json.decode(tachograph(ana, "push", server.url, "--json").stdout)
        assert 0 < new["rows"] < first["rows"] * 2
        repeated = msgspec.json.decode(tachograph(ana, "push", server.url, "--again", "--json").stdout)
        assert repeated["rows"] == first["rows"] + new["rows"]
        server.wait_until_stored()
        server.end()
    collected = tachograph(ana, "sessions", "--json", "--no-ingest", "--home", str(tmp_path / "server"))
    assert msgspec.json.decode(collected.stdout) == totals(ana)


def test_after_old_detail_was_condensed_what_is_left_is_sent_and_the_rest_is_told(tmp_path: Path) -> None:
    ana = tmp_path / "ana"
    write(ana, "old", *history("old", -400 * 86_400))
    write(ana, "new", *history("new", (datetime.now(UTC) - BEGINNING).total_seconds() - 86_400))
    assert tachograph(ana, "ingest").returncode == 0
    applied = tachograph(ana, "retention", "apply", "--delete-detail-after", "30d")
    assert applied.returncode == 0, applied.stderr
    with Served(tmp_path / "server") as server:
        told = tachograph(ana, "push", server.url)
        assert told.returncode == 0, told.stderr
        assert "only sums are kept" in told.stderr
        server.wait_until_stored()
        server.end()
    collected = tachograph(ana, "sessions", "--json", "--no-ingest", "--home", str(tmp_path / "server"))
    rows = msgspec.json.decode(collected.stdout)["time_series"]
    assert [row["session_id"] for row in rows] == ["new"]


def test_a_server_that_is_not_there_is_said_in_a_line(tmp_path: Path) -> None:
    ana = tmp_path / "ana"
    write(ana, "s1", *history("s1", 0))
    told = tachograph(ana, "push", "ftp://example.com")
    assert told.returncode == 2
    assert "isn't the address of a server" in told.stderr
    assert len(told.stderr.splitlines()) == 1
