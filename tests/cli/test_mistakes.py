"""A mistake is one line that says what, where and what to do, with exit code 2; never a traceback."""

from __future__ import annotations

import os
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from cli.made_up import write_log, write_transcript
from tachograph import Store
from tachograph.aggregate import compute

if TYPE_CHECKING:
    from cli.conftest import Command

MISTAKES = (
    (["daily", "--timezone", "Mars/Olympus"], "there is no time zone 'Mars/Olympus' (give an IANA name such as Europe/Rome)"),
    (["daily", "--since", "2026-03-02", "--until", "2026-03-01"], "--until 2026-03-01 is before --since 2026-03-02 (swap them)"),
    (["daily", "--since", "2026-03-02T00:00", "--until", "2026-03-01T23:59"], "--until 2026-03-01T23:59 is before --since 2026-03-02T00:00 (swap them)"),
    (["daily", "--since", "2026-02-30"], "--since: '2026-02-30' is no date or moment of the calendar"),
    (["daily", "--until", "2026-W10"], "--until: '2026-W10' is no date or moment of the calendar"),
    (["daily", "--until", "soon"], "--until: 'soon' is no date or moment of the calendar"),
    (["daily", "--since", "0001-01-01T00:00+14:00"], "--since: '0001-01-01T00:00+14:00' is outside the years 1 to 9999"),
    (["daily", "--type", "tooluse"], "there is no type of metric 'tooluse' (known are agent_execution, "),
    (["daily", "--source", "claude"], "there is no source 'claude' (known are claude-code, codex, copilot-cli, gemini-cli, opencode, metrics-log)"),
    (["summary", "--type", "tooluse"], "there is no type of metric 'tooluse'"),
    (["ingest", "--source", "claude"], "there is no source 'claude'"),
    (["ingest", "--source", "metrics-log"], "no logs of metrics log on this machine"),
    (["ingest", "no/such/log"], "no/such/log: no such file or folder"),
    (["daily", "--no-ingest"], "there is no store yet (leave out --no-ingest"),
)  # fmt: skip


@pytest.mark.parametrize(("arguments", "words"), MISTAKES)
def test_a_mistake(arguments: list[str], words: str, store_file: Path, tachograph: Command) -> None:
    assert words in tachograph.mistake(*arguments)
    assert not store_file.exists()


def test_no_logs_says_what_was_looked_for_and_what_to_do(store_file: Path, tachograph: Command) -> None:
    for command in ("daily", "users", "ingest"):
        assert tachograph.mistake(command) == (
            "tachograph: no logs of Claude Code, Codex CLI, Copilot CLI, Gemini CLI, OpenCode, metrics log on this machine "
            "('tachograph sources' says where they would be; read others with 'tachograph ingest PATH', or look around with 'tachograph summary --demo')"
        )
    assert not store_file.exists()


def test_an_empty_store_is_no_answer(store_file: Path, tachograph: Command) -> None:
    Store.open(store_file).close()
    assert "no logs of Claude Code" in tachograph.mistake("daily")
    assert "nothing was read into the store yet" in tachograph.mistake("daily", "--no-ingest")


def test_a_folder_without_logs(tmp_path: Path, store_file: Path, tachograph: Command) -> None:
    assert "no logs of a known agent in it" in tachograph.mistake("ingest", tmp_path)
    assert not store_file.exists()


def test_a_file_in_no_known_format(tmp_path: Path, tachograph: Command) -> None:
    (tmp_path / "notes.txt").write_text("dear diary\n")
    assert "in no known format" in tachograph.mistake("ingest", tmp_path / "notes.txt")


USAGE = (
    (["dayly"], "there is no command 'dayly'; did you mean daily?"),
    (["frobnicate"], "there is no command 'frobnicate'"),
    (["--home", "x", "daily"], "options come after the command: tachograph daily …"),
    (["--frob"], "unrecognized arguments: --frob"),
    (["daily", "--frob"], "unrecognized arguments: --frob"),
    (["daily", "--jso"], "unrecognized arguments: --jso"),
    (["daily", "--tool"], "argument --tool: expected one argument"),
    (["tools", "--fill"], "unrecognized arguments: --fill"),
    (["rejects", "\x1b[31m"], "unrecognized arguments: \\x1b[31m"),
)


