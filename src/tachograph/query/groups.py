"""The rows of one side of a query: all of them, the first ones, and what is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tachograph.errors import BadQuestion
from tachograph.query.checking import WINDOWS_MAX
from tachograph.query.grouping import NULL_OF_NOTHING, grouped
from tachograph.query.measures import percentile_column
from tachograph.query.model import CLOCK, NAMES, OTHER
from tachograph.query.rolling import rolled
from tachograph.query.rows import Row, criteria, filled, order_by
from tachograph.query.widths import width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tachograph.query.rows import Key
    from tachograph.query.side import Side


class Kept(msgspec.Struct, frozen=True):
    """What a limit keeps: of some dimensions, from 0, these combinations of values."""

    columns: tuple[int, ...]
    values: list[Key]


class Groups:
    """The rows of a side, from the metrics that have all dimensions."""

    def __init__(self, side: Side) -> None:
        self._side = side
        self._query = side.query
        self._keys = side.looked_at.keys()

    def all(self, kept: Kept | None = None) -> list[Row]:
        """Every row, or those of what was kept; with those of empty windows, where they are asked for."""
        rows = self._rows()
        if kept is not None:
            rows = self._joined(rows, "SEMI", kept)
        return self._filled(self._read(self._grouped(rolled(self._side, rows), self._keys)))

    def first(self, limit: int) -> list[Row]:
        """Of rows without a window the first ones, and one more where there are more."""
        wanted = order_by(criteria(self._query, self._query.by), self._keys)
        groups = self._grouped(self._rows(), self._keys)
        return self._read(f"SELECT * FROM ({groups}) ORDER BY {wanted} LIMIT {limit + 1:d}")

    def first_series(self, limit: int) -> Kept:
        """Of the combinations of all dimensions but the window the first ones, and one more where there are more."""
        columns = tuple(index for index, name in enumerate(self._query.by) if not width(name))
        keys = [self._keys[index] for index in columns]
        groups = self._grouped(self._side.in_range.rows(self._side.wanted.columns()), keys)
        if self._query.rolling > 1:
            groups = self._with_earlier_series(groups, keys)
        wanted = order_by(criteria(self._query, [self._query.by[index] for index in columns]), keys)
        found = self._side.asked(f"SELECT * FROM ({groups}) ORDER BY {wanted} LIMIT {limit + 1:d}")
        return Kept(columns, [tuple(sums[key] for key in keys) for sums in found])

    def other(self, kept: Kept) -> list[Row]:
        """What wasn't kept, in one row; where series of windows were, in one for each window. None where nothing is."""
        side, windows = self._side, self._side.windows
        if windows is None or windows.index in kept.columns:
            rows = self._joined(side.in_range.rows(side.wanted.columns()), "ANTI", kept)
            found = side.asked(self._grouped(f"SELECT *, 0 AS one FROM ({rows})", ["one"]))
            if not found and self._fills():
                found = [self._nothing()]
            return [Row(self._other_key(None), side.measured(sums), is_other=True) for sums in found]
        key = self._keys[windows.index]
        rows = rolled(side, self._joined(self._rows(), "ANTI", kept))
        found = side.asked(self._grouped(rows, [key]))
        if not found:
            return []
        return self._filled([Row(self._other_key(sums[key]), side.measured(sums), is_other=True) for sums in found])

    def _rows(self) -> str:
        return self._side.looked_at.rows(self._side.wanted.columns())

    def _grouped(self, rows: str, keys: Sequence[str]) -> str:
        side = self._side
        return grouped(rows, keys, side.wanted, condensed=side.looked_at.source.condensed, large=side.large)

    def _read(self, sql: str) -> list[Row]:
        return [
            Row(tuple(sums[key] for key in self._keys), self._side.measured(sums)) for sums in self._side.asked(sql)
        ]

    def _joined(self, rows: str, how: str, kept: Kept) -> str:
        """The rows whose dimensions have values that were kept (SEMI), or the others (ANTI)."""
        lists = [
            f"unnest({self._side.parameters.add([key[place] for key in kept.values])}::{self._kind(index)}[])"
            f" AS {self._keys[index]}"
            for place, index in enumerate(kept.columns)
        ]
        same = " AND ".join(f"rows.{self._keys[index]} = kept.{self._keys[index]}" for index in kept.columns)
        return f"SELECT rows.* FROM ({rows}) AS rows {how} JOIN (SELECT {', '.join(lists)}) AS kept ON {same}"

    def _kind(self, index: int) -> str:
        name = self._query.by[index]
        return "BIGINT" if name in CLOCK or width(name) else "VARCHAR"

    def _with_earlier_series(self, groups: str, keys: Sequence[str]) -> str:
        """Groups of the range, and those that only windows before it have, with nothing in them."""
        named = ", ".join(keys)
        sums = [
            f"found.{name}" if nothing is None else f"coalesce(found.{name}, {nothing}) AS {name}"
            for name, nothing in self._nothing().items()
        ]
        return f"""
            SELECT {", ".join([*(f"known.{key}" for key in keys), *sums])}
            FROM (SELECT DISTINCT {named} FROM ({self._side.looked_at.rows(())})) AS known
            LEFT JOIN ({groups}) AS found USING ({named})
        """

    def _nothing(self) -> dict[str, Any]:
        """The sums of no rows."""
        needs = self._side.needs
        return {
            **{name: None if name in NULL_OF_NOTHING else 0 for name in needs.sums},
            **{percentile_column(percent): None for percent in needs.percentiles},
        }

    def _other_key(self, start_us: int | None) -> Key:
        return tuple(start_us if width(name) else OTHER if name in NAMES else None for name in self._query.by)

    def _fills(self) -> bool:
        """Whether there are rows of windows in which nothing happened."""
        return self._side.windows is not None and (self._query.fill or self._query.rolling > 1)

    def _filled(self, rows: list[Row]) -> list[Row]:
        """The rows, with those of windows in which nothing happened, where they are asked for."""
        windows = self._side.windows
        if windows is None or not self._fills():
            return rows
        starts, index = self._side.starts, windows.index
        series = {row.key[:index] + row.key[index + 1 :] for row in rows}
        if len(self._query.by) == 1:
            series = {()}
        if len(series) * len(starts) > WINDOWS_MAX:
            raise BadQuestion(
                f"{len(starts):,} windows of {len(series):,} rows each are too many to be filled in",
                where="by",
                mend="narrow the range, widen the windows, or give a limit",
            )
        return filled(rows, starts, index, series, self._side.measured(self._nothing()))
