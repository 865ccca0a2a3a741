"""`tachograph statusline`: one line, whatever happens, of what the agent tells and what the last update left."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cli.made_up import metric, write_log
from cli.test_process import COMMAND
from tachograph.cli import statusline
from tachograph.cli.statusline import FILE, LOCK, line

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Command

TOLD: dict[str, Any] = {
    "session_id": "s1",
    "model": {"id": "claude-opus-4-5", "display_name": "Opus 4.5"},
    "workspace": {"current_dir": "/srv/api"},
    "cost": {"total_cost_usd": 0.42},
    "context_window": {"used_percentage": 37.4},
    "rate_limits": {"five_hour": {"used_percentage": 12}},
}
NOW_US = 1_772_355_600_000_000
HOUR_US = 3_600_000_000
KNOWN: dict[str, Any] = {
    "form": 1,
    "made_us": NOW_US - 5_000_000,
    "today": {"start_us": NOW_US - HOUR_US, "end_us": NOW_US + HOUR_US, "cost_usd": 3.1, "tokens": 9, "at_least": False},
    "blocks": [
        {"source": "claude-code", "start_us": NOW_US - HOUR_US, "end_us": NOW_US + 4 * HOUR_US, "cost_usd": 2.4,
         "tokens": 9, "usd_per_hour": 1.8},
    ],
    "sessions": {"s1": {"cost_usd": 0.5, "tokens": 12_345}},
}  # fmt: skip


def test_a_line_has_what_the_agent_tells_and_what_is_known() -> None:
    assert line(TOLD, KNOWN, NOW_US) == (
        "Opus 4.5 · $0.42 session (12.3k tokens) · 37 % context · 12 % of 5 h · $3.10 today"
        " · block $2.40, $1.80/h, 4.0 h left"
    )


def test_what_isn_t_told_is_left_out() -> None:
    assert line({"session_id": "s1"}, KNOWN, NOW_US).startswith("$0.50 session (12.3k tokens) · $3.10 today")
    assert line({"model": {"id": "m"}}, {}, NOW_US) == "m"
    assert line({}, {}, NOW_US) == "tachograph: the logs are being read"
    assert line({}, {"trouble": "no \x1b[31mlogs"}, NOW_US) == "tachograph: no \\x1b[31mlogs"


def test_yesterday_is_not_today_and_a_block_that_is_over_is_none() -> None:
    told = line(TOLD, KNOWN, NOW_US + 5 * HOUR_US)
    assert "today" not in told
    assert "block" not in told
    assert told.endswith("as of 5.0 h ago")


def test_an_hour_later_it_says_how_old_it_is() -> None:
    assert line({}, KNOWN, NOW_US + 1_000_000_000).endswith(" · as of 16.8 min ago")


@pytest.mark.parametrize(
    "told",
    [
        {"model": "x", "cost": [], "context_window": {"used_percentage": "9"}, "session_id": {}},
        {"model": {"display_name": 5}, "cost": {"total_cost_usd": True}, "rate_limits": {"five_hour": None}},
        {"cost": {"total_cost_usd": float("nan")}},
        {"cost": {"total_cost_usd": 1e300}},
    ],
)
def test_what_an_agent_of_another_kind_tells_does_no_harm(told: dict[str, Any]) -> None:
    assert line(told, {}, NOW_US) == "tachograph: the logs are being read"


def test_a_name_has_no_power_over_the_terminal() -> None:
    assert line({"model": {"display_name": "\x1b]0;x\x07\u202e" + "x" * 500}}, {}, NOW_US).isprintable()


def said(tachograph: Command, monkeypatch: pytest.MonkeyPatch, told: bytes, *options: str) -> str:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(told)))
    given = tachograph("statusline", *options)
    assert (given.code, given.err) == (0, "")
    return given.out


@pytest.mark.parametrize("told", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_it_prints_a_line_whatever_it_is_told(
    told: bytes, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    assert said(tachograph, monkeypatch, told, "--every", "0") == "tachograph: the logs are being read\n"


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"form": 99, "today": 1}', b"\xff"])
def test_a_file_that_is_not_as_an_update_leaves_it_is_none(
    content: bytes, store_file: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    store_file.parent.mkdir()
    (store_file.parent / FILE).write_bytes(content)
    assert said(tachograph, monkeypatch, json.dumps(TOLD).encode(), "--every", "0").startswith(
        "Opus 4.5 · $0.42 session"
    )


def test_a_folder_that_cannot_be_used_is_no_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    (tmp_path / "file").write_text("")
    out = said(tachograph, monkeypatch, json.dumps(TOLD).encode(), "--home", str(tmp_path / "file" / "x"))
    assert out.startswith("Opus 4.5 ")


def test_an_update_leaves_today_the_block_and_the_sessions(
    log: Path, store_file: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    now = datetime.now(UTC)
    write_log(
        log,
        *(metric(f"m{n}", (now - timedelta(seconds=10 * n)).isoformat(), "token_usage", "s9", model="m", input_tokens=1000, cost_usd=0.25) for n in range(4)),
    )  # fmt: skip
    given = tachograph("statusline", "--update")
    assert (given.code, given.out, given.err) == (0, "", "")
    kept = json.loads((store_file.parent / FILE).read_bytes())
    assert kept["sessions"] == {"s9": {"cost_usd": 1.0, "tokens": 4000}}
    (block,) = kept["blocks"]
    assert (block["source"], block["cost_usd"], block["usd_per_hour"]) == ("metrics-log", 1.0, 120.0)
    told = json.dumps({"session_id": "s9"}).encode()
    out = said(tachograph, monkeypatch, told, "--every", "0")
    assert out.startswith("$1.00 session (4.0k tokens) · ")
    assert " · block $1.00, $120.00/h, " in out


def test_an_update_that_fails_says_why_and_the_line_too(
    store_file: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    assert "no logs of " in tachograph.mistake("statusline", "--update")
    assert said(tachograph, monkeypatch, b"", "--every", "0").startswith("tachograph: no logs of Claude Code, ")
    assert not (store_file.parent / LOCK).exists()


def test_one_update_at_a_time_is_begun_and_none_while_the_last_is_young(
    store_file: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    monkeypatch.setattr(sys, "executable", str(shutil.which("true")))  # an update that does nothing and leaves its lock
    folder = store_file.parent
    lock, status = folder / LOCK, folder / FILE

    def begins(*options: str) -> bool:
        said(tachograph, monkeypatch, b"", *options)
        return lock.exists()

    assert begins()
    os.utime(lock)
    before = lock.stat().st_mtime_ns
    assert begins()
    assert lock.stat().st_mtime_ns == before  # that one was left as it is
    os.utime(lock, (1, 1))  # it has died
    assert begins()
    assert lock.stat().st_mtime > 1
    lock.unlink()
    status.write_text(json.dumps({"form": 1, "made_us": time.time_ns() // 1000}))
    assert not begins()
    status.write_text(json.dumps({"form": 1, "made_us": time.time_ns() // 1000 - 60_000_000}))
    assert not begins("--every", "120")
    assert not begins("--every", "0")
    assert begins()


def test_as_a_process_it_begins_an_update_that_goes_on_without_it(log: Path, store_file: Path) -> None:
    done = subprocess.run([*COMMAND, "statusline"], input=b"{}", capture_output=True, check=True, timeout=60)
    assert (done.stdout, done.stderr) == (b"tachograph: the logs are being read\n", b"")
    deadline = time.monotonic() + 60
    while not (store_file.parent / FILE).exists() and time.monotonic() < deadline:
        subprocess.run([*COMMAND, "--version"], capture_output=True, check=True)
    assert json.loads((store_file.parent / FILE).read_bytes())["form"] == statusline.FORM


def test_an_agent_that_keeps_stdin_open_is_answered_all_the_same(log: Path) -> None:
    command = [*COMMAND, "statusline", "--every", "0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b'{"model": {"display_name": "M"}}')
        process.stdin.flush()
        assert process.stdout.readline() == b"M\n"  # before stdin ends
        assert process.wait(timeout=60) == 0


def test_an_agent_that_says_nothing_is_not_waited_for(log: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "statusline", "--every", "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"tachograph: the logs are being read\n"


def test_the_line_needs_next_to_nothing(log: Path) -> None:
    program = "import sys; from tachograph.cli.main import main; main(['statusline', '--every', '0']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], input=b"{}", capture_output=True, check=True, timeout=60)
    names = set(done.stderr.decode().split())
    assert not names & {
        "argparse",
        "msgspec",
        "_duckdb",
        "rich",
        "pathlib",
        "subprocess",
        "datetime",
        "asyncio",
        "dataclasses",
    }
