"""The options of the commands: declared once, added to whichever command takes them."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from tachograph.report.filters import FILTERS
from tachograph.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


_is_describing = False


class Described(Exception):  # noqa: N818 - the way out of a command that is only to tell of its options
    """The parser of a command, with all its options."""

    def __init__(self, parser: Parser) -> None:
        super().__init__(parser.prog)
        self.parser = parser


@contextmanager
def describing() -> Iterator[None]:
    """In this block a command tells of its options instead of doing anything."""
    global _is_describing  # noqa: PLW0603 - there is one command at a time
    _is_describing = True
    try:
        yield
    finally:
        _is_describing = False


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Knows how wide the terminal is without `shutil`, which argparse would import for it with each command."""

    def __init__(self, prog: str, **given: Any) -> None:
        given.setdefault("width", _columns() - 2)
        super().__init__(prog, **given)


def _columns() -> int:
    """As `shutil.get_terminal_size` has them."""
    told = os.environ.get("COLUMNS", "")
    if told.isascii() and told.isdecimal() and int(told):
        return int(told)
    screen = sys.__stdout__
    try:
        return (os.get_terminal_size(screen.fileno()).columns if screen else 0) or 80
    except (AttributeError, ValueError, OSError):  # no terminal
        return 80


class Parser(argparse.ArgumentParser):
    """The arguments of one command; what is wrong with them is one line after the usage, and exit code 2."""

    def __init__(self, command: str, *, usage: str, description: str, examples: Sequence[str] = ()) -> None:
        self.words: tuple[str, ...] = ()
        """What may stand beside the options, where a command knows that and checks it by itself."""
        super().__init__(
            prog=f"tachograph {command}".strip(),
            usage=usage,
            description=description,
            epilog="\n  ".join(["examples:", *examples]),
            formatter_class=_HelpFormatter,
            allow_abbrev=False,  # so that a new option breaks nobody's script
        )

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse has it; while commands are described, raises `Described` instead."""
        if _is_describing:
            raise Described(self)
        return super().parse_known_args(args, namespace)

    def print_help(self, file: Any = None) -> None:
        """Prints it, or raises `OSError`: argparse would keep that to itself."""
        print(self.format_help(), end="", file=file, flush=True)

    def error(self, message: str) -> NoReturn:
        """Ends with the usage and what is wrong."""
        print(f"usage: {self.usage}   ({self.prog} --help explains)", file=sys.stderr)
        self.exit(2, f"tachograph: {printable(message)}\n")


def with_order(arguments: Sequence[str]) -> list[str]:
    """The arguments with `--order -day` as one, so that the minus doesn't look like an option's."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] == "--order" and not argument.startswith("--"):
            joined[-1] = f"--order={argument}"
        else:
            joined.append(argument)
    return joined


def add_rows(parser: Parser, orders: Sequence[str]) -> None:
    """In which order rows come, and how many."""
    rows = parser.add_argument_group("the rows")
    known = ", ".join(orders)
    rows.add_argument("--order", metavar="KEY", help=f"by this, or with a '-' before it the largest first: {known}")
    rows.add_argument("--limit", metavar="N", type=int, help="the first N; what stands below them is of all")


def add_home_folder(to: argparse._ActionsContainer) -> None:
    """Where the embedded store is."""
    to.add_argument(
        "--home", metavar="FOLDER", help="the folder of the store (else TACHOGRAPH_HOME, else the usual one)"
    )


def add_home(to: argparse._ActionsContainer) -> None:
    """Where the store is: in a folder, or on a server."""
    add_home_folder(to)
    to.add_argument(
        "--store", metavar="ADDRESS", help="metrics on a server: clickhouse://… (else TACHOGRAPH_STORE; docs/scale.md)"
    )


def add_json(parser: Parser) -> None:
    """Whether the answer is for programs."""
    parser.add_argument("--json", action="store_true", help="the answer as one JSON document")


def add_question(parser: Parser, *, windows: bool = False) -> None:
    """What a question is made of."""
    asked = add_range(parser)
    if windows:
        asked.add_argument("--fill", action="store_true", help="also the times in which nothing happened")
    add_filters(parser)
    add_place(parser)


def add_range(parser: Parser) -> argparse._ArgumentGroup:
    """Which range of time, and whose days."""
    asked = parser.add_argument_group("the range")
    asked.add_argument("--since", metavar="WHEN", help="from this day or moment on: 2026-03-01, 2026-03-01T09:30")
    asked.add_argument("--until", metavar="WHEN", help="up to the end of this day, or up to (without) this moment")
    asked.add_argument("--timezone", metavar="ZONE", help="whose midnights count, as Europe/Rome; else the system's")
    return asked


def add_filters(parser: Parser) -> None:
    """Only what has one of these names."""
    only = parser.add_argument_group("only these (repeat one to allow several values)")
    for option, name, value, what in FILTERS:
        this = "; '.' is this one" if name == "project_path" else ""
        only.add_argument(f"--{option}", dest=name, metavar=value, action="append", help=f"{what}{this}")


def add_place(parser: Parser) -> None:
    """From which store or history."""
    where = parser.add_argument_group("from where")
    add_home(where)
    where.add_argument(
        "--no-ingest", action="store_true", help="from what the store has; don't look for new logs first"
    )
    where.add_argument("--demo", action="store_true", help="from the bundled, made-up history; nothing is stored")
