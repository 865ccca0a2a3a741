"""The examples of the manual are answered by a real server."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from cli.made_up import metric
from served import Served

if TYPE_CHECKING:
    from collections.abc import Iterator

MANUAL = Path(__file__).parents[2] / "docs" / "http-api.md"
EXAMPLES = re.findall(r"^curl .*$", MANUAL.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("home")) as made:
        lines = "\n".join(metric(f"{number}", f"2026-03-0{1 + number % 5}T09:00:00Z") for number in range(20))
        headers = {"content-type": "application/x-ndjson"}
        assert made.ask("POST", "/api/v1/records", lines.encode(), headers)[0] == 200
        made.wait_until_stored()
        yield made


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_answered(server: Served, example: str) -> None:
    command = example.replace("curl ", "curl --silent --show-error --fail-with-body ", 1)
    command = command.replace("http://127.0.0.1:4318", server.url)
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert isinstance(msgspec.json.decode(done.stdout), dict)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 10
