"""Words, signs and values of a text, one after the other, and where it is wrong; spaces between them don't count."""

from __future__ import annotations

import re
from typing import Final, NoReturn

from tachograph.errors import BadQuestion

OPERATORS: Final = ("=", "!=", "^=", "~", "<", "<=", ">", ">=")
_FOREIGN: Final = {
    "==": "write =",
    "=~": "write ~ and a pattern",
    "!~": "write not before the field, and ~",
    "<>": "write !=",
}
_SPACE: Final = re.compile(r"\s*")
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NEXT: Final = re.compile(r"\w+|.|", re.DOTALL)
_VALUE: Final = re.compile(r"""[^\s,()'"<>=!~^][^\s,()'"<>=!]*""")
_QUOTED: Final = re.compile(r"""'(?:[^']|'')*+'|"(?:[^"]|"")*+\"""")
_OPERATOR: Final = re.compile(r"\^=|!=|<=|>=|==|=~|!~|<>|=|~|<|>")
_SHOWN: Final = 24
"""So much of the text is shown on each side of a mistake."""


class Scanner:
    """A text, and how far it has been read (`at`, from 0). What isn't there is a `BadQuestion` with its place."""

    def __init__(self, text: str, where: str | None) -> None:
        self._text = text
        self._where = where
        self.at = 0

    def skip(self) -> int:
        """Where the next word or sign begins."""
        space = _SPACE.match(self._text, self.at)
        self.at = space.end() if space else self.at
        return self.at

    def ended(self) -> bool:
        """Whether nothing is left."""
        return self.skip() == len(self._text)

    def next_sign(self) -> str:
        """The next character, not yet read; empty at the end."""
        begun = self.skip()
        return self._text[begun : begun + 1]

    def next_word(self) -> str:
        """The next word or sign, not yet read, as far as a message shows it."""
        found = _NEXT.match(self._text, self.skip())
        return found[0][:_SHOWN] if found else ""

    def took(self, sign: str) -> bool:
        """Whether that word (in any case) or sign comes next; it has been read then."""
        begun = self.skip()
        word = _WORD.match(self._text, begun)
        if (word[0].lower() if word else self._text[begun : begun + 1]) != sign:
            return False
        self.at = begun + len(sign)
        return True

    def word(self) -> str | None:
        """The next word; None where there is something else."""
        found = _WORD.match(self._text, self.skip())
        self.at = found.end() if found else self.at
        return found[0] if found else None

    def operator(self, allowed: tuple[str, ...], mend: str) -> str:
        """The next operator, which is one of those allowed."""
        found = _OPERATOR.match(self._text, self.skip())
        if found is None:
            ended = "the text ends where an operator is missing"
            self.wrong(ended if self.ended() else f"{self.next_word()!r} is no operator", mend)
        if found[0] not in allowed:
            what = f"{found[0]!r} is no operator{' here' if found[0] in OPERATORS else ''}"
            self.wrong(what, _FOREIGN.get(found[0], mend))
        self.at = found.end()
        return found[0]

    def value(self) -> tuple[str, int]:
        """The next value, without its quotes, and where it begins."""
        begun = self.skip()
        quoted = _QUOTED.match(self._text, begun)
        if quoted:
            self.at = quoted.end()
            mark = quoted[0][0]
            return quoted[0][1:-1].replace(mark * 2, mark), begun
        plain = _VALUE.match(self._text, begun)
        if plain is None:
            self._no_value(self.next_sign())
        self.at = plain.end()
        return plain[0], begun

    def _no_value(self, sign: str) -> NoReturn:
        if not sign:
            self.wrong("the text ends where a value is missing", "write it; an empty one is ''")
        if sign in "'\"":
            mend = "close it; within quotes, write the quote itself twice"
            self.wrong(f"the quote {sign} isn't closed", mend)
        self.wrong(f"{sign!r} is no value", "quote values that hold spaces, commas, parentheses or operators")

    def wrong(self, what: str, mend: str, at: int | None = None) -> NoReturn:
        """Raises what is wrong at that place, or where the reading is, with the text around it."""
        at = self.at if at is None else at
        before, after = self._text[max(0, at - _SHOWN) : at], self._text[at : at + _SHOWN]
        shown = f"{'…' if at > _SHOWN else ''}{before}▸{after}{'…' if at + _SHOWN < len(self._text) else ''}"
        raise BadQuestion(f"{what} at character {at + 1}: {shown}", where=self._where, mend=mend)
