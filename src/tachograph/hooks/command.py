"""The command that a hook runs: made for an installation, and recognised again in settings and transcripts."""

from __future__ import annotations

import shlex
from typing import Final, NamedTuple

_NAMES: Final = ("tachograph", "tachograph.exe")
_LONGEST: Final = 8192
"""Of a command that may be ours: others hold whole programs."""


class HookCommand(NamedTuple):
    """`PROGRAM … hook`, with the store's folder where it was named."""

    program: tuple[str, ...]
    """The executable, or Python's with what makes it this one."""
    home: str | None = None

    def __str__(self) -> str:
        words = [*self.program, "hook", *(("--home", self.home) if self.home else ())]
        return shlex.join(word.replace("\\", "/") if _is_windows(word) else word for word in words)


def parse_command(text: object) -> HookCommand | None:
    """Our command, by its words; None for what is any other."""
    if not isinstance(text, str) or "tachograph" not in text or len(text) > _LONGEST:
        return None
    try:
        words = shlex.split(text)
    except ValueError:  # a quotation without an end
        return None
    home = None
    if len(words) > 2 and words[-2] == "--home":
        home, words = words[-1], words[:-2]
    if len(words) < 2 or words[-1] != "hook":
        return None
    program = tuple(words[:-1])
    ours = len(program) == 1 and program[0].replace("\\", "/").rpartition("/")[2] in _NAMES
    as_module = len(program) == 3 and program[1:] == ("-m", "tachograph")
    return HookCommand(program, home) if ours or as_module else None


def _is_windows(word: str) -> bool:
    """Whether it is a path with a drive: hooks run in a shell that takes a backslash for something else."""
    return word[1:3] == ":\\"
