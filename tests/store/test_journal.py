"""The journal: what is written to it is read from it, and no damage goes untold or hides what stands after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.columns import ColumnBuilder
from tachograph.errors import StoreUnusable
from tachograph.store.journal import Beginning, Commit, Damage, Journal, Rows, ShortJournalError, frames
from tachograph.store.ledger import FileEntry, RejectEntry

if TYPE_CHECKING:
    from pathlib import Path

    from tachograph.store.journal import Frame

ENTRY = FileEntry("/logs/a.jsonl", "claude-code", 10, 2**62, 10, 1, "head", "tail", compressed=False, trouble=None)


def rows(*ids: str, **columns: list[Any]) -> Rows:
    builder = ColumnBuilder()
    builder.add_exact("id", list(ids))
    for name, values in columns.items():
        builder.add_exact(name, values)
    builder.end_block(len(ids))
    batch = builder.batch()
    return Rows("claude-code", True, "ana", batch.length, batch.columns)


def commit(*paths: str) -> Commit:
    return Commit([ENTRY], list(paths), [RejectEntry("/logs/a.jsonl", 3, 99, "not JSON")], [("/old", ENTRY)])


def written(path: Path, *told: Frame) -> list[int]:
    """Writes a journal; gives where each frame ends."""
    with Journal(path, 0) as journal:
        ends = [journal.position]
        for frame in told:
            journal.append(frame)
            ends.append(journal.position)
    return ends


SOME: tuple[Frame, ...] = (
    rows("a", "b", ts=[1, None], model=["opus", None], success=[True, None], duration_ms=[1.5, None]),
    commit(),
    rows("c", ts=[-(2**63)], token_count=[2**63 - 1]),
    rows(*(f"id {n}" for n in range(2000)), session_id=[f"session {n % 300}" for n in range(2000)]),
    commit("/gone"),
)


def test_what_is_written_is_read_in_order(tmp_path: Path) -> None:
    ends = written(tmp_path / "journal", *SOME)
    assert list(frames(tmp_path / "journal")) == list(zip(ends, (Beginning(1), *SOME), strict=True))
    assert list(frames(tmp_path / "journal", start=ends[2])) == list(zip(ends[3:], SOME[2:], strict=True))


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(min_size=1),
            st.none() | st.integers(-(2**63), 2**63 - 1),
            st.none() | st.floats(allow_nan=False),
            st.none() | st.text(max_size=5),
        ),
        min_size=1,
        max_size=300,
    )
)
def test_any_values_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, values: list[Any]) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal"
    ids, moments, durations, models = map(list, zip(*values, strict=True))
    frame = rows(*ids, ts=moments, duration_ms=durations, model=models)
    written(path, frame)
    _, read = frames(path)
    assert not isinstance(read, Damage)
    assert isinstance(read[1], Rows)
    assert read[1].batch == frame.batch


def test_it_is_gone_on_with_where_it_belongs_to_the_store(tmp_path: Path) -> None:
    ends = written(tmp_path / "journal", *SOME)
    with Journal(tmp_path / "journal", ends[1]) as journal:
        journal.append(commit("/other"))
    read = [each[1] for each in frames(tmp_path / "journal") if not isinstance(each, Damage)]
    assert read == [Beginning(1), SOME[0], commit("/other")]


def test_one_that_is_shorter_than_the_store_says_is_refused(tmp_path: Path) -> None:
    ends = written(tmp_path / "journal", *SOME)
    with pytest.raises(ShortJournalError):
        Journal(tmp_path / "journal", ends[-1] + 1)
    assert (tmp_path / "journal").stat().st_size == ends[-1]


def test_no_cut_flipped_or_zeroed_byte_hides_more_than_its_frame(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    told = SOME[:3]
    ends = written(path, *told)
    good = path.read_bytes()
    every: list[Frame] = [Beginning(1), *told]
    for offset in range(len(good)):
        hit = next(number for number, end in enumerate(ends) if offset < end)
        for damaged in (
            good[:offset],
            good[:offset] + bytes([good[offset] ^ 0xFF]) + good[offset + 1 :],
            good[:offset] + b"\0" + good[offset + 1 :],
        ):
            path.write_bytes(damaged)
            found = list(frames(path))
            read = [each[1] for each in found if not isinstance(each, Damage)]
            if damaged == good:
                assert read == every
            elif len(damaged) < len(good):
                assert read == every[:hit]
                assert (len(found) > len(read)) == (offset not in {0, *ends})
            else:
                assert read == every[:hit] + every[hit + 1 :]
                assert any(isinstance(each, Damage) for each in found)


def test_one_of_a_newer_version_is_not_read(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal", 0) as journal:
        journal.append(Beginning(2))
    with pytest.raises(StoreUnusable, match="newer version"):
        list(frames(tmp_path / "journal"))
