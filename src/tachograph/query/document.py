"""A query as a document, JSON or TOML, in the words of the command line's options."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any, Final

from tachograph.errors import BadQuestion
from tachograph.query.closest import closest
from tachograph.query.condition_tables import condition
from tachograph.query.keys import KEYS
from tachograph.query.words import Words, words_of

if TYPE_CHECKING:
    from pathlib import Path

    from tachograph.query.model import Filter

_WORDS: Final = (*KEYS, "where")
_BYTES_MAX: Final = 10_000_000


def read_document(path: Path) -> Words:
    """What the file asks. Raises `BadQuestion` where it can't be read, and for what it can't say."""
    try:
        with path.open("rb") as file:
            content = file.read(_BYTES_MAX + 1)
    except OSError as error:
        raise BadQuestion(f"it can't be read: {error.strerror}", where=str(path)) from None
    return document(content, str(path))


def document(content: bytes, place: str) -> Words:
    """What the document asks, which is JSON where it begins with a brace, else TOML; `place` is what it is called.

    Raises `BadQuestion`, which names the place and the key, for what it can't say.
    """
    if len(content) > _BYTES_MAX:
        raise BadQuestion("it is too long for a query", where=place, mend="name the file of the query")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadQuestion("it is not UTF-8", where=place, mend="write it again as UTF-8") from None
    table = _table(text, place)
    for key in table:
        if key not in _WORDS:
            raise BadQuestion(f"there is no {key!r} in a query", where=place, mend=closest(key, _WORDS))
    where = _conditions(table["where"], f"{place}: where") if "where" in table else ()
    given = {key: value for key, value in table.items() if key != "where"}
    return words_of(given, where, lambda key: f"{place}: {key}")


def _table(text: str, place: str) -> dict[str, Any]:
    form = "JSON" if text.lstrip().startswith("{") else "TOML"
    try:
        table: dict[str, Any] = (
            json.loads(text, object_pairs_hook=_once_each) if form == "JSON" else tomllib.loads(text)
        )
    except RecursionError:
        raise BadQuestion("too much lies within each other in it", where=place, mend="say it with less") from None
    except ValueError as error:  # both libraries' errors are
        raise BadQuestion(f"it is not {form}: {error}", where=place, mend="docs/queries.md has examples") from None
    return table


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        message = f"{twice!r} is said twice"
        raise ValueError(message)
    return table


def _conditions(value: Any, where: str) -> tuple[Filter, ...]:
    """One condition, or a list of which all are to be met."""
    if isinstance(value, list) and value:
        return tuple(condition(part, f"{where}[{place}]") for place, part in enumerate(value))
    return (condition(value, where),)
