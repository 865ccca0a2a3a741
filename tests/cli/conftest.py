"""Every test has a home of its own, in which there is nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from cli.made_up import write_log
from tachograph.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


class Command:
    """Runs `tachograph` in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str | Path) -> Said:
        self._capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = self._capsys.readouterr()
        return Said(code, out, err)

    def mistake(self, *arguments: str | Path) -> str:
        """The one line in which a mistake is told."""
        said = self(*arguments)
        assert (said.code, said.out) == (2, "")
        (line,) = said.err.splitlines()
        assert line.startswith("tachograph: ")
        return line


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("TACHOGRAPH_HOME", str(tmp_path / "store"))
    monkeypatch.setenv("TZ", "UTC")
    for name in (
        "CLAUDE_CONFIG_DIR",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "TACHOGRAPH_METRICS",
        "TACHOGRAPH_USER",
        "CODEX_HOME",
        "COPILOT_HOME",
        "GEMINI_CLI_HOME",
        "FORCE_COLOR",
        "COLUMNS",
    ):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def store_file(tmp_path: Path) -> Path:
    return tmp_path / "store" / "tachograph.duckdb"


@pytest.fixture
def tachograph(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a metrics log, which is one of the known places."""
    folder = tmp_path / "metrics"
    write_log(folder)
    monkeypatch.setenv("TACHOGRAPH_METRICS", str(folder))
    return folder
