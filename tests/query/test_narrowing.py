"""A filter on whose metrics are counted, which few pass: the answer is the same whether those are looked for first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from query_strategies import FIELD_VALUES, Asking, askings
from stored import EMBEDDED, store_of
from tachograph.aggregate import narrowing
from tachograph.aggregate.compute import Computation
from tachograph.aggregate.question import AggregationType, Question
from tachograph.query.conditions import owners
from tachograph.query.model import All, AnyOf, Not
from tachograph.query.run import run

if TYPE_CHECKING:
    from tachograph import Store

OWNERS = {"session": "session_id", "user": "user_id", "project": "project_path"}
owned = st.sampled_from(list(OWNERS)).flatmap(
    lambda field: st.builds(
        AnyOf, st.just(field), st.lists(st.sampled_from(FIELD_VALUES[field]), min_size=1, max_size=2).map(tuple)
    )
)


@pytest.fixture
def narrowed(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether metrics were looked for first, for each question; that is tried whatever part of the sessions it is."""
    told: list[bool] = []
    really = narrowing.narrowed

    def noted(*asked: object) -> str | None:
        found = really(*asked)  # type: ignore[arg-type]
        told.append(found is not None)
        return found

    monkeypatch.setattr(narrowing, "_PART", 0)
    for place in ("tachograph.query.side.narrowed", "tachograph.aggregate.compute.narrowed"):
        monkeypatch.setattr(place, noted)
    return told


def as_ever(store: Store, asked: object) -> object:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(narrowing, "_MOST", -1)
        return answer(store, asked)


def answer(store: Store, asked: object) -> object:
    return Computation(store, asked).result() if isinstance(asked, Question) else run(store, asked)  # type: ignore[arg-type]


def test_queries(narrowed: list[bool]) -> None:
    @settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
    @given(asking=askings(), form=st.sampled_from(EMBEDDED), of=owned)
    def check(asking: Asking, form: str, of: AnyOf) -> None:
        lines, asked = asking
        with store_of(lines, form) as store:
            for query in asked[:3]:
                put = replace(query, where=All((of, query.where)) if query.where else of)
                assert answer(store, put) == as_ever(store, put)

    check()
    assert narrowed.count(True) > 50


def test_aggregations(narrowed: list[bool]) -> None:
    @settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))
    @given(asking=askings(), form=st.sampled_from(EMBEDDED), of=owned, kind=st.sampled_from(AggregationType))
    def check(asking: Asking, form: str, of: AnyOf, kind: AggregationType) -> None:
        filters = {OWNERS[of.field]: tuple(map(str, of.values))}
        with store_of(asking[0], form) as store:
            put = Question(type=kind, filters=filters)
            assert answer(store, put) == as_ever(store, put)

    check()
    assert narrowed.count(True) > 25


LINES = [
    b'{"id":"%d","timestamp":"2026-03-01T09:00:00Z","type":"tool_use","session_id":"s%d","data":{"tool_name":"Bash"}}'
    % (number, number // 2)
    for number in range(40)
]


@pytest.mark.parametrize(
    ("sessions", "most", "is_narrowed"), [(1, 2, True), (1, 1, False), (2, 4, True), (3, 100, False)], ids=str
)
def test_it_pays_where_few_sessions_with_few_metrics_pass(
    monkeypatch: pytest.MonkeyPatch, sessions: int, most: int, is_narrowed: bool
) -> None:
    monkeypatch.setattr(narrowing, "_MOST", most)
    wanted = [f"s{number}" for number in range(sessions)]
    with store_of(LINES, "ingested") as store:
        assert (narrowing.narrowed(store, {"session_id": wanted}) is not None) == is_narrowed
        tables = store.connection.execute("SELECT table_name FROM duckdb_tables() WHERE temporary").fetchall()
        assert (("narrowed",) in tables) == is_narrowed


def test_what_every_metric_that_passes_belongs_to() -> None:
    session, tool, project = AnyOf("session", ("s",)), AnyOf("tool", ("Bash",)), AnyOf("project", ("/p", "/q"))
    assert owners(None) == owners(tool) == owners(Not(session)) == {}
    assert owners(session) == {"session_id": ["s"]}
    assert owners(All((tool, project, session))) == {"project_path": ["/p", "/q"], "session_id": ["s"]}
