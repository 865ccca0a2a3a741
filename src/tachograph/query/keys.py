"""What can be said of a query, under the same words on the command line and in a document, and how each is read."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, get_args

import msgspec

from tachograph.query.model import Compare
from tachograph.query.values import WEEKDAYS, clock_value

if TYPE_CHECKING:
    from collections.abc import Callable

_LAST_MONTH_START: Final = 28


class Key(msgspec.Struct, frozen=True):
    """A word of a query: how its value is read (raises `ValueError` for others), what it would be, what it says."""

    read: Callable[[Any], Any]
    like: str
    what: str


def _names(value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not parts or not all(isinstance(part, str) and part.strip() for part in parts):
        raise ValueError(value)
    return tuple(" ".join(part.split()) for part in parts)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(value)
    return value


def _when(value: Any) -> str:
    """A date or moment as text, as TOML's own are too."""
    return value.isoformat() if isinstance(value, date | datetime) else _text(value)


def _whole(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise ValueError(value)
    return value


def _month_start(value: Any) -> int:
    if _whole(value) > _LAST_MONTH_START:
        raise ValueError(value)
    return _whole(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(value)  # noqa: TRY004 - one kind of failure, whatever is wrong with a value
    return value


def _weekday(value: Any) -> str:
    if not isinstance(value, str) or value.isdigit():
        raise ValueError(value)
    return WEEKDAYS[clock_value("weekday", value) - 1]


def _compare(value: Any) -> str:
    if value not in get_args(Compare):
        raise ValueError(value)
    return str(value)


_DATE_LIKE: Final = 'give "2026-03-01" or "2026-03-01T09:30"'
_WHOLE_LIKE: Final = "give a whole number from 1 on"
_FLAG_LIKE: Final = "give true or false"

KEYS: Final = {
    "measures": Key(_names, 'give names such as ["count", "tokens"]', "what is worked out; count unless said"),
    "by": Key(_names, 'give names such as ["day", "tool"]', "one row for each of them, or of their combinations"),
    "since": Key(_when, _DATE_LIKE, "from this day or moment on"),
    "until": Key(_when, _DATE_LIKE, "up to the end of this day, or up to (without) this moment"),
    "range": Key(_text, 'give a range such as "today" or "last 7 days"', "a range by name"),
    "timezone": Key(_text, 'give an IANA name such as "Europe/Rome"', "whose midnights count"),
    "order": Key(_names, 'give names such as ["-day", "tokens"]', "which rows come first; - turns one round"),
    "limit": Key(_whole, _WHOLE_LIKE, "so many rows, or series, at most"),
    "other": Key(_flag, _FLAG_LIKE, "also what the limit leaves out, as one row"),
    "fill": Key(_flag, _FLAG_LIKE, "also the windows in which nothing happened"),
    "week_start": Key(_weekday, "give a weekday such as sunday", "the day on which weeks begin"),
    "month_start": Key(_month_start, "give a day from 1 to 28", "the day on which months begin"),
    "rolling": Key(_whole, _WHOLE_LIKE, "each row over so many windows, its own the last"),
    "compare": Key(_compare, f"give {' or '.join(get_args(Compare))}", "beside the same of an earlier range"),
}
"""All but `where`, whose form differs."""
