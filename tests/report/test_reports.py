"""Reports: each format beside its golden file, and what they say of an answer."""

from __future__ import annotations

import json

import pytest

from cli.made_up import metric
from report.asked import BEFORE, START, aggregations, queried
from report.golden import is_as_golden
from tachograph import BadQuestion, ReportGenerator
from tachograph.report.generator import FORMATS, rendered

SUFFIXES = {"markdown": "md", "html": "html", "json": "json", "csv": "csv", "text": "txt"}


@pytest.mark.parametrize("format", FORMATS)
def test_an_aggregation_beside_the_range_before_it(format: str) -> None:
    tools, days = aggregations("by_tool", "daily")
    (before,) = aggregations("by_tool", start=BEFORE, end=START)
    made = ReportGenerator("March", timezone="UTC").generate(tools, days, format=format, before=before)
    assert is_as_golden(f"tools.{SUFFIXES[format]}", made)


@pytest.mark.parametrize("format", FORMATS)
def test_a_query_that_compares(format: str) -> None:
    answer = queried(measures=("cost_usd", "count", "error_rate"), by=("day", "project"), compare="previous")
    assert is_as_golden(f"query.{SUFFIXES[format]}", ReportGenerator().generate(answer, format=format))


@pytest.mark.parametrize("format", FORMATS)
def test_a_summary(format: str) -> None:
    made = ReportGenerator(timezone="UTC").summary(*aggregations("daily", "by_project"))
    assert is_as_golden(f"summary.{SUFFIXES[format]}", rendered(made, format))


def test_the_document_has_the_values_of_the_answer() -> None:
    (days,) = aggregations("daily")
    document = json.loads(ReportGenerator("March").generate(days, format="json"))
    figures = {each["name"]: each["value"] for each in document["summary"]}
    assert document["title"] == "March"
    assert figures["tokens"] == days.token_stats.total
    assert figures["cost_usd"] == days.cost_stats.total_usd
    assert figures["duration_p95"] == days.duration_stats.p95_ms
    assert document["tables"][0]["rows"] == days.time_series
    assert document["period"] == {"start": days.start_time, "end": days.end_time, "timezone": "UTC"}


def test_a_figure_without_a_value_has_none() -> None:
    nothing = aggregations("daily", lines=["{}"])[0]
    text = ReportGenerator().generate(nothing, format="text")
    assert "success rate        –\n" in text
    assert "No days." in text


@pytest.mark.parametrize("format", FORMATS)
def test_a_report_of_nothing_says_so(format: str) -> None:
    nothing = aggregations("daily", lines=["{}"], start=None, end=None)[0]
    made = ReportGenerator().generate(nothing, format=format)
    if format not in {"json", "csv"}:
        assert "Nothing was recorded in this period." in made


def test_a_query_without_dimensions_is_its_figures() -> None:
    answer = queried(measures=("count", "duration_p50"))
    made = ReportGenerator().generate(answer, format="markdown")
    assert "| count | 10 |" in made
    assert ReportGenerator().generate(answer, format="csv") == "count,duration_p50\r\n10,2500.0\r\n"


def test_an_unknown_format_and_no_result_are_mistakes() -> None:
    (days,) = aggregations("daily")
    with pytest.raises(BadQuestion, match=r"there is no format 'pdf' \(known are markdown, html, json, csv, text\)"):
        ReportGenerator().generate(days, format="pdf")
    with pytest.raises(BadQuestion, match="there is nothing to report"):
        ReportGenerator().generate()


def test_more_names_than_anybody_reads_are_cut_and_counted() -> None:
    lines = [metric(f"m{n}", "2026-03-01T10:00:00Z", tool_name=f"tool {n:02}") for n in range(30)]
    made = rendered(ReportGenerator().summary(*aggregations("daily", "by_project", lines=lines)), "text")
    assert "Tools, the top 20 of 30\n" in made
    assert "tool 19" in made
    assert "tool 20" not in made
