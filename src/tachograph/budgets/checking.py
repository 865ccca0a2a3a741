"""How much of each budget is used in the window of time that is now."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from tachograph.query.checking import checked
from tachograph.query.model import All, AnyOf, Query
from tachograph.query.ranges import named_range
from tachograph.query.run import run

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, tzinfo

    from tachograph.budgets.budget import Budget
    from tachograph.query.model import Filter
    from tachograph.store.duckdb import Store

Level = Literal["fine", "warning", "over"]
_RANGES: Final = {"day": "today", "week": "this week", "month": "this month"}


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a budget is used, by everything that it is for or by one project, user or model."""

    budget: Budget
    group: str | None
    """Which one, of a budget for each."""
    start: datetime
    """Of the window, aware; the end is outside."""
    end: datetime
    used: float
    """In US dollars, or tokens."""
    is_at_least: bool
    projected: float
    """What it comes to by the end of the window, if it goes on as it did so far."""

    @property
    def share(self) -> float:
        """Of the limit: 1 is all of it."""
        return self.used / self.budget.limit

    @property
    def level(self) -> Level:
        """Whether it is used up, or soon will be."""
        if self.share > 1:
            return "over"
        return "warning" if self.share * 100 >= self.budget.warn_at else "fine"


def used(store: Store, budgets: Iterable[Budget], now: datetime, zone: tzinfo = UTC) -> list[Used]:
    """Of each budget, in their order; of one for each project, user or model those that used anything, most first."""
    return [each for budget in budgets for each in _of(store, budget, now, zone)]


def _of(store: Store, budget: Budget, now: datetime, zone: tzinfo) -> list[Used]:
    start, end = named_range(_RANGES[budget.per], now, zone)
    result = run(
        store,
        checked(
            Query(
                measures=(budget.measure,),
                by=() if budget.each is None else (budget.each,),
                start=start,
                end=end,
                zone=zone,
                where=_filter(budget),
            )
        ),
    )
    passed = max((min(now, end) - start) / (end - start), 1e-6)

    def one(group: str | None, value: Any) -> Used:
        amount = float(value or 0)
        return Used(
            budget=budget,
            group=group,
            start=start,
            end=end,
            used=amount,
            is_at_least=budget.measure in result.at_least,
            projected=amount / passed,
        )

    if budget.each is None:
        return [one(None, result.total[budget.measure])]
    return [one(row[budget.each], row[budget.measure]) for row in result.rows if row[budget.measure]]


def _filter(budget: Budget) -> Filter | None:
    chosen = [AnyOf(name, (value,)) for name in ("project", "user", "model") if (value := getattr(budget, name))]
    return All(tuple(chosen)) if chosen else None
