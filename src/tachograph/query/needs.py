"""What a query needs of the rows that it counts: by this it is decided which rows can answer it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import msgspec

from tachograph.query.measures import measure, percentage
from tachograph.query.model import AMOUNTS, CLOCK, All, Any_, NoneOf, Not
from tachograph.query.widths import Width, width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tachograph.query.model import AnyOf, Between, Filter, Pattern, Prefix, Query


class Needs(msgspec.Struct, frozen=True):
    """Fields, sums and moments that an answer is made of."""

    dimensions: frozenset[str]
    """But for windows."""
    filtered: frozenset[str]
    """What its filter is about."""
    window: Width | None
    sums: tuple[str, ...]
    """Names of `grouping.AGGREGATES`."""
    percentiles: tuple[Fraction, ...]
    """In percent."""

    @property
    def fields(self) -> frozenset[str]:
        """Of dimensions and filter."""
        return self.dimensions | self.filtered

    @property
    def clock(self) -> bool:
        """Whether what the clocks show has to be known."""
        return not self.fields.isdisjoint(CLOCK)

    @property
    def amounts(self) -> bool:
        """Whether the filter asks how much a single metric was."""
        return not self.filtered.isdisjoint(AMOUNTS)

    @property
    def activity(self) -> bool:
        """Whether the moment of each single metric has to be known."""
        return "active_us" in self.sums


def needs_of(query: Query) -> Needs:
    """What a checked query needs."""
    windows = [wide for wide in map(width, query.by) if wide]
    percents = [percent for percent in map(percentage, query.measures) if percent]
    sums = [name for each in query.measures if not percentage(each) for name in measure(each).sums]
    return Needs(
        dimensions=frozenset(name for name in query.by if not width(name)),
        filtered=frozenset(condition.field for condition in conditions(query.where)),
        window=windows[0] if windows else None,
        sums=tuple(dict.fromkeys(sums)),
        percentiles=tuple(dict.fromkeys(percents)),
    )


def conditions(filter: Filter | None) -> Iterator[AnyOf | NoneOf | Prefix | Pattern | Between]:
    """The single conditions that a filter is made of."""
    waiting = [] if filter is None else [filter]
    while waiting:
        one = waiting.pop()
        if isinstance(one, All | Any_):
            waiting += one.of
        elif isinstance(one, Not):
            waiting.append(one.of)
        else:
            yield one


def passes_without(filter: Filter | None, fields: frozenset[str]) -> bool:
    """Whether a metric may pass that has none of these fields: a negated condition on one of them lets it through."""
    return filter is None or True in _outcomes(filter, fields)


def _outcomes(filter: Filter, lacking: frozenset[str]) -> set[bool]:
    """What a filter may say of a metric that lacks some fields."""
    if isinstance(filter, Not):
        return {not outcome for outcome in _outcomes(filter.of, lacking)}
    if isinstance(filter, All | Any_):
        parts = [_outcomes(part, lacking) for part in filter.of]
        decisive = isinstance(filter, Any_)  # what one part alone decides
        found = {decisive} if any(decisive in part for part in parts) else set()
        return found | ({not decisive} if all((not decisive) in part for part in parts) else set())
    if filter.field in lacking:
        return {isinstance(filter, NoneOf)}
    return {True, False}
