"""Asks what a dashboard shows of the last 30 days of the year, in one process. Prints how many rows each query has.

usage: uv run bench/scale_dashboard.py FILE
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from tachograph.query.model import Query
from tachograph.query.run import run
from tachograph.store.duckdb import Store

_ZONE: Final = ZoneInfo("Europe/Rome")
_START, _END = datetime(2025, 12, 2, tzinfo=_ZONE), datetime(2026, 1, 1, tzinfo=_ZONE)


def _asked(*measures: str, by: tuple[str, ...] = (), limit: int | None = None) -> Query:
    return Query(measures=measures, by=by, start=_START, end=_END, limit=limit, other=limit is not None, zone=_ZONE)


QUERIES: Final = (
    _asked("count", "sessions", "users", "errors", "tokens", "cost_usd"),
    _asked("duration_p50", "duration_p95", "duration_p99"),
    _asked("count", "errors", "tokens", "cost_usd", by=("day",)),
    _asked("count", "success_rate", "duration_avg", by=("tool",)),
    _asked("tokens", "cost_usd", "cache_hit_rate", by=("model",)),
    _asked("sessions", "tokens", "cost_usd", by=("project",), limit=10),
    _asked("count", by=("error_type",)),
    _asked("sessions", "cost_usd", by=("user",), limit=10),
)

if __name__ == "__main__":
    with Store.open(Path(sys.argv[1]), read_only=True) as store:
        print(json.dumps([len(run(store, query).rows) for query in QUERIES]))
