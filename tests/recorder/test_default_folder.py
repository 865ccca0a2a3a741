"""What is recorded without naming a folder is found by the commands without naming one either."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tachograph import Recorder
from tachograph.folders import metrics_folders, store_folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which no agent has worked."""
    for name in [name for name in os.environ if name.startswith(("TACHOGRAPH", "XDG", "CLAUDE", "CODEX", "COPILOT"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def total(*arguments: str) -> int:
    command = [str(Path(sys.executable).with_name("tachograph")), "daily", "--json", *arguments]
    return int(json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["total_metrics"])


@pytest.mark.parametrize("named", [{}, {"TACHOGRAPH_HOME": "store"}, {"TACHOGRAPH_METRICS": "one, two"}])
def test_the_commands_find_what_was_recorded(
    home: Path, monkeypatch: pytest.MonkeyPatch, named: dict[str, str]
) -> None:
    monkeypatch.chdir(home)
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    with Recorder() as recorder:
        recorder.tool_use("Bash")
    assert total() == 1
    with Recorder() as recorder:
        recorder.tool_use("Bash")
    assert total() == 2


def test_the_folder_is_the_first_one_named_else_that_beside_the_store(home: Path) -> None:
    assert store_folder({"TACHOGRAPH_HOME": "~/store"}) == home / "store"
    assert store_folder({"TACHOGRAPH_HOME": "/a"}, "/b") == Path("/b")
    assert metrics_folders({"TACHOGRAPH_HOME": "/a"}) == [Path("/a/metrics")]
    assert metrics_folders({"TACHOGRAPH_HOME": "/a", "TACHOGRAPH_METRICS": "/c,/d"}) == [Path("/c"), Path("/d")]
    assert metrics_folders({}) == [store_folder({}) / "metrics"]


def test_a_program_whose_working_folder_is_gone_can_record_elsewhere(tmp_path: Path) -> None:
    program = """
        import os, sys
        os.mkdir("gone"); os.chdir("gone"); os.rmdir("../gone")
        from tachograph import Recorder
        for folder in (sys.argv[1], "logs"):
            with Recorder(folder, durability="flushed") as recorder:
                recorder.tool_use("Bash")
                print(recorder.status().waiting)
    """
    command = [sys.executable, "-c", "\n".join(line[8:] for line in program.splitlines()), str(tmp_path / "logs")]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["0", "1"]
