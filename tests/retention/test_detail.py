"""Condensing is a law: what could be asked before has the same answer after, and reading again adds nothing."""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from claude_lines import BEGINNING, SESSION, call, ingest, prompt, reply, result, transcript, usage
from cli.made_up import metric
from ingest.test_order import grow, read_whole
from oracle import window_start
from strategies import AGGREGATIONS, ANCHORS, ZONES, Question, metric_logs, moments, questions
from tachograph.aggregate.compute import compute
from tachograph.aggregate.question import question
from tachograph.ingest.reader import plan_paths, read
from tachograph.retention.detail import condense_detail, plan_detail
from tachograph.retention.policy import DetailPolicy
from tachograph.store.duckdb import Store
from there import on_clickhouse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tachograph.retention.policy import Resolution

WINDOWS = {"hour": "hourly", "day": "daily", "month": "monthly"}
AGE = timedelta(days=30)
SOME = ("hourly", "by_session", "by_agent", "by_project")
EXAMPLES = 10
"""As many as fit in a quick suite; ten times as many were tried when it was written."""
CAREFUL = settings(
    deadline=None, max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def condense(store: Store, at: datetime, resolution: Resolution = "day", zone: str = "UTC") -> int:
    """Condenses what happened in windows that ended by then; how many metrics that were."""
    return condense_detail(store, DetailPolicy(AGE, resolution, zone), at + AGE).metrics


def answer(store: Store, asked: Question) -> dict[str, Any]:
    kind, start, end, filters, zone = asked
    return compute(store, question(kind, start, end, filters, zone=zone)).to_dict()


def some_answers(store: Store) -> dict[str, dict[str, Any]]:
    """Those that have everything between them."""
    return {kind: answer(store, Question(kind, None, None, {}, "UTC")) for kind in SOME}


def same(before: Any, after: Any, where: str = "") -> None:
    """Asserts that all is equal, percentiles within 1 %. (Durations of months are summed as floats, in any order.)"""
    if isinstance(before, dict):
        names = [name for name in before if name != "condensed"]
        assert names == [name for name in after if name != "condensed"], where
        for name in names:
            same(before[name], after[name], f"{where}.{name}")
    elif isinstance(before, list):
        assert len(before) == len(after), where
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            same(one, other, f"{where}[{index}]")
    elif isinstance(before, float) and where.endswith(("p50_ms", "p95_ms", "p99_ms")):
        assert math.isclose(before, after, rel_tol=0.01), (where, before, after)
    elif isinstance(before, float) and where.endswith("_ms"):
        assert math.isclose(before, after, rel_tol=1e-12), (where, before, after)
    else:
        assert before == after, where


@contextmanager
def store_of(lines: Sequence[bytes]) -> Iterator[tuple[Store, Path]]:
    """A store that has read a log of these lines, and the folder of the log."""
    with tempfile.TemporaryDirectory() as folder, Store.in_memory() as store:
        read_log(store, Path(folder), lines)
        yield store, Path(folder)


def read_log(store: Store, folder: Path, lines: Sequence[bytes], name: str = "metrics_20260101_000000.jsonl") -> None:
    (folder / name).write_bytes(b"".join(line + b"\n" for line in lines))
    read(store, plan_paths(store, [folder / name], "metrics-log"))


# The law


@st.composite
def aligned(draw: st.DrawFn) -> tuple[list[bytes], Question, datetime, Resolution, str]:
    """A log, a question whose windows and range are made of whole windows of a resolution, and when to condense to."""
    near = tuple(draw(st.lists(st.sampled_from(ANCHORS), min_size=1, max_size=2, unique=True)))
    zone = draw(st.sampled_from([each.zone for each in near]))
    resolution: Resolution = draw(st.sampled_from(["hour", "day", "month"]))
    asked = draw(questions(near))
    coarser = {"hour": AGGREGATIONS, "day": AGGREGATIONS[1:], "month": AGGREGATIONS[3:]}[resolution]
    bounds = [
        bound and window_start(WINDOWS[resolution], bound.astimezone(UTC), zone) for bound in (asked.start, asked.end)
    ]
    asked = Question(draw(st.sampled_from(coarser)), bounds[0], bounds[1], asked.filters, zone)
    return draw(metric_logs(near)), asked, draw(moments(near)), resolution, zone


@CAREFUL
@given(aligned())
def test_whole_windows_have_the_same_answer_after_their_detail_was_condensed(
    drawn: tuple[list[bytes], Question, datetime, Resolution, str],
) -> None:
    lines, asked, at, resolution, zone = drawn
    with store_of(lines) as (store, _):
        before = answer(store, asked)
        condense(store, at, resolution, zone)
        after = answer(store, asked)
        same(before, after)
        assert after.get("condensed", {"uncertain": 0})["uncertain"] == 0


@st.composite
def any_question(draw: st.DrawFn) -> tuple[list[bytes], Question, datetime, Resolution, str]:
    near = tuple(draw(st.lists(st.sampled_from(ANCHORS), min_size=1, max_size=2, unique=True)))
    resolution: Resolution = draw(st.sampled_from(["hour", "day", "month"]))
    zone = draw(st.sampled_from(ZONES))
    return draw(metric_logs(near)), draw(questions(near)), draw(moments(near)), resolution, zone


@CAREFUL
@given(any_question())
def test_an_answer_of_which_nothing_is_uncertain_is_the_same(
    drawn: tuple[list[bytes], Question, datetime, Resolution, str],
) -> None:
    lines, asked, at, resolution, zone = drawn
    with store_of(lines) as (store, _):
        before = answer(store, asked)
        condense(store, at, resolution, zone)
        after = answer(store, asked)
        if after.get("condensed", {"uncertain": 0})["uncertain"] == 0:
            same(before, after)


@CAREFUL
@given(metric_logs(ANCHORS[:1]), moments(ANCHORS[:1]), moments(ANCHORS[:1]), st.sampled_from(["hour", "day", "month"]))
def test_twice_or_in_two_steps_or_read_again_is_once(
    lines: list[bytes], one: datetime, other: datetime, resolution: Resolution
) -> None:
    first, last = sorted((one, other))
    with store_of(lines) as (store, folder):
        asked = Question("by_session", None, None, {}, "UTC")
        condense(store, first, resolution)
        condense(store, last, resolution)
        assert condense(store, last, resolution) == 0
        in_steps, count = answer(store, asked), store.metrics_count()
        read_log(store, folder, lines, "metrics_20260102_000000.jsonl")
        assert condense(store, last, resolution) == 0
        assert (answer(store, asked), store.metrics_count()) == (in_steps, count)
    with store_of(lines) as (store, _):
        condense(store, last, resolution)
        same(answer(store, asked), in_steps)


@CAREFUL
@given(metric_logs(ANCHORS[:1]), metric_logs(ANCHORS[:1]), moments(ANCHORS[:1]), st.sampled_from(AGGREGATIONS[1:]))
def test_what_is_read_after_condensing_counts_as_if_it_had_been_read_before(
    lines: list[bytes], more: list[bytes], at: datetime, kind: str
) -> None:
    """Whose a session is may be told by what is read later and happened earlier, too."""
    asked = Question(kind, None, None, {}, "UTC")
    with store_of(lines) as (store, folder):
        read_log(store, folder, more, "metrics_20260102_000000.jsonl")
        before = answer(store, asked)
    with store_of(lines) as (store, folder):
        condense(store, at)
        read_log(store, folder, more, "metrics_20260102_000000.jsonl")
        same(before, answer(store, asked))
        condense(store, at)
        same(before, answer(store, asked))


SEEDS = st.integers(0, 2**32)


@settings(deadline=None, max_examples=EXAMPLES // 2, suppress_health_check=[HealthCheck.too_slow])
@given(seed=SEEDS, hours=st.integers(0, 6))
@example(seed=0, hours=6)
def test_transcripts_with_forks_and_agents_have_the_same_answers_and_are_read_again_in_vain(
    seed: int, hours: int
) -> None:
    tree = grow(seed)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as copy, Store.in_memory() as store:
        read_whole(tree, store, Path(folder))
        before = some_answers(store)
        condense(store, BEGINNING + timedelta(hours=hours), "hour")
        after = some_answers(store)
        read_whole(tree, store, Path(copy))
        again = some_answers(store)
    for kind in SOME:
        same(before[kind], after[kind])
        assert again[kind] == after[kind]


# What it says of itself

DAY = "2026-03-01"
LINES = [
    metric("a", f"{DAY}T08:30:00Z", tool_name="Bash", duration_ms=100),
    metric("b", f"{DAY}T08:40:00Z", tool_name="Bash", duration_ms=200),
    metric("c", f"{DAY}T23:30:00Z", tool_name="Bash"),
    metric("d", "2026-03-05T08:30:00Z", tool_name="Read", duration_ms=50),
]
AT = datetime(2026, 3, 3, 12, tzinfo=UTC)


@pytest.fixture
def store() -> Iterator[Store]:
    with store_of([line.encode() for line in LINES]) as (store, _):
        assert condense(store, AT) == 3
        yield store


def condensed(store: Store, kind: str, start: str | None = None, end: str | None = None, zone: str = "UTC") -> Any:
    bounds = [datetime.fromisoformat(f"{bound}Z") if bound else None for bound in (start, end)]
    return answer(store, Question(kind, bounds[0], bounds[1], {}, zone)).get("condensed")


def test_an_answer_says_what_of_it_was_condensed_and_how(store: Store) -> None:
    assert condensed(store, "daily") == {
        "metrics": 3,
        "before": "2026-03-02T00:00:00+00:00",
        "resolution": "day",
        "timezone": "UTC",
        "uncertain": 0,
        "duration_percentiles": "within 1 %",
    }


def test_an_answer_with_nothing_condensed_in_it_doesnt_say_so_and_is_exact(store: Store) -> None:
    asked = Question("daily", datetime(2026, 3, 2, tzinfo=UTC), None, {}, "UTC")
    given = answer(store, asked)
    assert "condensed" not in given
    assert given["duration_stats"]["p50_ms"] == 50


def test_percentiles_are_exact_where_no_duration_was_condensed(store: Store) -> None:
    assert condensed(store, "daily", f"{DAY}T00:00", f"{DAY}T08:00") is None
    with store_of([LINES[2].encode()]) as (other, _):
        condense(other, AT)
        assert condensed(other, "daily")["duration_percentiles"] == "exact"


@pytest.mark.parametrize(
    ("kind", "start", "end", "zone", "metrics", "uncertain"),
    [
        ("hourly", None, None, "UTC", 3, 3),  # the row of all three is at 8, where its first metric is
        ("daily", None, None, "Asia/Tokyo", 3, 3),  # there it ends on the day after
        ("daily", f"{DAY}T09:00", None, "UTC", 0, 3),
        ("by_tool", None, f"{DAY}T09:00", "UTC", 3, 3),
        ("by_tool", f"{DAY}T08:30", f"{DAY}T23:31", "UTC", 3, 0),
        ("weekly", None, None, "UTC", 3, 0),
    ],
)
def test_what_lies_beyond_an_edge_of_the_question_is_uncertain(
    kind: str, start: str | None, end: str | None, zone: str, metrics: int, uncertain: int
) -> None:
    alike = [
        metric(id, f"{DAY}T{at}Z", tool_name="Bash") for id, at in (("a", "08:30"), ("b", "08:40"), ("c", "23:30"))
    ]
    with store_of([line.encode() for line in alike]) as (store, _):
        condense(store, AT)
        found = condensed(store, kind, start, end, zone)
        assert (found["metrics"], found["uncertain"]) == (metrics, uncertain)


def test_the_longest_windows_are_named_where_some_are_longer(store: Store) -> None:
    condense(store, datetime(2026, 4, 2, tzinfo=UTC), "month", "Europe/Rome")
    found = condensed(store, "by_tool")
    assert (found["metrics"], found["resolution"], found["timezone"]) == (4, "month", "Europe/Rome")


# What is left alone


def test_a_window_that_isnt_over_keeps_its_detail() -> None:
    with store_of([LINES[0].encode()]) as (store, _):
        assert condense(store, datetime(2026, 3, 1, 23, 59, tzinfo=UTC)) == 0
        assert condense(store, datetime(2026, 3, 31, tzinfo=UTC), "month") == 0
        assert condense(store, datetime(2026, 3, 2, tzinfo=UTC)) == 1


def test_a_plan_changes_nothing_and_tells_what_condensing_will() -> None:
    with store_of([line.encode() for line in LINES]) as (store, _):
        policy, now = DetailPolicy(AGE), AT + AGE
        plan = plan_detail(store, policy, now)
        assert (plan.metrics, plan.first_us, plan.last_us) == (3, 1_772_353_800_000_000, 1_772_407_800_000_000)
        assert condensed(store, "daily") is None
        assert condense_detail(store, policy, now) == plan


@pytest.mark.parametrize(("days", "condensed_metrics"), [(1, 1), (8, 2)])
def test_a_call_without_a_result_is_going_on_for_a_week(tmp_path: Path, days: int, condensed_metrics: int) -> None:
    (tmp_path / "a.jsonl").write_bytes(transcript(call("t1", 1), result("t1", 2), call("t2", 3)))
    with Store.in_memory() as store:
        ingest(store, tmp_path)
        young = DetailPolicy(timedelta(hours=1), "hour")
        condense_detail(store, young, BEGINNING + timedelta(days=days))
        calls = condensed_calls(store)
        assert calls == condensed_metrics
        with (tmp_path / "a.jsonl").open("ab") as handle:
            handle.write(transcript(result("t2", 9)))
        ingest(store, tmp_path)
        tools = answer(store, Question("by_tool", None, None, {}, "UTC"))["time_series"]
        assert (tools[0]["count"], tools[0]["success"]) == (2, 3 - condensed_metrics)


def condensed_calls(store: Store) -> int:
    found = store.connection.execute("SELECT sum(metrics_count) FROM condensed WHERE type = 'tool_use'").fetchone()
    return found[0] if found else 0


@pytest.mark.parametrize("made", [Store.in_memory, on_clickhouse])
def test_sessions_that_copy_each_other_are_condensed_together(tmp_path: Path, made: Callable[[], Store]) -> None:
    """Whose the shared metrics are depends on what each of them did itself, and one of them goes on."""
    other = "22222222-2222-4222-8222-222222222222"
    shared = [prompt(0), reply("m1", 1, used=usage())]
    original = [*shared, reply("m2", 2, used=usage())]
    fork = [*({**line, "sessionId": other} for line in shared), reply("m3", 7200, used=usage(), sessionId=other)]
    (tmp_path / f"{SESSION}.jsonl").write_bytes(transcript(*original))
    (tmp_path / f"{other}.jsonl").write_bytes(transcript(*fork))
    with made() as store:
        ingest(store, tmp_path)
        before = some_answers(store)
        assert condense(store, BEGINNING + timedelta(hours=1), "hour") == 0
        assert condense(store, BEGINNING + timedelta(hours=3), "hour") == 5
        same(before, some_answers(store))


def test_an_agents_run_that_was_condensed_still_names_what_it_does_later(tmp_path: Path) -> None:
    task = [
        call("t1", 10, "Task", asked={"subagent_type": "Explore"}),
        result("t1", 30, details={"status": "completed", "agentId": "a1"}),
    ]
    (tmp_path / f"{SESSION}.jsonl").write_bytes(transcript(*task))
    with Store.in_memory() as store:
        ingest(store, tmp_path)
        condense(store, BEGINNING + timedelta(hours=1), "hour")
        (row,) = answer(store, Question("by_agent", None, None, {}, "UTC"))["time_series"]
        assert (row["agent"], row["count"], row["tokens"], row["tokens_at_least"]) == ("Explore", 1, 0, True)
        inner = tmp_path / SESSION / "subagents" / "agent-a1.jsonl"
        inner.parent.mkdir(parents=True)
        inner.write_bytes(transcript(reply("m2", 7200, used=usage(output=50), agentId="a1", isSidechain=True)))
        ingest(store, tmp_path)
        (row,) = answer(store, Question("by_agent", None, None, {}, "UTC"))["time_series"]
        assert (row["count"], row["tokens"], row["tokens_at_least"]) == (1, 53, False)


# One transaction


def test_condensing_that_fails_leaves_all_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    with store_of([line.encode() for line in LINES]) as (store, _):
        before = some_answers(store)
        for broken in ("ids", "owners", "delete_condensed", "say_whole"):
            monkeypatch.setattr("tachograph.store.condense.condense_statements", without(broken))
            with pytest.raises(KeyError):
                condense(store, AT)
            monkeypatch.undo()
            assert some_answers(store) == before
        assert condense(store, AT) == 3


def without(name: str) -> Any:
    from tachograph.store.statements import condense_statements  # noqa: PLC0415 - before it is replaced

    return lambda *windows: {key: sql for key, sql in condense_statements(*windows).items() if key != name}


DIES = """
import os, signal, sys
from datetime import datetime, timedelta
from pathlib import Path
from tachograph.retention.detail import condense_detail
from tachograph.retention.policy import DetailPolicy
from tachograph.store import condense
from tachograph.store.duckdb import Store

execute = condense._Statements.__call__
def dying(self, name, **more):
    if name == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)
    return execute(self, name, **more)
condense._Statements.__call__ = dying
with Store.open(Path(sys.argv[1])) as store:
    condense_detail(store, DetailPolicy(timedelta(days=1)), datetime.fromisoformat(sys.argv[3]))
"""


@pytest.mark.parametrize("name", ["ids", "delete_claims", "say_whole"])
def test_a_process_that_is_killed_while_it_condenses_leaves_all_as_it_was(tmp_path: Path, name: str) -> None:
    path = tmp_path / "tachograph.duckdb"
    with Store.open(path) as store:
        read_log(store, tmp_path, [line.encode() for line in LINES])
        before = some_answers(store)
    killed = subprocess.run([sys.executable, "-c", DIES, path, name, AT.isoformat()], check=False)
    assert killed.returncode < 0
    with Store.open(path) as store:
        assert some_answers(store) == before
        assert condense(store, AT) == 3


def test_many_windows_are_condensed_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    alike = [metric(f"m{n}", f"2026-03-{n % 9 + 1:02}T09:00:00Z", duration_ms=n).encode() for n in range(40)]
    with store_of(alike) as (store, _):
        before = some_answers(store)
        monkeypatch.setattr("tachograph.store.condense._ROWS_TOGETHER", 7)
        assert condense(store, datetime(2026, 3, 9, tzinfo=UTC)) == 36
        same(before, some_answers(store))


def test_rows_of_a_writer_that_died_after_all_was_condensed_are_still_told_apart(tmp_path: Path) -> None:
    """Numbers of rows are given again once the last row is gone."""
    with Store.open(tmp_path / "store") as store:
        (tmp_path / "logs").mkdir()
        read_log(store, tmp_path / "logs", [line.encode() for line in LINES])
        condense(store, datetime(2026, 4, 2, tzinfo=UTC))
        store.connection.execute("INSERT INTO metrics BY NAME SELECT 'x' AS id, 1 AS ts, 'tool_use' AS type, 1 AS seq")
    with Store.open(tmp_path / "store") as store:
        assert store.metrics_count() == 4
        read_log(store, tmp_path / "logs", [line.encode() for line in LINES], "metrics_20260102_000000.jsonl")
        assert store.metrics_count() == 4


def test_where_nothing_was_condensed_the_questions_are_put_as_ever(tmp_path: Path) -> None:
    from tachograph.aggregate.compute import Computation  # noqa: PLC0415 - looks inside

    with store_of([line.encode() for line in LINES]) as (store, _):
        assert Computation(store, question("daily"))._source == "FROM metrics  WHERE metrics.ts IS NOT NULL"
