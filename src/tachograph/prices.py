"""What tokens cost: rows of rates that SQL joins with requests. `price_finding` makes them, from public prices.

There is one for each period, part of the day and size of request that has a price of its own. `COST_SQL` prices every
request by itself, before anything is added up, because a tier holds for the whole of one request.

Costs are whole numbers of 1e-24 USD. That is as fine as the finest price there is (18 decimals of a dollar for a
million tokens), so nothing is rounded, and 128 bits hold sums up to 170 trillion dollars.

Not for what an agent says it paid: a reported cost is another figure, and stays apart. Nor for batches, fast modes and
other service tiers: these are the standard prices, and logs rarely tell what else was agreed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.metric import FIRST_US, LAST_US

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

UNITS_PER_DOLLAR: Final = 10**24
MOST_TOKENS: Final = 10**9
"""More tokens of one kind than any request has: what a log says beyond it has no cost, and can't overflow a sum."""
DAY_US: Final = 86_400_000_000


class Rate(msgspec.Struct, frozen=True):
    """What a model charges, in 1e-24 USD per token, in one period, part of the day and size of request.

    A model's rows never overlap: at most one holds for a request. Where a kind of token has no price of its own it has
    that of the kind that it is part of, as genai-prices does: a 1-hour cache write that of any cache write, and what is
    read from or written to the cache that of input.
    """

    model: str
    """As the logs name it."""
    from_us: int
    """The first moment, in microseconds since 1970 (UTC)."""
    until_us: int
    """The first moment after it."""
    day_from_us: int
    """The first microsecond of the UTC day (0 where it holds all day)."""
    day_until_us: int
    """The first one after it (86 400 000 000 where it holds all day)."""
    above: int
    """It holds for requests of more input tokens than this, cached ones included (−1: from the first)."""
    up_to: int
    """It holds for requests of at most so many."""
    per_request: int
    """In 1e-24 USD for each request, whatever its tokens."""
    input: int
    """For input that is neither read from the cache nor written to it."""
    output: int
    cache_read: int
    cache_write: int
    """For what the cache keeps for 5 minutes, or for a time that nothing tells."""
    cache_write_1h: int


PRICE_COLUMNS: Final = {
    "model": "VARCHAR",
    "from_us": "BIGINT",
    "until_us": "BIGINT",
    "day_from_us": "BIGINT",
    "day_until_us": "BIGINT",
    "above": "BIGINT",
    "up_to": "BIGINT",
    "per_request": "HUGEINT",
    "input": "HUGEINT",
    "output": "HUGEINT",
    "cache_read": "HUGEINT",
    "cache_write": "HUGEINT",
    "cache_write_1h": "HUGEINT",
}
"""The columns of the table `rates`, in the order of `Rate`'s fields (in ClickHouse: String, Int64 and Int128)."""

_KINDS: Final = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
_COUNT: Final = {name: f"coalesce(metrics.{name}, 0)" for name in (*_KINDS, "cache_write_1h_tokens")}
_CAN_BE: Final = f"""
    coalesce({", ".join(f"metrics.{name}" for name in _KINDS)}) IS NOT NULL
        AND {" AND ".join(f"{_COUNT[name]} BETWEEN 0 AND {MOST_TOKENS}" for name in _KINDS)}
        AND {_COUNT["cache_write_1h_tokens"]} BETWEEN 0 AND {_COUNT["cache_write_tokens"]}"""
_INPUT: Final = f"({_COUNT['input_tokens']} + {_COUNT['cache_read_tokens']} + {_COUNT['cache_write_tokens']})"
_MOST_INPUT: Final = 3 * MOST_TOKENS
_TOTAL_INPUT: Final = f"CASE WHEN {_CAN_BE} THEN {_INPUT} END"
_OF_DAY: Final = f"(metrics.ts % {DAY_US} + {DAY_US}) % {DAY_US}"
PRICE_JOIN: Final = f"""
LEFT JOIN rates ON rates.model = metrics.model
    AND metrics.ts >= rates.from_us AND metrics.ts < rates.until_us
    AND {_OF_DAY} >= rates.day_from_us AND {_OF_DAY} < rates.day_until_us
    AND {_TOTAL_INPUT} > rates.above AND {_TOTAL_INPUT} <= rates.up_to
"""
"""Finds each request of `metrics` its row of `rates`, or none: a model without a price, or usage that can't be.

Usage can't be where no kind of token is told, one is negative or above `MOST_TOKENS`, or more was written to the cache
for an hour than at all. (ClickHouse needs `join_use_nulls = 1` to answer NULL, not 0, where there is no row.)
"""


