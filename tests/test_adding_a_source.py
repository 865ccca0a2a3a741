"""The example of docs/adding-a-source.md is run as it stands there, and packages that add a source wrongly."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

PAGE: Final = Path(__file__).parents[1] / "docs" / "adding-a-source.md"
EXAMPLE: Final = re.compile(r"^\*\*`([^`\n]+)`\*\*\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
"""A name in bold, and after it what has that name: a file, or what a command prints."""
LOG: Final = "~/.acme/sessions/s1.jsonl"
MODULE: Final = "src/tachograph_acme/__init__.py"

CLASS: Final = """
class Other:
    name = {name!r}
    title = "Other"
    merging = names_users = False
    reading = "lines"

    def places(self, environment, home):
        return []
"""


def examples() -> dict[str, str]:
    return dict(EXAMPLE.findall(PAGE.read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Machine:
    """A home, a folder of installed packages, and the command in a process of its own."""

    home: Path
    packages: Path

    def install(self, name: str, module: str, text: str, entries: dict[str, str]) -> None:
        """Puts a package where installers put it, with what they write beside it."""
        folder = self.packages / module
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(text, encoding="utf-8")
        info = self.packages / f"{name.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = "".join(f"{entry} = {value}\n" for entry, value in entries.items())
        (info / "entry_points.txt").write_text(f"[tachograph.sources]\n{lines}")
        (info / "RECORD").write_text(f"{module}/__init__.py,,\n{info.name}/METADATA,,\n")

    def run(self, *arguments: str, program: tuple[str, ...] = ("-m", "tachograph")) -> subprocess.CompletedProcess[str]:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("ACME_", "TACHOGRAPH_"))
        }
        environment |= {
            "HOME": str(self.home),
            "TACHOGRAPH_HOME": str(self.home / "store"),
            "PYTHONPATH": str(self.packages),
            "TZ": "UTC",
            "LOGNAME": "ana",
        }
        return subprocess.run(
            [sys.executable, *program, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env=environment,
            cwd=self.home,
        )

    def document(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0
        return json.loads(done.stdout)

    def mistake(self, *arguments: str) -> str:
        """The one line in which a mistake is told."""
        done = self.run(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        (line,) = done.stderr.splitlines()
        return line


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "home").mkdir()
    return Machine(tmp_path / "home", tmp_path / "packages")


@pytest.fixture
def acme(machine: Machine) -> Machine:
    """One with the example's package and log."""
    files = examples()
    project = tomllib.loads(files["pyproject.toml"])["project"]
    assert project["version"] == "1.0"
    entries = project["entry-points"]["tachograph.sources"]
    machine.install(project["name"], Path(MODULE).parent.name, files[MODULE], entries)
    log = machine.home / LOG.removeprefix("~/")
    log.parent.mkdir(parents=True)
    log.write_text(files[LOG], encoding="utf-8")
    return machine


def test_the_example_is_read_as_the_page_says(acme: Machine) -> None:
    for command in ("tachograph ingest", "tachograph rejects"):
        said = acme.run(*command.split()[1:])
        assert (said.returncode, said.stderr) == (0, "")
        assert said.stdout.replace(str(acme.home), "~") == examples()[command]


def test_the_example_comes_to_the_figures_that_its_log_has(acme: Machine) -> None:
    daily = acme.document("daily")
    assert daily["total_metrics"] == 4
    assert [(row["timestamp"][:10], row["tokens"], row["sessions"]) for row in daily["time_series"]] == [
        ("2026-03-02", 1290, 1)
    ]
    tokens = daily["token_stats"]
    kinds = ("input_tokens", "cache_read_tokens", "output_tokens", "total")
    assert [tokens[kind] for kind in kinds] == [200, 1000, 90, 1290]
    assert daily["success_metrics"]["failure_count"] == 1
    tools = {row["tool"]: row for row in acme.document("tools")["time_series"]}
    assert (tools["Shell"]["failure"], tools["Shell"]["total_duration_ms"]) == (1, 2500)
    assert (tools["Edit"]["count"], tools["Edit"]["success"], tools["Edit"]["failure"]) == (1, 0, 0)
    (project,) = acme.document("projects")["time_series"]
    assert (project["project_path"], project["metrics_count"]) == ("/srv/shop", 4)
    (user,) = acme.document("users", "--source", "acme")["time_series"]
    assert user["user_id"] == "ana"


