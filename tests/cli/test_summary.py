from __future__ import annotations

from typing import TYPE_CHECKING

from cli.made_up import write_log
from tachograph.cli.main import COMMANDS

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Command


def test_one_page_over_everything(log: Path, tachograph: Command) -> None:
    said = tachograph("summary")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0] == "Summary, 2026-03-01 08:59 to 2026-03-03 12:00, in UTC"
    assert lines[1].startswith("In all: 9 metrics, 2 sessions, 2 users, 1 error")
    assert [line for line in lines if line in {"Days", "Tools", "Agents", "Projects", "Errors"}] == [
        "Days",
        "Tools",
        "Agents",
        "Projects",
        "Errors",
    ]
    assert "rate_limit      1" in lines


def test_only_the_first_of_many_are_shown(tachograph: Command) -> None:
    out = tachograph("summary", "--demo").out
    assert "\nDays, the last 7 of 31\n" in out
    assert "\nTools, the top 5 of 9\n" in out


def test_it_takes_the_options_of_a_question(log: Path, tachograph: Command) -> None:
    out = tachograph("summary", "--user", "ben", "--since", "2026-03-03").out
    assert "In all: 4 metrics, 1 session, 1 user" in out
    assert "Bash" not in out


def test_as_json_it_is_two_answers(log: Path, tachograph: Command) -> None:
    assert tachograph("summary", "--json").document == {
        "demo": False,
        "daily": tachograph("daily", "--json").document,
        "by_project": tachograph("projects", "--json").document,
    }


def test_without_logs_it_is_over_the_demo_history_and_says_so(
    home: Path, store_file: Path, tachograph: Command
) -> None:
    said = tachograph("summary")
    assert said.code == 0
    assert said.out.startswith("Summary of the bundled demo history (made up)")
    assert said.err.startswith("No logs of Claude Code, Codex CLI, ")
    assert said.err.endswith("This is the bundled demo history, made up and not stored.\n")
    assert not store_file.exists()
    assert tachograph("summary", "--json").document["demo"] is True


def test_with_a_log_of_its_own_in_the_store_it_is_not_the_demo(tmp_path: Path, tachograph: Command) -> None:
    tachograph("ingest", write_log(tmp_path / "logs"))
    said = tachograph("summary")
    assert said.err == ""
    assert "In all: 9 metrics" in said.out


def test_the_command_alone_prints_its_help(tachograph: Command) -> None:
    said = tachograph()
    assert said.code == 0
    assert said.out == tachograph("--help").out
    for command in COMMANDS:
        assert f"  {command} " in said.out
    assert "examples:" in said.out


def test_every_command_explains_itself_with_examples(tachograph: Command) -> None:
    for command in COMMANDS:
        said = tachograph(command, "--help")
        assert said.code == 0
        assert f"examples:\n  tachograph {command}" in said.out
