from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cli.made_up import metric, write_log
from insights.planted import LAST, history

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Command

API = "/srv/api"


@pytest.fixture
def failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log in which Bash fails on the last day."""
    folder = tmp_path / "metrics"
    write_log(folder, *history({(LAST, API): {"failing": {"Bash", "Read"}}}))
    monkeypatch.setenv("TACHOGRAPH_METRICS", str(folder))
    return folder


def test_an_insight_is_three_lines(failing: Path, tachograph: Command) -> None:
    said = tachograph("insights", "--until", "2026-04-24")
    assert (said.code, said.err) == (0, "")
    heading, empty, first, why, shown = said.out.splitlines()
    assert (heading, empty) == ("Insights, 2026-04-18 to 2026-04-24, in UTC", "")
    assert first.startswith("▲ worse failure rate of tool calls in /srv/api: ")
    assert " % on Fri 2026-04-24, usually " in first
    assert why.startswith("  explained by tool ")
    assert "Bash (" in why
    assert shown == (
        "  tachograph query --measure failure_count,success_rate --by day --type tool_use --project /srv/api"
        " --since 2026-03-16 --until 2026-04-24 --timezone UTC"
    )


def test_as_json_it_is_all_that_was_found(failing: Path, tachograph: Command) -> None:
    document = tachograph("insights", "--until", "2026-04-24", "--json").document
    assert (document["since"], document["until"], document["timezone"]) == ("2026-04-18", "2026-04-24", "UTC")
    assert document["comparisons"] > 50
    (insight,) = document["insights"]
    assert (insight["measure"], insight["project"], insight["day"]) == ("tool_failure_rate", API, "2026-04-24")
    assert insight["explanations"][0]["groups"][0]["amounts"]["part_after"] > 0
    assert insight["command"].startswith("tachograph query --measure failure_count")


def test_a_longer_range_has_the_same_insight(failing: Path, tachograph: Command) -> None:
    said = tachograph("insights", "--since", "2026-03-23", "--until", "2026-04-24", "--project", API)
    assert said.out.count("tachograph query") == 1


def test_today_nothing_happened_and_it_says_where_to_look(failing: Path, tachograph: Command) -> None:
    said = tachograph("insights")
    assert said.code == 0
    assert said.out.splitlines()[1] == (
        "Nothing happened on these days; the last before today is 2026-04-24: tachograph insights --until 2026-04-24"
    )


def test_nothing_unusual_says_how_much_was_compared(failing: Path, tachograph: Command) -> None:
    said = tachograph("insights", "--until", "2026-04-17")
    assert said.out.splitlines()[1].startswith("Nothing unusual in ")
    assert "comparisons" in said.out


def test_too_little_history_says_how_much_is_needed(log: Path, tachograph: Command) -> None:
    said = tachograph("insights", "--until", "2026-03-03")
    assert said.code == 0
    assert said.out.splitlines()[1:3] == [
        "Too little history: at least 10 days like it are needed in the six weeks before a day.",
        "In those before 2026-03-03 there are 2 days with any metrics; weekends are not like other days,",
    ]


def test_the_demo_is_looked_at_up_to_its_last_day(tachograph: Command) -> None:
    said = tachograph("insights", "--demo")
    assert said.out.startswith(
        "Insights of the bundled demo history (made up), 2026-04-18 to 2026-04-24, in UTC\nNothing unusual in "
    )
    assert said.err == "This is the bundled demo history, made up and not stored.\n"
    assert tachograph("insights", "--demo", "--json").document["demo"] is True


def test_names_from_logs_have_no_power_over_the_terminal(tmp_path: Path, tachograph: Command) -> None:
    evil = "/srv/\x1b[31mred"
    lines = history({(LAST, evil): {"failing": {"Bash", "Read"}}}, projects=[(evil, "ana")])
    tachograph("ingest", write_log(tmp_path / "logs", *lines))
    said = tachograph("insights", "--until", "2026-04-24")
    assert "/srv/\\x1b[31mred" in said.out
    assert "\x1b" not in said.out


def test_the_command_line_is_quoted_for_the_shell(tmp_path: Path, tachograph: Command) -> None:
    odd = "/srv/ana's $(shop)"
    lines = history({(LAST, odd): {"failing": {"Bash", "Read"}}}, projects=[(odd, "ana")])
    tachograph("ingest", write_log(tmp_path / "logs", *lines))
    said = tachograph("insights", "--until", "2026-04-24")
    assert """--project '/srv/ana'"'"'s $(shop)' --since""" in said.out


def test_a_cost_that_is_not_known_whole_is_remarked(tmp_path: Path, tachograph: Command) -> None:
    lines = history({(LAST, API): {"cost": 30}})
    lines.append(
        metric("free", f"{LAST - timedelta(days=1)}T10:00:00Z", "token_usage", model="unheard-of", input_tokens=9)
    )
    tachograph("ingest", write_log(tmp_path / "logs", *lines))
    said = tachograph("insights", "--until", "2026-04-24")
    assert "worse cost in /srv/api" in said.out
    assert said.err == "not all of cost_usd is known: that it changed may mean that more or less of it is told\n"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--since", "2026-03-01T09:30"], "tachograph: --since: '2026-03-01T09:30' is no day of the calendar"),
        (["--until", "2026-02-30"], "tachograph: --until: '2026-02-30' is no day of the calendar"),
        (["--since", "2026-04-24", "--until", "2026-04-20"], "--since 2026-04-24 is after 2026-04-20"),
        (["--since", "2020-01-01", "--until", "2026-04-20"], "is more than 366 days"),
        (["--until", "0001-01-02"], "only days from 0002-01-01 to 9998-12-31"),
        (["--until", "9999-12-31"], "only days from 0002-01-01 to 9998-12-31"),
        (["--timezone", "Atlantis"], "there is no time zone 'Atlantis'"),
    ],
)
def test_mistakes_are_named(options: list[str], words: str, failing: Path, tachograph: Command) -> None:
    assert words in tachograph.mistake("insights", *options)


def test_without_logs_it_says_what_to_do(home: Path, tachograph: Command) -> None:
    assert "tachograph summary --demo" in tachograph.mistake("insights")
    assert "there is no store yet" in tachograph.mistake("insights", "--no-ingest")


def test_sums_that_are_kept_by_day_tell_the_same(failing: Path, tachograph: Command) -> None:
    before = tachograph("insights", "--until", "2026-04-24")
    tachograph("retention", "apply", "--delete-detail-after", "1d", "--resolution", "day", "--unread")
    after = tachograph("insights", "--until", "2026-04-24")
    assert after.out == before.out
    assert after.err.startswith("of some of these days only sums are kept")


def test_it_reads_what_is_new_first(failing: Path, tachograph: Command) -> None:
    tachograph("insights", "--until", "2026-04-24")
    late = metric("late", "2026-04-25T09:00:00Z", "session_start", "s9", project_path=API)
    write_log(failing, late, name="metrics_20260425_090000.jsonl")
    assert json.loads(tachograph("insights", "--json").out)["latest"] == "2026-04-25"
