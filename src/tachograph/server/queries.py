"""Any query, as a document or as parameters, and the values that a filter can have."""

from __future__ import annotations

from datetime import UTC
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, get_args

import msgspec

from tachograph.errors import BadQuestion
from tachograph.query.checking import checked
from tachograph.query.closest import closest
from tachograph.query.document import document
from tachograph.query.expression import parse
from tachograph.query.keys import KEYS
from tachograph.query.model import NAMES, All, Compare, Query
from tachograph.query.run import run
from tachograph.query.tables import query_table
from tachograph.query.widths import width
from tachograph.query.words import checked_query, words_of
from tachograph.report.filters import dimension
from tachograph.report.naming import query_name
from tachograph.report.query_document import query_document
from tachograph.server.asking import ONLY, PAGE, RANGE, conditions_of, format_of, range_of
from tachograph.server.endpoints import Answer, Endpoint, Prepared
from tachograph.server.forms import ROWS
from tachograph.server.paging import MOST_ROWS, USUAL_ROWS
from tachograph.server.parameters import Parameter
from tachograph.server.problems import Problem
from tachograph.server.query_body import EXAMPLE, QUERY_BODY
from tachograph.server.shapes import QUERY, VALUES, schema_of
from tachograph.tables import Table

if TYPE_CHECKING:
    from tachograph.query.words import Words
    from tachograph.server.endpoints import Asked
    from tachograph.store.duckdb import Store

_PATH: Final = "/api/v1/query"
_PAGE_SIZE: Final = Parameter(
    name="page_size", what="so many rows on a page", kind="whole", most=MOST_ROWS, usual=USUAL_ROWS
)
_PAGES: Final = (_PAGE_SIZE, PAGE, format_of(ROWS))
_WORDS: Final = (
    Parameter(name="measures", what=KEYS["measures"].what, kind="names", example=["count", "duration_p95"]),
    Parameter(name="by", what=f"{KEYS['by'].what}; up to four", kind="names", example=["tool"]),
    *RANGE,
    Parameter(name="range", what="a range by name, such as last 7 days", example="last 7 days"),
    Parameter(
        name="where", what="a condition as text; repeated: each of them", repeated=True, example=["duration_ms>=1000"]
    ),
    Parameter(name="order", what=KEYS["order"].what, kind="names", example=["-tool"]),
    Parameter(name="limit", what=KEYS["limit"].what, kind="whole", example=5),
    Parameter(name="other", what=KEYS["other"].what, kind="flag", usual=False),
    Parameter(name="fill", what=KEYS["fill"].what, kind="flag", usual=False),
    Parameter(name="week_start", what=KEYS["week_start"].what, usual="monday"),
    Parameter(name="month_start", what=KEYS["month_start"].what, kind="whole", most=28, usual=1),
    Parameter(name="rolling", what=KEYS["rolling"].what, kind="whole", most=1000, usual=1),
    Parameter(name="compare", what=KEYS["compare"].what, choices=get_args(Compare)),
)
_LISTED: Final = Parameter(name="limit", what="so many values at most", kind="whole", most=10_000, usual=100)
_LISTED_USUALLY: Final = 100
_DIMENSIONS: Final = tuple(sorted({*NAMES, "error"}))


def queries() -> list[Endpoint]:
    """Both ways to ask."""
    what = "Any measure by any combination of dimensions."
    return [
        Endpoint(
            path=_PATH,
            name="query",
            what=what,
            forms=ROWS,
            parameters=(*_WORDS, *ONLY, *_PAGES),
            prepare=_of_parameters,
            schema=schema_of(QUERY),
        ),
        Endpoint(
            path=_PATH,
            method="POST",
            name="query_document",
            what=what,
            forms=ROWS,
            parameters=_PAGES,
            prepare=_of_document,
            schema=schema_of(QUERY),
            body=QUERY_BODY,
            example=EXAMPLE,
        ),
    ]


def values() -> Endpoint:
    """What a filter can be."""
    return Endpoint(
        path="/api/v1/values/{dimension}",
        name="values",
        what="The values of a dimension, and how many metrics have each: the most used first.",
        forms=ROWS,
        parameters=(*RANGE, *ONLY, _LISTED, format_of(ROWS)),
        places=(Parameter(name="dimension", what="the dimension", choices=_DIMENSIONS, example="tool"),),
        prepare=_of_values,
        schema=schema_of(VALUES),
        may_lack=True,
    )


def _of_parameters(asked: Asked) -> Prepared:
    given = {name: asked.values[name] for name in KEYS if name in asked.values}
    written = [parse(text, "where") for text in asked.values.get("where", ())]
    return _prepared(words_of(given, (*written, *conditions_of(asked.values)), str), asked)


def _of_document(asked: Asked) -> Prepared:
    if not asked.body.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        raise BadQuestion("it is no JSON object", where="body", mend='send one, such as {"by": ["tool"]}')
    return _prepared(document(asked.body, "body"), asked)


def _prepared(words: Words, asked: Asked) -> Prepared:
    query = checked_query(words, asked.now, UTC)
    rows = asked.values.get("page_size", USUAL_ROWS)
    return Prepared(name=str(query_name(query)), answer=partial(_answer, query, asked.offset, rows), page_rows=rows)


def _answer(query: Query, offset: int, rows: int, store: Store) -> Answer:
    beyond = offset + rows
    cuts = query.limit is None and query.by and not any(map(width, query.by))
    result = run(store, msgspec.structs.replace(query, limit=beyond + 1) if cuts else query)
    has_more = len(result.rows) > beyond
    shown = msgspec.structs.replace(
        result, query=query, rows=result.rows[offset:beyond], truncated=result.truncated and not cuts
    )
    return Answer(
        document=partial(query_document, shown),
        table=partial(query_table, shown),
        has_more=has_more,
        total=None if cuts and has_more else len(result.rows),
    )


def _of_values(asked: Asked) -> Prepared:
    name = asked.values["dimension"]
    if name not in _DIMENSIONS:
        raise Problem(
            HTTPStatus.NOT_FOUND, f"there is no dimension {name[:80]!r}", mend=closest(name[:80], _DIMENSIONS)
        )
    start, end, zone = range_of(asked.values)
    conditions = conditions_of(asked.values)
    query = checked(
        Query(
            by=(dimension(name),),
            start=start,
            end=end,
            zone=zone,
            where=All(conditions) if conditions else None,
            limit=asked.values.get("limit", _LISTED_USUALLY),
        )
    )
    return Prepared(name=f"{name} {query_name(query)}", answer=partial(_values, name, query))


def _values(name: str, query: Query, store: Store) -> Answer:
    result = run(store, query)
    found: list[dict[str, Any]] = [{"value": row[query.by[0]], "count": row["count"]} for row in result.rows]
    told = {"dimension": name, "values": found, "truncated": result.truncated}
    rows = [[one["value"], one["count"]] for one in found]
    return Answer(
        document=lambda: told,
        table=lambda: Table((("value", "text"), ("count", "whole")), rows),
        total=None if result.truncated else len(rows),
    )
