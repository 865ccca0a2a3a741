"""A filter as the text that `expression.parse` reads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tachograph.errors import BadQuestion
from tachograph.query.model import All, Any_, AnyOf, Between, NoneOf, Not, Pattern, Prefix
from tachograph.query.values import WEEKDAYS

if TYPE_CHECKING:
    from tachograph.query.model import Filter

_PLAIN: Final = re.compile(r"""[^\s,()'"<>=!~^&|][^\s,()'"<>=!]*""")
_WORDS: Final = frozenset({"and", "or", "not"})
_DEPTH_MAX: Final = 100


def said(condition: Filter) -> str:
    """The text from which `parse` makes the same filter again.

    A single condition in an `All` or `Any_` is said without it. Raises `BadQuestion` for what no text says: a list
    of no values or conditions, a range without bounds, and what lies deeper than a hundred levels.
    """
    return _said(condition, 0)


def _said(condition: Filter, depth: int) -> str:
    if depth > _DEPTH_MAX:
        raise BadQuestion(f"a condition lies within more than {_DEPTH_MAX} others", mend="say it with fewer")
    match condition:
        case AnyOf() | NoneOf():
            sign = "=" if isinstance(condition, AnyOf) else "!="
            values = [_value(condition.field, value) for value in condition.values]
            return f"{condition.field}{sign}{','.join(_some(values))}"
        case Prefix():
            return f"{condition.field}^={_quoted(condition.text)}"
        case Pattern():
            return f"{condition.field}~{_quoted(condition.glob)}"
        case Between():
            return _range(condition)
        case Not():
            return f"not {_part(condition.of, depth)}"
        case All() | Any_():
            word = " and " if isinstance(condition, All) else " or "
            if len(condition.of) == 1:
                return _said(condition.of[0], depth + 1)
            return word.join(_some([_part(part, depth) for part in condition.of]))


def _part(condition: Filter, depth: int) -> str:
    """In parentheses where it is made of several."""
    text = _said(condition, depth + 1)
    while isinstance(condition, All | Any_) and len(condition.of) == 1:
        (condition,) = condition.of
    return f"({text})" if isinstance(condition, All | Any_) else text


def _some(parts: list[str]) -> list[str]:
    if not parts:
        raise BadQuestion("a condition with nothing in it can't be written", mend="leave it out")
    return parts


def _range(condition: Between) -> str:
    below, above = ("<" if outside else "<=" for outside in (condition.low_outside, condition.high_outside))
    low, high = (None if one is None else _bound(condition.field, one) for one in (condition.low, condition.high))
    if low is not None and high is not None:
        return f"{low}{below}{condition.field}{above}{high}"
    if low is not None:
        return f"{condition.field}{below.replace('<', '>')}{low}"
    return f"{condition.field}{above}{_some([high] if high is not None else [])[0]}"


def _bound(field: str, bound: float) -> str:
    """A number; numbers of weekdays stay such, so that a range may begin with one."""
    return str(int(bound)) if field in {"weekday", "hour_of_day"} else repr(bound)


def _value(field: str, value: str | int) -> str:
    if field == "weekday" and isinstance(value, int) and 1 <= value <= len(WEEKDAYS):
        return WEEKDAYS[value - 1][:3]
    return _quoted(str(value))


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return "'" + text.replace("'", "''") + "'"
