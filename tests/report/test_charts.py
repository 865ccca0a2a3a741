"""Charts: which a table has, where their lines stand, and what is drawn."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cli.made_up import metric
from report.asked import LINES, aggregations, queried
from tachograph.report.axis import lines
from tachograph.report.charting import query_chart, rows_chart
from tachograph.report.drawing import drawn
from tachograph.report.figures import count
from tachograph.report.report import Chart, Series

AXES: tuple[tuple[float, dict[str, Any], list[float]], ...] = (
    (10, {}, [0, 2.5, 5, 7.5, 10]),
    (7, {}, [0, 2, 4, 6, 8]),
    (0.0003, {}, [0, 0.0001, 0.0002, 0.0003]),
    (3, {"is_whole": True}, [0, 1, 2, 3]),
    (1, {"is_whole": True}, [0, 1]),
    (90_000, {"is_duration": True}, [0, 30_000, 60_000, 90_000]),
    (4 * 3_600_000, {"is_duration": True}, [0, 3_600_000, 7_200_000, 10_800_000, 14_400_000]),
    (1e12, {"is_duration": True}, [0, 2.5e11, 5e11, 7.5e11, 1e12]),
)


@pytest.mark.parametrize(("largest", "options", "shown"), AXES)
def test_lines_stand_at_round_values_and_the_last_is_no_smaller(
    largest: float, options: dict[str, Any], shown: list[float]
) -> None:
    found = lines(largest, **options)
    assert found == pytest.approx(shown)
    assert found[-1] >= largest * (1 - 1e-9)


def rectangles(picture: str) -> list[tuple[str, float, float, float, float]]:
    """The class, the place and the size of each."""
    pattern = r'<rect class="(\w+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)">'
    return [(kind, *map(float, numbers)) for kind, *numbers in re.findall(pattern, picture)]


def over_time(*series: tuple[float | None, ...], is_sum: bool = True) -> str:
    day = 86_400.0
    return drawn(
        Chart(
            kind="time", measure="m", show=count, labels=("a", "b", "c"), places=(0.0, day, 4 * day), is_sum=is_sum,
            series=tuple(Series(f"s{number}", values) for number, values in enumerate(series)),
        )
    )  # fmt: skip


def test_columns_stand_where_their_windows_begin_and_are_as_high_as_their_values() -> None:
    first, second, third = rectangles(over_time((2, 4, 1)))
    assert second[1] - first[1] == pytest.approx((third[1] - first[1]) / 4, abs=0.2)
    assert [each[4] / first[4] for each in (second, third)] == pytest.approx([2, 0.5], abs=0.01)
    assert first[2] + first[4] == pytest.approx(second[2] + second[4], abs=0.2)


def test_series_that_add_up_stand_upon_each_other_and_others_side_by_side() -> None:
    below, above, *_ = rectangles(over_time((2, 0, 1), (1, None, 1)))
    assert (below[0], above[0], below[1]) == ("c1", "c2", above[1])
    assert above[2] + above[4] == pytest.approx(below[2], abs=0.2)
    left, right, *_ = rectangles(over_time((2, 0, 1), (1, None, 1), is_sum=False))
    assert right[1] == pytest.approx(left[1] + left[3], abs=0.2)
    assert left[2] + left[4] == pytest.approx(right[2] + right[4], abs=0.2)


def test_of_nothing_nothing_is_drawn() -> None:
    assert over_time((0, 0, None)) == ""
    assert over_time((float("inf"), 0, 0)) == ""


def test_a_chart_is_of_cost_where_there_is_any_and_of_calls_for_tools() -> None:
    days, tools, projects = aggregations("daily", "by_tool", "by_project")
    charts = [rows_chart(each.type, each.time_series) for each in (days, tools, projects)]
    assert [chart and (chart.kind, chart.measure) for chart in charts] == [
        ("time", "cost"), ("names", "calls"), ("names", "cost"),
    ]  # fmt: skip


def test_one_row_is_no_chart_nor_are_more_columns_than_lines() -> None:
    assert query_chart(queried(by=("user",), measures=("timed",), start=None, end=None, limit=1)) is None
    many = [metric(f"m{n}", f"2026-03-01T{n // 60:02}:{n % 60:02}:00Z") for n in range(900)]
    answer = queried(many, by=("minute",))
    assert len(answer.rows) == 900
    assert query_chart(answer) is None
    assert query_chart(queried(many, by=("15 minutes",))) is not None


def test_the_smaller_series_of_a_sum_are_brought_together() -> None:
    lines_ = [
        metric(f"{day}{n}", f"2026-03-0{day}T10:00:00Z", tool_name=f"t{n}", token_count=100 - n)
        for day in (1, 2)
        for n in range(8)
    ]
    chart = query_chart(queried(lines_, by=("day", "tool"), measures=("tokens",)))
    assert chart
    assert [(each.name, each.values) for each in chart.series] == [
        ("t0", (100, 100)), ("t1", (99, 99)), ("t2", (98, 98)), ("t3", (97, 97)), ("all others", (96 + 95 + 94 + 93,) * 2),
    ]  # fmt: skip
    percentiles = query_chart(queried(by=("hour", "tool"), measures=("duration_p95",)))
    assert percentiles
    assert (percentiles.is_sum, percentiles.is_duration) == (False, True)


def test_what_the_clock_shows_is_in_its_order() -> None:
    chart = query_chart(queried(LINES, by=("weekday",), measures=("count",), start=None, end=None))
    assert chart
    assert chart.labels == ("Mon", "Fri", "Sun")
