from __future__ import annotations

import asyncio
import json
from shutil import rmtree
from typing import TYPE_CHECKING, Any

import pytest

from cli.made_up import HISTORY, LOG_NAME, metric, write_log, write_transcript
from tachograph import MetricsAggregator, MetricsParser, Store
from tachograph.cli import reading
from tachograph.ingest.reader import Work

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Command
    from tachograph.ingest.plan import Plan
    from tachograph.ingest.reader import Summary
    from tachograph.ingest.users import Users

COMMANDS = {
    "hourly": "hourly",
    "daily": "daily",
    "weekly": "weekly",
    "monthly": "monthly",
    "sessions": "by_session",
    "users": "by_user",
    "tools": "by_tool",
    "agents": "by_agent",
    "projects": "by_project",
    "models": "by_model",
}


def expected(log: Path, kind: str, **asked: Any) -> dict[str, Any]:
    return asyncio.run(MetricsAggregator(MetricsParser(log)).aggregate(kind, **asked)).to_dict()


@pytest.mark.parametrize(("command", "kind"), COMMANDS.items())
def test_json_is_exactly_the_result(command: str, kind: str, log: Path, tachograph: Command) -> None:
    said = tachograph(command, "--json")
    assert (said.code, said.err) == (0, "")
    assert said.out.count("\n") == 1
    assert said.document == expected(log, kind)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_table_has_a_row_for_each_of_the_answer_and_totals_below(
    command: str, log: Path, tachograph: Command
) -> None:
    rows = tachograph(command, "--json").document["time_series"]
    lines = tachograph(command).out.splitlines()
    table = 2 + len(rows) if rows else 3  # titles, a rule, the rows; or a sentence between empty lines
    assert len(lines) == 1 + table + 4  # a heading, the table, totals
    assert lines[-4:] == [
        (
            "In all: 9 metrics, 2 sessions, 2 users, 1 error, 2.0 h of work, 1.2M tokens, at least $0, "
            "60.0 % success in 5 outcomes"
        ),
        "Durations: p50 1.5 s, p95 2.0 h, p99 2.0 h, longest 2.0 h",
        "Tokens: input 1.2M, output 34, cache read 0, cache write 0",
        "No price is known for what names no model (1.2M tokens)",
    ]


def test_a_table_of_days(log: Path, tachograph: Command) -> None:
    assert tachograph("daily").out.splitlines()[:6] == [
        "Days, 2026-03-01 08:59 to 2026-03-03 12:00, in UTC",
        "day             metrics  sessions  errors   time  tokens  input  output  cache read  cache write  cost",
        "──────────────────────────────────────────────────────────────────────────────────────────────────────",
        "2026-03-01 Sun        4         1       0  2.0 s       0      0       0           0            0    $0",
        "2026-03-02 Mon        1         1       0   0 ms    1.2M   1.2M      34           0            0   ≥$0",
        "2026-03-03 Tue        4         1       1  2.0 h       0      0       0           0            0    $0",
    ]


def test_transcripts_in_the_home_folder_are_read(home: Path, tachograph: Command) -> None:
    write_transcript(home)
    (row,) = tachograph("tools", "--json").document["time_series"]
    assert (row["tool"], row["count"], row["success"]) == ("Bash", 1, 1)
    (project,) = tachograph("projects", "--json").document["time_series"]
    assert (project["project_path"], project["tokens"]) == ("/srv/tools", 112)


def test_a_place_named_by_the_environment_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    write_transcript(tmp_path)
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / ".claude"))
    assert tachograph("sessions", "--json").document["total_sessions"] == 1


def test_home_says_where_the_store_is(log: Path, tmp_path: Path, store_file: Path, tachograph: Command) -> None:
    assert tachograph("daily", "--home", tmp_path / "elsewhere").code == 0
    assert (tmp_path / "elsewhere" / "tachograph.duckdb").exists()
    assert not store_file.exists()


