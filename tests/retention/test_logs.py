"""Each rule of a policy on the files of a made-up log, at a made-up moment; and doing it, however often it is killed."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cli.made_up import metric
from tachograph.errors import BadPolicy, TachographError, UnreadableLog
from tachograph.ingest.plan import find_in_places, plan
from tachograph.ingest.reader import read
from tachograph.ingest.reading import open_plain_or_compressed
from tachograph.retention.detail import plan_detail
from tachograph.retention.files import do, locked
from tachograph.retention.logs import plan_logs
from tachograph.retention.policy import DetailPolicy, LogPolicy, Policy
from tachograph.retention.run import Place, Report, applied, planned
from tachograph.sources import source
from tachograph.store.place import StorePlace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tachograph.retention.logs import LogPlan

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAYS = (300, 100, 40, 10, 1)
"""The ages of the files of a log, the oldest first."""


def days(number: float) -> timedelta:
    return timedelta(days=number)


def name(age: int) -> str:
    return f"metrics_{NOW - days(age):%Y%m%d_%H%M%S}.jsonl"


def lines(age: int) -> str:
    return "".join(f"{metric(f'{age}-{number}', '2026-03-01T09:00:00Z', duration_ms=number)}\n" for number in range(3))


def write(folder: Path, ages: Sequence[int] = DAYS) -> Path:
    """A log of files that were last changed so many days ago."""
    folder.mkdir(parents=True, exist_ok=True)
    for age in ages:
        path = folder / name(age)
        path.write_text(lines(age), encoding="utf-8")
        changed = (NOW - days(age)).timestamp()
        os.utime(path, (changed, changed))
    return folder


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write(tmp_path / "metrics")


@pytest.fixture
def place(log: Path, tmp_path: Path) -> Place:
    """The log, and a store that has read it."""
    place = Place(log, StorePlace(tmp_path / "store" / "tachograph.duckdb"))
    assert ingest(place) == 3 * len(DAYS)
    return place


def ingest(place: Place) -> int:
    """Reads what is new in the log's folder; how many metrics the store has then."""
    with place.store.open() as store:
        found = find_in_places([(source("metrics-log"), place.logs)], [])
        read(store, plan(found, store.files(), []))
        return store.metrics_count()


def wanted(log: Path, *, read: bool = True, **policy: Any) -> list[tuple[str, int, bool]]:
    """The steps of a policy: what, the file's age, and whether it is compressed on its way."""
    ages = {name(age): age for age in DAYS}
    steps = plan_logs(log, LogPolicy(**policy), NOW, lambda _: read).steps
    return [(step.action, ages[step.file.plain_name], step.pack) for step in steps]


# Which files


