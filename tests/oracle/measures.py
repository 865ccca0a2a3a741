"""What is measured on some metrics: the contract's "The whole range"."""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from .reading import Metric

TOKEN_KINDS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
PERCENTILES = {"p50_ms": Fraction(50, 100), "p95_ms": Fraction(95, 100), "p99_ms": Fraction(99, 100)}


def field(name: str) -> Callable[[Metric], Any]:
    """What reads `name` from a metric's data; None where it is absent or null."""
    return lambda metric: metric["data"].get(name)


def duration_ms(metric: Metric) -> float | None:
    """The metric's duration in milliseconds, None if it wasn't timed."""
    data = metric["data"]
    if data.get("duration_ms") is not None:
        return float(data["duration_ms"])
    if data.get("duration_seconds") is not None:
        return float(data["duration_seconds"] * 1000)
    return None


def told_tokens(metric: Metric) -> int | None:
    """The metric's tokens, stated or by kind; None if it says nothing of them."""
    data = metric["data"]
    if data.get("token_count") is not None:
        return int(data["token_count"])
    kinds = [data[kind] for kind in TOKEN_KINDS if data.get(kind) is not None]
    return sum(kinds) if kinds else None


def tokens(metric: Metric) -> int:
    """The metric's tokens, 0 if it says nothing of them."""
    return told_tokens(metric) or 0


def succeeded(metric: Metric) -> bool | None:
    """The metric's outcome, None if it is unknown."""
    success: bool | None = metric["data"].get("success")
    if success is None and metric["type"] == "error_occurred":
        return False
    return success


def durations(metrics: list[Metric]) -> list[float]:
    """All known durations in milliseconds, ascending."""
    return sorted(duration for metric in metrics if (duration := duration_ms(metric)) is not None)


def total_duration_ms(metrics: list[Metric]) -> float:
    """The sum of the known durations, rounded once; 0.0 if there are none."""
    return math.fsum(durations(metrics))


def total_tokens(metrics: list[Metric]) -> int:
    """The sum of all tokens, exact at any size."""
    return sum(tokens(metric) for metric in metrics)


def errors(metrics: list[Metric]) -> int:
    """How many metrics are an error."""
    return sum(metric["type"] == "error_occurred" for metric in metrics)


def distinct(metrics: list[Metric], name: str) -> int:
    """How many different values of the metric's own field `name` there are; null is none."""
    return len({metric[name] for metric in metrics} - {None})


def percentile(ascending: list[float], p: Fraction) -> float | None:
    """The value at index floor(n·p), None if there are no values."""
    return ascending[math.floor(len(ascending) * p)] if ascending else None


def duration_stats(metrics: list[Metric]) -> dict[str, float | None]:
    """The contract's `duration_stats`."""
    ascending = durations(metrics)
    total = math.fsum(ascending)
    return {
        "total_ms": total,
        "avg_ms": total / len(ascending) if ascending else 0.0,
        "min_ms": min(ascending, default=None),
        "max_ms": max(ascending, default=None),
        **{name: percentile(ascending, p) for name, p in PERCENTILES.items()},
    }


def outcomes(metrics: list[Metric]) -> tuple[int, int]:
    """How many succeeded and how many failed; unknown outcomes are in neither."""
    known = [succeeded(metric) for metric in metrics]
    return known.count(True), known.count(False)


def calls(metrics: list[Metric]) -> dict[str, Any]:
    """What is said of one tool or one agent, by its metrics."""
    success, failure = outcomes(metrics)
    timed = durations(metrics)
    return {
        "count": len(metrics),
        "success": success,
        "failure": failure,
        "total_duration_ms": math.fsum(timed),
        # The contract names no value for calls of which none was timed: no data is no answer.
        "avg_duration_ms": math.fsum(timed) / len(timed) if timed else None,
    }


def counts(values: Iterable[str | None]) -> dict[str, int]:
    """How often each value is there, most frequent first, then by name; null is not counted."""
    counter = Counter(value for value in values if value is not None)
    return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))


def groups(metrics: list[Metric], key: Callable[[Metric], str | None]) -> dict[str, list[Metric]]:
    """The metrics by key, the largest group first, then by name; those without a key are in no group."""
    names = counts(map(key, metrics))
    return {name: [metric for metric in metrics if key(metric) == name] for name in names}
