"""What the status line shows of the store, brought up to date: in a process of its own, for which nobody waits."""

from __future__ import annotations

import os
from argparse import Namespace
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.cli.answering import opened
from tachograph.cli.asking import asked_zone
from tachograph.cli.home import store_path
from tachograph.cli.statusline import FILE, FORM, LOCK
from tachograph.errors import TachographError
from tachograph.metric import microseconds_of
from tachograph.store.files import write_cache

if TYPE_CHECKING:
    from tachograph.query.blocks import Block
    from tachograph.store.duckdb import Store

_SESSIONS_MAX: Final = 50
_NICENESS: Final = 5


def update(home: str | None) -> int:
    """Reads what is new, works out today's figures, and writes them beside the store.

    Raises as any question does, after it has written why: whoever shows the line shows that, and waits before the next.
    """
    folder = store_path(home).parent
    now = datetime.now(UTC)
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    with suppress(OSError, AttributeError):
        os.nice(_NICENESS)
    status: dict[str, Any] = {}
    try:
        with opened(Namespace(demo=False, home=str(folder), store=None, no_ingest=False), []) as store:
            status = _status(store, now)
    except TachographError as error:
        status = {"trouble": error.what}
        raise
    finally:
        write_cache(folder / FILE, msgspec.json.encode({"form": FORM, "made_us": microseconds_of(now), **status}))
        with suppress(OSError):
            (folder / LOCK).unlink()
    return 0


def _status(store: Store, now: datetime) -> dict[str, Any]:
    from tachograph.query.blocks import blocks
    from tachograph.query.model import Query
    from tachograph.query.ranges import named_range
    from tachograph.query.run import run

    zone = asked_zone(None)
    start, end = named_range("today", now, zone)
    today = run(store, Query(measures=("cost_usd", "tokens"), start=start, end=end, zone=zone))
    day_ago = now - timedelta(days=1)
    sessions = run(
        store,
        Query(measures=("cost_usd", "tokens"), by=("session",), start=day_ago, zone=zone, limit=_SESSIONS_MAX),
    )
    now_us = microseconds_of(now)
    active = [one for one in blocks(store, Query(start=day_ago, zone=zone)) if one.is_active(now_us)]
    return {
        "today": {
            "start_us": microseconds_of(start),
            "end_us": microseconds_of(end),
            "cost_usd": today.total["cost_usd"],
            "tokens": int(today.total["tokens"]),
            "at_least": "cost_usd" in today.at_least,
        },
        "blocks": [_block(one) for one in sorted(active, key=lambda one: -one.last_us)],
        "sessions": {
            row["session"]: {"cost_usd": row["cost_usd"], "tokens": int(row["tokens"])} for row in sessions.rows
        },
    }


def _block(block: Block) -> dict[str, Any]:
    burn = block.burn()
    return {
        "source": block.source,
        "start_us": block.start_us,
        "end_us": block.end_us,
        "cost_usd": block.cost_usd,
        "tokens": block.tokens,
        "usd_per_hour": None if burn is None else burn.usd_per_hour,
    }
