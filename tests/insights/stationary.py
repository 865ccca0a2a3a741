"""Made-up days of every watched measure, in which nothing changes but by chance."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tachograph.insights.judging import Point
from tachograph.insights.watched import WATCHED

if TYPE_CHECKING:
    import random

FIRST = date(2026, 3, 2)
"""A Monday."""
DAYS = 56

Days = dict[str, list[Point]]


def stationary(chance: random.Random, calls: float = 150.0) -> Days:
    """Eight weeks of one project: most working days and some others, of work that varies by the factor 1.6 or so.

    Rates, durations and shares vary from day to day by more than the numbers behind them make them.
    """
    series: Days = {one.name: [] for one in WATCHED}
    for number in range(DAYS):
        day = FIRST + timedelta(days=number)
        is_weekend = day.weekday() >= 5
        if chance.random() > (0.2 if is_weekend else 0.9):
            continue
        made = max(1, round(calls * (0.4 if is_weekend else 1) * _factor(chance, 0.5)))
        for one in _day(chance, day, made):
            series[one[0]].append(one[1])
    return series


def _factor(chance: random.Random, spread: float) -> float:
    return math.exp(chance.gauss(0, spread))


def _binomial(chance: random.Random, of: int, rate: float) -> int:
    return sum(chance.random() < rate for _ in range(of))


def _day(chance: random.Random, day: date, calls: int) -> list[tuple[str, Point]]:
    metrics = calls * 2
    tokens = calls * 20_000 * _factor(chance, 0.2)
    errors = _binomial(chance, metrics, 0.015 * _factor(chance, 0.3))
    failed = _binomial(chance, calls, 0.07 * _factor(chance, 0.2))
    odds = 9 * _factor(chance, 0.3)
    slowness = _factor(chance, 0.1)
    times = sorted(900 * slowness * _factor(chance, 1.4) for _ in range(calls))
    runs = sorted(60_000 * slowness * _factor(chance, 0.7) for _ in range(calls // 8))
    found = [
        ("count", Point(day, metrics, None, metrics)),
        ("tokens", Point(day, tokens, None, metrics)),
        ("cost_usd", Point(day, tokens * 2e-6 * _factor(chance, 0.3), None, metrics)),
        ("errors", Point(day, errors, None, metrics)),
        ("error_rate", Point(day, errors, metrics, metrics)),
        ("tool_failure_rate", Point(day, failed, calls, calls)),
        ("cache_hit_rate", Point(day, tokens * odds / (odds + 1), tokens, calls)),
        ("tool_duration_p95", Point(day, times[int(calls * 0.95)], None, calls)),
    ]
    if runs:
        found.append(("agent_duration_p50", Point(day, runs[len(runs) // 2], None, len(runs))))
    return found
