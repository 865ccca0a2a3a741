"""From the options of a query to aggregations: their range may then be named, as a query's may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tachograph.aggregate.question import question
from tachograph.cli.asking import filters_asked
from tachograph.cli.query_asking import ask_query

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from tachograph.aggregate.question import AggregationType, Question
    from tachograph.query.model import Query


def ask_aggregations(kinds: Sequence[AggregationType], options: Namespace) -> tuple[Query, list[Question]]:
    """A question for each kind, and their range and filters as a query. Raises `BadQuestion` where they make no sense.

    What the options say of rows is theirs, and taken from the options: a query's order is another.
    """
    order = None if options.order is None else ",".join(options.order)
    limit, fill = options.limit, bool(options.fill)
    options.order = options.limit = options.fill = None
    query, filters = ask_query(options), filters_asked(options)
    return query, [
        question(
            kind, query.start, query.end, filters, zone=query.zone, fill=fill, order=order, limit=limit,
            called={"order": "--order", "limit": "--limit", "type": "--type"},
        )
        for kind in dict.fromkeys(kinds)
    ]  # fmt: skip
