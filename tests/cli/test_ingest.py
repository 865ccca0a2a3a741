from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cli.made_up import BAD_LINES, HISTORY, metric, transcript_lines, write_log, write_transcript

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Command


def test_a_folder_is_read_once(tmp_path: Path, tachograph: Command) -> None:
    folder = write_log(tmp_path / "logs").parent
    first, second = tachograph("ingest", folder), tachograph("ingest", folder)
    assert first.out.startswith("Read 1 file (")
    assert first.out.endswith("): 9 new metrics; 0 files unchanged.\n")
    assert second.out == "Read 0 files (0 B): 0 new metrics; 1 file unchanged.\n"
    assert (first.code, first.err, second.code, second.err) == (0, "", 0, "")


def test_without_a_path_it_reads_the_known_places(home: Path, log: Path, tachograph: Command) -> None:
    write_transcript(home)
    said = tachograph("ingest", "--json").document
    assert (said["files_read"], said["files_unchanged"], said["skipped"]) == (2, 0, [])
    assert tachograph("ingest", "--json").document["files_unchanged"] == 2


def test_a_source_narrows_the_known_places(home: Path, log: Path, tachograph: Command) -> None:
    write_transcript(home)
    assert tachograph("ingest", "--source", "claude-code", "--json").document["files_read"] == 1


def test_the_document_says_all_that_was_done(tmp_path: Path, tachograph: Command) -> None:
    log = write_log(tmp_path / "logs", *HISTORY, *BAD_LINES)
    with log.open("a") as file:
        file.write('{"id":"unfin')
    assert tachograph("ingest", log, "--json").document == {
        "files_read": 1,
        "files_unchanged": 0,
        "bytes_read": log.stat().st_size,
        "metrics_added": 9,
        "lines_rejected": 2,
        "unfinished": 1,
        "skipped": [],
    }


def test_what_needs_attention_is_said(tmp_path: Path, tachograph: Command) -> None:
    log = write_log(tmp_path / "logs", *HISTORY, *BAD_LINES)
    with log.open("a") as file:
        file.write('{"id":"unfin')
    (log.parent / "other.json").write_text("{}\n")
    damaged = log.parent / "metrics_20260302_000000.jsonl.gz"
    damaged.write_bytes(b"\x1f\x8bno gzip after all")
    lines = tachograph("ingest", log.parent).out.splitlines()
    assert "2 lines could not be read: see tachograph rejects" in lines
    assert "1 file with a last line that isn't whole yet: read when it is." in lines
    assert f"skipped {log.parent}/other.json: in no known format" in lines
    assert any(line.startswith(f"skipped {damaged}: ") for line in lines)


def test_a_line_that_was_not_whole_is_read_when_it_is(tmp_path: Path, tachograph: Command) -> None:
    log = write_log(tmp_path / "logs")
    line = metric("late", "2026-03-09T00:00:00Z")
    with log.open("a") as file:
        file.write(line[:20])
    assert tachograph("ingest", log, "--json").document["metrics_added"] == 9
    with log.open("a") as file:
        file.write(line[20:] + "\n")
    assert tachograph("ingest", log, "--json").document["metrics_added"] == 1


def test_a_format_can_be_forced(tmp_path: Path, tachograph: Command) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("\n".join(["# notes"] * 50 + transcript_lines()) + "\n")
    assert tachograph("ingest", file, "--source", "claude-code", "--json").document["metrics_added"] > 0


def test_many_skipped_files_are_not_all_listed(tmp_path: Path, tachograph: Command) -> None:
    folder = write_log(tmp_path / "logs").parent
    for number in range(30):
        (folder / f"{number}.json").write_text("{}\n")
    lines = tachograph("ingest", folder).out.splitlines()
    assert lines[-1] == "… and 10 more skipped (--json lists all)"
    assert len(lines) == 22
    assert len(tachograph("ingest", folder, "--json").document["skipped"]) == 30


def test_rejects_are_listed_as_compilers_do(tmp_path: Path, tachograph: Command) -> None:
    log = write_log(tmp_path / "logs", HISTORY[0], *BAD_LINES)
    tachograph("ingest", log)
    lines = tachograph("rejects").out.splitlines()
    assert lines[0].startswith(f"{log}:2: not JSON")
    assert lines[1:] == [f"{log}:3: no timestamp"]
    first, second = tachograph("rejects", "--json").document
    assert (first["path"], first["line"], first["offset"]) == (str(log), 2, len(HISTORY[0]) + 1)
    assert second == {
        "path": str(log),
        "line": 3,
        "offset": len("\n".join([HISTORY[0], BAD_LINES[0]])) + 1,
        "reason": "no timestamp",
    }


def test_no_rejects_are_said_to_be_none(log: Path, tachograph: Command, store_file: Path) -> None:
    for _ in range(2):
        assert tachograph("rejects").out == "No line was refused.\n"
        assert tachograph("rejects", "--json").document == []
        assert store_file.exists() == bool(_)
        tachograph("daily")


def test_a_rejected_line_cannot_command_the_terminal(tmp_path: Path, tachograph: Command) -> None:
    bad = json.dumps(
        {"id": "x", "timestamp": "2026-03-01T00:00:00Z", "type": "\x1b[31mred\u202e\n"}, ensure_ascii=False
    )
    log = write_log(tmp_path / "a\x1b[0m\nb", HISTORY[0], bad)
    out = tachograph("ingest", log).out + tachograph("rejects").out
    assert out.count("\n") == 3
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "a\\x1b[0m\\nb" in out
