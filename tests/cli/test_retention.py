"""`tachograph retention`: what it shows, plans and does, and that an answer says what became of old metrics."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from cli.made_up import HISTORY, LOG_NAME, metric, write_log
from tachograph.retention.policy_file import EXAMPLE
from there import address_here, on_clickhouse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cli.conftest import Command

OLDER = "metrics_20260201_000000.jsonl"


@pytest.fixture
def policy_file(store_file: Path) -> Path:
    store_file.parent.mkdir(parents=True)
    return store_file.parent / "retention.toml"


@pytest.fixture
def old_log(log: Path) -> Path:
    """The log with a file before its last one, last changed a hundred days ago."""
    path = write_log(log, metric("o1", "2026-02-01T10:00:00Z", tool_name="Bash", duration_ms=40), name=OLDER)
    then = (datetime.now(UTC) - timedelta(days=100)).timestamp()
    os.utime(path, (then, then))
    return log


@pytest.fixture
def engine() -> Iterator[None]:
    """ClickHouse's engine, which keeps what it has for as long as somebody is connected."""
    with on_clickhouse():
        yield


# What is in force


def test_without_a_policy_an_example_is_shown(store_file: Path, tachograph: Command) -> None:
    said = tachograph("retention", "show")
    assert said.code == 0
    assert said.out.startswith("There is no retention policy: everything is kept.")
    assert str(store_file.parent / "retention.toml") in said.out
    assert said.out.endswith(EXAMPLE)
    assert tachograph("retention", "show", "--json").document["policy"] is None
    assert not store_file.parent.exists()


def test_the_policy_in_force_is_shown(policy_file: Path, tachograph: Command) -> None:
    policy_file.write_text('[logs]\nkeep_files = 5\n[store]\ndelete_after = "90d"\n')
    shown = tachograph("retention", "show").out
    assert "logs.keep_files = 5" in shown
    assert "store.delete_after = 90d   (keep only sums of metrics of this age)" in shown
    assert tachograph("retention", "show", "--json").document == {
        "path": str(policy_file),
        "policy": {"logs": {"keep_files": "5"}, "store": {"delete_after": "90d"}},
    }
    policy_file.write_text("")
    assert "it says nothing: everything is kept" in tachograph("retention", "show").out


MISTAKES: tuple[tuple[list[str], str], ...] = (
    ([], "there is no retention policy yet ('tachograph retention show' prints an example; or say it with options)"),
    (["--keep-size", "2"], "--keep-size: '2' can't be meant (give a number with B, kB, MB, GB or TB"),
    (["--archive-to", ""], "--archive-to: '' can't be meant (give the whole path of a folder"),
    (["--resolution", "day"], "--resolution: it says how sums are kept, but not after how long"),
    (["--compress-after", "2d", "--delete-logs-after", "1d"], "--delete-logs-after: delete_after isn't later than"),
)


@pytest.mark.parametrize("action", ["plan", "apply"])
@pytest.mark.parametrize(("options", "words"), MISTAKES)
def test_a_mistake(options: list[str], words: str, action: str, store_file: Path, tachograph: Command) -> None:
    assert words in tachograph.mistake("retention", action, *options)
    assert not store_file.parent.exists()


def test_a_mistake_in_the_file_is_told_by_every_action(policy_file: Path, tachograph: Command) -> None:
    policy_file.write_text('[logs]\ncompress_after = "2 fortnights"\n')
    for action in ("show", "plan", "apply"):
        assert f"{policy_file}: logs.compress_after: '2 fortnights' can't be meant" in tachograph.mistake(
            "retention", action
        )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [([], "the following arguments are required: ACTION"), (["aply"], "argument ACTION: invalid choice: 'aply'")],
)
def test_an_action_has_to_be_named(arguments: list[str], words: str, tachograph: Command) -> None:
    said = tachograph("retention", *arguments)
    assert (said.code, said.out) == (2, "")
    assert words in said.err


# Planning and doing


def test_where_nothing_is_there_nothing_is_to_be_done(tachograph: Command) -> None:
    for action in ("plan", "apply"):
        said = tachograph("retention", action, "--keep-files", "5", "--delete-detail-after", "1d", "--json")
        assert said.code == 0
        assert (said.document["logs"]["steps"], said.document["detail"]) == ([], None)
    assert "nothing to do." in tachograph("retention", "plan", "--keep-files", "5").out


def test_a_plan_touches_nothing_and_apply_does_it(old_log: Path, policy_file: Path, tachograph: Command) -> None:
    policy_file.write_text('[logs]\ncompress_after = "5d"\n[store]\ndelete_after = "30d"\n')
    assert tachograph("daily").code == 0
    plan = tachograph("retention", "plan").out
    assert f"The metrics log in {old_log}: 1 file (" in plan
    assert f"  compress {OLDER} (" in plan
    assert "10 metrics would be condensed, to sums by day in UTC." in plan
    assert sorted(path.name for path in old_log.iterdir()) == [OLDER, LOG_NAME]
    done = tachograph("retention", "apply")
    assert (done.code, done.err) == (0, "")
    assert f"  compressed {OLDER} (" in done.out
    assert "10 metrics condensed, to sums by day in UTC." in done.out
    assert sorted(path.name for path in old_log.glob("metrics*")) == [f"{OLDER}.zst", LOG_NAME]
    again = tachograph("retention", "apply", "--json").document
    assert (again["logs"]["steps"], again["detail"]["metrics"]) == ([], 0)


