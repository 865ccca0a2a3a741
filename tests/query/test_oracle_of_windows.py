"""The slow reading of windows against ones worked out by hand, and against a clock that is watched."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.query_windows import Windows, windows
from query_by_hand import rows
from query_strategies import QUERY_ANCHORS, WINDOWS
from strategies import Anchor, moments

PATIENT = settings(deadline=None)  # the first look at a zone is slow


def labels(dimension: str, start: str, end: str, zone: str = "UTC", **starts: Any) -> list[str]:
    """The windows of a range, as a filled answer lists them."""
    return [row[0] for row in rows([], by=(dimension,), start=start, end=end, zone=zone, fill=True, **starts)]


def test_windows_of_minutes_are_counted_from_midnight_and_the_last_ends_with_the_day() -> None:
    assert labels("7 minutes", "2026-03-01T23:50Z", "2026-03-02T00:08Z") == [
        "2026-03-01T23:48:00+00:00",
        "2026-03-01T23:55:00+00:00",
        "2026-03-02T00:00:00+00:00",
        "2026-03-02T00:07:00+00:00",
    ]
    assert labels("5 hours", "2026-03-01T15:00Z", "2026-03-02T00:30Z") == [
        "2026-03-01T15:00:00+00:00",
        "2026-03-01T20:00:00+00:00",
        "2026-03-02T00:00:00+00:00",
    ]


def test_what_the_clock_shows_twice_is_two_windows_of_any_width() -> None:
    assert labels("6 hours", "2024-10-26T22:00Z", "2024-10-27T06:00Z", "Europe/Rome") == [
        "2024-10-27T00:00:00+02:00",
        "2024-10-27T02:00:00+01:00",
        "2024-10-27T06:00:00+01:00",
    ]
    assert labels("30 minutes", "2024-10-27T00:00Z", "2024-10-27T02:00Z", "Europe/Rome") == [
        "2024-10-27T02:00:00+02:00",
        "2024-10-27T02:30:00+02:00",
        "2024-10-27T02:00:00+01:00",
        "2024-10-27T02:30:00+01:00",
    ]


def test_a_window_that_a_change_cuts_ends_there() -> None:
    assert labels("90 minutes", "2024-03-30T23:30Z", "2024-03-31T03:00Z", "Europe/Rome") == [
        "2024-03-31T00:00:00+01:00",
        "2024-03-31T01:30:00+01:00",
        "2024-03-31T03:00:00+02:00",
        "2024-03-31T04:30:00+02:00",
    ]
    assert labels("hour", "1972-01-07T00:00Z", "1972-01-07T02:00Z", "Africa/Monrovia") == [
        "1972-01-06T23:00:00-00:44:30",
        "1972-01-07T00:44:30+00:00",
        "1972-01-07T01:00:00+00:00",
    ]


def test_several_days_weeks_and_months_are_counted_from_those_of_1970() -> None:
    assert labels("3 days", "1969-12-29T00:00Z", "1970-01-05T00:00Z") == [
        "1969-12-29T00:00:00+00:00",
        "1970-01-01T00:00:00+00:00",
        "1970-01-04T00:00:00+00:00",
    ]
    assert labels("2 weeks", "1969-12-20T00:00Z", "1970-01-13T00:00Z") == [
        "1969-12-15T00:00:00+00:00",
        "1969-12-29T00:00:00+00:00",
        "1970-01-12T00:00:00+00:00",
    ]
    assert labels("3 months", "2026-02-01T00:00Z", "2026-07-02T00:00Z") == [
        "2026-01-01T00:00:00+00:00",
        "2026-04-01T00:00:00+00:00",
        "2026-07-01T00:00:00+00:00",
    ]


def test_weeks_and_months_begin_on_the_day_that_is_said() -> None:
    assert labels("week", "2026-03-03T00:00Z", "2026-03-09T00:00Z", week_start="sunday") == [
        "2026-03-01T00:00:00+00:00",
        "2026-03-08T00:00:00+00:00",
    ]
    assert (
        labels("2 weeks", "1970-01-01T00:00Z", "1970-01-09T00:00Z", week_start="friday")
        == [
            "1969-12-26T00:00:00+00:00",
            "1970-01-09T00:00:00+00:00",
        ][:1]
    )
    assert labels("month", "2026-03-14T23:59Z", "2026-03-15T00:01Z", month_start=15) == [
        "2026-02-15T00:00:00+00:00",
        "2026-03-15T00:00:00+00:00",
    ]
    assert labels("3 months", "1970-01-01T00:00Z", "1970-03-16T00:00Z", month_start=15) == [
        "1969-12-15T00:00:00+00:00",
        "1970-03-15T00:00:00+00:00",
    ]


def test_days_that_have_no_moment_are_no_windows() -> None:
    assert labels("day", "2011-12-29T11:00Z", "2011-12-31T11:00Z", "Pacific/Apia") == [
        "2011-12-29T00:00:00-10:00",
        "2011-12-31T00:00:00+14:00",
        "2012-01-01T00:00:00+14:00",
    ]


def watched(anchor: Anchor, hours: int) -> list[datetime]:
    """Each half minute about an anchor."""
    return [anchor.moment + timedelta(seconds=30 * n) for n in range(-hours * 120, hours * 120)]


@pytest.mark.parametrize("dimension", ["minute", "7 minutes", "90 minutes", "6 hours"])
@pytest.mark.parametrize("anchor", QUERY_ANCHORS, ids=lambda anchor: f"{anchor.zone} {anchor.moment:%F}")
def test_windows_are_where_a_clock_that_is_watched_shows_their_mark_or_jumps(anchor: Anchor, dimension: str) -> None:
    zone, began = ZoneInfo(anchor.zone), None
    of = windows(dimension, anchor.zone, "monday", 1)
    assert of is not None
    minutes = of.n * (60 if of.unit == "hour" else 1)
    before = None
    for at in watched(anchor, 7):
        wall = at.astimezone(zone)
        on_the_mark = wall.second == 0 and (wall.hour * 60 + wall.minute) % minutes == 0
        if on_the_mark or (before is not None and wall.utcoffset() != before):
            began = at
        before = wall.utcoffset()
        if began:
            assert of.start(at) == began


@PATIENT
@given(st.data(), st.sampled_from(QUERY_ANCHORS), st.sampled_from(WINDOWS), st.integers(1, 28))
def test_windows_follow_each_other_without_a_gap(
    data: st.DataObject, anchor: Anchor, dimension: str, month_start: int
) -> None:
    at = data.draw(moments((anchor,)))
    of = windows(dimension, anchor.zone, data.draw(st.sampled_from(("monday", "sunday"))), month_start)
    assert isinstance(of, Windows)
    start = of.start(at)
    following = of.after(start)
    assert start <= at < following
    assert of.start(start) == start
    assert of.start(following) == following
    assert of.back(following, 1) == start
