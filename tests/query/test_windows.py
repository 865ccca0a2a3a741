from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from queried import asked, at, cells, every, query_of
from strategies import ANCHORS, ZONES, moments
from tachograph.aggregate.windows import DAY_US, label, runs
from tachograph.metric import microseconds_of, moment
from tachograph.query.windows import each_start, windows_of
from tachograph.store import engine

if TYPE_CHECKING:
    from tachograph.aggregate.windows import WindowKind
    from tachograph.query.windows import QueryWindows


def starts(lines: list[str], window: str, zone: str = "UTC", **query: Any) -> list[str]:
    return [row[window] for row in asked(lines, by=(window,), zone=zone, **query).rows]


@pytest.mark.parametrize(
    ("window", "options", "start"),
    [
        ("minute", {}, "2026-03-05T10:52:00+00:00"),
        ("15 minutes", {}, "2026-03-05T10:45:00+00:00"),
        ("1 hour", {}, "2026-03-05T10:00:00+00:00"),
        ("6 hours", {}, "2026-03-05T06:00:00+00:00"),
        ("7 hours", {}, "2026-03-05T07:00:00+00:00"),
        ("24 hours", {}, "2026-03-05T00:00:00+00:00"),
        ("day", {}, "2026-03-05T00:00:00+00:00"),
        ("3 days", {}, "2026-03-05T00:00:00+00:00"),  # 20,517 days after 1970 began
        ("4 days", {}, "2026-03-04T00:00:00+00:00"),
        ("week", {}, "2026-03-02T00:00:00+00:00"),
        ("week", {"week_start": "sunday"}, "2026-03-01T00:00:00+00:00"),
        ("week", {"week_start": "thursday"}, "2026-03-05T00:00:00+00:00"),
        ("week", {"week_start": "friday"}, "2026-02-27T00:00:00+00:00"),
        ("2 weeks", {}, "2026-02-23T00:00:00+00:00"),
        ("month", {}, "2026-03-01T00:00:00+00:00"),
        ("month", {"month_start": 5}, "2026-03-05T00:00:00+00:00"),
        ("month", {"month_start": 6}, "2026-02-06T00:00:00+00:00"),
        ("3 months", {}, "2026-01-01T00:00:00+00:00"),
        ("3 months", {"month_start": 6}, "2025-12-06T00:00:00+00:00"),
        ("12 months", {}, "2026-01-01T00:00:00+00:00"),
    ],
)
def test_a_window_begins_where_its_width_says(window: str, options: dict[str, Any], start: str) -> None:
    assert starts(at("2026-03-05T10:52:37Z"), window, **options) == [start]


def test_the_last_window_of_a_day_ends_with_the_day() -> None:
    lines = at("2026-03-05T20:59Z", "2026-03-05T21:00Z", "2026-03-05T23:59Z", "2026-03-06T00:00Z")
    assert [start[5:16] for start in starts(lines, "7 hours")] == ["03-05T14:00", "03-05T21:00", "03-06T00:00"]


def test_several_windows_are_counted_from_the_one_that_1970_began_in() -> None:
    lines = at("1969-12-31T23:59Z", "1970-01-01T00:00Z", "1970-01-03T23:59Z", "1970-01-04T00:00Z")
    assert [start[:10] for start in starts(lines, "3 days")] == ["1969-12-29", "1970-01-01", "1970-01-04"]
    assert [start[:10] for start in starts(lines, "2 weeks")] == ["1969-12-29"]
    assert [start[:10] for start in starts(lines, "5 months")] == ["1969-08-01", "1970-01-01"]


