"""Where nothing says otherwise, a query has the same answer after the detail of old metrics was condensed."""

from __future__ import annotations

import math
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli.made_up import metric
from queried import at, query_of, store_of
from retention.test_detail import condense, read_log
from strategies import ANCHORS, ZONES, metric_logs, moments
from tachograph.query.model import AnyOf, Between, Not, Prefix, Query, QueryResult
from tachograph.query.run import run
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tachograph.retention.policy import Resolution

LATER = datetime(2026, 4, 1, tzinfo=UTC)


def both(lines: Sequence[str], resolution: Resolution = "day", **query: Any) -> tuple[QueryResult, QueryResult]:
    """The answer before and after all was condensed."""
    asked = query_of(**query)
    with store_of(lines) as store:
        before = run(store, asked)
        assert condense(store, LATER, resolution) == len(lines)
        return before, run(store, asked)


def same(before: QueryResult, after: QueryResult) -> None:
    """Asserts that all is equal, percentiles within 1 %, sums of floats but for their last digits."""
    assert len(before.rows) == len(after.rows)
    for one, other in zip([before.total, *before.rows], [after.total, *after.rows], strict=True):
        assert one.keys() == other.keys()
        for name, value in one.items():
            if isinstance(value, float):
                near = 0.01 if name.startswith("duration_p") else 1e-12
                assert math.isclose(value, other[name], rel_tol=near), (name, value, other[name])
            else:
                assert value == other[name], name
    assert (before.start, before.end, before.at_least) == (after.start, after.end, after.at_least)
    assert before.truncated == after.truncated


MEASURES = (
    "count", "sessions", "users", "errors", "error_rate", "success_count", "failure_count", "success_rate", "timed",
    "duration_sum", "duration_avg", "duration_min", "duration_max", "tokens", "input_tokens", "output_tokens",
    "cache_read_tokens", "cache_write_tokens", "cache_hit_rate", "cost_usd",
)  # fmt: skip
BY = (
    (), ("session",), ("user", "type"), ("project",), ("tool", "outcome"), ("agent", "model"), ("source", "error_type"),
    ("day",), ("week", "tool"), ("3 months", "user"), ("hour", "command"), ("90 minutes",), ("weekday",),
    ("hour_of_day", "tool"),
)  # fmt: skip
WHERE = (
    None,
    AnyOf("user", ("ana",)),
    Not(Prefix("tool", "B")),
    AnyOf("weekday", (1, 2, 3)),
    AnyOf("outcome", ("failure",)),
)


@st.composite
def condensings(draw: st.DrawFn) -> tuple[list[bytes], Query, datetime, Resolution, str]:
    near = tuple(draw(st.lists(st.sampled_from(ANCHORS), min_size=1, max_size=2, unique=True)))
    zone = draw(st.sampled_from((near[0].zone, *ZONES)))
    start, end = sorted(draw(st.tuples(moments(near), moments(near))))
    by = draw(st.sampled_from(BY))
    windows = any(name in ("day", "week", "3 months") for name in by)
    query = Query(
        measures=(*MEASURES, *draw(st.sampled_from(((), ("duration_p50", "duration_p99"))))),
        by=by,
        start=draw(st.sampled_from((None, start))),
        end=draw(st.sampled_from((None, end))),
        where=draw(st.sampled_from(WHERE)),
        limit=draw(st.sampled_from((None, 1, 2))),
        other=False,
        rolling=draw(st.sampled_from((1, 3))) if windows and end - start < timedelta(days=5000) else 1,
        zone=ZoneInfo(zone),
    )
    resolution: Resolution = draw(st.sampled_from(["hour", "day", "month"]))
    return draw(metric_logs(near)), query, draw(moments(near)), resolution, draw(st.sampled_from((zone, *ZONES)))


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(condensings())
def test_an_answer_that_is_exact_is_what_it_was(drawn: tuple[list[bytes], Query, datetime, Resolution, str]) -> None:
    lines, query, until, resolution, zone = drawn
    with tempfile.TemporaryDirectory() as folder, Store.in_memory() as store:
        read_log(store, Path(folder), lines)
        before = run(store, query)
        assert before.exact
        condense(store, until, resolution, zone)
        after = run(store, query)
        if after.exact:
            same(before, after)


