"""A machine with the demo history in its store and in a metrics log, for each block of examples one of its own."""

from __future__ import annotations

import gzip
import json
import shutil
from typing import TYPE_CHECKING, Final

import pytest

from cli.conftest import Command
from tachograph.cli.main import main
from tachograph.demo import demo_history

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from docs.documented import Block

KEY: Final = f"tg_0a1b2c3d_{'0' * 52}"
TRANSCRIPT: Final = {
    "type": "user",
    "uuid": "u1",
    "sessionId": "s1",
    "timestamp": "2026-03-01T09:30:00Z",
    "cwd": "/srv/api",
}
METRIC: Final = {"id": "1", "timestamp": "2026-03-01T09:30:00Z", "type": "performance", "data": {"operation": "build"}}
FILES: Final = {
    "ci.key": KEY,
    "laptop.key": KEY,
    "event.json": json.dumps({"hook_event_name": "SessionStart", "session_id": "s1", "cwd": "/srv/api"}),
    "status.json": json.dumps({"session_id": "s1", "model": {"display_name": "Opus 4.5"}}),
    "metrics.jsonl": json.dumps(METRIC),
    "old.jsonl": json.dumps(TRANSCRIPT),
    "store/retention.toml": '[logs]\ncompress_after = "2d"\n',
    "slow-tools.toml": 'measures = ["count"]\nby = ["tool"]\nwhere = "duration_ms>1000"\n',
    "logs/metrics_20260301_090000.jsonl": json.dumps(METRIC),
}
"""What examples have beside them, by the names that they use."""


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    (folder / "home").mkdir()
    (folder / "metrics").mkdir()
    (folder / "metrics/metrics_20260316_000000.jsonl").write_bytes(gzip.decompress(demo_history().read_bytes()))
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(f"{text}\n", encoding="utf-8")
    assert main(["ingest", str(folder / "metrics"), "--home", str(folder / "store")]) == 0
    return folder


@pytest.fixture(scope="session")
def machines() -> dict[Block, Path]:
    return {}


@pytest.fixture
def at(
    prepared: Path,
    machines: dict[Block, Path],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[Block], Path]:
    """Goes to the machine of a block: the same one for all lines of the block."""

    def go(block: Block) -> Path:
        if block not in machines:
            machines[block] = tmp_path_factory.mktemp("machine") / "work"
            shutil.copytree(prepared, machines[block])
        folder = machines[block]
        monkeypatch.setenv("TACHOGRAPH_KEY", KEY)
        for name in ("CLAUDE_CONFIG_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "CODEX_HOME", "COPILOT_HOME"):
            monkeypatch.delenv(name, raising=False)
        for name in ("GEMINI_CLI_HOME", "TACHOGRAPH_USER", "TACHOGRAPH_STORE", "FORCE_COLOR", "COLUMNS"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HOME", str(folder / "home"))
        monkeypatch.setenv("TACHOGRAPH_HOME", str(folder / "store"))
        monkeypatch.setenv("TACHOGRAPH_METRICS", str(folder / "metrics"))
        monkeypatch.setenv("TZ", "UTC")
        monkeypatch.chdir(folder)
        return folder

    return go


@pytest.fixture
def tachograph(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)