def test_kathmandu_is_a_quarter_of_an_hour_off() -> None:
    lines = at("2026-03-04T18:14:59Z", "2026-03-04T18:15:00Z", "2026-03-04T19:14:59Z", "2026-03-04T19:15:00Z")
    assert starts(lines, "hour", "Asia/Kathmandu") == [
        "2026-03-04T23:00:00+05:45",
        "2026-03-05T00:00:00+05:45",
        "2026-03-05T01:00:00+05:45",
    ]
    answer = asked(lines, by=("hour_of_day", "weekday"), zone=ZoneInfo("Asia/Kathmandu"), order=("-weekday",))
    assert cells(answer, "hour_of_day", "weekday", "count") == [(0, 4, 2), (1, 4, 1), (23, 3, 1)]


def test_the_hour_that_is_repeated_is_two_windows_and_one_hour_of_the_day() -> None:
    lines = every(30, "2026-10-25T00:00:00+00:00", 5)  # 02:00 +02:00 to 03:00 +01:00
    assert starts(lines, "hour", "Europe/Rome") == [
        "2026-10-25T02:00:00+02:00",
        "2026-10-25T02:00:00+01:00",
        "2026-10-25T03:00:00+01:00",
    ]
    assert starts(lines, "6 hours", "Europe/Rome") == ["2026-10-25T00:00:00+02:00", "2026-10-25T02:00:00+01:00"]
    answer = asked(lines, by=("hour_of_day",), zone="Europe/Rome")
    assert cells(answer, "hour_of_day", "count") == [(2, 4), (3, 1)]


def test_an_hour_that_is_left_out_has_no_window() -> None:
    lines = every(30, "2026-03-29T00:00:00+00:00", 4)
    assert starts(lines, "hour", "Europe/Rome") == ["2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00"]
    assert starts(lines, "2 hours", "Europe/Rome") == ["2026-03-29T00:00:00+01:00", "2026-03-29T03:00:00+02:00"]


def test_an_hour_that_a_change_of_half_an_hour_cuts_begins_there() -> None:
    lines = every(15, "2026-04-04T14:30:00+00:00", 6)  # at 02:00 +11:00 the clocks go back to 01:30 +10:30
    assert starts(lines, "hour", "Australia/Lord_Howe") == [
        "2026-04-05T01:00:00+11:00",
        "2026-04-05T01:30:00+10:30",
        "2026-04-05T02:00:00+10:30",
    ]
    assert asked(lines, by=("hour",), zone="Australia/Lord_Howe").rows[0]["count"] == 2


def test_a_day_that_never_was_has_no_window() -> None:
    lines = every(60, "2011-12-30T08:00:00+00:00", 4)  # midnight after the 29th is that before the 31st
    assert starts(lines, "day", "Pacific/Apia") == ["2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00"]
    whole = starts(
        [], "day", "Pacific/Apia", fill=True, start="2011-12-28T00:00:00-10:00", end="2012-01-02T00:00:00+14:00"
    )
    assert [start[:10] for start in whole] == ["2011-12-28", "2011-12-29", "2011-12-31", "2012-01-01"]
    assert cells(asked(lines, by=("weekday",), zone="Pacific/Apia"), "weekday", "count") == [(4, 2), (6, 2)]


def test_a_day_whose_midnight_is_left_out_begins_when_it_does() -> None:
    lines = at("2018-11-04T02:59:59Z", "2018-11-04T03:00:00Z")
    assert starts(lines, "day", "America/Sao_Paulo") == ["2018-11-03T00:00:00-03:00", "2018-11-04T01:00:00-02:00"]


def test_offsets_of_seconds_are_kept() -> None:
    lines = at("1890-01-01T00:00:00Z", "1890-01-01T00:10:04Z")  # Rome is 49:56 ahead of Greenwich
    assert starts(lines, "hour", "Europe/Rome") == [
        "1890-01-01T00:00:00+00:49:56",
        "1890-01-01T01:00:00+00:49:56",
    ]
    assert cells(asked(lines, by=("hour_of_day",), zone="Europe/Rome"), "hour_of_day") == [(0,), (1,)]


