"""`tachograph live`: the sessions that run now; once, and on a terminal until Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from cli.made_up import metric, write_log
from cli.test_process import COMMAND
from hostile import NAMES

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Command


@pytest.fixture
def running(log: Path) -> Path:
    """Two sessions that run, and one that was last heard of half an hour ago."""
    now = datetime.now(UTC)

    def at(minutes: float) -> str:
        return (now - timedelta(minutes=minutes)).isoformat()

    write_log(
        log,
        metric("a1", at(40), "session_start", "one", project_path="/srv/api"),
        metric("a2", at(30), "token_usage", "one", model="m1", input_tokens=1000, cost_usd=1),
        metric("a3", at(0.1), "token_usage", "one", model="m1", input_tokens=5000, cost_usd=2),
        metric("a4", at(0.1), "tool_use", "one", tool_name="Bash", success=False),
        metric("b1", at(6), "token_usage", "two", "ben", model="m2", input_tokens=10, cost_usd=0.5),
        metric("c1", at(30), "token_usage", "gone", model="m1", input_tokens=10, cost_usd=0.5),
    )
    return log


def test_each_session_has_a_line_the_last_heard_of_first(running: Path, tachograph: Command) -> None:
    said = tachograph("live", "--once")
    assert (said.code, said.err) == (0, "")
    lines = [line.rstrip() for line in said.out.splitlines()]
    assert re.fullmatch(r"Live, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", lines[0])
    assert lines[1].split() == ["session", "project", "model", "heard", "of", "cost", "tokens", "a", "minute", "metrics", "failed", "errors"]  # fmt: skip
    assert re.fullmatch(r"one +/srv/api +m1 +now +\$3\.00 +6\.0k +1\.0k +4 +1 +0", lines[3])
    assert re.fullmatch(r"two +– +m2 +[67]\.0 min ago +\$0\.50 +10 +0 +1 +0 +0", lines[4])
    assert lines[5] == ""
    assert lines[6].startswith("Today: $")
    assert lines[7].startswith("metrics-log goes on for ")


def test_idle_and_filters_say_which_sessions(running: Path, tachograph: Command) -> None:
    assert "\ngone " in tachograph("live", "--once", "--idle", "60").out
    out = tachograph("live", "--once", "--user", "ben").out
    assert "\ntwo " in out
    assert "\none " not in out


def test_where_nobody_was_heard_of_it_says_so(log: Path, tachograph: Command) -> None:
    assert "\nNo session was heard of in the last 15.0 min.\n" in tachograph("live").out


def test_of_the_demo_history_it_is_the_end(tachograph: Command) -> None:
    out = tachograph("live", "--demo").out
    assert out.startswith("Live, at the end of the bundled demo history (made up), 2026-04-24 10:05:14\n")
    assert "/srv/release-bot" in out


def test_names_have_no_power_over_the_terminal(log: Path, tachograph: Command) -> None:
    now = datetime.now(UTC).isoformat()
    write_log(
        log,
        *(metric(f"m{n}", now, "tool_use", name, name, project_path=name, model=name) for n, name in enumerate(NAMES)),
    )
    assert all(line.isprintable() for line in tachograph("live", "--once").out.splitlines())


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no such terminals here")
def test_on_a_terminal_it_is_drawn_until_ctrl_c(running: Path) -> None:
    outer, inner = os.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "30"}
    with subprocess.Popen(
        [*COMMAND, "live", "--every", "0.2"],
        stdin=inner,
        stdout=inner,
        stderr=inner,
        env=environment,
        start_new_session=True,
    ) as process:
        os.close(inner)
        seen = b""
        while seen.count(b"Today: ") < 2:  # drawn again
            seen += os.read(outer, 65_536)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
        os.close(outer)
    assert b"/srv/api" in seen
    assert b"Traceback" not in seen


@pytest.mark.parametrize("options", [["--every", "0"], ["--idle", "0"], ["--every", "x"]])
def test_mistakes_are_named(options: list[str], tachograph: Command) -> None:
    said = tachograph("live", *options)
    assert said.code == 2
    assert f"argument {options[0]}" in said.err


def test_without_logs_it_says_what_to_do(tachograph: Command) -> None:
    assert "tachograph summary --demo" in tachograph.mistake("live", "--once")
    assert sys.stdout is not None
