"""What was used and what it cost: tokens by kind, dollars, and whether the logs tell all of it.

Dollars are exact fractions until they are said.
"""

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from . import measures as measure
from .prices import SELLERS, price_usd
from .reading import Metric

MOST_TOKENS = 10**9  # of one kind, in one request
MOST_REPORTED_USD = 10**9
FINEST_REPORTED_USD = Fraction(1, 10**12)


def reported_usd(metric: Metric) -> Fraction | None:
    """What the log says that the metric cost, None where it doesn't, or says what can't be or tells nothing."""
    cost = metric["data"].get("cost_usd")
    if cost is None or not 0 < cost < MOST_REPORTED_USD:
        return None
    return round(Fraction(cost) / FINEST_REPORTED_USD) * FINEST_REPORTED_USD


def cost_usd(metric: Metric) -> Fraction | None:
    """What the metric cost, as reported or else by the price of its model, None where neither is known."""
    reported = reported_usd(metric)
    return _priced_usd(metric) if reported is None else reported


def _priced_usd(metric: Metric) -> Fraction | None:
    data = metric["data"]
    told = {kind: data.get(kind) for kind in measure.TOKEN_KINDS}
    plain, output, read, write = (count or 0 for count in told.values())
    write_1h = data.get("cache_write_1h_tokens") or 0
    if all(count is None for count in told.values()) or data.get("model") not in SELLERS:
        return None
    if not all(0 <= count <= MOST_TOKENS for count in (plain, output, read, write)) or not 0 <= write_1h <= write:
        return None
    return price_usd(data["model"], metric["timestamp"], plain, output, read, write, write_1h)


def is_of_unknown_usage(metric: Metric) -> bool:
    """Whether it is a request of which no tokens are told."""
    return metric["type"] == "token_usage" and measure.told_tokens(metric) is None


def is_unpriced(metric: Metric) -> bool:
    """Whether it has tokens and no known cost."""
    return measure.tokens(metric) > 0 and cost_usd(metric) is None


def total_usd(costs: Iterable[Fraction | None]) -> Fraction:
    """The sum of the known ones."""
    return sum((cost for cost in costs if cost is not None), Fraction())


def usage(metrics: list[Metric]) -> dict[str, Any]:
    """What every row says of its metrics' tokens and cost."""
    unknown = any(map(is_of_unknown_usage, metrics))
    return {
        "tokens": measure.total_tokens(metrics),
        **_tokens_by_kind(metrics),
        "tokens_at_least": unknown,
        "cost_usd": float(total_usd(map(cost_usd, metrics))),
        "cost_at_least": unknown or any(map(is_unpriced, metrics)),
    }


def _tokens_by_kind(metrics: list[Metric]) -> dict[str, int]:
    return {kind: sum(metric["data"].get(kind) or 0 for metric in metrics) for kind in measure.TOKEN_KINDS}


def token_stats(metrics: list[Metric]) -> dict[str, Any]:
    """The `token_stats` of an answer. A metrics log has no lower bounds: what it says of tokens is final."""
    total, sessions = measure.total_tokens(metrics), measure.distinct(metrics, "session_id")
    unknown = sum(map(is_of_unknown_usage, metrics))
    return {
        "total": total,
        "avg_per_session": total / sessions if sessions else 0,
        **_tokens_by_kind(metrics),
        "at_least": unknown > 0,
        "unknown": unknown,
        "lower_bounds": 0,
    }


def cost_stats(metrics: list[Metric]) -> dict[str, Any]:
    """The `cost_stats` of an answer."""
    total, sessions = total_usd(map(cost_usd, metrics)), measure.distinct(metrics, "session_id")
    return {
        "total_usd": float(total),
        "avg_per_session_usd": float(total / sessions) if sessions else 0.0,
        "reported_usd": float(total_usd(map(reported_usd, metrics))),
        "at_least": any(is_unpriced(metric) or is_of_unknown_usage(metric) for metric in metrics),
        "unpriced": _unpriced(metrics),
    }


def _unpriced(metrics: list[Metric]) -> list[dict[str, Any]]:
    """By model, most tokens first, then by name; what names no model first among equals."""
    requests, tokens = Counter[str | None](), Counter[str | None]()
    for metric in filter(is_unpriced, metrics):
        requests[metric["data"].get("model")] += 1
        tokens[metric["data"].get("model")] += measure.tokens(metric)
    models = sorted(tokens, key=lambda model: (-tokens[model], model is not None, model or ""))
    return [{"model": model, "requests": requests[model], "tokens": tokens[model]} for model in models]


def models(metrics: list[Metric]) -> dict[str, dict[str, Any]]:
    """What each model did, the dearest first, then by tokens, then by name.

    Of a model are the metrics that name it and say anything of tokens or cost, be it that a request had some.
    """
    used = [
        metric
        for metric in metrics
        if measure.told_tokens(metric) is not None or cost_usd(metric) is not None or is_of_unknown_usage(metric)
    ]
    by_model = measure.groups(used, measure.field("model"))
    names = sorted(by_model, key=lambda name: (*_dearest_first(by_model[name]), name))
    return {
        name: {
            "requests": len(by_model[name]),
            "sessions": measure.distinct(by_model[name], "session_id"),
            **usage(by_model[name]),
        }
        for name in names
    }


def _dearest_first(metrics: list[Metric]) -> tuple[Fraction, int]:
    return -total_usd(map(cost_usd, metrics)), -measure.total_tokens(metrics)
