"""`AsyncRecorder`: the same records, without a moment in which the event loop waits for a disk or a lock."""

from __future__ import annotations

import asyncio
import fcntl
import time
from typing import TYPE_CHECKING, Any

import pytest

from recorded import read
from tachograph import AsyncRecorder, BadRecord
from tachograph.recorder.names import LOCK_NAME

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE_SECONDS = 30


def lines_in(folder: Path) -> list[bytes]:
    return [line for path in folder.glob("*.jsonl") for line in path.read_bytes().splitlines()]


@pytest.fixture(params=["buffered", "flushed", "synced"])
def durability(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_what_was_recorded_is_read(tmp_path: Path, durability: Any) -> None:
    async def work() -> list[str]:
        async with AsyncRecorder(tmp_path, durability=durability) as recorder:
            ids = [
                await recorder.tool_use("Bash", success=True),
                await recorder.record("performance", {"operation": "o"}),
            ]
            assert await recorder.flush() is True
            assert await recorder.sync() is True
            assert recorder.status() == (2, 2, 0, 0, None)
            return ids

    ids = asyncio.run(work())
    assert [metric.id for metric in read(tmp_path)] == ids


@pytest.mark.parametrize("durability", ["flushed", "synced"])
def test_a_record_that_was_awaited_is_written(tmp_path: Path, durability: Any) -> None:
    async def work() -> None:
        recorder = AsyncRecorder(tmp_path, durability=durability)
        for count in range(1, 20):
            await recorder.tool_use("Bash")
            assert recorder.status().waiting == 0
            assert len(lines_in(tmp_path)) == count
        await recorder.close()

    asyncio.run(work())


def test_many_tasks_share_the_writing(tmp_path: Path, durability: Any) -> None:
    async def work() -> list[str]:
        async with AsyncRecorder(tmp_path, durability=durability) as recorder:
            return await asyncio.gather(*(recorder.tool_use("Bash", n=n) for n in range(500)))

    ids = asyncio.run(work())
    assert sorted(metric.id for metric in read(tmp_path)) == sorted(ids)


def test_a_record_that_is_never_awaited_is_written_too(tmp_path: Path, durability: Any) -> None:
    recorder = AsyncRecorder(tmp_path, durability=durability, flush_seconds=0)
    recorder.tool_use("Bash")  # not even in an event loop
    deadline = time.monotonic() + PATIENCE_SECONDS
    while recorder.status().waiting:
        assert time.monotonic() < deadline
    asyncio.run(recorder.close())
    assert len(read(tmp_path)) == 1


@pytest.mark.parametrize("durability", ["flushed", "synced"])
def test_the_loop_goes_on_while_the_lock_is_held_and_cancelling_loses_nothing(tmp_path: Path, durability: Any) -> None:
    async def work() -> None:
        recorder = AsyncRecorder(tmp_path, durability=durability)
        await recorder.tool_use("Bash")
        with (tmp_path / LOCK_NAME).open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            waiting = asyncio.ensure_future(recorder.tool_use("Bash"))
            for _ in range(1000):
                await asyncio.sleep(0)
            assert not waiting.done()
            assert recorder.status().waiting == 1
            waiting.cancel()
        await recorder.close()

    asyncio.run(work())
    assert len(read(tmp_path)) == 2


def test_what_is_recorded_after_the_closing_is_written_too(tmp_path: Path, durability: Any) -> None:
    async def work() -> None:
        recorder = AsyncRecorder(tmp_path, durability=durability)
        await recorder.tool_use("before")
        await recorder.close()
        await asyncio.wait_for(recorder.tool_use("after"), PATIENCE_SECONDS)

    asyncio.run(work())
    assert [metric.data["tool_name"] for metric in read(tmp_path)] == ["before", "after"]


def test_who_records_faster_than_it_can_be_written_waits(tmp_path: Path) -> None:
    async def work() -> None:
        async with AsyncRecorder(tmp_path, memory_bytes=2000, flush_seconds=3600) as recorder:
            for _ in range(500):
                await recorder.tool_use("Bash")
            assert recorder.status().dropped == 0

    asyncio.run(work())
    assert len(read(tmp_path)) == 500


def test_what_can_not_be_a_metric_is_refused_at_the_call(tmp_path: Path) -> None:
    recorder = AsyncRecorder(tmp_path)
    with pytest.raises(BadRecord):
        recorder.tool_use("Bash", duration_ms=float("nan"))
    asyncio.run(recorder.close())
    assert read(tmp_path) == []
