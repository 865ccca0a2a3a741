"""The days of every watched measure, of everything and of each project."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from tachograph.aggregate.windows import midnight
from tachograph.insights.judging import Point
from tachograph.insights.watched import WATCHED, Watched
from tachograph.metric import LAST_US, moment
from tachograph.query.model import All, AnyOf, Filter, Query
from tachograph.query.run import run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, tzinfo

    from tachograph.query.model import QueryResult
    from tachograph.store.duckdb import Store

Scope = str | None
"""A project, or everything."""
Series = dict[tuple[Scope, str], list[Point]]
"""By scope and name of the measure: the days on which anything happened, in order."""


class History:
    """What a store says of days in a zone. What was asked before isn't asked again."""

    def __init__(self, store: Store, zone: tzinfo) -> None:
        self._store = store
        self.zone = zone
        self._known: dict[Query, QueryResult] = {}

    @property
    def at_least(self) -> tuple[str, ...]:
        """Measures that are more than is told somewhere in what was asked."""
        return tuple(sorted({name for result in self._known.values() for name in result.at_least}))

    @property
    def is_exact(self) -> bool:
        """Whether nothing of what was asked is condensed so that it may be a little off."""
        return all(result.exact for result in self._known.values())

    def latest(self) -> date | None:
        """The last day on which anything happened; None if nothing ever did."""
        rows = run(self._store, Query(by=("day",), order=("-day",), limit=1, zone=self.zone)).rows
        return day_of(rows[0]) if rows else None

    def series(self, first: date, last: date, projects: tuple[str, ...]) -> Series:
        """The days from the first to the last one.

        Everything together is left out where only some projects are asked for, and where it is but one project.
        """
        only = AnyOf("project", projects) if projects else None
        series: Series = {}
        for where in dict.fromkeys(one.where for one in WATCHED):
            watched = [one for one in WATCHED if one.where == where]
            for by in [("day", "project")] if projects else [("day", "project"), ("day",)]:
                for row in self.rows(watched, by, both(where, only), first, last).rows:
                    _add(series, watched, row)
        return _without_repetition(series)

    def rows(
        self, watched: Iterable[Watched], by: Sequence[str], where: Filter | None, first: date, last: date
    ) -> QueryResult:
        """All that the values of those measures are made of."""
        measures = tuple(dict.fromkeys(name for one in watched for name in one.measures))
        return self._ask(self.over(Query(measures=measures, by=tuple(by), where=where), first, last))

    def over(self, query: Query, first: date, last: date) -> Query:
        """The query over the days from the first to the last one."""
        start, end = start_of(first, self.zone), start_of(last + timedelta(days=1), self.zone)
        return Query(measures=query.measures, by=query.by, where=query.where, start=start, end=end, zone=self.zone)

    def _ask(self, query: Query) -> QueryResult:
        if query not in self._known:
            self._known[query] = run(self._store, query)
        return self._known[query]


def start_of(day: date, zone: tzinfo) -> datetime:
    """The first moment of a day."""
    return moment(min(midnight(day, zone), LAST_US))


def day_of(row: dict[str, Any]) -> date:
    """The day of a row by days."""
    return date.fromisoformat(row["day"][:10])


def both(one: Filter | None, other: Filter | None) -> Filter | None:
    """What meets both."""
    if one is None or other is None:
        return one or other
    return All((one, other))


def of_scope(watched: Watched, scope: Scope) -> Filter | None:
    """Which metrics a measure of a scope is taken over."""
    return both(watched.where, None if scope is None else AnyOf("project", (scope,)))


def summed(row: dict[str, Any], measures: Iterable[str]) -> float:
    """Those of a row together; what has no value adds nothing."""
    return sum(row[name] or 0 for name in measures)


def _add(series: Series, watched: Iterable[Watched], row: dict[str, Any]) -> None:
    for one in watched:
        point = Point(day_of(row), summed(row, one.part), summed(row, one.whole) if one.whole else None, row[one.basis])
        series.setdefault((row.get("project"), one.name), []).append(point)


def _without_repetition(series: Series) -> Series:
    counted = {scope: points for (scope, name), points in series.items() if name == "count"}
    everything = counted.pop(None, None)
    if everything not in counted.values():
        return series
    return {key: points for key, points in series.items() if key[0] is not None}
