"""The embedded store: one DuckDB file, or a database in memory for a log that is queried in place.

What it promises: new rows and the ledger of what they were read from move in one transaction, so a crash at any
moment leaves a store that knows how far it has read, and reading on counts nothing twice.
"""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from tachograph.errors import StoreUnusable
from tachograph.prices import COST_SQL, PRICE_COLUMNS, PRICE_JOIN, Rate, cost_without_join, data_version, rates_of
from tachograph.store.statements import COMPLETED_DURATION, PRICED_BY, cost_by, load_statements, schema, sql_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from types import FrameType

    import duckdb

    from tachograph.columns import ColumnBatch

SCHEMA_VERSION: Final = 3
_BUSY_SECONDS: Final = 30.0
_BUSY_POLL_SECONDS: Final = 0.02
_CONFIG: Final[dict[str, str | bool | int | float | list[str]]] = {
    "memory_limit": "256MB",
    "preserve_insertion_order": False,  # `seq` has the order, so that all cores may append
    "max_vacuum_tasks": 0,  # merging row groups when it closes would rewrite half of what was just appended
    "autoinstall_known_extensions": False,  # nothing is fetched from anywhere
    "autoload_known_extensions": False,
}
_ROWS_TOGETHER: Final = 62_000
"""About half of a row group: enough to be quick, few enough that little is left to do after the last log is read."""
_ROWS_ALONE: Final = 50_000
"""From so many on, rows are committed before they are merged: DuckDB would write them again otherwise."""
_COSTING: Final = ("model", "cost_usd")
_MODELS_MAX: Final = 5_000
"""More models than there are: whoever writes more names into a log doesn't make us look for all of them."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """What the ledger knows of one file; `read_offset` and `lines` say how far it was read."""

    path: str
    source: str
    size: int
    mtime_ns: int
    read_offset: int
    lines: int
    head: str
    tail: str
    compressed: bool
    trouble: str | None
    memory: str | None = None


@dataclass(frozen=True, slots=True)
class RejectEntry:
    """A line that was refused: its file, its number from 1, where it begins, and why."""

    path: str
    line: int
    byte_offset: int
    reason: str


class Store:
    """A store of metrics. Close it, or use it in a `with` statement."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path | None) -> None:
        self.connection = connection
        self.path = path

    @classmethod
    def in_memory(cls) -> Store:
        """An empty store that lasts as long as the object."""
        store = cls(_connect(":memory:", read_only=False), None)
        store._create()
        return store

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Store:
        """The store in that file, made where there is none (unless read only: then `StoreUnusable`).

        Waits up to half a minute for another process that holds it. Raises `StoreUnusable` where it is damaged, not
        permitted, made by a newer version, or held for longer.
        """
        if read_only and not path.exists():
            raise StoreUnusable("there is no store yet", where=str(path), mend="run 'tachograph ingest' first")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnusable(
                f"its folder can't be made: {error.strerror}",
                where=str(path.parent),
                mend="choose another with --home",
            ) from None
        store = cls(_connect_patiently(path, read_only=read_only), path)
        if read_only and store._is_empty():  # made by a process that was killed before it wrote the schema
            store.close()
            cls.open(path).close()
            store = cls(_connect_patiently(path, read_only=read_only), path)
        try:
            store._check()
            unfinished = store._has_unfinished()
            if unfinished and not read_only:  # the logs of those rows will be read again
                store.connection.execute(load_statements()["forget_unfinished"])
        except BaseException:
            store.close()
            raise
        if unfinished and read_only:
            store.close()
            cls.open(path).close()
            return cls.open(path, read_only=True)
        return store

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the store; a second call does nothing."""
        self.connection.close()

    def _create(self) -> None:
        self.connection.begin()
        self.connection.execute(schema())
        self.connection.execute("INSERT INTO meta VALUES ('schema', ?), ('whole', '0')", [str(SCHEMA_VERSION)])
        self.connection.commit()

    def _is_empty(self) -> bool:
        return self.connection.execute("SELECT 1 FROM duckdb_tables()").fetchone() is None

    def _check(self) -> None:
        tables = {name for (name,) in self.connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        if not tables:
            self._create()
            return
        version = self._version(tables)
        if version is None:
            mend = "choose another folder with --home"
            raise StoreUnusable("this DuckDB file is not a store of Tachograph's", where=str(self.path), mend=mend)
        if version < SCHEMA_VERSION:
            raise StoreUnusable(
                f"it was made by an older version of Tachograph (schema {version}; this one knows {SCHEMA_VERSION})",
                where=str(self.path),
                mend="move it away and run 'tachograph ingest': it is made again from the logs",
            )
        if version > SCHEMA_VERSION:
            raise StoreUnusable(
                f"it was made by a newer version of Tachograph (schema {version}; this one knows {SCHEMA_VERSION})",
                where=str(self.path),
                mend="update tachograph, or choose another folder with --home",
            )

    def _has_unfinished(self) -> bool:
        """Whether a process died after it had appended rows, before it had made metrics of them."""
        row = self.connection.execute(
            "SELECT max(seq) > (SELECT max(value::BIGINT) FROM meta WHERE name = 'whole') FROM metrics"
        ).fetchone()
        return bool(row and row[0])

    def _version(self, tables: set[str]) -> int | None:
        """The schema's version, or None where it isn't ours."""
        if not {"meta", "metrics", "files"} <= tables:
            return None
        columns = self.connection.execute(
            "SELECT column_name FROM duckdb_columns() WHERE table_name = 'meta'"
        ).fetchall()
        if {name for (name,) in columns} != {"name", "value"}:
            return None
        row = self.connection.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()
        return int(row[0]) if row and str(row[0]).isdecimal() else None

    def files(self) -> dict[str, FileEntry]:
        """The ledger, by path."""
        rows = self.connection.execute("SELECT * FROM files").fetchall()
        return {row[0]: FileEntry(*row) for row in rows}

    def rejects(self) -> list[RejectEntry]:
        """The lines that were refused, by file and line."""
        rows = self.connection.execute("SELECT * FROM rejects ORDER BY path, line").fetchall()
        return [RejectEntry(*row) for row in rows]

    def metrics_count(self) -> int:
        """How many metrics there are, those whose detail was condensed included."""
        row = self.connection.execute(
            "SELECT count(ts) + (SELECT coalesce(sum(metrics_count), 0) FROM condensed) FROM metrics"
        ).fetchone()
        return int(row[0]) if row else 0

    def rejected_count(self) -> int:
        """How many lines were refused."""
        row = self.connection.execute("SELECT count(*) FROM rejects").fetchone()
        return int(row[0]) if row else 0

    def loading(self) -> Loading:
        """A way in for new metrics."""
        return Loading(self.connection, self.path and self.path.parent)

    def prices_are_current(self) -> bool:
        """Whether costs are by the prices that are known now. Raises `PricesUnusable` where those are damaged."""
        row = self.connection.execute("SELECT value FROM meta WHERE name = 'prices'").fetchone()
        return row is not None and row[0] == data_version(self.path and self.path.parent)

    def price_again(self) -> None:
        """Works costs out again where the prices have changed."""
        if not self.prices_are_current():
            with self.loading() as loading:
                loading.commit([])


class Loading:
    """Appends batches, and makes them metrics together with the ledger's new state, a transaction at a time.

    Many rows are appended in transactions of their own. The number of the last row that was made a metric, `whole` in
    the table `meta`, tells them from the others: should the process die, whoever opens the store next removes them.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, prices: Path | None) -> None:
        self._connection = connection
        self._prices = prices
        self._models: set[str] = set()
        self._sql = load_statements()
        self._last = 0
        self._kind: tuple[str, bool, str | None] = ("", False, None)
        self._waiting: list[ColumnBatch] = []
        self.appended = 0
        """Rows since the last commit."""
        self._uncommitted = 0
        """Those of them that were appended in the transaction that is open."""

    def __enter__(self) -> Self:
        self._connection.execute("SET threads = 1")  # the other cores read logs, and two share their work badly here
        self._begin()
        return self

    def __exit__(self, *_: object) -> None:
        """Whatever wasn't committed is forgotten."""
        self._connection.rollback()
        if self.appended > self._uncommitted:
            self._connection.execute(self._sql["forget_unfinished"])
        self._connection.execute("RESET threads")

    def _begin(self) -> None:
        self._connection.begin()
        row = self._connection.execute(self._sql["last_row"]).fetchone()
        self._last, self.appended, self._uncommitted = (row[0] if row else 0), 0, 0
        self._models = {name for (name,) in self._connection.execute("SELECT model FROM priced_models").fetchall()}
        self._price_again()

    def _price_again(self) -> None:
        """Where the prices have changed, costs are worked out again, in the transaction of what is read now."""
        version = data_version(self._prices)
        row = self._connection.execute("SELECT value FROM meta WHERE name = 'prices'").fetchone()
        if row is not None and row[0] == version:
            return
        self._connection.execute("DELETE FROM meta WHERE name = 'prices'")
        self._connection.execute("INSERT INTO meta VALUES ('prices', ?)", [version])
        self._connection.execute("DELETE FROM rates")
        self._connection.execute("DELETE FROM priced_models")
        models, self._models = self._models, set()
        if models:
            self._find_prices(models)
            self._run("price_again")

    def _find_prices(self, models: Iterable[str]) -> None:
        """Looks for the prices of models that are new."""
        new = sorted(set(models) - self._models)[: _MODELS_MAX - len(self._models)]
        if new:
            rates = [astuple(rate) for model in new for rate in rates_of(model, self._prices)]
            if rates:
                self._insert("rates", " ".join(PRICE_COLUMNS.values()), rates)
            self._insert("priced_models", "VARCHAR", [(model,) for model in new])
            self._models |= set(new)

    def add(self, batches: Sequence[ColumnBatch], *, source: str, in_parts: bool, user: str | None = None) -> None:
        """Appends batches, in the order in which they were read; several are appended together, by all cores.

        `user` is whose the metrics are that name nobody.
        """
        if self._waiting and (source, in_parts, user) != self._kind:
            self._append()
        self._kind = (source, in_parts, user)
        self._waiting += [batch for batch in batches if batch.length]
        if sum(batch.length for batch in self._waiting) >= _ROWS_TOGETHER:
            self._append()

    def _append(self) -> None:
        from tachograph.store.arrow import BatchStream  # noqa: PLC0415 - only loading needs it

        if not self._waiting:
            return
        batch_stream = BatchStream(self._waiting, self._last + self.appended + 1)  # DuckDB finds it by its name
        columns = batch_stream.columns()
        source, in_parts, user = self._kind
        parameters: dict[str, str | bool] = {"source": source, "in_parts": in_parts}
        if user is not None:
            parameters["user"] = user
            columns["user_id"] = f"coalesce({columns['user_id']}, $user)" if "user_id" in columns else "$user"
        if "ended_ts" in columns:
            columns.setdefault("ts", "NULL::BIGINT")
            columns.setdefault("duration_ms", "NULL::DOUBLE")
        cost, rates = "NULL", ""
        if not columns.keys().isdisjoint(_COSTING):
            cost, rates, models = self._pricing()
            parameters |= models
        names = ", ".join(f'"{name}"' for name in columns)
        chosen = ", ".join(
            f"{COMPLETED_DURATION} AS duration_ms" if name == "duration_ms" and "ended_ts" in columns else f'"{name}"'
            for name in columns
        )
        given = columns | {name: f"NULL::{sql_type(name)}" for name in PRICED_BY if name not in columns}
        selected = ", ".join(f'{expression} AS "{name}"' for name, expression in given.items())
        with _interrupts_held_back():
            self._connection.execute(
                f"INSERT INTO metrics ({names}, source, in_parts, cost) "
                f"SELECT {chosen}, source, in_parts, {cost} AS cost FROM ("
                f"SELECT {selected}, $source AS source, $in_parts AS in_parts FROM batch_stream) AS metrics {rates}",
                parameters,
            )
        rows = sum(batch.length for batch in self._waiting)
        self.appended += rows
        self._uncommitted += rows
        self._waiting = []
        if rows >= _ROWS_ALONE:
            self._connection.commit()
            self._connection.begin()
            self._uncommitted = 0

    def _pricing(self) -> tuple[str, str, dict[str, str]]:
        """How what waits is priced: the cost of a row, what is to be joined for it, and the parameters."""
        models = {model for batch in self._waiting for model in batch.words("model") if model is not None}
        self._find_prices(models)
        found = self._connection.execute(
            "SELECT * FROM rates WHERE model IN (SELECT unnest(?::VARCHAR[]))", [list(models)]
        )
        inline = cost_without_join([Rate(*row) for row in found.fetchall()])
        if inline is None:
            return cost_by(COST_SQL), PRICE_JOIN, {}
        by_tokens, parameters = inline
        return cost_by(by_tokens), "", parameters

    def commit(
        self,
        entries: Sequence[FileEntry],
        gone: Sequence[str] = (),
        rejects: Sequence[RejectEntry] = (),
        moved: Sequence[tuple[str, FileEntry]] = (),
    ) -> None:
        """Makes what was appended metrics, and the ledger know it, in one transaction.

        `entries` replace those of the same path. First, `gone` are paths whose entries and rejects are forgotten (of
        files that are read again from their beginning), and `moved` are files that have another path now.
        """
        self._connection.execute("RESET threads")
        self._append()
        if self.appended:
            self._load()
            self._run("say_whole")
        self._connection.execute("SET threads = 1")
        if gone:
            self._forget("rejects", gone)
            self._forget("files", gone)
        for path, entry in moved:
            self._connection.execute("UPDATE rejects SET path = ? WHERE path = ?", [entry.path, path])
            self._forget("files", [path])
        entries = [*(entry for _, entry in moved), *entries]
        if entries:
            self._forget("files", [entry.path for entry in entries])
            kinds = "VARCHAR VARCHAR BIGINT BIGINT BIGINT BIGINT VARCHAR VARCHAR BOOLEAN VARCHAR VARCHAR"
            self._insert("files", kinds, [astuple(entry) for entry in entries])
        if rejects:
            self._insert("rejects", "VARCHAR BIGINT BIGINT VARCHAR", [astuple(reject) for reject in rejects])
        self._connection.commit()
        self._begin()

    def _load(self) -> None:
        if self._some("SELECT count(*) > 0 FROM condensed_ids"):
            self._run("drop_condensed")
        self._run("find_touched")
        if self._some("SELECT count(*) > 0 FROM touched"):
            self._run(
                "gather_parts",
                "keep_first_read",
                "merge_parts",
                "insert_claims",
                "delete_merged",
                "insert_merged",
            )
        self._run("end_background_runs", "end_plain_runs")
        if self._some(self._sql["have_claims"]):
            self._run("insert_claimed_starts", "credit", "apply_credit", "place_starts", "apply_starts")
        self._run("changed_sessions", "delete_changed_sessions", "insert_changed_sessions")

    def _run(self, *names: str) -> None:
        for name in names:
            self._execute(self._sql[name])

    def _some(self, sql: str) -> bool:
        row = self._execute(sql).fetchone()
        return bool(row and row[0])

    def _execute(self, sql: str) -> duckdb.DuckDBPyConnection:
        return self._connection.execute(sql, {"last": self._last} if "$last" in sql else None)

    def _forget(self, table: str, paths: Sequence[str]) -> None:
        self._connection.execute(f"DELETE FROM {table} WHERE path IN (SELECT unnest(?::VARCHAR[]))", [list(paths)])

    def _insert(self, table: str, kinds: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Inserts rows as one list per column: a statement per row would take a thousand times as long."""
        lists = ", ".join(f"unnest(?::{kind}[])" for kind in kinds.split())
        self._connection.execute(
            f"INSERT INTO {table} SELECT {lists}", [list(column) for column in zip(*rows, strict=True)]
        )


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Keeps Ctrl-C until the end: DuckDB calls back for the rows, and an exception in there would be lost."""
    previous = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(previous):
        yield
        return
    held: list[tuple[int, FrameType | None]] = []
    signal.signal(signal.SIGINT, lambda number, frame: held.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
        if held:
            previous(*held[0])


def _connect(database: str, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    import duckdb  # noqa: PLC0415 - takes a tenth of a second, which a command that asks nothing shouldn't pay

    return duckdb.connect(database, read_only=read_only, config=_CONFIG)


def _connect_patiently(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    import duckdb  # noqa: PLC0415 - as above

    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            return _connect(str(path), read_only=read_only)
        except duckdb.IOException as error:
            message = str(error)
            if "lock" not in message:
                raise _unusable(path, message) from None
            if time.monotonic() > deadline:
                raise StoreUnusable(
                    "another process has held it for half a minute",
                    where=str(path),
                    mend="wait for it, or end it",
                ) from None
            time.sleep(_BUSY_POLL_SECONDS)
        except duckdb.Error as error:
            raise _unusable(path, str(error)) from None


def _unusable(path: Path, message: str) -> StoreUnusable:
    first_line = message.splitlines()[0] if message else "unknown error"
    if "ermission denied" in message:
        return StoreUnusable("it can't be read or written: permission denied", where=str(path), mend="choose --home")
    return StoreUnusable(
        f"DuckDB can't open it: {first_line}",
        where=str(path),
        mend="if it is damaged, move it away and run 'tachograph ingest': it is made again from the logs",
    )
