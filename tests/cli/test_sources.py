from __future__ import annotations

import json
import os
from datetime import UTC
from typing import TYPE_CHECKING, Any

import pytest

from cli.made_up import BAD_LINES, HISTORY, metric, transcript_lines, write_log, write_transcript
from tachograph.cli.sources import Overview
from tachograph.sources import source_names
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Command

CHANGED = 1_772_704_800  # 2026-03-05 10:00 UTC


@pytest.fixture(autouse=True)
def ana(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "ana")


def of(tachograph: Command, name: str) -> Any:
    """What is said of one source."""
    (found,) = [each for each in tachograph("sources", "--json").document["sources"] if each["name"] == name]
    return found


def changed_at(path: Path, seconds: int) -> None:
    os.utime(path, (seconds, seconds))


def test_without_logs_or_a_store_it_says_where_they_would_be_and_what_to_do(
    home: Path, tachograph: Command, store_file: Path
) -> None:
    said = tachograph("sources")
    assert (said.code, said.err) == (0, "")
    assert f"{home}/.claude/projects" in said.out
    assert "not there" in said.out
    assert "There are no logs yet." in said.out
    assert "tachograph ingest PATH" in said.out
    assert not store_file.parent.exists()


def test_every_source_is_named_once_with_its_places(home: Path, tachograph: Command, store_file: Path) -> None:
    document = tachograph("sources", "--json").document
    assert document["store"] == {"path": str(store_file), "exists": False}
    assert [each["name"] for each in document["sources"]] == list(source_names())
    assert of(tachograph, "codex") == {
        "name": "codex",
        "title": "Codex CLI",
        "package": None,
        "user": "ana",
        "metrics": 0,
        "lines_rejected": 0,
        "places": [
            {
                "path": f"{home}/.codex/{folder}",
                "exists": False,
                "logs": 0,
                "bytes": 0,
                "newest_change": None,
                "read": 0,
                "new": 0,
                "gone": 0,
            }
            for folder in ("sessions", "archived_sessions")
        ],
        "elsewhere": None,
        "skipped": [],
    }


def test_what_is_there_is_counted_before_it_is_read(home: Path, tachograph: Command) -> None:
    first, second = write_transcript(home), write_transcript(home, "c2")
    changed_at(first, CHANGED)
    changed_at(second, CHANGED - 60)
    found = of(tachograph, "claude-code")
    assert found["places"][0] == {
        "path": f"{home}/.claude/projects",
        "exists": True,
        "logs": 2,
        "bytes": first.stat().st_size + second.stat().st_size,
        "newest_change": "2026-03-05T10:00:00+00:00",
        "read": 0,
        "new": 2,
        "gone": 0,
    }
    assert found["metrics"] == 0
    assert "Nothing was read yet: there is no store at" in tachograph("sources").out


def test_what_was_read_is_told_from_what_is_new(home: Path, tachograph: Command) -> None:
    grown = write_transcript(home)
    write_transcript(home, "c2")
    tachograph("ingest")
    with grown.open("a") as file:
        file.write("{}\n")
    write_transcript(home, "c3")
    found = of(tachograph, "claude-code")
    place = found["places"][0]
    assert (place["logs"], place["read"], place["new"], place["gone"]) == (3, 2, 2, 0)
    assert found["metrics"] == 6
    assert "2 logs with something new: read by tachograph ingest" in tachograph("sources").out
    tachograph("ingest")
    place = of(tachograph, "claude-code")["places"][0]
    assert (place["logs"], place["read"], place["new"]) == (3, 3, 0)
    assert "new: read by" not in tachograph("sources").out


def test_looking_reads_nothing(home: Path, tachograph: Command, store_file: Path) -> None:
    write_transcript(home)
    tachograph("ingest")
    write_transcript(home, "c2")
    before = store_file.read_bytes()
    tachograph("sources")
    assert store_file.read_bytes() == before
    assert of(tachograph, "claude-code")["metrics"] == 3


def test_a_log_that_was_deleted_is_gone_and_one_that_was_moved_is_not(home: Path, tachograph: Command) -> None:
    deleted, moved = write_transcript(home), write_transcript(home, "c2")
    tachograph("ingest")
    deleted.unlink()
    moved.rename(moved.with_name("c9.jsonl"))
    place = of(tachograph, "claude-code")["places"][0]
    assert (place["logs"], place["read"], place["new"], place["gone"]) == (1, 1, 0, 1)
    assert "1 log deleted after the reading: what was read is kept" in tachograph("sources").out


