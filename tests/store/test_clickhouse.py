"""The store on ClickHouse settles rows as the embedded one does, and each once, whatever happens on the way."""

from __future__ import annotations

import asyncio
import random
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from claude_lines import contents, ingest
from ingest.test_order import grow, read_in_portions, read_whole
from store.test_store import add, line
from tachograph import MetricsAggregator
from tachograph.errors import StoreUnusable
from tachograph.query.timeline import timeline
from tachograph.store.clickhouse import moving, writing
from tachograph.store.clickhouse.connection import Connection
from tachograph.store.clickhouse.moving import Moving
from tachograph.store.clickhouse.transfer import Transfer
from tachograph.store.duckdb import Store
from test_aggregate_equals_contract import same
from there import on_clickhouse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tachograph.store.clickhouse.store import ClickHouseStore

SEEDS = st.integers(0, 2**32)
SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@pytest.fixture
def there() -> Iterator[ClickHouseStore]:
    with on_clickhouse() as store:
        yield store


@settings(deadline=None, max_examples=6, suppress_health_check=SLOW)
@given(seed=SEEDS, order=SEEDS)
def test_any_order_and_any_portions_come_to_what_the_embedded_store_has(seed: int, order: int) -> None:
    tree = grow(seed)
    with tempfile.TemporaryDirectory() as whole, Store.in_memory() as embedded:
        read_whole(tree, embedded, Path(whole))
        expected = contents(embedded)
        sessions = {row[0] for row in expected[1]}
        timelines = {session: repr(timeline(embedded, session, offset=0, limit=1000)) for session in sessions}
    with tempfile.TemporaryDirectory() as parts, on_clickhouse() as store:
        read_in_portions(tree, random.Random(order), store, Path(parts))
        assert contents(store) == expected
        for session in sessions:
            assert repr(timeline(store, session, offset=0, limit=1000)) == timelines[session]


@settings(deadline=None, max_examples=6, suppress_health_check=SLOW)
@given(seed=SEEDS, dies_after=st.integers(0, 40))
@example(seed=1, dies_after=7)
def test_a_writer_that_dies_between_two_inserts_leaves_nothing_twice_and_nothing_out(
    seed: int, dies_after: int
) -> None:
    tree, dice = grow(seed), random.Random(seed)
    with tempfile.TemporaryDirectory() as whole, Store.in_memory() as embedded:
        read_whole(tree, embedded, Path(whole))
        expected = contents(embedded)
    tenant = uuid4().hex
    with tempfile.TemporaryDirectory() as parts:
        with on_clickhouse(tenant) as store, pytest.MonkeyPatch.context() as patched:
            _let_it_die(patched, dies_after)
            with suppress(Died):  # unless there were fewer inserts
                read_in_portions(tree, dice, store, Path(parts))
        with on_clickhouse(tenant) as store:
            read_whole(tree, store, Path(parts))
            assert contents(store) == expected


class Died(BaseException):
    """What nothing catches."""


def _let_it_die(patched: pytest.MonkeyPatch, after: int) -> None:
    left, insert = [after], Connection.insert

    def dying(self: Connection, *arguments: Any, **named: Any) -> None:
        insert(self, *arguments, **named)
        left[0] -= 1
        if left[0] < 0:
            raise Died

    patched.setattr(Connection, "insert", dying)


def test_a_batch_that_is_inserted_three_times_counts_once_in_sums_too(there: ClickHouseStore, tmp_path: Path) -> None:
    insert, do = type(there.connection).insert, type(there.connection).do
    batch = [line(f"{number}", number % 60, tool_name="Bash", duration_ms=number) for number in range(50)]
    with pytest.MonkeyPatch.context() as patched:

        def thrice(*arguments: Any, **named: Any) -> None:
            for _ in range(3):
                insert(*arguments, **named)

        def done_thrice(self: Any, sql: str, *arguments: Any, **named: Any) -> None:
            for _ in range(3 if sql.startswith("INSERT") else 1):
                do(self, sql, *arguments, **named)

        patched.setattr(type(there.connection), "insert", thrice)
        patched.setattr(type(there.connection), "do", done_thrice)
        add(there, tmp_path, batch[:20])
        there.roll_up()
        add(there, tmp_path, batch, "metrics_20260301_090001.jsonl")  # of which it has some, and all are late
        there.roll_up()
    assert there.metrics_count() == 50
    stored = f"SELECT count() FROM {there.connection.database}.metrics WHERE tenant = {{tenant:String}}"  # noqa: S608
    assert there.connection.ask(stored).fetchall() == [(50,)]
    summed = "SELECT sum(metrics_count), sum(timed) FROM rollup_by_kind"
    assert there.connection.execute(summed).fetchall() == [(50, 50)]
    found = asyncio.run(MetricsAggregator(there).aggregate("by_tool"))
    assert (found.total_metrics, found.time_series[0]["count"]) == (50, 50)


@settings(deadline=None, max_examples=3, suppress_health_check=SLOW)
@given(seed=SEEDS, dies_after=st.integers(0, 24))
@example(seed=2, dies_after=12)
def test_answers_are_right_though_a_writer_died_amid_its_sums(seed: int, dies_after: int) -> None:
    tree, dice, tenant = grow(seed), random.Random(seed), uuid4().hex
    with tempfile.TemporaryDirectory() as folder, on_clickhouse(tenant) as store, Store.in_memory() as embedded:
        read_in_portions(tree._replace(files=dict(list(tree.files.items())[:1])), dice, store, Path(folder))
        store.roll_up()
        read_whole(tree, store, Path(folder))
        ingest(embedded, Path(folder))
        with pytest.MonkeyPatch.context() as patched:
            _let_statements_die(patched, dies_after)
            with suppress(Died):
                store.roll_up()
        for _ in range(2):
            for kind in ("hourly", "by_session", "by_agent"):
                mine, theirs = (asyncio.run(MetricsAggregator(one).aggregate(kind)) for one in (store, embedded))
                same(mine.to_dict(), theirs.to_dict())
            store.roll_up()


