"""Sums by quarter of an hour are those of the rows, whatever came late, twice, was changed or deleted; so are answers."""

from __future__ import annotations

import random
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claude_lines import ingest
from cli.made_up import HISTORY, metric
from ingest.test_order import grow, read_in_portions, read_whole
from strategies import AGGREGATIONS, ZONES, histories, metric_logs
from tachograph.aggregate import compute as computing
from tachograph.aggregate.compute import Computation, compute
from tachograph.aggregate.compute_rolled import RolledComputation
from tachograph.aggregate.question import ORDERS, AggregationType, question
from tachograph.aggregate.rolled import rolled_for
from tachograph.ingest.reader import plan_paths, read
from tachograph.retention.detail import condense_detail
from tachograph.retention.policy import DetailPolicy
from tachograph.store import rollup
from tachograph.store.duckdb import Store
from tachograph.store.examine import examine
from tachograph.store.rebuild import rebuild
from tachograph.store.statements import QUARTER_KEYS, rollup_statements, together

if TYPE_CHECKING:
    from tachograph.aggregate.question import Question

SEEDS = st.integers(0, 2**32)
CAREFUL = settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
NAMED = {
    "kind": "(SELECT struct_pack(*COLUMNS(* EXCLUDE (number, use))) FROM rollup_kinds WHERE number = kind)",
    "owner": "(SELECT [session_id, user_id, project_path] FROM rollup_owners WHERE number = owner)",
    "use": "(SELECT struct_pack(*COLUMNS(* EXCLUDE (number))) FROM rollup_uses WHERE number = use)",
}


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums are made and brought up to date at once."""
    monkeypatch.setattr(rollup, "FIRST_ROWS", 1)
    monkeypatch.setattr(rollup, "MORE_ROWS", 3)


def sums(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """All sums, by what they are of in words."""
    found = {}
    for table, keys in QUARTER_KEYS.items():
        named = ", ".join(f"{NAMED[key]} AS {key}" for key in keys if key in NAMED)
        replaced = f"* REPLACE ({named})" if named else "*"
        rows = store.connection.execute(f"SELECT {replaced} FROM ({together(table)})").fetchall()  # noqa: S608 - ours
        found[table] = sorted(rows, key=repr)
    values = store.connection.execute("SELECT * FROM rollup_values").fetchall()
    return found | {"rollup_values": sorted(values)}


def made_again(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    store.connection.begin()
    rollup.forget(store.connection)
    store.connection.commit()
    rollup.roll_up(store.connection)
    return sums(store)


def from_rows(store: Store, asked: Question) -> dict[str, Any]:
    return Computation(store, asked).result().to_dict()


def from_sums(store: Store, asked: Question) -> dict[str, Any]:
    rolled = rolled_for(store.connection, asked.start_us, asked.end_us)
    assert rolled is not None
    return RolledComputation(store, asked, rolled).result().to_dict()


def check(store: Store, zone: str = "UTC") -> None:
    """That all answers are the same with and without sums, which are those of the rows."""
    for kind in AGGREGATIONS:
        orders = ORDERS[AggregationType.BY_SESSION] if kind == "by_session" else ()  # the others are put in order alike
        for order in (None, "-cost_usd", *orders):
            asked = question(kind, zone=zone, order=order, limit=2 if order else None)
            assert compute(store, asked).to_dict() == from_rows(store, asked), (kind, order)
    rollup.roll_up(store.connection)
    kept = sums(store)
    assert kept == made_again(store)


@CAREFUL
@given(seed=SEEDS, order=SEEDS, zone=st.sampled_from(ZONES))
def test_transcripts_in_any_portions(seed: int, order: int, zone: str) -> None:
    """Calls end late, messages grow, and forks give and take metrics, after they were summed."""
    with tempfile.TemporaryDirectory() as folder, Store.in_memory() as store:
        read_in_portions(grow(seed), random.Random(order), store, Path(folder))
        assert rollup.rolled(store.connection)
        check(store, zone)


@CAREFUL
@given(history=histories(), cut=st.floats(0, 1))
def test_any_question_of_any_metrics(history: tuple[list[bytes], Any], cut: float) -> None:
    lines, asked = history
    with tempfile.TemporaryDirectory() as folder, Store.in_memory() as store:
        log = Path(folder) / "metrics_20260101_000000.jsonl"
        log.write_bytes(b"".join(line + b"\n" for line in lines[: int(len(lines) * cut)]))
        read(store, plan_paths(store, [log], "metrics-log"))
        rollup.roll_up(store.connection)
        log.write_bytes(b"".join(line + b"\n" for line in lines))
        read(store, plan_paths(store, [log], "metrics-log"))
        for kind in AGGREGATIONS:
            put = question(kind, asked.start, asked.end, zone=asked.zone)
            rolled = rolled_for(store.connection, put.start_us, put.end_us)
            if rolled:
                answered = RolledComputation(store, put, rolled).result().to_dict()
                assert answered == from_rows(store, put), kind


@CAREFUL
@given(log=metric_logs(), days=st.integers(1, 40))
def test_what_is_left_of_condensed_metrics(log: list[bytes], days: int) -> None:
    with tempfile.TemporaryDirectory() as folder, Store.in_memory() as store:
        path = Path(folder) / "metrics_20260101_000000.jsonl"
        path.write_bytes(b"".join(line + b"\n" for line in log))
        read(store, plan_paths(store, [path], "metrics-log"))
        condense_detail(store, DetailPolicy(timedelta(days=1), "day", "UTC"), datetime(2026, 3, 1, tzinfo=UTC))
        rolled = rollup.rolled(store.connection)
        assert rolled <= (store.connection.execute("SELECT coalesce(max(seq), 0) FROM metrics").fetchone() or (0,))[0]
        check(store)


def test_late_parts_are_counted_by_their_rows_until_their_quarter_is_made_again(tmp_path: Path) -> None:
    with Store.in_memory() as store:
        read_whole(grow(3), store, tmp_path)
        before = rollup.rolled(store.connection)
        store.connection.execute("INSERT INTO rollup_dirty SELECT quarter FROM rollup_by_kind LIMIT 1")
        store.connection.execute("UPDATE rollup_by_kind SET metrics_count = 99 WHERE quarter IN (FROM rollup_dirty)")
        asked = question("by_tool")
        assert from_sums(store, asked) == from_rows(store, asked)
        rollup.roll_up(store.connection)
        assert store.connection.execute("SELECT count(*) FROM rollup_dirty").fetchone() == (0,)
        assert from_sums(store, asked) == from_rows(store, asked)
        assert rollup.rolled(store.connection) == before


def test_other_prices_make_all_sums_again(tmp_path: Path) -> None:
    with Store.in_memory() as store:
        read_whole(grow(5), store, tmp_path)
        store.connection.execute("UPDATE meta SET value = 'older' WHERE name = 'prices'")
        store.connection.execute("UPDATE rollup_by_kind SET cost = 1")
        store.price_again()
        check(store)


def test_logs_that_are_not_in_the_order_of_time_are_brought_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollup, "_SLICE", 2)
    log = tmp_path / "metrics_20260101_000000.jsonl"
    log.write_text("".join(metric(f"m{n}", f"2026-03-0{1 + n % 2}T10:00:00Z") + "\n" for n in range(40)))
    with Store.in_memory() as store:
        read(store, plan_paths(store, [log], "metrics-log"))
        assert store.connection.execute("SELECT count(*) FROM rollup_by_kind").fetchone() == (2,)
        check(store)


def test_forgotten_sums_are_brought_together_when_they_are_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollup, "_SLICE", 2)
    log = tmp_path / "metrics_20260101_000000.jsonl"
    log.write_text("".join(metric(f"m{n}", f"2026-03-{1 + n % 20:02}T10:00:00Z") + "\n" for n in range(40)))
    with Store.in_memory() as store:
        read(store, plan_paths(store, [log], "metrics-log"))
        store.connection.execute("UPDATE meta SET value = '1000' WHERE name = 'rolled_rows'")
        made_again(store)
        assert store.connection.execute("SELECT count(*) FROM rollup_by_kind").fetchone() == (20,)


def test_kinds_that_share_a_hash_are_not_summed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken(chosen: str) -> dict[str, str]:
        return {**rollup_statements(chosen), "count_mistakable": "SELECT 1"}

    monkeypatch.setattr(rollup, "rollup_statements", mistaken)
    with Store.in_memory() as store:
        read_whole(grow(3), store, tmp_path)
        assert rollup.rolled(store.connection) == 0
        assert compute(store, question("daily")).total_metrics == store.metrics_count()


def test_a_small_store_has_no_sums(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollup, "FIRST_ROWS", 3_000_000)
    monkeypatch.setattr(computing, "rolled_for", lambda *_: None)
    with Store.in_memory() as store:
        read_whole(grow(3), store, tmp_path)
        assert rollup.rolled(store.connection) == 0


def test_a_store_that_is_opened_again_goes_on_with_its_sums(tmp_path: Path) -> None:
    tree = grow(11)
    with Store.open(tmp_path / "store.duckdb") as store:
        read_whole(tree, store, tmp_path / "logs")
    with Store.open(tmp_path / "store.duckdb") as store:
        done = rollup.rolled(store.connection)
        assert done
        more = (tmp_path / "logs" / "metrics_20260301_000000.jsonl").with_suffix(".jsonl")
        more.write_text("\n".join(HISTORY) + "\n")
        read(store, plan_paths(store, [more], "metrics-log"))
        ingest(store, tmp_path / "logs")
        assert rollup.rolled(store.connection) >= done
        check(store)


def test_the_doctor_finds_sums_that_are_not_those_of_their_metrics(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    with Store.open(path) as store:
        read_whole(grow(3), store, tmp_path / "logs")
    assert examine(path).wrong == []
    with Store.open(path) as store:
        store.connection.execute("UPDATE rollup_by_kind SET metrics_count = metrics_count + 1 WHERE quarter % 2 = 0")
    assert "quarters of an hour are not those of their metrics" in " ".join(examine(path).wrong)
    rebuild(path)
    assert examine(path).wrong == []
    with Store.open(path) as store:
        check(store)


def test_too_little_memory_for_sums_leaves_answers_to_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollup, "FIRST_ROWS", 1_000_000)
    log = tmp_path / "metrics_20260101_000000.jsonl"
    lines = (metric(f"m{n}", "2026-03-01T10:00:00Z", operation=f"{n:060}") for n in range(60_000))
    log.write_text("".join(f"{line}\n" for line in lines))
    with Store.open(tmp_path / "store.duckdb") as store:
        read(store, plan_paths(store, [log], "metrics-log"))
        store.connection.execute("CHECKPOINT")
        store.connection.execute("SET max_temp_directory_size = '0KB'")
        store.connection.execute("SET memory_limit = '12MB'")
        rollup.roll_up(store.connection)
        store.connection.execute("SET memory_limit = '500MB'")
        assert rollup.rolled(store.connection) == 0
        assert compute(store, question("daily")).total_metrics == 60_000


def test_an_error_of_the_sums_is_told_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rollup, "roll_up", broken)
    with Store.in_memory() as store:
        with pytest.raises(KeyboardInterrupt):
            read_whole(grow(3), store, tmp_path)
        monkeypatch.undo()
        assert store.metrics_count()
        ingest(store, tmp_path)
        check(store)
