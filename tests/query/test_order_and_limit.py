from __future__ import annotations

from typing import Any

import pytest

from cli.made_up import metric
from queried import asked, cells

USES = {"Bash": 5, "Edit": 2, "Grep": 1, "Read": 3, "Write": 2}
LINES = [
    metric(
        f"{tool}{number}",
        f"2026-03-0{1 + number % 2}T09:{number:02}:00Z",
        session=f"s{number}",
        tool_name=tool,
        duration_ms=100 * number if tool != "Edit" else None,
        success=tool == "Bash",
    )
    for tool, uses in USES.items()
    for number in range(uses)
]


def by_tool(**query: Any) -> list[str]:
    return [row["tool"] for row in asked(LINES, by=("tool",), **query).rows]


@pytest.mark.parametrize(
    ("query", "tools"),
    [
        ({}, "Bash Read Edit Write Grep"),
        ({"order": ("tool",)}, "Bash Edit Grep Read Write"),
        ({"order": ("-tool",)}, "Write Read Grep Edit Bash"),
        ({"order": ("count",)}, "Bash Read Edit Write Grep"),
        ({"order": ("-count",)}, "Grep Edit Write Read Bash"),
        ({"order": ("-count", "-tool")}, "Grep Write Edit Read Bash"),
        ({"measures": ("duration_max", "count")}, "Bash Read Write Grep Edit"),
        ({"measures": ("duration_max", "count"), "order": ("-duration_max",)}, "Grep Write Read Bash Edit"),
        ({"measures": ("success_rate", "count")}, "Bash Edit Grep Read Write"),
    ],
)
def test_rows_are_in_the_order_asked_for(query: dict[str, Any], tools: str) -> None:
    assert by_tool(**query) == tools.split()
    for limit in range(1, 6):
        assert by_tool(**query, limit=limit) == tools.split()[:limit]


MEASURES = (
    "count", "sessions", "users", "errors", "error_rate", "success_rate", "timed", "duration_sum", "duration_avg",
    "duration_min", "duration_p50", "tokens", "cache_hit_rate", "cost_usd", "active_ms", "tokens_per_minute",
)  # fmt: skip


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("turned", ["", "-"])
def test_what_is_limited_is_the_beginning_of_what_is_not(measure: str, turned: str) -> None:
    lines = [
        metric(
            f"{user}{number}",
            f"2026-03-01T09:{3 * number:02}:{user:02}Z",
            "token_usage" if number % 3 else "error_occurred",
            f"s{user % 3}",
            f"u{user}",
            duration_ms=0.1 * (user % 4 * number) if user % 5 else None,
            input_tokens=user % 3,
            cache_read_tokens=number if user % 2 else None,
            cost_usd=0.1 * (user % 3),
            success=None if user % 4 else number % 2 == 0,
        )
        for user in range(12)
        for number in range(user % 5 + 1)
    ]
    query: dict[str, Any] = {"measures": ("count", measure)[measure == "count" :], "by": ("user",)}
    rows = asked(lines, **query, order=(turned + measure,)).rows
    for limit in (1, 3, 7):
        assert asked(lines, **query, order=(turned + measure,), limit=limit).rows == rows[:limit]


def test_whether_there_is_more_than_the_limit_is_said() -> None:
    assert not asked(LINES, by=("tool",), limit=5).truncated
    assert asked(LINES, by=("tool",), limit=4).truncated
    assert not asked(LINES, by=("tool",)).truncated
    assert not asked(LINES, limit=1).truncated


def test_what_the_limit_leaves_out_is_one_row_with_its_own_distinct_counts_and_percentiles() -> None:
    answer = asked(
        LINES, measures=("count", "sessions", "duration_p50", "success_rate"), by=("tool",), limit=2, other=True
    )
    assert answer.rows[2:] == [
        {"tool": "(other)", "count": 5, "sessions": 2, "duration_p50": 0.0, "success_rate": 0.0},
    ]
    assert answer.truncated
    assert answer.total["count"] == sum(row["count"] for row in answer.rows)


def test_nothing_left_out_is_no_row() -> None:
    answer = asked(LINES, by=("tool",), limit=5, other=True)
    assert [row["tool"] for row in answer.rows] == by_tool()


def test_what_lacks_a_dimension_is_not_left_out_but_in_no_row() -> None:
    lines = [*LINES, metric("x", "2026-03-01T09:00Z", "session_end")]
    answer = asked(lines, by=("tool",), limit=4, other=True)
    assert cells(answer, "tool", "count")[4:] == [("(other)", 1)]
    assert answer.total == {"count": 14}


def test_the_row_of_others_has_no_number_where_a_dimension_is_one() -> None:
    answer = asked(LINES, by=("hour_of_day", "tool", "weekday"), limit=1, other=True)
    assert cells(answer, "hour_of_day", "tool", "weekday", "count") == [(9, "Bash", 7, 3), (None, "(other)", None, 10)]


def test_a_limit_keeps_the_series_of_windows_that_come_first_over_the_whole_range() -> None:
    answer = asked(LINES, measures=("count", "sessions"), by=("day", "tool"), limit=2, other=True)
    assert cells(answer, "day", "tool", "count", "sessions") == [
        ("2026-03-01T00:00:00+00:00", "Bash", 3, 3),
        ("2026-03-01T00:00:00+00:00", "Read", 2, 2),
        ("2026-03-01T00:00:00+00:00", "(other)", 3, 1),
        ("2026-03-02T00:00:00+00:00", "Bash", 2, 2),
        ("2026-03-02T00:00:00+00:00", "Read", 1, 1),
        ("2026-03-02T00:00:00+00:00", "(other)", 2, 1),
    ]


def test_others_come_last_in_their_window_also_where_windows_go_down() -> None:
    answer = asked(LINES, by=("tool", "day"), limit=1, other=True, order=("-day",))
    assert cells(answer, "day", "tool") == [
        ("2026-03-02T00:00:00+00:00", "Bash"),
        ("2026-03-02T00:00:00+00:00", "(other)"),
        ("2026-03-01T00:00:00+00:00", "Bash"),
        ("2026-03-01T00:00:00+00:00", "(other)"),
    ]


def test_others_come_last_of_all_where_rows_are_not_by_window_first() -> None:
    answer = asked(LINES, by=("day", "tool"), limit=2, other=True, order=("-count",))
    assert [(row["day"][8:10], row["tool"], row["count"]) for row in answer.rows] == [
        ("01", "Edit", 1),
        ("01", "Grep", 1),
        ("02", "Edit", 1),
        ("02", "(other)", 4),
        ("01", "(other)", 6),
    ]


def test_windows_alone_are_limited_from_the_first_one_on_or_in_the_order_asked_for() -> None:
    first = asked(LINES, by=("day",), limit=1, other=True, measures=("count", "sessions"))
    assert cells(first, "day", "count", "sessions") == [("2026-03-01T00:00:00+00:00", 8, 3), (None, 5, 2)]
    least = asked(LINES, by=("day",), limit=1, other=True, order=("-count",))
    assert cells(least, "day", "count") == [("2026-03-02T00:00:00+00:00", 5), (None, 8)]


def test_windows_alone_are_filled_before_they_are_limited() -> None:
    answer = asked(
        LINES, by=("day",), limit=2, fill=True, start="2026-02-27T00:00Z", end="2026-03-03T00:00Z", other=True
    )
    assert [(row["day"] and row["day"][5:10], row["count"]) for row in answer.rows] == [
        ("02-27", 0),
        ("02-28", 0),
        (None, 13),
    ]
