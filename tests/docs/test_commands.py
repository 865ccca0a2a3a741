"""Each command line of the manual and the README is run as it stands there, on the demo history."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from docs.documented import Block, Example, examples
from tachograph.cli.describing import parser_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli.conftest import Command

LEFT_OUT: Final = {
    r"pip install|^\. \.venv/": "installs packages",
    r"^uv run .*bench/": "a benchmark, which takes its time",
    r"^curl ": "needs a server that runs: tests/server runs those of http-api.md",
    r"^claude ": "needs Claude Code: tests/cli/test_mcp.py runs what it starts",
    r"^tachograph (serve|dashboard|mcp)\b": "goes on until it is told to end: tests/server, dashboard and cli run it",
    r"^(TACHOGRAPH_KEY=\S+ )?tachograph push ": "needs a team's server: tests/server/test_pushing.py has one",
    r"clickhouse://": "needs a ClickHouse server: tests/store/test_clickhouse.py runs its engine",
    r"^tachograph prices update": "fetches prices from the network: tests/test_prices.py has a server for that",
    r" --to http": "needs a collector: tests/cli/test_export.py has one",
    r" /var/lib/": "writes where only root may: the line is run by tests/cli/test_export.py with another file",
}
"""The only examples that aren't run, and why."""
EXAMPLES: Final = examples()
_BY_A_SHELL: Final = re.compile(r"\|\||[|<]|\$\(")
"""What `tachograph` alone can't be given."""
_DONE: Final[dict[Block, int]] = {}


def reason(text: str) -> str | None:
    return next((why for pattern, why in LEFT_OUT.items() if re.search(pattern, text)), None)


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_a_command_of_the_manual_works(example: Example, at: Callable[[Block], Path], tachograph: Command) -> None:
    why = reason(example.text)
    if why:
        takes_its_options(example.text)
        pytest.skip(why)
    at(example.block)
    before = [each for each in EXAMPLES if each.block == example.block and each.number < example.number]
    for each in before[_DONE.get(example.block, 0) :]:
        if not reason(each.text):
            run(each, tachograph)
    _DONE[example.block] = example.number + 1
    printed = run(example, tachograph)
    if example.block.answer is not None:
        assert printed == example.block.answer


def takes_its_options(text: str) -> None:
    """Whether the command has the options that stand in a line which isn't run."""
    words = shlex.split(text.partition(" | ")[0])
    if words[:1] == ["tachograph"]:
        parser = parser_of(words[1])
        assert parser is not None
        parser.parse_args(words[2:])


def run(example: Example, tachograph: Command) -> str:
    """What the command prints; into the file that the line names, if it does."""
    if _BY_A_SHELL.search(_unquoted(example.text)):
        return run_by_a_shell(example.text)
    text, _, target = example.text.partition(" > ")
    words = shlex.split(text)
    assert words[0] == "tachograph", "no command of ours: run it, or say in LEFT_OUT why it can't be"
    if words[1:3] == ["keys", "revoke"]:  # of those made by the line before
        words[3] = tachograph("keys", "list", "--json").document[0]["id"]
    said = tachograph(*words[1:])
    assert said.code == 0, said.err
    if target:
        path = Path(target).expanduser()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(said.out, encoding="utf-8")
    outputs = [words[place + 1] for place, word in enumerate(words) if word in {"-o", "--output"}]
    assert all(Path(name).stat().st_size for name in outputs)
    return said.out


def run_by_a_shell(text: str) -> str:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("needs bash")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [bash, "-c", text], capture_output=True, text=True, check=False, env={**os.environ, "PATH": path}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _unquoted(text: str) -> str:
    return re.sub(r"'[^']*'|\"[^\"]*\"", "", text)


def test_there_are_examples_and_each_reason_has_some() -> None:
    assert len(EXAMPLES) > 100
    for pattern in LEFT_OUT:
        assert any(re.search(pattern, example.text) for example in EXAMPLES), f"nothing is left out by {pattern}"
