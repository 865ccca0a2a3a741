"""What is measured on some metrics: the "Measures" of docs/queries.md. What has no value is None."""

from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

from . import measures as measure
from . import usage
from .reading import Metric

LONGEST_PAUSE = timedelta(minutes=5)
MICROSECOND, MINUTE = timedelta(microseconds=1), timedelta(minutes=1)
PERCENTILE = "duration_p"


def measured(name: str, metrics: list[Metric]) -> Any:
    """The value of the measure that is called `name`; another name is a KeyError."""
    if name.startswith(PERCENTILE):
        return measure.percentile(measure.durations(metrics), Fraction(name.removeprefix(PERCENTILE)) / 100)
    return MEASURES[name](metrics)


def _rate(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _success_rate(metrics: list[Metric]) -> float | None:
    success, failure = measure.outcomes(metrics)
    return _rate(success, success + failure)


def _kind(name: str) -> Callable[[list[Metric]], int]:
    return lambda metrics: sum(metric["data"].get(name) or 0 for metric in metrics)


def _cache_hit_rate(metrics: list[Metric]) -> float | None:
    plain, read, write = (_kind(name)(metrics) for name in ("input_tokens", "cache_read_tokens", "cache_write_tokens"))
    return _rate(read, plain + read + write)


def _active(metrics: list[Metric]) -> timedelta:
    """From each metric of a session to its next, of which no more than `LONGEST_PAUSE` counts."""
    active = timedelta()
    for session in {metric["session_id"] for metric in metrics} - {None}:
        times: list[datetime] = sorted(metric["timestamp"] for metric in metrics if metric["session_id"] == session)
        for before, after in pairwise(times):
            active += min(after - before, LONGEST_PAUSE)
    return active


def _tokens_per_minute(metrics: list[Metric]) -> float | None:
    active = _active(metrics)
    if not active:
        return None
    return float(Fraction(measure.total_tokens(metrics)) / Fraction(active // MICROSECOND, MINUTE // MICROSECOND))


MEASURES: dict[str, Callable[[list[Metric]], Any]] = {
    "count": len,
    "sessions": lambda metrics: measure.distinct(metrics, "session_id"),
    "users": lambda metrics: measure.distinct(metrics, "user_id"),
    "errors": measure.errors,
    "error_rate": lambda metrics: _rate(measure.errors(metrics), len(metrics)),
    "success_count": lambda metrics: measure.outcomes(metrics)[0],
    "failure_count": lambda metrics: measure.outcomes(metrics)[1],
    "success_rate": _success_rate,
    "timed": lambda metrics: len(measure.durations(metrics)),
    "duration_sum": measure.total_duration_ms,
    "duration_avg": lambda metrics: _rate(measure.total_duration_ms(metrics), len(measure.durations(metrics))),
    "duration_min": lambda metrics: min(measure.durations(metrics), default=None),
    "duration_max": lambda metrics: max(measure.durations(metrics), default=None),
    "tokens": measure.total_tokens,
    **{name: _kind(name) for name in measure.TOKEN_KINDS},
    "cache_hit_rate": _cache_hit_rate,
    "cost_usd": lambda metrics: float(usage.total_usd(map(usage.cost_usd, metrics))),
    "active_ms": lambda metrics: _active(metrics) / timedelta(milliseconds=1),
    "tokens_per_minute": _tokens_per_minute,
}