@pytest.mark.parametrize(("arguments", "words"), USAGE)
def test_arguments_that_make_no_sense_are_one_line_after_the_usage(
    arguments: list[str], words: str, tachograph: Command
) -> None:
    said = tachograph(*arguments)
    assert (said.code, said.out) == (2, "")
    usage, line = said.err.splitlines()
    assert usage.startswith("usage: tachograph ")
    assert line == f"tachograph: {words}"


def test_a_home_that_is_a_file(log: Path, tmp_path: Path, tachograph: Command) -> None:
    (tmp_path / "file").write_text("")
    assert "choose another with --home" in tachograph.mistake("daily", "--home", tmp_path / "file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may do anything")
def test_a_home_without_permission(log: Path, tmp_path: Path, tachograph: Command) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0)
    assert "ermission denied" in tachograph.mistake("daily", "--home", locked)


def test_a_home_that_the_system_refuses(log: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", refuse)
    assert tachograph.mistake("rejects").endswith("Permission denied (choose another store with --home)")


def test_a_damaged_store(log: Path, store_file: Path, tachograph: Command) -> None:
    store_file.parent.mkdir()
    store_file.write_bytes(b"no database" * 1000)
    for command in ("daily", "summary", "ingest", "rejects"):
        line = tachograph.mistake(command)
        assert line.startswith(f"tachograph: {store_file}: DuckDB can't open it: ")


def test_another_database(log: Path, store_file: Path, tachograph: Command) -> None:
    store_file.parent.mkdir()
    with duckdb.connect(str(store_file)) as other:
        other.execute("CREATE TABLE birds (name VARCHAR)")
    assert "not a store of Tachograph's" in tachograph.mistake("daily")


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (
            duckdb.IOException("IO Error: No space left on device\nmore"),
            "No space left on device (free some disk space, allo",
        ),
        (duckdb.OutOfMemoryException("Out of Memory Error: too little"), "too little (free some disk space, allo"),
        (
            duckdb.FatalException("FATAL Error: checksum\nmore"),
            "checksum (if it is damaged, 'tachograph doctor --repair'",
        ),
        (PermissionError(13, "Permission denied", "/tmp/x"), "/tmp/x: Permission denied (choose another store"),  # noqa: S108 - a name alone
    ],
)
def test_trouble_while_asking(
    trouble: Exception, words: str, log: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    def fail(*_: object) -> None:
        raise copy(trouble)  # its own keeps what it met alive, and connections should end before the interpreter

    monkeypatch.setattr(compute, "compute", fail)
    assert words in tachograph.mistake("daily")


@pytest.mark.parametrize(
    "stop", [KeyboardInterrupt(), RuntimeError("Query interrupted"), duckdb.InterruptException("INTERRUPT Error")]
)
def test_an_interrupted_command_ends_quietly_and_the_store_stays_good(
    stop: BaseException, log: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    def interrupted(*_: object) -> None:
        raise copy(stop)

    with monkeypatch.context() as patch:
        patch.setattr("tachograph.ingest.reader.doing", interrupted)
        said = tachograph("daily")
        assert (said.code, said.out, said.err) == (130, "", "")
    assert tachograph("daily", "--json").document["total_metrics"] == 9


def test_a_fault_of_the_program_is_not_hidden(log: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(compute, "compute", fail)
    with pytest.raises(ZeroDivisionError):
        tachograph("daily")


def test_logs_that_cannot_be_read_are_not_no_logs(
    home: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    path = write_transcript(home)

    def refuse(_: str) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tachograph.ingest.plan.is_compressed", refuse)
    monkeypatch.setattr("tachograph.ingest.plan.os.access", lambda *_: False)
    assert tachograph.mistake("daily") == (
        f"tachograph: {path}: no log could be read; the first of 1 trouble: Permission denied"
    )


def test_a_log_without_any_metric_is_an_empty_answer(home: Path, tachograph: Command) -> None:
    write_log(home / ".claude" / "projects", '{"type":"summary"}', name="x.jsonl")
    said = tachograph("daily")
    assert said.code == 0
    assert "Nothing was recorded" in said.out
