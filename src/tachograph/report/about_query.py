"""What a query is about, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tachograph.aggregate.windows import label
from tachograph.query.saying import said
from tachograph.query.spans import earlier
from tachograph.report.layouts import minute
from tachograph.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tachograph.query.model import Query


def query_title(query: Query) -> str:
    """What its rows are by."""
    by = [printable(name) for name in query.by]
    return f"By {listed(by, 'and')}" if by else "In all"


def about_query(query: Query) -> list[str]:
    """What the query says that its rows don't show."""
    lines = [] if query.where is None else [f"where {printable(said(query.where))}"]
    if query.rolling > 1:
        lines.append(f"each row over {query.rolling} windows, its own the last")
    if query.compare:
        before = earlier(query)
        edges = (minute(label(us, query.zone)) for us in (before.start_us, before.end_us) if us is not None)
        lines.append(f"compared with {' to '.join(edges)}")
    return lines


def listed(names: Sequence[str], word: str) -> str:
    """a, b and c."""
    return f"{', '.join(names[:-1])} {word} {names[-1]}" if len(names) > 1 else names[0]
