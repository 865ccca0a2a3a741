"""What `tachograph live` shows, asked of the store."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.metric import microseconds_of
from tachograph.query.blocks import blocks
from tachograph.query.model import All, AnyOf, Query
from tachograph.query.ranges import named_range
from tachograph.query.run import run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from tachograph.query.blocks import Block
    from tachograph.query.model import Filter, QueryResult
    from tachograph.store.duckdb import Store

_MEASURES: Final = ("cost_usd", "tokens", "count", "failure_count", "errors")
_TODAY: Final = ("cost_usd", "tokens", "sessions", "errors")
_MINUTES: Final = 5
"""Over so many a session's speed is taken."""
_SESSIONS_MAX: Final = 30


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A session that was heard of."""

    session: str
    project: str | None
    model: str | None
    last: datetime
    """When it was last heard of, to the minute."""
    cost_usd: float
    tokens: int
    per_minute: float
    """Tokens, over the last minutes."""
    metrics: int
    failures: int
    errors: int


class View(msgspec.Struct, frozen=True, kw_only=True):
    """All that is shown."""

    now: datetime
    zone: Any
    idle: timedelta
    sessions: list[Running]
    today: dict[str, Any]
    today_at_least: tuple[str, ...]
    blocks: list[Block]
    demo: bool


def view(
    store: Store, now: datetime, idle: timedelta, where: Filter | None, zone: tzinfo, *, demo: bool = False
) -> View:
    """The sessions heard of within `idle` before `now`, the last first; today's figures; the blocks that go on."""
    end = now + timedelta(seconds=1)
    recent = run(store, Query(by=("session", "minute"), start=now - idle, end=end, where=where, zone=zone))
    last = {row["session"]: row["minute"] for row in recent.rows}  # windows ascend: the last one stays
    names = sorted(last, key=lambda name: datetime.fromisoformat(last[name]), reverse=True)[:_SESSIONS_MAX]
    start, tomorrow = named_range("today", now, zone)
    today = run(store, Query(measures=_TODAY, start=start, end=tomorrow, where=where, zone=zone))
    now_us = microseconds_of(now)
    day_ago = Query(start=now - timedelta(days=1), where=where, zone=zone)
    return View(
        now=now,
        zone=zone,
        idle=idle,
        sessions=_running(store, names, last, now) if names else [],
        today=today.total,
        today_at_least=today.at_least,
        blocks=[one for one in blocks(store, day_ago) if one.is_active(now_us)],
        demo=demo,
    )


def _running(store: Store, names: Sequence[str], last: dict[str, str], now: datetime) -> list[Running]:
    only = All((AnyOf("session", tuple(names)),))
    used = {row["session"]: row for row in _by_session(store, only, _MEASURES).rows}
    fast = Query(measures=("tokens",), by=("session",), start=now - timedelta(minutes=_MINUTES), end=now, where=only)
    speed = {row["session"]: row["tokens"] / _MINUTES for row in run(store, fast).rows}
    project, model = _commonest(store, only, "project"), _commonest(store, only, "model")
    return [
        Running(
            session=name,
            project=project.get(name),
            model=model.get(name),
            last=datetime.fromisoformat(last[name]),
            cost_usd=used[name]["cost_usd"],
            tokens=int(used[name]["tokens"]),
            per_minute=speed.get(name, 0.0),
            metrics=used[name]["count"],
            failures=used[name]["failure_count"],
            errors=used[name]["errors"],
        )
        for name in names
        if name in used
    ]


def _by_session(store: Store, where: Filter, measures: tuple[str, ...], more: tuple[str, ...] = ()) -> QueryResult:
    return run(store, Query(measures=measures, by=("session", *more), where=where))


def _commonest(store: Store, where: Filter, name: str) -> dict[str, str]:
    """For each session the value that most of its metrics have."""
    found: dict[str, str] = {}
    for row in _by_session(store, where, ("count",), (name,)).rows:
        found.setdefault(row["session"], row[name])
    return found


def last_moment(store: Store) -> datetime | None:
    """When the last thing happened."""
    end = run(store, Query()).end
    return None if end is None else datetime.fromisoformat(end)
