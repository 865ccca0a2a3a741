"""The embedded store: what it refuses to open, whose sessions are, and that an id is one metric."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle import attribute, read_lines
from tachograph.errors import StoreUnusable
from tachograph.ingest.reader import plan_paths, read
from tachograph.store import duckdb as store_module
from tachograph.store.duckdb import SCHEMA_VERSION, Store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tachograph.store.duckdb import Loading

LOG = "metrics_20260301_090000.jsonl"


def line(id: str, second: int = 0, /, session_id: str | None = "s1", user_id: str | None = None, **data: Any) -> bytes:
    return json.dumps(
        {
            "id": id,
            "timestamp": f"2026-03-01T09:00:{second:02d}Z",
            "type": "tool_use",
            "session_id": session_id,
            "user_id": user_id,
            "data": data,
        }
    ).encode()


def add(store: Store, folder: Path, lines: Sequence[bytes], name: str = LOG) -> None:
    """Appends lines to a log of that name, and reads what is new."""
    with (folder / name).open("ab") as handle:
        handle.write(b"".join(each + b"\n" for each in lines))
    read(store, plan_paths(store, [folder], "metrics-log"))


def sessions(store: Store) -> list[Any]:
    return store.connection.execute("SELECT * FROM sessions ORDER BY ALL").fetchall()


# What was appended and never became metrics

DIES = """
import os, signal, sys
from pathlib import Path
from tachograph.ingest.reader import plan_paths, read
from tachograph.store import duckdb
from tachograph.store.duckdb import Loading, Store

duckdb._ROWS_TOGETHER, duckdb._ROWS_ALONE = 5, 2
Loading._load = lambda self: os.kill(os.getpid(), signal.SIGKILL)
with Store.open(Path(sys.argv[1])) as store:
    read(store, plan_paths(store, [Path(sys.argv[2])], "metrics-log"))
"""


def died_between_appending_and_merging(folder: Path, lines: Sequence[bytes]) -> Path:
    """A store whose writer was killed after it had committed rows and before it made metrics of them."""
    logs, path = folder / "logs", folder / "tachograph.duckdb"
    logs.mkdir(exist_ok=True)
    (logs / LOG).write_bytes(b"".join(each + b"\n" for each in lines))
    killed = subprocess.run([sys.executable, "-c", DIES, path, logs], check=False)
    assert killed.returncode == -signal.SIGKILL
    with duckdb.connect(str(path)) as connection:
        assert connection.execute("SELECT count(*) > 0 FROM metrics").fetchone() == (True,)
    return path


@pytest.mark.parametrize("read_only", [True, False])
def test_rows_of_a_writer_that_was_killed_are_not_there(tmp_path: Path, read_only: bool) -> None:
    path = died_between_appending_and_merging(tmp_path, [line(f"m{n}", n) for n in range(8)] * 2)
    with Store.open(path, read_only=read_only) as store:
        assert (store.metrics_count(), store.files()) == (0, {})
    with Store.open(path) as store:
        read(store, plan_paths(store, [tmp_path / "logs"], "metrics-log"))
        assert store.metrics_count() == 8


def test_rows_that_were_whole_before_stay(tmp_path: Path) -> None:
    path = tmp_path / "tachograph.duckdb"
    (tmp_path / "before").mkdir()
    with Store.open(path) as store:
        add(store, tmp_path / "before", [line("old", 1)])
    died_between_appending_and_merging(tmp_path, [line(f"m{n}", n) for n in range(8)])
    with Store.open(path, read_only=True) as store:
        assert [row[0] for row in store.connection.execute("SELECT id FROM metrics").fetchall()] == ["old"]


def test_what_a_loading_appended_and_did_not_commit_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tachograph.store.duckdb._ROWS_ALONE", 2)
    (tmp_path / LOG).write_bytes(b"".join(line(f"m{n}", n) + b"\n" for n in range(8)))
    with Store.in_memory() as store:
        monkeypatch.setattr("tachograph.store.duckdb.Loading._load", interrupted)
        with pytest.raises(KeyboardInterrupt):
            read(store, plan_paths(store, [tmp_path], "metrics-log"))
        assert store.metrics_count() == 0


def interrupted(_: Loading) -> None:
    raise KeyboardInterrupt


# Opening


def test_a_store_is_made_with_the_folders_above_it(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "tachograph.duckdb"
    with Store.open(path) as store:
        assert (store.files(), store.rejects(), store.rejected_count()) == ({}, [], 0)
    assert path.exists()


def test_a_store_keeps_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    with Store.open(tmp_path / "store") as store:
        add(store, tmp_path / "logs", [line("a"), b"{"])
    for read_only in (True, False):
        with Store.open(tmp_path / "store", read_only=read_only) as store:
            assert len(store.files()) == 1
            assert [each.line for each in store.rejects()] == [2]
            assert sessions(store) == [("s1", None, None)]


def test_a_store_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with Store.open(path) as store:
        store.connection.execute("UPDATE meta SET value = ? WHERE name = 'schema'", [str(SCHEMA_VERSION + 1)])
    for read_only in (True, False):
        with pytest.raises(StoreUnusable, match="newer version of Tachograph") as raised:
            Store.open(path, read_only=read_only)
        assert raised.value.where == str(path)
        assert "update tachograph" in (raised.value.mend or "")


@pytest.mark.parametrize("read_only", [True, False])
def test_another_programs_database_is_not_touched(tmp_path: Path, read_only: bool) -> None:
    path = tmp_path / "other.duckdb"
    with duckdb.connect(path) as other:
        other.execute("CREATE TABLE cats (name VARCHAR)")
    with pytest.raises(StoreUnusable, match="not a store of Tachograph's"):
        Store.open(path, read_only=read_only)
    with duckdb.connect(path) as other:
        assert other.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [("cats",)]


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize("meta", ["(name VARCHAR, value VARCHAR)", "(kind INTEGER)"])
def test_another_programs_database_may_have_a_table_of_the_same_name(
    tmp_path: Path, read_only: bool, meta: str
) -> None:
    path = tmp_path / "other.duckdb"
    with duckdb.connect(path) as other:
        other.execute(f"CREATE TABLE meta {meta}")
    with pytest.raises(StoreUnusable, match="not a store of Tachograph's"):
        Store.open(path, read_only=read_only)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits")
@pytest.mark.parametrize("room", [0, 1000, 4096, 8192])
def test_a_disk_that_is_full_when_the_store_is_made_leaves_none(tmp_path: Path, room: int) -> None:
    path = tmp_path / "store"
    program = f"""
