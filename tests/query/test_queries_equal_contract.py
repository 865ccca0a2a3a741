"""The engine against the slow reading of docs/queries.md, on random histories and random queries.

`TACHOGRAPH_QUERY_EXAMPLES=5000` asks of so many histories instead of a few.
"""

from __future__ import annotations

import json
import math
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings

from oracle import read_lines
from oracle.queries import answer
from query_strategies import Asking, askings
from stored import ANY_FORM, FORMS, store_of
from tachograph.query import side
from tachograph.query.model import Query
from tachograph.query.run import run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tachograph.query.model import QueryResult

EXAMPLES = int(os.environ.get("TACHOGRAPH_QUERY_EXAMPLES", "50"))
BOUNDED = ("tokens", "cost_usd")  # of which the slow reading says whether they are at least so much
FLOATS = 1e-9  # how far floats may be apart, in relation to their size


def same_value(mine: Any, theirs: Any, where: str, size: float = 0.0) -> None:
    """Asserts that values are equal: floats but for their last digits, in relation to `size` where that is larger."""
    if isinstance(theirs, float) and isinstance(mine, int | float):
        assert math.isclose(mine, theirs, rel_tol=FLOATS, abs_tol=FLOATS * size), (where, mine, theirs)
    else:
        assert mine == theirs, (where, mine, theirs)


def same_row(mine: Mapping[str, Any], theirs: Mapping[str, Any], where: str) -> None:
    """Asserts that rows have the same names and values. A difference is no more exact than what it is between."""
    assert mine.keys() == theirs.keys(), (where, dict(mine), theirs)
    for name in theirs.keys() - {"previous", "change"}:
        same_value(mine[name], theirs[name], f"{where}.{name}")
    if "change" not in theirs:
        return
    before = theirs["previous"]
    assert (mine["previous"] is None) == (before is None), (where, mine, theirs)
    assert mine["change"].keys() == theirs["change"].keys(), (where, mine, theirs)
    if before is not None:
        same_row(mine["previous"], before, f"{where}.previous")
    for name, change in theirs["change"].items():
        same_change(mine["change"][name], change, [theirs[name], (before or {}).get(name)], f"{where}.change.{name}")


def same_change(mine: Mapping[str, Any], theirs: Mapping[str, Any], between: list[float | None], where: str) -> None:
    size = max(abs(value or 0) for value in between)
    assert mine.keys() == theirs.keys(), where
    same_value(mine["absolute"], theirs["absolute"], f"{where}.absolute", size)
    same_value(mine["relative"], theirs["relative"], f"{where}.relative", size / abs(between[1] or 1))


def same(mine: QueryResult, theirs: dict[str, Any]) -> None:
    assert len(mine.rows) == len(theirs["rows"]), (mine.rows, theirs["rows"])
    for index, (one, other) in enumerate(zip(mine.rows, theirs["rows"], strict=True)):
        same_row(one, other, f"rows[{index}]")
    same_row(mine.total, theirs["total"], "total")
    assert mine.truncated == theirs["truncated"]
    assert mine.exact
    assert [name for name in mine.query.measures if name in mine.at_least and name in BOUNDED] == theirs["at_least"]
    for said, asked in ((mine.start, mine.query.start), (mine.end, mine.query.end)):
        assert asked is None or said == asked.astimezone(mine.query.zone).isoformat()


def check(lines: list[bytes], asked: list[Query], form: str) -> None:
    metrics, rejects = read_lines(lines)
    assert rejects == []
    with store_of(lines, form) as store, pytest.MonkeyPatch.context() as patched:
        if form == "half rolled":  # as if there were more durations than fit in memory
            patched.setattr(side, "LARGE", 0)
        for query in asked:
            same(run(store, query), answer(metrics, query))


PATIENT = settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))


@PATIENT
@given(form=ANY_FORM, asking=askings())
def test_every_query_equals_the_slow_reading(form: str, asking: Asking) -> None:
    check(*asking, form)


# What random queries have found


def line(n: int, at: str, **fields: str) -> bytes:
    return json.dumps({"id": f"m{n}", "timestamp": at, "type": "tool_use", "data": fields}).encode()


def day(first: int, **asked: Any) -> Query:
    start = datetime(2026, 3, first, tzinfo=UTC)
    return Query(start=start, end=start + timedelta(days=1), **asked)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_left_out_now_and_was_not_there_before_has_no_previous(form: str) -> None:
    now, before = "2026-03-02T09:00:00Z", "2026-03-01T09:00:00Z"
    tools = [(before, "Bash"), (now, "Bash"), (now, "Bash"), (now, "Read")]
    lines = [line(n, at, tool_name=tool) for n, (at, tool) in enumerate(tools)]
    check(lines, [day(2, by=("tool",), limit=1, other=True, compare="previous")], form)


@pytest.mark.parametrize("form", FORMS)
def test_the_earlier_rows_of_limited_windows_look_back_too(form: str) -> None:
    lines = [line(1, "2026-02-22T22:00:00Z")]
    check(lines, [day(2, by=("week",), limit=1, rolling=2, compare="previous")], form)
