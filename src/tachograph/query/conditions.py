"""A filter as a condition in SQL, every value of it a parameter.

Conditions are true or false, never null: one on what a metric doesn't have is not met, and its negation is.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from tachograph.prices import UNITS_PER_DOLLAR
from tachograph.query.model import CLOCK, All, Any_, AnyOf, Between, NoneOf, Not, Prefix

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tachograph.query.model import Filter, Pattern

_COST_MAX: Final = 2**126
"""Beyond any cost that a column holds, and within what it can be compared with."""
_LISTED_MAX: Final = 200
"""More values than that are looked for in a table, which is quicker then; but hundreds of tables take all memory."""
_OWNERS: Final = {"session": "session_id", "project": "project_path", "user": "user_id"}
_LIKE: Final = str.maketrans({"*": "%", "?": "_", "%": "\\%", "_": "\\_", "\\": "\\\\"})


class Parameters:
    """Values that go into a statement beside its text."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def add(self, value: Any) -> str:
        """What stands for a value in SQL."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"${name}"


def owners(filter: Filter | None) -> dict[str, Sequence[str]]:
    """Whose every metric that passes must be: values by the column of a session, project or user.

    Of several conditions on one, all of which have to be met, any may be told.
    """
    every = filter.of if isinstance(filter, All) else [] if filter is None else [filter]
    return {
        _OWNERS[one.field]: [str(value) for value in one.values]
        for one in every
        if isinstance(one, AnyOf) and one.field in _OWNERS
    }


def condition(filter: Filter, fields: Mapping[str, str], parameters: Parameters) -> str:
    """The condition; `fields` says what each field is in SQL."""
    if isinstance(filter, Not):
        return f"NOT {condition(filter.of, fields, parameters)}"
    if isinstance(filter, All | Any_):
        word, nothing = (" AND ", "true") if isinstance(filter, All) else (" OR ", "false")
        parts = [condition(part, fields, parameters) for part in filter.of]
        return f"({word.join(parts)})" if parts else nothing
    if isinstance(filter, NoneOf):
        return f"NOT {condition(AnyOf(filter.field, filter.values), fields, parameters)}"
    return f"coalesce({_single(filter, fields[filter.field], parameters)}, false)"


def _single(one: AnyOf | Prefix | Pattern | Between, sql: str, parameters: Parameters) -> str:
    if isinstance(one, AnyOf):
        kind = "BIGINT" if one.field in CLOCK else "VARCHAR"
        values = f"{parameters.add(list(one.values))}::{kind}[]"
        if len(one.values) > _LISTED_MAX:
            return f"({sql}) IN (SELECT unnest({values}))"
        return f"list_contains({values}, {sql})"
    if isinstance(one, Prefix):
        return f"starts_with({sql}, {parameters.add(one.text)})"
    if isinstance(one, Between):
        return f"({' AND '.join(_bounds(one, sql, parameters))})"
    return f"{sql} LIKE {parameters.add(one.glob.translate(_LIKE))} ESCAPE '\\'"


def _bounds(one: Between, sql: str, parameters: Parameters) -> list[str]:
    bounds = []
    if one.low is not None:
        low, sign = _bound(one.field, one.low, outside=one.low_outside)
        bounds.append(f"({sql}) {'>' if sign else '>='} {parameters.add(low)}")
    if one.high is not None:
        high, sign = _bound(one.field, one.high, outside=one.high_outside, upper=True)
        bounds.append(f"({sql}) {'<' if sign else '<='} {parameters.add(high)}")
    return bounds


def _bound(field: str, bound: float, *, outside: bool, upper: bool = False) -> tuple[float | int, bool]:
    """A bound as its column is compared with it, and whether it is outside. Whole amounts have whole bounds."""
    if field == "duration_ms":
        return float(bound), outside
    exact = Fraction(str(bound)) * (UNITS_PER_DOLLAR if field == "cost_usd" else 1)
    whole = exact.denominator == 1
    nearest = math.floor(exact) if upper else math.ceil(exact)
    return min(max(nearest, -_COST_MAX), _COST_MAX), outside and whole
