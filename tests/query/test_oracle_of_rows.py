"""The slow reading of what is ordered, limited, filled, rolling and compared, against answers worked out by hand."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from oracle import read_lines
from oracle.queries import answer
from oracle.query_earlier import earlier_range
from query_by_hand import ask, cells, line, moment, rows
from query_strategies import Asking, askings
from tachograph.query.model import AnyOf, Compare, NoneOf, Query

NOTHING = {"absolute": None, "relative": None}
FEW = settings(deadline=None, max_examples=50)  # without one, as the first look at a zone is slow


# Order and limit

TOOLS = [
    *(line(f"b{n}", tool_name="Bash", duration_ms=10, session_id="s1") for n in range(3)),
    *(line(f"r{n}", tool_name="Read", session_id=f"s{n}") for n in range(2)),
    *(line(f"g{n}", tool_name="Grep", duration_ms=50, session_id="s2") for n in range(2)),
]


@pytest.mark.parametrize(
    ("order", "tools"),
    [
        ((), ["Bash", "Grep", "Read"]),
        (("-count",), ["Grep", "Read", "Bash"]),
        (("tool",), ["Bash", "Grep", "Read"]),
        (("-tool",), ["Read", "Grep", "Bash"]),
        (("duration_avg",), ["Grep", "Bash", "Read"]),
        (("-duration_avg",), ["Bash", "Grep", "Read"]),
        (("-count", "-tool"), ["Read", "Grep", "Bash"]),
    ],
)
def test_rows_stand_as_ordered_and_null_is_last_whichever_way(order: tuple[str, ...], tools: list[str]) -> None:
    assert [row[0] for row in rows(TOOLS, "count", "duration_avg", by=("tool",), order=order)] == tools


def test_windows_stand_first_and_names_by_code_point() -> None:
    lines = [
        *(line(f"z{n}", "2026-03-02T00:00Z", tool_name="z") for n in range(3)),
        line(1, "2026-03-02T00:00Z", tool_name="\U0001f600"),
        line(2, "2026-03-02T00:00Z", tool_name="\uff5e"),
        line(3, "2026-03-01T00:00Z", tool_name="b"),
    ]
    assert [row[0] for row in rows(lines, by=("tool", "day"))] == ["b", "z", "\uff5e", "\U0001f600"]
    assert [row[0] for row in rows(lines, by=("tool", "day"), order=("-day",))][-1] == "b"
    assert rows(lines, by=("tool", "day"), order=("count",))[0][0] == "z"


def test_a_limit_keeps_the_first_rows_and_other_brings_the_rest_together() -> None:
    kept = ask(TOOLS, "count", "sessions", "duration_p50", by=("tool",), limit=1)
    assert (cells(kept["rows"]), kept["truncated"]) == ([("Bash", 3, 1, 10)], True)
    answered = ask(TOOLS, "count", "sessions", "duration_p50", by=("tool",), limit=1, other=True)
    assert cells(answered["rows"]) == [("Bash", 3, 1, 10), ("(other)", 4, 3, 50)]
    whole = ask(TOOLS, by=("tool",), limit=3, other=True)
    assert (len(whole["rows"]), whole["truncated"]) == (3, False)


def test_other_is_null_where_a_dimension_is_a_number_and_last_whatever_the_order() -> None:
    asked: dict[str, Any] = {"by": ("hour_of_day", "tool"), "limit": 1, "other": True, "order": ("-count",)}
    assert rows(TOOLS, **asked) == [(9, "Grep", 2), (None, "(other)", 5)]


SERIES = [
    *(line(f"a{n}", "2026-03-01T00:00Z", tool_name="A") for n in range(2)),
    *(line(f"b{n}", "2026-03-02T00:00Z", tool_name="B", duration_ms=5) for n in range(3)),
    line("c1", "2026-03-01T00:00Z", tool_name="C"),
    line("a3", "2026-03-02T00:00Z", tool_name="A"),
    line("c2", "2026-03-03T00:00Z", tool_name="C"),
]


def test_a_limit_keeps_the_series_that_come_first_over_the_whole_range() -> None:
    asked: dict[str, Any] = {"by": ("day", "tool"), "limit": 1}
    assert [row[1:] for row in rows(SERIES, **asked)] == [("A", 2), ("A", 1)]
    assert [row[1:] for row in rows(SERIES, **asked, order=("-tool",))] == [("C", 1), ("C", 1)]
    assert [row[1:] for row in rows(SERIES, "count", "timed", **asked, order=("timed",))] == [("B", 3, 3)]
    assert [row[1:] for row in rows(SERIES, **asked, order=("-day",))] == [("A", 1), ("A", 2)]


def test_other_is_one_row_a_window_and_its_last() -> None:
    asked: dict[str, Any] = {"by": ("day", "tool"), "limit": 1, "other": True}
    assert [(row[0][8:10], *row[1:]) for row in rows(SERIES, **asked)] == [
        *(("01", "A", 2), ("01", "(other)", 1), ("02", "A", 1), ("02", "(other)", 3), ("03", "(other)", 1))
    ]


def test_a_limit_on_windows_alone_keeps_the_first_and_other_has_null_for_its_window() -> None:
    asked: dict[str, Any] = {"by": ("day",), "limit": 1, "other": True}
    assert rows(SERIES, **asked) == [("2026-03-01T00:00:00+00:00", 3), (None, 5)]
    assert rows(SERIES, **asked, order=("count",)) == [("2026-03-02T00:00:00+00:00", 4), (None, 4)]
    assert rows(SERIES, **asked, rolling=2)[1:] == [(None, 5)]


# Filled and rolling


def test_filling_adds_empty_windows_for_every_series_of_the_range() -> None:
    asked: dict[str, Any] = {"by": ("day", "tool"), "start": "2026-03-02T00:00Z", "end": "2026-03-04T00:00Z"}
    filled = rows(SERIES, "count", "duration_avg", **asked, fill=True, where=NoneOf("tool", ("A",)))
    assert [(row[0][8:10], *row[1:]) for row in filled] == [
        *(("02", "B", 3, 5), ("02", "C", 0, None), ("03", "B", 0, None), ("03", "C", 1, None))
    ]


def test_filling_without_ends_goes_from_the_first_metric_to_the_last() -> None:
    assert [row[1] for row in rows(SERIES, by=("day",), fill=True, where=AnyOf("tool", ("C",)))] == [1, 0, 1]


def test_a_rolling_row_looks_back_also_before_the_start() -> None:
    lines = [
        line(1, "2026-03-01T12:00Z", session_id="s1", duration_ms=1),
        line(2, "2026-03-03T12:00Z", session_id="s1", duration_ms=5),
        line(3, "2026-03-03T13:00Z", session_id="s2", duration_ms=9),
    ]
    asked: dict[str, Any] = {"by": ("day",), "start": "2026-03-02T00:00Z", "end": "2026-03-05T00:00Z", "rolling": 3}
    answered = ask(lines, "count", "sessions", "duration_p50", **asked)
    assert [row[1:] for row in cells(answered["rows"])] == [(1, 1, 1), (3, 2, 5), (2, 2, 9)]
    assert answered["total"] == {"count": 2, "sessions": 2, "duration_p50": 9}


def test_a_rolling_row_has_what_comes_before_the_start_in_its_own_window_and_nothing_after_the_end() -> None:
    lines = [line(n, f"2026-03-01T{hour}:00Z") for n, hour in enumerate(("08", "12", "20"))]
    asked: dict[str, Any] = {"by": ("day",), "start": "2026-03-01T10:00Z", "end": "2026-03-01T18:00Z"}
    assert [row[1] for row in rows(lines, **asked)] == [1]
    assert [row[1] for row in rows(lines, **asked, rolling=2)] == [2]


# Compared


def test_each_measure_is_compared_with_the_range_before() -> None:
    lines = [
        *(line(f"x{n}", "2026-02-28T12:00Z", tool_name="Bash", duration_ms=4) for n in range(2)),
        line("y", "2026-02-28T13:00Z", tool_name="Gone"),
        *(line(f"b{n}", "2026-03-01T12:00Z", tool_name="Bash") for n in range(3)),
        line("n", "2026-03-01T13:00Z", tool_name="New"),
    ]
    day: dict[str, Any] = {"start": "2026-03-01T00:00Z", "end": "2026-03-02T00:00Z", "compare": "previous"}
    answered = ask(lines, "count", "duration_max", by=("tool",), **day)
    assert answered["rows"] == [
        {
            "tool": "Bash",
            "count": 3,
            "duration_max": None,
            "previous": {"count": 2, "duration_max": 4},
            "change": {"count": {"absolute": 1, "relative": 0.5}, "duration_max": NOTHING},
        },
        {
            "tool": "New",
            "count": 1,
            "duration_max": None,
            "previous": None,
            "change": {"count": NOTHING, "duration_max": NOTHING},
        },
    ]
    assert answered["total"]["previous"] == {"count": 3, "duration_max": 4}
    assert answered["total"]["change"]["count"] == {"absolute": 1, "relative": 1 / 3}


def test_a_change_from_zero_has_no_relation() -> None:
    lines = [line(1, "2026-02-28T12:00Z"), line(2, token_count=5)]
    day: dict[str, Any] = {"start": "2026-03-01T00:00Z", "end": "2026-03-02T00:00Z", "compare": "previous"}
    assert ask(lines, "tokens", **day)["total"]["change"] == {"tokens": {"absolute": 5, "relative": None}}


def earlier(start: str, end: str, zone: str, compare: Compare = "previous") -> tuple[str, ...]:
    at = Query(start=moment(start), end=moment(end), compare=compare, zone=ZoneInfo(zone))
    return tuple(edge.astimezone(ZoneInfo(zone)).isoformat() for edge in earlier_range(at))


def test_whole_days_are_counted_in_days_and_other_ranges_in_time() -> None:
    assert earlier("2024-10-27T00:00+02:00", "2024-10-29T00:00+01:00", "Europe/Rome") == (
        "2024-10-25T00:00:00+02:00",
        "2024-10-27T00:00:00+02:00",
    )
    assert earlier("2024-10-28T00:00+01:00", "2024-10-29T00:00+01:00", "Europe/Rome") == (
        "2024-10-27T00:00:00+02:00",
        "2024-10-28T00:00:00+01:00",
    )
    assert earlier("2024-10-28T01:00+01:00", "2024-10-29T01:00+01:00", "Europe/Rome") == (
        "2024-10-27T02:00:00+02:00",
        "2024-10-28T01:00:00+01:00",
    )
    assert earlier("2024-10-28T00:00+01:00", "2024-10-28T12:00+01:00", "Europe/Rome") == (
        "2024-10-27T12:00:00+01:00",
        "2024-10-28T00:00:00+01:00",
    )
    assert earlier("2024-10-27T18:15Z", "2024-10-28T18:15Z", "Asia/Kathmandu") == (
        "2024-10-27T00:00:00+05:45",
        "2024-10-28T00:00:00+05:45",
    )


def test_a_day_without_midnight_is_a_whole_day_too() -> None:
    assert earlier("2018-11-04T01:00-02:00", "2018-11-05T00:00-02:00", "America/Sao_Paulo") == (
        "2018-11-03T00:00:00-03:00",
        "2018-11-04T01:00:00-02:00",
    )


def test_previous_weekdays_are_whole_weeks_earlier_by_the_local_clock() -> None:
    assert earlier("2024-10-28T08:00+01:00", "2024-10-28T18:00+01:00", "Europe/Rome", "previous_weekdays") == (
        "2024-10-21T08:00:00+02:00",
        "2024-10-21T18:00:00+02:00",
    )
    assert earlier("2024-10-21T00:00+02:00", "2024-10-28T00:00+01:00", "Europe/Rome", "previous_weekdays") == (
        "2024-10-14T00:00:00+02:00",
        "2024-10-21T00:00:00+02:00",
    )
    assert earlier("2026-03-01T00:00Z", "2026-03-09T00:00Z", "UTC", "previous_weekdays") == (
        "2026-02-15T00:00:00+00:00",
        "2026-02-23T00:00:00+00:00",
    )


def test_a_range_within_the_repeated_hour_is_none_by_the_clock_a_week_earlier() -> None:
    repeated: dict[str, Any] = {"start": "2024-10-27T02:45+02:00", "end": "2024-10-27T02:45+01:00", "by": ("hour",)}
    lines = [line(1, "2024-10-20T02:45+02:00"), line(2, "2024-10-27T02:50+02:00")]
    compared = ask(lines, zone="Europe/Rome", compare="previous_weekdays", **repeated)
    assert compared["total"]["previous"] == {"count": 0}
    assert [row["previous"] for row in compared["rows"]] == [None]


def test_the_nth_window_is_compared_with_the_nth_of_the_earlier_range() -> None:
    lines = [
        line(1, "2026-02-27T12:00Z"),
        line(2, "2026-03-02T12:00Z"),
        *(line(n, "2026-03-01T12:00Z") for n in range(3, 6)),
    ]
    asked: dict[str, Any] = {"by": ("day",), "start": "2026-03-01T00:00Z", "end": "2026-03-03T00:00Z"}
    compared = ask(lines, **asked, compare="previous")["rows"]
    assert [(row["count"], row["previous"]) for row in compared] == [(3, {"count": 1}), (1, None)]
    assert compared[0]["change"] == {"count": {"absolute": 2, "relative": 2}}
    filled = ask(lines, **asked, compare="previous", fill=True)["rows"]
    assert [(row["count"], row["previous"]) for row in filled] == [(3, {"count": 1}), (1, {"count": 0})]


def test_other_is_compared_with_all_that_is_not_shown() -> None:
    lines = [
        *(line(f"b{n}", "2026-02-28T12:00Z", tool_name="Bash") for n in range(2)),
        *(line(f"g{n}", "2026-02-28T12:00Z", tool_name="Gone") for n in range(5)),
        line("r0", "2026-02-28T12:00Z", tool_name="Read"),
        *(line(f"b{n}", "2026-03-01T12:00Z", tool_name="Bash") for n in range(2, 5)),
        line("r1", "2026-03-01T12:00Z", tool_name="Read"),
    ]
    day: dict[str, Any] = {"start": "2026-03-01T00:00Z", "end": "2026-03-02T00:00Z", "compare": "previous"}
    compared = ask(lines, by=("tool",), limit=1, other=True, **day)["rows"]
    assert [(row["tool"], row["count"], row["previous"]) for row in compared] == [
        ("Bash", 3, {"count": 2}),
        ("(other)", 1, {"count": 6}),
    ]


# Random histories


@FEW
@given(askings(max_queries=2), st.randoms(use_true_random=False))
def test_the_order_of_the_metrics_does_not_matter(asking: Asking, random: Any) -> None:
    lines, asked = asking
    metrics, rejects = read_lines(lines)
    assert rejects == []
    answers = [answer(metrics, query) for query in asked]
    random.shuffle(metrics)
    assert [answer(metrics, query) for query in asked] == answers


@FEW
@given(askings(max_queries=2))
def test_no_metric_is_counted_twice_in_rows_that_do_not_look_back(asking: Asking) -> None:
    lines, asked = asking
    metrics, _ = read_lines(lines)
    for query in asked:
        counted = answer(metrics, structs.replace(query, measures=("count",), rolling=1, limit=None, other=False))
        assert sum(row["count"] for row in counted["rows"]) <= counted["total"]["count"]


@FEW
@given(askings(max_queries=2))
def test_other_adds_nothing_and_leaves_nothing_out(asking: Asking) -> None:
    lines, asked = asking
    metrics, _ = read_lines(lines)
    for query in asked:
        every = structs.replace(query, measures=("count",), order=(), rolling=1, compare=None)
        all_rows = answer(metrics, structs.replace(every, limit=None, other=False))["rows"]
        brought_together = answer(metrics, structs.replace(every, limit=1, other=True))["rows"]
        assert sum(row["count"] for row in brought_together) == sum(row["count"] for row in all_rows)
