"""`tachograph query`: options and files to answers, and answers to tables, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cli.made_up import HISTORY, metric, write_log
from cli.test_pages import on_a_terminal
from tachograph.cli.query_list import say_vocabulary
from tachograph.query import run
from tachograph.query.expression import parse
from tachograph.query.model import AMOUNTS, CLOCK, MEASURES, NAMES, UNITS
from tachograph.query.saying import said
from tachograph.query.vocabulary import AMOUNTS_SAY, DIMENSIONS_SAY, MEASURES_SAY

if TYPE_CHECKING:
    from cli.conftest import Command
    from tachograph.query.model import Query, QueryResult
    from tachograph.store.duckdb import Store

DOCS = Path(__file__).parents[2] / "docs" / "queries.md"
README = DOCS.parents[1] / "README.md"


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


def rows(tachograph: Command, *arguments: str | Path) -> list[dict[str, Any]]:
    said = tachograph("query", *arguments, "--json")
    assert said.code == 0, said.err
    answer: list[dict[str, Any]] = said.document["rows"]
    return answer


def test_without_options_it_is_the_count_of_everything(log: Path, tachograph: Command) -> None:
    assert lines(tachograph("query").out) == [
        "In all, 2026-03-01 08:59 to 2026-03-03 12:00, in UTC",
        "count",
        "─────",
        "    9",
    ]


def test_a_table_has_a_row_for_each_combination_and_the_total_below(log: Path, tachograph: Command) -> None:
    said = tachograph("query", "-m", "count,duration_p50,error_rate,success_rate", "--by", "day,tool")
    assert lines(said.out) == [
        "By day and tool, 2026-03-01 08:59 to 2026-03-03 12:00, in UTC",
        "day             tool  count  duration_p50  error_rate  success_rate",
        "───────────────────────────────────────────────────────────────────",
        "2026-03-01 Sun  Bash      2         1.5 s         0 %        50.0 %",
        "2026-03-01 Sun  Read      1         10 ms         0 %         100 %",
        "───────────────────────────────────────────────────────────────────",
        "in all                    9         1.5 s      11.1 %        60.0 %",
        "(in all: also what has no tool)",
    ]


def test_what_is_at_least_so_much_is_marked_in_the_total(log: Path, tachograph: Command) -> None:
    assert lines(tachograph("query", "-m", "tokens,cost_usd", "--by", "user").out)[-3:] == [
        "────────────────────────",
        "in all    1.2M       ≥$0",
        "At least so much, for a log doesn't tell all or a price isn't known: cost_usd",
    ]


def test_what_a_limit_leaves_out_is_told_or_brought_together(log: Path, tachograph: Command) -> None:
    asked = ("query", "--by", "tool")
    limited, top = lines(tachograph(*asked, "--limit", "1").out), lines(tachograph(*asked, "--top", "1").out)
    assert limited[-1] == "(… the limit leaves rows out; --other brings them together)"
    assert top[3:5] == ["Bash         2", "(other)      1"]


def test_a_comparison_has_what_was_before_and_how_it_changed(log: Path, tachograph: Command) -> None:
    said = tachograph(
        "query", "-m", "count,error_rate,duration_avg", "--by", "user", "--since", "2026-03-03", "--until", "2026-03-04",
        "--compare", "previous",
    )  # fmt: skip
    assert lines(said.out) == [
        "By user, 2026-03-03 00:00 to 2026-03-05 00:00, in UTC",
        "compared with 2026-03-01 00:00 to 2026-03-03 00:00",
        "user    count  before  change  error_rate  before    change  duration_avg  before   change",
        "──────────────────────────────────────────────────────────────────────────────────────────",
        "ben         4       –     new      25.0 %       –       new         2.0 h       –      new",
        "──────────────────────────────────────────────────────────────────────────────────────────",
        "in all      4       5   −20 %      25.0 %     0 %  +25.0 pp         2.0 h  670 ms  ×10,746",
    ]


def test_a_change_from_nothing_is_the_difference_and_none_is_equal(log: Path, tachograph: Command) -> None:
    write_log(
        log, *(metric(f"m{day}", f"2026-03-0{day}T10:00:00Z", tool_name="Bash", duration_ms=5) for day in (1, 2)),
        metric("e", "2026-03-02T11:00:00Z", "error_occurred", tool_name="Bash"),
    )  # fmt: skip
    said = tachograph(
        "query", "-m", "errors,timed", "--by", "tool", "--since", "2026-03-02", "--until", "2026-03-02",
        "--compare", "previous",
    )  # fmt: skip
    assert lines(said.out)[4] == "Bash         1       0      +1      1       1       ="


def test_rolling_says_so(log: Path, tachograph: Command) -> None:
    said = lines(tachograph("query", "--by", "day", "--rolling", "2").out)
    assert said[1] == "each row over 2 windows, its own the last"
    assert said[4:7] == ["2026-03-01 Sun      4", "2026-03-02 Mon      5", "2026-03-03 Tue      5"]


WINDOWS = (
    ("hour", "2026-03-01 08:00 +00:00"),
    ("15 minutes", "2026-03-01 08:45 +00:00"),
    ("day", "2026-03-01 Sun"),
    ("week", "2026-02-23"),
    ("month", "2026-03"),
    ("weekday", "Sun"),
    ("hour_of_day", "08:00"),
)


@pytest.mark.parametrize(("by", "shown"), WINDOWS)
def test_windows_and_the_clock_are_shown_as_people_say_them(
    by: str, shown: str, log: Path, tachograph: Command
) -> None:
    first = lines(tachograph("query", "--by", by, "--until", "2026-03-01T09:00").out)[3]
    assert re.fullmatch(rf"{re.escape(shown)}  +1", first)


def test_months_that_begin_on_another_day_are_shown_with_it(log: Path, tachograph: Command) -> None:
    assert lines(tachograph("query", "--by", "month", "--month-start", "15").out)[3] == "2026-02-15      9"


CONDITIONS = (
    (["--where", "tool=Bash"], 2),
    (["--where", "tool=Bash or tool=Read"], 3),
    (["--where", "tool=Bash", "--where", "duration_ms<1000"], 1),
    (["--where", "tool=Bash or tool=Read", "--user", "ben"], 0),
    (["--tool", "Bash", "--tool", "Read"], 3),
    (["--error", "rate_limit"], 1),
    (["--agent", "Explore"], 1),
    (["--project", "/srv/web"], 4),
    (["--session", "s1", "--type", "tool_use"], 3),
    (["--source", "metrics-log"], 9),
)


@pytest.mark.parametrize(("options", "count"), CONDITIONS)
def test_conditions_and_the_options_of_other_commands_are_all_met(
    options: list[str], count: int, log: Path, tachograph: Command
) -> None:
    assert tachograph("query", *options, "--json").document["total"] == {"count": count}


def test_a_project_may_be_a_relative_path(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    monkeypatch.chdir(tmp_path)
    write_log(log, metric("p", "2026-03-01T09:00:00Z", project_path=str(tmp_path.resolve())))
    assert tachograph("query", "--project", ".", "--json").document["total"] == {"count": 1}


def test_options_may_be_repeated_or_listed(log: Path, tachograph: Command) -> None:
    listed = rows(tachograph, "-m", "count,tokens", "--by", "user,type", "--order", "-user,type")
    repeated = rows(
        tachograph, "-m", "count", "--measure", "tokens", "--by", "user", "--by", "type", "--order", "-user",
        "--order", "type",
    )  # fmt: skip
    assert listed == repeated
    assert [(row["user"], row["type"]) for row in listed][:2] == [
        ("ben", "agent_execution"),
        ("ben", "command_executed"),
    ]


def test_a_range_by_name_is_that_of_now(log: Path, tachograph: Command) -> None:
    for options in (["--range", "last 900 years"], ["--last", "900 years"]):
        document = tachograph("query", *options, "--json").document
        assert document["total"] == {"count": 9}
        assert (document["start"][4:], document["end"][4:]) == ("-01-01T00:00:00+00:00",) * 2


def test_json_says_the_question_the_total_and_the_rows(log: Path, tachograph: Command) -> None:
    assert tachograph("query", "--by", "tool", "--top", "1", "--where", "duration_ms >= 5", "--json").document == {
        "query": {
            "measures": ["count"],
            "by": ["tool"],
            "since": None,
            "until": None,
            "timezone": "UTC",
            "where": "duration_ms>=5",
            "order": [],
            "limit": 1,
            "other": True,
            "fill": False,
            "week_start": "monday",
            "month_start": 1,
            "rolling": 1,
            "compare": None,
        },
        "start": "2026-03-01T09:00:00+00:00",
        "end": "2026-03-03T12:00:01.000001+00:00",
        "total": {"count": 4},
        "rows": [{"tool": "Bash", "count": 2}, {"tool": "(other)", "count": 1}],
        "exact": True,
        "at_least": [],
        "truncated": True,
    }


def test_a_sum_that_no_float_holds_is_null_in_json_and_endless_in_a_table(log: Path, tachograph: Command) -> None:
    write_log(log, *(metric(f"m{n}", "2026-03-01T10:00:00Z", duration_ms=1.7e308) for n in range(2)))
    assert tachograph("query", "-m", "duration_sum", "--json").document["total"] == {"duration_sum": None}
    for _ in range(2):  # an answer that is remembered would say the same
        assert lines(tachograph("query", "-m", "duration_sum").out)[-1] == "           ∞"


def test_csv_has_a_line_per_row_that_a_csv_reader_reads(log: Path, tachograph: Command) -> None:
    names = ['say "hi"', "a,b", "=1+1", "+1", "-1", "@x", "\tx", "\x1b[31mred", "two\nlines"]
    write_log(log, *(metric(f"m{n}", "2026-03-01T10:00:00Z", tool_name=name) for n, name in enumerate(names)))
    out = tachograph("query", "-m", "count,duration_avg", "--by", "tool", "--order", "tool", "--csv").out
    assert out.count("\r\n") == out.count("\n") == len(names) + 1
    title, *read = csv.reader(io.StringIO(out))
    assert title == ["tool", "count", "duration_avg"]
    assert sorted(row[0] for row in read) == sorted(
        ['say "hi"', "a,b", "'=1+1", "'+1", "'-1", "'@x", "'\\tx", "\\x1b[31mred", "two\\nlines"]
    )
    assert {tuple(row[1:]) for row in read} == {("1", "")}


def test_csv_of_no_dimension_is_the_total_and_of_a_comparison_has_what_was_before(
    log: Path, tachograph: Command
) -> None:
    said = tachograph(
        "query",
        "--csv",
        "-m",
        "count,errors",
        "--since",
        "2026-03-03",
        "--until",
        "2026-03-04",
        "--compare",
        "previous",
    )
    assert said.out == (
        "count,errors,count_before,count_change,count_change_relative,errors_before,errors_change,errors_change_relative\r\n"
        "4,1,5,-1,-0.2,0,1,\r\n"
    )


def test_names_from_logs_have_no_power_over_the_terminal(log: Path, tachograph: Command) -> None:
    write_log(log, metric("m", "2026-03-01T10:00:00Z", tool_name="\x1b]0;x\x07[bold]\u202e\n"))
    for form in ([], ["--csv"], ["--json"]):
        out = tachograph("query", "--by", "tool", *form).out
        assert not {"\x1b", "\x07", "\u202e"} & set(out)
        assert "[bold]" in out
    where = tachograph("query", "--where", "tool='\x1b[31m'").out
    assert "\x1b" not in where
    assert "\\x1b[31m" in where


def test_on_a_narrow_terminal_names_are_folded_and_what_was_before_is_left_out(
    log: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    write_log(log, metric("m", "2026-03-02T10:00:00Z", tool_name="x" * 200))
    asked = ("query", "--by", "tool", "--since", "2026-03-02", "--until", "2026-03-02", "--compare", "previous")
    shown = re.sub(r"\x1b\[[0-9;]*m", "", on_a_terminal(monkeypatch, 32, tachograph, *asked)).splitlines()
    (begin,) = (number for number, line in enumerate(shown) if line.startswith("tool "))
    (end,) = (number for number, line in enumerate(shown) if line.startswith("in all "))
    assert shown[begin].split() == ["tool", "count", "change"]
    assert {len(line) for line in shown[begin : end + 1]} == {32}
    assert "(… a wider terminal also shows: before)" in " ".join(line.strip() for line in shown[end:])


EMPTY = (
    (["--where", "tool=none"], "Nothing was recorded in this range, with these conditions:"),
    (["--where", "tool=none", "--by", "tool"], "Nothing was recorded in this range, with these conditions:"),
    (["--by", "operation"], "No metric in it has a value for operation. In all:"),
)


@pytest.mark.parametrize(("options", "words"), EMPTY)
def test_where_there_is_nothing_it_says_so(options: list[str], words: str, log: Path, tachograph: Command) -> None:
    said = tachograph("query", *options)
    assert said.code == 0
    assert words in said.out


def test_the_demo_is_told_and_nothing_is_stored(store_file: Path, tachograph: Command) -> None:
    said = tachograph("query", "--demo", "--by", "week")
    assert said.out.startswith("By week, in the bundled demo history (made up), 2026-03-16 05:30 to ")
    assert said.err == "This is the bundled demo history, made up and not stored.\n"
    assert not store_file.exists()


def test_without_logs_it_says_what_to_do(tachograph: Command) -> None:
    assert "look around with 'tachograph summary --demo'" in tachograph.mistake("query")


def test_a_file_asks_and_options_beside_it_win(log: Path, tmp_path: Path, tachograph: Command) -> None:
    file = tmp_path / "slow.toml"
    file.write_text('by = ["tool"]\nmeasures = ["count", "timed"]\nwhere = "duration_ms>=10"\nlimit = 1\nother = true')
    assert rows(tachograph, "--file", file) == [
        {"tool": "Bash", "count": 2, "timed": 2},
        {"tool": "(other)", "count": 1, "timed": 1},
    ]
    beside = ("-m", "count", "--no-other", "--where", "duration_ms<1000", "--order", "tool")
    assert rows(tachograph, "--file", file, *beside) == [{"tool": "Bash", "count": 1}]


def test_a_query_may_come_from_stdin(log: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"by": "user"}')))
    assert rows(tachograph, "--file", "-") == [{"user": "ana", "count": 5}, {"user": "ben", "count": 4}]


MISTAKES = (
    (["--by", "tol"], "tachograph: --by: there is no dimension 'tol' (did you mean tool? known are "),
    (["-m", "cout"], "tachograph: --measure: there is no measure 'cout' (did you mean count? known are "),
    (["-m", ","], "tachograph: --measure: ',' can't be meant (give names such as"),
    (["--where", "tol=x"], "tachograph: --where: there is no field 'tol' at character 1: ▸tol=x (did you mean tool?"),
    (["--type", "tooluse"], "tachograph: --type: type is never 'tooluse' (did you mean tool_use?"),
    (["--where", "outcome=good"], "tachograph: --where: outcome is never 'good'"),
    (["--source", "claude"], "there is no source 'claude'"),
    (["--range", "tody"], "tachograph: --range: 'tody' is no range of time (did you mean today?"),
    (["--last", "7 dayz"], "tachograph: --last: 'last 7 dayz' is no range of time"),
    (["--range", "today", "--since", "2026-03-01"], "tachograph: --range: a range by name has its own start and end"),
    (["--since", "soon"], "tachograph: --since: 'soon' is no date"),
    (["--since", "2026-03-02", "--until", "2026-03-01"], "--until 2026-03-01 is before --since 2026-03-02 (swap them)"),
    (["--timezone", "Mars"], "tachograph: --timezone: there is no time zone 'Mars'"),
    (["--limit", "0"], "tachograph: --limit: 0 can't be meant (give a whole number from 1 on)"),
    (["--by", "tool", "--other"], "tachograph: --other: without a limit nothing is left out (give a limit)"),
    (["--rolling", "3"], "tachograph: --rolling: there are no windows"),
    (["--month-start", "29"], "tachograph: --month-start: 29 can't be meant (give a day from 1 to 28)"),
    (["--week-start", "someday"], "tachograph: --week-start: 'someday' can't be meant"),
    (["--compare", "previous"], "tachograph: --compare: what has no start or no end can't be compared"),
    (["--order", "-tool"], "tachograph: --order: 'tool' is not in this query"),
    (["--file", "none.toml"], "tachograph: none.toml: it can't be read: No such file or directory"),
)  # fmt: skip


@pytest.mark.parametrize(("options", "words"), MISTAKES)
def test_a_mistake_is_one_line_and_nothing_is_read_for_it(
    options: list[str], words: str, log: Path, store_file: Path, tachograph: Command
) -> None:
    assert words in tachograph.mistake("query", *options)
    assert not store_file.exists()


def test_a_mistake_in_a_file_is_named_with_its_key(tmp_path: Path, tachograph: Command) -> None:
    file = tmp_path / "q.toml"
    file.write_text('by = ["tol"]')
    assert f"tachograph: {file}: by: there is no dimension 'tol'" in tachograph.mistake("query", "--file", file)
    file.write_text('where = "outcome=good"')
    assert f"tachograph: --user or {file}: where: outcome is never 'good'" in tachograph.mistake(
        "query", "--file", file, "--user", "ana"
    )


@pytest.fixture
def worked_out(monkeypatch: pytest.MonkeyPatch) -> list[Query]:
    """The queries that are worked out from here on."""
    seen: list[Query] = []
    really_run = run.run

    def noted(store: Store, query: Query) -> QueryResult:
        seen.append(query)
        return really_run(store, query)

    monkeypatch.setattr(run, "run", noted)
    return seen


def test_the_same_query_is_worked_out_once_until_something_is_new(
    log: Path, worked_out: list[Query], tachograph: Command
) -> None:
    asked = ("query", "-m", "count,duration_avg,cost_usd", "--by", "day,tool", "--since", "2026-03-01")
    first = [tachograph(*asked, *form) for form in ([], ["--json"], ["--csv"])]
    assert [tachograph(*asked, *form) for form in ([], ["--json"], ["--csv"])] == first
    assert len(worked_out) == 1
    write_log(log, *HISTORY, metric("new", "2026-03-09T00:00:00Z", tool_name="Bash"))
    assert tachograph(*asked, "--json") != first[1]
    assert len(worked_out) == 2


def test_another_query_is_another(log: Path, worked_out: list[Query], tachograph: Command) -> None:
    others: tuple[list[str], ...] = (
        [], ["--by", "tool"], ["-m", "tokens"], ["--where", "tool=Bash"], ["--where", "tool!=Bash"], ["--by", "day", "--fill"],
        ["--timezone", "Asia/Tokyo"], ["--since", "2026-03-02"], ["--by", "tool", "--limit", "1"], ["--by", "tool", "--top", "1"],
    )  # fmt: skip
    for options in (*others, *others):
        tachograph("query", *options)
    assert len(worked_out) == len(others)


def test_a_damaged_memory_of_an_answer_is_no_memory(log: Path, store_file: Path, tachograph: Command) -> None:
    first = tachograph("query", "--by", "tool", "--json")
    memory = store_file.parent / "answers.json"
    kept = json.loads(memory.read_bytes())
    memory.write_text(json.dumps({**kept, "answers": {key: {"rows": 5} for key in kept["answers"]}}))
    assert tachograph("query", "--by", "tool", "--json") == first


def test_what_old_metrics_whose_detail_is_gone_may_have_done_is_remarked(log: Path, tachograph: Command) -> None:
    tachograph("query")
    assert tachograph("retention", "apply", "--delete-detail-after", "30d").code == 0
    assert tachograph("query", "--by", "day").err == ""
    remark = "of old metrics only sums are kept; some may belong to another row, or beyond the range"
    for measures, more in (
        ("duration_p50", "; percentiles are within 1 %"),
        ("active_ms", "; active time lacks theirs"),
    ):
        assert tachograph("query", "-m", measures).err == f"{remark}{more}\n"
    for _ in range(2):  # the second time from memory
        said = tachograph("query", "--where", "tokens>1")
        assert said.err == f"{remark}; conditions on amounts leave them out\n"


def test_the_list_names_everything_there_is(tachograph: Command) -> None:
    document = tachograph("query", "--list", "--json").document
    assert set(document["measures"]) == {*MEASURES, "duration_p95"}
    assert set(document["dimensions"]) == {*UNITS, *CLOCK, *NAMES}
    assert set(document["fields"]) == {*CLOCK, *NAMES, *AMOUNTS}
    assert {*MEASURES_SAY, *DIMENSIONS_SAY, *AMOUNTS_SAY} <= set(tachograph("query", "--list").out.split())


def test_the_list_needs_neither_logs_nor_a_store(capsys: pytest.CaptureFixture[str], store_file: Path) -> None:
    say_vocabulary(as_json=False)
    assert capsys.readouterr().out.startswith("Measures (--measure):\n  count ")
    assert not store_file.exists()


def test_help_explains_conditions_and_ranges_and_gives_examples(tachograph: Command) -> None:
    told = tachograph("query", "--help").out
    for words in ("tool~mcp__*", "last 7 days", "--top N", "examples:", "--compare", "--csv"):
        assert words in told


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)


def examples(path: Path) -> list[str]:
    said = "".join(blocks(path, "sh")).replace("\\\n", " ").splitlines()
    return [line for line in said if line.startswith("tachograph query")]


@pytest.mark.parametrize("example", [*examples(DOCS), *examples(README)])
def test_the_examples_of_the_documents_are_answered(example: str, tachograph: Command) -> None:
    said = tachograph(*shlex.split(example)[1:], *([] if "--list" in example else ["--demo"]))
    assert (said.code, bool(said.out)) == (0, True)


@pytest.mark.parametrize("example", [*blocks(DOCS, "toml"), *blocks(DOCS, "json")])
def test_the_files_of_the_documents_are_answered(example: str, tmp_path: Path, tachograph: Command) -> None:
    file = tmp_path / "query"
    file.write_text(example)
    assert tachograph("query", "--file", file, "--demo").code == 0


@pytest.mark.parametrize("text", "".join(blocks(DOCS, "text")).splitlines())
def test_the_conditions_of_the_documents_are_conditions(text: str) -> None:
    assert parse(said(parse(text))) == parse(text)
