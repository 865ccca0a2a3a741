"""Cumulative counters: each point comes to what was added since the one before, once."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exported import CUMULATIVE, counter, decoded, durations, histogram, metrics, point
from tachograph.otlp import Known, Point, Series

DAY_US = 86_400_000_000


def output(count: int, *, seconds: float = 0, began: float = -60, session: str = "g1") -> Point:
    """A point of a counter of output tokens."""
    attributes = {"session.id": session, "model": "m", "type": "output"}
    made = counter(
        "gemini_cli.token.usage", point(count, attributes, seconds=seconds, began=began), temporality=CUMULATIVE
    )
    (found,) = decoded(metrics(made, service="gemini-cli")).points
    return found


def calls(count: int, *, seconds: float = 0) -> Point:
    made = counter(
        "gemini_cli.tool.call.count",
        point(count, {"function_name": "ls", "success": True}, seconds=seconds),
        temporality=CUMULATIVE,
    )
    (found,) = decoded(metrics(made)).points
    return found


def tokens(series: Series, *points: Point) -> int:
    return sum(row["output_tokens"] for _, row in series.increments(points, heard_us=0))


def test_the_first_point_counts_in_full_and_the_next_by_what_it_adds() -> None:
    series = Series()
    assert [tokens(series, output(100)), tokens(series, output(130, seconds=10))] == [100, 30]


def test_a_point_that_is_not_newer_comes_to_nothing() -> None:
    series = Series()
    tokens(series, output(130, seconds=10))
    assert tokens(series, output(130, seconds=10), output(100, seconds=5)) == 0


def test_points_of_one_call_may_be_in_any_order() -> None:
    assert tokens(Series(), output(130, seconds=10), output(100)) == 130


def test_a_smaller_value_is_a_counter_that_began_anew() -> None:
    series = Series()
    tokens(series, output(100))
    assert tokens(series, output(40, seconds=10)) == 40


def test_another_start_is_a_series_of_its_own_so_processes_may_take_turns() -> None:
    series = Series()
    one = tokens(series, output(100, began=-60)) + tokens(series, output(150, began=-60, seconds=20))
    other = tokens(series, output(7, began=-30)) + tokens(series, output(9, began=-30, seconds=21))
    assert (one, other) == (150, 9)
    assert tokens(series, output(151, began=-60, seconds=30)) == 1


def test_other_attributes_are_another_series() -> None:
    series = Series()
    assert tokens(series, output(100), output(100, session="g2")) == 200


def test_an_increment_sent_again_has_the_same_id() -> None:
    first = Series().increments([output(100)], heard_us=0)
    assert first == Series().increments([output(100)], heard_us=0)


def test_things_become_as_many_metrics_as_were_added() -> None:
    series = Series()
    first, second = series.increments([calls(2)]), series.increments([calls(5, seconds=10)])
    assert (len(first), len(second)) == (2, 3)
    assert len({row["id"] for _, row in first + second}) == 5


def test_things_that_are_too_many_at_once_are_left_to_later_points() -> None:
    series = Series()
    many = [msgspec.structs.replace(calls(60_000), series=f"s{number}") for number in range(2)]
    assert len(series.increments(many)) == 60_000
    assert len(series.increments([msgspec.structs.replace(point, ts=point.ts + 1) for point in many])) == 60_000


def test_cumulative_histograms_add_their_sums_and_counts() -> None:
    def at(total: float, count: int, seconds: float) -> list[float]:
        made = histogram(
            "codex.tool.call.duration_ms",
            durations(total, count, {"tool": "ls"}, seconds=seconds),
            temporality=CUMULATIVE,
        )
        return [row["duration_ms"] for _, row in series.increments(decoded(metrics(made)).points)]

    series = Series()
    assert [at(600, 3, 0), at(700, 5, 10), at(700, 5, 20)] == [[200.0] * 3, [50.0] * 2, []]


def test_what_was_kept_is_known_after_a_crash() -> None:
    series = Series()
    series.increments([output(100)], heard_us=5)
    kept = msgspec.msgpack.encode(series.changes())
    again = Series()
    again.take(msgspec.msgpack.decode(kept, type=list[Known]))
    assert again.snapshot() == series.snapshot()
    assert tokens(again, output(130, seconds=10)) == 30


def test_of_what_was_kept_twice_the_newer_holds() -> None:
    older, newer = (Series() for _ in range(2))
    older.increments([output(100)], heard_us=0)
    newer.increments([output(130, seconds=10)], heard_us=0)
    again = Series()
    again.take([*newer.snapshot(), *older.snapshot()])
    assert tokens(again, output(131, seconds=20)) == 1


def test_changes_are_values_that_changed_and_once_a_day_that_a_series_is_heard_of() -> None:
    series = Series()
    series.increments([output(100)], heard_us=0)
    assert [known.value for known in series.changes()] == [100]
    series.increments([output(100, seconds=10)], heard_us=10)
    assert series.changes() == []
    series.increments([output(100, seconds=20)], heard_us=2 * DAY_US)
    assert [known.heard_us for known in series.changes()] == [2 * DAY_US]


def test_what_was_not_heard_of_for_30_days_is_forgotten() -> None:
    series = Series()
    series.increments([output(100)], heard_us=0)
    series.increments([output(100, session="g2")], heard_us=DAY_US)
    assert (series.forget(30 * DAY_US), len(series)) == (0, 2)
    assert (series.forget(30 * DAY_US + 1), len(series)) == (1, 1)
    assert tokens(series, output(101, session="g2", seconds=1)) == 1


@pytest.mark.parametrize("heard_us", [None, 0])
def test_no_points_are_no_rows(heard_us: int | None) -> None:
    assert Series().increments([], heard_us) == []


class Reading(NamedTuple):
    """A point of one process: which run of it, when, and how much had been added by then."""

    run: int
    seconds: int
    total: int


@st.composite
def histories(draw: st.DrawFn) -> list[Reading]:
    """Runs of a process, each of which counts up from zero."""
    found = []
    for run in range(draw(st.integers(1, 3))):
        total = 0
        for step, added in enumerate(draw(st.lists(st.integers(0, 50), max_size=6))):
            total += added
            found.append(Reading(run, step + 1, total))
    return found


@given(histories(), st.randoms(use_true_random=False), st.integers(1, 4))
def test_points_in_any_order_and_repeated_add_up_to_the_last_of_each_run(
    history: list[Reading], random: object, portions: int
) -> None:
    points = [output(each.total, seconds=each.seconds, began=-1000 + each.run) for each in history]
    shuffled = points * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    series, kept, found = Series(), list[Known](), 0
    for number in range(portions):
        found += tokens(series, *shuffled[number::portions])
        kept += series.changes()
        series = Series()
        series.take(kept)
    expected = sum(max((each.total for each in history if each.run == run), default=0) for run in range(3))
    assert found == expected
