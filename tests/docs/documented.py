"""The examples of the manual and the README: blocks of code, and the command lines in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
MADE_AT_BUILD: Final = "changelog.md"
PAGES: Final = (
    ROOT / "README.md",
    *sorted(path for path in (ROOT / "docs").glob("*.md") if path.name != MADE_AT_BUILD),
)
_BLOCK: Final = re.compile(
    r"^```(?P<kind>\w+)\n(?P<text>.*?)^```$(?:\n\n```text\n(?P<answer>.*?)^```$)?", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """A block of code; `answer` is the text that stands right below it, which is what it prints."""

    page: str
    line: int
    kind: str
    text: str
    answer: str | None = None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Example:
    """A command line, and the block in which it stands."""

    block: Block
    number: int
    text: str

    def __str__(self) -> str:
        return f"{self.block}-{self.text}"


def blocks(*kinds: str) -> list[Block]:
    """All of these kinds, page by page."""
    found = []
    for path in PAGES:
        page = path.read_text(encoding="utf-8")
        for match in _BLOCK.finditer(page):
            if match["kind"] in kinds:
                line = page.count("\n", 0, match.start()) + 1
                found.append(Block(path.name, line, match["kind"], match["text"], match["answer"]))
    return found


def examples() -> list[Example]:
    """The command lines of all blocks of `sh`, without what they say behind a `#`."""
    return [
        Example(block, number, re.sub(r"\s{2,}# .*", "", line))
        for block in blocks("sh")
        for number, line in enumerate(filter(None, block.text.splitlines()))
    ]
