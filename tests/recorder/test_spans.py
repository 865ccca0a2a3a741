"""Context managers: what they time and how they judge, whether for `with` or for `async with`."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from recorded import read
from tachograph import AsyncRecorder, BadRecord, Recorder

if TYPE_CHECKING:
    from pathlib import Path

    from tachograph import Metric

KINDS = (
    ("tool", "tool_use", "tool_name"),
    ("agent", "agent_execution", "agent_id"),
    ("command", "command_executed", "command_name"),
    ("hook", "hook_triggered", "hook_name"),
    ("operation", "performance", "operation"),
)


def one(folder: Path) -> Metric:
    (metric,) = read(folder)
    return metric


@pytest.mark.parametrize(("method", "type", "field"), KINDS)
def test_what_is_wrapped_is_timed_and_judged(tmp_path: Path, method: str, type: str, field: str) -> None:
    before = datetime.now(UTC)
    with Recorder(tmp_path) as recorder, getattr(recorder, method)("x", session_id="s", user_id="u", n=1) as span:
        between = datetime.now(UTC)
    metric = one(tmp_path)
    assert (metric.id, metric.type, metric.session_id, metric.user_id) == (span.id, type, "s", "u")
    duration_ms = metric.data.pop("duration_ms")
    assert 0 < duration_ms <= (datetime.now(UTC) - before).total_seconds() * 1000
    assert before <= metric.timestamp <= between
    assert metric.data == {field: "x", "n": 1, "success": True}


def test_an_exception_is_a_failure_of_its_kind_and_goes_on(tmp_path: Path) -> None:
    with Recorder(tmp_path) as recorder, pytest.raises(LookupError), recorder.tool("Bash"):
        raise LookupError
    data = one(tmp_path).data
    assert (data["success"], data["error_type"]) == (False, "LookupError")


def test_what_was_interrupted_is_neither_a_success_nor_a_failure(tmp_path: Path) -> None:
    with Recorder(tmp_path) as recorder, pytest.raises(KeyboardInterrupt), recorder.tool("Bash"):
        raise KeyboardInterrupt
    data = one(tmp_path).data
    assert "success" not in data
    assert data["error_type"] == "KeyboardInterrupt"


@pytest.mark.parametrize("raises", [True, False])
def test_what_the_wrapped_code_says_goes_first(tmp_path: Path, raises: bool) -> None:
    with Recorder(tmp_path) as recorder:
        try:
            with recorder.tool("Bash", exit_code=0) as call:
                assert (call.success, call.error_type) == (None, None)
                call.success = False
                call.error_type = "exit_code"
                call.add(exit_code=2, duration_ms=5.0)
                assert (call.success, call.error_type) == (False, "exit_code")
                if raises:
                    json.loads("")
        except json.JSONDecodeError:
            assert raises
    data = {"tool_name": "Bash", "success": False, "error_type": "exit_code", "exit_code": 2, "duration_ms": 5.0}
    assert one(tmp_path).data == data


def test_a_wrong_value_is_refused_where_it_is_given_and_not_at_the_end(tmp_path: Path) -> None:
    with Recorder(tmp_path) as recorder:
        with pytest.raises(BadRecord):
            recorder.tool(5)  # type: ignore[arg-type]
        with pytest.raises(BadRecord):
            recorder.session(5)  # type: ignore[arg-type]
        with recorder.tool("Bash") as call:
            with pytest.raises(BadRecord):
                call.success = "yes"  # type: ignore[assignment]
            with pytest.raises(BadRecord):
                call.error_type = 5  # type: ignore[assignment]
            with pytest.raises(BadRecord):
                call.add(tokens=float("nan"))
    assert set(one(tmp_path).data) == {"tool_name", "success", "duration_ms"}


def test_a_session_is_recorded_at_its_start_and_at_its_end(tmp_path: Path) -> None:
    with Recorder(tmp_path, durability="flushed") as recorder, recorder.session(project_path="/p") as session:
        assert one(tmp_path).type == "session_start"
        recorder.tool_use("Bash", session_id=session.session_id)
    metrics = read(tmp_path)
    assert [metric.type for metric in metrics] == ["session_start", "tool_use", "session_end"]
    assert {metric.session_id for metric in metrics} == {session.session_id}
    assert all(early.timestamp <= late.timestamp for early, late in pairwise(metrics))
    assert metrics[-1].data == {"project_path": "/p", "success": True}


def test_a_session_is_the_one_named_or_the_recorders_own(tmp_path: Path) -> None:
    with Recorder(tmp_path, session_id="own") as recorder:
        with recorder.session():
            pass
        with pytest.raises(LookupError), recorder.session("named"):
            raise LookupError
    assert [metric.session_id for metric in read(tmp_path)] == ["own", "own", "named", "named"]
    assert read(tmp_path)[-1].data == {"success": False, "error_type": "LookupError"}


@pytest.mark.parametrize("durability", ["buffered", "flushed", "synced"])
@pytest.mark.parametrize("kind", [Recorder, AsyncRecorder])
def test_they_work_in_coroutines(tmp_path: Path, durability: Any, kind: type[Recorder | AsyncRecorder]) -> None:
    recorder = kind(tmp_path, durability=durability)

    async def work() -> None:
        async with recorder.session("s"), recorder.tool("Bash"):
            await asyncio.sleep(0)
        with recorder.tool("Read"):
            pass
        with pytest.raises(LookupError):
            async with recorder.tool("Edit"):
                raise LookupError
        closing = recorder.close()
        if closing is not None:
            await closing

    asyncio.run(work())
    metrics = read(tmp_path)
    assert [metric.data.get("tool_name") for metric in metrics] == [None, "Bash", None, "Read", "Edit"]
    assert [metric.data.get("success") for metric in metrics] == [None, True, True, True, False]


@pytest.mark.parametrize("kind", [Recorder, AsyncRecorder])
def test_what_is_cancelled_is_recorded_as_that(tmp_path: Path, kind: type[Recorder | AsyncRecorder]) -> None:
    recorder = kind(tmp_path, durability="flushed")

    async def work() -> None:
        started = asyncio.Event()

        async def long() -> None:
            async with recorder.tool("Bash"):
                started.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(long())
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(work())
    data = one(tmp_path).data
    assert data["error_type"] == "CancelledError"
    assert "success" not in data
