"""What becomes of an OTLP request: rows, points of cumulative counters, and what was not counted."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import msgspec

from tachograph.errors import TachographError

Signal = Literal["logs", "metrics", "traces"]
Form = Literal["protobuf", "json"]
Row = dict[str, Any]
"""A part of a metric: names of `tachograph.columns.COLUMNS` to values as those columns take them.

`id` and `ts` (microseconds since 1970, UTC) are always there, and these that are no columns:
`witness`: how the thing is told. Absent: by an id that every way of telling shares. 1: by an event of its own. 2: by a
span. 3: by a counter. Of what is told several ways, the lowest counts.
`request_id`: the request of a model, by which a transcript's reply is known again.
"""

EVENT, SPAN, COUNTER = 1, 2, 3
"""The witnesses."""


class Undecodable(TachographError):  # noqa: N818 - the names of errors read as sentences
    """A request's body is no OTLP."""


class Refused(ValueError):  # noqa: N818 - a value on its way to being counted as rejected, not an error of the program
    """Why one item of a request is malformed."""


class Unmapped(NamedTuple):
    """A kind of thing that is no metric of ours: `origin` is the service that sent it, else the scope."""

    signal: Signal
    origin: str
    name: str


class Point(msgspec.Struct, frozen=True):
    """A point of a counter: how far it had come by then."""

    source: str
    counter: str
    """The counter's name."""
    series: str
    """Digest of what tells this counter's series from all others, when it began to count included."""
    ts: int
    """When it was read, in microseconds since 1970."""
    began: int
    """When it began to count, in nanoseconds since 1970; 0 where that isn't told."""
    value: float
    """The counter's value, or of a histogram its sum."""
    count: int
    """How many things that is; of a counter of things its value."""
    group: str
    """Digest of all but the kind of token: the points of one group and moment are one metric."""
    kind: str | None
    """Which kind of token it counts, by the family's own name for it."""
    row: Row
    """What is known of the metric besides."""


class Decoded(msgspec.Struct):
    """What a request came to."""

    rows: list[tuple[str, Row]] = []
    """Source and row. The source is `claude-code`, `codex`, `gemini-cli`, `copilot-cli`, or `otel` for any other."""
    points: list[Point] = []
    """Of cumulative counters, from which a `Series` makes increments."""
    unmapped: dict[Unmapped, int] = {}
    """What there was that is no metric of ours, and how often."""
    redundant: int = 0
    """How many items were passed over because something else that the agent exports tells the same."""
    rejected: int = 0
    """How many items were malformed."""
    reason: str = ""
    """Why the first of them was."""

    def reject(self, reason: str, items: int = 1) -> None:
        """Counts malformed items."""
        self.rejected += items
        self.reason = self.reason or reason
