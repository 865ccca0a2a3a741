"""Few metrics pass a filter on whose they are: they are looked for once, as most questions take several statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tachograph.store.duckdb import Store

OWNERS: Final = ("session_id", "project_path", "user_id")
"""Columns by which they are found: of the last two the session's value counts where the metric has none."""
_NAME: Final = "narrowed"
_MOST: Final = 100_000
"""More than that are as quickly read where they are."""
_PART: Final = 8
"""Of a larger part of the sessions than one in so many it isn't tried."""
_WITHOUT: Final = "id, id_hash, extra, metadata, other"
"""What no answer is made of."""
_OF_SESSIONS: Final = "SELECT session_id FROM sessions WHERE {column} IN (SELECT unnest($owners::VARCHAR[]))"


def narrowed(store: Store, filters: Mapping[str, Sequence[str]]) -> str | None:
    """What stands after FROM for all metrics that may pass; None for the whole table.

    `filters` are by the columns of `OWNERS`, others are passed over. Until the next call over the same connection it
    stays as it is now, whatever is added to the store.
    """
    column = next((name for name in OWNERS if name in filters), None)
    if column is None:
        return None
    owners = {"owners": list(filters[column])}
    of_sessions = _OF_SESSIONS.format(column=column)
    found = store.connection.execute(
        f"SELECT count(*) FILTER (session_id IN ({of_sessions})) * {_PART} <= count(*) FROM sessions", owners
    ).fetchone()
    if not (found and found[0]):
        return None
    chosen = f"SELECT * EXCLUDE ({_WITHOUT}) FROM metrics WHERE ts IS NOT NULL AND"
    rows = f"{chosen} session_id IN ({of_sessions})"
    if column != "session_id":  # a statement each: the first one needs to look at the rows of those sessions alone
        rows = f"""{rows} UNION ALL {chosen} {column} IN (SELECT unnest($owners::VARCHAR[]))
            AND (session_id IS NULL OR session_id NOT IN ({of_sessions}))"""
    return f"{_NAME} AS metrics" if store.set_aside(_NAME, rows, owners, _MOST) else None
