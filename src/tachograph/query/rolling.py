"""Windows looked at together: a row of the store counts in its own window, and in those that look back on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tachograph.query.grouping import summed

if TYPE_CHECKING:
    from tachograph.query.side import Side


def rolled(side: Side, rows: str) -> str:
    """Rows, each once for every window of the range that looks at its own: that one and those after it."""
    keys = side.looked_at.keys()
    together = side.query.rolling
    if side.windows is None or together == 1:
        return rows
    if side.wanted.adds_up():
        rows = summed(rows, keys, side.wanted)
    key, add = keys[side.windows.index], side.parameters.add
    runs = side.window_runs(side.looked_at.span.start_us)
    starts, ends, widths = (add([getattr(run, name) for run in runs]) for name in ("start_us", "end_us", "width_us"))
    return f"""
        WITH runs AS (
            SELECT unnest({starts}::BIGINT[]) AS a, unnest({ends}::BIGINT[]) AS b, unnest({widths}::BIGINT[]) AS width
        ), windows AS (
            SELECT start_us, row_number() OVER (ORDER BY start_us) AS number
            FROM (SELECT unnest(range(a, b, width)) AS start_us FROM runs)
        )
        SELECT rows.* REPLACE (shown.start_us AS {key}) FROM ({rows}) AS rows
        JOIN windows AS own ON own.start_us = rows.{key}
        CROSS JOIN (SELECT unnest(range({together:d})) AS step) AS steps
        JOIN windows AS shown ON shown.number = own.number + steps.step
        WHERE shown.start_us >= {add(side.starts[0] if side.starts else 0)}
    """
