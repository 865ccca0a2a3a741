"""How rows are counted in SQL: metrics one by one, or beside what is left of those whose detail was condensed.

Where nothing was condensed, the first is all there is. A condensed row happened when the first of its metrics did, and
whether an answer depends on that is known (`condensed.py`).
"""

from __future__ import annotations

from typing import Final

import msgspec

from tachograph.store.measures import (
    DURATION,
    NAMES,
    REPORTED,
    SUMS,
    TOLD,
    UNKNOWN,
    UNPRICED_TOKENS,
    USAGE,
    USAGE_SUMS,
    USED,
)


class Counting(msgspec.Struct, frozen=True):
    """One kind of rows, called `metrics` in every query, and the expressions of what they add up to."""

    rows: str
    """What stands after FROM."""
    count: str
    errors: str
    timed: str
    duration: str
    """`fine_duration` and `coarse_duration`."""
    usage: str
    """What `USAGE_SUMS` names."""
    reported: str
    unpriced_tokens: str
    first_ts: str
    last_ts: str
    shortest: str
    longest: str
    told: str
    """Whether a row has tokens."""
    used: str
    """Whether it says anything of tokens or cost."""
    unknown: str
    """The expression in `usage` that counts requests of unknown usage."""

    def usage_with_unknown(self, condition: str) -> str:
        """`usage`, where what meets a condition is of unknown usage too (and isn't otherwise)."""
        return self.usage.replace(self.unknown, self._also(condition))

    def _also(self, condition: str) -> str:
        if self is ONE_BY_ONE:
            return f"{self.unknown} OR {condition}"
        return f"{self.unknown} + if({condition}, metrics.metrics_count, 0)"


ONE_BY_ONE: Final = Counting(
    rows="metrics",
    count="count(*)",
    errors="count(*) FILTER (type = 'error_occurred')",
    timed="count(duration_ms)",
    duration=DURATION,
    usage=USAGE,
    reported=REPORTED,
    unpriced_tokens=UNPRICED_TOKENS,
    first_ts="min(metrics.ts)",
    last_ts="max(metrics.ts)",
    shortest="min(duration_ms)",
    longest="max(duration_ms)",
    told=TOLD,
    used=USED,
    unknown=UNKNOWN,
)
_COLUMNS: Final = (*NAMES, *(each.name for each in SUMS))
DETAIL: Final = ", ".join([  # one of `metrics` as a row of sums
    *(f'metrics."{name}"' for name in NAMES),
    *(f"CAST({each.of_one} AS {each.kind}) AS {each.name}" for each in SUMS),
    "metrics.in_parts AND metrics.agent_run_id IS NOT NULL AS in_run",
    "CAST(metrics.type = 'error_occurred' AS BIGINT) AS errors",
    "metrics.ts", "metrics.ts AS last_ts", "metrics.ts AS moment", "duration_ms AS shortest", "duration_ms AS longest",
    f"{TOLD} AS told", f"{USED} AS used", "metrics.duration_ms", "NULL::MAP(INTEGER, BIGINT) AS durations",
])  # fmt: skip
CONDENSED: Final = ", ".join([  # likewise one of `condensed`
    *(f'condensed."{name}"' for name in _COLUMNS),
    "in_parts AND agent_run_id IS NOT NULL AS in_run",
    "if(type = 'error_occurred', metrics_count, 0) AS errors",
    "first_ts AS ts", "last_ts", "NULL::BIGINT AS moment", "shortest", "longest", "told", "used",
    "NULL::DOUBLE AS duration_ms", "durations",
])  # fmt: skip
TOGETHER: Final = Counting(
    rows=f"(SELECT {DETAIL} FROM metrics UNION ALL SELECT {CONDENSED} FROM condensed) AS metrics",
    count="sum(metrics.metrics_count)::BIGINT",
    errors="coalesce(sum(metrics.metrics_count) FILTER (type = 'error_occurred'), 0)::BIGINT",
    timed="coalesce(sum(metrics.timed), 0)::BIGINT",
    duration="sum(metrics.fine_duration) AS fine_duration, sum(metrics.coarse_duration) AS coarse_duration",
    usage=", ".join(f"coalesce(sum(metrics.{name}), 0) AS {name}" for name in USAGE_SUMS),
    reported="coalesce(sum(metrics.reported), 0)",
    unpriced_tokens="coalesce(sum(metrics.unpriced_tokens), 0)",
    first_ts="min(metrics.ts)",
    last_ts="max(metrics.last_ts)",
    shortest="min(shortest)",
    longest="max(longest)",
    told="metrics.told",
    used="metrics.used",
    unknown="metrics.unknown_usage",
)
