r"""JSON that JavaScript wrote: what of it is no text is mended before it is decoded.

A text that is cut may be cut within a character, as JavaScript counts the two halves of one that is beyond the first
65,536 (an emoji, say) as two. The half that is left is written as an escape (`"\\ud83d"`), which a strict decoder
refuses, and with it the whole line or document, with counters and all. A program in Rust or Python writes no such half.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from re import Match

_ESCAPE: Final = (
    rb"(\\(?:[^u]|u(?![dD][89a-fA-F]))|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)
"""An escape of a whole character (the first group), or of half of one."""
_REPLACEMENT: Final = rb"\ufffd"


def with_whole_characters(json: bytes) -> bytes:
    """The same JSON, in which each half of a character is the replacement character; it is as long as before."""
    if rb"\ud" in json or rb"\uD" in json:
        return re.sub(_ESCAPE, _whole, json)
    return json


def _whole(found: Match[bytes]) -> bytes:
    return found[1] or _REPLACEMENT
