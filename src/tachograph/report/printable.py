"""Names come from logs, and a log may hold anything: here they lose their power over the terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text with every character that isn't plainly visible shown as its escape.

    That is all that Unicode calls control, format, separator (but the space), surrogate, private or
    unassigned: newlines, ESC, C1, what turns the direction of writing, and what has no width.
    """
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text
    )
