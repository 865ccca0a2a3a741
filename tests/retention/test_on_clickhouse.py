"""Condensing on ClickHouse comes to what it comes to in the embedded store, whatever happens on the way."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claude_lines import BEGINNING, SESSION, call, contents, ingest, result, transcript
from cli.made_up import metric
from ingest.test_order import grow, read_whole
from query.test_condensed import condensings
from query.test_condensed import same as same_results
from retention.test_detail import answer, any_question, condense, read_log, same, some_answers
from strategies import Question
from tachograph.errors import StoreUnusable
from tachograph.query.model import Query
from tachograph.query.run import run
from tachograph.retention.detail import condense_detail
from tachograph.retention.policy import DetailPolicy
from tachograph.store.clickhouse import condensing, connection
from tachograph.store.clickhouse.connection import Connection
from tachograph.store.clickhouse.minutes import of_table
from tachograph.store.duckdb import Store
from there import on_clickhouse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tachograph.retention.policy import Resolution
    from tachograph.store.clickhouse.store import ClickHouseStore

SEEDS = st.integers(0, 2**32)
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
LATER = datetime(2026, 6, 1, tzinfo=UTC)
ALIKE = [
    metric(f"m{n}", f"2026-03-{n % 9 + 1:02}T09:{n % 60:02}:00Z", duration_ms=n % 7, tool_name="Bash")
    for n in range(99)
]


@pytest.fixture
def there() -> Iterator[ClickHouseStore]:
    with on_clickhouse() as store:
        yield store


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers look how far a condensing is whenever they ask, as nobody waits for them where the engine is one's own.

    And whoever deletes looks often whether it is done.
    """
    monkeypatch.setattr(connection, "PROGRESS_SECONDS", -1)
    monkeypatch.setattr(condensing, "_POLL_SECONDS_MAX", 0.1)


