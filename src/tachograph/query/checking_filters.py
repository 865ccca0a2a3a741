"""What is wrong with the filter of a query."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from tachograph.errors import BadQuestion
from tachograph.metric import METRIC_TYPES
from tachograph.query.closest import closest
from tachograph.query.model import AMOUNTS, CLOCK, NAMES, All, Any_, AnyOf, Between, NoneOf, Not, Pattern, Prefix
from tachograph.query.widths import width

if TYPE_CHECKING:
    from tachograph.query.model import Filter

DEPTH_MAX: Final = 100
_CONDITIONS_MAX: Final = 1_000
_CLOCK_VALUES: Final = {"hour_of_day": range(24), "weekday": range(1, 8)}
_WORDS: Final = {"type": tuple(sorted(METRIC_TYPES)), "outcome": ("success", "failure")}
_CONDITIONS: Final = (AnyOf, NoneOf, Prefix, Pattern, Between)


def check_filter(filter: Filter) -> None:
    """Raises `BadQuestion` for a condition that can't be meant, and for more of them than anybody writes."""
    conditions, waiting = 0, [(filter, 1)]
    while waiting:
        one, depth = waiting.pop()
        conditions += 1
        if depth > DEPTH_MAX or conditions > _CONDITIONS_MAX:
            raise BadQuestion(
                f"the filter has more than {DEPTH_MAX} levels or {_CONDITIONS_MAX:,} conditions",
                where="where",
                mend="write it more plainly: any of several values is one condition",
            )
        if isinstance(one, All | Any_):
            waiting += [(part, depth + 1) for part in one.of]
        elif isinstance(one, Not):
            waiting.append((one.of, depth + 1))
        elif isinstance(one, _CONDITIONS):
            _check_condition(one)
        else:
            raise BadQuestion(f"{one!r} is no condition", where="where", mend="AnyOf, Prefix, Between and such are")


def _check_condition(condition: AnyOf | NoneOf | Prefix | Pattern | Between) -> None:
    field = condition.field
    if field not in (*NAMES, *CLOCK, *AMOUNTS):
        mend = closest(field, (*NAMES, *CLOCK, *AMOUNTS))
        if width(field):
            mend = "say from when to when by start and end; hour_of_day and weekday can be conditions"
        raise BadQuestion(f"there is no field {field!r} to filter by", where="where", mend=mend)
    if isinstance(condition, Between):
        _check_bounds(condition)
    elif isinstance(condition, Prefix | Pattern):
        if field not in NAMES:
            raise BadQuestion(f"{field} is a number", where="where", mend="give it values or a range, no text")
        _check_text(field, condition.text if isinstance(condition, Prefix) else condition.glob)
    elif field in AMOUNTS:
        raise BadQuestion(f"{field} is an amount", where="where", mend="give it a range, no values")
    else:
        for value in condition.values:
            _check_value(field, value)


def _check_value(field: str, value: str | int) -> None:
    if field in CLOCK:
        if isinstance(value, bool) or not isinstance(value, int) or value not in _CLOCK_VALUES[field]:
            known = _CLOCK_VALUES[field]
            raise BadQuestion(
                f"{field} is never {value!r}", where="where", mend=f"it is a number from {known[0]} to {known[-1]}"
            )
        return
    _check_text(field, value)
    if field in _WORDS and value not in _WORDS[field]:
        raise BadQuestion(f"{field} is never {value!r}", where="where", mend=closest(str(value), _WORDS[field]))


def _check_text(field: str, text: str | int) -> None:
    if not isinstance(text, str):
        raise BadQuestion(f"{field} is a text, and {text!r} is none", where="where", mend=f"write '{text}'")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadQuestion(f"{text!r} is no text that UTF-8 has", where="where", mend=f"write {field} anew") from None


def _check_bounds(condition: Between) -> None:
    field, low, high = condition.field, condition.low, condition.high
    if field in NAMES:
        raise BadQuestion(f"{field} is a name, which has no range", where="where", mend="give it values or a prefix")
    if low is None and high is None:
        raise BadQuestion(f"the range of {field} has no bound", where="where", mend="give one bound or both")
    for bound in (low, high):
        if bound is not None and not _is_number(bound):
            raise BadQuestion(f"{bound!r} can't bound {field}", where="where", mend="a bound is a number")
    if low is not None and high is not None and high < low:
        raise BadQuestion(
            f"the range of {field} ends ({high}) before it begins ({low})", where="where", mend="swap them"
        )


def _is_number(bound: float) -> bool:
    if isinstance(bound, bool) or not isinstance(bound, int | float):
        return False
    try:
        return math.isfinite(float(bound))
    except OverflowError:
        return False
