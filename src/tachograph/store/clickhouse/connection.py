"""A connection that is asked in the embedded engine's SQL and answers from ClickHouse."""

from __future__ import annotations

import threading
import time
import uuid
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tachograph.store.clickhouse.dialect import translated
from tachograph.store.clickhouse.progress import SAID_AS, Progress
from tachograph.store.clickhouse.tables import reading_tables, tables
from tachograph.store.clickhouse.trouble import is_cancelled, unusable
from tachograph.store.engine import InterruptException

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from clickhouse_connect.driver.client import Client

AS_THE_EMBEDDED: Final = {
    "join_use_nulls": 1,
    "prefer_column_name_to_alias": 1,
    "aggregate_functions_null_for_empty": 1,
    "union_default_mode": "DISTINCT",
    "count_distinct_implementation": "uniqExact",
    "do_not_merge_across_partitions_select_final": 1,
    "distributed_product_mode": "global",
}
"""What makes ClickHouse answer as SQL says: nothing is null, not 0, and a name is a column's before an alias. What is
joined is that of all shards."""
PROGRESS_SECONDS: Final = 1.0
"""For so long a reader goes by how far it found a condensing."""
SURE_SECONDS: Final = 3 * PROGRESS_SECONDS
"""For so long an answer may go by what it found in the beginning, as nothing is deleted sooner."""
_Answer = TypeVar("_Answer")
_INT64: Final = range(-(2**63), 2**63)


