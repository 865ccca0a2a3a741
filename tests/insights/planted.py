"""Made-up histories of six weeks, with changes planted on known days."""

from __future__ import annotations

import random
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from cli.made_up import metric, write_log
from tachograph.ingest.reader import plan_paths, read
from tachograph.insights.insight import Days
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tachograph.insights.insight import Sensitivity

FIRST = date(2026, 3, 16)
"""A Monday."""
LAST = date(2026, 4, 24)
"""The Friday of the sixth week."""
TOOLS = {"Bash": (900.0, 0.06), "Read": (20.0, 0.01), "Edit": (60.0, 0.04), "WebFetch": (2500.0, 0.1)}
"""Median milliseconds and share of failures."""

Change = dict[str, Any]
"""What is otherwise on a day: "failing", "slow" (sets of tools), "cost" (a factor of opus), "errors", "cache", "calls"."""


class Writer:
    """Writes the lines of sessions, by one source of chance."""

    def __init__(self, seed: int = 20260302) -> None:
        self.chance = random.Random(seed)
        self.lines: list[str] = []

    def add(self, moment: datetime, session: str, user: str, type: str, **data: Any) -> None:
        self.lines.append(metric(f"m{len(self.lines)}", moment.isoformat(), type, session, user, **data))

    def day(self, day: date, project: str, user: str, change: Change, begins: datetime) -> None:
        """A session of some sixty calls, twenty requests and an error or so."""
        chance, session = self.chance, f"{project.rpartition('/')[2]}-{day}"
        self.add(begins, session, user, "session_start", project_path=project)
        for number in range(round(60 * chance.uniform(0.8, 1.25) * change.get("calls", 1))):
            moment = begins + timedelta(seconds=20 * number)
            self.call(moment, session, user, change)
            if number % 3 == 0:
                self.request(moment, session, user, change)
            if chance.random() < 0.01:
                self.add(moment, session, user, "error_occurred", error_type="overloaded")
        for number in range(change.get("errors", 0)):
            self.add(begins + timedelta(seconds=number), session, user, "error_occurred", error_type="rate_limit")

    def call(self, moment: datetime, session: str, user: str, change: Change) -> None:
        tool = self.chance.choices(list(TOOLS), [4, 4, 2, 1])[0]
        median_ms, failing = TOOLS[tool]
        failing = 0.7 if tool in change.get("failing", ()) else failing
        slow = 12 if tool in change.get("slow", ()) else 1
        self.add(
            moment, session, user, "tool_use", tool_name=tool, success=self.chance.random() >= failing,
            duration_ms=round(median_ms * slow * self.chance.lognormvariate(0, 0.4), 1),
        )  # fmt: skip

    def request(self, moment: datetime, session: str, user: str, change: Change) -> None:
        model = self.chance.choice(["opus", "sonnet"])
        read = round(20_000 * change.get("cache", 0.95))
        cost = 0.05 * (change.get("cost", 1) if model == "opus" else 1)
        self.add(
            moment, session, user, "token_usage", model=model, cost_usd=cost, output_tokens=300,
            input_tokens=20_000 - read, cache_read_tokens=read,
        )  # fmt: skip


def history(
    changes: dict[tuple[date, str], Change] | None = None,
    projects: Sequence[tuple[str, str]] = (("/srv/api", "ana"), ("/srv/web", "ben")),
    is_active: Callable[[date], bool] = lambda day: day.weekday() < 5,
    zone: tzinfo = UTC,
    hour: int = 9,
    last: date = LAST,
) -> list[str]:
    """A session of each project and its user on each working day, of the zone; with changes by day and project."""
    writer = Writer()
    day = FIRST
    while day <= last:
        for project, user in projects if is_active(day) else ():
            begins = datetime(day.year, day.month, day.day, hour, tzinfo=zone)
            writer.day(day, project, user, (changes or {}).get((day, project), {}), begins)
        day += timedelta(days=1)
    return writer.lines


@contextmanager
def stored(tmp_path: Path, lines: Sequence[str]) -> Iterator[Store]:
    """A store of those lines."""
    path = write_log(tmp_path / "planted", *lines)
    with Store.in_memory() as store:
        read(store, plan_paths(store, [path.parent], "metrics-log"))
        yield store


def last_week(
    *,
    zone: tzinfo = UTC,
    projects: tuple[str, ...] = (),
    now: datetime | None = None,
    sensitivity: Sensitivity = "normal",
) -> Days:
    """The last seven days, all of them over unless it is said when it is."""
    after = datetime(2026, 5, 1, tzinfo=UTC)
    return Days(
        since=LAST - timedelta(days=6), until=LAST, now=now or after, zone=zone, projects=projects,
        sensitivity=sensitivity,
    )  # fmt: skip
