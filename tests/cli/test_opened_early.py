"""Where a log that changed last has changed again, the store is opened while the logs are found."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cli.made_up import HISTORY, metric, write_log
from tachograph.cli.main import main
from tachograph.ingest.listings import Listings
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Command
    from tachograph.store.early import Begun

NEW = metric("new", "2026-03-09T00:00:00Z")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """True for each store that was gone on with that had been opened early."""
    seen: list[bool] = []
    really_begun = Store.begun

    def noted(path: Path, begun: Begun) -> Store:
        seen.append(True)
        return really_begun(path, begun)

    monkeypatch.setattr(Store, "begun", noted)
    return seen


def total(tachograph: Command) -> int:
    return int(tachograph("daily", "--json").document["total_metrics"])


def test_what_was_written_since_is_read(log: Path, opened: list[bool], tachograph: Command) -> None:
    assert total(tachograph) == len(HISTORY)
    assert opened == []
    write_log(log, *HISTORY, NEW)
    assert total(tachograph) == len(HISTORY) + 1
    assert opened == [True]
    assert total(tachograph) == len(HISTORY) + 1
    assert opened == [True]


def test_a_log_that_only_looks_changed_changes_nothing(log: Path, opened: list[bool], tachograph: Command) -> None:
    first = tachograph("daily", "--json")
    os.utime(next(log.glob("*.jsonl")), ns=(1, 1))
    assert tachograph("daily", "--json") == first
    assert opened == [True]


def test_a_log_that_is_gone_stays_counted(log: Path, opened: list[bool], tachograph: Command) -> None:
    first = tachograph("daily", "--json")
    next(log.glob("*.jsonl")).unlink()
    assert tachograph("daily", "--json") == first
    assert opened == [True]


def test_what_others_read_meanwhile_is_not_read_again(log: Path, tmp_path: Path, tachograph: Command) -> None:
    assert total(tachograph) == len(HISTORY)
    write_log(log, *HISTORY, NEW)
    elsewhere = write_log(tmp_path / "elsewhere", metric("other", "2026-03-09T10:00:00Z"))
    assert main(["ingest", str(elsewhere)]) == 0
    assert total(tachograph) == len(HISTORY) + 2


def test_where_the_logs_cannot_be_found_the_store_is_closed(
    log: Path, store_file: Path, tachograph: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    assert total(tachograph) == len(HISTORY)
    write_log(log, *HISTORY, NEW)
    with monkeypatch.context() as patch:
        patch.setattr(Listings, "find", interrupted)
        assert main(["daily"]) == 130
    with Store.open(store_file) as store:  # not held by this process any more
        assert store.metrics_count() == len(HISTORY)


def test_a_store_that_is_damaged_is_told_as_always(
    log: Path, store_file: Path, opened: list[bool], tachograph: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert total(tachograph) == len(HISTORY)
    write_log(log, *HISTORY, NEW)
    monkeypatch.setattr("tachograph.cli.remembered.Memory.expects_news", lambda _: True)
    store_file.write_bytes(b"no database" * 2000)
    assert "DuckDB can't open it" in tachograph.mistake("daily")


def test_a_store_of_a_newer_version_is_told_as_always(
    log: Path, store_file: Path, opened: list[bool], tachograph: Command
) -> None:
    assert total(tachograph) == len(HISTORY)
    with Store.open(store_file) as store:
        store.connection.execute("UPDATE meta SET value = '999' WHERE name = 'schema'")
    write_log(log, *HISTORY, NEW)
    assert "newer version" in tachograph.mistake("daily")
