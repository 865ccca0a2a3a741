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
    families = {id(one): _family(one, insights) for one in insights}
    once = [one for one in insights if not _is_a_projects(one, insights)]
    together = [
        merged
        for family in dict.fromkeys(families.values())
        for merged in _related_together([one for one in once if families[id(one)] == family])
    ]
    return tuple(sorted(together, key=_importance))


def _importance(one: Insight) -> tuple[int, float, str, int]:
    return _ORDER[one.sense], -abs(one.z), one.project or "", _PLACE[one.measure]


def _family(insight: Insight, others: Sequence[Insight]) -> str:
    """The measure's; but more errors, at no unusual rate, of more work belong to that."""
    beside = {other.measure for other in others if other.project == insight.project and _at_once(insight, other)}
    if insight.measure == "errors" and "error_rate" not in beside and "count" in beside:
        return _FAMILY["count"]
    return _FAMILY[insight.measure]


def _is_a_projects(insight: Insight, others: Sequence[Insight]) -> bool:
    """Whether a change of everything is that of one project, of which it or a related one is told itself."""
    shares = {
        one.group: one.share
        for explanation in insight.explanations
        if explanation.dimension == "project"
        for one in explanation.groups
    }
    return insight.project is None and any(
        shares.get(other.project, 0) >= ENOUGH
        and _FAMILY[other.measure] == _FAMILY[insight.measure]
        and _at_once(other, insight)
        for other in others
    )


def _related_together(insights: Sequence[Insight]) -> list[Insight]:
    """Of measures that changed together, the most important tells of the others."""
    leading: list[Insight] = []
    for one in sorted(insights, key=_importance):
        for place, other in enumerate(leading):
            if other.project == one.project and _at_once(other, one):
                leading[place] = _with(other, one)
                break
        else:
            leading.append(one)
    return leading


def _with(one: Insight, other: Insight) -> Insight:
    also = Also(other.measure, other.day, other.value, other.usual)
    return msgspec.structs.replace(one, also=(*one.also, also))


def _at_once(one: Insight, other: Insight) -> bool:
    """Whether they went in the same direction, on days that overlap."""
    return one.direction == other.direction and one.since <= other.last and other.since <= one.last
