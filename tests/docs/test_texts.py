"""The programs, documents and settings in the manual and the README are what they are said to be."""

from __future__ import annotations

import io
import tomllib
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest

from docs.documented import Block, blocks
from tachograph.budgets.budget import read_budgets
from tachograph.cli.main import COMMANDS
from tachograph.metric import read_metric

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli.conftest import Command

ELSEWHERE: Final = {"adding-a-source.md": "tests/test_adding_a_source.py runs that example as a whole"}
PROGRAMS: Final = blocks("python")
TEXTS: Final = blocks("json", "toml")
(CONDITIONS_BLOCK,) = (block for block in blocks("text") if block.page == "queries.md")
CONDITIONS: Final = CONDITIONS_BLOCK.text.splitlines()


def skip_what_is_run_elsewhere(block: Block) -> None:
    if block.page in ELSEWHERE:
        pytest.skip(ELSEWHERE[block.page])


@pytest.mark.parametrize("program", PROGRAMS, ids=str)
def test_a_program_of_the_manual_runs(program: Block, at: Callable[[Block], Path]) -> None:
    skip_what_is_run_elsewhere(program)
    folder = at(program)
    before = set(folder.iterdir())
    recorded = set((folder / "metrics").iterdir())
    printed = io.StringIO()
    names: dict[str, Any] = {"__name__": "__main__"}
    with redirect_stdout(printed):
        exec(compile(program.text, str(program), "exec"), names)  # noqa: S102 - the manual's own
    if "recorder" in names:
        names["recorder"].close()  # which the end of the program does as well
    left = set(folder.iterdir()) - before | set((folder / "metrics").iterdir()) - recorded
    assert printed.getvalue() or left or "find_insights" in program.text, "it does nothing"


@pytest.mark.parametrize("text", TEXTS, ids=str)
def test_a_text_of_the_manual_is_good_for_what_it_is_shown_for(
    text: Block, at: Callable[[Block], Path], tachograph: Command
) -> None:
    skip_what_is_run_elsewhere(text)
    at(text)
    if text.page == "queries.md":
        Path(f"query.{text.kind}").write_text(text.text, encoding="utf-8")
        assert tachograph("query", "--file", f"query.{text.kind}").code == 0
    elif text.page == "retention.md":
        Path("store/retention.toml").write_text(text.text, encoding="utf-8")
        assert tachograph("retention", "plan").code == 0
    elif text.kind == "toml":
        Path("store/budgets.toml").write_text(text.text, encoding="utf-8")
        assert {each.name for each in read_budgets(Path("store/budgets.toml"))} == set(tomllib.loads(text.text))
        assert tachograph("budget").code == 0
    else:
        document = msgspec.json.decode(text.text)
        if "timestamp" in document:
            read_metric(text.text.encode())
        for command in commands_in(document):
            assert command in COMMANDS


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_of_the_manual_is_understood(
    condition: str, at: Callable[[Block], Path], tachograph: Command
) -> None:
    at(CONDITIONS_BLOCK)
    said = tachograph("query", "--where", condition)
    assert said.code == 0, said.err


def commands_in(document: object) -> list[str]:
    """The commands of ours that settings of an agent run."""
    if isinstance(document, list):
        return [found for each in document for found in commands_in(each)]
    if not isinstance(document, dict):
        return []
    words = [*str(document.get("command", "")).split(), *document.get("args", ())]
    inner = [found for each in document.values() for found in commands_in(each)]
    return [words[1], *inner] if words[:1] == ["tachograph"] else inner


def test_there_are_programs_and_texts_of_each_kind() -> None:
    assert len(PROGRAMS) >= 8
    assert {"json", "toml"} == {text.kind for text in TEXTS}
