"""OpenTelemetry's conventions for generative AI: the names that its attributes have and had, and its counters.

The conventions count what was read from a cache, or written to it, as a part of the input, and reasoning as a part of
the output; our kinds are disjoint. Some instrumentations give the input without the cache all the same: where the
cache's parts are more than the input, it is left as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tachograph.otlp.values import count, dollars

if TYPE_CHECKING:
    from tachograph.otlp.decoded import Row
    from tachograph.otlp.values import Told

INPUT_KEYS: Final = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens")
OUTPUT_KEYS: Final = ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens")
CACHE_READ_KEYS: Final = ("gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens")
CACHE_WRITE_KEYS: Final = (
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
)
REASONING_KEYS: Final = (
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.reasoning_tokens",
    "codex.usage.reasoning_output_tokens",
)
COST_KEY: Final = "gen_ai.usage.cost"
MODEL_KEYS: Final = ("gen_ai.response.model", "gen_ai.request.model")
USAGE_KEYS: Final = frozenset(
    (*INPUT_KEYS, *OUTPUT_KEYS, *CACHE_READ_KEYS, *CACHE_WRITE_KEYS, *REASONING_KEYS, *MODEL_KEYS, COST_KEY)
)


def usage(
    entered: int | None, answered: int | None, read: int | None, written: int | None, reasoned: int | None
) -> Row:
    """Counters as our kinds: input that includes the cache, output that includes reasoning, and of them the parts."""
    if entered is None and answered is None and read is None and written is None:
        return {}
    cached = (read or 0) + (written or 0)
    fresh = entered - cached if entered is not None and entered >= cached else entered
    return {
        "input_tokens": fresh,
        "output_tokens": answered,
        "cache_read_tokens": read,
        "cache_write_tokens": written,
        "reasoning_tokens": None if reasoned is None else min(reasoned, answered or 0),
        "token_count": sum(kind for kind in (fresh, answered, read, written) if kind is not None),
    }


def told_usage(told: Told) -> Row:
    """The counters of a request, by whichever names it gives them."""
    counters = usage(
        _counted(told, INPUT_KEYS),
        _counted(told, OUTPUT_KEYS),
        _counted(told, CACHE_READ_KEYS),
        _counted(told, CACHE_WRITE_KEYS),
        _counted(told, REASONING_KEYS),
    )
    cost = dollars(told.get(COST_KEY), COST_KEY)
    return counters if cost is None else {**counters, "cost_usd": cost}


def model(told: Told) -> Any:
    """The model that answered, else the one that was asked."""
    return next((told[key] for key in MODEL_KEYS if told.get(key)), None)


def _counted(told: Told, keys: tuple[str, ...]) -> int | None:
    return next((found for key in keys if (found := count(told.get(key), key)) is not None), None)
