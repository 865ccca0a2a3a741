"""The command that shows an insight."""

from __future__ import annotations

import shlex
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from tachograph.query.model import All, AnyOf
from tachograph.report.zones import zone_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tachograph.insights.insight import Insight
    from tachograph.query.model import Filter


def command(insight: Insight, *, demo: bool = False, home: str | None = None) -> str:
    """The command line that shows the days of an insight and of the past that they were compared with."""
    query = insight.query
    assert query.start is not None
    assert query.end is not None
    last = (query.end.astimezone(query.zone) - timedelta(microseconds=1)).date()
    words = [
        "tachograph", "query", "--measure", ",".join(query.measures), "--by", ",".join(query.by),
        *_filters(query.where),
        "--since", str(query.start.astimezone(query.zone).date()), "--until", str(last),
    ]  # fmt: skip
    if zone_name(query.zone) != "local time":
        words += ["--timezone", zone_name(query.zone)]
    if demo:
        words.append("--demo")
    if home is not None:
        words += ["--home", home]
    return shlex.join(words)


_OPTIONS: Final = {"type": "--type", "project": "--project"}


def _filters(where: Filter | None) -> Iterator[str]:
    """The options that say the same."""
    if isinstance(where, All):
        for one in where.of:
            yield from _filters(one)
    elif isinstance(where, AnyOf):
        for value in where.values:
            yield _OPTIONS[where.field]
            yield str(value)
