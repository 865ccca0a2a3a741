from __future__ import annotations

from typing import Any

import pytest

from cli.made_up import metric
from queried import asked, at, cells, query_of
from tachograph import BadQuestion
from tachograph.metric import moment
from tachograph.query.spans import earlier

LINES = [
    metric("a", "2026-03-01T10:00:00Z", session="s1", tool_name="Bash", duration_ms=100),
    metric("b", "2026-03-02T10:00:00Z", session="s1", tool_name="Bash", duration_ms=300),
    metric("c", "2026-03-02T11:00:00Z", session="s2", tool_name="Read", duration_ms=50),
    metric("d", "2026-03-05T10:00:00Z", session="s2", tool_name="Bash", duration_ms=200),
]
RANGE = {"start": "2026-03-02T00:00Z", "end": "2026-03-06T00:00Z"}


def days(answer: Any, *names: str) -> list[tuple[Any, ...]]:
    return [(row["day"][8:10], *(row[name] for name in names)) for row in answer.rows]


# Filled


def test_windows_in_which_nothing_happened_are_filled_for_every_series_that_has_a_row() -> None:
    answer = asked(LINES, measures=("count", "duration_sum", "duration_p50"), by=("day", "tool"), fill=True, **RANGE)
    assert days(answer, "tool", "count", "duration_sum", "duration_p50") == [
        ("02", "Bash", 1, 300.0, 300.0),
        ("02", "Read", 1, 50.0, 50.0),
        ("03", "Bash", 0, 0.0, None),
        ("03", "Read", 0, 0.0, None),
        ("04", "Bash", 0, 0.0, None),
        ("04", "Read", 0, 0.0, None),
        ("05", "Bash", 1, 200.0, 200.0),
        ("05", "Read", 0, 0.0, None),
    ]


def test_a_range_without_bounds_is_filled_from_its_first_metric_to_its_last() -> None:
    assert days(asked(LINES, by=("day",), fill=True), "count") == [
        ("01", 1),
        ("02", 2),
        ("03", 0),
        ("04", 0),
        ("05", 1),
    ]
    assert asked([], by=("day",), fill=True).rows == []


def test_a_bounded_range_in_which_nothing_happened_has_all_its_windows_but_no_series() -> None:
    assert days(asked([], by=("day",), fill=True, **RANGE), "count") == [("02", 0), ("03", 0), ("04", 0), ("05", 0)]
    assert asked([], by=("day", "tool"), fill=True, **RANGE).rows == []


def test_others_are_one_more_series_that_is_filled() -> None:
    answer = asked(LINES, by=("day", "tool"), fill=True, limit=1, other=True, **RANGE)
    assert [row["tool"] for row in answer.rows] == ["Bash", "(other)"] * 4
    assert [row["count"] for row in answer.rows] == [1, 1, 0, 0, 0, 0, 1, 0]


def test_more_rows_than_anybody_reads_are_not_filled_in() -> None:
    with pytest.raises(BadQuestion, match="more than 1,000,000 windows"):
        asked(LINES, by=("minute",), fill=True, start="2020-01-01T00:00Z", end="2026-01-01T00:00Z")
    far = at("2020-01-01T00:00Z", "2026-01-01T00:00Z")
    with pytest.raises(BadQuestion, match="more than 1,000,000 windows"):
        asked(far, by=("minute",), fill=True)
    many = [metric(f"m{index}", f"202{index % 2}-01-01T00:00Z", session=f"s{index}") for index in range(200)]
    with pytest.raises(BadQuestion, match=r"8,785 windows of 200 rows each"):
        asked(many, by=("hour", "session"), fill=True)


# Rolling


def test_a_rolling_row_is_over_its_window_and_those_before_it_also_before_the_start() -> None:
    measures = ("count", "sessions", "duration_p50", "duration_sum")
    answer = asked(LINES, measures=measures, by=("day",), rolling=2, **RANGE)
    assert days(answer, *measures) == [
        ("02", 3, 2, 100.0, 450.0),
        ("03", 2, 2, 300.0, 350.0),
        ("04", 0, 0, None, 0.0),
        ("05", 1, 1, 200.0, 200.0),
    ]
    assert answer.total == {"count": 3, "sessions": 2, "duration_p50": 200.0, "duration_sum": 550.0}


def test_the_window_that_the_start_cuts_is_looked_at_as_a_whole() -> None:
    lines = at("2026-03-01T01:00Z", "2026-03-02T01:00Z", "2026-03-02T13:00Z", "2026-03-03T01:00Z", "2026-03-03T13:00Z")
    answer = asked(lines, by=("day",), rolling=2, start="2026-03-02T12:00Z", end="2026-03-03T12:00Z")
    assert days(answer, "count") == [("02", 3), ("03", 3)]
    assert answer.total == {"count": 2}


