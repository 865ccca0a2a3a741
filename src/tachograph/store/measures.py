"""What adds up of metrics, in SQL: said once, for answers that count metrics and for sums that outlive them.

Expressions are of a row of the table `metrics`, under that name.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec

from tachograph.columns import FINISHED

FINE: Final = 1_000_000_000
"""Picoseconds in a millisecond."""
_COARSE_MS: Final = 4_000_000_000
FINE_DURATION: Final = f"CAST(CASE WHEN abs(duration_ms) < {_COARSE_MS} THEN duration_ms * {FINE} END AS BIGINT)"
"""Durations are summed as whole picoseconds, because a sum of floats depends on which core was first."""
COARSE_DURATION: Final = f"CASE WHEN abs(duration_ms) >= {_COARSE_MS} THEN duration_ms END"
"""Only those of more than a month and a half, of which no integer could hold the sum, are summed as they are."""
DURATION: Final = f"""
    sum({FINE_DURATION}) AS fine_duration,
    sum(duration_ms) FILTER (abs(duration_ms) >= {_COARSE_MS}) AS coarse_duration
"""

_DEAREST_USD: Final = 10**9
"""More than any metric cost: what a log says beyond it is a mistake, and could overflow a sum."""
IS_REPORTED: Final = f"metrics.cost_usd > 0 AND metrics.cost_usd < {_DEAREST_USD}"
"""Whether a log says what one of `metrics` cost. That it says 0 may only mean that a subscription paid."""

TOKEN_KINDS: Final = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
UNPRICED: Final = "metrics.cost IS NULL AND metrics.token_count > 0"
UNKNOWN: Final = "metrics.type = 'token_usage' AND metrics.token_count IS NULL"
TOLD: Final = "metrics.token_count IS NOT NULL"
USED: Final = f"({TOLD} OR metrics.cost IS NOT NULL OR ({UNKNOWN}))"
"""Whether anything is said of tokens or cost, be it that a request had some."""
_CHARACTERS_A_TOKEN_MAX: Final = 8
LOWER_BOUND: Final = f"""CASE WHEN metrics.blocks <> '{FINISHED}' THEN
    list_sum(CAST(regexp_extract_all(metrics.blocks, ':(\\d{{1,9}})', 1) AS BIGINT[]))
    > {_CHARACTERS_A_TOKEN_MAX} * coalesce(metrics.output_tokens, 0) ELSE false END"""
"""Whether a reply says far more than its output tokens could, and no line says that it was finished.

Some versions of Claude Code wrote down a reply's first counters and never the last. Finished ones have 1 to 5
characters for a token, those that weren't at least twice that.
"""

SUCCEEDED: Final = (
    "CASE WHEN metrics.success IS NULL AND metrics.type = 'error_occurred' THEN false ELSE metrics.success END"
)
"""Whether a metric's outcome is a success; null where nobody said."""
_AMOUNTS: Final = {"tokens": "token_count", **{kind: kind for kind in TOKEN_KINDS}, "cost": "cost"}
_CASES: Final = {"unpriced": UNPRICED, "unknown_usage": UNKNOWN, "lower_bounds": LOWER_BOUND}
USAGE: Final = ",\n    ".join([
    *(f"coalesce(sum(metrics.{column}), 0) AS {name}" for name, column in _AMOUNTS.items()),
    *(f"count(*) FILTER ({case}) AS {name}" for name, case in _CASES.items()),
])  # fmt: skip
"""Tokens and cost, and how many metrics make them no more than a lower bound."""
USAGE_SUMS: Final = (*_AMOUNTS, *_CASES)
"""The names of what `USAGE` gives."""

REPORTED: Final = f"coalesce(sum(metrics.cost) FILTER ({IS_REPORTED}), 0)"
UNPRICED_TOKENS: Final = f"coalesce(sum(metrics.token_count) FILTER ({UNPRICED}), 0)"


class Sum(msgspec.Struct, frozen=True):
    """A sum over metrics that is kept: its type in SQL, and what one metric adds (nothing where that is null)."""

    name: str
    kind: str
    of_one: str


SUMS: Final = (
    Sum("metrics_count", "BIGINT", "1"),
    Sum("timed", "BIGINT", "CAST(metrics.duration_ms IS NOT NULL AS BIGINT)"),
    Sum("fine_duration", "HUGEINT", FINE_DURATION),
    Sum("coarse_duration", "DOUBLE", COARSE_DURATION),
    *(Sum(name, "HUGEINT", f"metrics.{column}") for name, column in _AMOUNTS.items()),
    *(Sum(name, "BIGINT", f"CAST({case} AS BIGINT)") for name, case in _CASES.items()),
    Sum("reported", "HUGEINT", f"CASE WHEN {IS_REPORTED} THEN metrics.cost END"),
    Sum("unpriced_tokens", "HUGEINT", f"CASE WHEN {UNPRICED} THEN metrics.token_count END"),
)
NAMES: Final = (
    "session_id", "user_id", "project_path", "type", "tool_name", "agent_id", "agent_run_id", "command_name",
    "error_type", "operation", "hook_name", "model", "success", "source", "in_parts",
)  # fmt: skip
"""The columns that an answer may be grouped or narrowed by."""

_GAMMA: Final = 1.02
"""How much wider each bucket of durations is than the one before."""
_MIDDLE: Final = 40_000
"""More than the number of the bucket of any float, so that buckets of one sign are on one side of 0."""
_WIDE_GAMMA: Final = 1.1


def _bucket(gamma: float) -> str:
    return f"""CASE WHEN metrics.duration_ms = 0 THEN 0
    ELSE CAST(sign(metrics.duration_ms) * (ceil(ln(abs(metrics.duration_ms)) / ln({gamma})) + {_MIDDLE}) AS INTEGER)
    END"""


WIDE_BUCKET: Final = _bucket(_WIDE_GAMMA)
"""As `BUCKET`, where it is only to be said between which durations a percentile is."""
BUCKET: Final = _bucket(_GAMMA)
"""The number of the bucket of a duration, in the order of the durations.

Bucket i holds what is above γ^(i-1) and up to γ^i, so that 2·γ^i / (γ + 1) is less than 1 % from all of it
(DDSketch: Masson, Rim and Lee, 2019). Histograms are merged by adding them up, and know in which bucket a rank is.
"""

MIDDLE_OF_BUCKET: Final = (
    f"CASE WHEN {{bucket}} <> 0 THEN sign({{bucket}}) * pow({_GAMMA}, abs({{bucket}}) - {_MIDDLE + 1})"
    f" * {2 * _GAMMA / (_GAMMA + 1)!r} ELSE 0.0 * {{bucket}} END"
)
"""`middle_of_bucket` in SQL."""


def middle_of_bucket(bucket: int) -> float:
    """The duration, in milliseconds, that stands for those of a bucket: less than 1 % from each of them."""
    if bucket == 0:
        return 0.0
    below = _GAMMA ** (abs(bucket) - _MIDDLE - 1)  # γ^i itself may be more than a float can hold
    return math.copysign(below * (2 * _GAMMA / (_GAMMA + 1)), bucket)
