"""Whose the metrics of this machine's agents are, where no log says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cli.made_up import metric, write_log, write_transcript

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Command


@pytest.fixture(autouse=True)
def transcript(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ana")
    write_transcript(home)


def users(tachograph: Command) -> list[str]:
    return [row["user_id"] for row in tachograph("users", "--json").document["time_series"]]


def test_it_is_the_systems_user_where_nothing_says_more(tachograph: Command) -> None:
    assert users(tachograph) == ["ana"]


def test_it_is_whom_the_agents_own_files_name(home: Path, tachograph: Command) -> None:
    (home / ".claude.json").write_text(json.dumps({"oauthAccount": {"emailAddress": "ana@example.org"}}))
    assert users(tachograph) == ["ana@example.org"]


def test_the_environment_comes_before_the_agents_files(
    home: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    (home / ".claude.json").write_text(json.dumps({"oauthAccount": {"emailAddress": "ana@example.org"}}))
    monkeypatch.setenv("TACHOGRAPH_USER", "ben")
    assert users(tachograph) == ["ben"]


def test_an_option_comes_first(monkeypatch: pytest.MonkeyPatch, tachograph: Command) -> None:
    monkeypatch.setenv("TACHOGRAPH_USER", "ben")
    assert tachograph("ingest", "--user", "cem").code == 0
    assert users(tachograph) == ["cem"]


def test_a_named_path_in_the_agents_place_is_the_users_too(home: Path, tachograph: Command) -> None:
    assert tachograph("ingest", home / ".claude").code == 0
    assert users(tachograph) == ["ana"]


def test_nobody_is_guessed_for_logs_from_elsewhere(tmp_path: Path, tachograph: Command) -> None:
    write_transcript(tmp_path / "copied")
    assert tachograph("ingest", tmp_path / "copied").code == 0
    assert tachograph("users", "--no-ingest", "--json").document["time_series"] == []
    assert tachograph("sessions", "--no-ingest", "--json").document["total_sessions"] == 1


def test_logs_from_elsewhere_are_whose_the_option_says(tmp_path: Path, tachograph: Command) -> None:
    write_transcript(tmp_path / "copied")
    assert tachograph("ingest", tmp_path / "copied", "--user", "dora").code == 0
    (row,) = tachograph("users", "--no-ingest", "--json").document["time_series"]
    assert row["user_id"] == "dora"


def test_a_metrics_log_says_itself_whose_its_metrics_are(
    log: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    monkeypatch.setenv("TACHOGRAPH_USER", "ben")
    write_log(
        log,
        metric("1", "2026-03-01T00:00:00Z", session="s", user="ana"),
        metric("2", "2026-03-01T00:00:01Z", session="s", user=None),
    )
    found = {row["user_id"]: row["metrics_count"] for row in tachograph("users", "--json").document["time_series"]}
    assert found["ana"] == 2


def test_a_user_that_does_not_exist_in_a_variable_is_no_fault_of_the_program(
    monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    monkeypatch.setenv("CODEX_HOME", "~nobody-of-that-name/codex")
    assert tachograph("daily", "--json").code == 0
