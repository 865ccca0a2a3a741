"""What was said of a query, by options or in a document, and the query that it makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.errors import BadQuestion
from tachograph.query.keys import KEYS
from tachograph.query.model import All, Query

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, tzinfo

    from tachograph.query.model import Compare, Filter, Weekday

_RANGE: Final = frozenset({"since", "until", "range"})


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """The words that were said; None for those that weren't."""

    measures: tuple[str, ...] | None = None
    by: tuple[str, ...] | None = None
    since: str | None = None
    until: str | None = None
    range: str | None = None
    timezone: str | None = None
    order: tuple[str, ...] | None = None
    limit: int | None = None
    other: bool | None = None
    fill: bool | None = None
    week_start: Weekday | None = None
    month_start: int | None = None
    rolling: int | None = None
    compare: Compare | None = None
    where: tuple[Filter, ...] = ()
    """Conditions that are all to be met."""
    called: Mapping[str, str] = {}
    """The word → how whoever said it calls it: an option, or a file and its key."""

    def said(self) -> dict[str, Any]:
        """The words that were said, but for conditions."""
        return {name: value for name in KEYS if (value := getattr(self, name)) is not None}


def words_of(given: Mapping[str, Any], where: tuple[Filter, ...], called: Callable[[str], str]) -> Words:
    """What was said, each word read as its key wants it. Raises `BadQuestion` for a value that can't be meant."""
    read: dict[str, Any] = {}
    for name, value in given.items():
        try:
            read[name] = KEYS[name].read(value)
        except ValueError:
            shown = f"{value!r:.80}"
            raise BadQuestion(f"{shown} can't be meant", where=called(name), mend=KEYS[name].like) from None
    return Words(**read, where=where, called={name: called(name) for name in (*given, *(["where"] if where else []))})


def joined(first: Words, second: Words) -> Words:
    """The words of the first where it has them, else of the second; the conditions of both.

    A range is one thing: a `since` of the first isn't brought together with an `until` of the second.
    """
    mine, others = first.said(), second.said()
    if _RANGE & mine.keys():
        others = {name: value for name, value in others.items() if name not in _RANGE}
    called = {**second.called, **first.called}
    if first.where and second.where:
        called["where"] = f"{first.called['where']} or {second.called['where']}"
    return Words(**{**others, **mine}, where=second.where + first.where, called=called)


def query_of(words: Words, now: datetime, zone: tzinfo) -> Query:
    """The query that was asked, in `zone` unless a zone was said. `now` is aware, for ranges that are named.

    Raises `BadQuestion` for a zone or a range that isn't one. What else can be wrong, `checked` says.
    """
    in_zone = _zone(words, zone)
    start, end = _range(words, now, in_zone)
    rest = {name: value for name, value in words.said().items() if name not in {*_RANGE, "timezone"}}
    where = words.where[0] if len(words.where) == 1 else All(words.where) if words.where else None
    return Query(**rest, start=start, end=end, where=where, zone=in_zone)


def checked_query(words: Words, now: datetime, zone: tzinfo) -> Query:
    """As `query_of`, and checked: a mistake is named as whoever said it calls it."""
    from tachograph.query.checking import checked  # noqa: PLC0415 - what is only written down isn't checked

    try:
        return checked(query_of(words, now, zone))
    except BadQuestion as error:
        place = error.where and words.called.get(error.where, error.where)
        raise BadQuestion(error.what, where=place, mend=error.mend) from None


def _zone(words: Words, zone: tzinfo) -> tzinfo:
    if words.timezone is None:
        return zone
    from tachograph.aggregate.question import time_zone  # noqa: PLC0415 - for questions that name one

    try:
        return time_zone(words.timezone)
    except BadQuestion as error:
        raise BadQuestion(error.what, where=words.called["timezone"], mend=error.mend) from None


def _range(words: Words, now: datetime, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
    if words.range is None:
        from tachograph.query.bounds import bounds  # noqa: PLC0415 - one of the two ways is needed

        names = words.called.get("since", "since"), words.called.get("until", "until")
        return bounds(words.since, words.until, zone, names)
    if words.since is not None or words.until is not None:
        mend = "give one of the two"
        raise BadQuestion("a range by name has its own start and end", where=words.called["range"], mend=mend)
    from tachograph.query.ranges import named_range  # noqa: PLC0415

    return named_range(
        words.range,
        now,
        zone,
        week_start=words.week_start or "monday",
        month_start=words.month_start or 1,
        where=words.called["range"],
    )
