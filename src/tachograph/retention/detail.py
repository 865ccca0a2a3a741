"""What is to be done with the detail of old metrics, and doing it: only sums by window are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from tachograph.aggregate.question import time_zone
from tachograph.aggregate.windows import DAY_US, runs, window_end, window_start
from tachograph.metric import FIRST_US, microseconds_of
from tachograph.store.condense import Condensing, Windows

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tachograph.aggregate.windows import Run
    from tachograph.retention.policy import DetailPolicy
    from tachograph.store.condense import Condensable
    from tachograph.store.duckdb import Store

_SETTLED: Final = timedelta(days=7)
"""A call whose result isn't known is taken to be going on for so long."""


@dataclass(frozen=True, slots=True)
class DetailPlan:
    """The metrics whose detail is deleted: how many, and when the first and last of them happened (None: no metric)."""

    policy: DetailPolicy
    before_us: int
    """Where the first window begins that keeps its detail, in microseconds since 1970."""
    metrics: int
    first_us: int | None
    last_us: int | None


def plan_detail(store: Store, policy: DetailPolicy, now: datetime) -> DetailPlan:
    """What the policy wants deleted now. Nothing is changed."""
    asked = _asked(policy, now)
    return _plan(policy, asked, store.condensable(asked))


def condense_detail(store: Store, policy: DetailPolicy, now: datetime) -> DetailPlan:
    """Deletes the detail of what is old enough and keeps its sums, all or nothing of it; tells what that was."""

    def windows_of(days: list[int]) -> Windows:
        windows = runs(policy.resolution, time_zone(policy.timezone), [day + FIRST_US // DAY_US for day in days])
        start, end = window_start(windows, "metrics.ts"), window_end(windows, "metrics.ts")
        return Windows(start, end, policy.resolution, policy.timezone)

    asked = _asked(policy, now)
    return _plan(policy, asked, store.condense(asked, windows_of))


def _plan(policy: DetailPolicy, asked: Condensing, found: Condensable) -> DetailPlan:
    return DetailPlan(policy, asked.before_us, found.metrics, found.first_us, found.last_us)


def _asked(policy: DetailPolicy, now: datetime) -> Condensing:
    """Whole windows only: one in which the age ends is left for later."""
    now_us = microseconds_of(now)
    oldest_us = max(now_us - policy.delete_after // timedelta(microseconds=1), FIRST_US)
    windows = runs(policy.resolution, time_zone(policy.timezone), [oldest_us // DAY_US])
    return Condensing(_start_of(windows, oldest_us), now_us - _SETTLED // timedelta(microseconds=1))


def _start_of(windows: Iterable[Run], us: int) -> int:
    """Where the window of a moment begins; the windows are in order and cover it."""
    run = next(run for run in windows if us < run.end_us)
    return us - (us - run.start_us) % run.width_us
