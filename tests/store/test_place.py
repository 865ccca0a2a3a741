"""Addresses of stores on a server, and what is said of those that can't be used."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tachograph.errors import StoreUnusable
from tachograph.store.clickhouse.address import Address, address
from tachograph.store.place import StorePlace

if TYPE_CHECKING:
    from pathlib import Path


def test_an_address_says_where_who_and_which_database() -> None:
    assert address("clickhouse://ana:a%40b@db.example.com/agents?cluster=all") == Address(
        "clickhouse", "db.example.com", 8123, "ana", "a@b", "agents", "all"
    )
    assert address("clickhouses://db.example.com:9440").port == 9440
    assert address("clickhouses://db.example.com").database == "tachograph"
    assert address("chdb:///var/lib/x").path == "/var/lib/x"


@pytest.mark.parametrize(
    "text",
    [
        "", "clickhouse:", "clickhouse://", "http://x", "clickhouse://x:port/y", "clickhouse://ana:secret@x/a-b",
        "clickhouse://ana:secret@x/y?cluster=a;b", "clickhouse://ana:secret@x/y?secret=1", "clickhouse://[x/secret",
    ],
)  # fmt: skip
def test_what_is_no_address_is_told_without_its_password(text: str) -> None:
    with pytest.raises(StoreUnusable) as told:
        address(text)
    assert "ana" not in str(told.value)


def test_a_server_that_does_not_answer_is_told_in_a_line_without_the_password(tmp_path: Path) -> None:
    place = StorePlace(tmp_path / "tachograph.duckdb", "clickhouse://ana:secret@127.0.0.1:9/x")
    assert "secret" not in str(place)
    with pytest.raises(StoreUnusable, match="doesn't answer: Connection refused") as told:
        place.open()
    assert "secret" not in str(told.value)


def test_what_is_not_installed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlglot", None)
    with pytest.raises(StoreUnusable, match=r"sqlglot.*tachograph\[clickhouse\]"):
        StorePlace(tmp_path / "tachograph.duckdb", "clickhouse://127.0.0.1:9/x").open()