@pytest.mark.parametrize("window", ["minute", "hour", "24 hours", "day", "9 weeks", "month", "500 months"])
def test_windows_reach_to_both_ends_of_the_calendar(window: str) -> None:
    lines = at("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z")
    for zone in ("UTC", "Pacific/Kiritimati", "America/Adak"):
        answer = asked(lines, by=(window, "hour_of_day", "weekday"), zone=zone)
        assert [row["count"] for row in answer.rows] == [1, 1], zone


WIDTHS = ("minute", "7 minutes", "90 minutes", "hour", "5 hours", "24 hours", "day", "3 days", "week", "2 weeks", "month",
          "5 months")  # fmt: skip


@st.composite
def windowed(draw: st.DrawFn) -> tuple[QueryWindows, datetime, str]:
    near = tuple(draw(st.lists(st.sampled_from(ANCHORS), min_size=1, max_size=1)))
    zone = draw(st.sampled_from((near[0].zone, *ZONES)))
    query = query_of(
        by=(draw(st.sampled_from(WIDTHS)),),
        zone=zone,
        week_start=draw(st.sampled_from(("monday", "sunday", "wednesday"))),
        month_start=draw(st.sampled_from((1, 15, 28))),
    )
    windows = windows_of(query)
    assert windows
    return windows, draw(moments(near)), zone


@settings(deadline=None, max_examples=60)
@given(windowed())
def test_each_moment_is_in_the_window_that_begins_before_it_and_ends_after_it(
    drawn: tuple[QueryWindows, datetime, str],
) -> None:
    windows, time, _ = drawn
    us = microseconds_of(time)
    days = range(us // DAY_US - 2, us // DAY_US + 3)
    connection = engine.connect(":memory:", read_only=False, config={})
    near = [*windows.all.covering(us - DAY_US, us + DAY_US)]
    edges = [*each_start(near), near[-1].end_us]
    assert edges[0] <= us - DAY_US
    assert us + DAY_US < edges[-1]
    assert all(one < other for one, other in pairwise(edges))
    asked_us = sorted(
        {us, *(edge + step for edge in edges[:40] for step in (-1, 0, 1) if edges[0] <= edge + step < edges[-1])}
    )
    found = connection.execute(
        f"SELECT ts, {windows.all.start('ts', days)} FROM (SELECT unnest($all::BIGINT[]) AS ts)",  # noqa: S608 - our own
        {"all": [ts for ts in asked_us if ts // DAY_US in days]},
    ).fetchall()
    connection.close()
    for ts, start in found:
        assert start == max(edge for edge in edges if edge <= ts), (label(ts, UTC), label(start, UTC))


@settings(deadline=None, max_examples=150)
@example(datetime(2026, 10, 25, 1, tzinfo=UTC), "Europe/Rome")
@given(moments(ANCHORS), st.sampled_from(ZONES))
def test_windows_of_one_are_those_of_the_fixed_reports(time: datetime, zone: str) -> None:
    us = microseconds_of(time)
    kinds: tuple[WindowKind, ...] = ("hour", "day", "week", "month")
    for kind in kinds:
        windows = windows_of(query_of(by=(kind,), zone=zone))
        assert windows
        mine = list(each_start(windows.all.covering(us - 2 * DAY_US, us + 2 * DAY_US)))
        theirs = list(each_start(runs(kind, ZoneInfo(zone), range(us // DAY_US - 4, us // DAY_US + 5))))
        assert mine == [start for start in theirs if mine[0] <= start <= us + 2 * DAY_US], kind


def test_windows_before_one_are_found_however_a_clock_change_cuts_them() -> None:
    windows = windows_of(query_of(by=("hour",), zone="Europe/Rome"))
    assert windows
    start = microseconds_of(datetime(2026, 10, 25, 2, tzinfo=UTC))
    assert moment(windows.since(start + 5, 3)) == moment(start) - timedelta(hours=3)
    months = windows_of(query_of(by=("month",)))
    assert months
    assert moment(months.since(start, 22)) == datetime(2024, 12, 1, tzinfo=UTC)
