"""What a condensing that is under way means for whoever reads.

Metrics and their sums are in tables of their own, so that neither can be inserted nor deleted together with the other.
Which of them count is one row of `meta`, under the name `condensing`:

- While sums are inserted, they don't count yet, and their metrics do.
- From the moment when that row says so, all sums count, and metrics that are to be deleted don't, until they are gone.

Whoever reads goes by what that row said a moment ago (`Connection`); whoever writes waits for longer than that after
each change of it.
"""

from __future__ import annotations

from typing import Final

import msgspec

from tachograph.store.clickhouse.everywhere import everywhere

SAID_AS: Final = "condensing"
"""The name in `meta`."""
_COLUMNS: Final = "tenant LowCardinality(String), run UInt64, seq Int64"
_KEPT: Final = "ORDER BY (tenant, run, seq)"


class Progress(msgspec.Struct, frozen=True):
    """How far a condensing is."""

    version: int
    """Rows of `condensed` with a later version are its own."""
    before_us: int
    """Metrics that happened before are condensed..."""
    last: int
    """...up to this number, but for those whose numbers are in the table `kept`..."""
    kept: int = 0
    """...of which there are so many."""
    deleting: bool = False
    """Whether all sums are there, and count."""
    is_over: bool = False
    """Whether it was ended, or taken back: all rows that are there count."""

    @classmethod
    def of(cls, said: str | None) -> Progress | None:
        """What `meta` says; None where there never was one."""
        return msgspec.json.decode(said, type=cls) if said else None

    def said(self) -> str:
        """What is to be said in `meta`."""
        return msgspec.json.encode(self).decode()

    def is_read(self, name: str, database: str) -> str:
        """The condition on the rows of a table that count; empty where all do."""
        if self.is_over:
            return ""
        if name == "condensed" and not self.deleting:
            return f"version <= {self.version:d}"
        if name == "metrics" and self.deleting:
            return f"NOT ({self.is_deleted(database)})"
        return ""

    def is_deleted(self, database: str) -> str:
        """The condition on the metrics that are deleted.

        It is one on what tells rows apart, not on what a version of a row says: all versions of a row go, or none.
        """
        return f"ifNull(ts < {self.before_us:d}, 0) AND seq <= {self.last:d} AND seq NOT IN ({self._kept(database)})"

    def is_kept(self, database: str) -> str:
        """The condition on the old metrics that aren't deleted."""
        return f"ts < {self.before_us:d} AND seq IN ({self._kept(database)})"

    def many_kept(self, database: str) -> str:
        """How many metrics are kept, however often that was inserted."""
        return f"(SELECT uniqExact(seq) FROM ({self._kept(database)}))"

    def _kept(self, database: str) -> str:
        return f"SELECT seq FROM {database}.kept WHERE tenant = {{tenant:String}} AND run = {self.version:d}"


def definition(database: str, cluster: str | None) -> str:
    """The statement that makes the table of metrics that are kept, where it isn't there."""
    return everywhere("kept", _COLUMNS, _KEPT, database, cluster)
