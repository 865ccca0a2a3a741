"""From a store to insights: every watched measure of every project on every day, judged, sifted and explained."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from tachograph.aggregate.question import time_zone
from tachograph.errors import BadQuestion
from tachograph.insights.explaining import explanations, is_beyond_chance
from tachograph.insights.history import History, of_scope, start_of
from tachograph.insights.insight import FALSE_SHARE, Days, Findings, Insight
from tachograph.insights.judging import PAST_DAYS, Judgement, judge, surprises
from tachograph.insights.telling import told
from tachograph.insights.watched import WATCHED
from tachograph.query.model import Query

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import tzinfo

    from tachograph.insights.history import Scope, Series
    from tachograph.insights.insight import Sensitivity
    from tachograph.insights.judging import Point
    from tachograph.insights.watched import Sense, Watched
    from tachograph.store.duckdb import Store

LONGEST_DAYS: Final = 366
FIRST_DAY: Final = date(2, 1, 1)
LAST_DAY: Final = date(9998, 12, 31)
_OPPOSITE: Final[dict[Sense, Sense]] = {"bad": "good", "good": "bad", "neutral": "neutral"}


def find_insights(
    store: Store,
    since: date,
    until: date,
    *,
    timezone: tzinfo | str = "UTC",
    projects: Iterable[str] = (),
    sensitivity: Sensitivity = "normal",
    now: datetime | None = None,
) -> list[Insight]:
    """What was unusual from one day to another (within), the most important first; [] if nothing was.

    Days are those of `timezone`; one that isn't over at `now` (aware; else by the clock) isn't judged by amounts.
    With `projects` only those are looked at, else each of them and everything together. Where there is too little to
    compare with, nothing is told. Raises `BadQuestion` for an unknown zone, and as `look` does.
    """
    days = Days(
        since=since,
        until=until,
        now=now or datetime.now(UTC),
        zone=time_zone(timezone) if isinstance(timezone, str) else timezone,
        projects=tuple(projects),
        sensitivity=sensitivity,
    )
    return list(look(store, days).insights)


def look(store: Store, days: Days) -> Findings:
    """The insights, and how much was looked at. Raises `BadQuestion` as `check_days` does."""
    check_days(days)
    return _Look(store, days).findings()


def check_days(days: Days) -> None:
    """Raises `BadQuestion` for days that can't be looked at.

    The last one is before the first, or more than a year after it, or the calendar has no past or no end for them.
    """
    if days.until < days.since:
        raise BadQuestion(f"the last day, {days.until}, is before the first, {days.since}", mend="swap them")
    if (days.until - days.since).days >= LONGEST_DAYS:
        raise BadQuestion(
            f"{days.since} to {days.until} is more than {LONGEST_DAYS} days", mend="look at no more than a year at once"
        )
    if days.since < FIRST_DAY or days.until > LAST_DAY:
        raise BadQuestion(f"only days from {FIRST_DAY} to {LAST_DAY} can be looked at", mend="name one of them")


class _Look:
    """One look at the days."""

    def __init__(self, store: Store, days: Days) -> None:
        self._days = days
        self._history = History(store, days.zone)
        first = days.since - timedelta(days=2 * PAST_DAYS)  # so that what began up to six weeks ago is told from when
        self._series = self._history.series(first, days.until, days.projects)
        self._is_exact = self._history.is_exact

    def findings(self) -> Findings:
        """All of it."""
        judged = {
            (scope, watched): list(self._judged(watched, points, self._days.since))
            for scope, watched, points in _watched(self._series)
        }
        everything = [one for judgements in judged.values() for one in judgements]
        surprising = {id(one) for one in surprises(everything, FALSE_SHARE[self._days.sensitivity])}
        insights = [
            self._insight(scope, watched, run)
            for (scope, watched), judgements in judged.items()
            for run in self._runs(scope, watched, [one for one in judgements if id(one) in surprising])
        ]
        active = {point.day for (_, name), points in self._series.items() if name == "count" for point in points}
        important = told(insights)
        return Findings(
            important,
            comparisons=len(everything),
            active_days=len([day for day in active if day >= self._days.since]),
            past_days=self._past_days(),
            latest=self._history.latest(),
            at_least=tuple(name for name in self._history.at_least if name in _used(important)),
            is_exact=self._is_exact,
        )

    def _judged(self, watched: Watched, points: Sequence[Point], since: date) -> Iterator[Judgement]:
        """Each day that can be judged, in order."""
        for point in points:
            if point.day >= since and (not watched.needs_whole_days or self._is_over(point.day)):
                judged = judge(watched, point.day, points)
                if judged:
                    yield judged

    def _is_over(self, day: date) -> bool:
        return start_of(day + timedelta(days=1), self._days.zone) <= self._days.now

    def _past_days(self) -> int:
        """On how many days something happened of those that the last one is compared with, where they are most."""
        last = self._days.until
        first = last - timedelta(days=PAST_DAYS)
        counted = [points for (_, name), points in self._series.items() if name == "count"]
        return max((sum(first <= point.day < last for point in points) for points in counted), default=0)

    def _runs(self, scope: Scope, watched: Watched, found: Sequence[Judgement]) -> Iterator[list[Judgement]]:
        """Days in a row that were unusual in one direction, with a surprise among them."""
        if watched.percentile is not None:
            found = [one for one in found if is_beyond_chance(self._history, watched, scope, one)]
        days = {one.point.day for one in found}
        if not days:
            return
        points = self._series[scope, watched.name]
        run: list[Judgement] = []
        for judged in self._judged(watched, points, self._days.since - timedelta(days=PAST_DAYS)):
            if run and not (judged.is_unusual and (judged.z > 0) == (run[0].z > 0)):
                if days & {one.point.day for one in run}:
                    yield run
                run = []
            if judged.is_unusual:
                run.append(judged)
        if days & {one.point.day for one in run}:
            yield run

    def _insight(self, scope: Scope, watched: Watched, run: Sequence[Judgement]) -> Insight:
        asked = [one for one in run if one.point.day >= self._days.since]
        strongest = max(asked, key=lambda one: abs(one.z))
        day, past = strongest.point.day, strongest.past
        is_up = strongest.z > 0
        query = Query(measures=watched.shown_by, by=("day",), where=of_scope(watched, scope))
        return Insight(
            project=scope,
            measure=watched.name,
            direction="up" if is_up else "down",
            sense=watched.up_is if is_up else _OPPOSITE[watched.up_is],
            day=day,
            since=run[0].point.day,
            last=run[-1].point.day,
            days=len(run),
            value=strongest.point.value,
            usual=strongest.usual,
            low=strongest.low,
            high=strongest.high,
            past_days=len(past),
            is_over=self._is_over(day),
            z=strongest.z,
            chance=strongest.chance,
            explanations=explanations(self._history, watched, scope, strongest),
            query=self._history.over(query, past[0].day, run[-1].point.day),
        )


def _watched(series: Series) -> Iterator[tuple[Scope, Watched, list[Point]]]:
    by_name = {one.name: one for one in WATCHED}
    for (scope, name), points in series.items():
        yield scope, by_name[name], points


def _used(insights: Iterable[Insight]) -> set[str]:
    """What the values that are told are made of."""
    changed = {name for one in insights for name in (one.measure, *(also.measure for also in one.also))}
    return {name for one in WATCHED if one.name in changed for name in one.measures}