def test_what_was_read_from_elsewhere_is_told_by_source(tmp_path: Path, home: Path, tachograph: Command) -> None:
    write_transcript(home)
    far = tmp_path / "old" / "c7.jsonl"
    far.parent.mkdir()
    far.write_text("".join(f"{line}\n" for line in transcript_lines("c7")))
    changed_at(far, CHANGED)
    tachograph("ingest", far)
    tachograph("ingest", write_log(tmp_path / "logs"))
    tachograph("ingest")
    found = of(tachograph, "claude-code")
    assert (found["places"][0]["read"], found["metrics"]) == (1, 6)
    assert found["elsewhere"] == {
        "logs": 1,
        "bytes": far.stat().st_size,
        "newest_change": "2026-03-05T10:00:00+00:00",
        "gone": 0,
    }
    assert of(tachograph, "metrics-log")["elsewhere"]["logs"] == 1
    assert of(tachograph, "codex")["elsewhere"] is None
    far.unlink()
    assert of(tachograph, "claude-code")["elsewhere"] == {"logs": 0, "bytes": 0, "newest_change": None, "gone": 1}
    assert "elsewhere: logs that were named to tachograph ingest" in tachograph("sources").out


def test_a_log_in_a_place_that_is_only_read_when_it_is_named_is_elsewhere(home: Path, tachograph: Command) -> None:
    odd = write_transcript(home).with_suffix(".txt")
    odd.write_text("".join(f"{line}\n" for line in transcript_lines("c8")))
    tachograph("ingest", odd, "--source", "claude-code")
    found = of(tachograph, "claude-code")
    assert (found["places"][0]["logs"], found["places"][0]["read"], found["elsewhere"]["logs"]) == (1, 0, 1)


def test_rejected_lines_are_those_of_the_source(log: Path, home: Path, tachograph: Command) -> None:
    write_log(log, *HISTORY, *BAD_LINES)
    with write_transcript(home).open("a") as file:
        file.write("{nonsense\n")
    tachograph("ingest")
    rejected = {each["name"]: each["lines_rejected"] for each in tachograph("sources", "--json").document["sources"]}
    assert (rejected["metrics-log"], rejected["claude-code"], rejected["codex"]) == (2, 1, 0)
    assert "3 lines could not be read: tachograph rejects" in tachograph("sources").out


def test_a_log_that_could_not_be_read_is_skipped_with_the_reason(log: Path, tachograph: Command) -> None:
    damaged = log / "metrics_20260302_000000.jsonl.gz"
    damaged.write_bytes(b"\x1f\x8bno gzip after all")
    tachograph("ingest")
    found = of(tachograph, "metrics-log")
    assert (found["places"][0]["logs"], found["places"][0]["read"], found["places"][0]["new"]) == (2, 1, 1)
    (skipped,) = found["skipped"]
    assert skipped["path"] == str(damaged)
    assert f"skipped {damaged}: {skipped['reason']}" in tachograph("sources").out


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
def test_what_may_not_be_read_is_skipped_before_anything_was_read(home: Path, tachograph: Command) -> None:
    closed = write_transcript(home)
    closed.chmod(0)
    folder = home / ".codex" / "sessions"
    folder.mkdir(parents=True)
    folder.chmod(0)
    assert of(tachograph, "claude-code")["skipped"] == [{"path": str(closed), "reason": "Permission denied"}]
    assert of(tachograph, "codex")["skipped"] == [{"path": str(folder), "reason": "Permission denied"}]
    assert of(tachograph, "codex")["places"][0]["exists"] is True
    folder.chmod(0o700)