def test_the_example_is_among_the_sources(acme: Machine) -> None:
    acme.run("ingest")
    first, *others = acme.document("sources")["sources"]
    assert (first["name"], first["title"], first["package"], first["user"]) == (
        "acme",
        "Acme",
        "tachograph-acme",
        "ana",
    )
    assert (first["metrics"], first["lines_rejected"]) == (4, 1)
    (place,) = first["places"]
    assert (place["path"], place["logs"], place["read"], place["new"]) == (f"{acme.home}/.acme/sessions", 1, 1, 0)
    assert {other["package"] for other in others} == {None}
    assert "tachograph-acme" in acme.run("sources").stdout


def test_the_example_is_recognised_wherever_it_lies(acme: Machine) -> None:
    log = acme.home / LOG.removeprefix("~/")
    elsewhere = log.rename(acme.home / "copied.jsonl")
    assert acme.document("ingest", str(elsewhere))["metrics_added"] == 4
    assert acme.document("sources")["sources"][0]["elsewhere"]["logs"] == 1


def test_reading_it_in_parts_comes_to_the_same(acme: Machine) -> None:
    log = acme.home / LOG.removeprefix("~/")
    lines = log.read_text().splitlines(keepends=True)
    answers = set()
    for end in (3, 5, 7):  # within a reply, within a call, and before the last line
        log.write_text("".join(lines[:end]))
        store = f"store{end}"
        acme.run("ingest", "--home", store)
        log.write_text("".join(lines))
        answers.add(acme.run("tools", "--json", "--home", store).stdout)
        log.unlink()
    assert len(answers) == 1


def test_worker_processes_find_it_too(acme: Machine) -> None:
    """Logs that are large enough to be read by several processes."""
    folder = acme.home / ".acme" / "sessions"
    text = "x" * 500_000
    for number in range(60):
        line = {"at": "2026-03-02T09:00:00Z", "kind": "session", "session": f"large{number}", "text": text}
        (folder / f"large{number}.jsonl").write_text(json.dumps(line) + "\n")
    program = (
        "import sys; from tachograph.cli.main import main; import tachograph.ingest.workers as workers;"
        "started = workers._start; count = [];"
        "workers._start = lambda: (count.append(1), started())[1];"
        "code = main(['ingest', '--json']); print(len(count), file=sys.stderr); sys.exit(code)"
    )
    done = acme.run(program=("-c", program))
    assert done.returncode == 0
    assert json.loads(done.stdout)["metrics_added"] == 64
    if (os.cpu_count() or 1) > 1:
        assert int(done.stderr) > 1


@pytest.mark.parametrize("command", ["sources", "daily", "ingest"])
def test_a_source_that_cannot_be_imported_is_a_mistake_of_its_package(machine: Machine, command: str) -> None:
    machine.install("broken", "broken", "import there_is_no_such_module\n", {"acme": "broken:Acme"})
    assert machine.mistake(command) == (
        "tachograph: the source 'acme' of the package broken can't be loaded: ModuleNotFoundError: "
        "No module named 'there_is_no_such_module' (mend or uninstall that package)"
    )


@pytest.mark.parametrize("value", ["other:Missing", "other:NUMBER", "missing:Other"])
def test_a_source_that_is_none_is_a_mistake_of_its_package(machine: Machine, value: str) -> None:
    machine.install("other", "other", f"NUMBER = 5\n{CLASS.format(name='acme')}", {"acme": value})
    assert machine.mistake("sources").startswith("tachograph: the source 'acme' of the package other can't be loaded: ")


@pytest.mark.parametrize("name", ["codex", "metrics-log"])
def test_a_source_with_the_name_of_a_built_in_one_is_a_mistake(machine: Machine, name: str) -> None:
    machine.install("other", "other", CLASS.format(name=name), {name: "other:Other"})
    line = machine.mistake("sources")
    assert line == f"tachograph: the package other adds a source {name!r}, which there is already"


def test_two_packages_with_a_source_of_the_same_name_are_a_mistake(machine: Machine) -> None:
    for package in ("one", "two"):
        machine.install(package, package, CLASS.format(name="acme"), {"acme": f"{package}:Other"})
    assert machine.mistake("sources") == "tachograph: the package two adds a source 'acme', which there is already"


@pytest.mark.parametrize(("text", "named"), [(CLASS.format(name="acne"), "'acne'"), ("class Other: ...\n", "None")])
def test_a_source_whose_class_has_another_name_is_a_mistake(machine: Machine, text: str, named: str) -> None:
    machine.install("other", "other", text, {"acme": "other:Other"})
    line = machine.mistake("sources")
    assert line == f"tachograph: the package other adds a source as 'acme' that calls itself {named}"


def test_packages_with_other_entry_points_change_nothing(machine: Machine) -> None:
    machine.install("other", "other", "import there_is_no_such_module\n", {})
    assert machine.run("sources").returncode == 0
