"""Queries that sums by quarter of an hour can answer have the same answer from them as from the metrics."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from query_strategies import FIELD_VALUES, Asking, askings
from stored import store_of
from tachograph.query import side
from tachograph.query.model import All, Any_, AnyOf, NoneOf, Not, Query
from tachograph.query.needs import needs_of
from tachograph.query.run import run
from tachograph.query.spans import span_of
from tachograph.query.sums import QuarterSums, sums_for
from tachograph.query.windows import windows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tachograph.query.model import Filter
    from tachograph.query.needs import Needs
    from tachograph.query.sources import Source
    from tachograph.query.windows import QueryWindows

ADDITIVE = (
    "count", "errors", "error_rate", "timed", "duration_sum", "duration_avg", "tokens", "output_tokens", "cost_usd",
    "cache_hit_rate",
)  # fmt: skip
OUTCOMES = ("success_count", "failure_count", "success_rate", "duration_min", "duration_max")
DISTINCT = ("sessions", "users")
TIMES = ("hour", "day", "15 minutes", "6 hours", "week", "2 months", "weekday", "hour_of_day")
KINDS = ("type", "tool", "agent", "model", "source", "error_type", "command", "operation", "hook", "outcome")
OWNERS = ("session", "user", "project")
COVERED = (
    (ADDITIVE + OUTCOMES, KINDS),
    (ADDITIVE + DISTINCT, OWNERS),
    (("count", *DISTINCT), ("tool", "agent", "model", "error_type", *OWNERS)),
)
"""Measures and dimensions that one kind of sums has."""
DRAWN = (*COVERED, COVERED[2])
"""The last kind answers fewest of the questions about what it has, and so is asked most."""


@st.composite
def covered(draw: st.DrawFn, asked: Sequence[Query]) -> Query:
    """A query that sums can answer, in the range and the zone of another."""
    measures, names = draw(st.sampled_from(DRAWN))
    by = draw(st.lists(st.sampled_from(names), max_size=3, unique=True))
    by += draw(st.lists(st.sampled_from(TIMES), max_size=1))
    other = draw(st.sampled_from(asked))
    start, end = other.start, other.end
    if "error_type" in names and "type" not in names:
        start, end = start or datetime(1, 1, 1, tzinfo=UTC), end or datetime(9999, 12, 31, tzinfo=UTC)
    wanted = draw(st.lists(st.sampled_from(measures), min_size=1, max_size=4, unique=True))
    field = draw(st.sampled_from(names))
    values = tuple(draw(st.lists(st.sampled_from(FIELD_VALUES[field]), min_size=1, max_size=3)))
    where: Filter = AnyOf(field, values) if draw(st.booleans()) else NoneOf(field, values)
    limit = draw(st.sampled_from([None, 2]))
    return Query(
        measures=tuple(wanted),
        by=tuple(by),
        start=start,
        end=end,
        where=draw(st.sampled_from([None, where])),
        zone=other.zone,
        week_start=other.week_start,
        month_start=other.month_start,
        limit=limit,
        other=limit is not None and draw(st.booleans()),
    )


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many questions were put to which sums."""
    counts: dict[str, int] = {}
    really = QuarterSums.source

    def noted(self: QuarterSums, needs: Needs, windows: QueryWindows | None, days: Sequence[int]) -> Source | None:
        found = really(self, needs, windows, days)
        for name in ("rollup_by_kind", "rollup_by_owner", "rollup_by_use"):
            counts[name] = counts.get(name, 0) + (found is not None and name in found.rows)
        return found

    monkeypatch.setattr(QuarterSums, "source", noted)
    return counts


def test_sums_say_what_metrics_say(answered: dict[str, int]) -> None:
    @settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
    @given(asking=askings(), form=st.sampled_from(["rolled", "half rolled"]), data=st.data())
    def check(asking: Asking, form: str, data: st.DataObject) -> None:
        lines, asked = asking
        with store_of(lines, form) as store:
            for _ in range(3):
                query = data.draw(covered(asked))
                from_sums = run(store, query)
                with pytest.MonkeyPatch.context() as patched:
                    patched.setattr(side, "sums_for", lambda *_: None)
                    assert from_sums == run(store, query)

    check()
    assert all(count > 10 for count in answered.values())
    assert len(answered) == 3


def test_windows_that_begin_within_a_quarter_are_counted_from_metrics() -> None:
    line = b'{"id":"a","timestamp":"2026-03-01T09:00:00Z","type":"tool_use"}'
    with store_of([line], "rolled") as store:
        query = Query(by=("10 minutes",))
        sums = sums_for(store.connection, query, span_of(query))
        assert sums is not None
        assert sums.source(needs_of(query), windows_of(query), (20513,)) is None
        assert run(store, query).rows == [{"10 minutes": "2026-03-01T09:00:00+00:00", "count": 1}]


TOOL, SESSION = AnyOf("tool", ("Bash",)), AnyOf("session", ("s1",))


@pytest.mark.parametrize(
    ("where", "sessions"),
    [
        (NoneOf("tool", ("Bash",)), 2),
        (Not(TOOL), 2),
        (Any_((TOOL, SESSION)), 1),
        (All((Not(TOOL), SESSION)), 1),
        (All((TOOL, SESSION)), 1),
    ],
    ids=repr,
)
def test_metrics_that_used_nothing_count_where_a_filter_lets_them_through(where: Filter, sessions: int) -> None:
    lines = [
        b'{"id":"a","timestamp":"2026-03-01T09:00:00Z","type":"tool_use","session_id":"s1","data":{"tool_name":"Bash"}}',
        b'{"id":"b","timestamp":"2026-03-01T09:00:00Z","type":"session_start","session_id":"s1"}',
        b'{"id":"c","timestamp":"2026-03-01T09:00:00Z","type":"hook_triggered","session_id":"s2"}',
    ]
    start, end = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    query = Query(measures=("sessions", "count"), by=("session",), start=start, end=end, where=where)
    with store_of(lines, "rolled") as rolled, store_of(lines, "ingested") as ingested:
        assert run(rolled, query) == run(ingested, query)
        assert run(rolled, query).total["sessions"] == sessions
