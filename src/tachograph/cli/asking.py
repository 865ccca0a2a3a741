"""From options to a question."""

from __future__ import annotations

import os
import sys
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from tachograph.aggregate.question import AggregationType, Question, question, time_zone
from tachograph.cli.zone import system_zone
from tachograph.query.bounds import bounds
from tachograph.report.filters import FILTERS

if TYPE_CHECKING:
    from argparse import Namespace
    from datetime import tzinfo


def ask(kind: AggregationType, options: Namespace) -> Question:
    """The question that the options ask. Raises `BadQuestion` where they make no sense."""
    zone = asked_zone(options.timezone)
    start, end = bounds(options.since, options.until, zone)
    filters = filters_asked(options)
    more = {name: getattr(options, name, None) for name in ("order", "limit")}
    return question(kind, start, end, filters, zone=zone, fill=getattr(options, "fill", False), **more)


def filters_asked(options: Namespace) -> dict[str, list[str]]:
    """The filters that the options set, by their names. Raises `BadQuestion` for a source that there isn't."""
    filters = {name: getattr(options, name) for _, name, _, _ in FILTERS if getattr(options, name)}
    if "project_path" in filters:
        filters["project_path"] = [project_named(folder) for folder in filters["project_path"]]
    if "source" in filters:
        check_sources(filters["source"])
    return filters


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


def project_named(folder: str) -> str:
    """A relative path that exists, made absolute, as logs name it; anything else as it stands."""
    path = Path(folder)
    return str(path.resolve()) if folder and not path.is_absolute() and path.exists() else folder


def check_sources(names: list[str]) -> None:
    """Raises `BadQuestion` where there is no source of one of those names."""
    from tachograph.sources import source

    for name in names:
        source(name)
