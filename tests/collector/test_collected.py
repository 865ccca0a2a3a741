"""From the spool to the store: how far that is stands in the store, and nothing stands in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from tachograph.collector.collected import Batch, Collected
from tachograph.collector.rows import frames_of_rows
from tachograph.collector.tenants import Tenants
from tachograph.columns import MomentColumn
from tachograph.store.duckdb import Store
from tachograph.store.journal import Rows, read_frames

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def batch(*identifiers: str) -> Batch:
    rows = [("codex", {"id": each, "ts": 1_767_225_600_000_000, "type": "tool_use"}) for each in identifiers]
    return Batch(frames_of_rows(rows, None))


@pytest.fixture
def tenants(tmp_path: Path) -> Iterator[Tenants]:
    found = Tenants(tmp_path)
    yield found
    found.close()


def ids(tenants: Tenants) -> list[str]:
    with tenants.get("default").asked() as store:
        found = store.connection.execute("SELECT id FROM metrics WHERE ts IS NOT NULL ORDER BY id").fetchall()
        return [identifier for (identifier,) in found]


def fill(tenants: Tenants, collected: Collected) -> None:
    assert tenants.get("default").shared.fill(collected.fill)


def test_what_is_kept_is_stored_once_and_the_store_says_how_far(tenants: Tenants) -> None:
    collected = Collected(tenants.get("default"))
    collected.keep([batch("a", "b"), batch("c")])
    assert collected.unread() > 0
    fill(tenants, collected)
    assert collected.unread() == 0
    assert not collected.is_behind()
    collected.keep([batch("c", "d")])
    collected.close()
    again = Collected(tenants.get("default"))
    assert again.is_behind()
    fill(tenants, again)
    assert ids(tenants) == ["a", "b", "c", "d"]
    again.close()


def test_a_spool_that_replaced_another_is_read_from_its_beginning(tenants: Tenants, tmp_path: Path) -> None:
    collected = Collected(tenants.get("default"))
    collected.keep([batch("a", "b", "c")])
    fill(tenants, collected)
    collected.close()
    for path in (tmp_path / "collector").iterdir():
        path.unlink()
    another = Collected(tenants.get("default"))
    another.keep([batch("d")])
    fill(tenants, another)
    assert ids(tenants) == ["a", "b", "c", "d"]
    another.close()


def test_what_the_engine_refuses_is_set_aside_and_the_rest_is_stored(tenants: Tenants, tmp_path: Path) -> None:
    collected = Collected(tenants.get("default"))
    good = batch("bad").frames[0]
    columns = {name: column for name, column in good.columns.items() if name != "ts"}
    bad = msgspec.structs.replace(good, columns=columns | {"moment": MomentColumn(b"yesterday", 9)})
    collected.keep([batch("a"), Batch([bad]), batch("b")])
    fill(tenants, collected)
    collected.keep([batch("c")])
    fill(tenants, collected)
    assert ids(tenants) == ["a", "b", "c"]
    assert not collected.is_behind()
    (told,) = collected.damages
    assert "1 row(s) that can't be stored were set aside" in told
    content = (tmp_path / "collector" / "refused.frames").read_bytes()
    assert read_frames(content, msgspec.msgpack.Decoder(Rows), 10_000) == [bad]
    collected.close()


def test_what_was_no_metric_is_counted_over_restarts_and_files(
    tenants: Tenants, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tachograph.collector.spool._FILE_BYTES", 100)
    for _ in range(3):
        collected = Collected(tenants.get("default"))
        for _ in range(3):
            collected.keep([Batch([], unmapped={"logs auth": 2}), batch("a")])
        collected.close()
    again = Collected(tenants.get("default"))
    assert again.unmapped == {"logs auth": 18}
    fill(tenants, again)
    again.close()
    last = Collected(tenants.get("default"))
    assert last.unmapped == {"logs auth": 18}
    last.close()


def test_every_tenant_has_a_store_of_its_own(tenants: Tenants, tmp_path: Path) -> None:
    for name in ("default", "other"):
        collected = Collected(tenants.get(name))
        collected.keep([batch(name)])
        assert tenants.get(name).shared.fill(collected.fill)
        collected.close()
    tenants.close()
    for folder, name in ((tmp_path, "default"), (tmp_path / "tenants" / "other", "other")):
        with Store.open(folder / "tachograph.duckdb", read_only=True) as store:
            assert store.connection.execute("SELECT id FROM metrics").fetchall() == [(name,)]


def test_names_from_outside_are_counted_together_beyond_a_thousand(tenants: Tenants) -> None:
    collected = Collected(tenants.get("default"))
    collected.keep([Batch([], unmapped={f"logs {number}": 1 for number in range(3000)})])
    collected.keep([Batch([], unmapped={"logs 5": 1, "x" * 10_000: 1})])
    assert len(collected.unmapped) == 1001
    assert sum(collected.unmapped.values()) == 3002
    assert max(map(len, collected.unmapped)) <= 200
    collected.close()
    again = Collected(tenants.get("default"))
    assert sum(again.unmapped.values()) == 3002
    again.close()
