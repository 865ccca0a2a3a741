"""Blocks for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tachograph.aggregate.windows import label
from tachograph.report.zones import zone_name
from tachograph.store.measures import TOKEN_KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from tachograph.query.blocks import Block


def blocks_document(blocks: Sequence[Block], now_us: int, zone: tzinfo) -> dict[str, Any]:
    """All of them, the moments ISO 8601 in the zone; `burn` and `projected` are null where there is none."""
    return {"timezone": zone_name(zone), "blocks": [_block(each, now_us, zone) for each in blocks]}


def _block(block: Block, now_us: int, zone: tzinfo) -> dict[str, Any]:
    burn, projected = block.burn(), block.projected(now_us)
    return {
        "source": block.source,
        "start": label(block.start_us, zone),
        "end": label(block.end_us, zone),
        "first": label(block.first_us, zone),
        "last": label(block.last_us, zone),
        "active": block.is_active(now_us),
        "models": list(block.models),
        "requests": block.requests,
        "tokens": block.tokens,
        **dict(zip(TOKEN_KINDS, block.by_kind, strict=True)),
        "cost_usd": block.cost_usd,
        "at_least": block.is_at_least,
        "burn": None if burn is None else msgspec.structs.asdict(burn),
        "projected": None if projected is None else msgspec.structs.asdict(projected),
    }
