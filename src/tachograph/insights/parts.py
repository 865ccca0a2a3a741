"""What each group has to do with a change: contributions that add up to it exactly. Pure functions.

Groups are the values of one dimension, and None for what has none, so that they are all there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

ENOUGH: Final = 0.8
"""Groups that together are so much of a change explain it."""
GROUPS_TOLD: Final = 3
_LEAST_TOLD: Final = 0.5
"""If the largest ones are less of it, the dimension explains nothing."""
_LEAST_LIFT: Final = 0.2
"""Nor does it where they are hardly more of the change than they are of everything on a usual day."""


class Amounts(msgspec.Struct, frozen=True):
    """A group's part and whole on usual days (the mean of them) and on the day; a whole is 0 where it has none."""

    part_before: float = 0.0
    whole_before: float = 0.0
    part_after: float = 0.0
    whole_after: float = 0.0


class Contribution(msgspec.Struct, frozen=True):
    """How much of a change comes from one group."""

    group: str | None
    change: float
    """In the measure's unit; that of all groups adds up to the whole change."""
    share: float
    """Of the whole change: 1 if it explains all of it, above 1 if others went the other way."""
    mix: float | None
    """Of a rate's change: what comes from there being more or less of the group."""
    own: float | None
    """And what comes from the group's own rate. They add up to `change`."""
    amounts: Amounts


def of_amount(groups: Mapping[str | None, Amounts]) -> list[Contribution]:
    """Of a sum: the change of each group's part."""
    total = sum(one.part_after - one.part_before for one in groups.values())
    return [_contribution(name, one.part_after - one.part_before, total, one) for name, one in groups.items()]


def of_numerator(groups: Mapping[str | None, Amounts]) -> list[Contribution]:
    """Of a rate whose groups divide the events alone (errors by their kind): each kind's rate among all things."""
    before = sum(one.whole_before for one in groups.values())
    after = sum(one.whole_after for one in groups.values())
    changes = {name: _ratio(one.part_after, after) - _ratio(one.part_before, before) for name, one in groups.items()}
    total = sum(changes.values())
    return [_contribution(name, changes[name], total, one) for name, one in groups.items()]


def of_rate(groups: Mapping[str | None, Amounts]) -> list[Contribution]:
    """Of a rate whose groups divide the things: by how much of everything a group is (mix), and by its own rate.

    With shares w of the whole and rates r, before (0) and after (1), and R0 the rate of everything before, a group's
    own rate contributes (r1 − r0)·(w0 + w1)/2, and the mix (w1 − w0)·((r0 + r1)/2 − R0). Kitagawa, Journal of the
    American Statistical Association 50 (1955), with the mix taken against R0, which changes no sum as the shares add up
    to 1. A group that there is only before or only after has one rate.
    """
    before = sum(one.whole_before for one in groups.values())
    after = sum(one.whole_after for one in groups.values())
    rate_before = _ratio(sum(one.part_before for one in groups.values()), before)
    effects = {name: _effects(one, before, after, rate_before) for name, one in groups.items()}
    total = sum(mix + own for mix, own in effects.values())
    return [
        msgspec.structs.replace(_contribution(name, mix + own, total, groups[name]), mix=mix, own=own)
        for name, (mix, own) in effects.items()
    ]


def _effects(one: Amounts, before: float, after: float, rate_before: float) -> tuple[float, float]:
    w0, w1 = _ratio(one.whole_before, before), _ratio(one.whole_after, after)
    r0 = _ratio(one.part_before, one.whole_before) if one.whole_before else _ratio(one.part_after, one.whole_after)
    r1 = _ratio(one.part_after, one.whole_after) if one.whole_after else r0
    return (w1 - w0) * ((r0 + r1) / 2 - rate_before), (r1 - r0) * (w0 + w1) / 2


def telling(contributions: list[Contribution]) -> tuple[Contribution, ...]:
    """The fewest groups that explain a change together, three at most; none if they don't, or if they always would.

    A group that is most of everything is most of any change, too: that explains nothing.
    """
    leading = sorted(contributions, key=lambda one: (-one.share, one.group is None, one.group or ""))
    told: list[Contribution] = []
    for one in leading:
        if len(told) == GROUPS_TOLD or one.share <= 0 or one.group is None or _sum(told) >= ENOUGH:
            break
        told.append(one)
    usual = sum(_usual_share(one, contributions) for one in told)
    explained = _sum(told)
    return tuple(told) if explained >= _LEAST_TOLD and explained - usual >= _LEAST_LIFT else ()


def _sum(told: list[Contribution]) -> float:
    return sum(one.share for one in told)


def _usual_share(one: Contribution, everything: list[Contribution]) -> float:
    """How much of everything a group is on usual days: of the things, or of the amount where there are none."""
    if one.mix is None:
        return _ratio(one.amounts.part_before, sum(other.amounts.part_before for other in everything))
    return _ratio(one.amounts.whole_before, sum(other.amounts.whole_before for other in everything))


def _contribution(group: str | None, change: float, total: float, amounts: Amounts) -> Contribution:
    return Contribution(group, change, _ratio(change, total), None, None, amounts)


def _ratio(part: float, whole: float) -> float:
    """0 of nothing: it is nothing's share, and nothing is made of it."""
    return part / whole if whole else 0.0
