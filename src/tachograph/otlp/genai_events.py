"""The event of the conventions for generative AI that tells what a request used."""

from __future__ import annotations

from typing import Final

from tachograph.metric import MetricType
from tachograph.otlp.decoded import EVENT, Row
from tachograph.otlp.genai import USAGE_KEYS, model, told_usage
from tachograph.otlp.items import Item, Mapping
from tachograph.otlp.origin import OTHER, WHOSE_KEYS
from tachograph.otlp.values import name


def inference(item: Item) -> list[Row]:
    """A request that was answered. The agents that we know tell it by an event of their own, or by a span."""
    used = told_usage(item.told)
    if item.source != OTHER or not used:
        return []
    response = name(item.told.get("gen_ai.response.id"))
    part = f"event:{response}" if response else None
    return [item.row(part, MetricType.TOKEN_USAGE, model=model(item.told), witness=EVENT, **used)]


_WANTED: Final = WHOSE_KEYS | USAGE_KEYS | {"gen_ai.response.id"}
EVENTS: Final = {"gen_ai.client.inference.operation.details": Mapping(None, _WANTED, inference)}
"""What becomes of each event."""
REDUNDANT: Final = frozenset(
    {
        "gen_ai.system.message",
        "gen_ai.user.message",
        "gen_ai.assistant.message",
        "gen_ai.tool.message",
        "gen_ai.choice",
    }
)
"""Events that repeat a conversation."""