LINES = [
    metric("a1", "2026-03-01T09:00:00Z", tool_name="Bash", duration_ms=100, success=True, project_path="/srv/api"),
    metric("a2", "2026-03-01T09:01:00Z", tool_name="Bash", duration_ms=300, success=False),
    metric("a3", "2026-03-01T15:00:00Z", tool_name="Bash", duration_ms=-5000.5),
    metric("a4", "2026-03-01T15:00:00Z", tool_name="Read", duration_ms=0),
    metric("b1", "2026-03-02T09:00:00Z", "token_usage", "s2", "ben", input_tokens=10, cost_usd=0.5, agent_id="Plan"),
    metric("b2", "2026-03-02T09:00:00Z", "error_occurred", "s2", None, error_type="timeout"),
]


@pytest.mark.parametrize(
    "by", [(), ("tool",), ("user", "project"), ("day", "type"), ("2 days",), ("weekday",), ("model",)]
)
def test_sums_and_distinct_counts_by_whole_days_stay_exact(by: tuple[str, ...]) -> None:
    before, after = both(LINES, measures=MEASURES, by=by)
    assert after.exact
    same(before, after)


def test_percentiles_are_within_1_percent_and_said_not_to_be_exact() -> None:
    percentiles = ("count", "duration_p1", "duration_p50", "duration_p99.9")
    for by in ((), ("tool",), ("day",), ("day", "tool")):
        before, after = both(LINES, measures=percentiles, by=by)
        assert not after.exact
        same(before, after)
    _, without = both(LINES, measures=percentiles, where=AnyOf("user", ("ben",)))
    assert without.exact


def test_rows_that_have_all_their_detail_have_exact_percentiles_beside_others_that_have_not() -> None:
    lines = [*LINES, metric("z", "2026-03-09T09:00:00Z", tool_name="Edit", duration_ms=123.456)]
    with store_of(lines) as store:
        condense(store, datetime(2026, 3, 5, tzinfo=UTC))
        answer = run(store, query_of(measures=("duration_p50",), by=("tool",), order=("tool",)))
    assert [row["tool"] for row in answer.rows] == ["Bash", "Edit", "Read"]
    assert answer.rows[1]["duration_p50"] == 123.456
    assert answer.rows[2]["duration_p50"] == 0
    assert answer.rows[0]["duration_p50"] == pytest.approx(100, rel=0.01)


@pytest.mark.parametrize(
    ("query", "exact"),
    [
        ({"by": ("hour",)}, False),
        ({"by": ("day",), "zone": "Asia/Tokyo"}, False),
        ({"by": ("hour_of_day",)}, False),
        ({"by": ("day",)}, True),
        ({"start": "2026-03-01T12:00Z"}, False),
        ({"end": "2026-03-01T12:00Z"}, False),
        ({"end": "2026-03-02T00:00Z", "start": "2026-03-01T00:00Z"}, True),
        ({"start": "2026-03-01T12:00Z", "where": AnyOf("session", ("s2",))}, True),
        ({"where": AnyOf("hour_of_day", (9,))}, False),
        ({"by": ("acting_agent",)}, False),
        ({"by": ("day",), "rolling": 2, "start": "2026-03-02T00:00Z"}, True),
        ({"start": "2026-03-02T00:00Z", "end": "2026-03-03T00:00Z", "compare": "previous"}, True),
        ({"start": "2026-03-02T00:00Z", "end": "2026-03-02T12:00Z", "compare": "previous"}, False),
    ],
)
def test_what_may_belong_elsewhere_makes_an_answer_inexact(query: dict[str, Any], exact: bool) -> None:
    lines = [*LINES, metric("a5", "2026-03-01T09:02:00Z"), metric("a6", "2026-03-01T19:00:00Z")]
    before, after = both(lines, **query)
    assert before.exact
    assert after.exact is exact


def test_activity_of_condensed_metrics_isnt_known() -> None:
    before, after = both(at("2026-03-01T09:00Z", "2026-03-01T09:02Z"), measures=("active_ms", "tokens_per_minute"))
    assert (before.total["active_ms"], before.exact) == (120_000.0, True)
    assert (after.total, after.exact) == ({"active_ms": 0.0, "tokens_per_minute": None}, False)


@pytest.mark.parametrize("field", ["duration_ms", "tokens", "cost_usd"])
def test_conditions_on_amounts_leave_condensed_metrics_out_and_say_so(field: str) -> None:
    before, after = both(LINES, where=Not(Between(field, low=1e9)))
    assert (before.total, before.exact) == ({"count": 6}, True)
    assert (after.total, after.exact) == ({"count": 0}, False)
    _, elsewhere = both(LINES, where=Between(field, low=1), start="2026-03-20T00:00Z")
    assert elsewhere.exact
