"""A store's file gets smaller once much of it is unused, and keeps all that it has."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cli.made_up import metric
from tachograph.ingest.reader import plan_paths, read
from tachograph.store.compact import compact
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from pathlib import Path

MANY = 20_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store of which all but a few rows were deleted."""
    log = tmp_path / "metrics_20260301_000000.jsonl"
    log.write_text("".join(f"{metric(f'm{n}', '2026-03-01T09:00:00Z', tool_name=f't{n}')}\n" for n in range(MANY)))
    path = tmp_path / "it's a store" / "tachograph.duckdb"
    with Store.open(path) as store:
        read(store, plan_paths(store, [log]))
    with Store.open(path) as store:
        store.connection.execute("DELETE FROM metrics WHERE seq > 10")
    return path


def rows(path: Path) -> list[tuple[object, ...]]:
    with Store.open(path, read_only=True) as store:
        tables = sorted(
            name for (name,) in store.connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        )
        assert store.metrics_count() == 10
        return [
            (table, *row)
            for table in tables
            for row in store.connection.execute(f"SELECT * FROM {table} ORDER BY ALL").fetchall()  # noqa: S608
        ]


def test_unused_room_is_given_back_and_nothing_else_changes(path: Path) -> None:
    before, size = rows(path), path.stat().st_size
    assert compact(path) is None
    assert path.stat().st_size < size
    assert rows(path) == before
    assert [each.name for each in path.parent.glob("*duckdb*")] == [path.name]


def test_a_store_of_which_little_is_unused_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "tachograph.duckdb"
    Store.open(path).close()
    before = path.stat().st_ino
    assert compact(path) is None
    assert path.stat().st_ino == before


DIES = """
import os, signal, sys
from pathlib import Path
from tachograph.store import compact

write = compact.write_anew
def dying(*arguments):
    write(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
compact.write_anew = dying
compact.compact(Path(sys.argv[1]))
"""


def test_a_process_that_is_killed_before_the_end_leaves_the_file_as_it_was(path: Path) -> None:
    before, size = rows(path), path.stat().st_size
    assert subprocess.run([sys.executable, "-c", DIES, path], check=False).returncode < 0
    assert path.with_name("tachograph.duckdb.compacting").exists()
    assert rows(path) == before
    assert compact(path) is None
    assert path.stat().st_size < size
    assert [each.name for each in path.parent.glob("*duckdb*")] == [path.name]


def test_why_it_cannot_be_done_is_told(path: Path) -> None:
    before = rows(path)
    path.with_name("tachograph.duckdb.compacting").mkdir()
    assert "directory" in str(compact(path))
    assert rows(path) == before
