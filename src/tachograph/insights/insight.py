"""What an insight says. `docs/insights.md` defines each number."""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from tachograph.insights.parts import Contribution
from tachograph.insights.watched import Sense
from tachograph.query.model import Query

if TYPE_CHECKING:
    from collections.abc import Mapping

Sensitivity = Literal["low", "normal", "high"]
FALSE_SHARE: Final[Mapping[str, float]] = {"low": 0.01, "normal": 0.05, "high": 0.2}
"""How much of what is told may be chance; and how often anything is told of a history in which nothing changed."""


class Days(msgspec.Struct, frozen=True, kw_only=True):
    """Which days are looked at, and when that is: a day that isn't over has less of everything."""

    since: date
    until: date
    """Within."""
    now: datetime
    """Aware."""
    zone: tzinfo = UTC
    projects: tuple[str, ...] = ()
    """Only these; all of them, and everything together, if there are none."""
    sensitivity: Sensitivity = "normal"


class Explanation(msgspec.Struct, frozen=True):
    """The groups of one dimension that explain a change, the most telling first."""

    dimension: str
    groups: tuple[Contribution, ...]
    before: float
    """The measure on usual days, of which `groups` tell the change: those of the past's middle half, together.

    Of a duration: the share of metrics that took longer than is usual; `after` likewise.
    """
    after: float
    whole_before: float
    """What a rate is taken of, on a usual day, all groups together; 0 of what is no rate."""
    whole_after: float


class Also(msgspec.Struct, frozen=True):
    """A related measure that changed on the same days."""

    measure: str
    day: date
    value: float
    usual: float


class Insight(msgspec.Struct, frozen=True, kw_only=True):
    """A measure of a project, or of everything, that was unusual on a day or on several in a row."""

    project: str | None
    """None for everything."""
    measure: str
    direction: Literal["up", "down"]
    sense: Sense
    day: date
    """The most unusual of the days; values are of that day."""
    since: date
    """The first of the days in a row on which it was unusual in this direction."""
    last: date
    """The last of them."""
    days: int
    """How many of them had metrics to judge by."""
    value: float
    """In dollars, milliseconds, or as a rate from 0 to 1."""
    usual: float
    """The median of the days that it was compared with."""
    low: float
    high: float
    """Eight of ten of those days are between."""
    past_days: int
    """How many they are."""
    is_over: bool
    """Whether the day was over."""
    z: float
    """How far from usual, in standard deviations."""
    chance: float
    """How probable such a score is on one day, if nothing has changed."""
    explanations: tuple[Explanation, ...] = ()
    also: tuple[Also, ...] = ()
    query: Query
    """What shows it, day by day."""


class Findings(msgspec.Struct, frozen=True):
    """The insights, the most important first, and how much was looked at."""

    insights: tuple[Insight, ...]
    comparisons: int
    """How many times a day's measure was compared with its past."""
    active_days: int
    """On how many of the days looked at anything happened."""
    past_days: int
    """How many days before the last of them, of those that count as its past, had anything."""
    latest: date | None
    """The last day on which anything happened, in the whole store; None if nothing ever did."""
    at_least: tuple[str, ...]
    """Measures that logs or prices don't tell all of: that they changed may be a change of what is told."""
    is_exact: bool
    """False where of some days only sums are kept: percentiles are within 1 %, or some are of another day."""
