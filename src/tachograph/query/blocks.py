"""Blocks of five hours, in which agents' subscriptions count: what each used, how fast, and what that makes of it.

A block begins with the first request after the one before has ended, at the full hour (UTC) that the request is in, and
lasts five hours; where nothing happens for more than five hours, the next request begins a new one as well. That is how
ccusage counts (https://ccusage.com/guide/blocks-reports), but that each source has blocks of its own: limits are each
agent's. Blocks begin and end at full hours, so hours can be added up by the engine before blocks are made of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.metric import microseconds_of
from tachograph.prices import in_dollars
from tachograph.query.singles import Singles
from tachograph.store.measures import TOKEN_KINDS, USAGE, USED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tachograph.query.model import Query
    from tachograph.store.duckdb import Store

HOUR_US: Final = 3_600_000_000
BLOCK_US: Final = 5 * HOUR_US
_MINUTE_US: Final = 60_000_000


class Hour(msgspec.Struct, frozen=True):
    """What one model of one source used in an hour of UTC. Times are microseconds since 1970."""

    source: str
    model: str | None
    first_us: int
    last_us: int
    requests: int
    tokens: tuple[int, ...]
    """All of them, and by kind."""
    cost: int
    """In 1e-24 USD."""
    is_at_least: bool


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """What a source used in one block. Times are microseconds since 1970, the end is outside."""

    source: str
    start_us: int
    first_us: int
    """When the first request was."""
    last_us: int
    """When the last one was."""
    models: tuple[str, ...]
    requests: int
    tokens: int
    by_kind: tuple[int, ...]
    """In the order of `TOKEN_KINDS`."""
    cost_usd: float
    is_at_least: bool

    @property
    def end_us(self) -> int:
        """When it ends."""
        return self.start_us + BLOCK_US

    def is_active(self, now_us: int) -> bool:
        """Whether it goes on: it hasn't ended, and the last request is no more than five hours ago."""
        return self.start_us <= now_us < self.end_us and now_us - self.last_us <= BLOCK_US

    def burn(self) -> Burn | None:
        """How fast it uses tokens and money, from its first request to its last; None where those are one moment."""
        minutes = (self.last_us - self.first_us) / _MINUTE_US
        if minutes <= 0:
            return None
        return Burn(self.tokens / minutes, self.cost_usd / minutes * 60)

    def projected(self, now_us: int) -> Projection | None:
        """What it comes to by its end, going on as fast; None where it isn't active or no speed is known."""
        burn = self.burn()
        if burn is None or not self.is_active(now_us):
            return None
        minutes = (self.end_us - now_us) / _MINUTE_US
        tokens = self.tokens + round(burn.tokens_per_minute * minutes)
        return Projection(tokens, self.cost_usd + burn.usd_per_hour / 60 * minutes, minutes)


class Burn(msgspec.Struct, frozen=True):
    """How fast."""

    tokens_per_minute: float
    usd_per_hour: float


class Projection(msgspec.Struct, frozen=True):
    """What a block comes to, and how many minutes of it are left."""

    tokens: int
    cost_usd: float
    minutes_left: float


def blocks(store: Store, query: Query) -> list[Block]:
    """The blocks of what passes the query's filter that end after its start and begin before its end, in order of time.

    Where a block begins depends on the one before it: all of the history is looked at. Condensed metrics aren't.
    """
    singles = Singles(store, msgspec.structs.replace(query, start=None, end=None))
    cursor = singles.asked(f"""
        SELECT
            metrics.source, metrics.model, min(metrics.ts) AS first_us, max(metrics.ts) AS last_us,
            count(*) AS requests,
            {USAGE}
        {singles.rows} AND {USED}
        GROUP BY metrics.source, metrics.model, metrics.ts // {HOUR_US}
        ORDER BY first_us, metrics.source, metrics.model
    """)
    names = [column[0] for column in cursor.description or ()]
    found = blocks_of(_hour(dict(zip(names, row, strict=True))) for row in cursor.fetchall())
    start = None if query.start is None else microseconds_of(query.start)
    end = None if query.end is None else microseconds_of(query.end)
    return [one for one in found if (start is None or one.end_us > start) and (end is None or one.start_us < end)]


def _hour(row: dict[str, Any]) -> Hour:
    return Hour(
        row["source"] or "",
        row["model"],
        row["first_us"],
        row["last_us"],
        row["requests"],
        (int(row["tokens"]), *(int(row[kind]) for kind in TOKEN_KINDS)),
        int(row["cost"]),
        bool(row["unpriced"] or row["unknown_usage"] or row["lower_bounds"]),
    )


def blocks_of(hours: Iterable[Hour]) -> list[Block]:
    """The blocks that hours make, in order of time; the hours are in the order of their first requests."""
    open_blocks: dict[str, list[Hour]] = {}
    closed: list[Block] = []
    for hour in hours:
        mine = open_blocks.get(hour.source)
        if mine and not _belongs(hour, mine):
            closed.append(_block(mine))
            mine = None
        if mine:
            mine.append(hour)
        else:
            open_blocks[hour.source] = [hour]
    closed += [_block(mine) for mine in open_blocks.values()]
    return sorted(closed, key=lambda one: (one.start_us, one.source))


def _belongs(hour: Hour, block: Sequence[Hour]) -> bool:
    start_us = _floor(block[0].first_us)
    last_us = max(each.last_us for each in block)
    return hour.first_us < start_us + BLOCK_US and hour.first_us - last_us <= BLOCK_US


def _block(hours: Sequence[Hour]) -> Block:
    totals = [sum(column) for column in zip(*(hour.tokens for hour in hours), strict=True)]
    return Block(
        source=hours[0].source,
        start_us=_floor(hours[0].first_us),
        first_us=min(hour.first_us for hour in hours),
        last_us=max(hour.last_us for hour in hours),
        models=tuple(dict.fromkeys(hour.model for hour in hours if hour.model is not None)),
        requests=sum(hour.requests for hour in hours),
        tokens=totals[0],
        by_kind=tuple(totals[1:]),
        cost_usd=in_dollars(sum(hour.cost for hour in hours)),
        is_at_least=any(hour.is_at_least for hour in hours),
    )


def _floor(us: int) -> int:
    return us - us % HOUR_US