import resource
from pathlib import Path
from tachograph.store.duckdb import Store
resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))
Store.open(Path({str(path)!r}))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "(free some disk space)" in done.stderr
    assert not path.exists()
    Store.open(path).close()


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize("content", [b"not a database", bytes(range(256)) * 64])
def test_a_damaged_file_is_told_and_left_as_it_is(tmp_path: Path, content: bytes, read_only: bool) -> None:
    path = tmp_path / "store"
    path.write_bytes(content)
    with pytest.raises(StoreUnusable) as raised:
        Store.open(path, read_only=read_only)
    assert raised.value.where == str(path)
    assert raised.value.mend
    assert "\n" not in str(raised.value)
    assert path.read_bytes() == content


def test_a_damaged_file_is_not_waited_for_whatever_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tachograph.store.connections._BUSY_SECONDS", 0.1)
    path = tmp_path / "clocks.duckdb"
    path.write_bytes(b"no database")
    with pytest.raises(StoreUnusable, match="DuckDB can't open it"):
        Store.open(path)


def test_a_store_whose_bytes_were_overwritten_is_told(tmp_path: Path) -> None:
    path = tmp_path / "store"
    Store.open(path).close()
    content = bytearray(path.read_bytes())
    content[4096 : 4096 + 4096] = b"\x5a" * 4096
    content[8192:] = b"\xa5" * (len(content) - 8192)
    path.write_bytes(content)
    with pytest.raises(StoreUnusable):
        Store.open(path)


def test_a_store_that_is_only_to_be_read_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "store"
    with pytest.raises(StoreUnusable, match="there is no store yet") as raised:
        Store.open(path, read_only=True)
    assert "tachograph ingest" in str(raised.value)
    assert not path.parent.exists()


def test_a_store_whose_folder_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnusable, match="folder can't be made"):
        Store.open(tmp_path / "file" / "store")


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable):
        Store.open(tmp_path)


def test_a_store_may_be_closed_twice() -> None:
    store = Store.in_memory()
    store.close()
    store.close()


# Whose a session is


def test_a_session_is_the_earliest_ones_by_moment_and_then_by_id(tmp_path: Path) -> None:
    with Store.in_memory() as store:
        add(
            store,
            tmp_path,
            [
                line("d", 2, user_id="late", project_path="/late"),
                line("c", 1, user_id="ana"),
                line("b", 1, user_id="bo", project_path="/b"),
                line("a", 0),
            ],
        )
        assert sessions(store) == [("s1", "bo", "/b")]
        add(store, tmp_path, [line("z", 0, user_id="first")])
        assert sessions(store) == [("s1", "first", "/b")]


def test_user_and_project_may_be_told_by_different_metrics(tmp_path: Path) -> None:
    with Store.in_memory() as store:
        add(
            store,
            tmp_path,
            [line("a", 1, project_path="/a"), line("b", 2, user_id="bo"), line("c", session_id=None, user_id="x")],
        )
        assert sessions(store) == [("s1", "bo", "/a")]


def test_a_session_that_no_metric_speaks_for_is_nobodys(tmp_path: Path) -> None:
    with Store.in_memory() as store:
        add(store, tmp_path, [line("a")])
        assert sessions(store) == [("s1", None, None)]