@contextmanager
def both() -> Iterator[tuple[Store, ClickHouseStore, Path]]:
    """The two forms of store, and a folder for logs."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        yield stack.enter_context(Store.in_memory()), stack.enter_context(on_clickhouse()), folder


@contextmanager
def both_condensed(
    lines: list[bytes], at: datetime, resolution: Resolution, zone: str, *, rolled: bool
) -> Iterator[tuple[Store, ClickHouseStore]]:
    """Both stores with the same metrics, condensed in both, which comes to the same."""
    with both() as (embedded, there, folder):
        for store in (embedded, there):
            read_log(store, folder, lines)
        if rolled:
            there.roll_up()
        assert condense(there, at, resolution, zone) == condense(embedded, at, resolution, zone)
        yield embedded, there


def sums(store: Store) -> dict[str, list[str]]:
    """What was kept of metrics."""
    execute = store.connection.execute
    return {
        "condensed": sorted(repr((*row[:-1], row[-1] or {})) for row in execute("SELECT * FROM condensed").fetchall()),
        **{
            name: sorted(map(repr, execute(f"SELECT * FROM {name}").fetchall()))  # noqa: S608 - our own names
            for name in ("condensed_ids", "condensed_owners", "claims", "claimed_starts")
        },
    }


def stored(store: ClickHouseStore, name: str = "metrics") -> int:
    """How many rows a table has of a tenant, of any version."""
    counted = f"SELECT count() FROM {store.connection.database}.{name} WHERE tenant = {{tenant:String}}"  # noqa: S608
    (many,) = store.connection.ask(counted).fetchone() or (0,)
    return int(many)


def check_minutes(store: ClickHouseStore, *, exact: bool = False) -> None:
    """All metrics that are left are found by their keys; if `exact`, nothing stands there of others."""
    asked, database = "SELECT DISTINCT key, minute FROM {} WHERE tenant = {{tenant:String}}", store.connection.database
    found, needed = (
        set(store.connection.ask(asked.format(rows)).fetchall())
        for rows in (f"{database}.minutes", f"({of_table('true', database)})")
    )
    assert found == needed if exact else found >= needed


def in_parts(store: ClickHouseStore) -> tuple[int, int]:
    """How many rows and bytes of metrics there are on the disk, of all tenants."""
    found = store.connection.ask(
        "SELECT sum(rows), sum(bytes_on_disk) FROM system.parts"
        " WHERE active AND table = 'metrics' AND database = {database:String}",
        {"database": store.connection.database},
    )
    rows, size = found.fetchone() or (0, 0)
    return int(rows), int(size)


# The same as in the embedded store


@settings(deadline=None, max_examples=1, suppress_health_check=SLOW)
@given(seed=SEEDS, hours=st.integers(0, 6), rolled=st.booleans())
def test_transcripts_with_forks_and_agents_are_condensed_to_the_same_rows(seed: int, hours: int, rolled: bool) -> None:
    tree = grow(seed)
    with both() as (embedded, there, folder), tempfile.TemporaryDirectory() as copy:
        for store in (embedded, there):
            read_whole(tree, store, folder)
        if rolled:
            there.roll_up()
        for until in (BEGINNING + timedelta(hours=hours), LATER):  # some may have to wait for others
            assert condense(there, until, "hour") == condense(embedded, until, "hour")
            assert (sums(there), contents(there)) == (sums(embedded), contents(embedded))
            assert stored(there) == len(there.connection.execute("SELECT seq FROM metrics").fetchall())
            assert some_answers(there) == some_answers(embedded)
            check_minutes(there)
        read_whole(tree, there, Path(copy))
        assert some_answers(there) == some_answers(embedded)


@settings(deadline=None, max_examples=2, suppress_health_check=SLOW)
@given(any_question(), st.booleans())
def test_any_question_has_the_same_answer(
    drawn: tuple[list[bytes], Question, datetime, Resolution, str], rolled: bool
) -> None:
    lines, asked, at, resolution, zone = drawn
    with both_condensed(lines, at, resolution, zone, rolled=rolled) as (embedded, there):
        same(answer(embedded, asked), answer(there, asked))
        assert answer(embedded, asked).get("condensed") == answer(there, asked).get("condensed")


@settings(deadline=None, max_examples=2, suppress_health_check=SLOW)
@given(condensings(), st.booleans())
def test_any_query_has_the_same_answer(
    drawn: tuple[list[bytes], Query, datetime, Resolution, str], rolled: bool
) -> None:
    lines, query, at, resolution, zone = drawn
    with both_condensed(lines, at, resolution, zone, rolled=rolled) as (embedded, there):
        one, other = run(embedded, query), run(there, query)
        same_results(one, other)
        assert one.exact == other.exact


def test_percentiles_of_queries_are_the_same_within_1_percent(there: ClickHouseStore, tmp_path: Path) -> None:
    read_log(there, tmp_path, [line.encode() for line in ALIKE])
    queries = [
        Query(measures=("count", "duration_p50", "duration_p95"), by=by) for by in ((), ("tool",), ("day", "type"))
    ]
    before = [run(there, query) for query in queries]
    condense(there, LATER)
    for query, found in zip(queries, before, strict=True):
        same_results(found, run(there, query))


def test_what_comes_late_to_a_window_is_added_to_it_by_the_next_condensing(
    there: ClickHouseStore, tmp_path: Path
) -> None:
    lines = [line.encode() for line in ALIKE]
    for part, name in ((lines[::2], "metrics_20260101_000000.jsonl"), (lines, "metrics_20260102_000000.jsonl")):
        read_log(there, tmp_path, part, name)
        assert condense(there, LATER) == len(lines[::2]) - (part is lines)
    assert there.metrics_count() == len(lines)
    assert there.connection.execute("SELECT count(*), sum(metrics_count) FROM condensed").fetchall() == [(18, 99)]
    with Store.in_memory() as embedded:
        read_log(embedded, tmp_path, lines)
        same(some_answers(embedded), some_answers(there))


def test_a_large_window_is_summed_in_several_parts(
    there: ClickHouseStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_log(there, tmp_path, [line.encode() for line in ALIKE])
    sessions = Question("by_session", None, None, {}, "UTC")
    before = answer(there, sessions)
    monkeypatch.setattr("tachograph.store.condense._ROWS_TOGETHER", 40)
    assert condense(there, LATER, "month") == len(ALIKE)
    assert there.connection.execute("SELECT count(*) FROM condensed").fetchall() == [(3,)]
    same(before, answer(there, sessions))


def test_rows_of_a_writer_who_died_are_not_condensed(there: ClickHouseStore, tmp_path: Path) -> None:
    read_log(there, tmp_path, [line.encode() for line in ALIKE])
    unsettled = "SELECT * REPLACE (seq + 1000 AS seq) FROM {0}.metrics WHERE tenant = {{tenant:String}}"
    there.connection.do(("INSERT INTO {0}.metrics " + unsettled).format(there.connection.database))
    assert condense(there, LATER) == len(ALIKE)
    read_log(there, tmp_path, [line.encode() for line in ALIKE], "metrics_20260102_000000.jsonl")
    assert there.metrics_count() == len(ALIKE)


# Whatever happens on the way


class Died(BaseException):
    """What nothing catches."""


YOUNG = DetailPolicy(timedelta(hours=1), "hour")
NOW = BEGINNING + timedelta(days=1)


def history(store: Store, folder: Path) -> None:
    """Metrics of which some are old, and one of those is kept: a call that goes on."""
    read_log(store, folder, [line.encode() for line in ALIKE])
    (folder / "calls").mkdir()
    (folder / "calls" / f"{SESSION}.jsonl").write_bytes(transcript(call("t1", 1), result("t1", 2), call("t2", 3)))
    ingest(store, folder / "calls")


def hours(store: Store) -> dict[str, Any]:
    """An answer that has every metric in it, by what is condensed."""
    return answer(store, Question("hourly", None, None, {}, "UTC"))


def hook(patched: pytest.MonkeyPatch, change: Callable[[str], None]) -> None:
    """Has something happen after each change that condensing makes on ClickHouse."""
    do = Connection.do

    def changing(self: Connection, sql: str, *arguments: Any, **named: Any) -> None:
        do(self, sql, *arguments, **named)
        made_again = sql.startswith("INSERT") and ".rollup_" in sql
        if sql.startswith(("INSERT", "ALTER")) and ".writers" not in sql and not made_again:
            change(sql)

    patched.setattr(Connection, "do", changing)


def test_whoever_reads_meanwhile_has_the_same_answer_at_every_step(there: ClickHouseStore, tmp_path: Path) -> None:
    """Also those who don't know yet of the step before."""
    history(there, tmp_path)
    there.roll_up()
    before, seen = quick(there), []
    with on_clickhouse(there.connection.tenant) as reader, pytest.MonkeyPatch.context() as patched:

        def look(sql: str) -> None:
            if ".meta " in sql:
                patched.setattr(connection, "PROGRESS_SECONDS", 3600)
                assert quick(reader) == before
                patched.setattr(connection, "PROGRESS_SECONDS", -1)
            assert quick(reader) == before
            seen.append(reader.connection.execute("SELECT sum(metrics_count) FROM condensed").fetchall()[0][0])

        hook(patched, look)
        assert condense_detail(there, YOUNG, NOW).metrics == 13
    assert len(seen) > 15
    assert seen == [None] * seen.count(None) + [13] * seen.count(13)
    assert quick(there) == before


