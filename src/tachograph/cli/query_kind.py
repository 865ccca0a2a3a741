"""How a query is answered, and how its answer is kept and found again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.cli.kinds import Kind
from tachograph.query.model import Query, QueryResult
from tachograph.report.naming import query_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tachograph.store.duckdb import Store


class _Kept(msgspec.Struct):
    """An answer without its question."""

    start: str | None
    end: str | None
    total: dict[str, Any]
    rows: list[dict[str, Any]]
    exact: bool
    at_least: tuple[str, ...]
    truncated: bool


def _answerer() -> Callable[[Store, Query], QueryResult]:
    from tachograph.query.run import run

    return run


def _write(result: QueryResult) -> bytes:
    kept = {name: getattr(result, name) for name in _Kept.__struct_fields__}
    return json.dumps(kept, allow_nan=False).encode()  # which keeps whole numbers of any size


def _read(content: bytes, asked: Query) -> QueryResult:
    kept = msgspec.convert(json.loads(content), type=_Kept)
    return QueryResult(query=asked, **msgspec.structs.asdict(kept))


def _remarks(results: Sequence[QueryResult]) -> list[str]:
    """What metrics of which only sums are left may have done to an answer."""
    return [_inexact(result.query) for result in results if not result.exact]


def _inexact(query: Query) -> str:
    from tachograph.query.needs import needs_of

    needs = needs_of(query)
    parts = ["of old metrics only sums are kept; some may belong to another row, or beyond the range"]
    if needs.percentiles:
        parts.append("percentiles are within 1 %")
    if needs.activity:
        parts.append("active time lacks theirs")
    if needs.amounts:
        parts.append("conditions on amounts leave them out")
    return "; ".join(parts)


QUERIES: Final[Kind[Query, QueryResult]] = Kind(_answerer, query_name, _write, _read, _remarks)
