"""A model's prices as rows of rates, asked of genai-prices one by one, so that its rules are followed, not repeated."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import localcontext
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from tachograph.metric import EPOCH, FIRST_US, INT64_MAX, LAST_US, microseconds_of, moment
from tachograph.prices import DAY_US, UNITS_PER_DOLLAR, Rate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import time

    from genai_prices.types import ModelInfo, ModelPrice

_DEAREST: Final = UNITS_PER_DOLLAR
"""A dollar for one token, or for one request: what is dearer is a mistake, and would overflow a sum."""


def rows_of(name: str, info: ModelInfo) -> Iterator[Rate]:
    """Every period, part of the day and tier that has a price. Raises `ValueError` where rows can't say what it costs.

    The periods and parts are cut at every condition that the model has, and genai-prices says which price holds in
    each; so however conditions overlap, the rows don't.
    """
    starts, times = _cuts(info)
    for from_us, until_us in pairwise(starts):
        parts: list[tuple[int, int, ModelPrice]] = []
        for day_from, day_until in pairwise(times):
            price = info.get_prices(moment(from_us + day_from))
            if parts and parts[-1][2] == price:
                day_from = parts.pop()[0]  # noqa: PLW2901 - the part before goes on
            parts.append((day_from, day_until, price))
        for day_from, day_until, price in parts:
            for above, up_to in _tiers(price) if _has_price(info, price) else ():
                rates = _units(price, above, up_to)
                yield Rate(name, from_us, until_us, day_from, day_until, above, up_to, **rates)


def _cuts(info: ModelInfo) -> tuple[list[int], list[int]]:
    """Where a model's price may change: the moments, and the microseconds of each day, with the ends of both."""
    from genai_prices.types import StartDateConstraint, TimeOfDateConstraint  # noqa: PLC0415 - as in price_list

    starts, times = {FIRST_US, LAST_US + 1}, {0, DAY_US}
    for price in info.prices if isinstance(info.prices, list) else ():
        match price.constraint:
            case None:
                pass
            case StartDateConstraint(start_date=date):
                starts.add(microseconds_of(datetime(date.year, date.month, date.day, tzinfo=UTC)))
            case TimeOfDateConstraint(start_time=first, end_time=last):
                times |= {_of_day_us(first), _of_day_us(last)}
            case _:
                raise ValueError("a condition that is neither a date nor a time of day")
    return sorted(starts), sorted(times)


def _of_day_us(of_day: time) -> int:
    """A time of day in microseconds of the UTC day; one without a zone is UTC."""
    return microseconds_of(datetime.combine(EPOCH, of_day, tzinfo=of_day.tzinfo)) % DAY_US


def _has_price(info: ModelInfo, price: ModelPrice) -> bool:
    """Whether tokens have a price. No price at all means free only where the model's name says so."""
    return price.input_mtok is not None or price.output_mtok is not None or info.id.endswith(":free")


def _tiers(price: ModelPrice) -> Iterator[tuple[int, int]]:
    """The sizes of requests between thresholds: above the first number, up to the second."""
    starts = {tier.start for value in vars(price).values() for tier in getattr(value, "tiers", ())}
    return pairwise(sorted({-1, *starts, INT64_MAX}))


def _units(price: ModelPrice, above: int, up_to: int) -> dict[str, int]:
    """The rates within one tier: what one token more of each kind adds to a request.

    genai-prices itself is asked, so that its rules are followed, not repeated. A mixed request checks that rates are
    all there is to it. Raises `ValueError` where they aren't.
    """
    if up_to - above < 4:
        raise ValueError("a tier that is too small to be asked for")
    least = above + 1
    base = _charge(price, input=least)
    rates = {
        "input": _charge(price, input=least + 1) - base,
        "output": _charge(price, input=least, output=1) - base,
        "cache_read": _charge(price, input=least + 1, read=1) - base,
        "cache_write": _charge(price, input=least + 1, write=1) - base,
        "cache_write_1h": _charge(price, input=least + 1, write=1, write_1h=1) - base,
    }
    fee = base - least * rates["input"]
    mixed = {"input": least + 3, "output": 5, "read": 1, "write": 2, "write_1h": 1}
    parts = {"input": least, "output": 5, "cache_read": 1, "cache_write": 1, "cache_write_1h": 1}
    if _charge(price, **mixed) != fee + sum(count * rates[kind] for kind, count in parts.items()):
        raise ValueError("a price that isn't so much for each token")
    units = {name: round(value * UNITS_PER_DOLLAR) for name, value in {"per_request": fee, **rates}.items()}
    if not all(0 <= value <= _DEAREST for value in units.values()):
        raise ValueError("a price that can't be meant")
    return units


def _charge(price: ModelPrice, **tokens: int) -> Fraction:
    """What genai-prices charges for a request, in dollars; `input` is the whole of it, cached tokens included."""
    from genai_prices.types import Usage  # noqa: PLC0415 - as in price_list

    usage = Usage(
        input_tokens=tokens["input"],
        output_tokens=tokens.get("output", 0),
        cache_read_tokens=tokens.get("read", 0),
        cache_write_tokens=tokens.get("write", 0),
        cache_write_1h_tokens=tokens.get("write_1h", 0),
    )
    with localcontext(prec=100):  # so that nothing is rounded
        return Fraction(price.calc_price(usage)["total_price"])
