"""From options to a question."""

from __future__ import annotations

import os
import re
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tachograph.aggregate.question import AggregationType, Question, question, time_zone
from tachograph.cli.options import FILTERS
from tachograph.cli.zone import system_zone
from tachograph.errors import BadQuestion
from tachograph.metric import FIRST_US, LAST_US, microseconds_of, moment

if TYPE_CHECKING:
    from argparse import Namespace
    from datetime import tzinfo

_DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT: Final = r"(?i)[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:.*"


def ask(kind: AggregationType, options: Namespace) -> Question:
    """The question that the options ask. Raises `BadQuestion` where they make no sense."""
    zone = asked_zone(options.timezone)
    start, end = asked_range(options.since, options.until, zone)
    filters = {name: getattr(options, name) for _, name, _, _ in FILTERS if getattr(options, name)}
    if "project_path" in filters:
        filters["project_path"] = [project_folder(folder) for folder in filters["project_path"]]
    if "source" in filters:
        _check_sources(filters["source"])
    return question(kind, start, end, filters, zone=zone, fill=getattr(options, "fill", False))


def asked_zone(name: str | None) -> tzinfo:
    """The zone of that name, or the system's. Raises `BadQuestion` where there is none."""
    if name is not None:
        return time_zone(name)
    zone = system_zone(os.environ)
    if zone is None:
        named = os.environ["TZ"]
        print(
            f"TZ={named!r} is no zone's name: the days are those of UTC (or name one with --timezone)",
            file=sys.stderr,
        )
        return UTC
    return zone


def asked_range(since: str | None, until: str | None, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
    """From when, and up to (without) when.

    A date is a day of the zone, and that of `until` is within; a moment without an offset is the zone's.
    Raises `BadQuestion` for what is neither, and where `until` is before `since`.
    """
    start_us = None if since is None else _begin("--since", since, zone)
    end_us = None
    if until is not None:
        end_us = _begin("--until", until, zone)
        if start_us is not None and end_us < start_us:
            raise BadQuestion(f"--until {until} is before --since {since}", mend="swap them")
        if re.fullmatch(_DATE, until):
            end_us = _midnight_after(date.fromisoformat(until), zone)
    return None if start_us is None else moment(start_us), None if end_us is None else moment(end_us)


def _begin(option: str, text: str, zone: tzinfo) -> int:
    """The first moment that a date or moment names, in microseconds since 1970."""
    try:
        if re.fullmatch(_DATE, text):
            return _midnight(date.fromisoformat(text), zone)
        named = datetime.fromisoformat(text if re.fullmatch(_MOMENT, text) else "")  # it also reads weeks
    except ValueError:
        mend = "give 2026-03-01, 2026-03-01T09:30, or 2026-03-01T09:30+01:00"
        raise BadQuestion(f"{text!r} is no date or moment of the calendar", where=option, mend=mend) from None
    aware = named if named.tzinfo else named.replace(tzinfo=zone)
    us = microseconds_of(aware)
    if not FIRST_US <= us <= LAST_US:
        raise BadQuestion(f"{text!r} is outside the years 1 to 9999 of UTC", where=option, mend="leave it out")
    return us


def _midnight(day: date, zone: tzinfo) -> int:
    from tachograph.aggregate.windows import midnight

    try:
        return midnight(day, zone)
    except OverflowError:  # at an end of the calendar, beyond which nothing happens
        return FIRST_US if day.year == 1 else LAST_US


def _midnight_after(day: date, zone: tzinfo) -> int | None:
    """The end of a day; None for the calendar's last, after which nothing is left out."""
    return None if day == date.max else _midnight(day + timedelta(days=1), zone)


def project_folder(folder: str) -> str:
    """A relative path that exists, made absolute, as logs name it; anything else as it stands."""
    path = Path(folder)
    return str(path.resolve()) if folder and not path.is_absolute() and path.exists() else folder


def _check_sources(names: list[str]) -> None:
    from tachograph.sources import source

    for name in names:
        source(name)
