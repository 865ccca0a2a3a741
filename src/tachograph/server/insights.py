"""What changed, against the tenant's own past."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Final, get_args

from tachograph.insights.asking import day_named, days_asked
from tachograph.insights.finding import check_days, look
from tachograph.insights.insight import Sensitivity
from tachograph.report.insight_documents import insights_document
from tachograph.server.asking import TIMEZONE, format_of, zone_of
from tachograph.server.endpoints import Answer, Endpoint, Prepared
from tachograph.server.forms import DOCUMENT
from tachograph.server.parameters import Parameter
from tachograph.server.shapes import INSIGHTS, schema_of

if TYPE_CHECKING:
    from tachograph.insights.insight import Days
    from tachograph.server.endpoints import Asked
    from tachograph.store.duckdb import Store

_DAY: Final = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_PARAMETERS: Final = (
    Parameter(name="since", what="from this day on; else the last seven", pattern=_DAY, example="2026-03-25"),
    Parameter(name="until", what="up to this day, which is within; else today", pattern=_DAY, example="2026-03-31"),
    TIMEZONE,
    Parameter(name="project", what="only this project's; repeated: any of several", repeated=True),
    Parameter(
        name="sensitivity",
        what="how much of what is told may be chance: 1 %, 5 % or 20 %",
        choices=get_args(Sensitivity),
        usual="normal",
    ),
    format_of(DOCUMENT),
)


def insights() -> Endpoint:
    """Unusual days, and what explains them."""
    return Endpoint(
        path="/api/v1/insights",
        name="insights",
        what="Which days were unusual in errors, cost, latency, cache hits and use, and what explains it.",
        forms=DOCUMENT,
        parameters=_PARAMETERS,
        prepare=_prepare,
        schema=schema_of(INSIGHTS),
    )


def _prepare(asked: Asked) -> Prepared:
    values = asked.values
    days = days_asked(
        day_named(values.get("since"), "since"),
        day_named(values.get("until"), "until"),
        now=asked.now,
        zone=zone_of(values),
        projects=tuple(values.get("project", ())),
        sensitivity=values.get("sensitivity", "normal"),
        since_name="since",
    )
    check_days(days)
    return Prepared(name=_name(days), answer=partial(_answer, days))


def _name(days: Days) -> str:
    """Of the moment only the day matters: whether the days looked at are over."""
    today = days.now.astimezone(days.zone).date()
    told = (days.since, days.until, today, days.zone)
    return json.dumps([*map(str, told), days.projects, days.sensitivity])


def _answer(days: Days, store: Store) -> Answer:
    return Answer(document=partial(insights_document, look(store, days), days))
