"""The aggregations, a session, and the summary."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.aggregate.compute import compute
from tachograph.aggregate.question import ORDERS, WINDOWS, AggregationType, question
from tachograph.aggregate.tables import table_of
from tachograph.report.documents import summary_document
from tachograph.report.names import AGGREGATIONS
from tachograph.report.naming import question_name
from tachograph.server.asking import LIMIT, ONLY, PAGE, RANGE, TIMEZONE, filters_of, format_of, range_of, zone_of
from tachograph.server.endpoints import Answer, Endpoint, Prepared
from tachograph.server.forms import DOCUMENT, ROWS
from tachograph.server.paging import USUAL_ROWS
from tachograph.server.parameters import Parameter
from tachograph.server.problems import Problem
from tachograph.server.shapes import SUMMARY, aggregation_shape, schema_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tachograph.aggregate.question import Question
    from tachograph.aggregate.result import AggregationResult
    from tachograph.server.endpoints import Asked
    from tachograph.store.duckdb import Store

_FILL: Final = Parameter(name="fill", what="also the windows in which nothing happened", kind="flag", usual=False)
_CALLED: Final = {"type": "type", "order": "order", "limit": "limit"}
_TOTALS: Final[dict[AggregationType, Callable[[AggregationResult], int]]] = {
    AggregationType.BY_SESSION: lambda result: result.total_sessions,
    AggregationType.BY_USER: lambda result: result.total_users,
    AggregationType.BY_TOOL: lambda result: len(result.breakdowns.tools),
    AggregationType.BY_AGENT: lambda result: len(result.breakdowns.agents),
    AggregationType.BY_MODEL: lambda result: len(result.breakdowns.models),
}
"""How many rows there are, where an answer tells that whichever of them it has."""


def aggregations() -> list[Endpoint]:
    """One for each."""
    return [_aggregation(name, kind, thing) for name, (kind, thing) in AGGREGATIONS.items()]


def _aggregation(name: str, kind: AggregationType, thing: str) -> Endpoint:
    orders = tuple(sign + key for key in ORDERS[kind] for sign in ("", "-"))
    order = Parameter(name="order", what="which rows come first; - the largest", choices=orders, example=orders[0])
    return Endpoint(
        path=f"/api/v1/aggregations/{name}",
        name=f"aggregations_{name}",
        what=f"One row per {thing}, and the totals.",
        forms=ROWS,
        parameters=(*RANGE, *ONLY, *((_FILL,) if kind in WINDOWS else ()), order, LIMIT, PAGE, format_of(ROWS)),
        prepare=partial(_prepare, kind),
        schema=schema_of(aggregation_shape(kind)),
    )


def session() -> Endpoint:
    """One session."""
    return Endpoint(
        path="/api/v1/sessions/{id}",
        name="session",
        what="One session: its row, what it did by tool, agent and model, and the totals.",
        forms=ROWS,
        parameters=(TIMEZONE, format_of(ROWS)),
        places=(Parameter(name="id", what="the session's id", example="s1"),),
        prepare=_prepare_session,
        schema=schema_of(aggregation_shape(AggregationType.BY_SESSION)),
        may_lack=True,
    )


def summary() -> Endpoint:
    """What happened, in one document."""
    return Endpoint(
        path="/api/v1/summary",
        name="summary",
        what="What happened: the daily and the by_project answers.",
        forms=DOCUMENT,
        parameters=(*RANGE, *ONLY, format_of(DOCUMENT)),
        prepare=_prepare_summary,
        schema=schema_of(SUMMARY),
    )


def _question(kind: AggregationType, asked: Asked) -> Question:
    start, end, zone = range_of(asked.values)
    filters: dict[str, Any] = filters_of(asked.values)
    more = {name: asked.values[name] for name in ("fill", "order") if name in asked.values}
    return question(kind, start, end, filters, zone=zone, called=_CALLED, **more)


def _prepare(kind: AggregationType, asked: Asked) -> Prepared:
    whole = _question(kind, asked)
    rows = asked.values.get("limit", USUAL_ROWS)
    page = msgspec.structs.replace(whole, offset=asked.offset, limit=rows + 1)
    return Prepared(name=str(question_name(whole)), answer=partial(_answer, page, rows), page_rows=rows)


def _answer(page: Question, rows: int, store: Store) -> Answer:
    result = compute(store, page)
    found = result.time_series
    shown = msgspec.structs.replace(result, time_series=found[:rows])
    tell = _TOTALS.get(page.type)
    has_more = len(found) > rows
    total = None if has_more or (page.offset and not found) else page.offset + len(found)
    return _of_result(shown, has_more=has_more, total=tell(result) if tell else total)


def _of_result(result: AggregationResult, *, has_more: bool = False, total: int | None = None) -> Answer:
    return Answer(document=result.to_dict, table=partial(table_of, result), has_more=has_more, total=total)


def _prepare_session(asked: Asked) -> Prepared:
    zone = zone_of(asked.values)
    one = question(AggregationType.BY_SESSION, filters={"session_id": asked.values["id"]}, zone=zone)
    return Prepared(name=str(question_name(one)), answer=partial(_one_session, one))


def _one_session(one: Question, store: Store) -> Answer:
    result = compute(store, one)
    if not result.time_series:
        raise Problem(HTTPStatus.NOT_FOUND, "there is no such session", parameter="id")
    return _of_result(result)


def _prepare_summary(asked: Asked) -> Prepared:
    by_day = _question(AggregationType.DAILY, asked)
    return Prepared(name=str(question_name(by_day)), answer=partial(_summed_up, by_day))


def _summed_up(by_day: Question, store: Store) -> Answer:
    days = compute(store, by_day)
    projects = compute(store, msgspec.structs.replace(by_day, type=AggregationType.BY_PROJECT))
    return Answer(document=partial(summary_document, days, projects, demo=False))