def test_a_series_that_only_windows_before_the_range_have_is_in_its_rows() -> None:
    query: dict[str, Any] = {
        "by": ("day", "tool"),
        "rolling": 2,
        "start": "2026-03-03T00:00Z",
        "end": "2026-03-05T00:00Z",
    }
    answer = asked(LINES, **query)
    assert days(answer, "tool", "count") == [("03", "Bash", 1), ("03", "Read", 1), ("04", "Bash", 0), ("04", "Read", 0)]
    limited = asked(LINES, **query, limit=1, other=True)
    assert days(limited, "tool", "count") == [
        ("03", "Bash", 1),
        ("03", "(other)", 1),
        ("04", "Bash", 0),
        ("04", "(other)", 0),
    ]


def test_sums_rolled_are_those_of_the_metrics_rolled() -> None:
    for rolling in (2, 3, 7):
        both = [
            asked(LINES, measures=measures, by=("day", "tool"), rolling=rolling).rows
            for measures in (("count", "users", "duration_sum"), ("count", "users", "duration_sum", "duration_p50"))
        ]
        assert both[0] == [{name: row[name] for name in both[0][0]} for row in both[1]]


def test_a_session_is_active_across_the_windows_that_are_looked_at_together() -> None:
    lines = at("2026-03-01T23:58Z", "2026-03-02T00:01Z")
    assert days(asked(lines, measures=("active_ms",), by=("day",), rolling=2), "active_ms") == [
        ("01", 0.0),
        ("02", 180_000.0),
    ]


def test_others_of_windows_alone_are_those_left_out_none_rolled() -> None:
    answer = asked(LINES, by=("day",), rolling=2, limit=1, other=True)
    assert cells(answer, "day", "count") == [("2026-03-01T00:00:00+00:00", 1), (None, 3)]


# Compared


@pytest.mark.parametrize(
    ("compare", "zone", "start", "end", "before"),
    [
        ("previous", "UTC", "2026-03-05T10:00Z", "2026-03-05T16:30Z", ("03-05T03:30", "03-05T10:00")),
        ("previous", "UTC", "2026-03-05T00:00Z", "2026-03-08T00:00Z", ("03-02T00:00", "03-05T00:00")),
        # A day of 23 hours, and the whole day before it.
        ("previous", "Europe/Rome", "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00", ("03-27T23:00", "03-28T23:00")),
        ("previous", "Europe/Rome", "2026-03-30T00:00+02:00", "2026-03-31T00:00+02:00", ("03-28T23:00", "03-29T22:00")),
        ("previous_weekdays", "UTC", "2026-03-05T10:00Z", "2026-03-05T16:30Z", ("02-26T10:00", "02-26T16:30")),
        ("previous_weekdays", "UTC", "2026-03-02T00:00Z", "2026-03-09T00:00Z", ("02-23T00:00", "03-02T00:00")),
        ("previous_weekdays", "UTC", "2026-03-02T00:00Z", "2026-03-09T00:01Z", ("02-16T00:00", "02-23T00:01")),
        # A week of 167 hours is a week, by the local clock; so is the same time of the day.
        ("previous_weekdays", "Europe/Rome", "2026-03-23T00:00+01:00", "2026-03-30T00:00+02:00", ("03-15T23:00", "03-22T23:00")),
        ("previous_weekdays", "Europe/Rome", "2026-04-01T10:00+02:00", "2026-04-02T10:00+02:00", ("03-25T09:00", "03-26T09:00")),
        # What the clock left out a week before begins at the first moment after it; what it shows twice is the first.
        ("previous_weekdays", "Europe/Rome", "2026-04-05T02:30+02:00", "2026-04-05T12:00+02:00", ("03-29T01:00", "03-29T10:00")),
        ("previous_weekdays", "Europe/Rome", "2026-11-01T02:30+01:00", "2026-11-01T12:00+01:00", ("10-25T00:30", "10-25T11:00")),
    ],
)  # fmt: skip
def test_the_earlier_range_is_as_long_by_the_local_clock(
    compare: str, zone: str, start: str, end: str, before: tuple[str, str]
) -> None:
    span = earlier(query_of(compare=compare, zone=zone, start=start, end=end))
    assert span.start_us is not None
    assert span.end_us is not None
    found = moment(span.start_us), moment(span.end_us)
    assert tuple(time.isoformat()[5:16] for time in found) == before


def test_days_that_never_were_are_no_days_to_go_back() -> None:
    span = earlier(
        query_of(compare="previous", zone="Pacific/Apia", start="2011-12-31T00:00+14:00", end="2012-01-02T00:00+14:00")
    )
    assert span.start_us is not None
    assert moment(span.start_us).isoformat() == "2011-12-28T10:00:00+00:00"


