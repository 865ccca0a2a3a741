"""How much memory the engine is given, and that questions keep to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tachograph.errors import TachographError
from tachograph.store import memory
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("said", "size"),
    [("512MB", 512_000_000), ("2g", 2_000_000_000), ("1.5 GB", 1_500_000_000), ("200000000", 200_000_000)],
)
def test_the_environment_says_how_much(said: str, size: int) -> None:
    assert memory.limit({memory.VARIABLE: said}) == size


@pytest.mark.parametrize("said", ["much", "1e9", "-1GB", "1TB", "64MB", "128MB", "0", "1'; DROP TABLE metrics; --"])
def test_what_is_no_size_is_named(said: str) -> None:
    with pytest.raises(TachographError, match="TACHOGRAPH_MEMORY"):
        memory.limit({memory.VARIABLE: said})


def test_a_small_machine_gives_a_quarter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_of_machine", lambda: 2_000_000_000)
    assert memory.limit({}) == 500_000_000
    monkeypatch.setattr(memory, "_of_machine", lambda: 64_000_000_000)
    assert memory.limit({}) == 1_000_000_000
    monkeypatch.setattr(memory, "_of_machine", lambda: 100_000_000)
    assert memory.limit({}) == 160_000_000


def test_what_does_not_fit_is_kept_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(memory.VARIABLE, "160MB")
    with Store.open(tmp_path / "store.duckdb") as store:
        store.connection.execute("SET threads = 1")
        many = store.connection.execute(
            "SELECT count(*) FROM (SELECT md5(i::VARCHAR) AS a, count(*) FROM range(2_000_000) AS t(i) GROUP BY a)"
        ).fetchone()
        assert many == (2_000_000,)
        (given,) = store.connection.execute("SELECT current_setting('memory_limit')").fetchone() or ("",)
        assert given == "45.7 MiB"


def test_more_than_there_is_names_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(memory.VARIABLE, "tiny")
    with pytest.raises(TachographError, match="512MB"):
        Store.open(tmp_path / "store.duckdb")
