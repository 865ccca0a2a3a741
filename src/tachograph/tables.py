"""Rows with columns of known kinds: the form in which answers leave for files and for other libraries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

Kind = Literal["time", "text", "whole", "float", "flag", "counts"]
"""A moment (ISO 8601), a name, a whole number, another number, true or false, or how many by name."""
Columns = tuple[tuple[str, Kind], ...]


class Table(msgspec.Struct, frozen=True):
    """Columns, each with the kind of its values, and rows with a value for each; None is no value."""

    columns: Columns
    rows: Sequence[Sequence[Any]]

    def dictionaries(self) -> list[dict[str, Any]]:
        """Each row as its columns' names and its values."""
        names = [name for name, _ in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]

    def by_column(self) -> list[Sequence[Any]]:
        """The values of each column."""
        return list(zip(*self.rows, strict=True)) or [()] * len(self.columns)


class Tabular:
    """What can be had as a table, and by that as those of other libraries."""

    __slots__ = ()

    def to_table(self) -> Table:
        """The rows, with the kind of each column."""
        raise NotImplementedError

    def to_arrow(self) -> Any:
        """The rows as a `pyarrow.Table`. Raises `TachographError` without pyarrow."""
        from tachograph.frames import to_arrow  # noqa: PLC0415 - few want it

        return to_arrow(self.to_table())

    def to_polars(self) -> Any:
        """The rows as a `polars.DataFrame`. Raises `TachographError` without polars."""
        from tachograph.frames import to_polars  # noqa: PLC0415 - as above

        return to_polars(self.to_table())

    def to_pandas(self) -> Any:
        """The rows as a `pandas.DataFrame`. Raises `TachographError` without pandas."""
        from tachograph.frames import to_pandas  # noqa: PLC0415 - as above

        return to_pandas(self.to_table())


def plain(value: Any, kind: Kind) -> Any:
    """A value where only texts and numbers can be: flags are `true` or `false`, counts by name are JSON."""
    if value is None or kind not in {"flag", "counts"}:
        return value
    import json  # noqa: PLC0415 - few tables have any

    return json.dumps(value)
