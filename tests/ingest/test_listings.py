"""Folders that haven't changed aren't listed again, and what is found is the same as if they were."""

from __future__ import annotations

import os
import random
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tachograph.ingest import listings
from tachograph.ingest.listings import Listings
from tachograph.ingest.plan import find_in_places
from tachograph.recorder.names import LOCK_NAME
from tachograph.sources import source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tachograph.ingest.plan import Found, Skipped

CLAUDE = source("claude-code")
FOLDERS = 20


def much_later() -> int:
    """A clock by which all that is there has long been so."""
    return time.time_ns() + 3600 * 1_000_000_000


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A place with enough folders that they are kept."""
    folder = tmp_path / "projects"
    for number in range(FOLDERS):
        (folder / f"p{number}").mkdir(parents=True)
        (folder / f"p{number}" / "s.jsonl").write_text("{}\n")
    return folder


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The places that are listed from here on."""
    seen: list[Path] = []
    really_find = find_in_places

    def noted(places: list[tuple[object, Path]], *others: object) -> list[Found]:
        seen.extend(place for _, place in places)
        return really_find(places, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(listings, "find_in_places", noted)
    return seen


def found(place: Path, now_ns: Callable[[], int] = much_later) -> list[Found]:
    """What is found in a new process, which is the same as if all is listed."""
    known = Listings(place.parent, "1", now_ns)
    skipped: list[Skipped] = []
    again = known.find([(CLAUDE, place)], skipped)
    known.keep()
    troubles: list[Skipped] = []
    assert again.files() == find_in_places([(CLAUDE, place)], troubles)
    assert skipped == troubles
    return again.files()


def fingerprint(place: Path, folder: Path | None = None) -> str:
    """That of what is found now, by what is kept in a folder."""
    return Listings(folder or place.parent, "1", much_later).find([(CLAUDE, place)], []).fingerprint()


def until_the_clock_moves(folder: Path, change: Callable[[], object]) -> None:
    """Makes a change in a folder that comes later than the last one by the file system's clock."""
    before = folder.stat().st_ctime_ns
    change()
    while folder.stat().st_ctime_ns == before:
        folder.touch()


def test_folders_that_stay_as_they_were_are_listed_once(place: Path, listed: list[Path]) -> None:
    assert len(found(place)) == FOLDERS
    assert found(place) == found(place)
    assert listed == [place]


def test_a_file_that_grows_is_seen(place: Path, listed: list[Path]) -> None:
    found(place)
    with (place / "p3" / "s.jsonl").open("a") as log:
        log.write("{}\n")
    assert sorted(file.size for file in found(place))[-2:] == [3, 6]
    assert listed == [place]


def test_a_fingerprint_tells_whether_anything_changed_listed_or_not(place: Path, listed: list[Path]) -> None:
    found(place)
    log, seen = place / "p3" / "s.jsonl", set[str]()
    changes: tuple[Callable[[], object], ...] = (
        lambda: None,
        lambda: os.truncate(log, 4),
        lambda: os.utime(log, ns=(0, 12345)),
        lambda: os.utime(log, ns=(0, 2**62)),
        lambda: until_the_clock_moves(log.parent, partial(log.rename, log.with_name("t.jsonl"))),
    )
    for change in changes:
        change()
        now = fingerprint(place)
        assert now == fingerprint(place)
        assert now == fingerprint(place, place.parent / "where nothing is kept")
        assert now not in seen
        seen.add(now)
    assert fingerprint(place.parent / "none") not in seen


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "new.jsonl").touch(),
        lambda folder: (folder / "s.jsonl").unlink(),
        lambda folder: (folder / "s.jsonl").rename(folder / "t.jsonl"),
        lambda folder: (folder / "deep" / "deeper").mkdir(parents=True),
        lambda folder: (folder / "l.jsonl").symlink_to(folder / "s.jsonl"),
        lambda folder: (folder / "s.jsonl").unlink() or (folder / "s.jsonl").mkdir(),
    ],
    ids=["came", "went", "renamed", "folder", "link", "another kind"],
)
def test_whatever_comes_or_goes_is_seen(change: Callable[[Path], object], place: Path, listed: list[Path]) -> None:
    found(place)
    until_the_clock_moves(place / "p7", lambda: change(place / "p7"))
    found(place)
    assert listed == [place, place]


def test_folders_that_may_change_unseen_are_listed_each_time(place: Path, listed: list[Path]) -> None:
    found(place, time.time_ns)
    found(place, lambda: max(folder.stat().st_ctime_ns for folder in place.iterdir()) + 1_000_000)
    found(place)
    assert listed == [place, place, place]


def test_whole_seconds_are_of_a_coarse_clock(place: Path, listed: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    second = 1_800_000_000 * 1_000_000_000
    monkeypatch.setattr(listings, "_changed_ns", lambda _stat: second)
    found(place, lambda: second + 2_000_000_000)
    found(place, lambda: second + 4_000_000_000)
    found(place)
    assert listed == [place, place]


def test_a_place_with_links_or_a_recorder_is_listed_each_time(place: Path, listed: list[Path]) -> None:
    (place / "p0" / "l.jsonl").symlink_to(place / "p1" / "s.jsonl")
    found(place)
    found(place)
    (place / "p0" / "l.jsonl").unlink()
    (place / "p2" / LOCK_NAME).touch()
    found(place)
    found(place)
    assert listed == [place] * 4
    assert not (place.parent / "listings.json").exists()


def test_a_place_that_is_gone_holds_nothing(place: Path) -> None:
    found(place)
    place.rename(place.with_name("elsewhere"))
    assert found(place) == []


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b'["0",[]]', b"[" * 100_000])
def test_a_damaged_listing_is_none(content: bytes, place: Path, listed: list[Path]) -> None:
    found(place)
    (place.parent / "listings.json").write_bytes(content)
    found(place)
    found(place)
    assert listed == [place, place]


def test_what_another_version_listed_is_listed_again(place: Path, listed: list[Path]) -> None:
    found(place)
    Listings(place.parent, "2", much_later).find([(CLAUDE, place)], [])
    assert listed == [place, place]


def test_a_file_in_two_places_is_the_first_ones(place: Path) -> None:
    for _ in range(2):
        known = Listings(place.parent, "1", much_later)
        both = known.find([(CLAUDE, place), (source("metrics-log"), place)], [])
        assert {file.source for file in both.files()} == {"claude-code"}
        assert len(both.files()) == FOLDERS
        known.keep()


def test_after_any_changes_what_is_found_is_what_is_there(place: Path) -> None:
    chance = random.Random(7)
    for _ in range(60):
        folder = place / f"p{chance.randrange(FOLDERS)}"
        name = folder / chance.choice(["s.jsonl", "t.jsonl", "u.txt"])
        what = chance.choice(["deepen", "append", "remove", "move", "touch"])
        if what == "deepen":
            deep = folder / "deep"
            until_the_clock_moves(folder, partial(deep.mkdir, exist_ok=True))
            until_the_clock_moves(deep, (deep / "s.jsonl").touch)
        elif what == "append" and name.exists():
            os.truncate(name, name.stat().st_size + 1)
        elif what == "remove":
            until_the_clock_moves(folder, partial(name.unlink, missing_ok=True))
        elif what == "move" and name.exists():
            until_the_clock_moves(folder, partial(name.rename, place / "p0" / f"{chance.randrange(5)}.jsonl"))
            until_the_clock_moves(place / "p0", (place / "p0" / "last.jsonl").touch)
        else:
            until_the_clock_moves(folder, name.touch)
        found(place)
