"""A database that an earlier version made on a server becomes what this one makes, whatever happens on the way.

`layout_1.sql` has the definitions that the earlier version had.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec
import pytest

from claude_lines import BEGINNING, contents, ingest
from clickhouse_process import ClickHouse
from ingest.test_order import grow
from retention.test_detail import condense
from store.test_store import add, line
from tachograph.errors import StoreUnusable
from tachograph.store.clickhouse import layouts
from tachograph.store.clickhouse.connection import Connection
from tachograph.store.clickhouse.minutes import of_table
from tachograph.store.clickhouse.store import ClickHouseStore
from tachograph.store.clickhouse.tables import tables
from tachograph.store.duckdb import Store
from there import on_clickhouse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tachograph.store.clickhouse.address import Address

DEFINITIONS = Path(__file__).with_name("layout_1.sql").read_text(encoding="utf-8")
TREE = grow(11)


def write(folder: Path, part: float) -> None:
    """The beginning of each file."""
    for name, content in TREE.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content[: int(len(content) * part)])


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Store]:
    with Store.in_memory() as store:
        write(tmp_path / "logs", 0.6)
        ingest(store, tmp_path / "logs")
        yield store


@pytest.fixture
def earlier(tmp_path: Path, embedded: Store) -> Iterator[tuple[Address, str]]:
    """The address of a database that has the same, and was made and written by the earlier version; and its tenant."""
    with on_clickhouse() as store:
        ingest(store, tmp_path / "logs")
        assert contents(store) == contents(embedded)
        address, tenant = make_earlier(store), store.connection.tenant
        yield address, tenant
        store.connection.do(f"DROP DATABASE {address.database}")


def make_earlier(store: ClickHouseStore) -> Address:
    connection, database = store.connection, f"test_{uuid4().hex}"
    connection.do(f"CREATE DATABASE {database}")
    for statement in DEFINITIONS.split(";\n"):
        if statement.strip():
            connection.do(statement.format(database=database))
    made = {name for (name,) in connection.ask(f"SHOW TABLES FROM {database}").fetchall()}
    for name in made & set(tables()):
        columns = ", ".join(f"`{column}`" for column in tables()[name].definitions())
        of_tenant = f"FROM {connection.database}.{name} WHERE tenant = {{tenant:String}}"
        connection.do(f"INSERT INTO {database}.{name} ({columns}) SELECT {columns} {of_tenant}")
    connection.do(f"ALTER TABLE {database}.meta UPDATE value = '5' WHERE name = 'schema' SETTINGS mutations_sync = 1")
    return msgspec.structs.replace(store.address, database=database)


def opened(earlier: tuple[Address, str], **named: Any) -> ClickHouseStore:
    address, tenant = earlier
    return ClickHouseStore.connect(address, tenant=tenant, owner="tests", **named)


def goes_on_as(embedded: Store, store: ClickHouseStore, folder: Path) -> None:
    """Both have the same, and go on to have the same when the rest of the logs comes."""
    assert contents(store) == contents(embedded)
    write(folder / "logs", 1)
    for each in (embedded, store):
        ingest(each, folder / "logs")
    assert contents(store) == contents(embedded)


def check_layout(store: ClickHouseStore) -> None:
    """Its tables are defined as those of a new database, and it has the same minutes as if they were made now."""
    connection, database = store.connection, store.connection.database
    asked = "SELECT name, create_table_query FROM system.tables WHERE database = {database:String}"
    with on_clickhouse() as new:
        here, there = (
            {name: sql.replace(each, "") for name, sql in connection.ask(asked, {"database": each}).fetchall()}
            for each in (database, new.connection.database)
        )
    assert here == there
    kept, made = (
        connection.ask(f"SELECT DISTINCT key, minute FROM {rows} ORDER BY ALL").fetchall()  # noqa: S608 - our own
        for rows in (f"{database}.minutes", f"({of_table('1', database)})")
    )
    assert kept == made


def test_it_is_brought_up_to_date_and_goes_on(earlier: tuple[Address, str], embedded: Store, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    with opened(earlier, tells=lambda done, of: told.append((done, of))) as store:
        check_layout(store)
        goes_on_as(embedded, store, tmp_path)
    assert told[0][0] == 0
    assert len(told) == told[0][1] > 1
    told.clear()
    with opened(earlier, tells=lambda done, of: told.append((done, of))) as store:
        assert contents(store) == contents(embedded)
    assert not told


@pytest.mark.parametrize("layout", [1, 2])
def test_a_table_that_no_layout_had_is_made_and_used(
    earlier: tuple[Address, str], embedded: Store, tmp_path: Path, layout: int
) -> None:
    if layout == layouts.LAYOUT:
        with opened(earlier) as store:
            store.connection.do(f"DROP TABLE {store.connection.database}.kept")
    with opened(earlier) as store:
        check_layout(store)
        for each in (embedded, store):
            assert condense(each, BEGINNING + timedelta(hours=2), "hour") == 7
        kept = f"SELECT count() FROM {store.connection.database}.kept"  # noqa: S608 - our own
        assert store.connection.ask(kept).fetchall() == [(3,)]
        goes_on_as(embedded, store, tmp_path)


class DiedError(Exception):
    """What stands for a process that is killed."""


def die(patched: pytest.MonkeyPatch, after: int) -> None:
    """From now on, whoever has done so much dies."""
    do, left = Connection.do, [after]

    def dying(self: Connection, *arguments: Any, **named: Any) -> None:
        do(self, *arguments, **named)
        left[0] -= 1
        if not left[0]:
            raise DiedError

    patched.setattr(Connection, "do", dying)


@pytest.mark.parametrize("after", [2, 4, 5, 6, 7, 8, 9, 10])
def test_who_dies_amid_it_is_followed_by_one_who_does_the_rest(
    earlier: tuple[Address, str], embedded: Store, tmp_path: Path, after: int
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        die(patched, after)
        with pytest.raises(DiedError):
            opened(earlier)
    with opened(earlier) as store:
        check_layout(store)
        goes_on_as(embedded, store, tmp_path)


def test_what_an_earlier_version_writes_amid_it_is_made_up_for(
    earlier: tuple[Address, str], embedded: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        die(patched, 9)
        with pytest.raises(DiedError):
            opened(earlier)
    with on_clickhouse() as store:
        asked = "SELECT comment FROM system.tables WHERE database = {database:String} AND name = 'writers'"
        (comment,) = store.connection.ask(asked, {"database": earlier[0].database}).fetchone() or ("",)
        assert comment.startswith("layout 1, done: ")
        written_by_the_earlier(store, earlier[0].database)
    with opened(earlier) as store:
        check_layout(store)
        goes_on_as(embedded, store, tmp_path)


def written_by_the_earlier(store: ClickHouseStore, database: str) -> None:
    """Makes a database one that the earlier version has written to, and of which `minutes` knows nothing."""
    at_once = "SETTINGS mutations_sync = 1"
    store.connection.do(f"TRUNCATE TABLE {database}.minutes")
    store.connection.do(f"ALTER TABLE {database}.meta UPDATE value = '5' WHERE name = 'schema' {at_once}")


def test_two_who_open_it_at_once_do_it_together(earlier: tuple[Address, str], embedded: Store, tmp_path: Path) -> None:
    begin = Barrier(2)

    def open_it(_: int) -> None:
        begin.wait()
        opened(earlier).close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(open_it, range(2)))
    with opened(earlier) as store:
        check_layout(store)
        goes_on_as(embedded, store, tmp_path)


def test_what_an_earlier_version_wrote_afterwards_is_made_up_for(tmp_path: Path) -> None:
    with on_clickhouse() as store:
        address, tenant = store.address, store.connection.tenant
        add(store, tmp_path, [line("a", tool_name="Bash")])
        written_by_the_earlier(store, address.database)
    with opened((address, tenant)) as store:
        add(store, tmp_path, [line("a", 5, tool_name="Read"), line("b", 6)], "metrics_20260301_090001.jsonl")
        assert store.metrics_count() == 2


@pytest.mark.parametrize("said", ["comment", "meta"])
def test_a_later_layout_is_refused(earlier: tuple[Address, str], said: str) -> None:
    later = f"layout {layouts.LAYOUT + 1}"
    with opened(earlier) as store:
        connection, database = store.connection, store.connection.database
        if said == "comment":
            connection.do(f"ALTER TABLE {database}.writers MODIFY COMMENT '{later}'")
        else:
            connection.do(
                f"INSERT INTO {database}.meta SELECT tenant, name, '{later}', version + 1, 0"  # noqa: S608 - our own
                f" FROM {database}.meta FINAL WHERE name = 'schema'"
            )
    with pytest.raises(StoreUnusable, match=r"a newer version of Tachograph .*layout 3; this one knows 2.*update"):
        opened(earlier)


def test_one_that_no_known_version_made_is_refused(earlier: tuple[Address, str]) -> None:
    with opened(earlier) as store:
        database = store.connection.database
        store.connection.do(
            f"ALTER TABLE {database}.meta UPDATE value = '4' WHERE name = 'schema' SETTINGS mutations_sync = 1"
        )
    with pytest.raises(StoreUnusable, match="schema 4"):
        opened(earlier)


def test_a_process_that_is_killed_amid_it_on_a_server(tmp_path: Path) -> None:
    with ClickHouse(tmp_path) as clickhouse:
        with clickhouse.store("killed") as store:
            add(store, tmp_path, [line(f"{n}", n % 60, tool_name="Bash") for n in range(100)])
            address = make_earlier(store)
        with pytest.MonkeyPatch.context() as patched:
            do = Connection.do

            def killing(self: Connection, sql: str, *arguments: Any, **named: Any) -> None:
                do(self, sql, *arguments, **named)
                if "minutes (tenant" in sql:
                    clickhouse.kill()

            patched.setattr(Connection, "do", killing)
            with pytest.raises(StoreUnusable, match="doesn't answer"):
                clickhouse.store(address.database)
        clickhouse.start()
        with clickhouse.store(address.database) as store:
            add(store, tmp_path, [line("5", 7), line("new", 8)], "metrics_20260301_090001.jsonl")
            assert store.metrics_count() == 101


def test_turns_that_were_forgotten_leave_what_comes_later_later(tmp_path: Path) -> None:
    with on_clickhouse() as store:
        for number in range(3):
            add(store, tmp_path, [line(f"{number}")], f"metrics_20260301_09000{number}.jsonl")
        store.connection.do(f"TRUNCATE TABLE {store.connection.database}.writers")  # as a week without any does
        add(store, tmp_path, [line("3")], "metrics_20260301_090003.jsonl")
        add(store, tmp_path, [line("4")], "metrics_20260301_090004.jsonl")
        assert store.metrics_count() == 5
