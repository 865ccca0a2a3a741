"""Questions as texts by which they are known again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tachograph.report.zones import named_zone

if TYPE_CHECKING:
    from tachograph.aggregate.question import Question
    from tachograph.query.model import Query


def question_name(asked: Question) -> str | None:
    """No other question is called so; None for one whose zone has no name."""
    zone = named_zone(asked.zone)
    if zone is None:
        return None
    filters = sorted(asked.filters.items())
    rows = (asked.fill, asked.order, asked.limit, asked.offset)
    return msgspec.json.encode((asked.type, asked.start_us, asked.end_us, filters, zone, *rows)).decode()


def query_name(asked: Query) -> str | None:
    """No other query, and no other question, is called so; None for one whose zone has no name."""
    if named_zone(asked.zone) is None:
        return None
    return msgspec.json.encode(("query", asked), enc_hook=named_zone).decode()
