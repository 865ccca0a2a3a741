"""The engine against the slow reading of the contract, on random histories."""

from __future__ import annotations

import asyncio
import math
import re
from typing import Any

from hypothesis import HealthCheck, given, settings

from oracle import aggregate, read_lines
from stored import ANY_FORM, store_of
from strategies import Question, histories
from tachograph import MetricsAggregator

BY_NAME = re.compile(r"\.breakdowns\.\w+|\.time_series\[\d+\]\.tool_uses")


def answer(lines: list[bytes], asked: Question, form: str, *, fill: bool = False) -> dict[str, Any]:
    question = asked._asdict()
    kind, zone = question.pop("type"), question.pop("zone")
    with store_of(lines, form) as store:
        aggregator = MetricsAggregator(store)
        result = asyncio.run(aggregator.aggregate(kind, **question, timezone=zone, fill=fill))
        return result.to_dict()


def same(mine: Any, theirs: Any, where: str = "") -> None:
    """Asserts that all that the contract names is equal, floats but for their last digits.

    What is counted by name has all names, in their order, and no other. Dollars are no less exact for being few.
    """
    if isinstance(theirs, dict):
        assert theirs.keys() <= mine.keys(), where
        if BY_NAME.fullmatch(where):
            assert list(mine) == list(theirs), where
        for key, value in theirs.items():
            same(mine[key], value, f"{where}.{key}")
    elif isinstance(theirs, list):
        assert len(mine) == len(theirs), (where, mine, theirs)
        for index, (one, other) in enumerate(zip(mine, theirs, strict=True)):
            same(one, other, f"{where}[{index}]")
    elif isinstance(theirs, float) and isinstance(mine, int | float):
        least = 0 if where.endswith("_usd") else 1e-6
        assert math.isclose(mine, theirs, rel_tol=1e-9, abs_tol=least), (where, mine, theirs)
    elif isinstance(theirs, bool):
        assert mine is theirs, (where, mine, theirs)
    else:
        assert mine == theirs, (where, mine, theirs)


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(form=ANY_FORM, history=histories())
def test_every_answer_equals_the_slow_reading(form: str, history: tuple[list[bytes], Question]) -> None:
    lines, asked = history
    metrics, _ = read_lines(lines)
    same(answer(lines, asked, form), aggregate(metrics, **asked._asdict()))


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(form=ANY_FORM, history=histories(bounded=True))
def test_filled_windows_equal_the_slow_reading(form: str, history: tuple[list[bytes], Question]) -> None:
    lines, asked = history
    metrics, _ = read_lines(lines)
    same(answer(lines, asked, form, fill=True), aggregate(metrics, **asked._asdict(), fill=True))
