"""Sums by quarter of an hour as a source of rows, for queries that can be answered from them.

What they tell apart is in `aggregate/rolled.py`: kinds of metrics, or sessions, users and projects, or how many there
were by some names of both. A query that asks more is answered from the metrics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.aggregate.rolled import DAY, QUARTER_START, make_owned, rolled_for
from tachograph.query.model import CLOCK
from tachograph.query.needs import passes_without
from tachograph.query.offsets import hour_of_day, offsets, weekday
from tachograph.query.sources import Source
from tachograph.store.measures import SUMS
from tachograph.store.statements import QUARTER_US

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tachograph.aggregate.rolled import Rolled
    from tachograph.query.model import Query
    from tachograph.query.needs import Needs
    from tachograph.query.spans import Span
    from tachograph.query.windows import QueryWindows
    from tachograph.store.engine import DuckDBPyConnection

_KINDS: Final = frozenset({
    "type", "tool", "agent", "model", "source", "error_type", "command", "operation", "hook", "outcome",
})  # fmt: skip
_OWNERS: Final = {"session": "session_id", "user": "user_id", "project": "project_path"}
_USES: Final = frozenset({"tool", "agent", "model", "error_type"})
_OF_OWNERS: Final = {"sessions": "session_id", "users": "user_id"}
"""Sums that depend on whose metrics are."""
_NOT_OF_KINDS: Final = frozenset({*_OF_OWNERS, "active_us"})
_NOT_OF_OWNERS: Final = frozenset({"successes", "failures", "shortest", "longest", "active_us"})
_COUNTS: Final = frozenset({"metrics_count", *_OF_OWNERS})
_QUARTER_MINUTES: Final = QUARTER_US // 60_000_000
_COLUMNS: Final = {
    name: f"metrics.{name}" for name in (*(each.name for each in SUMS), "errors", "last_ts", "shortest", "longest")
}


class QuarterSums(msgspec.Struct, frozen=True):
    """The sums that a store has for the range of a query."""

    connection: DuckDBPyConnection
    rolled: Rolled
    query: Query
    bounded: bool

    def days(self) -> Source:
        """Rows of which each is of one day of UTC."""
        return Source(self.rolled.by_kind(DAY), _COLUMNS)

    def count(self) -> str:
        """A query for how many metrics the range has, about."""
        return f"SELECT coalesce(sum(metrics_count), 0) AS many FROM rollup_by_kind WHERE {self.rolled.quarters()}"

    def source(self, needs: Needs, windows: QueryWindows | None, days: Sequence[int]) -> Source | None:
        """The rows that answer a query with such needs, in windows or not; None where sums don't."""
        if needs.percentiles or needs.amounts:
            return None
        start = self._start(needs, windows, days)
        if start is None:
            return None
        named = needs.fields - set(CLOCK)
        if named <= _KINDS and _NOT_OF_KINDS.isdisjoint(needs.sums):
            return Source(self.rolled.by_kind(start), _COLUMNS)
        owners = {_OWNERS[name] for name in named & _OWNERS.keys()}
        owners |= {column for name, column in _OF_OWNERS.items() if name in needs.sums}
        columns = sorted(owners)
        if named <= _OWNERS.keys() and _NOT_OF_OWNERS.isdisjoint(needs.sums):
            make_owned(self.connection)
            return Source(self.rolled.by_owner(columns, start), _COLUMNS)
        if named <= _USES | _OWNERS.keys() and _COUNTS.issuperset(needs.sums) and self.bounded and self._used(needs):
            make_owned(self.connection)
            return Source(self.rolled.by_use(columns, start), _COLUMNS | {"last_ts": "metrics.ts"})
        return None

    def _used(self, needs: Needs) -> bool:
        """Whether only metrics count that used something: of others it isn't kept by owner how many there were."""
        return not (needs.dimensions.isdisjoint(_USES) and passes_without(self.query.where, _USES))

    def _start(self, needs: Needs, windows: QueryWindows | None, days: Sequence[int]) -> str | None:
        """What tells quarters of different rows apart, in SQL ("" for nothing); None where a row begins within one."""
        if windows is None and not needs.clock:
            return ""
        found = offsets(self.query.zone, days)
        if any(offset.start_us % QUARTER_US or offset.ahead_us % QUARTER_US for offset in found):
            return None
        parts = []
        if windows is not None:
            if (windows.width.minutes or 0) % _QUARTER_MINUTES:
                return None
            parts.append(windows.all.start(QUARTER_START, days))
        if needs.clock:
            parts += [hour_of_day(found, QUARTER_START), weekday(found, QUARTER_START)]
        return parts[0] if len(parts) == 1 else f"[{', '.join(parts)}]"


def sums_for(connection: DuckDBPyConnection, query: Query, span: Span) -> QuarterSums | None:
    """The sums for a range; None where there are none, or it looks back on windows before it."""
    if query.rolling > 1:
        return None
    rolled = rolled_for(connection, span.start_us, span.end_us)
    if rolled is None:
        return None
    return QuarterSums(connection, rolled, query, span.start_us is not None and span.end_us is not None)
