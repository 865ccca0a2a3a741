"""What a query says. `docs/queries.md` defines each measure, dimension and option; `checking` says what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from tachograph.tables import Tabular

if TYPE_CHECKING:
    from tachograph.tables import Table

MEASURES: Final = (
    "count", "sessions", "users", "errors", "error_rate", "success_count", "failure_count", "success_rate",
    "timed", "duration_sum", "duration_avg", "duration_min", "duration_max",
    "tokens", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "cache_hit_rate",
    "cost_usd", "active_ms", "tokens_per_minute",
)  # fmt: skip
"""All but the percentiles of durations, which are called `duration_p50`, `duration_p99.9` and so on."""

NAMES: Final = (
    "session", "user", "project", "type", "tool", "agent", "acting_agent", "model", "source", "error_type", "command",
    "operation", "hook", "outcome",
)  # fmt: skip
"""Dimensions whose values are names."""
CLOCK: Final = ("hour_of_day", "weekday")
"""Dimensions whose values are numbers: 0 to 23, and 1 (Monday) to 7, of the zone."""
UNITS: Final = ("minute", "hour", "day", "week", "month")
"""What windows are measured in: a dimension is one of these, or so many, as "15 minutes" or "2 weeks"."""
AMOUNTS: Final = ("duration_ms", "tokens", "cost_usd")
"""What a range can be put on, beside `CLOCK`."""
GROUPS_MAX: Final = 4

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Compare = Literal["previous", "previous_weekdays"]
OTHER: Final = "(other)"
"""What the row of everything beyond the first N is called, in each of its dimensions that is a name."""


class AnyOf(msgspec.Struct, frozen=True, tag_field="is"):
    """The field has one of these values."""

    field: str
    values: tuple[str | int, ...]


class NoneOf(msgspec.Struct, frozen=True, tag_field="is"):
    """The field has none of these values, or no value at all: the opposite of `AnyOf`."""

    field: str
    values: tuple[str | int, ...]


class Prefix(msgspec.Struct, frozen=True, tag_field="is"):
    """The field begins with that, as it is written."""

    field: str
    text: str


class Pattern(msgspec.Struct, frozen=True, tag_field="is"):
    """The whole field is like that: `*` is any text, also none, `?` any one character, all else itself."""

    field: str
    glob: str


class Between(msgspec.Struct, frozen=True, tag_field="is"):
    """The amount is there and within the bounds; a bound is part of the range unless it is said to be outside."""

    field: str
    low: float | int | None = None
    high: float | int | None = None
    low_outside: bool = False
    high_outside: bool = False


class All(msgspec.Struct, frozen=True, tag_field="is"):
    """Every one of these is met; with none there is nothing to meet."""

    of: tuple[Filter, ...]


class Any_(msgspec.Struct, frozen=True, tag_field="is", tag="Any"):  # noqa: N801 - `Any` itself is of `typing`
    """One of these is met at least."""

    of: tuple[Filter, ...]


class Not(msgspec.Struct, frozen=True, tag_field="is"):
    """It is not met. A condition on a value that isn't there is not met, so its opposite is."""

    of: Filter


Filter = AnyOf | NoneOf | Prefix | Pattern | Between | All | Any_ | Not


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: measures, of the metrics in a range that pass a filter, by up to four dimensions."""

    measures: tuple[str, ...] = ("count",)
    by: tuple[str, ...] = ()
    start: datetime | None = None
    """Aware. None: from the first metric on."""
    end: datetime | None = None
    """Outside of the range. None: to the last metric, which is within."""
    where: Filter | None = None
    order: tuple[str, ...] = ()
    """Measures (largest first) and dimensions (ascending) of this query; a "-" before one turns it round.

    The first is the most important.
    """
    limit: int | None = None
    other: bool = False
    """Whether what the limit leaves out is brought together in one more row (per window, where rows are windows')."""
    fill: bool = False
    zone: tzinfo = UTC
    week_start: Weekday = "monday"
    month_start: int = 1
    """The day on which (fiscal) months begin, 1 to 28."""
    rolling: int = 1
    """So many windows are looked at together, the row's being the last of them."""
    compare: Compare | None = None


class QueryResult(Tabular, msgspec.Struct, frozen=True):
    """The answer to a query."""

    query: Query
    start: str | None
    """Of the range, ISO 8601 with the zone's offset; None where nothing is in an unbounded one."""
    end: str | None
    total: dict[str, Any]
    """Each measure over the whole range, whatever the rows are by; with `compare` also `previous` and `change`."""
    rows: list[dict[str, Any]]
    """Dimension → value and measure → value. Windows are ISO 8601. What has no value (an average of nothing) is None.

    With `compare` a row also has `previous` (measure → value; None itself where there was no such row) and `change`
    (measure → `{"absolute": …, "relative": …}`, each None where it isn't defined).
    """
    exact: bool = True
    """False where percentiles are taken from condensed metrics, or condensed metrics may belong elsewhere."""
    at_least: tuple[str, ...] = ()
    """Measures that are a lower bound in the total: tokens that no log tells, cost without a price."""
    truncated: bool = False
    """Whether there are rows beyond the limit."""

    def to_table(self) -> Table:
        """The rows (without dimensions the total), with the kind of each column."""
        from tachograph.query.tables import query_table  # noqa: PLC0415 - which knows this module

        return query_table(self)