def test_ages_decide_and_the_newest_file_is_left_alone(log: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    assert wanted(log, compress_after=days(1)) == [("compress", age, True) for age in (300, 100, 40, 10)]
    assert wanted(log, delete_after=days(40)) == [("delete", age, False) for age in (300, 100, 40)]
    assert wanted(log, archive_after=days(99), archive_to=archive) == [("archive", 300, False), ("archive", 100, False)]
    assert wanted(log, compress_after=days(20), archive_after=days(90), archive_to=archive, delete_after=days(200)) == [
        ("delete", 300, True),
        ("archive", 100, True),
        ("compress", 40, True),
    ]
    assert wanted(log) == []


def test_a_file_that_was_read_is_known_however_its_folder_is_spelled(place: Place, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(place.logs)
    elsewhere = Place(tmp_path / "link", place.store)
    before = ingest(place)
    report = applied(elsewhere, Policy(LogPolicy(compress_after=days(20))), NOW)
    assert [done.step.action for done in report.done] == ["compress"] * 3
    assert report.plan.logs.spared == []
    with place.store.open(read_only=True) as store:
        assert sum(path.endswith(".zst") for path in store.files()) == 3
        found = find_in_places([(source("metrics-log"), place.logs)], [])
        assert plan(found, store.files(), []).to_read == []
    assert ingest(place) == before


def test_the_oldest_go_until_the_others_are_within_the_limits(log: Path, tmp_path: Path) -> None:
    size = [(log / name(age)).stat().st_size for age in DAYS]
    assert wanted(log, keep_files=3) == [("delete", 300, False), ("delete", 100, False)]
    assert wanted(log, keep_files=5) == []
    assert wanted(log, keep_size=sum(size)) == []
    assert wanted(log, keep_size=sum(size) - 1) == [("delete", 300, False)]
    assert [age for _, age, _ in wanted(log, keep_size=1)] == [300, 100, 40, 10]
    assert wanted(log, keep_files=4, archive_to=tmp_path / "archive", compress_after=days(90)) == [
        ("archive", 300, True),
        ("compress", 100, True),
    ]
    assert wanted(log, keep_files=3, delete_after=days(99)) == [("delete", 300, False), ("delete", 100, False)]


def test_a_file_that_the_lock_names_may_still_be_written_to(log: Path) -> None:
    (log / ".tachograph.lock").write_text(f"{name(100)}\n")
    plan = plan_logs(log, LogPolicy(delete_after=days(40)), NOW, lambda _: True)
    assert [step.file.path.name for step in plan.steps] == [name(300), name(40)]
    assert [(spared.file.path.name, spared.why) for spared in plan.spared] == [
        (name(100), "it may still be written to")
    ]


def test_the_only_file_may_still_be_written_to(tmp_path: Path) -> None:
    log = write(tmp_path, [300])
    assert wanted(log, delete_after=days(1), keep_size=1) == []


def test_what_is_no_file_of_the_log_is_left_alone(log: Path) -> None:
    (log / "notes.txt").write_text("")
    (log / "metrics_20200101_000000.jsonl.d").mkdir()
    (log / "metrics_20200101_000000.jsonl").symlink_to(log / name(1))
    assert [age for _, age, _ in wanted(log, delete_after=days(40))] == [300, 100, 40]


def test_a_folder_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    assert wanted(tmp_path / "no such folder", delete_after=days(1)) == []


def test_a_folder_that_is_a_file_is_told(log: Path) -> None:
    with pytest.raises(UnreadableLog, match="it can't be listed: Not a directory"):
        wanted(log / name(1), delete_after=days(1))


@pytest.mark.parametrize("archive", [".", "old", "../metrics"])
def test_an_archive_within_the_log_is_refused(log: Path, archive: str) -> None:
    with pytest.raises(BadPolicy, match="the archive lies in the log's own folder"):
        wanted(log, archive_after=days(1), archive_to=log / archive)


def test_a_policy_that_is_refused_changes_nothing_in_the_store_either(place: Place) -> None:
    detail = DetailPolicy(days(1))
    with pytest.raises(BadPolicy):
        applied(place, Policy(LogPolicy(archive_after=days(1), archive_to=place.logs), detail), NOW)
    with place.store.open() as store:
        assert plan_detail(store, detail, NOW).metrics == 15


# Only what was read


def spared(plan: LogPlan) -> list[tuple[str, str]]:
    return [(spared.file.path.name, spared.why) for spared in plan.spared]


def test_a_file_that_was_not_read_is_spared_unless_that_is_said_not_to_matter(log: Path, tmp_path: Path) -> None:
    policy = Policy(LogPolicy(delete_after=days(99)))
    unread = [(name(300), "it wasn't read to its end yet"), (name(100), "it wasn't read to its end yet")]
    place = Place(log, StorePlace(tmp_path / "store" / "tachograph.duckdb"))
    assert spared(planned(place, policy, NOW).logs) == unread  # there is no store at all
    place.store.open().close()
    assert spared(planned(place, policy, NOW).logs) == unread
    ingest(place)
    assert len(planned(place, policy, NOW).logs.steps) == 2
    with (log / name(100)).open("a") as handle:
        handle.write(lines(7))
    os.utime(log / name(100), (0, 0))
    assert spared(planned(place, policy, NOW).logs) == unread[1:]
    assert len(planned(Place(log, place.store, unread=True), policy, NOW).logs.steps) == 2


def test_a_file_that_could_not_be_read_is_spared(tmp_path: Path) -> None:
    log = write(tmp_path / "metrics", [10])
    damaged = log / f"{name(300)}.gz"
    damaged.write_bytes(gzip.compress(lines(300).encode())[:-9])
    os.utime(damaged, (0, 0))
    place = Place(log, StorePlace(tmp_path / "store" / "tachograph.duckdb"))
    ingest(place)
    plan = planned(place, Policy(LogPolicy(delete_after=days(99))), NOW).logs
    assert spared(plan) == [(damaged.name, "it wasn't read to its end yet")]


# Doing it


def apply(place: Place, **policy: Any) -> Report:
    return applied(place, Policy(LogPolicy(**policy)), NOW)


def files(*folders: Path) -> list[str]:
    return sorted(path.name for folder in folders if folder.exists() for path in folder.glob("*metrics*"))


def content(path: Path) -> str:
    with open_plain_or_compressed(str(path)) as handle:
        return handle.read().decode()


@pytest.mark.parametrize(("compress", "suffix"), [("zstd", ".zst"), ("gzip", ".gz")])
def test_a_compressed_file_is_the_same_log_of_the_same_age(place: Place, compress: str, suffix: str) -> None:
    before = (place.logs / name(300)).stat()
    assert not apply(place, compress_after=days(1), compress=compress).failed
    packed = place.logs / f"{name(300)}{suffix}"
    assert files(place.logs) == sorted([*(f"{name(age)}{suffix}" for age in DAYS[:-1]), name(1)])
    assert content(packed) == lines(300)
    assert (packed.stat().st_mtime_ns, packed.stat().st_mode) == (before.st_mtime_ns, before.st_mode)
    assert not apply(place, compress_after=days(1), compress=compress).done
    with place.store.open() as store:  # the ledger knows them, so they aren't read again
        found = find_in_places([(source("metrics-log"), place.logs)], [])
        assert plan(found, store.files(), []).unchanged == len(DAYS)
    assert ingest(place) == 15


def test_a_file_compressed_before_it_was_read_to_its_end_is_read_again(place: Place) -> None:
    with (place.logs / name(300)).open("a") as handle:
        handle.write(lines(301))
    os.utime(place.logs / name(300), (0, 0))
    apply(replace(place, unread=True), compress_after=days(100))
    assert files(place.logs)[0] == f"{name(300)}.zst"
    assert ingest(place) == 18


def test_the_whole_life_of_a_log(place: Place, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    policy: dict[str, Any] = {
        "compress_after": days(20), "archive_after": days(90), "archive_to": archive, "delete_after": days(400)
    }  # fmt: skip
    report = apply(place, **policy)
    assert [(done.step.action, done.to and done.to.name) for done in report.done] == [
        ("archive", f"{name(300)}.zst"),
        ("archive", f"{name(100)}.zst"),
        ("compress", f"{name(40)}.zst"),
    ]
    assert (files(archive), files(place.logs)) == (
        sorted(f"{name(age)}.zst" for age in (300, 100)),
        sorted([f"{name(40)}.zst", name(10), name(1)]),
    )
    assert ingest(place) == 15
    later = applied(place, Policy(LogPolicy(**policy)), NOW + days(101))
    assert [(done.step.action, done.step.file.plain_name) for done in later.done] == [
        ("delete", name(300)),
        ("archive", name(40)),
        ("archive", name(10)),
    ]
    assert not later.plan.logs.spared[:-1]
    assert ingest(place) == 15


def test_deleting_a_log_takes_nothing_out_of_the_store(place: Place) -> None:
    apply(place, delete_after=days(1))
    assert files(place.logs) == [name(1)]
    assert ingest(place) == 15


def test_an_archive_that_is_read_as_a_log_counts_nothing_twice(place: Place, tmp_path: Path) -> None:
    for packed in (True, False):
        archive = tmp_path / f"archive-{packed}"
        age = days(99 if packed else 5)
        apply(place, archive_after=age, archive_to=archive, **({"compress_after": days(1)} if packed else {}))
        assert ingest(Place(archive, place.store)) == 15


def test_another_file_of_that_name_in_the_archive_stays(place: Place, tmp_path: Path) -> None:
    archive = write(tmp_path / "archive", [])
    (archive / name(300)).write_text("mine\n")
    report = apply(place, archive_after=days(90), archive_to=archive)
    assert [failed.why for failed in report.failed] == [f"{archive / name(300)} is there already, and is another"]
    assert [done.step.file.path.name for done in report.done] == [name(100)]
    assert ((archive / name(300)).read_text(), content(place.logs / name(300))) == ("mine\n", lines(300))


def test_what_goes_wrong_with_one_file_keeps_nothing_from_the_others(place: Place, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    (archive / f".{name(300)}.retaining").mkdir(parents=True)
    report = apply(place, archive_after=days(90), archive_to=archive)
    assert [failed.why.rpartition(": ")[2] for failed in report.failed] == ["Is a directory"]
    assert [done.step.file.path.name for done in report.done] == [name(100)]
    assert content(place.logs / name(300)) == lines(300)


def test_a_file_that_is_changed_meanwhile_stays(place: Place) -> None:
    policy = LogPolicy(delete_after=days(99))
    first, second = planned(place, Policy(policy), NOW).logs.steps
    with first.file.path.open("a") as handle:
        handle.write("{}\n")
    second.file.path.unlink()
    for step, why in ((first, "it was changed meanwhile"), (second, "it is gone")):
        with pytest.raises(Exception, match=why):
            list(do(step, policy))
    assert (place.logs / name(300)).exists()


def test_two_do_not_apply_at_once(place: Place) -> None:
    with locked(place.store.path.parent, "retention.lock"), pytest.raises(TachographError, match="is at work"):
        apply(place, delete_after=days(1))
    assert len(apply(place, delete_after=days(1)).done) == 4


# Killed at any moment

STEPS = ("copied", "synced", "renamed", "kept", "unlinked", "done")
LIVES: tuple[dict[str, Any], ...] = (
    {"compress_after": days(20)},
    {"archive_after": days(20)},
    {"archive_after": days(20), "compress_after": days(10)},
    {"delete_after": days(20)},
)


@pytest.mark.parametrize("life", LIVES)
def test_what_was_begun_and_stopped_after_any_step_is_finished_the_next_time(
    life: dict[str, Any], tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    policy = {**life, **({"archive_to": archive} if "archive_after" in life else {})}
    deletes = "delete_after" in life
    for last in STEPS[4 if deletes else 0 :]:
        log = write(tmp_path / last)
        place = Place(log, StorePlace(tmp_path / f"store-{last}" / "tachograph.duckdb"))
        ingest(place)
        step = planned(place, Policy(LogPolicy(**policy)), NOW).logs.steps[0]
        steps = do(step, LogPolicy(**policy))
        while next(steps) != last:
            pass
        steps.close()
        everything = [path for folder in (log, archive) if folder.exists() for path in folder.glob("metrics_*")]
        if not deletes:
            assert lines(300) in [content(path) for path in everything]
        assert ingest(place) == 15
        assert not apply(place, **policy).failed
        assert not apply(place, **policy).done
        assert ingest(place) == 15
        left = [content(path) for folder in (log, archive) if folder.exists() for path in folder.glob("metrics_*")]
        assert sorted(left) == sorted(lines(age) for age in (DAYS[3:] if deletes else DAYS))
        assert not list(log.glob(".*.retaining"))
        for path in archive.glob("*"):
            path.unlink()


DIES = """
import os, signal, sys
from datetime import datetime, timedelta
from pathlib import Path
from tachograph.retention import run
from tachograph.retention.files import do
from tachograph.retention.policy import LogPolicy, Policy
from tachograph.store.place import StorePlace

left = int(sys.argv[4])

def dying(step, policy):
    global left
    for done in do(step, policy):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        yield done

run.do = dying
policy = Policy(LogPolicy(
    compress_after=timedelta(days=5), archive_after=timedelta(days=90), archive_to=Path(sys.argv[3]),
    delete_after=timedelta(days=200),
))
run.applied(run.Place(Path(sys.argv[1]), StorePlace(Path(sys.argv[2]))), policy, datetime.fromisoformat(sys.argv[5]))
"""


def test_a_process_that_is_killed_again_and_again_comes_to_the_same_end(place: Place, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    killed = 0
    for steps in (0, 1, 2, 4, 6, 99):
        command: list[str | Path] = [
            sys.executable,
            "-c",
            DIES,
            place.logs,
            place.store.path,
            archive,
            str(steps),
            NOW.isoformat(),
        ]
        code = subprocess.run(command, check=False).returncode
        killed += code != 0
        assert ingest(place) == 15
        there = [
            content(path) for folder in (place.logs, archive) if folder.exists() for path in folder.glob("metrics_*")
        ]
        assert {lines(age) for age in DAYS[1:]} <= set(there)
    assert killed >= 3
    assert files(archive) == [f"{name(100)}.zst"]
    assert files(place.logs) == sorted([f"{name(40)}.zst", f"{name(10)}.zst", name(1)])
