"""Names that are too long to be read: where a report is for people, their middle is left out."""

from __future__ import annotations

from typing import Final

LONGEST: Final = 120
_SIGN: Final = "…"


def shortened(text: str, most: int = LONGEST) -> str:
    """The text, or its beginning and its end with a … between them, of so many characters at most."""
    if len(text) <= most:
        return text
    end = (most - 1) // 3
    return f"{text[: most - 1 - end]}{_SIGN}{text[len(text) - end :]}"
