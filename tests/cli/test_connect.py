"""`tachograph connect`: shown, put in, taken out, and a key on no screen."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

import pytest

from tachograph.connecting.agents import AGENTS

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Command, Said

PLACES = {
    "claude-code": ".claude/settings.json",
    "codex": ".codex/config.toml",
    "gemini": ".gemini/settings.json",
}
MOVED_BY = {"claude-code": "CLAUDE_CONFIG_DIR", "codex": "CODEX_HOME", "gemini": "GEMINI_CLI_HOME"}
MOVED_TO = {"claude-code": "moved/settings.json", "codex": "moved/config.toml", "gemini": "moved/.gemini/settings.json"}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for agent in AGENTS.values():
        for name in (*agent.wordy, *agent.instead):
            monkeypatch.delenv(name, raising=False)


@pytest.fixture
def key_file(tachograph: Command, tmp_path: Path) -> Path:
    path = tmp_path / "ci.key"
    path.write_text(tachograph("keys", "create", "--scope", "write").out)
    return path


def everything(said: Said) -> str:
    return f"{said.out}{said.err}"


@pytest.mark.parametrize("agent", PLACES)
def test_without_write_it_shows_what_to_put_where_and_changes_nothing(
    tachograph: Command, home: Path, key_file: Path, agent: str
) -> None:
    said = tachograph("connect", agent, "--key-file", key_file)
    assert said.code == 0
    assert f"sends to http://127.0.0.1:4318 with this in {home / PLACES[agent]}" in said.out
    assert "It sends " in said.out
    assert "but never  prompts" in said.out
    assert key_file.read_text().strip() not in everything(said)
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("agent", PLACES)
def test_write_puts_it_in_once_and_undo_takes_it_out(
    tachograph: Command, home: Path, key_file: Path, agent: str
) -> None:
    path, key = home / PLACES[agent], key_file.read_text().strip()
    shown = tachograph("connect", agent, "--key-file", key_file).out
    first = tachograph("connect", agent, "--key-file", key_file, "--write")
    put_in = path.read_text()
    again = tachograph("connect", agent, "--key-file", key_file, "--write")
    assert (first.code, again.code) == (0, 0)
    assert "from its next start on" in first.out
    assert "already" in again.out
    assert path.read_text() == put_in
    assert put_in.replace(key, f"<the key in {key_file}>").strip() in shown
    assert (key in put_in) == (agent != "gemini")
    undone = tachograph("connect", agent, "--undo")
    assert f"Took out of {path}" in undone.out
    assert "There is nothing of connect's" in tachograph("connect", agent, "--undo").out
    assert list(path.parent.iterdir()) == []
    assert key not in "".join(map(everything, (first, again, undone)))


@pytest.mark.parametrize("agent", PLACES)
def test_the_folder_that_the_environment_names_is_the_agents(
    tachograph: Command, home: Path, monkeypatch: pytest.MonkeyPatch, agent: str
) -> None:
    monkeypatch.setenv(MOVED_BY[agent], str(home / "moved"))
    tachograph("connect", agent, "--write")
    assert [path for path in home.rglob("*.*") if path.suffix in {".json", ".toml"}] == [home / MOVED_TO[agent]]


def test_a_key_in_the_environment_and_another_server(
    tachograph: Command, home: Path, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = key_file.read_text().strip()
    monkeypatch.setenv("CI_KEY", key)
    said = tachograph("connect", "codex", "--url", "https://t.example.com", "--key-env", "CI_KEY", "--write")
    table = tomllib.loads((home / PLACES["codex"]).read_text())["otel"]
    assert table["exporter"]["otlp-http"] == {
        "endpoint": "https://t.example.com/v1/logs",
        "protocol": "binary",
        "headers": {"Authorization": f"Bearer {key}"},
    }
    assert key not in everything(said)
    shown = tachograph("connect", "gemini", "--key-env", "CI_KEY").out
    assert 'OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer ${CI_KEY}" gemini' in shown


@pytest.mark.parametrize(
    ("agent", "text"),
    [
        ("codex", '[otel]\nexporter = "none"\n'),
        ("codex", "[otel"),
        ("gemini", "// mine\n{}"),
        ("gemini", '{"telemetry": {"enabled": false}}'),
        ("claude-code", "[]"),
    ],
)
def test_what_it_cannot_change_it_shows_and_says_so(
    tachograph: Command, home: Path, key_file: Path, agent: str, text: str
) -> None:
    shown = tachograph("connect", agent, "--key-file", key_file).out
    path = home / PLACES[agent]
    path.parent.mkdir()
    path.write_text(text)
    said = tachograph("connect", agent, "--write", "--key-file", key_file)
    assert (said.code, said.out) == (2, shown)
    assert said.err.startswith(f"tachograph: {path}: ")
    assert said.err.count("\n") == 1
    assert key_file.read_text().strip() not in everything(said)
    assert path.read_text() == text
    assert list(path.parent.iterdir()) == [path]


def test_what_makes_an_agent_send_texts_is_told(
    tachograph: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tachograph("connect", "claude-code").err == ""
    (home / ".claude").mkdir()
    (home / PLACES["claude-code"]).write_text(json.dumps({"env": {"OTEL_LOG_USER_PROMPTS": "1"}}))
    monkeypatch.setenv("OTEL_LOG_TOOL_DETAILS", "1")
    monkeypatch.setenv("OTEL_LOG_TOOL_CONTENT", "0")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://other.example.com")
    assert [line.split(" is set")[0] for line in tachograph("connect", "claude-code", "--write").err.splitlines()] == [
        "OTEL_LOG_USER_PROMPTS", "OTEL_LOG_TOOL_DETAILS", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    ]  # fmt: skip


def test_a_key_that_others_can_read_is_told(tachograph: Command, home: Path, key_file: Path) -> None:
    (home / ".claude").mkdir()
    path = home / PLACES["claude-code"]
    path.write_text("{}")
    path.chmod(0o644)
    said = tachograph("connect", "claude-code", "--key-file", key_file, "--write", "--url", "http://t.example.com")
    assert [line for line in said.err.splitlines() if "chmod 600" in line and str(path) in line]
    assert "isn't encrypted, nor is the key: use https" in said.err
    assert "what it was before is in settings.json.before-tachograph-connect" in said.out


def test_mistakes_are_one_line(tachograph: Command, tmp_path: Path) -> None:
    (tmp_path / "no.key").write_text("word")
    for arguments, why in (
        (["--url", "localhost"], "--url: 'localhost' isn't a server's URL"),
        (["--key-file", tmp_path / "none"], str(tmp_path / "none")),
        (["--key-file", tmp_path / "no.key"], "that isn't a key of Tachograph's"),
        (["--key-env", "NOT_THERE"], "there is no environment variable 'NOT_THERE'"),
    ):
        assert why in tachograph.mistake("connect", "claude-code", *arguments)
    for arguments in (["--undo", "--write"], ["--key-file", "a", "--key-env", "b"]):
        assert tachograph("connect", "claude-code", *arguments).code == 2
    assert tachograph("connect", "other").code == 2
