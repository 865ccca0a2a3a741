"""`tachograph report`: options to a report, on stdout or in a file."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest

from cli.made_up import write_log
from hostile import history
from tachograph.report.names import AGGREGATIONS

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Command

RANGE = ("--since", "2026-03-02", "--until", "2026-03-03")


def test_without_anything_it_is_a_summary_in_markdown(log: Path, tachograph: Command) -> None:
    said = tachograph("report")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("# Summary\n\n2026-03-01 08:59 to 2026-03-03 12:00, in UTC\n\n## Figures\n")
    titles = [line for line in said.out.splitlines() if line.startswith("## ")]
    assert titles == [
        "## Figures",
        "## Days",
        "## Tools",
        "## Agents",
        "## Projects",
        "## Errors",
        "## Remarks",
    ]


def test_a_range_with_both_ends_is_compared_with_the_one_before(log: Path, tachograph: Command) -> None:
    document = tachograph("report", *RANGE, "--format", "json").document
    assert document["before"]["start"] == "2026-02-28T00:00:00+00:00"
    (metrics,) = [each for each in document["summary"] if each["name"] == "metrics"]
    assert (metrics["value"], metrics["before"], metrics["change"]) == (5, 4, {"absolute": 1, "relative": 0.25})
    assert tachograph("report", *RANGE, "--no-compare", "--format", "json").document["before"] is None


def test_a_period_that_is_not_over_says_so(log: Path, tachograph: Command) -> None:
    assert "\nthe period isn't over yet\n" in tachograph("report", "--range", "this month").out
    assert "isn't over" not in tachograph("report", *RANGE).out


def test_the_same_weekdays_may_be_what_it_is_compared_with(log: Path, tachograph: Command) -> None:
    document = tachograph("report", *RANGE, "--compare", "previous_weekdays", "--format", "json").document
    assert document["before"]["start"] == "2026-02-23T00:00:00+00:00"


@pytest.mark.parametrize("command", AGGREGATIONS)
def test_each_aggregation_has_the_rows_of_its_command(command: str, log: Path, tachograph: Command) -> None:
    rows = tachograph("report", command, "--format", "json").document["tables"][0]["rows"]
    assert rows == tachograph(command, "--json").document["time_series"]


def test_several_are_tables_of_one_report(log: Path, tachograph: Command) -> None:
    document = tachograph("report", "tools", "daily", "--title", "Mine", "--format", "json").document
    assert document["title"] == "Mine"
    assert [table["title"] for table in document["tables"]] == ["Tools", "Days"]


def test_rows_may_be_ordered_and_limited_and_filters_are_told(log: Path, tachograph: Command) -> None:
    said = tachograph("report", "tools", "--order", "tool", "--limit", "1", "--user", "ana", "--format", "text")
    assert "where user=ana\n" in said.out
    assert "The first 1; the figures of the whole period are of all.\n" in said.out
    assert said.out.count("\nBash ") == 1
    assert "Read" not in said.out


def test_the_options_of_a_query_make_a_report_of_it(log: Path, tachograph: Command) -> None:
    asked = ("-m", "count,error_rate", "--by", "user", "--where", "type=tool_use or type=error_occurred")
    document = tachograph("report", *asked, "--format", "json").document
    assert document["tables"][0]["rows"] == tachograph("query", *asked, "--json").document["rows"]
    assert document["about"] == ["where type=tool_use or type=error_occurred"]
    assert tachograph("report", *asked, "--format", "csv").out == tachograph("query", *asked, "--csv").out


def test_a_query_may_come_from_a_file(log: Path, tmp_path: Path, tachograph: Command) -> None:
    file = tmp_path / "slow.toml"
    file.write_text('by = ["tool"]\nmeasures = ["duration_p95"]')
    assert "| `Bash` | 1.5 s |" in tachograph("report", "--file", file).out


def test_a_file_has_the_format_of_its_name(log: Path, tmp_path: Path, tachograph: Command) -> None:
    page, rows = tmp_path / "week.html", tmp_path / "rows.csv"
    assert tachograph("report", "--output", page).out == ""
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>\n")
    tachograph("report", "users", "-o", rows)
    assert rows.read_bytes().count(b"\r\n") == 3
    tachograph("report", "users", "-o", tmp_path / "odd.name", "--format", "text")
    assert sorted(path.name for path in tmp_path.glob("*.*")) == ["odd.name", "rows.csv", "week.html"]


def test_a_file_that_cannot_be_written_is_told_and_nothing_is_left(
    log: Path, tmp_path: Path, tachograph: Command
) -> None:
    line = tachograph.mistake("report", "--output", tmp_path / "none" / "week.html")
    assert "No such file or directory" in line


def test_of_the_demo_history_it_says_so(store_file: Path, tachograph: Command) -> None:
    said = tachograph("report", "--demo", "--format", "html")
    assert "from the bundled demo history, which is made up" in said.out
    assert said.out.count("<svg") > 3
    assert not store_file.exists()


def test_csv_of_several_tables_has_their_titles_and_is_safe(log: Path, tachograph: Command) -> None:
    write_log(log, *history())
    rows = list(csv.reader(io.StringIO(tachograph("report", "--format", "csv").out)))
    assert [row[0] for row in rows if len(row) == 1] == ["Days", "Models, the top 20 of 30", "Tools, the top 20 of 30", "Agents, the top 20 of 30", "Projects, the top 20 of 30", "Errors, the top 20 of 30"]  # fmt: skip


MISTAKES = (
    (["tols"], "there is no report of 'tols'; known are hourly, daily"),
    (["daily", "--by", "tool"], "--by goes with a query, not with daily"),
    (["--output", "week.pdf"], "--output week.pdf: name a format with --format, or a file that ends in .html or .md"),
    (["--limit", "3"], "--order and --limit go with what has a table"),
    (["--compare", "previous", "--no-compare"], "--compare and --no-compare contradict each other"),
    (["--week-start", "sunday"], "--week-start and --month-start go with a query, or with a range by name"),
    (["--compare", "previous"], "--compare: what has no start or no end can't be compared"),
    (["daily", "--order", "tool"], "there is no order 'tool' of daily"),
    (["--last", "7 dayz"], "'last 7 dayz' is no range of time"),
    (["--format", "pdf"], "argument --format: invalid choice: 'pdf'"),
)


@pytest.mark.parametrize(("options", "words"), MISTAKES)
def test_mistakes_are_named(options: list[str], words: str, log: Path, store_file: Path, tachograph: Command) -> None:
    said = tachograph("report", *options)
    assert (said.code, said.out) == (2, "")
    assert words in said.err
    assert "Traceback" not in said.err


def test_json_is_one_document(log: Path, tachograph: Command) -> None:
    assert tachograph("report", "--format", "json").out.count("\n") == 1
    assert json.loads(tachograph("report", "--format", "json").out)["made"]
