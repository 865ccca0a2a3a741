"""From a tool's arguments to a query."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from tachograph.aggregate.question import time_zone
from tachograph.query.expression import parse
from tachograph.query.words import checked_query, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from tachograph.query.model import Filter, Query


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """A range of time as it was named; None where nothing was said."""

    range: str | None = None
    since: str | None = None
    until: str | None = None
    timezone: str | None = None

    def said(self) -> dict[str, Any]:
        """What was said of it."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not None}


def asked_query(
    period: Period, zone: tzinfo, where: str | None = None, more: Sequence[Filter] = (), **given: Any
) -> Query:
    """The query, in `zone` unless the period names one. Raises `BadQuestion` for what can't be meant."""
    said = {name: value for name, value in given.items() if value not in (None, [], ())}
    conditions = (*([parse(where, "where")] if where else []), *more)
    return checked_query(words_of({**said, **period.said()}, conditions, str), datetime.now(UTC), zone)


def zone_of(period: Period, zone: tzinfo) -> tzinfo:
    """Whose days count. Raises `BadQuestion` for a zone that there isn't."""
    return zone if period.timezone is None else time_zone(period.timezone)
