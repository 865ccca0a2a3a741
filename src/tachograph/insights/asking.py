"""Which days are looked at, as people name them."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final

from tachograph.errors import BadQuestion
from tachograph.insights.insight import Days

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from tachograph.insights.insight import Sensitivity

_USUAL_DAYS: Final = 7
_DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"


def day_named(text: str | None, name: str) -> date | None:
    """The day; `name` is what the option is called. Raises `BadQuestion` for what is none: days are judged whole."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text if re.fullmatch(_DATE, text) else "")
    except ValueError:
        raise BadQuestion(f"{text!r} is no day of the calendar", where=name, mend="give 2026-03-01") from None


def days_asked(
    since: date | None,
    until: date | None,
    *,
    now: datetime,
    zone: tzinfo,
    projects: tuple[str, ...] = (),
    sensitivity: Sensitivity = "normal",
    since_name: str = "--since",
) -> Days:
    """The days asked for; else the last seven whole ones and today. `now` is aware.

    Raises `BadQuestion` where the first is after the last.
    """
    today = now.astimezone(zone).date()
    last = until or today
    if since is not None and last < since:
        raise BadQuestion(f"{since_name} {since} is after {last}, the last day", mend="name an earlier one")
    first = since or date.fromordinal(max(1, last.toordinal() - _USUAL_DAYS + (last != today)))
    return Days(since=first, until=last, now=now, zone=zone, projects=projects, sensitivity=sensitivity)