def test_rows_are_compared_with_those_of_the_same_names() -> None:
    answer = asked(
        LINES, measures=("count", "duration_p50"), by=("tool",), compare="previous",
        start="2026-03-02T00:00Z", end="2026-03-03T00:00Z",
    )  # fmt: skip
    assert answer.rows == [
        {
            "tool": "Bash", "count": 1, "duration_p50": 300.0, "previous": {"count": 1, "duration_p50": 100.0},
            "change": {
                "count": {"absolute": 0, "relative": 0.0},
                "duration_p50": {"absolute": 200.0, "relative": 2.0},
            },
        },
        {
            "tool": "Read", "count": 1, "duration_p50": 50.0, "previous": None,
            "change": {name: {"absolute": None, "relative": None} for name in ("count", "duration_p50")},
        },
    ]  # fmt: skip
    assert answer.total["previous"] == {"count": 1, "duration_p50": 100.0}
    assert answer.total["change"]["count"] == {"absolute": 1, "relative": 1.0}


def test_a_change_from_nothing_has_no_share() -> None:
    answer = asked(
        LINES,
        measures=("count", "duration_p50"),
        compare="previous",
        start="2026-03-01T00:00Z",
        end="2026-03-02T00:00Z",
    )
    assert answer.total["change"] == {
        "count": {"absolute": 1, "relative": None},
        "duration_p50": {"absolute": None, "relative": None},
    }
    assert answer.rows[0]["previous"] is None


def test_windows_are_compared_by_their_number() -> None:
    answer = asked(LINES, by=("day",), compare="previous", start="2026-03-04T00:00Z", end="2026-03-07T00:00Z")
    assert [(row["day"][8:10], row["count"], row["previous"]) for row in answer.rows] == [("05", 1, {"count": 2})]
    filled = asked(
        LINES, by=("day",), compare="previous", fill=True, start="2026-03-04T00:00Z", end="2026-03-07T00:00Z"
    )
    assert [(row["day"][8:10], row["count"], row["previous"]["count"]) for row in filled.rows] == [
        ("04", 0, 1),
        ("05", 1, 2),
        ("06", 0, 0),
    ]


def test_others_are_compared_with_what_the_limit_leaves_out_earlier() -> None:
    lines = [
        metric("a", "2026-03-01T10:00:00Z", tool_name="Grep"),
        metric("b", "2026-03-01T10:00:00Z", tool_name="Bash"),
        *(metric(f"c{index}", "2026-03-02T10:00:00Z", tool_name="Bash") for index in range(3)),
        metric("d", "2026-03-02T10:00:00Z", tool_name="Read"),
    ]
    range_: dict[str, Any] = {"start": "2026-03-02T00:00Z", "end": "2026-03-03T00:00Z", "compare": "previous"}
    for by in (("tool",), ("tool", "day")):
        answer = asked(lines, by=by, limit=1, other=True, **range_)
        assert [(row["tool"], row["count"], row["previous"]) for row in answer.rows] == [
            ("Bash", 3, {"count": 1}),
            ("(other)", 1, {"count": 1}),
        ]


def test_rolling_windows_are_compared_with_rolling_windows() -> None:
    answer = asked(
        LINES, by=("day",), rolling=2, compare="previous", start="2026-03-03T00:00Z", end="2026-03-05T00:00Z"
    )
    assert [(row["count"], row["previous"]["count"]) for row in answer.rows] == [(2, 1), (0, 3)]


def test_windows_that_a_limit_kept_are_compared_with_those_of_their_number() -> None:
    range_: dict[str, Any] = {
        "start": "2026-03-03T00:00Z",
        "end": "2026-03-06T00:00Z",
        "compare": "previous",
        "fill": True,
    }
    answer = asked(LINES, by=("day",), limit=2, other=True, **range_)
    assert [(row["day"] and row["day"][8:10], row["count"], row["previous"]["count"]) for row in answer.rows] == [
        ("03", 0, 0),
        ("04", 0, 1),
        (None, 1, 2),
    ]


def test_others_that_the_earlier_range_has_not_are_compared_with_nothing() -> None:
    lines = [
        metric("a", "2026-03-01T10:00:00Z", tool_name="Bash"),
        *(metric(f"b{index}", "2026-03-02T10:00:00Z", tool_name="Bash") for index in range(2)),
        metric("c", "2026-03-02T10:00:00Z", tool_name="Read"),
    ]
    range_: dict[str, Any] = {"start": "2026-03-02T00:00Z", "end": "2026-03-03T00:00Z", "compare": "previous"}
    answer = asked(lines, by=("tool",), limit=1, other=True, **range_)
    assert [(row["tool"], row["previous"]) for row in answer.rows] == [("Bash", {"count": 1}), ("(other)", None)]


def test_windows_that_a_limit_kept_are_compared_with_all_that_those_look_back_on() -> None:
    query: dict[str, Any] = {"by": ("week",), "rolling": 2, "compare": "previous"}
    range_ = {"start": "2026-02-28T00:00Z", "end": "2026-03-01T00:00Z"}
    for limit in (None, 1):
        answer = asked(at("2026-02-22T22:00Z"), **query, **range_, limit=limit)
        assert [row["previous"] for row in answer.rows] == [{"count": 1}]
