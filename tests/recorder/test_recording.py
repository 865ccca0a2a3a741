"""What is recorded is what is read: fields, defaults, ids and moments, and what a record can't be."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from recorded import read
from tachograph import BadRecord, Recorder, TachographError
from tachograph.metric import METRIC_TYPES, MetricType

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DURABILITIES = ("buffered", "flushed", "synced")


@pytest.mark.parametrize("durability", DURABILITIES)
def test_what_was_recorded_is_read(tmp_path: Path, durability: Any) -> None:
    with Recorder(tmp_path, durability=durability) as recorder:
        id = recorder.tool_use("Bash", duration_ms=412.5, success=True, session_id="s1", user_id="ana", branch="main")
    (metric,) = read(tmp_path)
    assert (metric.id, metric.type, metric.session_id, metric.user_id) == (id, "tool_use", "s1", "ana")
    assert metric.data == {"tool_name": "Bash", "duration_ms": 412.5, "success": True, "branch": "main"}
    assert abs(datetime.now(UTC) - metric.timestamp) < timedelta(minutes=1)
    assert recorder.status() == (1, 1, 0, 0, None)


def test_every_type_has_a_method_of_its_name(tmp_path: Path) -> None:
    with Recorder(tmp_path) as recorder:
        for kind in sorted(METRIC_TYPES):
            named = {"tool_use": "t", "agent_execution": "a", "hook_triggered": "h", "command_executed": "c"}
            name = named | {"error_occurred": "e", "performance": "p"}
            getattr(recorder, kind)(*([name[kind]] if kind in name else []), depth=1)
    assert [metric.type for metric in read(tmp_path)] == sorted(METRIC_TYPES)
    names = [{key: value for key, value in metric.data.items() if key != "depth"} for metric in read(tmp_path)]
    assert names == [
        {"agent_id": "a"}, {}, {"command_name": "c"}, {"error_type": "e"}, {"hook_name": "h"},
        {"operation": "p"}, {}, {}, {}, {"tool_name": "t"},
    ]  # fmt: skip


def test_a_record_may_be_of_any_type_and_hold_anything_that_json_has(tmp_path: Path) -> None:
    data = {
        "list": [1, 2.5, None, {"a": "é"}],
        "nothing": None,
        "most": 2**64 - 1,
        "tool_name": None,
        "a:null": ":null",
    }
    with Recorder(tmp_path) as recorder:
        recorder.record(MetricType.PERFORMANCE, data, id="mine", metadata={"tags": ["x"]})
    (metric,) = read(tmp_path)
    del data["tool_name"]
    assert (metric.id, metric.type, metric.data, metric.metadata) == ("mine", "performance", data, {"tags": ["x"]})


def test_what_the_recorder_was_told_holds_for_records_that_say_nothing_else(tmp_path: Path) -> None:
    mine = {"session_id": "s", "user_id": "u", "project_path": tmp_path, "metadata": {"host": "h", "n": 1}}
    with Recorder(tmp_path, **mine) as recorder:  # type: ignore[arg-type]
        recorder.session_start()
        recorder.tool_use("Bash", session_id="s2", user_id="u2", project_path="/else", metadata={"n": 2})
    own, said = read(tmp_path)
    assert (own.session_id, own.user_id, own.data, own.metadata) == (
        "s", "u", {"project_path": str(tmp_path)}, {"host": "h", "n": 1},
    )  # fmt: skip
    assert (said.session_id, said.user_id, said.data, said.metadata) == (
        "s2", "u2", {"tool_name": "Bash", "project_path": "/else"}, {"host": "h", "n": 2},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "read_as"),
    [
        (datetime(2026, 3, 1, 9, 30, 0, 125_000, tzinfo=UTC), datetime(2026, 3, 1, 9, 30, 0, 125_000, tzinfo=UTC)),
        (datetime(2026, 3, 1, 9, 30), datetime(2026, 3, 1, 9, 30, tzinfo=UTC)),  # noqa: DTZ001 - as the contract reads it
        (datetime(2026, 3, 1, 9, 30, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 3, 1, 7, 30, tzinfo=UTC)),
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
    ],
)
def test_a_moment_may_be_given(tmp_path: Path, given: datetime | str, read_as: datetime) -> None:
    with Recorder(tmp_path) as recorder:
        recorder.session_start(timestamp=given)
    assert [metric.timestamp for metric in read(tmp_path)] == [read_as]


def test_half_a_character_becomes_the_replacement_character(tmp_path: Path) -> None:
    with Recorder(tmp_path, session_id="\ud83d") as recorder:
        recorder.tool_use("a\udce9b", path=["\ud800\U0001f600"], key={"\udfff": 1})
    (metric,) = read(tmp_path)
    assert metric.session_id == "\ufffd"
    assert metric.data == {"tool_name": "a\ufffdb", "path": ["\ufffd\U0001f600"], "key": {"\ufffd": 1}}


HOLDS_ITSELF: dict[str, Any] = {}
HOLDS_ITSELF["itself"] = HOLDS_ITSELF

BAD: dict[str, tuple[Callable[[Recorder], object], str]] = {
    "an unknown type": (lambda r: r.record("tool_used"), "the type 'tool_used' is none of the ten"),
    "no type": (lambda r: r.record(None), "no type"),  # type: ignore[arg-type]
    "a type that is a list": (lambda r: r.record([]), "type is a list, not a string"),  # type: ignore[arg-type]
    "data that is a list": (lambda r: r.record("tool_use", [1]), "data is no mapping"),  # type: ignore[arg-type]
    "metadata that is a text": (lambda r: r.tool_use("x", metadata="m"), "metadata is no mapping"),  # type: ignore[arg-type]
    "a name that is a number": (lambda r: r.tool_use(5), "data.tool_name is an integer, not a string"),  # type: ignore[arg-type]
    "an outcome that is a number": (lambda r: r.tool_use("x", success=1), "data.success is an integer, not true or false"),  # type: ignore[arg-type]
    "a duration that is a text": (lambda r: r.tool_use("x", duration_ms="1"), "data.duration_ms is a string, not a number"),  # type: ignore[arg-type]
    "a duration that is a truth": (lambda r: r.tool_use("x", duration_ms=True), "data.duration_ms is true or false, not a number"),
    "not a number": (lambda r: r.tool_use("x", duration_ms=float("nan")), "data.duration_ms is not a finite number"),
    "an infinity within": (lambda r: r.tool_use("x", a=[{"b": float("inf")}]), "data.a.b is not a finite number"),
    "a fraction of a token": (lambda r: r.token_usage(input_tokens=1.5), "data.input_tokens is a number, not an integer"),  # type: ignore[arg-type]
    "too many tokens": (lambda r: r.token_usage(input_tokens=2**63), "data.input_tokens does not fit in 64 bits"),
    "tokens that add up to too many": (
        lambda r: r.token_usage(input_tokens=2**63 - 1, output_tokens=1),
        "the kinds of tokens add up to more than 64 bits hold",
    ),
    "too many seconds": (lambda r: r.tool_use("x", duration_seconds=1e308), "data.duration_seconds is too large a number"),
    "an integer beyond 64 bits": (lambda r: r.tool_use("x", n=2**64), "data.n does not fit in 64 bits"),
    "a moment that no calendar has": (lambda r: r.session_start(timestamp="2026-02-30"), "the timestamp '2026-02-30' is no moment"),
    "a moment that is a number": (lambda r: r.session_start(timestamp=5), "timestamp is an integer, not a string"),  # type: ignore[arg-type]
    "an empty id": (lambda r: r.session_start(id=""), "the id is empty"),
    "an id that is a number": (lambda r: r.session_start(id=5), "id is an integer, not a string"),  # type: ignore[arg-type]
    "a session that is a number": (lambda r: r.session_start(session_id=5), "session_id is an integer, not a string"),  # type: ignore[arg-type]
    "what JSON doesn't have": (lambda r: r.tool_use("x", at=datetime.now(UTC)), "data.at is a datetime, which JSON doesn't have"),
    "a key that is no text": (lambda r: r.record("tool_use", {1: 2}), "data has a key that is no text: 1"),  # type: ignore[dict-item]
    "what holds itself": (lambda r: r.record("tool_use", HOLDS_ITSELF), "it is nested too deeply, or holds itself"),
    "a long text": (lambda r: r.tool_use("x", text="x" * (4 << 20)), "it is longer than 4 MiB"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_can_not_be_a_metric_is_refused_at_the_call(tmp_path: Path, name: str) -> None:
    call, reason = BAD[name]
    with Recorder(tmp_path) as recorder:
        with pytest.raises(BadRecord) as refused:
            call(recorder)
        assert refused.value.what.startswith(reason)
        assert str(refused.value).count("\n") == 0
        recorder.tool_use("the next one")
    assert [metric.data["tool_name"] for metric in read(tmp_path)] == ["the next one"]


@pytest.mark.parametrize(
    "settings",
    [{"durability": "sometimes"}, {"compress": "lzma"}, {"rotate_bytes": 0}, {"flush_seconds": -1}, {"session_id": 5}],
)
def test_a_setting_that_is_none_is_refused(tmp_path: Path, settings: dict[str, Any]) -> None:
    with pytest.raises(TachographError):
        Recorder(tmp_path, **settings)


def test_nothing_is_made_on_the_disk_before_something_is_recorded(tmp_path: Path) -> None:
    with Recorder(tmp_path / "logs"):
        pass
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - the test is about the names alone
