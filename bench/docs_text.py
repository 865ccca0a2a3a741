"""Text as it stands in pages of Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_OPTION: Final = re.compile(r"(?<![\w`-])--[a-z][a-z-]*[a-z]")
_MEANT: Final = re.compile(r"([\\`*<>\[\]]|(?<!\w)_|_(?!\w))")


def escaped(text: str) -> str:
    """Prose in which no character is markup, and options stand as they are typed."""
    return _OPTION.sub(r"`\g<0>`", _MEANT.sub(r"\\\1", text))


def cell(text: str) -> str:
    """One line of Markdown that ends no cell of a table."""
    return " ".join(text.replace("|", "\\|").split())


def code(text: str) -> str:
    """Text as it is typed."""
    return f"`{text}`"


def fenced(kind: str, text: str) -> str:
    """A block of code."""
    return f"```{kind}\n{text.rstrip()}\n```"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown, its cells with their markup."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(cell, line))} |" for line in lines)


def page(*parts: str) -> str:
    """A page of these paragraphs."""
    return "\n\n".join(part.strip("\n") for part in parts if part.strip()) + "\n"
