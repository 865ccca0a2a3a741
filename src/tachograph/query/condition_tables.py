"""Conditions in a document: `{field = "tool", any_of = ["Bash"]}`, `{all = [...]}`, `{not = ...}`, or text."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, Final, NoReturn

from tachograph.errors import BadQuestion
from tachograph.query.closest import closest
from tachograph.query.expression import DEPTH_MAX, parse
from tachograph.query.model import AMOUNTS, CLOCK, All, Any_, AnyOf, Between, NoneOf, Not, Pattern, Prefix
from tachograph.query.values import FIELDS, NUMBERS_MAX, clock_value, clock_values_like

if TYPE_CHECKING:
    from tachograph.query.model import Filter

_LISTS: Final = ("any_of", "none_of")
_LIKE: Final = ("prefix", "pattern")
_BOUNDS: Final = {"at_least": "low", "above": "low", "at_most": "high", "below": "high"}
_TESTS: Final = (*_LISTS, *_LIKE, *_BOUNDS)
_GROUPS: Final = ("all", "any", "not")
_KEYS: Final = ("field", *_TESTS, *_GROUPS)
_EXAMPLE: Final = '"tool=Bash", or {field = "tool", any_of = ["Bash"]}'


def condition(value: Any, where: str, depth: int = 0) -> Filter:
    """What the value says; `where` is its place in the document. Raises `BadQuestion` for what is no condition."""
    if depth > DEPTH_MAX:
        _wrong(f"more than {DEPTH_MAX} conditions lie within each other", where.partition(".")[0], "say it with fewer")
    if isinstance(value, str):
        return parse(value, where)
    if not isinstance(value, dict):
        _wrong(f"{_shown(value)} is no condition", where, f"write {_EXAMPLE}")
    for key in value:
        if key not in _KEYS:
            _wrong(f"a condition has no {key!r}", where, closest(key, _KEYS))
    groups = [key for key in _GROUPS if key in value]
    if not groups:
        return _test(value, where)
    if len(value) > 1:
        _wrong(f"{groups[0]} stands alone in its table", where, "put each condition into a table of its own")
    return _group(groups[0], value[groups[0]], f"{where}.{groups[0]}", depth + 1)


def _group(key: str, parts: Any, where: str, depth: int) -> Filter:
    if key == "not":
        return Not(condition(parts, where, depth))
    if not isinstance(parts, list) or not parts:
        _wrong(f"{_shown(parts)} is no list of conditions", where, f"write [{_EXAMPLE}]")
    read = tuple(condition(part, f"{where}[{place}]", depth) for place, part in enumerate(parts))
    if len(read) == 1:
        return read[0]
    return All(read) if key == "all" else Any_(read)


def _test(table: dict[str, Any], where: str) -> Filter:
    field = table.get("field")
    if "field" not in table:
        _wrong("a condition names no field", where, f"write {_EXAMPLE}")
    if field not in FIELDS:
        _wrong(f"there is no field {_shown(field)}", where, closest(str(field), FIELDS))
    tests = [key for key in table if key != "field"]
    if not tests:
        _wrong(f"it doesn't say what {field} is to be", where, f"add one of {', '.join(_TESTS)}")
    key = tests[0]
    if key in _BOUNDS:
        return _between(field, {test: table[test] for test in tests}, where)
    if len(tests) > 1:
        _wrong(f"{key} and {tests[1]} are two conditions", where, "put them into two tables within all = [...]")
    if key in _LISTS:
        values = _values(field, table[key], f"{where}.{key}")
        return AnyOf(field, values) if key == "any_of" else NoneOf(field, values)
    if field in (*CLOCK, *AMOUNTS):
        _wrong(f"{field} is a number, and has no {key}", where, "use at_least, above, at_most, below")
    if not isinstance(table[key], str):
        _wrong(f"{_shown(table[key])} is no text", f"{where}.{key}", f"give {field} a text")
    return Prefix(field, table[key]) if key == "prefix" else Pattern(field, table[key])


def _values(field: str, values: Any, where: str) -> tuple[str | int, ...]:
    if field in AMOUNTS:
        _wrong(f"{field} is an amount, and no list has it", where, "use at_least, above, at_most, below")
    if not isinstance(values, list) or not values:
        _wrong(
            f"{_shown(values)} is no list of values",
            where,
            f'give one, such as ["{"1" if field in CLOCK else "Bash"}"]',
        )
    if field in CLOCK:
        return tuple(_clock(field, value, where) for value in values)
    for value in values:
        if not isinstance(value, str):
            _wrong(f"{_shown(value)} is no text", where, f"give texts for {field}")
    return tuple(values)


def _clock(field: str, value: Any, where: str) -> int:
    try:
        return clock_value(field, value if isinstance(value, str) else repr(value))
    except ValueError:
        _wrong(f"{_shown(value)} is no {field}", where, clock_values_like(field))


def _between(field: str, tests: dict[str, Any], where: str) -> Filter:
    if field not in (*CLOCK, *AMOUNTS):
        _wrong(
            f"{field} is a name: it isn't more or less than another",
            where,
            f"use any_of, or one of {', '.join(AMOUNTS)}",
        )
    said: dict[str, Any] = {}
    for key, bound in tests.items():
        if key not in _BOUNDS:
            _wrong(
                f"{next(iter(tests))} and {key} are two conditions",
                where,
                "put them into two tables within all = [...]",
            )
        side = _BOUNDS[key]
        if side in said:
            _wrong(
                f"{key} is said beside another {'lower' if side == 'low' else 'upper'} bound", where, "leave one out"
            )
        said[side] = _clock(field, bound, where) if field in CLOCK else _amount(field, bound, f"{where}.{key}")
        said[f"{side}_outside"] = key in {"above", "below"}
    return Between(field, **said)


def _amount(field: str, bound: Any, where: str) -> int | float:
    whole = type(bound) is int and abs(bound) <= NUMBERS_MAX
    if not whole and not (isinstance(bound, float) and isfinite(bound)):
        _wrong(f"{_shown(bound)} is no number", where, f"give {field} a number, such as 1000 or 0.5")
    amount: int | float = bound
    return amount


def _shown(value: Any) -> str:
    return f"{value!r:.80}"


def _wrong(what: str, where: str, mend: str) -> NoReturn:
    raise BadQuestion(what, where=where, mend=mend)
