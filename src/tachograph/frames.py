"""Tables as those of pyarrow, polars and pandas, for whoever has these libraries.

Whole numbers are 64-bit integers that may be absent, other numbers floats, moments are in microseconds of UTC, counts
by name are JSON.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from tachograph.errors import TachographError
from tachograph.tables import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tachograph.tables import Kind, Table

_ARROW: Final[dict[Kind, str]] = {"whole": "int64", "float": "float64", "flag": "bool_"}
_POLARS: Final[dict[Kind, str]] = {"whole": "Int64", "float": "Float64", "flag": "Boolean"}
_PANDAS: Final[dict[Kind, str]] = {
    "whole": "Int64",
    "float": "float64",
    "flag": "boolean",
    "time": "datetime64[us, UTC]",
}


def to_arrow(table: Table) -> Any:
    """As a `pyarrow.Table`. Raises `TachographError` without pyarrow, and for a number that 64 bits don't hold."""
    arrow = _library("pyarrow")
    types = {
        kind: getattr(arrow, name)() for kind, name in _ARROW.items()
    } | {"time": arrow.timestamp("us", tz="UTC"), "text": arrow.string(), "counts": arrow.string()}  # fmt: skip
    try:
        columns = [
            arrow.array(_values(values, kind), types[kind])
            for (_, kind), values in zip(table.columns, table.by_column(), strict=True)
        ]
    except OverflowError:
        raise _beyond() from None
    return arrow.table(columns, names=[name for name, _ in table.columns])


def to_polars(table: Table) -> Any:
    """As a `polars.DataFrame`. Raises `TachographError` without polars, and for a number that 64 bits don't hold."""
    polars = _library("polars")
    types = {kind: getattr(polars, name) for kind, name in _POLARS.items()}
    types |= {"time": polars.Datetime("us", "UTC"), "text": polars.String, "counts": polars.String}
    try:
        return polars.DataFrame(
            [
                polars.Series(name, _values(values, kind), dtype=types[kind], strict=True)
                for (name, kind), values in zip(table.columns, table.by_column(), strict=True)
            ]
        )
    except (OverflowError, TypeError):
        raise _beyond() from None


def to_pandas(table: Table) -> Any:
    """As a `pandas.DataFrame`. Raises `TachographError` without pandas, and for a number that 64 bits don't hold."""
    pandas = _library("pandas")
    try:
        return pandas.DataFrame(
            {
                name: pandas.Series(_values(values, kind), dtype=_PANDAS.get(kind, "string"))
                for (name, kind), values in zip(table.columns, table.by_column(), strict=True)
            }
        )
    except (OverflowError, TypeError):
        raise _beyond() from None


def _values(values: Sequence[Any], kind: Kind) -> list[Any]:
    if kind == "time":
        return [None if label is None else datetime.fromisoformat(label).astimezone(UTC) for label in values]
    if kind == "float":  # some of them may be whole
        return [None if number is None else float(number) for number in values]
    return [plain(value, kind) if kind == "counts" else value for value in values]


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise TachographError(f"{name} isn't installed", mend=f"pip install {name}") from None


def _beyond() -> TachographError:
    return TachographError(
        "a number of the answer is beyond the 64 bits that a column has for it", mend="ask for a shorter range"
    )
