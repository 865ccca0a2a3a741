"""What a report says, whatever its format: figures of a whole period, beside an earlier one, and tables.

The formats only render; each value is there as it is (for programs) and can be shown (for people).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from tachograph.report.layouts import Column, Row
from tachograph.report.shown_columns import change_shown
from tachograph.tables import Table


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of the whole period, and what it was before, where that is compared."""

    name: str
    """For programs."""
    title: str
    value: Any
    """None where there is none."""
    show: Callable[[Any], str]
    is_rate: bool = False
    """From 0 to 1; then a change is told in percentage points."""
    is_at_least: bool = False
    before: Any = None
    change: Mapping[str, Any] | None = None
    """`absolute` and `relative`, each None where it isn't defined; None where nothing is compared."""

    @property
    def shown(self) -> str:
        """The value for people."""
        if self.value is None:
            return "–"
        return f"{'≥' if self.is_at_least else ''}{self.show(self.value)}"

    @property
    def shown_before(self) -> str:
        """What it was before, likewise."""
        return "–" if self.before is None else self.show(self.before)

    @property
    def shown_change(self) -> str:
        """How it changed."""
        change = self.change or {}
        return change_shown(change.get("absolute"), change.get("relative"), self.show, is_rate=self.is_rate)


class Series(msgspec.Struct, frozen=True):
    """The values of a chart that belong together: one for each of its places, None where there is none."""

    name: str
    values: tuple[float | None, ...]


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """What is drawn of a table: a measure over time (places are moments, in seconds since 1970), or by name."""

    kind: Literal["time", "names"]
    measure: str
    show: Callable[[Any], str]
    labels: tuple[str, ...]
    """What each place is called."""
    places: tuple[float, ...] = ()
    """When each begins, of a chart over time."""
    series: tuple[Series, ...]
    is_sum: bool = True
    """Whether values of several series add up to something."""
    is_duration: bool = False
    """Whether values are milliseconds."""


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A table: for people by its columns and rows, for programs as `table`."""

    title: str
    columns: tuple[Column, ...]
    rows: Sequence[Row]
    total: Row | None = None
    note: str = ""
    """What stands below it."""
    table: Table
    chart: Chart | None = None


class Period(msgspec.Struct, frozen=True):
    """From when, and up to (without) when: ISO 8601, None where nothing bounds it and nothing is in it; whose days."""

    start: str | None
    end: str | None
    timezone: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    title: str
    period: Period
    before: Period | None = None
    """What it is compared with."""
    about: tuple[str, ...] = ()
    """What else is to be known of what was asked."""
    summary: tuple[Figure, ...] = ()
    sections: tuple[Section, ...] = ()
    remarks: tuple[str, ...] = ()
    """What is to be known of the figures."""
    made: str | None = None
    """When, ISO 8601, if that is to be told."""
