"""Rows to groups, in SQL: what each sum is made of, and the statement that adds them up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.query.fields import FIELDS
from tachograph.query.histograms import with_histograms
from tachograph.query.measures import percentile_column
from tachograph.query.ranks import with_ranks
from tachograph.store.measures import SUCCEEDED, SUMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from fractions import Fraction

    from tachograph.query.sources import Source

_PAUSE_US: Final = 5 * 60_000_000
"""Whoever does nothing for longer is active for no more of it."""
_DURATIONS: Final = ("duration_ms", "durations", "shortest", "longest")
_NAMES: Final = frozenset({"session_id", "user_id"})
_EXTREMES: Final = {"shortest": "min", "longest": "max", "ts": "min", "last_ts": "max"}


class Aggregate(msgspec.Struct, frozen=True):
    """What is added up of a group: from which columns of its rows, and how."""

    columns: tuple[str, ...]
    sql: str


AGGREGATES: Final[dict[str, Aggregate]] = {
    **{
        name: Aggregate((name,), f"coalesce(sum({name}), 0)")
        for name in (*(each.name for each in SUMS), "errors", "successes", "failures")
    },
    "sessions": Aggregate(("session_id",), "count(DISTINCT session_id)"),
    "users": Aggregate(("user_id",), "count(DISTINCT user_id)"),
    "shortest": Aggregate(("shortest",), "min(shortest)"),
    "longest": Aggregate(("longest",), "max(longest)"),
    "active_us": Aggregate(("session_id", "moment"), "coalesce(sum(active_us), 0)"),
    "first_ts": Aggregate(("ts",), "min(ts)"),
    "last_ts": Aggregate(("last_ts",), "max(last_ts)"),
}
NULL_OF_NOTHING: Final = frozenset({"shortest", "longest", "first_ts", "last_ts"})
"""Of no rows these have no value; the others are 0."""


class Wanted(msgspec.Struct, frozen=True):
    """What is to be known of each group."""

    sums: tuple[str, ...]
    percentiles: tuple[Fraction, ...] = ()

    def columns(self) -> list[str]:
        """The columns of rows that it takes."""
        durations = _DURATIONS if self.percentiles else ()
        return list(dict.fromkeys([*(column for name in self.sums for column in AGGREGATES[name].columns), *durations]))

    def adds_up(self) -> bool:
        """Whether sums of rows do as well as the rows themselves."""
        return not self.percentiles and "active_us" not in self.sums


def summed(rows: str, keys: Sequence[str], wanted: Wanted) -> str:
    """Fewer rows of which the same can be known: those with the same keys, session and user together.

    Only where what is wanted adds up.
    """
    columns = wanted.columns()
    names = [*keys, *(name for name in columns if name in _NAMES)]
    sums = [f"{_EXTREMES.get(name, 'sum')}({name}) AS {name}" for name in columns if name not in _NAMES]
    by = f"GROUP BY {', '.join(names)}" if names else ""
    return f"SELECT {', '.join([*names, *sums]) or '1'} FROM ({rows}) {by}"


def row_columns(names: Iterable[str], source: Source) -> list[str]:
    """What each row adds, as the expressions of a source's rows."""
    count = source.columns["metrics_count"]
    derived = {
        "session_id": "metrics.session_id",
        "user_id": FIELDS["user"].sql,
        "ts": "metrics.ts",
        "errors": f"CASE WHEN metrics.type = 'error_occurred' THEN {count} END",
        "successes": f"CASE WHEN {SUCCEEDED} THEN {count} END",
        "failures": f"CASE WHEN NOT ({SUCCEEDED}) THEN {count} END",
    }
    return [f"{source.columns.get(name) or derived[name]} AS {name}" for name in names]


def grouped(rows: str, keys: Sequence[str], wanted: Wanted, *, condensed: bool, large: bool = False) -> str:
    """The groups of rows that have the same keys, with all that is wanted of them; one group if there are no keys.

    `condensed` is whether some rows have no more of their durations than a histogram, `large` whether there are more
    durations than fit in memory.
    """
    if "active_us" in wanted.sums:
        rows = _with_activity(rows, keys)
    sums = [f"{AGGREGATES[name].sql} AS {name}" for name in wanted.sums]
    by = f"GROUP BY {', '.join(keys)}" if keys else ""
    if not wanted.percentiles:
        return f"SELECT {', '.join([*keys, *sums]) or '1'} FROM ({rows}) {by}"
    # The value at floor(n·p) from below is the one at ceil(n·(1 − p)) − 1 from above, which is what quantile_disc
    # gives of negated values; 1 − p has to be an exact decimal for it.
    ranks = ", ".join(f"0.{100_000 - int(percent * 1000):05d}" for percent in wanted.percentiles)
    plain = f"""SELECT {", ".join([*keys, *sums, f"quantile_disc(-duration_ms, [{ranks}]) AS percentiles"])}"""
    if large:
        return with_ranks(rows, keys, wanted.percentiles, f"SELECT {', '.join([*keys, *sums]) or '1'}", by)
    if condensed:
        return with_histograms(rows, keys, wanted.percentiles, plain, by)
    found = ", ".join(
        f"-percentiles[{index}] AS {percentile_column(percent)}" for index, percent in enumerate(wanted.percentiles, 1)
    )
    return f"SELECT * EXCLUDE (percentiles), {found} FROM ({plain} FROM ({rows}) {by})"


def _with_activity(rows: str, keys: Sequence[str]) -> str:
    """Rows, each with the time to the session's next one in its group, in microseconds."""
    # greatest() and least() pass over null, and of the last one nothing is known.
    return f"""
        SELECT * EXCLUDE (next_moment), CASE WHEN session_id IS NULL THEN NULL
            WHEN next_moment - moment > {_PAUSE_US} THEN {_PAUSE_US} ELSE next_moment - moment END AS active_us
        FROM (
            SELECT *, lead(moment) OVER (PARTITION BY {", ".join([*keys, "session_id"])} ORDER BY moment) AS next_moment
            FROM ({rows})
        )"""
