"""The answer to a query as a document for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tachograph.aggregate.result import finite
from tachograph.query.saying import said
from tachograph.report.zones import zone_name

if TYPE_CHECKING:
    from datetime import datetime

    from tachograph.query.model import Query, QueryResult


def query_document(result: QueryResult) -> dict[str, Any]:
    """The query in the words of the options, and the answer. A sum that no float holds is null."""
    return {
        "query": _query(result.query),
        "start": result.start,
        "end": result.end,
        "total": finite(result.total),
        "rows": finite(result.rows),
        "exact": result.exact,
        "at_least": list(result.at_least),
        "truncated": result.truncated,
    }


def _query(query: Query) -> dict[str, Any]:
    return {
        "measures": list(query.measures),
        "by": list(query.by),
        "since": _moment(query.start),
        "until": _moment(query.end),
        "timezone": zone_name(query.zone),
        "where": None if query.where is None else said(query.where),
        "order": list(query.order),
        "limit": query.limit,
        "other": query.other,
        "fill": query.fill,
        "week_start": query.week_start,
        "month_start": query.month_start,
        "rolling": query.rolling,
        "compare": query.compare,
    }


def _moment(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
