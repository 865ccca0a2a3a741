"""A store that a collector keeps open: filled, asked, and still there for other processes."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from served import until
from tachograph.collector.shared import SharedStore, StoreBusy
from tachograph.columns import ColumnBuilder, add_dicts
from tachograph.errors import StoreUnusable
from tachograph.store.duckdb import Store
from tachograph.store.gate import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def add(identifier: str) -> Callable[[Store], None]:
    def change(store: Store) -> None:
        builder = ColumnBuilder()
        add_dicts(builder, [{"id": identifier, "ts": 1, "type": "tool_use", "session_id": "s"}])
        with store.loading() as loading:
            loading.add([builder.batch()], source="metrics-log", in_parts=False)
            loading.commit([])

    return change


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[SharedStore]:
    store = SharedStore(tmp_path / "tachograph.duckdb")
    yield store
    store.close()


def count(shared: SharedStore) -> int:
    with shared.asked() as store:
        return store.metrics_count()


COUNT = """
import sys
from pathlib import Path
from tachograph.store.duckdb import Store
with Store.open(Path(sys.argv[1]), read_only=sys.argv[2] == "read") as store:
    print(store.metrics_count())
"""


def give_way_until_it_has_ended(shared: SharedStore, other: subprocess.Popen[str]) -> None:
    def has_ended() -> bool:
        shared.give_way()
        return other.poll() is not None

    until(has_ended)


def count_elsewhere(path: Path, how: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", COUNT, str(path), how], stdout=subprocess.PIPE, text=True)


def test_it_is_made_when_it_is_first_asked_and_says_what_was_filled_in(shared: SharedStore) -> None:
    assert not shared.path.exists()
    assert count(shared) == 0
    assert shared.fill(add("1"))
    assert count(shared) == 1


def transaction(shared: SharedStore) -> int:
    """They are numbered anew whenever the store is opened."""
    with shared.asked() as store:
        row = store.connection.execute("SELECT txid_current()").fetchone()
    assert row
    return int(row[0])


def test_it_is_opened_anew_when_it_has_grown_and_nobody_asks(
    shared: SharedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        shared.fill(add(str(number)))
    shared.give_way()
    before = transaction(shared)
    monkeypatch.setattr("tachograph.collector.shared._GROWN_BYTES", -1)
    with shared.asked():
        shared.give_way()
    assert transaction(shared) >= before
    shared.give_way()
    assert transaction(shared) < before
    assert count(shared) == 20
    assert shared.fill(add("one more"))
    assert count(shared) == 21


def test_an_answer_in_a_block_stays_the_same_store_while_more_is_filled_in(shared: SharedStore) -> None:
    shared.fill(add("1"))
    with shared.asked() as store:
        store.connection.begin()
        assert store.metrics_count() == 1
        shared.fill(add("2"))
        assert store.metrics_count() == 1
        store.connection.rollback()
    assert count(shared) == 2


@pytest.mark.parametrize("how", ["read", "write"])
def test_other_processes_get_their_turn(shared: SharedStore, how: str) -> None:
    shared.fill(add("1"))
    with count_elsewhere(shared.path, how) as other:
        give_way_until_it_has_ended(shared, other)
        assert other.stdout
        assert other.stdout.read() == "1\n"
    assert shared.fill(add("2"))
    assert count(shared) == 2


def test_it_is_not_filled_while_another_process_reads_logs_into_it(shared: SharedStore) -> None:
    shared.fill(add("1"))
    with Reading(shared.path):
        assert not shared.fill(add("2"))
    assert shared.fill(add("2"))


def test_one_thread_fills_it_at_a_time(shared: SharedStore) -> None:
    """What another one would have filled in meanwhile it fills in later."""
    refused: list[bool] = []

    def meanwhile(store: Store) -> None:
        other = threading.Thread(target=lambda: refused.append(not shared.fill(add("2"))))
        other.start()
        other.join()
        add("1")(store)

    assert shared.fill(meanwhile)
    assert refused == [True]
    assert count(shared) == 1


def test_who_asks_does_not_wait_forever_for_others(shared: SharedStore) -> None:
    shared.fill(add("1"))
    entered, leave = threading.Event(), threading.Event()

    def keep_it() -> None:
        with shared.asked():
            entered.set()
            leave.wait(30)

    asking = threading.Thread(target=keep_it)
    asking.start()
    entered.wait(30)
    with count_elsewhere(shared.path, "read") as other:
        giving = threading.Thread(target=give_way_until_it_has_ended, args=(shared, other))
        giving.start()
        until(lambda: shared._away)
        shared.patience = 0.01
        with pytest.raises(StoreBusy), shared.asked():
            pass
        leave.set()
        giving.join()
    asking.join()
    assert count(shared) == 1


def test_what_goes_wrong_in_a_question_leaves_the_store_usable(shared: SharedStore) -> None:
    shared.fill(add("1"))
    with pytest.raises(ZeroDivisionError), shared.asked():
        _ = 1 / 0
    assert count(shared) == 1


def test_a_closed_one_says_so(tmp_path: Path) -> None:
    shared = SharedStore(tmp_path / "tachograph.duckdb")
    shared.fill(add("1"))
    shared.close()
    with pytest.raises(StoreUnusable), shared.asked():
        pass
    with Store.open(shared.path, read_only=True) as store:
        assert store.metrics_count() == 1
