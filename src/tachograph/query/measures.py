"""Each measure: which sums it needs, what it is of them, and what rows are ordered by in SQL.

`Measure.value` takes the sums of a group, as `grouping` gives them, and answers None where the measure has no value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final

import msgspec

from tachograph.prices import in_dollars
from tachograph.store.measures import FINE, TOKEN_KINDS

Sums = Mapping[str, Any]

_PERCENTILE: Final = re.compile(r"duration_p(0|[1-9]\d?)(?:\.(\d{1,3}))?", re.ASCII)
_MINUTE_US: Final = 60_000_000


class Measure(msgspec.Struct, frozen=True):
    """One measure."""

    name: str
    sums: tuple[str, ...]
    """What it is made of: names of `grouping.AGGREGATES`."""
    value: Callable[[Sums], Any]
    order: str
    """The same in SQL, over the columns of those names, to the last digits."""


def _sum(name: str, of: str) -> Measure:
    return Measure(name, (of,), lambda sums: int(sums[of]), of)


def _extreme(name: str, of: str) -> Measure:
    return Measure(name, (of,), lambda sums: sums[of], of)


def _rate(name: str, part: str, whole: tuple[str, ...]) -> Measure:
    def value(sums: Sums) -> float | None:
        base = sum(int(sums[each]) for each in whole)
        return int(sums[part]) / base if base else None

    return Measure(name, tuple(dict.fromkeys((part, *whole))), value, f"{part} / nullif({' + '.join(whole)}, 0)")


def _duration_sum(sums: Sums) -> float:
    """In milliseconds; infinite where no float holds it."""
    fine, coarse = int(sums["fine_duration"]), sums["coarse_duration"]
    try:
        return math.fsum([fine / FINE, coarse])
    except (OverflowError, ValueError):  # past the largest float, or infinities of both signs
        return math.inf


def _duration_avg(sums: Sums) -> float | None:
    if not sums["timed"]:
        return None
    if not sums["coarse_duration"]:
        return int(sums["fine_duration"]) / (FINE * int(sums["timed"]))
    return _duration_sum(sums) / int(sums["timed"])


def _tokens_per_minute(sums: Sums) -> float | None:
    return int(sums["tokens"]) * _MINUTE_US / int(sums["active_us"]) if sums["active_us"] else None


_DURATION: Final = ("fine_duration", "coarse_duration")
_DURATION_SQL: Final = f"(fine_duration::DOUBLE / {FINE} + coarse_duration)"
_ALL: Final = (
    _sum("count", "metrics_count"),
    _sum("sessions", "sessions"),
    _sum("users", "users"),
    _sum("errors", "errors"),
    _rate("error_rate", "errors", ("metrics_count",)),
    _sum("success_count", "successes"),
    _sum("failure_count", "failures"),
    _rate("success_rate", "successes", ("successes", "failures")),
    _sum("timed", "timed"),
    Measure("duration_sum", _DURATION, _duration_sum, _DURATION_SQL),
    Measure("duration_avg", (*_DURATION, "timed"), _duration_avg, f"{_DURATION_SQL} / nullif(timed, 0)"),
    _extreme("duration_min", "shortest"),
    _extreme("duration_max", "longest"),
    _sum("tokens", "tokens"),
    *(_sum(kind, kind) for kind in TOKEN_KINDS),
    _rate("cache_hit_rate", "cache_read_tokens", ("input_tokens", "cache_read_tokens", "cache_write_tokens")),
    Measure("cost_usd", ("cost",), lambda sums: in_dollars(sums["cost"]), "cost"),
    Measure("active_ms", ("active_us",), lambda sums: int(sums["active_us"]) / 1000, "active_us"),
    Measure("tokens_per_minute", ("tokens", "active_us"), _tokens_per_minute, "tokens / nullif(active_us, 0)"),
)
_BY_NAME: Final = {each.name: each for each in _ALL}

AT_LEAST: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("input_tokens", "cache_read_tokens", "cache_write_tokens"), ("unknown_usage",)),
    **dict.fromkeys(("tokens", "output_tokens", "tokens_per_minute"), ("unknown_usage", "lower_bounds")),
    "cost_usd": ("unknown_usage", "lower_bounds", "unpriced"),
}
"""Which sums make each measure a lower bound, where they aren't 0."""


def is_measure(name: str) -> bool:
    """Whether there is such a measure."""
    return name in _BY_NAME or is_percentile(name)


def is_percentile(name: str) -> bool:
    """Whether it is a percentile that there can be."""
    return percentage(name) is not None


def percentage(name: str) -> Fraction | None:
    """Which percentile of durations a measure is, above 0 and below 100; None for any other measure."""
    matched = _PERCENTILE.fullmatch(name)
    if not matched:
        return None
    return Fraction(f"{matched[1]}.{matched[2] or 0}") or None


def measure(name: str) -> Measure:
    """The measure of a name that `is_measure` knows."""
    percent = percentage(name)
    if percent is None:
        return _BY_NAME[name]
    column = percentile_column(percent)
    return Measure(name, (column,), lambda sums: sums[column], column)


def percentile_column(percent: Fraction) -> str:
    """What the sum of a percentile is called: by thousandths of a percent."""
    return f"p{int(percent * 1000)}"
