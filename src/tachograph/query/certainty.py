"""Whether an answer is what it would have been with the detail of all metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tachograph.query.sources import CONDENSED

if TYPE_CHECKING:
    from tachograph.query.selection import Selection
    from tachograph.query.side import Side


def is_certain(side: Side) -> bool:
    """Whether no condensed metric makes a difference to what is answered in a range."""
    if not side.condensed:
        return True
    selection = side.looked_at
    if side.needs.amounts:
        return not side.asked(f"SELECT 1 FROM {CONDENSED} WHERE {_in_span(side)} LIMIT 1")
    fields = selection.fields("metrics.ts")
    passing = selection.passing(fields, last="last_ts")
    joined = selection.joined(side.needs.fields)
    doubts = " OR ".join(_doubts(side, selection))
    return not side.asked(f"SELECT 1 FROM {CONDENSED} {joined} WHERE {passing} AND ({doubts}) LIMIT 1")


def _in_span(side: Side) -> str:
    span, add = side.looked_at.span, side.parameters.add
    start = "" if span.start_us is None else f" AND metrics.last_ts >= {add(span.start_us)}"
    end = "" if span.end_us is None else f" AND metrics.ts < {add(span.end_us)}"
    return f"true{start}{end}"


def _doubts(side: Side, selection: Selection) -> list[str]:
    """What makes a condensed row's part of the answer another one than its metrics' would have been."""
    needs, span, add = side.needs, selection.span, side.parameters.add
    doubts = ["false"]
    doubts += [
        f"metrics.ts < {add(start_us)} AND metrics.last_ts >= {add(start_us)}"
        for start_us in {side.span.start_us, span.start_us} - {None}
    ]
    if span.end_us is not None:
        doubts.append(f"metrics.last_ts >= {add(span.end_us)}")
    if needs.percentiles:
        doubts.append("metrics.timed > 0")
    if needs.activity:
        doubts.append("metrics.session_id IS NOT NULL")
    if "acting_agent" in needs.fields:
        doubts.append("NOT coalesce(metrics.in_parts, false)")
    if side.windows:
        first, last = (side.windows.all.start(f"metrics.{moment}", selection.days) for moment in ("ts", "last_ts"))
        doubts.append(f"({first}) IS DISTINCT FROM ({last})")
    if needs.clock:
        first_clock, last_clock = selection.fields("metrics.ts"), selection.fields("metrics.last_ts")
        doubts += [
            f"({first_clock[name]}) IS DISTINCT FROM ({last_clock[name]}) OR metrics.last_ts - metrics.ts > 3600000000"
            for name in sorted(needs.fields & {"hour_of_day", "weekday"})
        ]
    return doubts
