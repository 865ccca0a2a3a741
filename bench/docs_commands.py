"""The page of all commands, from the parsers that their help is printed from."""

from __future__ import annotations

import argparse
import io
import re
from collections import Counter
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Final

from docs_text import code, escaped, fenced, page, table
from tachograph.cli.describing import parser_of
from tachograph.cli.main import COMMANDS, main

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tachograph.cli.options import Parser

INTRO: Final = """
# Commands

<!-- Written by bench/make_docs.py from the commands' own help. -->

`tachograph COMMAND --help` says the same in the terminal, and `tachograph completion` makes shells [complete
it](terminal.md#completion).

Answers go to stdout, remarks to stderr. The exit code is 0 where there is an answer, 2 where there is none (one line
says why and what to change), and 130 after Ctrl-C. `budget` ends with 1 where a budget is used up, `doctor` where
there is something to mend.
"""
SHARED_BY: Final = 8
"""A group of options that so many commands have is told once."""
_UNTITLED: Final = frozenset({"options", "positional arguments"})
_EXAMPLE: Final = re.compile(r"^(?P<command>\S.*?)(?:\s{2,}(?P<remark>\S.*))?$")

Rows = tuple[tuple[str, str], ...]
Group = tuple[str, Rows]


def commands_page() -> str:
    """All of it."""
    parsers = {name: parser_of(name) for name in COMMANDS}
    groups = {name: list(_groups(parser)) for name, parser in parsers.items() if parser}
    times = Counter(group for each in groups.values() for group in each)
    shared = [group for group, number in times.items() if number >= SHARED_BY and group[0] != "options"]
    listed = table(
        ["command", "answers"], ((f"[`{name}`](#{name})", escaped(what)) for name, (_, what) in COMMANDS.items())
    )
    parts = [INTRO, listed, "## Options that many commands have"]
    parts += [f"### {_title(title)}\n\n{_options(rows)}" for title, rows in shared]
    for name, (_, what) in COMMANDS.items():
        parser = parsers[name]
        parts.append(f"## {name}")
        parts += (
            list(_of_parser(parser, groups[name], shared))
            if parser
            else [escaped(_sentence(what)), _printed_help(name)]
        )
    return page(*parts)


def _of_parser(parser: Parser, groups: list[Group], shared: list[Group]) -> Iterator[str]:
    yield fenced("text", parser.usage or "")
    yield _description(parser.description or "")
    own = [group for group in groups if group not in shared]
    if plain := tuple(row for title, rows in own if title in _UNTITLED for row in rows):
        yield _options(plain)
    yield from (f"{_title(title)}:\n\n{_options(rows)}" for title, rows in own if title not in _UNTITLED)
    *more, last = [
        f"[{_title(title).lower()}](#{_anchor(title)})" for title, rows in groups if (title, rows) in shared
    ] or [""]
    if last:
        yield f"Also those of {', '.join(more)}{' and ' if more else ''}{last}."
    yield "For example:"
    yield fenced("sh", "\n".join(_examples(parser.epilog or "")))


def _groups(parser: Parser) -> Iterator[Group]:
    for group in parser._action_groups:  # noqa: SLF001 - argparse tells no other way
        rows = tuple(
            (_names(action), (action.help or "").replace("%%", "%"))
            for action in group._group_actions  # noqa: SLF001 - as above
            if "--help" not in action.option_strings and action.help is not argparse.SUPPRESS
        )
        if rows:
            yield (group.title or "", rows)


def _names(action: argparse.Action) -> str:
    value = action.metavar or ("{" + ",".join(map(str, action.choices)) + "}" if action.choices else "")
    if not action.option_strings:
        return str(value or action.dest)
    names = ", ".join(action.option_strings)
    return f"{names} {value}" if action.nargs != 0 and value else names


def _options(rows: Rows) -> str:
    return table(["option", "meaning"], ((code(names), escaped(what)) for names, what in rows))


def _description(text: str) -> str:
    """Paragraphs as they are, but in a block of text those in which lines are set in."""
    return "\n\n".join(
        fenced("text", paragraph) if re.search(r"(?m)^  ", paragraph) else escaped(paragraph)
        for paragraph in text.split("\n\n")
    )


def _examples(epilog: str) -> Iterator[str]:
    """The commands of a help text, what it says of them behind a `#`."""
    lines = [line.strip() for line in epilog.splitlines()[1:]]
    found = [match for line in lines if (match := _EXAMPLE.match(line))]
    wide = max((len(match["command"]) for match in found if match["remark"]), default=0)
    for match in found:
        remark = match["remark"]
        yield f"{match['command']:<{wide}}   # {remark}" if remark else match["command"]


def _printed_help(name: str) -> str:
    """The help of a command without a parser, as it prints it."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        main([name, "--help"])
    return fenced("text", printed.getvalue())


def _title(title: str) -> str:
    named, _, _ = title.partition(" (")
    return named[:1].upper() + named[1:]


def _anchor(title: str) -> str:
    return re.sub(r"\W+", "-", _title(title).lower()).strip("-")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
