"""What the store has of each source, and who asks."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from tachograph.aggregate.windows import label
from tachograph.server.asking import TIMEZONE, format_of, zone_of
from tachograph.server.endpoints import Answer, Endpoint, Prepared
from tachograph.server.forms import DOCUMENT, ROWS
from tachograph.server.shapes import ME, SOURCES, schema_of
from tachograph.tables import Table

if TYPE_CHECKING:
    from datetime import tzinfo

    from tachograph.server.endpoints import Asked
    from tachograph.store.duckdb import Store
    from tachograph.tables import Columns

_SOURCES: Final = """
    WITH told AS (
        SELECT source, count(ts) AS metrics, min(ts) AS first_ts, max(ts) AS last_ts FROM metrics GROUP BY source
        UNION ALL
        SELECT source, sum(metrics_count), min(first_ts), max(last_ts) FROM condensed GROUP BY source
    ), refused AS (
        SELECT files.source, count(*) AS lines FROM rejects JOIN files USING (path) GROUP BY files.source
    )
    SELECT
        coalesce(told.source, refused.source) AS name,
        coalesce(sum(told.metrics), 0)::BIGINT AS metrics,
        coalesce(any_value(refused.lines), 0) AS lines_rejected,
        min(told.first_ts) AS first, max(told.last_ts) AS last
    FROM told FULL JOIN refused ON refused.source = told.source
    GROUP BY name
    ORDER BY metrics DESC, name
"""
_COLUMNS: Final[Columns] = (
    ("name", "text"),
    ("metrics", "whole"),
    ("lines_rejected", "whole"),
    ("first", "time"),
    ("last", "time"),
)


def sources() -> Endpoint:
    """How much there is of each source, and how fresh it is."""
    return Endpoint(
        path="/api/v1/sources",
        name="sources",
        what="How many metrics the store has of each source, and when the first and the last of them happened.",
        forms=ROWS,
        parameters=(TIMEZONE, format_of(ROWS)),
        prepare=_prepare_sources,
        schema=schema_of(SOURCES),
    )


def me() -> Endpoint:
    """Who asks."""
    return Endpoint(
        path="/api/v1/me",
        name="me",
        what="Whose data the key gives access to, and what it allows.",
        forms=DOCUMENT,
        need="any",
        parameters=(format_of(DOCUMENT),),
        prepare=_prepare_me,
        schema=schema_of(ME),
    )


def _prepare_sources(asked: Asked) -> Prepared:
    zone = zone_of(asked.values)
    return Prepared(name=str(zone), answer=partial(_sources, zone))


def _sources(zone: tzinfo, store: Store) -> Answer:
    found = [_source(row, zone) for row in store.connection.execute(_SOURCES).fetchall()]
    names = [name for name, _ in _COLUMNS]
    return Answer(
        document=lambda: {"sources": found},
        table=lambda: Table(_COLUMNS, [[one[name] for name in names] for one in found]),
        total=len(found),
    )


def _source(row: tuple[Any, ...], zone: tzinfo) -> dict[str, Any]:
    name, metrics, rejected, first, last = row
    return {
        "name": name,
        "metrics": metrics,
        "lines_rejected": rejected,
        "first": None if first is None else label(first, zone),
        "last": None if last is None else label(last, zone),
    }


def _prepare_me(asked: Asked) -> Prepared:
    told = {"tenant": asked.granted.tenant, "scopes": sorted(asked.granted.scopes)}
    return Prepared(name=json.dumps(told), answer=Answer(document=lambda: told))