def test_a_place_that_is_no_folder_is_skipped(
    tmp_path: Path, tachograph: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_log(tmp_path / "logs")
    monkeypatch.setenv("TACHOGRAPH_METRICS", str(file))
    assert of(tachograph, "metrics-log")["skipped"] == [{"path": str(file), "reason": "Not a directory"}]


def test_many_skipped_logs_are_not_all_listed(log: Path, tachograph: Command) -> None:
    for number in range(30):
        (log / f"metrics_20260302_{number:06}.jsonl.gz").write_bytes(b"\x1f\x8bno gzip after all")
    tachograph("ingest")
    assert tachograph("sources").out.splitlines()[-1] == "… and 10 more skipped (--json lists all)"
    assert len(of(tachograph, "metrics-log")["skipped"]) == 30


def test_a_log_in_two_places_is_counted_in_the_first(
    tmp_path: Path, tachograph: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_log(tmp_path / "logs")
    monkeypatch.setenv("TACHOGRAPH_METRICS", f"{tmp_path}/logs,{tmp_path}")
    assert [place["logs"] for place in of(tachograph, "metrics-log")["places"]] == [1, 0]


def test_whose_the_metrics_are(home: Path, tachograph: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / ".claude.json").write_text(json.dumps({"oauthAccount": {"emailAddress": "ana@example.org"}}))
    users = {each["name"]: each["user"] for each in tachograph("sources", "--json").document["sources"]}
    assert (users["claude-code"], users["codex"], users["metrics-log"]) == ("ana@example.org", "ana", None)
    assert "as each metric says" in tachograph("sources").out
    monkeypatch.setenv("TACHOGRAPH_USER", "ben")
    users = {each["name"]: each["user"] for each in tachograph("sources", "--json").document["sources"]}
    assert (users["claude-code"], users["codex"], users["metrics-log"]) == ("ben", "ben", None)


def test_changes_are_told_in_the_readers_zone(home: Path, tachograph: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    changed_at(write_transcript(home), CHANGED)
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    out = tachograph("sources").out
    assert out.startswith("Sources, in Asia/Kolkata\n")
    assert "2026-03-05 15:30" in out
    assert of(tachograph, "claude-code")["places"][0]["newest_change"] == "2026-03-05T15:30:00+05:30"


@pytest.mark.parametrize("nanoseconds", [None, 2**63 * 1000, -(2**63) * 1000])
def test_a_change_that_no_calendar_has_is_none(nanoseconds: int | None) -> None:
    seen = Overview("x", has_store=False, states=[], users={}, zone=UTC)
    assert seen.when(nanoseconds) is None


def test_a_source_that_only_the_store_knows_is_told_too(log: Path, tachograph: Command, store_file: Path) -> None:
    tachograph("ingest")
    with Store.open(store_file) as store:
        store.connection.execute("UPDATE metrics SET source = 'acme'")
        store.connection.execute("UPDATE files SET source = 'acme'")
    found = of(tachograph, "acme")
    assert (found["title"], found["package"], found["user"], found["places"]) == (None, None, None, [])
    assert (found["metrics"], found["elsewhere"]["logs"]) == (9, 1)
    assert "a package that is gone" in tachograph("sources").out


def test_another_store_may_be_named(tmp_path: Path, home: Path, tachograph: Command) -> None:
    write_transcript(home)
    tachograph("ingest", "--home", tmp_path / "other")
    assert of(tachograph, "claude-code")["metrics"] == 0
    document = tachograph("sources", "--json", "--home", tmp_path / "other").document
    assert document["store"] == {"path": f"{tmp_path}/other/tachograph.duckdb", "exists": True}
    assert document["sources"][0]["metrics"] == 3


def test_hostile_names_lose_their_power(tmp_path: Path, tachograph: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "a\x1b[31m\u202e\nb"
    write_log(folder, metric("m", "2026-03-01T00:00:00Z"))
    (folder / "metrics_20260302_000000.jsonl.gz").write_bytes(b"\x1f\x8bno gzip after all")
    monkeypatch.setenv("TACHOGRAPH_METRICS", str(folder))
    monkeypatch.setenv("TACHOGRAPH_USER", "\x1b]0;ana\x07")
    tachograph("ingest")
    out = tachograph("sources").out
    assert all(line.isprintable() for line in out.splitlines())
    assert "a\\x1b[31m\\u202e\\nb" in out
    assert "\\x1b]0;ana\\x07" in out


def test_what_is_asked_wrongly_is_one_line(tachograph: Command) -> None:
    assert "unrecognized arguments: --demo" in tachograph("sources", "--demo").err
