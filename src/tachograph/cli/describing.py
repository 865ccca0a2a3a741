"""What options each command has, of its own parser: for completion in shells, and whoever else asks."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from tachograph.cli.main import COMMANDS, IN_A_HURRY
from tachograph.cli.options import Described, describing

if TYPE_CHECKING:
    import argparse

    from tachograph.cli.options import Parser

Takes = Literal["nothing", "words", "file", "folder", "anything"]
_FILES: Final = frozenset({"FILE", "PATH"})
_FOLDERS: Final = frozenset({"FOLDER"})


class Option(msgspec.Struct, frozen=True):
    """An option: its names, what it says, and what follows it."""

    names: tuple[str, ...]
    what: str
    takes: Takes
    words: tuple[str, ...] = ()
    """What follows, where it is one of these."""


class Command(msgspec.Struct, frozen=True):
    """A command: its options, and the words that stand beside them."""

    name: str
    what: str
    options: tuple[Option, ...]
    words: tuple[str, ...]
    files: bool
    """Whether files may stand beside them too."""


def commands() -> list[Command]:
    """All of them, in the order in which the help lists them."""
    return [_command(name, what) for name, (_, what) in COMMANDS.items()]


def _command(name: str, what: str) -> Command:
    parser = parser_of(name)
    if parser is None:
        return Command(name, what, _of_help(name), (), files=False)
    places = [action for action in parser._actions if not action.option_strings]  # noqa: SLF001 - argparse tells no other way
    options = tuple(
        _option(action)
        for action in parser._actions  # noqa: SLF001 - as above
        if action.option_strings
    )
    words = [str(choice) for place in places for choice in place.choices or ()]
    files = any(place.metavar in _FILES for place in places)
    return Command(name, what, options, (*words, *parser.words), files=files)


def parser_of(name: str) -> Parser | None:
    """The command's parser, as it is when it would parse; None for those in a hurry, which have none."""
    if name in IN_A_HURRY:
        return None
    with describing():
        try:
            import_module(COMMANDS[name][0]).run(name, ["--help"])
        except Described as described:
            return described.parser
    return None


def _of_help(name: str) -> tuple[Option, ...]:
    """What a command without a parser is known to take."""
    more = {"statusline": (Option(("--every",), "how old an update may get, in seconds", "anything"),)}
    return (
        Option(("-h", "--help"), "show this help message and exit", "nothing"),
        Option(("--home",), "the folder of the store", "folder"),
        *more.get(name, ()),
    )


def _option(action: argparse.Action) -> Option:
    names = tuple(action.option_strings)
    what = (action.help or "").replace("%%", "%")
    if action.nargs == 0:
        return Option(names, what, "nothing")
    if action.choices:
        return Option(names, what, "words", tuple(map(str, action.choices)))
    takes: Takes = "file" if action.metavar in _FILES else "folder" if action.metavar in _FOLDERS else "anything"
    return Option(names, what, takes)
