"""Which rows of the store a query looks at in a range, and by which keys: statements, of which nothing is asked yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.aggregate.windows import DAY_US
from tachograph.metric import FIRST_US
from tachograph.query.conditions import Parameters, condition
from tachograph.query.fields import FIELDS, joins
from tachograph.query.grouping import row_columns
from tachograph.query.model import CLOCK
from tachograph.query.offsets import hour_of_day, offsets, weekday

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tachograph.query.model import Query
    from tachograph.query.needs import Needs
    from tachograph.query.sources import Source
    from tachograph.query.spans import Span
    from tachograph.query.windows import QueryWindows

DAY: Final = f"({{moment}} - ({FIRST_US})) // {DAY_US} + ({FIRST_US // DAY_US})"
"""The day of UTC in which a moment is, counted from 1970."""


class Selection(msgspec.Struct, frozen=True):
    """What of a source's rows a query looks at, in a range and its days."""

    query: Query
    needs: Needs
    source: Source
    whole: str
    """What stands after FROM for all metrics of the store, whatever `source` is."""
    windows: QueryWindows | None
    span: Span
    days: Sequence[int]
    parameters: Parameters

    def keys(self) -> list[str]:
        """What the columns of the dimensions are called."""
        return [f"k{index}" for index in range(len(self.query.by))]

    def rows(self, columns: Iterable[str], *, keyed: bool = True) -> str:
        """The rows that pass, with some columns; with `keyed` those that have all dimensions, and these as well."""
        fields = self.fields("metrics.ts")
        keys = [f"{self._key(index, fields)} AS {key}" for index, key in enumerate(self.keys())] if keyed else []
        names = self.needs.fields if keyed else self.needs.filtered
        columns = list(columns)
        if "user_id" in columns:
            names |= {"user"}
        selected = ", ".join([*keys, *row_columns(columns, self.source)]) or "1"
        passing = f"SELECT {selected} FROM {self.source.rows} {self.joined(names)} WHERE {self.passing(fields)}"
        if not keys:
            return passing
        return f"SELECT * FROM ({passing}) WHERE {' AND '.join(f'{key} IS NOT NULL' for key in self.keys())}"

    def fields(self, moment: str) -> dict[str, str]:
        """What each field is in SQL, those of the clock at a moment."""
        known = {name: field.sql for name, field in FIELDS.items()}
        if self.needs.clock:
            found = offsets(self.query.zone, self.days)
            known |= {"hour_of_day": hour_of_day(found, moment), "weekday": weekday(found, moment)}
        return known

    def passing(self, fields: dict[str, str], first: str = "ts", last: str = "ts") -> str:
        """Whether a row, from its first to its last moment, has anything in the range and passes the filter."""
        met = [f"metrics.{first} IS NOT NULL"]
        if self.span.start_us is not None:
            met.append(f"metrics.{last} >= {self.parameters.add(self.span.start_us)}")
        if self.span.end_us is not None:
            met.append(f"metrics.{first} < {self.parameters.add(self.span.end_us)}")
        if self.query.where is not None:
            met.append(condition(self.query.where, fields, self.parameters))
        return " AND ".join(met)

    def joined(self, names: frozenset[str]) -> str:
        """The tables that some fields need."""
        tables = {
            "sessions": "LEFT JOIN sessions ON sessions.session_id = metrics.session_id",
            "runs": f"""LEFT JOIN (
                SELECT source, agent_run_id, min(agent_id) AS agent_id FROM {self.whole}
                WHERE agent_run_id IS NOT NULL AND agent_id IS NOT NULL AND ts IS NOT NULL
                GROUP BY source, agent_run_id
            ) AS runs ON runs.source = metrics.source AND runs.agent_run_id = metrics.agent_run_id""",
        }
        return " ".join(tables[name] for name in joins(names))

    def _key(self, index: int, fields: dict[str, str]) -> str:
        name = self.query.by[index]
        if self.windows and self.windows.index == index:
            return self.windows.all.start("metrics.ts", self.days)
        return f"CAST({fields[name]} AS {'BIGINT' if name in CLOCK else 'VARCHAR'})"
