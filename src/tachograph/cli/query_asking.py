"""From options and a file to a query."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tachograph.cli.asking import asked_zone, check_sources, project_named
from tachograph.errors import BadQuestion
from tachograph.query.document import document, read_document
from tachograph.query.expression import parse
from tachograph.query.keys import KEYS
from tachograph.query.model import AnyOf
from tachograph.query.words import Words, checked_query, joined, words_of
from tachograph.report.filters import FILTERS, dimension

if TYPE_CHECKING:
    from argparse import Namespace

    from tachograph.query.model import Filter, Query

_LISTS: Final = ("measures", "by", "order")


def ask_query(options: Namespace) -> Query:
    """The query that was asked, checked. Raises `BadQuestion` where it makes no sense."""
    words = _said(options)
    if options.file is not None:
        words = joined(words, _of_file(options.file))
    zone = UTC if words.timezone else asked_zone(None)
    return checked_query(words, datetime.now(UTC), zone)


def _said(options: Namespace) -> Words:
    """What the options say."""
    given: dict[str, Any] = {name: value for name in KEYS if (value := getattr(options, name)) is not None}
    given.update((name, ",".join(given[name])) for name in _LISTS if name in given)
    called = {name: f"--{name.replace('_', '-')}" for name in KEYS} | {"measures": "--measure"}
    if options.last is not None:
        given["range"] = f"last {options.last}"
        called["range"] = "--last"
    if options.top is not None:
        given |= {"limit": options.top, "other": True}
        called |= {"limit": "--top", "other": "--top"}
    where, called["where"] = _conditions(options)
    return words_of(given, where, called.__getitem__)


def _conditions(options: Namespace) -> tuple[tuple[Filter, ...], str]:
    """The conditions of the options, and what those are called."""
    written = [parse(text, "--where") for text in options.where or ()]
    given = [option for option, name, _, _ in FILTERS if getattr(options, name)]
    names = [*(["--where"] if written else []), *(f"--{option}" for option in given)]
    return (*written, *conditions_asked(options)), ", ".join(names)


def conditions_asked(options: Namespace) -> tuple[Filter, ...]:
    """What the filters among the options say. Raises `BadQuestion` for a source that there isn't."""
    filters = {option: getattr(options, name) for option, name, _, _ in FILTERS if getattr(options, name)}
    if "project" in filters:
        filters["project"] = [project_named(folder) for folder in filters["project"]]
    if "source" in filters:
        check_sources(filters["source"])
    return tuple(AnyOf(dimension(name), tuple(values)) for name, values in filters.items())


def _of_file(name: str) -> Words:
    if name != "-":
        return read_document(Path(name))
    if sys.stdin is None:
        raise BadQuestion("there is no stdin to read", where="--file -", mend="name a file")
    return document(sys.stdin.buffer.read(), "stdin")