def _let_statements_die(patched: pytest.MonkeyPatch, after: int) -> None:
    left, do = [after], Connection.do

    def dying(self: Connection, sql: str, *arguments: Any, **named: Any) -> None:
        do(self, sql, *arguments, **named)
        left[0] -= sql.startswith("INSERT")
        if left[0] < 0:
            raise Died

    patched.setattr(Connection, "do", dying)


def test_a_tenant_sees_nothing_of_another(there: ClickHouseStore, tmp_path: Path) -> None:
    add(there, tmp_path, [line("a", user_id="ana"), b"nonsense"])
    with on_clickhouse(uuid4().hex) as other:
        for name in ("metrics", "sessions", "files", "rejects", "meta"):
            assert other.connection.execute(f"SELECT * FROM {name}").fetchall() == []  # noqa: S608 - our own names
        assert not other.holds_anything()
        assert other.files() == {}
    assert there.holds_anything()
    assert len(there.rejects()) == 1


def test_a_table_of_an_earlier_version_gets_the_columns_that_are_new(there: ClickHouseStore, tmp_path: Path) -> None:
    add(there, tmp_path, [line("a", tool_name="Bash")])
    for column in ("witness", "extra"):
        there.connection.do(f"ALTER TABLE {there.connection.database}.metrics DROP COLUMN {column}")
    with on_clickhouse(there.connection.tenant) as again:
        add(again, tmp_path, [line("b", 1, tool_name="Bash", unknown="x")], "metrics_20260301_090001.jsonl")
        found = again.connection.execute("SELECT id, extra FROM metrics ORDER BY id").fetchall()
    assert found == [("a", None), ("b", '{"unknown":"x"}')]


def test_two_writers_take_turns(there: ClickHouseStore) -> None:
    with on_clickhouse(there.connection.tenant) as another:
        another.owner = "another"
        with there.loading(), pytest.raises(StoreUnusable, match="another process writes"), another.loading():
            pass
        with another.loading():
            pass


def test_a_writer_that_was_away_for_long_has_lost_its_turn(
    there: ClickHouseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_PATIENCE_SECONDS", 0)
    with on_clickhouse(there.connection.tenant) as another:
        another.owner = "another"
        with (
            there.loading() as loading,
            another.loading(),
            pytest.raises(StoreUnusable, match="another process writes"),
        ):
            loading.commit([], said={"collected": "x"})
    assert there.connection.execute("SELECT 1 FROM meta WHERE name = 'collected'").fetchone() is None


def test_costs_follow_the_prices(there: ClickHouseStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    used: dict[str, Any] = {"model": "claude-opus-4-5", "input_tokens": 1000, "output_tokens": 10}
    add(there, tmp_path, [line("a", **used), line("b", 1, model="no-such-model", input_tokens=5)])
    before = there.connection.execute("SELECT id, cost FROM metrics ORDER BY id").fetchall()
    assert before[0][1] > 0
    assert before[1][1] is None
    wrong = "SELECT * REPLACE (7 AS cost) FROM {0}.metrics FINAL WHERE tenant = {{tenant:String}} AND id = 'a'"
    there.connection.do(("INSERT INTO {0}.metrics " + wrong).format(there.connection.database))
    assert there.connection.execute("SELECT cost FROM metrics WHERE id = 'a'").fetchall() == [(7,)]
    assert there.prices_are_current()
    for module in ("store.clickhouse.settling", "store.duckdb", "price_list"):
        monkeypatch.setattr(f"tachograph.{module}.data_version", lambda _: "later")
    assert not there.prices_are_current()
    there.price_again()
    assert there.connection.execute("SELECT id, cost FROM metrics ORDER BY id").fetchall() == before


def test_an_aggregator_takes_it(there: ClickHouseStore, tmp_path: Path) -> None:
    add(there, tmp_path, [line("a", tool_name="Bash")])
    found = asyncio.run(MetricsAggregator(there).aggregate("by_tool"))
    assert found.time_series[0]["tool"] == "Bash"


def test_an_embedded_store_moves_there_in_portions_and_goes_on_where_it_was(
    there: ClickHouseStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "_PORTION", 5)
    read_whole(grow(5), (embedded := Store.open(tmp_path / "tachograph.duckdb")), tmp_path / "logs")
    with embedded:
        first = Moving(embedded, there)
        portions = first.portions()
        assert [next(portions), next(portions)] == [5, 10]
        del portions
        sent: list[str] = []
        monkeypatch.setattr(Transfer, "send", _noting(sent))
        again = Moving(embedded, there)
        assert next(again.portions()) == 15
        assert "seq > 10" in sent[0]
        for _ in Moving(embedded, there).portions():
            pass
        assert again.differences() == []
        assert contents(there) == contents(embedded)
        assert there.files() == embedded.files()
        with pytest.raises(StoreUnusable, match="it has metrics already"):
            next(again.portions())
        ingest(there, tmp_path / "logs")
        assert again.differences() == []


def _noting(sent: list[str]) -> Any:
    send = Transfer.send

    def noted(self: Transfer, name: str, rows: str, *arguments: Any, **named: Any) -> int:
        sent.append(rows)
        return send(self, name, rows, *arguments, **named)

    return noted
