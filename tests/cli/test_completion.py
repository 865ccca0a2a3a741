"""`tachograph completion`: what shells complete, asked of a shell."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tachograph.cli.describing import commands
from tachograph.cli.main import COMMANDS
from tachograph.report.names import AGGREGATIONS

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Command


@pytest.fixture
def script(tmp_path: Path, tachograph: Command) -> Path:
    path = tmp_path / "completion.bash"
    path.write_text(tachograph("completion", "bash").out)
    return path


def completed(script: Path, *words: str) -> list[str]:
    """What bash completes the last word with."""
    line = " ".join(f"'{word}'" for word in words)
    program = f"source {script}; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _tachograph; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True, cwd=script.parent)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_commands_options_values_and_files(script: Path) -> None:
    assert completed(script, "tachograph", "re") == ["report", "record", "retention", "rejects"]
    assert completed(script, "tachograph", "report", "--f") == ["--format", "--file", "--fill"]
    assert completed(script, "tachograph", "report", "--format", "m") == ["markdown"]
    assert completed(script, "tachograph", "report", "m") == ["monthly", "models"]
    assert completed(script, "tachograph", "export", "agg") == ["aggregates"]
    assert completed(script, "tachograph", "keys", "re") == ["revoke"]
    assert completed(script, "tachograph", "report", "--output", "comp") == ["completion.bash"]
    assert completed(script, "tachograph", "ingest", "comp") == ["completion.bash"]
    assert completed(script, "tachograph", "daily", "--since", "2") == []
    assert completed(script, "tachograph", "statusline", "--e") == ["--every"]


def test_every_command_is_described_with_all_that_its_help_shows(tachograph: Command) -> None:
    described = {each.name: each for each in commands()}
    assert list(described) == list(COMMANDS)
    for name, command in described.items():
        text = tachograph(name, "--help").out
        for option in command.options:
            assert option.names[-1] in text or option.names[-1] == "--help", name
        assert any("--help" in option.names for option in command.options)
    assert set(AGGREGATIONS) <= set(described["report"].words)
    assert set(described["retention"].words) == {"show", "plan", "apply"}


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_have_the_same_commands(shell: str, tmp_path: Path, tachograph: Command) -> None:
    said = tachograph("completion", shell)
    assert (said.code, said.err) == (0, "")
    for name in COMMANDS:
        assert f"\n    {name}) _arguments " in said.out or f"__fish_seen_subcommand_from {name}'" in said.out
    program = shutil.which(shell)
    if program:
        (tmp_path / "script").write_text(said.out)
        subprocess.run([program, "-n", tmp_path / "script"], check=True)


def test_another_shell_is_a_mistake(tachograph: Command) -> None:
    said = tachograph("completion", "cmd")
    assert said.code == 2
    assert "invalid choice: 'cmd'" in said.err
