"""What the measures were in an earlier range, and how they changed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

from tachograph.query.groups import Groups, Kept

if TYPE_CHECKING:
    from tachograph.query.rows import Row
    from tachograph.query.side import Side

Found = dict[tuple[Any, ...], dict[str, Any]]
"""The measures of the earlier range's rows, by what they have in common with those of the later."""


def earlier_rows(now: Side, before: Side, kept: Kept | None, *, other: bool) -> Found:
    """The rows of the earlier range that those of the range are compared with; `kept` is what its limit kept."""
    groups = Groups(before)
    if kept is not None and now.windows and now.windows.index in kept.columns:
        numbers = {now.numbers.get(key[0]) for key in kept.values}
        kept = Kept(kept.columns, [(start,) for start, number in before.numbers.items() if number in numbers])
        rows = groups.all()  # also what the windows that were kept may look back on
    else:
        rows = groups.all(kept)
    if kept and other:
        rows += groups.other(kept)
    return {matched(row, before): row.measures for row in rows}


def matched(row: Row, side: Side) -> tuple[Any, ...]:
    """What a row has in common with the one that it is compared with: its names, and the number of its window."""
    index = side.windows.index if side.windows else None
    key = (side.numbers.get(value) if place == index else value for place, value in enumerate(row.key))
    return (row.is_other, *key)


class Changes(msgspec.Struct, frozen=True):
    """What an answer has of an earlier range beside its own measures."""

    found: Found
    side: Side

    def of(self, row: Row) -> dict[str, Any]:
        """What a row of the range is compared with."""
        return changes(row.measures, self.found.get(matched(row, self.side)))


def changes(now: dict[str, Any], before: dict[str, Any] | None) -> dict[str, Any]:
    """What the measures were before, None where there was no such row, and how they changed."""
    known = before or dict.fromkeys(now)
    return {"previous": before, "change": {name: _change(now[name], known[name]) for name in now}}


def _change(now: Any, before: Any) -> dict[str, Any]:
    absolute = None if now is None or before is None else now - before
    if absolute is None or not math.isfinite(absolute):
        return {"absolute": None, "relative": None}
    return {"absolute": absolute, "relative": absolute / before if before else None}