def quick(store: Store) -> tuple[Any, Any]:
    """Another such answer, which takes less time."""
    found = run(store, Query(measures=("count", "sessions", "timed", "duration_sum", "duration_max"), by=("tool",)))
    return found.total, found.rows


def test_an_answer_that_takes_long_is_asked_again_if_its_metrics_were_condensed_meanwhile(
    there: ClickHouseStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history(there, tmp_path)
    before = quick(there)
    asked: list[Any] = []
    with on_clickhouse(there.connection.tenant) as reader:

        def ask() -> list[Any]:
            found = [quick(reader)]
            if not asked:
                condense_detail(there, YOUNG, NOW)
            asked.append(found[0])
            return [*found, quick(reader)]

        monkeypatch.setattr(connection, "SURE_SECONDS", 0)
        assert reader.answered(ask) == [before, before]
        assert len(asked) == 2
        assert reader.answered(ask) == [before, before]
        assert len(asked) == 3


@pytest.mark.parametrize("dies_after", [3, 6, 7])
def test_whoever_dies_at_any_step_leaves_nothing_twice_and_nothing_out(dies_after: int, tmp_path: Path) -> None:
    tenant, left = uuid4().hex, [dies_after]

    def die(_: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Died

    with on_clickhouse(tenant) as store, on_clickhouse(tenant) as reader:
        history(store, tmp_path)
        before = hours(store)
        with pytest.MonkeyPatch.context() as patched:
            hook(patched, die)
            with pytest.raises(Died):
                condense_detail(store, YOUNG, NOW)
        same(before, hours(reader))
        if dies_after % 2:  # whoever reads a log is the next one
            read_log(store, tmp_path, [ALIKE[0].encode()], "metrics_20260102_000000.jsonl")
            same(before, hours(store))
        condense_detail(store, YOUNG, NOW)
        same(before, hours(store))
        assert condense_detail(store, YOUNG, NOW).metrics == 0
        assert store.connection.execute("SELECT sum(metrics_count) FROM condensed").fetchall() == [(13,)]
        assert (stored(store), stored(store, "kept")) == (102 - 13, 1)
        check_minutes(store, exact=True)
        (tmp_path / "calls" / f"{SESSION}.jsonl").write_bytes(
            transcript(call("t1", 1), result("t1", 2), call("t2", 3), result("t2", 9))
        )
        ingest(store, tmp_path / "calls")  # the result of the call that was kept
        assert store.metrics_count() == 102


def test_a_commit_that_was_only_written_down_is_done_before_its_metrics_are_condensed(tmp_path: Path) -> None:
    tenant = uuid4().hex
    with on_clickhouse(tenant) as store:
        with pytest.MonkeyPatch.context() as patched:
            insert = Connection.insert

            def dying(self: Connection, sql: str, *arguments: Any, **named: Any) -> None:
                insert(self, sql, *arguments, **named)
                if sql.endswith(".commits"):
                    raise Died

            patched.setattr(Connection, "insert", dying)
            with pytest.raises(Died):
                history(store, tmp_path)
        assert stored(store) == 0
        assert condense(store, LATER) == len(ALIKE)
        read_log(store, tmp_path, [line.encode() for line in ALIKE], "metrics_20260102_000000.jsonl")
        assert (stored(store), store.metrics_count()) == (0, len(ALIKE))


def test_one_who_writes_lets_nobody_condense(there: ClickHouseStore, tmp_path: Path) -> None:
    history(there, tmp_path)
    with on_clickhouse(there.connection.tenant) as another, there.loading():
        another.owner = "another"
        with pytest.raises(StoreUnusable, match="another process writes"):
            condense_detail(another, YOUNG, NOW)


# Others, and the room


def test_another_tenant_keeps_all_and_the_room_is_free(there: ClickHouseStore, tmp_path: Path) -> None:
    many = [metric(f"m{n}", f"2026-03-01T09:00:{n % 60:02}Z", tool_name="Bash").encode() for n in range(3000)]
    with on_clickhouse(uuid4().hex) as other:
        for store in (other, there):
            read_log(store, tmp_path, many)
            read_log(store, tmp_path, many[::2], "metrics_20260102_000000.jsonl")  # later versions of some rows
        before, (rows, taken) = hours(other), in_parts(there)
        many_rows = stored(there)
        assert condense(there, LATER) == len(many)
        assert (stored(there), there.metrics_count()) == (0, len(many))
        assert (stored(there, "minutes"), stored(there, "commits")) == (0, 0)
        left = in_parts(there)
        assert left[0] == rows - many_rows
        assert left[1] < taken
        assert (hours(other), other.metrics_count()) == (before, len(many))
        check_minutes(other, exact=True)
        assert stored(other, "commits") > 0
        assert other.connection.execute("SELECT * FROM condensed_ids").fetchall() == []
