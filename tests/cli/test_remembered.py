"""Answers that were given before are given again only while nothing has changed."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any

import pytest

from cli.made_up import HISTORY, metric, write_log
from tachograph.aggregate import compute
from tachograph.cli.main import main
from tachograph.cli.remembered import Memory
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from cli.conftest import Command
    from tachograph.aggregate.question import Question
    from tachograph.aggregate.result import AggregationResult


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The types of aggregations that are worked out from here on."""
    seen: list[str] = []
    really_compute = compute.compute

    def noted(store: Store, asked: Question) -> AggregationResult:
        seen.append(asked.type.value)
        return really_compute(store, asked)

    monkeypatch.setattr(compute, "compute", noted)
    return seen


def test_the_same_question_is_worked_out_once(log: Path, computed: list[str], tachograph: Command) -> None:
    first = tachograph("daily", "--json")
    assert tachograph("daily", "--json") == first
    assert tachograph("daily").out.startswith("Days, ")
    assert computed == ["daily"]


def test_another_question_is_another(log: Path, computed: list[str], tachograph: Command) -> None:
    documents = [
        tachograph(*arguments, "--json").document
        for arguments in (
            ["daily"],
            ["daily", "--timezone", "Asia/Kathmandu"],
            ["daily", "--since", "2026-03-02"],
            ["daily", "--until", "2026-03-02"],
            ["daily", "--session", "s1"],
            ["daily", "--fill"],
            ["tools"],
            ["summary"],
        )
    ]
    assert len({json.dumps(each) for each in documents[:5]}) >= 4
    assert len(computed) == len(documents) + 1  # the summary asks two questions


def test_a_new_line_is_seen(log: Path, tachograph: Command) -> None:
    assert tachograph("daily", "--json").document["total_metrics"] == 9
    write_log(log, *HISTORY, metric("new", "2026-03-09T00:00:00Z"))
    assert tachograph("daily", "--json").document["total_metrics"] == 10


def test_what_is_read_from_elsewhere_is_seen(log: Path, tmp_path: Path, tachograph: Command) -> None:
    assert tachograph("daily", "--json").document["total_metrics"] == 9
    other = tmp_path / "other"
    write_log(other, metric("other", "2026-03-09T00:00:00Z"))
    assert tachograph("ingest", other).code == 0
    assert tachograph("daily", "--json").document["total_metrics"] == 10


def test_what_is_read_while_an_answer_is_kept_is_seen(
    log: Path, tmp_path: Path, tachograph: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = write_log(tmp_path / "elsewhere", metric("new", "2026-03-09T10:00:00Z", tool_name="Bash"))
    keep = Memory.keep

    def kept_late(memory: Memory, *told: Any) -> None:
        main(["ingest", str(elsewhere)])
        keep(memory, *told)

    with monkeypatch.context() as late:
        late.setattr(Memory, "keep", kept_late)
        tachograph("daily", "--json")
    assert tachograph("daily", "--json").document["total_metrics"] == len(HISTORY) + 1


def test_a_full_disk_leaves_nothing_of_what_could_not_be_kept(
    log: Path, store_file: Path, tachograph: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half_written(path: Path, content: bytes) -> int:
        path.touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", half_written)
    assert tachograph("daily").code == 0
    assert not list(store_file.parent.glob("answers.json*"))


def test_a_store_that_was_made_again_is_another(log: Path, store_file: Path, tachograph: Command) -> None:
    tachograph("daily")
    rmtree(store_file.parent)
    write_log(log, *HISTORY[:3])
    assert tachograph("daily", "--json").document["total_metrics"] == 3


def test_newer_prices_are_seen(log: Path, store_file: Path, tachograph: Command) -> None:
    tachograph("daily")
    (store_file.parent / "genai-prices.dat").write_bytes(b"no prices")
    assert "downloaded prices are damaged" in tachograph.mistake("daily")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b'{"state":"x","remarks":[],"answers":{}}'])
def test_a_damaged_memory_is_no_memory(
    content: bytes, log: Path, store_file: Path, computed: list[str], tachograph: Command
) -> None:
    first = tachograph("daily", "--json")
    (store_file.parent / "answers.json").write_bytes(content)
    assert tachograph("daily", "--json") == first
    assert computed == ["daily", "daily"]


def test_remarks_are_made_again(log: Path, tachograph: Command) -> None:
    write_log(log, *HISTORY, "not JSON")
    assert tachograph("daily").err == tachograph("daily").err == "1 line could not be read: tachograph rejects\n"


def test_a_store_in_whose_log_something_was_written_is_asked_itself(
    log: Path, store_file: Path, computed: list[str], tachograph: Command
) -> None:
    """Its file is not all there is to it."""
    tachograph("daily")
    before = store_file.read_bytes()
    with Store.open(store_file) as store:
        store.connection.execute("INSERT INTO meta VALUES ('something', 'else')")
    assert store_file.read_bytes() == before
    tachograph("daily")
    assert computed == ["daily", "daily"]
