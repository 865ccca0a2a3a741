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

from typing import TYPE_CHECKING, Final

from tachograph.errors import BadQuestion
from tachograph.query.closest import closest
from tachograph.query.model import AMOUNTS, CLOCK, All, Any_, AnyOf, Between, NoneOf, Not, Pattern, Prefix
from tachograph.query.scanner import OPERATORS, Scanner
from tachograph.query.values import FIELDS, clock_value, clock_values_like, number

if TYPE_CHECKING:
    from collections.abc import Callable

    from tachograph.query.model import Filter

DEPTH_MAX: Final = 50
"""So many parentheses and nots may lie within each other."""
LENGTH_MAX: Final = 100_000
_CONDITIONS_LIKE: Final = "a condition is such as tool=Bash or duration_ms>1000"
_FOREIGN_JOINTS: Final = {
    "&": "write and", "|": "write or", "!": "write not", ",": "write and, or quote the value", ")": "remove it"
}  # fmt: skip


def parse(text: str, where: str | None = None) -> Filter:
    """The condition that the text says. Raises `BadQuestion`, which points at what is wrong; `where` is its place."""
    if len(text) > LENGTH_MAX:
        raise BadQuestion(
            f"a condition of {len(text):,} characters is too long", where=where, mend=f"up to {LENGTH_MAX:,}"
        )
    return _Reading(text, where).whole()


class _Reading(Scanner):
    """A text that is a condition, and how far it has been read."""

    def __init__(self, text: str, where: str | None) -> None:
        super().__init__(text, where)
        self._depth = 0

    def whole(self) -> Filter:
        """All of the text, or a mistake."""
        condition = self._condition()
        if not self.ended():
            mend = _FOREIGN_JOINTS.get(self.next_sign(), "join conditions with and, or")
            self.wrong(f"{self.next_word()!r} doesn't belong here", mend)
        return condition

    def _condition(self) -> Filter:
        return self._joined("or", self._both, Any_)

    def _both(self) -> Filter:
        return self._joined("and", self._single, All)

    def _joined(self, word: str, part: Callable[[], Filter], whole: type[All | Any_]) -> Filter:
        parts = [part()]
        while self.took(word):
            parts.append(part())
        return whole(tuple(parts)) if len(parts) > 1 else parts[0]

    def _single(self) -> Filter:
        begun = self.skip()
        if self.took("not"):
            return Not(self._within(begun, self._single))
        if not self.took("("):
            return self._test()
        condition = self._within(begun, self._condition)
        if not self.took(")"):
            missing = f"close the ( of character {begun + 1} with )"
            self.wrong("the text ends" if self.ended() else f"{self.next_word()!r} doesn't belong here", missing)
        return condition

    def _within(self, begun: int, part: Callable[[], Filter]) -> Filter:
        """A part that lies one level deeper."""
        self._depth += 1
        if self._depth > DEPTH_MAX:
            self.wrong(f"more than {DEPTH_MAX} parentheses and nots lie within each other", "say it with fewer", begun)
        inner = part()
        self._depth -= 1
        return inner

    def _test(self) -> Filter:
        sign = self.next_sign()
        if sign.isdigit() or sign in {"-", "+", "."}:
            return self._chain()
        field = self._field()
        operator = self.operator(OPERATORS, f"write one of {' '.join(OPERATORS)} and a value after {field}")
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
        begun = self.at
        self.value()
        order = "begin with the field, or write it as in 100<=duration_ms<200"
        low_outside = self.operator(("<", "<="), order) == "<"
        field = self._field()
        after = self.at
        self.at = begun
        low = self._bound(field)
        self.at = after
        if self.next_sign() not in {"<", ">", "="}:
            return Between(field, low=low, low_outside=low_outside)
        high_outside = self.operator(("<", "<="), order) == "<"
        return Between(field, low, self._bound(field), low_outside, high_outside)

    def _likeness(self, field: str, operator: str) -> Filter:
        if field in (*CLOCK, *AMOUNTS):
            self.wrong(f"{field} is a number, and has no {operator}", "compare it with =, <, <=, >, >=")
        text, _ = self.value()
        if self.took(","):
            self.wrong(f"{operator} takes one value", f"write {field}{operator}… or {field}{operator}…", self.at - 1)
        return Prefix(field, text) if operator == "^=" else Pattern(field, text)

    def _equality(self, field: str, *, outside: bool) -> Filter:
        if field in AMOUNTS:
            amount = self._bound(field)
            return Not(Between(field, amount, amount)) if outside else Between(field, amount, amount)
        values = [self._equal(field)]
        while self.took(","):
            values.append(self._equal(field))
        return NoneOf(field, tuple(values)) if outside else AnyOf(field, tuple(values))

    def _equal(self, field: str) -> str | int:
        text, begun = self.value()
        return self._clock_value(field, text, begun) if field in CLOCK else text

    def _bound(self, field: str) -> int | float:
        if field not in (*CLOCK, *AMOUNTS):
            self.wrong(
                f"{field} is a name: it isn't more or less than another", f"use = or ~, or one of {', '.join(AMOUNTS)}"
            )
        text, begun = self.value()
        if field in CLOCK:
            return self._clock_value(field, text, begun)
        try:
            return number(text)
        except ValueError:
            self.wrong(f"{text!r} is no number", f"give {field} a number, such as 1000 or 0.5", begun)

    def _clock_value(self, field: str, text: str, begun: int) -> int:
        try:
            return clock_value(field, text)
        except ValueError:
            self.wrong(f"{text!r} is no {field}", clock_values_like(field), begun)

    def _field(self) -> str:
        begun = self.skip()
        word = self.word()
        if word is None:
            self.wrong(*self._no_field(), at=begun)
        if word.lower() in {"and", "or"}:
            self.wrong(f"{word!r} has no condition before it", "write one, or leave it out", begun)
        if word not in FIELDS:
            self.wrong(f"there is no field {word!r}", closest(word, FIELDS), begun)
        return word

    def _no_field(self) -> tuple[str, str]:
        """What is there instead of a field, and what would be right."""
        if self.ended():
            return "the text ends where a condition is missing", _CONDITIONS_LIKE
        return f"{self.next_word()!r} is no field", _FOREIGN_JOINTS.get(self.next_sign(), _CONDITIONS_LIKE)
