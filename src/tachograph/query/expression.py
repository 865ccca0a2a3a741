"""Conditions as text: `tool=Bash,Read and (duration_ms>1000 or not model^=claude-opus) and project!='/home/ana/a b'`.

    condition := both {"or" both}
    both      := single {"and" single}
    single    := "not" single | "(" condition ")" | test
    test      := field ("=" | "!=") value {"," value} | field ("^=" | "~") value
               | field ("<" | "<=" | ">" | ">=") number | number ("<" | "<=") field ("<" | "<=") number
    value     := a word | '…' | "…"   (within quotes, the quote itself is written twice)

What is in parentheses stays together: `(a and b) and c` has two conditions, `a and b and c` three.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NoReturn

from tachograph.errors import BadQuestion
from tachograph.query.closest import closest
from tachograph.query.model import AMOUNTS, CLOCK, All, Any_, AnyOf, Between, NoneOf, Not, Pattern, Prefix
from tachograph.query.values import FIELDS, clock_value, clock_values_like, number

if TYPE_CHECKING:
    from collections.abc import Callable

    from tachograph.query.model import Filter

DEPTH_MAX: Final = 50
"""So many parentheses and nots may lie within each other."""
LENGTH_MAX: Final = 100_000
_SPACE: Final = re.compile(r"\s*")
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VALUE: Final = re.compile(r"""[^\s,()'"<>=!~^][^\s,()'"<>=!]*""")
_QUOTED: Final = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*\"""")
_OPERATOR: Final = re.compile(r"\^=|!=|<=|>=|==|=~|!~|<>|=|~|<|>")
_OPERATORS: Final = ("=", "!=", "^=", "~", "<", "<=", ">", ">=")
_FOREIGN: Final = {
    "==": "write =",
    "=~": "write ~ and a pattern",
    "!~": "write not before the field, and ~",
    "<>": "write !=",
}
_FOREIGN_JOINTS: Final = {"&": "write and", "|": "write or", "!": "write not", ",": "write and, or quote the value"}
_SHOWN: Final = 24
"""So much of the text is shown on each side of a mistake."""


def parse(text: str, where: str | None = None) -> Filter:
    """The condition that the text says. Raises `BadQuestion`, which points at what is wrong; `where` is its place."""
    if len(text) > LENGTH_MAX:
        raise BadQuestion(
            f"a condition of {len(text):,} characters is too long", where=where, mend=f"up to {LENGTH_MAX:,}"
        )
    return _Reading(text, where).whole()


class _Reading:
    """A text, and how far it has been read."""

    def __init__(self, text: str, where: str | None) -> None:
        self._text = text
        self._where = where
        self._at = 0
        self._depth = 0

    def whole(self) -> Filter:
        """All of the text, or a mistake."""
        condition = self._condition()
        if not self._ended():
            rest = self._text[self._at]
            mend = "remove it" if rest == ")" else _FOREIGN_JOINTS.get(rest, "join conditions with and, or")
            self._wrong(f"{self._next_word()!r} doesn't belong here", mend)
        return condition

    def _condition(self) -> Filter:
        return self._joined("or", self._both, Any_)

    def _both(self) -> Filter:
        return self._joined("and", self._single, All)

    def _joined(self, word: str, part: Callable[[], Filter], whole: type[All | Any_]) -> Filter:
        parts = [part()]
        while self._took(word):
            parts.append(part())
        return whole(tuple(parts)) if len(parts) > 1 else parts[0]

    def _single(self) -> Filter:
        begun = self._skip()
        if self._took("not"):
            return Not(self._within(begun, self._single))
        if not self._text.startswith("(", begun):
            return self._test()
        self._at += 1
        condition = self._within(begun, self._condition)
        if not self._text.startswith(")", self._skip()):
            missing = f"close the ( of character {begun + 1} with )"
            self._wrong("the text ends" if self._ended() else f"{self._next_word()!r} doesn't belong here", missing)
        self._at += 1
        return condition

    def _within(self, begun: int, part: Callable[[], Filter]) -> Filter:
        """A part that lies one level deeper."""
        self._depth += 1
        if self._depth > DEPTH_MAX:
            self._wrong(f"more than {DEPTH_MAX} parentheses and nots lie within each other", "say it with fewer", begun)
        inner = part()
        self._depth -= 1
        return inner

    def _test(self) -> Filter:
        begun = self._skip()
        if self._text[begun : begun + 1].isdigit() or self._text.startswith(("-", "+", "."), begun):
            return self._chain()
        field = self._field()
        operator = self._operator(_OPERATORS, f"write one of {' '.join(_OPERATORS)} and a value after {field}")
        if operator in {"^=", "~"}:
            return self._likeness(field, operator)
        if operator in {"=", "!="}:
            return self._equality(field, outside=operator == "!=")
        bound = self._bound(field)
        if operator[0] == "<":
            return Between(field, high=bound, high_outside=operator == "<")
        return Between(field, low=bound, low_outside=operator == ">")

    def _chain(self) -> Filter:
        """`1 <= tokens < 5`, or its first half."""
        begun = self._at
        self._value()
        order = "begin with the field, or write it as in 100<=duration_ms<200"
        low_outside = self._operator(("<", "<="), order) == "<"
        field = self._field()
        after = self._at
        self._at = begun
        low = self._bound(field)
        self._at = after
        if self._text[self._skip() : self._at + 1] not in {"<", ">", "="}:
            return Between(field, low=low, low_outside=low_outside)
        high_outside = self._operator(("<", "<="), order) == "<"
        return Between(field, low, self._bound(field), low_outside, high_outside)

    def _likeness(self, field: str, operator: str) -> Filter:
        if field in (*CLOCK, *AMOUNTS):
            self._wrong(f"{field} is a number, and has no {operator}", "compare it with =, <, <=, >, >=")
        text, _ = self._value()
        if self._took(","):
            self._wrong(f"{operator} takes one value", f"write {field}{operator}… or {field}{operator}…", self._at - 1)
        return Prefix(field, text) if operator == "^=" else Pattern(field, text)

    def _equality(self, field: str, *, outside: bool) -> Filter:
        if field in AMOUNTS:
            amount = self._bound(field)
            return Not(Between(field, amount, amount)) if outside else Between(field, amount, amount)
        values = [self._equal(field)]
        while self._took(","):
            values.append(self._equal(field))
        return NoneOf(field, tuple(values)) if outside else AnyOf(field, tuple(values))

    def _equal(self, field: str) -> str | int:
        text, begun = self._value()
        return self._clock_value(field, text, begun) if field in CLOCK else text

    def _bound(self, field: str) -> int | float:
        if field not in (*CLOCK, *AMOUNTS):
            self._wrong(
                f"{field} is a name: it isn't more or less than another", f"use = or ~, or one of {', '.join(AMOUNTS)}"
            )
        text, begun = self._value()
        if field in CLOCK:
            return self._clock_value(field, text, begun)
        try:
            return number(text)
        except ValueError:
            self._wrong(f"{text!r} is no number", f"give {field} a number, such as 1000 or 0.5", begun)

    def _clock_value(self, field: str, text: str, begun: int) -> int:
        try:
            return clock_value(field, text)
        except ValueError:
            self._wrong(f"{text!r} is no {field}", clock_values_like(field), begun)

    def _field(self) -> str:
        begun = self._skip()
        word = _WORD.match(self._text, begun)
        if word is None:
            what = (
                "the text ends where a condition is missing" if self._ended() else f"{self._next_word()!r} is no field"
            )
            mend = _FOREIGN_JOINTS.get(
                self._text[begun : begun + 1], "a condition is such as tool=Bash or duration_ms>1000"
            )
            self._wrong(what, mend)
        if word[0].lower() in {"and", "or"}:
            self._wrong(f"{word[0]!r} has no condition before it", "write one, or leave it out")
        if word[0] not in FIELDS:
            self._wrong(f"there is no field {word[0]!r}", closest(word[0], FIELDS))
        self._at = word.end()
        return word[0]

    def _operator(self, allowed: tuple[str, ...], mend: str) -> str:
        found = _OPERATOR.match(self._text, self._skip())
        if found is None:
            self._wrong(
                "the text ends where an operator is missing"
                if self._ended()
                else f"{self._next_word()!r} is no operator",
                mend,
            )
        if found[0] not in allowed:
            self._wrong(
                f"{found[0]!r} is no operator" + (" here" if found[0] in _OPERATORS else ""),
                _FOREIGN.get(found[0], mend),
            )
        self._at = found.end()
        return found[0]

    def _value(self) -> tuple[str, int]:
        """A value, and where it begins."""
        begun = self._skip()
        quoted = _QUOTED.match(self._text, begun)
        if quoted:
            self._at = quoted.end()
            mark = quoted[0][0]
            return quoted[0][1:-1].replace(mark * 2, mark), begun
        plain = _VALUE.match(self._text, begun)
        if plain is None:
            if self._ended():
                self._wrong("the text ends where a value is missing", "write it; an empty one is ''")
            if self._text[begun] in "'\"":
                self._wrong(
                    f"the quote {self._text[begun]} isn't closed",
                    "close it; within quotes, write the quote itself twice",
                )
            self._wrong(
                f"{self._text[begun]!r} is no value", "quote values that hold spaces, commas, parentheses or operators"
            )
        self._at = plain.end()
        return plain[0], begun

    def _took(self, sign: str) -> bool:
        """Whether the word or sign comes next; it has been read then."""
        begun = self._skip()
        word = _WORD.match(self._text, begun)
        comes = word[0].lower() if word else self._text[begun : begun + 1]
        if comes != sign:
            return False
        self._at = begun + len(sign)
        return True

    def _skip(self) -> int:
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at
        return self._at

    def _ended(self) -> bool:
        return self._skip() == len(self._text)

    def _next_word(self) -> str:
        word = re.compile(r"\w+|.", re.DOTALL).match(self._text, self._skip())
        return word[0][:_SHOWN] if word else ""

    def _wrong(self, what: str, mend: str, at: int | None = None) -> NoReturn:
        at = self._at if at is None else at
        before, after = self._text[max(0, at - _SHOWN) : at], self._text[at : at + _SHOWN]
        shown = f"{'…' if at > _SHOWN else ''}{before}▸{after}{'…' if at + _SHOWN < len(self._text) else ''}"
        raise BadQuestion(f"{what} at character {at + 1}: {shown}", where=self._where, mend=mend)
