"""Blocks of five hours: where they begin and end, what they hold, and what becomes of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.made_up import metric
from queried import store_of
from tachograph.query.blocks import HOUR_US, Hour, blocks, blocks_of
from tachograph.query.model import AnyOf, Query

if TYPE_CHECKING:
    from tachograph.query.blocks import Block


def us(text: str) -> int:
    return round(datetime.fromisoformat(f"2026-03-{text}+00:00").timestamp() * 1_000_000)


def request(id: str, when: str, tokens: int = 100, **more: object) -> str:
    given = {"model": "claude-opus-4-5", "input_tokens": tokens, "cost_usd": tokens / 100, **more}
    return metric(id, f"2026-03-{when}Z", "token_usage", **given)  # type: ignore[arg-type]


def made(*lines: str, **query: object) -> list[Block]:
    with store_of(lines) as store:
        return blocks(store, Query(**query))  # type: ignore[arg-type]


def begins(found: list[Block]) -> list[str]:
    return [f"{datetime.fromtimestamp(one.start_us / 1e6, UTC):%d %H:%M}" for one in found]


def test_a_block_begins_at_the_full_hour_of_its_first_request_and_lasts_five() -> None:
    (block,) = made(request("1", "01T09:59:59"), request("2", "01T13:59:59.999999"))
    assert (block.start_us, block.end_us) == (us("01T09:00:00"), us("01T14:00:00"))
    assert (block.first_us, block.last_us) == (us("01T09:59:59"), us("01T13:59:59.999999"))
    assert (block.requests, block.tokens, block.cost_usd) == (2, 200, 2.0)


def test_a_request_at_its_end_begins_the_next() -> None:
    assert begins(made(request("1", "01T09:30:00"), request("2", "01T14:00:00"))) == ["01 09:00", "01 14:00"]


def test_a_block_whose_agent_rested_for_five_hours_is_followed_by_one_of_its_own() -> None:
    assert begins(made(request("1", "01T09:30:00"), request("2", "01T20:10:00"))) == ["01 09:00", "01 20:00"]


def test_one_after_the_other_they_go_on_through_a_day() -> None:
    found = made(*(request(str(hour), f"01T{hour:02}:30:00") for hour in range(24)))
    assert begins(found) == ["01 00:00", "01 05:00", "01 10:00", "01 15:00", "01 20:00"]
    assert [one.requests for one in found] == [5, 5, 5, 5, 4]


def test_each_source_has_blocks_of_its_own() -> None:
    with store_of([request("1", "01T09:30:00"), request("2", "01T11:30:00")]) as store:
        store.connection.execute("UPDATE metrics SET source = 'codex' WHERE id = '2'")
        found = blocks(store, Query())
        assert [(one.source, one.tokens) for one in found] == [("metrics-log", 100), ("codex", 100)]
        assert begins(blocks(store, Query(where=AnyOf("source", ("codex",))))) == ["01 11:00"]


def test_kinds_models_and_what_is_not_known_are_told() -> None:
    (block,) = made(
        request("1", "01T09:00:00", output_tokens=7, cache_read_tokens=9, cache_write_tokens=1),
        metric("2", "2026-03-01T09:10:00Z", "token_usage", model="unheard-of", input_tokens=5),
        metric("3", "2026-03-01T12:10:00Z", tool_name="Bash", duration_ms=5),
    )
    assert (block.tokens, block.by_kind) == (122, (105, 7, 9, 1))
    assert block.models == ("claude-opus-4-5", "unheard-of")
    assert block.is_at_least
    assert block.last_us == us("01T09:10:00")  # a call uses no tokens itself


def test_a_range_has_the_blocks_that_lie_in_it_whatever_was_before() -> None:
    lines = [request(str(hour), f"01T{hour:02}:30:00") for hour in range(24)]
    start, end = datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 1, 15, tzinfo=UTC)
    assert begins(made(*lines, start=start, end=end)) == ["01 10:00"]


def test_one_that_goes_on_comes_to_more_at_its_speed() -> None:
    (block,) = made(request("1", "01T09:30:00"), request("2", "01T10:30:00"), request("3", "01T11:00:00"))
    now = us("01T12:00:00")
    burn, projected = block.burn(), block.projected(now)
    assert burn is not None
    assert projected is not None
    assert (burn.tokens_per_minute, burn.usd_per_hour) == (300 / 90, 2.0)
    assert (projected.minutes_left, projected.tokens, projected.cost_usd) == (120.0, 700, 7.0)
    assert block.is_active(now)


@pytest.mark.parametrize(("now", "active"), [("01T13:59:59", True), ("01T14:00:00", False), ("01T08:59:59", False)])
def test_it_goes_on_until_its_end(now: str, active: bool) -> None:
    (block,) = made(request("1", "01T09:30:00"))
    assert block.is_active(us(now)) is active


def test_one_request_tells_no_speed_and_what_is_over_comes_to_nothing_more() -> None:
    (one,) = made(request("1", "01T09:30:00"))
    assert (one.burn(), one.projected(us("01T10:00:00"))) == (None, None)
    (two,) = made(request("1", "01T09:30:00"), request("2", "01T09:40:00"))
    assert two.burn() is not None
    assert two.projected(us("02T10:00:00")) is None


def test_of_nothing_there_are_none() -> None:
    assert made("{}") == []


def plainly(moments: list[int]) -> list[tuple[int, int, int, int]]:
    """Blocks one request at a time: when each begins, its first and last request, and how many there are."""
    found: list[list[int]] = []
    for us_ in sorted(moments):
        begins_anew = (
            not found or us_ >= found[-1][0] // HOUR_US * HOUR_US + 5 * HOUR_US or us_ - found[-1][-1] > 5 * HOUR_US
        )
        if begins_anew:
            found.append([])
        found[-1].append(us_)
    return [(each[0] // HOUR_US * HOUR_US, each[0], each[-1], len(each)) for each in found]


@given(st.lists(st.integers(0, 60 * HOUR_US).map(lambda us_: us_ // 60_000_000 * 60_000_000), min_size=1, max_size=40))
def test_hours_make_the_blocks_that_single_requests_make(moments: list[int]) -> None:
    by_hour: dict[int, list[int]] = {}
    for us_ in sorted(moments):
        by_hour.setdefault(us_ // HOUR_US, []).append(us_)
    hours = [
        Hour("a", None, each[0], each[-1], len(each), (len(each), 0, 0, 0, 0), 0, is_at_least=False)
        for each in by_hour.values()
    ]
    found = [(one.start_us, one.first_us, one.last_us, one.requests) for one in blocks_of(hours)]
    assert found == plainly(moments)
