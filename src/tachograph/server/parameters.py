"""The parameters of the API: declared once, for reading them and for the document that describes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from tachograph.errors import BadQuestion
from tachograph.query.closest import closest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Kind = Literal["text", "whole", "flag", "names"]
_FLAGS: Final = {"true": True, "false": False}


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter of the address: what it is called, what it says, and which values it takes."""

    name: str
    what: str
    kind: Kind = "text"
    """Names are separated by commas, or the parameter is repeated."""
    repeated: bool = False
    """Whether several values are any of several."""
    choices: tuple[str, ...] = ()
    pattern: str | None = None
    """What a text looks like, where only some can be meant; whoever uses it says what is wrong with others."""
    most: int | None = None
    """Of a whole number, which is 1 at least."""
    usual: Any = None
    """What holds where it isn't said, for the document."""
    example: Any = None

    def read(self, texts: Sequence[str]) -> Any:
        """The value. Raises `BadQuestion` for one that can't be meant."""
        if self.kind == "names":
            return ",".join(texts)
        if self.repeated:
            return [self._one(text) for text in texts]
        if len(texts) > 1:
            raise BadQuestion(f"{self.name} is there {len(texts)} times", where=self.name, mend="give it once")
        return self._one(texts[0])

    def _one(self, text: str) -> Any:
        if self.kind == "whole":
            return self._whole(text)
        if self.kind == "flag":
            if text not in _FLAGS:
                raise BadQuestion(f"{_shown(text)} is neither true nor false", where=self.name, mend="give one of them")
            return _FLAGS[text]
        if self.choices and text not in self.choices:
            raise BadQuestion(f"there is no {_shown(text)}", where=self.name, mend=closest(text[:80], self.choices))
        return text

    def _whole(self, text: str) -> int:
        number = int(text) if re.fullmatch(r"[0-9]{1,18}", text) else 0
        if number < 1 or (self.most is not None and number > self.most):
            upper = f"to {self.most}" if self.most else "on"
            mend = f"give a whole number from 1 {upper}"
            raise BadQuestion(f"{_shown(text)} can't be meant", where=self.name, mend=mend)
        return number


def read(known: Iterable[Parameter], given: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The values of those that are given. Raises `BadQuestion` for what isn't known, or can't be meant."""
    by_name = {one.name: one for one in known}
    texts: dict[str, list[str]] = {}
    for name, text in given:
        if name not in by_name:
            shown = name[:80]
            mend = closest(shown, by_name) if by_name else "leave it out: there are none"
            raise BadQuestion(f"there is no parameter {shown!r}", where=shown, mend=mend)
        texts.setdefault(name, []).append(text)
    return {name: by_name[name].read(said) for name, said in texts.items()}


def _shown(text: str) -> str:
    return f"{text!r:.80}"
