"""Why tokens or cost of an answer are no more than a lower bound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tachograph.report.figures import count, several, tokens
from tachograph.report.printable import printable

if TYPE_CHECKING:
    from tachograph.aggregate.result import AggregationResult

_NAMES_SHOWN: Final = 5


def why_at_least(result: AggregationResult) -> list[str]:
    """A line for each cause; none where all is known."""
    used, cost = result.token_stats, result.cost_stats
    lines = []
    if cost.unpriced:
        named = [
            f"{'what names no model' if one.model is None else printable(one.model)} ({tokens(one.tokens)} tokens)"
            for one in cost.unpriced[:_NAMES_SHOWN]
        ]
        more = len(cost.unpriced) - len(named)
        lines.append(f"No price is known for {', '.join([*named, f'{count(more)} more'] if more else named)}")
    if used.lower_bounds:
        lines.append(f"{several(used.lower_bounds, 'reply', 'replies')}: the log has less than the whole output")
    if used.unknown:
        lines.append(f"{several(used.unknown, 'request')}: the log doesn't tell the tokens")
    return lines
