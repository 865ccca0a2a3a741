"""What a summary is made of: one table for each way to look at it, from the answers by day and by project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.aggregate.question import AggregationType
from tachograph.report.figures import count
from tachograph.report.layouts import CALLS, LAYOUTS, Column, Layout
from tachograph.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tachograph.aggregate.result import AggregationResult
    from tachograph.report.layouts import Row


class Part(msgspec.Struct, frozen=True):
    """One table: how it is laid out, and all rows that there are."""

    layout: Layout
    rows: Sequence[Row]
    is_time: bool = False

    def first(self, number: int) -> tuple[Sequence[Row], str]:
        """So many rows (of windows of time the last, of names the top), and which those are, if not all."""
        if len(self.rows) <= number:
            return self.rows, ""
        which = "the last" if self.is_time else "the top"
        shown = self.rows[-number:] if self.is_time else self.rows[:number]
        return shown, f", {which} {count(number)} of {count(len(self.rows))}"


def summary_parts(days: AggregationResult, projects: AggregationResult) -> list[Part]:
    """Each with the rows that there are, which may be none."""
    found = days.breakdowns
    return [
        Part(LAYOUTS[AggregationType.DAILY], days.time_series, is_time=True),
        Part(LAYOUTS[AggregationType.BY_MODEL], [{"model": name, **used} for name, used in found.models.items()]),
        Part(LAYOUTS[AggregationType.BY_TOOL], [{"tool": name, **one.to_dict()} for name, one in found.tools.items()]),
        Part(_AGENTS, [{"agent": name, **one.to_dict()} for name, one in found.agents.items()]),
        Part(LAYOUTS[AggregationType.BY_PROJECT], projects.time_series),
        Part(_ERRORS, [{"error": name, "count": number} for name, number in found.errors.items()]),
    ]


_AGENTS: Final = Layout(
    "Agents", (Column("agent", lambda row: printable(row["agent"]), "name"), *CALLS), "No metric names an agent."
)
_ERRORS: Final = Layout(
    "Errors",
    (
        Column("error", lambda row: printable(row["error"]), "name"),
        Column("times", lambda row: count(row["count"])),
    ),
    "No errors.",
)
