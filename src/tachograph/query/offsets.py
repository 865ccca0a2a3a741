"""What the clocks of a zone show, in SQL: how far they are ahead of UTC, as comparisons with the moments they change.

The engine is never given a zone. Numbers in these expressions are all our own.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.aggregate.windows import DAY_US, HOUR_US, next_change, offset_us, stretches
from tachograph.metric import FIRST_US

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import tzinfo

_FROM_MONDAY_US: Final = 7 * DAY_US - FIRST_US
"""Since a Monday before the calendar's first day, which is one too: so that no remainder is negative."""


class Offset(msgspec.Struct, frozen=True):
    """From `start_us` until before `end_us` the clocks are `ahead_us` of UTC."""

    start_us: int
    end_us: int
    ahead_us: int


def offsets(zone: tzinfo, days: Iterable[int]) -> list[Offset]:
    """Those that hold in the given days (of UTC, counted from 1970), in order.

    What begins earlier than a day before a stretch of days is said to begin there.
    """
    return [
        offset for first, last in stretches(days) for offset in _within(zone, (first - 1) * DAY_US, (last + 1) * DAY_US)
    ]


def _within(zone: tzinfo, start_us: int, end_us: int) -> Iterator[Offset]:
    if zone is UTC:
        yield Offset(start_us, end_us, 0)
        return
    position = start_us
    while position < end_us:
        change = next_change(position, end_us, zone)
        following = end_us if change is None else change
        yield Offset(position, following, offset_us(position, zone))
        position = following


def hour_of_day(found: Iterable[Offset], moment: str) -> str:
    """The hour that the clocks show at a moment, 0 to 23, in SQL."""
    return f"({_local(found, moment)}) // {HOUR_US} % 24"


def weekday(found: Iterable[Offset], moment: str) -> str:
    """The day of the week that it is at a moment, 1 (Monday) to 7, in SQL."""
    return f"({_local(found, moment)}) // {DAY_US} % 7 + 1"


def clock_window(found: Iterable[Offset], moment: str, width_us: int) -> str:
    """When the clock last showed a whole number of widths since midnight, or was changed, before a moment, in SQL."""

    def start(offset: Offset) -> str:
        into_day = f"({moment} + {offset.ahead_us + _FROM_MONDAY_US}) % {DAY_US}"
        return f"greatest({moment} - ({into_day}) % {width_us}, {offset.start_us})"

    return _by_offset(found, moment, start)


def _local(found: Iterable[Offset], moment: str) -> str:
    """Microseconds that the clocks have counted since a Monday, never negative."""
    return f"{moment} + {_by_offset(found, moment, lambda offset: str(offset.ahead_us + _FROM_MONDAY_US))}"


def _by_offset(found: Iterable[Offset], moment: str, said: Callable[[Offset], str]) -> str:
    branches = [f"WHEN {moment} < {offset.end_us} THEN {said(offset)}" for offset in found]
    return f"CASE {' '.join(branches)} END" if branches else "NULL::BIGINT"
