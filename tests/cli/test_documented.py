"""The commands in the manual's pages on reports, exports and the terminal: each does what it is there for."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tachograph.budgets.budget import read_budgets

if TYPE_CHECKING:
    from cli.conftest import Command

DOCS = Path(__file__).parents[2] / "docs"
_BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
_ELSEWHERE = ("/var/lib", "--to", "mcp", "claude ")
"""What writes outside of a test's folder, sends, or goes on until it is told to end."""


def blocks(page: str, kind: str) -> list[str]:
    return [text for form, text in _BLOCK.findall((DOCS / page).read_text(encoding="utf-8")) if form == kind]


EXAMPLES = [
    line
    for page in ("reports.md", "exports.md", "terminal.md")
    for block in blocks(page, "sh")
    for line in block.splitlines()
    if line.startswith("tachograph ") and not any(word in line for word in _ELSEWHERE)
]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 20


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_manual_works(
    example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    monkeypatch.chdir(tmp_path)
    command, _, _ = example.partition(" > ")
    words = shlex.split(command)[1:]
    takes_demo = words[0] in {"report", "export", "live", "blocks"}
    if words[:2] == ["budget", "remove"] or words == ["budget"]:
        tachograph("budget", "set", words[-1] if len(words) > 1 else "month", "--usd", "5")
        takes_demo = words == ["budget"]
    if words == ["live"]:
        words += ["--once"]
    said = tachograph(*words, *(["--demo"] if takes_demo and "--demo" not in words else []))
    assert said.code == 0, said.err
    output = [words[place + 1] for place, word in enumerate(words) if word in {"-o", "--output"}]
    assert all(Path(name).stat().st_size for name in output)
    assert said.out or output or "--last" in words


def test_the_budgets_of_the_manual_are_budgets(tmp_path: Path) -> None:
    (text,) = blocks("terminal.md", "toml")
    (tmp_path / "budgets.toml").write_text(text)
    assert [each.name for each in read_budgets(tmp_path / "budgets.toml")] == ["month", "each-user"]


def test_the_program_in_the_manual_makes_its_reports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: Path
) -> None:
    (program,) = blocks("reports.md", "python")
    (tmp_path / "program").mkdir()
    monkeypatch.chdir(tmp_path / "program")
    (tmp_path / "program" / "metrics").symlink_to(log)
    exec(program, {})  # noqa: S102 - the manual's own
    assert (tmp_path / "program" / "march.html").read_text().count("Tools in March") == 2
