"""One session's metrics, call by call: names and counters, no ids."""

from __future__ import annotations

import json
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.aggregate.result import finite
from tachograph.aggregate.windows import label
from tachograph.query.timeline import timeline
from tachograph.report.zones import zone_name
from tachograph.server.asking import PAGE, TIMEZONE, format_of, zone_of
from tachograph.server.endpoints import Answer, Endpoint, Prepared
from tachograph.server.forms import ROWS
from tachograph.server.paging import MOST_ROWS
from tachograph.server.parameters import Parameter
from tachograph.server.problems import Problem
from tachograph.server.shapes import TIMELINE, schema_of
from tachograph.store.measures import TOKEN_KINDS
from tachograph.tables import Table

if TYPE_CHECKING:
    from datetime import tzinfo

    from tachograph.query.timeline import Step, Timeline
    from tachograph.server.endpoints import Asked
    from tachograph.store.duckdb import Store
    from tachograph.tables import Columns

_USUAL_ROWS: Final = 1_000
_LIMIT: Final = Parameter(
    name="limit", what="so many metrics on a page", kind="whole", most=MOST_ROWS, usual=_USUAL_ROWS, example=10
)
_COLUMNS: Final[Columns] = (
    ("start", "time"),
    ("type", "text"),
    ("run", "whole"),
    *((name, "text") for name in ("agent", "tool", "model", "command", "operation", "hook", "error_type", "outcome")),
    ("duration_ms", "float"),
    ("tokens", "whole"),
    *((kind, "whole") for kind in TOKEN_KINDS),
    ("tokens_at_least", "flag"),
    ("cost_usd", "float"),
)


def timelines() -> Endpoint:
    """What a session did, one metric after the other."""
    return Endpoint(
        path="/api/v1/timelines/{id}",
        name="timeline",
        what="One session's metrics in the order in which they began, and which runs of agents they are of.",
        forms=ROWS,
        parameters=(TIMEZONE, _LIMIT, PAGE, format_of(ROWS)),
        places=(Parameter(name="id", what="the session's id", example="s1"),),
        prepare=_prepare,
        schema=schema_of(TIMELINE),
        may_lack=True,
    )


def _prepare(asked: Asked) -> Prepared:
    zone, rows = zone_of(asked.values), asked.values.get("limit", _USUAL_ROWS)
    session = asked.values["id"]
    answer = partial(_answer, session, zone, asked.offset, rows)
    return Prepared(name=json.dumps([session, zone_name(zone)]), answer=answer, page_rows=rows)


def _answer(session: str, zone: tzinfo, offset: int, rows: int, store: Store) -> Answer:
    found = timeline(store, session, offset=offset, limit=rows)
    if not (found.total or found.condensed):
        raise Problem(HTTPStatus.NOT_FOUND, "there is no such session", parameter="id")
    steps = [_told(step, zone) for step in found.steps]
    return Answer(
        document=partial(_document, session, found, steps, zone),
        table=lambda: Table(_COLUMNS, [[step[name] for name, _ in _COLUMNS] for step in steps]),
        has_more=offset + len(steps) < found.total,
        total=found.total,
    )


def _document(session: str, found: Timeline, steps: list[dict[str, Any]], zone: tzinfo) -> dict[str, Any]:
    return {
        "session_id": session,
        "start": None if found.start_us is None else label(found.start_us, zone),
        "end": None if found.end_us is None else label(found.end_us, zone),
        "metrics": found.total,
        "condensed": found.condensed,
        "steps": steps,
    }


def _told(step: Step, zone: tzinfo) -> dict[str, Any]:
    told = msgspec.structs.asdict(step)
    start = label(told.pop("start_us"), zone)
    return {"start": start, **finite(told)}