def test_options_say_otherwise_than_the_file(old_log: Path, policy_file: Path, tachograph: Command) -> None:
    policy_file.write_text('[logs]\ncompress_after = "5d"\n')
    tachograph("daily")
    assert tachograph("retention", "plan", "--json").document["logs"]["steps"][0]["action"] == "compress"
    other = tachograph("retention", "plan", "--json", "--compress-after", "200d").document
    assert other["logs"]["steps"] == []


def test_what_the_store_takes_is_what_was_written_last_too(log: Path, store_file: Path, tachograph: Command) -> None:
    tachograph("ingest")
    taken = sum(file.stat().st_size for file in store_file.parent.glob("tachograph.duckdb*"))
    assert taken > store_file.stat().st_size
    said = tachograph("retention", "apply", "--delete-detail-after", "1d", "--json")
    assert said.document["detail"]["store_bytes_before"] == taken


def test_what_was_not_read_is_kept_unless_asked_for(old_log: Path, tachograph: Command) -> None:
    delete = ("retention", "apply", "--delete-logs-after", "50d")
    assert f"keep {OLDER}: it wasn't read to its end yet" in tachograph(*delete).out
    assert (old_log / OLDER).exists()
    assert f"deleted {OLDER}" in tachograph(*delete, "--unread").out
    assert not (old_log / OLDER).exists()


def test_what_could_not_be_done_is_told_with_code_2(old_log: Path, tmp_path: Path, tachograph: Command) -> None:
    (tmp_path / "archive").write_text("a file")
    tachograph("daily")
    said = tachograph("retention", "apply", "--archive-after", "50d", "--archive-to", tmp_path / "archive")
    assert said.code == 2
    assert said.err.startswith(f"tachograph: {OLDER} (")
    assert "File exists" in said.err or "Not a directory" in said.err


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("named_by", ["--store", "TACHOGRAPH_STORE"])
def test_a_store_on_clickhouse_is_condensed_and_knows_which_files_were_read(
    named_by: str, old_log: Path, store_file: Path, tachograph: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = address_here()
    options = ("--store", there) if named_by == "--store" else ()
    if not options:
        monkeypatch.setenv(named_by, there)
    policy = ("--compress-after", "5d", "--delete-detail-after", "30d", *options)
    assert f"keep {OLDER}: it wasn't read to its end yet" in tachograph("retention", "plan", *policy).out
    before = tachograph("daily", "--json", *options).document
    plan = tachograph("retention", "plan", *policy).out
    assert f"  compress {OLDER} (" in plan
    assert "10 metrics would be condensed, to sums by day in UTC." in plan
    done = tachograph("retention", "apply", "--json", *policy)
    assert (done.code, done.err) == (0, "")
    detail = done.document["detail"]
    assert (detail["metrics"], detail["store_trouble"]) == (10, None)
    assert 0 < detail["store_bytes_before"] != detail["store_bytes_after"] > 0
    assert (old_log / f"{OLDER}.zst").exists()
    again = tachograph("retention", "apply", "--json", *policy).document
    assert (again["logs"]["steps"], again["detail"]["metrics"]) == ([], 0)
    after = tachograph("daily", "--json", *options).document
    assert (after["time_series"], after["condensed"]["metrics"]) == (before["time_series"], 10)
    assert tachograph("ingest", "--json", *options).document["files_read"] == 0
    assert not store_file.exists()


def test_a_server_that_does_not_answer_is_told_and_no_file_is_touched(old_log: Path, tachograph: Command) -> None:
    apply = ("retention", "apply", "--delete-logs-after", "50d", "--store", "clickhouse://ana:secret@127.0.0.1:9/x")
    said = tachograph.mistake(*apply)
    assert "clickhouse://127.0.0.1:9/x: ClickHouse doesn't answer" in said
    assert "secret" not in said
    assert (old_log / OLDER).exists()


# What an answer says of it


def test_an_answer_says_what_of_it_are_sums(log: Path, tachograph: Command) -> None:
    alike = metric("a6", "2026-03-01T12:30:00Z", tool_name="Read", duration_ms=20, success=True)  # in another hour
    write_log(log, *HISTORY, alike)
    before = tachograph("daily", "--json")
    assert before.err == ""
    assert tachograph("retention", "apply", "--delete-detail-after", "30d").code == 0
    after = tachograph("daily", "--json")
    sums = "of 10 metrics from before 2026-03-04T00:00:00+00:00 only sums by day in UTC are kept"
    assert after.err.splitlines() == [f"{sums}; percentiles of durations are within 1 %"]
    assert after.document["condensed"]["metrics"] == 10
    assert after.document["time_series"] == before.document["time_series"]
    assert tachograph("daily").err == after.err  # remembered, too
    assert tachograph("hourly").err.endswith("; 2 may belong to another row, or beyond the range\n")


def test_reading_a_log_again_after_it_was_condensed_adds_nothing(
    log: Path, tmp_path: Path, tachograph: Command
) -> None:
    tachograph("daily")
    tachograph("retention", "apply", "--delete-detail-after", "30d")
    again = write_log(tmp_path / "copy", *HISTORY, metric("new", "2026-03-01T10:00:00Z", tool_name="Bash"))
    said = tachograph("ingest", again, "--json").document
    assert (said["files_read"], said["metrics_added"]) == (1, 1)
    assert tachograph("sources", "--json").code == 0
    assert tachograph("daily", "--json").document["total_metrics"] == len(HISTORY) + 1
