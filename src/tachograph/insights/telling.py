"""Which insights are told, and in which order: each change once, what is bad first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.insights.insight import Also
from tachograph.insights.parts import ENOUGH
from tachograph.insights.watched import WATCHED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tachograph.insights.insight import Insight

_ORDER: Final = {"bad": 0, "neutral": 1, "good": 2}
_FAMILY: Final = {one.name: one.family for one in WATCHED}
_PLACE: Final = {one.name: place for place, one in enumerate(WATCHED)}


def told(insights: Sequence[Insight]) -> tuple[Insight, ...]:
    """Each change once, the most important first: what is bad before what isn't, then by how unusual it is."""
    once = _related_together([one for one in insights if not _is_a_projects(one, insights)])
    return tuple(sorted(once, key=lambda one: (_ORDER[one.sense], -abs(one.z), one.project or "", one.measure)))


def _is_a_projects(insight: Insight, others: Sequence[Insight]) -> bool:
    """Whether a change of everything is that of one project, which is told itself."""
    shares = {
        one.group: one.share
        for explanation in insight.explanations
        if explanation.dimension == "project"
        for one in explanation.groups
    }
    return insight.project is None and any(
        shares.get(other.project, 0) >= ENOUGH and other.measure == insight.measure and _together(other, insight)
        for other in others
    )


def _related_together(insights: Sequence[Insight]) -> list[Insight]:
    """Of measures that tend to change together, the most important tells of the others."""
    ordered = sorted(insights, key=lambda one: (_ORDER[one.sense], -abs(one.z), _PLACE[one.measure]))
    leading: list[Insight] = []
    for one in ordered:
        for place, other in enumerate(leading):
            if (
                other.project == one.project
                and _FAMILY[other.measure] == _FAMILY[one.measure]
                and _together(other, one)
            ):
                leading[place] = _with(other, one)
                break
        else:
            leading.append(one)
    return leading


def _with(one: Insight, other: Insight) -> Insight:
    also = Also(other.measure, other.day, other.value, other.usual)
    return msgspec.structs.replace(one, also=(*one.also, also))


def _together(one: Insight, other: Insight) -> bool:
    """Whether both went in the same direction, on days that overlap."""
    return one.direction == other.direction and one.since <= other.last and other.since <= one.last
