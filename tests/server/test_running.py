"""Questions have a few threads, a limited time, and somebody who waits for them."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from starlette.requests import ClientDisconnect

from tachograph.server.problems import Problem
from tachograph.server.running import Runner, Stopped, Turn
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Message

FOREVER = "SELECT sum(a.range * b.range) FROM range(10000000) AS a, range(10000000) AS b"
"""Takes days."""


async def waits() -> Message:
    """Whoever asked stays."""
    await asyncio.Event().wait()
    raise AssertionError


class Endless:
    """A question that never ends by itself; it notes when it has."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.ended = threading.Event()

    def __call__(self, turn: Turn) -> None:
        turn.begin()
        try:
            with Store.in_memory() as store, turn.asking(store.connection):
                self.begun.set()
                store.connection.execute(FOREVER).fetchall()
        finally:
            self.ended.set()


def after(event: threading.Event) -> None:
    """Waits for it, half a minute at most."""
    assert event.wait(30)


async def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


def test_what_is_done_in_time_is_the_answer() -> None:
    assert asyncio.run(Runner().run(lambda _: 42, waits)) == 42


def test_what_takes_too_long_is_interrupted_and_told() -> None:
    endless = Endless()

    async def ask() -> None:
        with pytest.raises(Problem) as raised:
            await Runner(seconds=0.3).run(endless, waits)
        assert raised.value.document.status == 504
        assert "0.3 s" in raised.value.document.detail
        await asyncio.to_thread(after, endless.ended)

    asyncio.run(ask())


def test_whoever_goes_away_takes_the_question_along() -> None:
    endless = Endless()

    async def goes() -> Message:
        await until(endless.begun.is_set)
        return {"type": "http.disconnect"}

    async def ask() -> None:
        with pytest.raises(ClientDisconnect):
            await Runner().run(endless, goes)
        await asyncio.to_thread(after, endless.ended)

    asyncio.run(ask())


def test_a_question_that_is_given_up_by_the_server_is_interrupted_too() -> None:
    endless = Endless()

    async def ask() -> None:
        task = asyncio.ensure_future(Runner().run(endless, waits))
        await until(endless.begun.is_set)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.to_thread(after, endless.ended)

    asyncio.run(ask())


def test_a_thread_is_free_again_only_when_its_question_has_ended() -> None:
    release, entered, second = threading.Event(), threading.Event(), threading.Event()

    def stubborn(turn: Turn) -> None:
        turn.begin()
        entered.set()
        after(release)

    def quick(turn: Turn) -> str:
        second.set()
        turn.begin()
        return "done"

    async def ask() -> None:
        runner = Runner(threads=1, seconds=0.2)
        for work in (stubborn, quick):
            with pytest.raises(Problem) as raised:
                await runner.run(work, waits)
            assert raised.value.document.status == 503
        assert entered.is_set()
        assert not second.is_set()
        release.set()
        await until(second.is_set)
        assert await runner.run(quick, waits) == "done"

    asyncio.run(ask())


def test_more_than_may_wait_are_sent_away_at_once() -> None:
    release = threading.Event()

    def stubborn(_: Turn) -> None:
        after(release)

    async def ask() -> None:
        runner = Runner(threads=1, waiting=1)
        tasks = [asyncio.ensure_future(runner.run(stubborn, waits)) for _ in range(2)]
        await until(lambda: runner.waiting_now == 1)
        with pytest.raises(Problem) as raised:
            await runner.run(stubborn, waits)
        assert raised.value.document.status == 503
        release.set()
        await asyncio.gather(*tasks)

    asyncio.run(ask())


def test_what_goes_wrong_in_the_thread_is_raised() -> None:
    def faulty(_: Turn) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(Runner().run(faulty, waits))


def test_a_stopped_turn_goes_no_further_and_no_closed_store_is_interrupted() -> None:
    turn = Turn()
    with Store.in_memory() as store, turn.asking(store.connection):
        assert store.connection.execute("SELECT 1").fetchall() == [(1,)]
    turn.stop()
    turn.stop()
    for step in (turn.begin, turn.go_on):
        with pytest.raises(Stopped):
            step()
    asked: list[Any] = []
    with Store.in_memory() as store, pytest.raises(Stopped), turn.asking(store.connection):
        asked.append(store)
    assert not asked
