"""What Copilot CLI's models used in one run of a session, from what it tells when each run ends."""

from __future__ import annotations

from typing import Final

import msgspec

from tachograph.sources.copilot_shapes import Counters, ModelMetrics, Requests
from tachograph.sources.decoding import BAD_JSON

_REQUESTS: Final = msgspec.json.Decoder(Requests)


def counters_of(metrics: ModelMetrics) -> Counters:
    """What a shutdown tells of one model."""
    usage = metrics.usage
    if usage is None:
        return Counters()
    try:
        requests = _REQUESTS.decode(metrics.requests).count
    except BAD_JSON:
        requests = 0
    return Counters(
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_read_tokens,
        usage.cache_write_tokens,
        usage.reasoning_tokens,
        requests,
    )


def total(counters: Counters) -> int:
    """All input and output: what was cached is a part of the input."""
    return counters.input + counters.output


def goes_on(now: dict[str, Counters], before: dict[str, Counters], spoken: int | None) -> bool:
    """Whether the counters contain those of the shutdown before.

    Builds of early 2026 begin anew with each run, later ones go on. The output that the run's replies name decides: it
    is all of the output in the former case, and the rest of it in the latter.
    """
    if not before or spoken is None:
        return False
    for model, earlier in before.items():
        later = now.get(model)
        if later is None or any(part < 0 for part in _parts(_less(later, earlier))):
            return False
    unspoken = sum(counters.output for counters in now.values()) - spoken
    return 2 * unspoken > sum(counters.output for counters in before.values())


def difference(now: dict[str, Counters], before: dict[str, Counters]) -> dict[str, Counters]:
    """What was used in between."""
    return {model: _less(counters, before[model]) if model in before else counters for model, counters in now.items()}


def _less(later: Counters, earlier: Counters) -> Counters:
    return Counters(
        later.input - earlier.input,
        later.output - earlier.output,
        later.cache_read - earlier.cache_read,
        later.cache_write - earlier.cache_write,
        None if later.reasoning is None else max(later.reasoning - (earlier.reasoning or 0), 0),
        later.requests - earlier.requests,
    )


def _parts(counters: Counters) -> tuple[int, ...]:
    return (counters.input, counters.output, counters.cache_read, counters.cache_write, counters.requests)
