"""A store on ClickHouse is asked over HTTP: what is asked and inserted, who may, and what goes wrong on the way."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import TYPE_CHECKING

import pytest

from claude_lines import contents
from clickhouse_process import ClickHouse
from ingest.test_order import grow, read_in_portions, read_whole
from store.test_store import add, line
from tachograph.cli.main import main
from tachograph.errors import StoreUnusable
from tachograph.store.duckdb import Store
from tachograph.store.engine import InterruptException
from tachograph.store.place import StorePlace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tachograph.store.clickhouse.connection import Connection


@pytest.fixture(scope="module")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    with ClickHouse(tmp_path_factory.mktemp("server")) as process:
        yield process


def refusal(clickhouse: ClickHouse, tmp_path: Path, address: str) -> str:
    with pytest.raises(StoreUnusable) as told:
        StorePlace(tmp_path / "tachograph.duckdb", address).open()
    assert clickhouse.folder.name not in str(told.value)
    return str(told.value)


def test_what_is_read_in_portions_comes_to_what_the_embedded_store_has(clickhouse: ClickHouse, tmp_path: Path) -> None:
    tree = grow(3)
    with Store.in_memory() as embedded, clickhouse.store("portions") as there:
        read_whole(tree, embedded, tmp_path / "whole")
        read_in_portions(tree, Random(3), there, tmp_path / "parts")
        assert contents(there) == contents(embedded)


def test_commands_read_logs_into_it_and_answer_from_it(
    clickhouse: ClickHouse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "logs" / "metrics_20260301_090000.jsonl"
    log.parent.mkdir()
    hostile = "Bash'; DROP TABLE metrics --\\ \t{tenant:String}"
    log.write_bytes(
        line("a", tool_name=hostile, duration_ms=5) + b"\n" + line("b", 1, tool_name="Read") + b"\nnonsense\n"
    )
    options = ["--store", clickhouse.address("commands"), "--home", str(tmp_path / "home"), "--timezone", "UTC"]
    assert main(["ingest", str(log.parent), *options[:4]]) == 0
    capsys.readouterr()
    assert main(["tools", "--no-ingest", "--json", "--tool", hostile, *options]) == 0
    (row,) = json.loads(capsys.readouterr().out)["time_series"]
    assert (row["tool"], row["count"], row["total_duration_ms"]) == (hostile, 1, 5)


def test_who_may_not_ask_is_told_in_a_line(clickhouse: ClickHouse, tmp_path: Path) -> None:
    told = refusal(clickhouse, tmp_path, clickhouse.address("x").replace("cret", "wrong"))
    assert "knows no such user with that password" in told
    assert "\n" not in told
    assert "wrong" not in told


def test_a_server_without_tls_is_told_from_one_that_does_not_answer(clickhouse: ClickHouse, tmp_path: Path) -> None:
    told = refusal(clickhouse, tmp_path, clickhouse.address("x", scheme="clickhouses"))
    assert "doesn't answer: it speaks no TLS there" in told


def test_what_the_server_says_is_told_in_a_line_without_its_address(clickhouse: ClickHouse) -> None:
    with clickhouse.store("errors") as there, pytest.raises(StoreUnusable) as told:
        there.connection.ask("SELECT throwIf(1, 'one\ntwo') FROM errors.meta UNION ALL SELECT throwIf(1, 'one\ntwo')")
    assert "ClickHouse can't do that: one two" in str(told.value)
    assert "for url" not in str(told.value)


def test_another_writer_waits_its_turn(clickhouse: ClickHouse, tmp_path: Path) -> None:
    with clickhouse.store("turns") as one, clickhouse.store("turns", tmp_path / "other") as other:
        with one.loading(), pytest.raises(StoreUnusable, match="another process writes"), other.loading():
            pass
        with other.loading():
            pass


def test_several_ask_at_the_same_time_while_one_writes(clickhouse: ClickHouse, tmp_path: Path) -> None:
    with clickhouse.store("several") as one:
        add(one, tmp_path, [line("a", tool_name="Bash")])

        def count(_: int) -> int:
            with clickhouse.store("several") as other:
                return other.metrics_count()

        with ThreadPoolExecutor(4) as pool:
            counting = pool.map(count, range(8))
            add(one, tmp_path, [line("b", 1), line("a", 2)], "metrics_20260301_090001.jsonl")
            assert set(counting) <= {1, 2}
        assert one.metrics_count() == 2


def test_more_paths_than_a_parameter_holds_are_forgotten_at_once(clickhouse: ClickHouse) -> None:
    with clickhouse.store("paths") as there:
        with there.loading() as loading:
            loading.commit([], gone=[f"/home/ana/{'x' * 80}/{number}" for number in range(2_000)])
        assert there.files() == {}


def test_a_server_that_is_gone_is_told_and_found_again_once_it_is_back(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    with ClickHouse(tmp_path) as clickhouse, clickhouse.store("restarted") as there:
        add(there, logs, [line("a", duration_ms=7)])
        clickhouse.kill()
        with pytest.raises(StoreUnusable) as told:
            there.metrics_count()
        assert str(told.value).startswith(
            f"clickhouse://127.0.0.1:{clickhouse.port}/restarted: ClickHouse doesn't answer"
        )
        assert "\n" not in str(told.value)
        assert "?" not in str(told.value)
        with pytest.raises(StoreUnusable, match="doesn't answer"):
            add(there, logs, [line("b", 1)], "metrics_20260301_090001.jsonl")
        clickhouse.start()
        assert there.metrics_count() == 1
        add(there, logs, [])
        assert there.metrics_count() == 2


def test_a_server_that_is_killed_amid_a_commit_has_it_as_a_whole_afterwards(tmp_path: Path) -> None:
    tree = grow(1)
    with Store.in_memory() as embedded:
        read_whole(tree, embedded, tmp_path / "whole")
        expected = contents(embedded)
    with ClickHouse(tmp_path) as clickhouse, clickhouse.store("killed") as there:
        with pytest.MonkeyPatch.context() as patched:
            insert, left = type(there.connection).insert, [14]

            def killing(self: Connection, *arguments: object, **named: object) -> None:
                left[0] -= 1
                if not left[0]:
                    clickhouse.kill()
                insert(self, *arguments, **named)

            patched.setattr(type(there.connection), "insert", killing)
            with pytest.raises(StoreUnusable, match="doesn't answer"):
                read_in_portions(tree, Random(1), there, tmp_path / "parts")
        clickhouse.start()
        read_whole(tree, there, tmp_path / "parts")
        assert contents(there) == expected


def test_what_is_asked_can_be_interrupted(clickhouse: ClickHouse) -> None:
    with clickhouse.store("long") as there:
        ended = threading.Event()

        def end() -> None:
            while not ended.wait(0.02):
                there.connection.interrupt()

        ending = threading.Thread(target=end)
        ending.start()
        with pytest.raises(InterruptException):
            there.connection.ask("SELECT sum(cityHash64(number)) FROM numbers_mt(100000000000)")
        ended.set()
        ending.join()
        assert there.metrics_count() == 0