class Answer:
    """The rows of an answer, as many of its engine's cursors give them."""

    def __init__(self, names: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
        self.description = [(name,) for name in names]
        self._rows = rows

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All that weren't fetched yet."""
        rows, self._rows = self._rows, []
        return rows

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next one; None where there is none."""
        return self._rows.pop(0) if self._rows else None


class Connection:
    """One tenant's metrics on a server. It may be used by several threads, which wait for each other."""

    def __init__(
        self,
        client: Client,
        tenant: str,
        database: str,
        again: Callable[[], Client] | None = None,
        where: str | None = None,
    ) -> None:
        """`again` connects another client, by which what this one asks is ended; None where that can't be.

        `where` is the address as it may be shown.
        """
        self._client = client
        self._trouble = _told_as_unusable(where)
        self._again = again
        self._asked = ""
        self._progress: Progress | None = None
        self._progress_at = -PROGRESS_SECONDS
        self._kept = threading.local()
        """As `progress`, what an answer that is under way in this thread goes by."""
        self.tenant = tenant
        self.database = database
        self._turn = threading.Lock()

    def execute(self, sql: str, parameters: Mapping[str, Any] | Sequence[Any] | None = None) -> Answer:
        """Asks a statement of DuckDB's; `?` and `$name` stand for parameters, as there."""
        given = dict(_named(parameters))
        kinds = tuple((name, kind_of(value)) for name, value in given.items())
        with self._turn, self._trouble:
            there = translated(sql, kinds, reading_tables(self.database, self._known_progress()))
            return self._ask(there, given) if there else Answer((), [])

    def ask(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Answer:
        """Asks a statement of ClickHouse's own."""
        with self._turn, self._trouble:
            return self._ask(sql, parameters or {})

    def _ask(self, sql: str, parameters: Mapping[str, Any]) -> Answer:
        given = {**parameters, "tenant": self.tenant}
        self._asked = uuid.uuid4().hex
        found = self._client.query(sql, parameters=given, settings=AS_THE_EMBEDDED | {"query_id": self._asked})
        return Answer(found.column_names, [tuple(row) for row in found.result_rows])

    def said(self) -> dict[str, str]:
        """What the store says of itself, in `meta`."""
        with self._turn, self._trouble:
            return self._said()

    def _said(self) -> dict[str, str]:
        asked_at = time.monotonic()
        said = dict(self._ask(f"SELECT name, value FROM ({self.reading('meta')})", {}).fetchall())
        self._progress, self._progress_at = Progress.of(said.get(SAID_AS)), asked_at
        return said

    def answered(self, ask: Callable[[], _Answer]) -> _Answer:
        """What `ask` gives, for whom a condensing stays as far as it is in the beginning.

        Should that take so long that rows may have been deleted under it, it is asked again.
        """
        if hasattr(self._kept, "progress"):  # as a part of another answer
            return ask()
        while True:
            begun = time.monotonic()
            with self._turn, self._trouble:
                self._kept.progress = known = self._known_progress()
            try:
                answer = ask()
            except Exception:
                if not self._has_gone_on(known, begun):
                    raise
            else:
                if not self._has_gone_on(known, begun):
                    return answer
            finally:
                del self._kept.progress

    def _has_gone_on(self, known: Progress | None, begun: float) -> bool:
        """Whether a condensing may have deleted rows since a moment at which it was so far."""
        if time.monotonic() - begun < SURE_SECONDS:
            return False
        return Progress.of(self.said().get(SAID_AS)) != known

    def _known_progress(self) -> Progress | None:
        """How far a condensing was a moment ago. Nobody may wait for a turn between this and what is asked then."""
        if hasattr(self._kept, "progress"):
            kept: Progress | None = self._kept.progress
            return kept
        if time.monotonic() - self._progress_at > PROGRESS_SECONDS:
            self._said()
        return self._progress

    def do(self, sql: str, parameters: Mapping[str, Any] | None = None, **settings: Any) -> None:
        """Does what has no answer."""
        given = {**(parameters or {}), "tenant": self.tenant}
        with self._turn, self._trouble:
            self._client.command(sql, parameters=given, settings=settings)

    def insert(self, sql: str, body: bytes, kind: str, **settings: Any) -> None:
        """Inserts a body of some format; `sql` is what stands between INSERT INTO and FORMAT."""
        with self._turn, self._trouble:
            self._client.raw_insert(insert_block=body, fmt=kind, settings=settings, table=sql)

    def rows_as(self, sql: str, kind: str, parameters: Mapping[str, Any] | None = None) -> bytes:
        """The answer to a statement of ClickHouse's own, in some format."""
        given = {**(parameters or {}), "tenant": self.tenant}
        with self._turn, self._trouble:
            return self._client.raw_query(sql, parameters=given, settings=dict(AS_THE_EMBEDDED), fmt=kind)

    def reading(self, name: str) -> str:
        """The statement that reads the latest rows of a table."""
        return tables()[name].read(self.database)

    def interrupt(self) -> None:
        """Ends what another thread asks over it, which then raises `engine.InterruptException`."""
        if self._again is not None and self._turn.locked():
            with self._trouble:
                client = self._again()
                try:
                    client.command(
                        "KILL QUERY WHERE query_id = {asked:String} ASYNC", parameters={"asked": self._asked}
                    )
                finally:
                    client.close()

    def cursor(self) -> Connection:
        """Itself: it may be used by several threads."""
        return self

    def close(self) -> None:
        """Closes it."""
        self._client.close()


class _told_as_unusable:  # noqa: N801 - a context manager, as contextlib's
    """Raises what the server or the way to it fails at as `StoreUnusable`; it may be entered by several threads."""

    def __init__(self, where: str | None) -> None:
        self._where = where

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if kind is None:
            return
        from clickhouse_connect.driver.exceptions import Error  # noqa: PLC0415 - what fails has been imported

        if isinstance(error, Error) and is_cancelled(error):
            raise InterruptException("interrupted") from None
        if isinstance(error, Error):
            raise unusable(error, self._where) from error


def kind_of(value: object) -> str:
    """The type of a parameter."""
    if isinstance(value, bool):
        return "Bool"
    if isinstance(value, int):
        return "Int64" if value in _INT64 else "Int256"
    if isinstance(value, float):
        return "Float64"
    if isinstance(value, list):
        return f"Array({kind_of(value[0]) if value else 'String'})"
    return "String"


def _named(parameters: Mapping[str, Any] | Sequence[Any] | None) -> Mapping[str, Any]:
    if parameters is None:
        return {}
    if isinstance(parameters, dict):
        return parameters
    return {f"q{number}": value for number, value in enumerate(parameters)}
