"""Rows of an answer on their way: their keys and sums, their order, and the windows in which nothing happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tachograph.query.measures import measure
from tachograph.query.widths import width

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tachograph.query.model import Query

Key = tuple[Any, ...]
"""A value for each dimension; windows by their first moment, in microseconds since 1970."""


class Row(msgspec.Struct):
    """One row: its key, its measures, and whether it is everything beyond the limit."""

    key: Key
    measures: dict[str, Any]
    is_other: bool = False


class Criterion(msgspec.Struct, frozen=True):
    """What rows are ordered by: a measure, or the dimension of a number, from 0."""

    of: str | int
    descending: bool = False


def criteria(query: Query, by: Sequence[str]) -> list[Criterion]:
    """What rows by these dimensions are ordered by, the most important first."""
    plain = [name.removeprefix("-") for name in query.order]
    turned = {name for name, written in zip(plain, query.order, strict=True) if name != written}
    default = [name for name in by if width(name)] or query.measures[:1]
    wanted = dict.fromkeys(name for name in (*plain, *default, *by) if name in by or name in query.measures)
    return [
        Criterion(by.index(name), name in turned) if name in by else Criterion(name, name not in turned)
        for name in wanted
    ]


def order_by(wanted: Iterable[Criterion], keys: Sequence[str]) -> str:
    """The same order in SQL, of groups with those keys."""
    return ", ".join(
        f"{keys[each.of] if isinstance(each.of, int) else measure(each.of).order}"
        f" {'DESC' if each.descending else 'ASC'} NULLS LAST"
        for each in wanted
    )


def in_order(rows: list[Row], wanted: Sequence[Criterion], window: int | None) -> list[Row]:
    """The rows in that order; those of everything else come last, in their window if that comes first of all."""
    first, *rest = wanted
    for each in reversed(rest):
        _sort(rows, _value_of(each.of), descending=each.descending)
    by_window = first.of == window
    if by_window:
        rows.sort(key=lambda row: row.is_other)
    _sort(rows, _value_of(first.of), descending=first.descending)
    if not by_window:
        rows.sort(key=lambda row: row.is_other)
    return rows


def _value_of(of: str | int) -> Callable[[Row], Any]:
    return (lambda row: row.key[of]) if isinstance(of, int) else (lambda row: row.measures[of])


def _sort(rows: list[Row], value_of: Callable[[Row], Any], *, descending: bool) -> None:
    """Sorts by a value, the rows without one last; those that are equal stay as they were."""
    without = [row for row in rows if value_of(row) is None]
    having = [row for row in rows if value_of(row) is not None]
    having.sort(key=value_of, reverse=descending)
    rows[:] = having + without


def filled(
    rows: list[Row], starts: Sequence[int], window: int, series: Iterable[Key], empty: dict[str, Any]
) -> list[Row]:
    """The rows, and an empty one for each window in which a series has none; all are of what the first one is of."""
    is_other = bool(rows) and rows[0].is_other
    have = {row.key for row in rows}
    for rest in series:
        for start in starts:
            key = (*rest[:window], start, *rest[window:])
            if key not in have:
                rows.append(Row(key, dict(empty), is_other))
    return rows
