"""Ranges of time by name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.aggregate.windows import midnight
from tachograph.errors import BadQuestion
from tachograph.query.ranges import named_range

if TYPE_CHECKING:
    from tachograph.query.model import Weekday

NOW = datetime(2026, 3, 11, 15, 30, 20, 7, tzinfo=UTC)
"""A Wednesday."""

RANGES: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("today", "2026-03-11", "2026-03-12", {}),
    ("yesterday", "2026-03-10", "2026-03-11", {}),
    ("  Today ", "2026-03-11", "2026-03-12", {}),
    ("this week", "2026-03-09", "2026-03-16", {}),
    ("this week", "2026-03-08", "2026-03-15", {"week_start": "sunday"}),
    ("this week", "2026-03-11", "2026-03-18", {"week_start": "wednesday"}),
    ("this week", "2026-03-05", "2026-03-12", {"week_start": "thursday"}),
    ("last week", "2026-03-02", "2026-03-09", {}),
    ("last 1 week", "2026-03-09", "2026-03-16", {}),
    ("last 2 weeks", "2026-03-02", "2026-03-16", {}),
    ("last  2\tWEEKS", "2026-03-02", "2026-03-16", {}),
    ("this month", "2026-03-01", "2026-04-01", {}),
    ("this month", "2026-03-11", "2026-04-11", {"month_start": 11}),
    ("this month", "2026-02-12", "2026-03-12", {"month_start": 12}),
    ("last month", "2026-02-01", "2026-03-01", {}),
    ("last month", "2026-01-28", "2026-02-28", {"month_start": 28}),
    ("last 3 months", "2026-01-01", "2026-04-01", {}),
    ("last 15 months", "2025-01-01", "2026-04-01", {}),
    ("this quarter", "2026-01-01", "2026-04-01", {}),
    ("last quarter", "2025-10-01", "2026-01-01", {}),
    ("last 2 quarters", "2025-10-01", "2026-04-01", {}),
    ("this quarter", "2025-12-15", "2026-03-15", {"month_start": 15}),
    ("this year", "2026-01-01", "2027-01-01", {}),
    ("last year", "2025-01-01", "2026-01-01", {}),
    ("last 2 years", "2025-01-01", "2027-01-01", {}),
    ("this year", "2025-12-15", "2026-12-15", {"month_start": 15}),
    ("last 1 day", "2026-03-11", "2026-03-12", {}),
    ("last 7 days", "2026-03-05", "2026-03-12", {}),
    ("last 24 hours", "2026-03-10T15:30:20.000007", "2026-03-11T15:30:20.000007", {}),
    ("last 1 hour", "2026-03-11T14:30:20.000007", "2026-03-11T15:30:20.000007", {}),
    ("last 30 minutes", "2026-03-11T15:00:20.000007", "2026-03-11T15:30:20.000007", {}),
)


@pytest.mark.parametrize(("text", "start", "end", "settings"), RANGES)
def test_a_name_is_a_range(text: str, start: str, end: str, settings: dict[str, Any]) -> None:
    expected = tuple(datetime.fromisoformat(edge).replace(tzinfo=UTC) for edge in (start, end))
    assert named_range(text, NOW, **settings) == expected


def test_today_is_the_zones() -> None:
    late = datetime(2026, 3, 11, 22, tzinfo=UTC)
    tokyo = named_range("today", late, ZoneInfo("Asia/Tokyo"))
    assert tokyo == (datetime(2026, 3, 11, 15, tzinfo=UTC), datetime(2026, 3, 12, 15, tzinfo=UTC))


def test_a_day_of_a_clock_change_is_whole_and_24_hours_are_24_hours() -> None:
    rome = ZoneInfo("Europe/Rome")
    now = datetime(2026, 3, 29, 12, tzinfo=rome)  # the clocks went from 2 to 3 in the morning
    start, end = named_range("today", now, rome)
    assert (start, end - start) == (datetime(2026, 3, 28, 23, tzinfo=UTC), timedelta(hours=23))
    start, end = named_range("last 24 hours", now, rome)
    assert (end, end - start) == (now, timedelta(hours=24))


def test_a_day_whose_midnight_does_not_exist_begins_at_its_first_moment() -> None:
    beirut = ZoneInfo("Asia/Beirut")
    start, _ = named_range("today", datetime(2022, 3, 27, 12, tzinfo=beirut), beirut)
    assert start == datetime(2022, 3, 26, 22, tzinfo=UTC)


UNITS = st.sampled_from(("day", "week", "month", "quarter", "year"))
MOMENTS = st.datetimes(datetime(1950, 1, 1), datetime(2080, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given a zone
ZONES = st.sampled_from(("UTC", "Europe/Rome", "America/New_York", "Australia/Lord_Howe")).map(ZoneInfo)
WEEKDAYS = st.sampled_from(("monday", "thursday", "saturday", "sunday"))


@given(UNITS, st.integers(1, 30), MOMENTS, ZONES, WEEKDAYS, st.integers(1, 28))
def test_whole_ones_hold_now_in_the_last_and_follow_each_other(
    unit: str, number: int, now: datetime, zone: ZoneInfo, week_start: Weekday, month_start: int
) -> None:
    def last(times: int) -> tuple[datetime, datetime]:
        return named_range(f"last {times} {unit}s", now, zone, week_start=week_start, month_start=month_start)

    (longer, end), (shorter, _), (this, _) = last(number + 1), last(number), last(1)
    assert longer < shorter <= this <= now < end
    for edge in (longer, shorter, this, end):
        local = edge.astimezone(zone)
        assert midnight(local.date(), zone) == round(edge.timestamp() * 1e6)
        if unit == "week":
            assert f"{local:%A}".lower() == week_start
    earlier = named_range(
        f"last {number} {unit}s",
        shorter - timedelta(microseconds=1),
        zone,
        week_start=week_start,
        month_start=month_start,
    )
    assert earlier[1] == shorter


MISTAKES = (
    ("tody", "'tody' is no range of time (did you mean today? known are "),
    ("this weak", "(did you mean this week? known are "),
    ("7 days", "(say last 7 days)"),
    ("last 7 fortnights", "(count minutes, hours, days, weeks, months, quarters, years)"),
    ("last 0 days", "'last 0 days' is no range of time"),
    ("last -1 days", "is no range of time"),
    ("", "(known are today, yesterday, this week, "),
    ("last 99999999 years", "'last 99999999 years' leaves the calendar (ask for fewer)"),
    ("last 999999999 days", "leaves the calendar"),
    ("last 999999999 hours", "leaves the calendar"),
    ("last \u0663 days", "is no range of time"),
)


@pytest.mark.parametrize(("text", "words"), MISTAKES)
def test_a_name_of_no_range_is_told_with_what_would_be_one(text: str, words: str) -> None:
    with pytest.raises(BadQuestion) as mistake:
        named_range(text, NOW, where="--range")
    assert str(mistake.value).startswith("--range: ")
    assert words in str(mistake.value)
