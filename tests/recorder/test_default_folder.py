"""What is recorded without naming a folder is found by the commands without naming one either."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from tachograph import Recorder
from tachograph.folders import metrics_folders, store_folder
from tachograph.user_data import user_data_folder


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


@pytest.mark.parametrize("xdg", [None, "", " ", "/data", "/data/", "data", "~/data"])
@pytest.mark.parametrize("user", [None, "", "/", "/home/ann/", "ann"])
@pytest.mark.parametrize("android", [None, "/data"])
def test_the_platforms_folder_is_the_one_that_the_library_says(
    monkeypatch: pytest.MonkeyPatch, xdg: str | None, user: str | None, android: str | None
) -> None:
    for name, value in [("XDG_DATA_HOME", xdg), ("HOME", user), ("ANDROID_DATA", android), ("ANDROID_ROOT", None)]:
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert user_data_folder() == platformdirs.user_data_dir("tachograph", appauthor=False)


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
