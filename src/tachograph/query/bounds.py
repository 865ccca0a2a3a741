"""The ends of a range as people write them: a date, or a moment."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from tachograph.errors import BadQuestion
from tachograph.metric import FIRST_US, LAST_US, microseconds_of, moment

if TYPE_CHECKING:
    from datetime import tzinfo

_DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT: Final = r"(?i)[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:.*"


def bounds(
    since: str | None, until: str | None, zone: tzinfo, names: tuple[str, str] = ("--since", "--until")
) -> tuple[datetime | None, datetime | None]:
    """From when, and up to (without) when; aware.

    A date is a day of the zone, and that of `until` is within; a moment without an offset is the zone's.
    Raises `BadQuestion` for what is neither, and where `until` is before `since`; `names` is what they are called.
    """
    start_us = None if since is None else _begin(names[0], since, zone)
    end_us = None
    if until is not None:
        end_us = _begin(names[1], until, zone)
        if start_us is not None and end_us < start_us:
            raise BadQuestion(f"{names[1]} {until} is before {names[0]} {since}", mend="swap them")
        if re.fullmatch(_DATE, until):
            end_us = _midnight_after(date.fromisoformat(until), zone)
    return None if start_us is None else moment(start_us), None if end_us is None else moment(end_us)


def _begin(name: str, text: str, zone: tzinfo) -> int:
    """The first moment that a date or moment names, in microseconds since 1970."""
    try:
        if re.fullmatch(_DATE, text):
            return _midnight(date.fromisoformat(text), zone)
        named = datetime.fromisoformat(text if re.fullmatch(_MOMENT, text) else "")  # it also reads weeks
    except ValueError:
        mend = "give 2026-03-01, 2026-03-01T09:30, or 2026-03-01T09:30+01:00"
        raise BadQuestion(f"{text!r} is no date or moment of the calendar", where=name, mend=mend) from None
    aware = named if named.tzinfo else named.replace(tzinfo=zone)
    us = microseconds_of(aware)
    if not FIRST_US <= us <= LAST_US:
        raise BadQuestion(f"{text!r} is outside the years 1 to 9999 of UTC", where=name, mend="leave it out")
    return us


def _midnight(day: date, zone: tzinfo) -> int:
    from tachograph.aggregate.windows import midnight  # noqa: PLC0415 - for questions with dates alone

    try:
        return midnight(day, zone)
    except OverflowError:  # at an end of the calendar, beyond which nothing happens
        return FIRST_US if day.year == 1 else LAST_US


def _midnight_after(day: date, zone: tzinfo) -> int | None:
    """The end of a day; None for the calendar's last, after which nothing is left out."""
    return None if day == date.max else _midnight(day + timedelta(days=1), zone)
