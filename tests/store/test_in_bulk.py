"""A store that is opened for many metrics at once has them in groups that are compressed as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tachograph.columns import ColumnBuilder
from tachograph.errors import StoreUnusable
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 62_500
GROUPS = "SELECT DISTINCT row_group_id, count FROM pragma_storage_info('metrics') WHERE column_name = 'seq'"


def fill(store: Store) -> None:
    builder = ColumnBuilder()
    builder.add_rows(("id", "ts", "type"), [(f"{number}", number, "tool_use") for number in range(ROWS)])
    with store.loading() as loading:
        loading.add([builder.batch()], source="metrics-log", in_parts=False)
        loading.commit([])


@pytest.mark.parametrize(("in_bulk", "groups"), [(True, [61_440, ROWS - 61_440]), (False, [ROWS])])
def test_groups_of_rows(tmp_path: Path, in_bulk: bool, groups: list[int]) -> None:
    path = tmp_path / "o'clock; DROP TABLE metrics" / "tachograph.duckdb"
    with Store.open(path, in_bulk=in_bulk) as store:
        fill(store)
        assert store.metrics_count() == ROWS
    with Store.open(path, read_only=True) as store:
        assert store.metrics_count() == ROWS
        found = store.connection.execute(f"{GROUPS} AND segment_type <> 'VALIDITY' ORDER BY row_group_id").fetchall()
    assert [count for _, count in found] == groups


def test_it_goes_on_after_others_had_their_turn(tmp_path: Path) -> None:
    path = tmp_path / "tachograph.duckdb"
    with Store.open(path, in_bulk=True) as store:
        store.let_others_in()
        fill(store)
    with Store.open(path) as store:
        fill(store)
        assert store.metrics_count() == ROWS


def test_what_is_no_store_is_told_as_ever(tmp_path: Path) -> None:
    path = tmp_path / "tachograph.duckdb"
    path.write_bytes(b"no database" * 1000)
    told = []
    for in_bulk in (True, False):
        with pytest.raises(StoreUnusable) as raised:
            Store.open(path, in_bulk=in_bulk)
        told.append((type(raised.value), raised.value.where, raised.value.mend))
    assert told[0] == told[1]
