"""The command as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import tachograph
from cli.made_up import HISTORY, metric, write_log

COMMAND = (sys.executable, "-m", "tachograph")
PIPE = subprocess.PIPE


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=60)


def imported(*arguments: str) -> set[str]:
    program = f"import sys; from tachograph.cli.main import main; main({list(arguments)!r}); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return {name.split(".")[0] for name in done.stderr.splitlines()[-1].split()} | set(
        done.stderr.splitlines()[-1].split()
    )


def test_the_version() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"tachograph {tachograph.__version__}\n", "")


def test_the_version_needs_next_to_nothing() -> None:
    assert not imported("--version") & {"argparse", "dataclasses", "_duckdb", "msgspec", "rich", "asyncio", "pathlib"}


def test_json_needs_no_more_than_the_engine(log: Path) -> None:
    run("ingest")
    names = imported("daily", "--json")
    assert "_duckdb" in names
    assert not names & {
        "duckdb",
        "rich",
        "asyncio",
        "platformdirs",
        "tachograph.cli.pages",
        "tachograph.ingest.reader",
        "nanoarrow",
    }


def test_the_exit_code_of_a_mistake_is_that_of_the_process() -> None:
    done = run("daily")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("options", [["--json"], []])
def test_a_reader_that_goes_away_is_no_failure(options: list[str], log: Path) -> None:
    write_log(log, *HISTORY, *(metric(f"m{n}", "2026-03-01T00:00:00Z", session=f"session-{n}") for n in range(3000)))
    with subprocess.Popen([*COMMAND, "sessions", *options], stdout=PIPE, stderr=PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("options", [["--json"], []])
def test_an_answer_that_cannot_be_written_is_a_failure(options: list[str], log: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*COMMAND, "daily", *options], stdout=full, stderr=PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "tachograph: reading or writing failed: No space left on device\n"


def test_nothing_is_imported_from_the_folder_that_one_is_in(log: Path, tmp_path: Path) -> None:
    for name in ("msgspec.py", "queue.py"):
        (tmp_path / name).write_text("raise SystemExit('foreign code')")
    program = "from tachograph.cli.main import main; raise SystemExit(main(sys.argv[1:]))"
    for command in ("daily", "doctor"):
        done = subprocess.run(
            [sys.executable, "-P", "-c", f"import sys; {program}", command],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")


def test_two_at_once_read_everything_once(log: Path) -> None:
    both = [subprocess.Popen([*COMMAND, "daily", "--json"], stdout=PIPE, stderr=PIPE, text=True) for _ in range(2)]
    answers = [process.communicate(timeout=120) for process in both]
    assert answers[0] == answers[1]
    assert '"total_metrics": 9' in answers[0][0]
    assert [process.returncode for process in both] == [0, 0]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no such device")
@pytest.mark.parametrize("command", ["--help", "--version", "daily --help"])
def test_help_that_cannot_be_written_is_no_success(command: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(["tachograph", *command.split()], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert b"No space left" in done.stderr