def _priced(per_request: str, input: str, output: str, cache_read: str, cache_write: str, cache_write_1h: str) -> str:
    """What a request costs at these rates."""
    return f"""
        {per_request}
        + {_COUNT["input_tokens"]} * {input}
        + {_COUNT["output_tokens"]} * {output}
        + {_COUNT["cache_read_tokens"]} * {cache_read}
        + ({_COUNT["cache_write_tokens"]} - {_COUNT["cache_write_1h_tokens"]}) * {cache_write}
        + {_COUNT["cache_write_1h_tokens"]} * {cache_write_1h}"""


_RATES: Final = ("per_request", "input", "output", "cache_read", "cache_write", "cache_write_1h")
COST_SQL: Final = f"CASE WHEN rates.model IS NOT NULL THEN {_priced(*(f'rates.{name}' for name in _RATES))} END"
"""What a request of `metrics` cost, in 1e-24 USD, where `PRICE_JOIN` has joined `rates`; NULL where it found no row.

cost = fee + Σ tokens × rate over the disjoint kinds; `cache_write_1h_tokens` is a part of `cache_write_tokens`. The
tier is that of the whole input: input + cache read + cache write. A kind that isn't told counts as 0.
"""


_BRANCHES_MAX: Final = 24


def cost_without_join(rates: Sequence[Rate]) -> tuple[str, dict[str, str]] | None:
    """`COST_SQL` with the rates written into it, and its parameters; None for too many rates.

    A join gathers every column of every row anew, which takes longer than all of this.
    """
    if len(rates) > _BRANCHES_MAX:
        return None
    models = {f"model_{number}": model for number, model in enumerate(dict.fromkeys(rate.model for rate in rates))}
    names = {model: name for name, model in models.items()}
    branches = [
        f"WHEN {' AND '.join([f'metrics.model = ${names[rate.model]}', *_limits(rate)])} THEN {_in_hugeint(rate)}"
        for rate in rates
    ]
    priced = f"CASE WHEN metrics.ts IS NOT NULL AND {_CAN_BE} THEN CASE {' '.join(branches)} END END"
    return (priced if branches else "CAST(NULL AS HUGEINT)"), models


def _limits(rate: Rate) -> Iterator[str]:
    """What has to be asked of a request that has a moment and can be, so that the rate holds for it."""
    if rate.from_us > FIRST_US:
        yield f"metrics.ts >= {rate.from_us}"
    if rate.until_us <= LAST_US:
        yield f"metrics.ts < {rate.until_us}"
    if (rate.day_from_us, rate.day_until_us) != (0, DAY_US):
        yield f"{_OF_DAY} >= {rate.day_from_us} AND {_OF_DAY} < {rate.day_until_us}"
    if rate.above >= 0:
        yield f"{_INPUT} > {rate.above}"
    if rate.up_to < _MOST_INPUT:
        yield f"{_INPUT} <= {rate.up_to}"


def _in_hugeint(rate: Rate) -> str:
    return _priced(*(f"CAST({value} AS HUGEINT)" for value in _prices(rate)))


def _prices(rate: Rate) -> tuple[int, ...]:
    return rate.per_request, rate.input, rate.output, rate.cache_read, rate.cache_write, rate.cache_write_1h


def dollars(cost: int) -> Decimal:
    """A cost in 1e-24 USD as dollars, exactly."""
    from decimal import Context, Decimal  # noqa: PLC0415 - what only counts shouldn't pay for it

    return Decimal(cost).scaleb(-24, Context(prec=100))


def in_dollars(cost: int) -> float:
    """A cost in 1e-24 USD as the nearest float of dollars."""
    return int(cost) / UNITS_PER_DOLLAR