@pytest.mark.parametrize("project", [None, "/said"])
def test_where_the_agent_worked_counts_only_where_no_project_is_named(tmp_path: Path, project: str | None) -> None:
    with Store.in_memory() as store:
        add(store, tmp_path, [line("a", 5, project_path=project)])
        store.connection.execute("UPDATE metrics SET cwd = '/worked'")
        add(store, tmp_path, [line("b", 1)])
        assert sessions(store) == [("s1", None, project or "/worked")]


IDS = st.sampled_from(["a", "b", "c", "d", "é", "A", "\U0001f600", "\uff5e"])
SPEAKERS = st.builds(
    line,
    IDS,
    st.integers(0, 2),
    session_id=st.sampled_from(["s1", "s2", None]),
    user_id=st.sampled_from(["ana", "bo", None]),
    project_path=st.sampled_from(["/a", "/b", None]),
)


@settings(deadline=None, max_examples=20)
@given(portions=st.lists(st.lists(SPEAKERS, max_size=5), min_size=1, max_size=3))
def test_sessions_are_the_contracts_in_however_many_portions(
    tmp_path_factory: pytest.TempPathFactory, portions: list[list[bytes]]
) -> None:
    metrics, _ = read_lines([each for portion in portions for each in portion])
    told = {
        (metric["session_id"], metric["user_id"], metric["project_path"])
        for metric in attribute([{**metric, "user_id": None, "data": {}} for metric in metrics] + metrics)[
            : len(metrics)
        ]
        if metric["session_id"]
    }
    with Store.in_memory() as store:
        folder = tmp_path_factory.mktemp("logs")
        for number, portion in enumerate(portions):
            if portion:
                add(store, folder, portion, f"metrics_2026030{number + 1}_090000.jsonl")
        assert sorted(sessions(store), key=str) == sorted(told, key=str)
        found = store.connection.execute("SELECT id, user_id, session_id FROM metrics ORDER BY seq").fetchall()
        assert found == [(each["id"], each["user_id"], each["session_id"]) for each in metrics]


# An id is one metric


def models(store: Store) -> list[Any]:
    return store.connection.execute("SELECT id, model FROM metrics ORDER BY seq").fetchall()


def test_an_id_is_counted_once_in_a_file_and_the_first_one_read_counts(tmp_path: Path) -> None:
    with Store.in_memory() as store:
        add(
            store,
            tmp_path,
            [line("a", 5, model="1st"), line("b"), line("a", 1, model="2nd"), line("a", 9, model="3rd")],
        )
        assert models(store) == [("a", "1st"), ("b", None)]


def test_an_id_is_counted_once_across_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    with Store.in_memory() as store:
        for hour, model in ((11, "2nd"), (10, "1st"), (12, "3rd")):
            (tmp_path / f"metrics_20260301_{hour}0000.jsonl").write_bytes(line("a", model=model) + b"\n")
        read(store, plan_paths(store, [tmp_path]))
        assert models(store) == [("a", "1st")]


def test_an_id_is_counted_once_across_runs(tmp_path: Path) -> None:
    with Store.in_memory() as store:
        add(store, tmp_path, [line("a", 5, model="1st")])
        add(store, tmp_path, [line("a", 1, model="2nd"), line("b", model="new")])
        add(store, tmp_path, [line("b", model="again"), line("a", model="3rd")], "metrics_20200101_000000.jsonl")
        assert models(store) == [("a", "1st"), ("b", "new")]


def test_a_session_that_only_a_repeated_id_names_is_none(tmp_path: Path) -> None:
    with Store.in_memory() as store:
        add(store, tmp_path, [line("a")])
        add(store, tmp_path, [line("a", session_id="s2", user_id="bo")])
        assert sessions(store) == [("s1", None, None)]


def test_hashes_of_ids_are_kept_once_there_are_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "_HASHED_FROM", 30)
    unlike = "SELECT count(*) FROM metrics WHERE id_hash IS DISTINCT FROM hash(id)"
    lines = [line(f"{number}") for number in range(40)]
    with Store.in_memory() as store:
        for upto, without in ((20, 20), (30, 30), (40, 0)):
            add(store, tmp_path, lines[:upto], f"metrics_20260301_0900{upto}.jsonl")
            assert store.metrics_count() == upto
            assert store.connection.execute(unlike).fetchall() == [(without,)]


def test_a_store_of_another_version_of_the_engine_finds_its_ids_again(tmp_path: Path) -> None:
    lines = [line(f"{number}") for number in range(30)]
    with Store.in_memory() as store:
        add(store, tmp_path, lines)
        store.connection.execute("UPDATE metrics SET id_hash = 0")
        store.connection.execute("INSERT INTO meta VALUES ('hashed', 'another')")
        add(store, tmp_path, lines, "metrics_20260301_090001.jsonl")
        assert store.metrics_count() == 30
        wrong = "SELECT count(*) FROM metrics WHERE id_hash <> hash(id)"
        assert store.connection.execute(wrong).fetchall() == [(0,)]