def test_without_a_folder_named_the_store_is_in_the_users_data(
    log: Path, home: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    monkeypatch.delenv("TACHOGRAPH_HOME")
    assert tachograph("daily").code == 0
    assert len(list(home.rglob("tachograph.duckdb"))) == 1


def test_what_is_new_is_picked_up_and_what_is_old_is_not_read_again(
    log: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    read: list[int] = []
    really_read = reading.read_into

    def noted(store: Store, what: Plan | Work, users: Users) -> Summary:
        read.append(len((what.plan if isinstance(what, Work) else what).to_read))
        return really_read(store, what, users)

    monkeypatch.setattr(reading, "read_into", noted)
    assert tachograph("daily", "--json").document["total_metrics"] == 9
    assert tachograph("daily", "--json").document["total_metrics"] == 9
    write_log(log, *HISTORY, metric("new", "2026-03-09T00:00:00Z"))
    assert tachograph("daily", "--json").document["total_metrics"] == 10
    assert read == [1, 1]


def test_no_ingest_answers_from_what_the_store_has(log: Path, tachograph: Command) -> None:
    tachograph("daily")
    write_log(log, *HISTORY, metric("new", "2026-03-09T00:00:00Z"))
    assert tachograph("daily", "--json", "--no-ingest").document["total_metrics"] == 9


def test_a_store_with_nothing_new_is_only_opened_for_reading(log: Path, store_file: Path, tachograph: Command) -> None:
    tachograph("daily")
    with Store.open(store_file, read_only=True):  # a writer would wait for this reader
        assert tachograph("daily").code == 0


def test_a_moved_file_is_known_by_its_new_path(log: Path, tachograph: Command) -> None:
    tachograph("daily")
    only = next(log.iterdir())
    only.rename(log / "metrics_20260302_000000.jsonl")
    assert tachograph("daily", "--json").document["total_metrics"] == 9
    assert tachograph("ingest", "--json").document["files_unchanged"] == 1


RANGES: tuple[tuple[list[str], list[str]], ...] = (
    (["--since", "2026-03-02"], ["a5", "b1", "b2", "b3", "b4"]),
    (["--until", "2026-03-01"], ["a1", "a2", "a3", "a4"]),  # that day is within
    (["--until", "2026-03-02"], ["a1", "a2", "a3", "a4", "a5"]),
    (["--until", "2026-03-02T00:00"], ["a1", "a2", "a3", "a4"]),  # that moment is not
    (["--since", "2026-03-01T09:00", "--until", "2026-03-01T09:30"], ["a2"]),
    (["--since", "2026-03-01 09:00:00", "--until", "2026-03-01T09:30:00.000001Z"], ["a2", "a3"]),
    (["--since", "2026-03-01T10:00+01:00", "--until", "2026-03-01T10:00+01:00"], []),
    (["--since", "2026-03-02", "--until", "2026-03-02"], ["a5"]),
    (["--since", "2026-03-02", "--until", "2026-03-02", "--timezone", "Europe/Rome"], ["a4", "a5"]),
    (["--since", "2026-03-02T00:00", "--until", "2026-03-02T00:31", "--timezone", "Europe/Rome"], ["a4"]),
    (["--since", "0001-01-01", "--until", "9999-12-31"], [line.split('"')[3] for line in HISTORY]),
    (["--since", "0001-01-01", "--timezone", "Asia/Tokyo"], [line.split('"')[3] for line in HISTORY]),
    (["--since", "9999-12-31", "--timezone", "America/New_York"], []),
)


@pytest.mark.parametrize(("options", "within"), RANGES)
def test_a_range(options: list[str], within: list[str], log: Path, tachograph: Command) -> None:
    assert tachograph("daily", "--json", *options).document["total_metrics"] == len(within)


def test_a_day_without_a_midnight_begins_at_its_first_moment(tmp_path: Path, log: Path, tachograph: Command) -> None:
    """Beirut's clocks went from 23:59:59 to 01:00 as the 27th of March 2022 began (22:00 in UTC)."""
    write_log(log, metric("before", "2022-03-26T21:59:59Z"), metric("after", "2022-03-26T22:00:00Z"))
    asked = ("daily", "--json", "--timezone", "Asia/Beirut")
    assert tachograph(*asked, "--since", "2022-03-27").document["total_metrics"] == 1
    assert tachograph(*asked, "--until", "2022-03-26").document["total_metrics"] == 1


def test_days_are_those_of_the_zone(log: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command) -> None:
    monkeypatch.setenv("TZ", "Europe/Rome")
    rows = tachograph("daily", "--json").document["time_series"]
    assert rows == expected(log, "daily", timezone="Europe/Rome")["time_series"]
    assert rows[0]["timestamp"] == "2026-03-01T00:00:00+01:00"
    assert "in Europe/Rome" in tachograph("daily").out.splitlines()[0]


def test_an_unknown_system_zone_is_remarked_and_utc_is_used(
    log: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST")
    said = tachograph("daily", "--json")
    assert said.document == expected(log, "daily")
    assert said.err.startswith("TZ='CET-1CEST' is no zone's name")


FILTERED = (
    (["--session", "s2"], 4),
    (["--user", "ana"], 5),
    (["--type", "tool_use"], 3),
    (["--type", "tool_use", "--type", "token_usage"], 4),
    (["--tool", "Bash"], 2),
    (["--tool", "Bash", "--user", "ben"], 0),
    (["--agent", "Explore"], 1),
    (["--project", "/srv/api"], 5),
    (["--model", "opus"], 1),
    (["--error", "rate_limit"], 1),
    (["--command", "/commit"], 1),
    (["--source", "metrics-log"], 9),
    (["--source", "claude-code"], 0),
)


@pytest.mark.parametrize(("options", "count"), FILTERED)
def test_a_filter(options: list[str], count: int, log: Path, tachograph: Command) -> None:
    assert tachograph("daily", "--json", *options).document["total_metrics"] == count


def test_a_project_may_be_a_relative_path(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    monkeypatch.chdir(tmp_path)
    write_log(
        log,
        metric("here", "2026-03-01T00:00:00Z", project_path=str(tmp_path.resolve())),
        metric("name", "2026-03-01T00:00:00Z", session=None, project_path="api"),
    )
    assert tachograph("daily", "--json", "--project", ".").document["total_metrics"] == 1
    assert tachograph("daily", "--json", "--project", "api").document["total_metrics"] == 1


def test_fill_adds_the_windows_in_which_nothing_happened(log: Path, tachograph: Command) -> None:
    options = ("--since", "2026-03-01", "--until", "2026-03-05")
    assert len(tachograph("daily", "--json", *options).document["time_series"]) == 3
    assert len(tachograph("daily", "--json", "--fill", *options).document["time_series"]) == 5


def test_an_empty_answer_says_so(log: Path, tachograph: Command) -> None:
    said = tachograph("tools", "--tool", "Nope")
    assert said.code == 0
    assert said.out.splitlines() == ["Tools, in UTC", "Nothing was recorded in this range, with these filters."]


def test_an_answer_without_rows_says_why(log: Path, tachograph: Command) -> None:
    assert "\nNo metric names an agent.\n\nIn all: 5 metrics" in tachograph("agents", "--user", "ana").out


def test_the_demo_is_answered_from_and_not_stored(store_file: Path, tachograph: Command) -> None:
    said = tachograph("daily", "--demo", "--json")
    assert said.document["total_metrics"] > 1000
    assert said.err == "This is the bundled demo history, made up and not stored.\n"
    assert not store_file.exists()
    assert tachograph("daily", "--demo").out.startswith("Days of the bundled demo history (made up)")


def test_rejects_are_remarked_on_stderr(log: Path, tachograph: Command) -> None:
    write_log(log, *HISTORY, "{nonsense")
    for _ in range(2):
        said = tachograph("daily", "--json")
        assert said.document["total_metrics"] == 9
        assert said.err == "1 line could not be read: tachograph rejects\n"


def test_a_file_that_could_not_be_read_is_remarked(log: Path, tachograph: Command) -> None:
    (log / "metrics_20260302_000000.jsonl.gz").write_bytes(b"\x1f\x8bno gzip after all")
    said = tachograph("daily", "--json")
    assert said.document["total_metrics"] == 9
    assert said.err == "1 file could not be read, or not to the end: tachograph ingest\n"


@pytest.mark.parametrize("command", [["daily"], ["daily", "--no-ingest"], ["rejects"], ["sources"]])
def test_a_history_of_which_only_the_copy_is_there_is_made_again(
    command: list[str], log: Path, store_file: Path, tachograph: Command
) -> None:
    with (log / LOG_NAME).open("a") as file:
        file.write("bad\n")
    tachograph("ingest")
    rmtree(log)
    before = tachograph(*command, "--json").document
    for left in store_file.parent.glob("*.*"):
        if left.suffix != ".copy":
            left.unlink()
    assert tachograph(*command, "--json").document == before


def test_reading_again_makes_it_again_too(log: Path, store_file: Path, tachograph: Command) -> None:
    tachograph("ingest")
    rmtree(log)
    store_file.unlink()
    assert tachograph("ingest").code == 0
    assert store_file.exists()


def test_rows_come_in_the_order_asked_for_and_no_more_than_are_wanted(log: Path, tachograph: Command) -> None:
    rows = tachograph("tools", "--order", "-total_duration_ms", "--limit", "1", "--json").document["time_series"]
    assert [row["tool"] for row in rows] == ["Bash"]
    sessions = tachograph("sessions", "--order", "tokens", "--json").document
    assert [row["session_id"] for row in sessions["time_series"]] == ["s2", "s1"]
    assert sessions["total_sessions"] == 2
    page = tachograph("sessions", "--order=-tokens", "--limit", "1").out
    assert "s2" not in page
    assert "The first 1." in page


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--order", "colour"], "known are tool, count"),
        (["--limit", "0"], "give a limit of 1 or more"),
    ],
)
def test_an_order_or_limit_that_there_is_not(options: list[str], said: str, log: Path, tachograph: Command) -> None:
    assert said in tachograph.mistake("tools", *options)


@pytest.mark.parametrize("command", ["hourly", "daily", "weekly", "monthly"])
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kathmandu"])
def test_the_calendars_first_and_last_moment_have_windows_in_every_zone(
    command: str, zone: str, tmp_path: Path, tachograph: Command
) -> None:
    ends = [metric("a", "0001-01-01T00:00:00Z"), metric("b", "9999-12-31T23:59:59.999999Z")]
    write_log(tmp_path / "logs", *ends)
    assert tachograph("ingest", str(tmp_path / "logs")).code == 0
    answer = json.loads(tachograph(command, "--no-ingest", "--timezone", zone, "--json").out)
    assert [row["metrics_count"] for row in answer["time_series"]] == [1, 1]
