"""The embedded store: one DuckDB file, or a database in memory for a log that is queried in place.

What it promises: new rows and the ledger of what they were read from move in one transaction, so a crash at any
moment leaves a store that knows how far it has read, and reading on counts nothing twice.
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import msgspec

from tachograph.errors import StoreUnusable
from tachograph.price_list import data_version
from tachograph.prices import COST_SQL, PRICE_COLUMNS, PRICE_JOIN, Rate, cost_without_join
from tachograph.store import copies, memory, rollup
from tachograph.store.connections import IN_MEMORY, connect, connect_patiently, make_file
from tachograph.store.gate import Gate, Reading
from tachograph.store.journal import Commit, Rows
from tachograph.store.ledger import FileEntry, RejectEntry
from tachograph.store.meta import say, say_again
from tachograph.store.statements import (
    COMPLETED_DURATION,
    HASH_OF_HASH,
    PRICED_BY,
    cost_by,
    load_statements,
    schema,
    sql_type,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import FrameType

    from tachograph.columns import ColumnBatch
    from tachograph.store.condense import Condensable, Condensing, WindowsOf
    from tachograph.store.early import Begun
    from tachograph.store.engine import DuckDBPyConnection
    from tachograph.store.journal import Frame, Journal

SCHEMA_VERSION: Final = 5
_ROWS_TOGETHER: Final = 62_000
"""About half of a row group: enough to be quick, few enough that little is left to do after the last log is read."""
_ROWS_ALONE: Final = 50_000
"""From so many on, rows are committed before they are merged: DuckDB would write them again otherwise."""
_ROWS_AS_LISTS: Final = 1_000
"""Up to so many, Python's lists are as quick as Arrow, which needs more of DuckDB to be imported."""
_FEW_ROWS: Final = 10_000
"""Up to so many, what they touch is found sooner by one look at all ids than by looks at old and new ones."""
_MANY_ROWS: Final = 500_000
_HASHED_FROM: Final = 1_000_000
"""With so many metrics it takes longer to hash their ids at each reading than to keep the hashes, 8 bytes each."""
_WAL_BYTES: Final = 256 << 10
_COSTING: Final = ("model", "cost_usd")
_ENDING_RUNS: Final = frozenset({"agent_execution", "tool_use"})
"""Types of metrics that may tell of the end of an agent's run."""
_Answer = TypeVar("_Answer")
_FEW_MODELS: Final = 100
"""So many are looked for by their names, which takes half a millisecond less than a join."""
_MODELS_MAX: Final = 5_000
"""More models than there are: whoever writes more names into a log doesn't make us look for all of them."""


class Store:
    """A store of metrics. Close it, or use it in a `with` statement."""

    def __init__(
        self,
        connection: DuckDBPyConnection,
        path: Path | None,
        gate: Gate | None = None,
        reading: Reading | None = None,
    ) -> None:
        self.connection = connection
        self.path = path
        self.home = path and path.parent
        """The folder in which this machine keeps its own things: prices that were fetched."""
        self._gate = gate
        self._reading = reading
        self._closed = False
        self._cores: int | None = None
        self._in_bulk = False

    @classmethod
    def in_memory(cls) -> Store:
        """An empty store that lasts as long as the object."""
        store = cls(connect(IN_MEMORY, read_only=False), None)
        store._create()
        return store

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        read_only: bool = False,
        reading: Reading | None = None,
        waits: Callable[[], None] | None = None,
        in_bulk: bool = False,
    ) -> Store:
        """The store in that file, made where there is none (unless read only: then `StoreUnusable`).

        With `in_bulk` it is made ready for many metrics at once, for the one connection that the store has.

        Waits for as long as another process writes to it, or, to write, has it open; `waits` is called, from another
        thread, when that takes longer than a few seconds. Who writes also waits for the right to read logs into it,
        unless they have it already (`reading`), and keeps it until the store is closed. Raises `StoreUnusable` where
        it is damaged, not permitted, made by a newer version, or open in this very process, one of the two to write.
        """
        if read_only and not path.exists():
            if not is_there(path):
                raise StoreUnusable("there is no store yet", where=str(path), mend="run 'tachograph ingest' first")
            cls.open(path, reading=reading, waits=waits).close()  # makes it again from its copy
        make_folder(path)
        gate = Gate(path, to_write=not read_only, waits=waits)
        own = None
        try:
            if not read_only and reading is None:
                own = Reading(path, waits)
            gate.enter()
            if not (read_only or path.exists()):
                path.with_name(f"{path.name}.wal").unlink(missing_ok=True)  # of one that is gone: no other can have it
                if not in_bulk:
                    make_file(path)
            store = cls(connect_patiently(path, read_only=read_only, in_bulk=in_bulk), path, gate, own)
            store._in_bulk = in_bulk
        except BaseException:
            gate.give_up()
            if own:
                own.end()
            raise
        if store._got_ready(read_only=read_only):
            return store
        store.close()
        cls.open(path, reading=reading, waits=waits).close()
        return cls.open(path, read_only=True, waits=waits)

    @classmethod
    def without_waiting(cls, path: Path, *, read_only: bool = False) -> Store:
        """As `open`, of a store that nobody else can have open: a new one, or one that the gate is held of."""
        store = cls(connect_patiently(path, read_only=read_only), path)
        store._got_ready(read_only=read_only)
        return store

    @classmethod
    def begun(cls, path: Path, begun: Begun) -> Store:
        """The store in that file, open to write; the right to read logs into it is whoever's took what was begun."""
        store = cls(begun.connection, path, begun.gate)
        store._got_ready()
        return store

    def _got_ready(self, *, read_only: bool = False) -> bool:
        """Whether it is ready, which one that is open to write is made to be; it is closed where that fails."""
        try:
            said = self._said()
            ready = self._is_ready(said)
            if not read_only:
                self._make_ready(said, anew=not ready)
        except BaseException:
            self.close()
            raise
        return ready or not read_only

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the store; a second call does nothing."""
        if not self._closed:
            self._closed = True
            self.write_back_if_much()
            self.connection.close()
        if self._gate:
            self._gate.give_up()
        if self._reading:
            self._reading.end()

    def has_spilled(self) -> bool:
        """Whether the engine keeps something beside the store until it is closed."""
        return self.path is not None and self.path.with_name(f"{self.path.name}.tmp").exists()

    def write_back_if_much(self) -> None:
        """Moves what was committed to the write-ahead log from there to where it belongs, if that is much.

        DuckDB would do so at each end, which takes longer than to read a short log again at the next beginning.
        """
        wal = self.path and self.path.with_name(f"{self.path.name}.wal")
        if wal and wal.exists() and wal.stat().st_size > _WAL_BYTES:
            from tachograph.store import engine  # noqa: PLC0415 - as in connections.connect

            with suppress(engine.Error):  # one that was opened to read alone, or is broken: the log is good as it is
                self.connection.execute("CHECKPOINT")

    def somebody_waits(self) -> bool:
        """Whether another process waits for the store."""
        return self._gate is not None and self._gate.somebody_waits()

    def let_others_in(self) -> None:
        """Closes a store that is open to write, and opens it again after those who wait for it have had their turn.

        Nothing may be under way. Nobody else has read logs into it in the meantime.
        """
        if self._gate and self.path:
            self.connection.close()
            self._gate.leave()
            self._gate.enter()
            self.connection = connect_patiently(self.path, read_only=False, in_bulk=self._in_bulk)
            self.use_cores(self._cores)

    def use_cores(self, cores: int | None) -> None:
        """Lets the engine use so many of the machine's cores for one question; None: all."""
        self._cores = cores
        self.connection.execute("RESET threads" if cores is None else f"SET threads = {cores:d}")

    def use_all_its_cores(self) -> None:
        """As many as it may use."""
        self.use_cores(self._cores)

    def _create(self) -> None:
        self.connection.begin()
        self.connection.execute(schema())
        self.connection.execute(
            "INSERT INTO meta VALUES ('schema', ?), ('whole', '0'), ('journal', ?)",
            [str(SCHEMA_VERSION), copies.FIRST],
        )
        self.connection.commit()

    def _said(self) -> dict[str, str]:
        """What the store says of itself; nothing where it isn't ours."""
        from tachograph.store import engine  # noqa: PLC0415 - as in connections.connect

        try:
            return dict(self.connection.execute("SELECT name, value FROM meta").fetchall())
        except (engine.CatalogException, engine.BinderException):
            return {}

    def _is_ready(self, said: Mapping[str, str]) -> bool:
        """Whether it has the tables, and nothing unfinished. Raises `StoreUnusable` for what isn't ours."""
        if not said and self._is_empty():  # just made, or by a process that died before it wrote the schema
            return False
        stated = str(said.get("schema"))
        version = int(stated) if stated.isdecimal() else None
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
        unfinished = self.connection.execute("SELECT 1 FROM metrics WHERE seq > ? LIMIT 1", [int(said["whole"])])
        return unfinished.fetchone() is None

    def _make_ready(self, said: Mapping[str, str], *, anew: bool) -> None:
        """Makes the tables, removes what a process left unfinished, and takes in what the journal has beyond that.

        A store that is gone while its copy is still there is made again from that, as is one that lost what it was
        told since its copy was made anew.
        """
        copy = copies.StoreCopy(self.path) if self.path else None
        if anew and self._is_empty():
            if self.path and copy and copy.newest() is not None:
                self._make_again(self.path)
            else:
                self._create()
            said = self._said()
        elif anew:
            self.connection.execute(load_statements()["forget_unfinished"])
        if self.path and copy:
            if copy.is_newer(copies.state_said(said)[0]):
                self._make_again(self.path)
                said = self._said()
            if ahead := copy.ahead(*copies.state_said(said)):
                self.take_in(ahead)
                said = self._said()
        if copies.OUTDATED in said:
            self.bring_copy_up_to_date()

    def bring_copy_up_to_date(self) -> None:
        """Makes the copy anew from the store, so that what was deleted is there no longer. Nothing may be under way."""
        if self.path:
            copies.StoreCopy(self.path).begin_anew(self.connection)

    def _make_again(self, path: Path) -> None:
        from tachograph.store.rebuild import rebuild  # noqa: PLC0415 - it makes stores, so it knows this module

        is_empty = self._is_empty()
        self.connection.close()
        if is_empty:
            path.unlink()
        rebuild(path)
        self.connection = connect_patiently(path, read_only=False)

    def _is_empty(self) -> bool:
        return self.connection.execute("SELECT 1 FROM duckdb_tables()").fetchone() is None

    def files(self) -> dict[str, FileEntry]:
        """The ledger, by path."""
        rows = self.connection.execute("SELECT * FROM files").fetchall()
        return {row[0]: FileEntry(*row) for row in rows}

    def rejects(self) -> list[RejectEntry]:
        """The lines that were refused, by file and line."""
        rows = self.connection.execute("SELECT * FROM rejects ORDER BY path, line").fetchall()
        return [RejectEntry(*row) for row in rows]

    def set_aside(self, name: str, rows: str, parameters: Mapping[str, Any], most: int) -> bool:
        """Keeps the rows of a statement as a table of this connection's, unless there are more than so many.

        Whether they are kept.
        """
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM ({rows}) LIMIT {most + 1:d}", parameters)
        (many,) = self.connection.execute(f"SELECT count(*) FROM {name}").fetchone() or (0,)
        if many > most:
            self.connection.execute(f"DROP TABLE {name}")
        return bool(many <= most)

    def metrics_count(self) -> int:
        """How many metrics there are, those whose detail was condensed included."""
        row = self.connection.execute(
            "SELECT count(ts) + (SELECT coalesce(sum(metrics_count), 0) FROM condensed) FROM metrics"
        ).fetchone()
        return int(row[0]) if row else 0

    def holds_anything(self) -> bool:
        """Whether anything was ever read into it, or collected."""
        row = self.connection.execute(
            "SELECT EXISTS (FROM files) OR EXISTS (FROM metrics) OR EXISTS (FROM condensed)"
        ).fetchone()
        return bool(row and row[0])

    def rejected_count(self) -> int:
        """How many lines were refused."""
        row = self.connection.execute("SELECT count(*) FROM rejects").fetchone()
        return int(row[0]) if row else 0

    def loading(self, *, keep_journal: bool = True) -> Loading:
        """A way in for new metrics, which the journal gets to know of too unless they come from there."""
        return Loading(self, keep_journal=keep_journal)

    def journal(self) -> Journal | None:
        """The journal, to be gone on with; None for a store in memory."""
        return copies.StoreCopy(self.path).go_on(self.connection) if self.path else None

    def goes_on_with(self, generation: int, position: int) -> None:
        """Says which generation of the copy is the store's, and how much of its journal belongs to it, in bytes."""
        say_again(self.connection, copies.saying(generation, position))

    def forget_ledger(self) -> None:
        """Forgets how far files were read, so that all that are still there are read again, and adds nothing twice."""
        self.connection.execute("DELETE FROM rejects WHERE path IN (SELECT path FROM files)")
        self.connection.execute("DELETE FROM files")

    def forget_sums(self) -> None:
        """Forgets the sums by quarter of an hour; whatever is read next makes them again."""
        self.connection.begin()
        rollup.forget(self.connection)
        self.connection.commit()

    def answered(self, ask: Callable[[], _Answer]) -> _Answer:
        """What `ask` gives, which may ask several statements: nothing is condensed between them."""
        return ask()

    def condensable(self, asked: Condensing) -> Condensable:
        """Which metrics `condense` would condense. Nothing is changed."""
        from tachograph.store import condense  # noqa: PLC0415 - only retention needs it

        return condense.condensable(self, asked)

    def condense(self, asked: Condensing, windows_of: WindowsOf) -> Condensable:
        """Keeps the sums of old metrics by window, and deletes their detail; which those were. All, or nothing."""
        from tachograph.store import condense  # noqa: PLC0415 - as above

        return condense.condense(self, asked, windows_of)

    def take_in(self, journal: Iterable[tuple[int, Frame]]) -> None:
        """Takes in frames of the journal, each with where it ends; what follows their last commit is left out."""
        with self.loading(keep_journal=False) as loading:
            for position, frame in journal:
                if isinstance(frame, Rows):
                    loading.add_frame(frame)
                elif isinstance(frame, Commit):
                    loading.commit(frame.entries, frame.gone, frame.rejects, frame.moved, position=position)

    def prices_are_current(self) -> bool:
        """Whether costs are by the prices that are known now. Raises `PricesUnusable` where those are damaged."""
        row = self.connection.execute("SELECT value FROM meta WHERE name = 'prices'").fetchone()
        return row is not None and row[0] == data_version(self.home)

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

    rows_a_commit = 1_000_000
    """After about so many rows they had better be committed."""

    def __init__(self, store: Store, *, keep_journal: bool = True) -> None:
        self._store = store
        self._keeping_journal = keep_journal
        self._journal: Journal | None = None
        self._prices = store.home
        self._models: set[str] = set()
        self._generation = 0
        """Of the copy, which the store goes on with."""
        self._sql = load_statements()
        self._last = 0
        self._rolled = 0
        self._witnessed = False
        """Whether there are metrics that others may tell of under another id."""
        self._kind: tuple[str, bool, str | None] = ("", False, None)
        self._waiting: list[ColumnBatch] = []
        self.appended = 0
        """Rows since the last commit."""
        self._uncommitted = 0
        """Those of them that were appended in the transaction that is open."""
        self._begun = False
        self._one_core = False
        self._rows = 0
        """So many were appended in all."""
        self._given = ""
        """What memory the engine has, if that isn't what it has for questions."""
        self._types: set[str] = set()
        """Those of the rows since the last commit."""

    @property
    def _connection(self) -> DuckDBPyConnection:
        return self._store.connection

    def __enter__(self) -> Self:
        self._journal = self._store.journal() if self._keeping_journal else None
        return self

    def __exit__(self, *_: object) -> None:
        """Whatever wasn't committed is forgotten."""
        if self._begun:
            self._roll_back()
        if self._journal:
            self._journal.close()  # what of it wasn't committed is cut off by the next one
        if self.appended > self._uncommitted:
            self._connection.execute(self._sql["forget_unfinished"])
        self._with_all_cores()
        self._give_memory("")

    def _roll_back(self) -> None:
        from tachograph.store import engine  # noqa: PLC0415 - as in connections.connect

        with suppress(engine.TransactionException):  # one that couldn't be committed is over, and its error is the one
            self._connection.rollback()

    def _give_memory(self, size: str) -> None:
        """Gives the engine so much, or ("") as much as for questions: a change takes milliseconds."""
        if size != self._given:
            self._connection.execute(f"SET memory_limit = '{size or memory.for_questions()}'")
            self._given = size

    def _begin(self) -> None:
        """Begins a transaction, where none is under way."""
        if self._begun:
            return
        self._connection.begin()
        self._begun = True
        meta = self._connection.execute("SELECT name, value FROM meta UNION ALL SELECT NULL, model FROM priced_models")
        found = meta.fetchall()
        said = {name: value for name, value in found if name is not None}
        self._last, self.appended, self._uncommitted, self._types = int(said["whole"]), 0, 0, set()
        self._keep_hashes(said.get("hashed"))
        self._rolled = int(said.get("rolled", 0))
        self._witnessed = "witnessed" in said
        self._models = {value for name, value in found if name is None}
        self._generation, _ = copies.state_said(said)
        self._price_again(said.get("prices"))

    def _keep_hashes(self, known: str | None) -> None:
        """Where there are many metrics the hash of each id is kept, else it is worked out whenever ids are looked for.

        `known` is what tells by which hash they were kept.
        """
        self._hashed = known is not None or self._last >= _HASHED_FROM
        self._sql = load_statements(hashed=self._hashed)
        if not self._hashed:
            return
        (now,) = self._connection.execute(f"SELECT {HASH_OF_HASH}").fetchone() or ("",)
        if known != now:
            self._run("hash_all")
            say(self._connection, "hashed", now)

    def _price_again(self, by: str | None) -> None:
        """Where the prices have changed, costs are worked out again, in the transaction of what is read now."""
        version = data_version(self._prices)
        if by == version:
            return
        say(self._connection, "prices", version)
        self._connection.execute("DELETE FROM rates")
        self._connection.execute("DELETE FROM priced_models")
        models, self._models = self._models, set()
        if models:
            self._find_prices(models)
            self._run("price_again")
            if self._rolled:
                rollup.forget(self._connection)
                self._rolled = 0

    def _find_prices(self, models: Iterable[str]) -> None:
        """Looks for the prices of models that are new."""
        new = sorted(set(models) - self._models)[: _MODELS_MAX - len(self._models)]
        if new:
            from tachograph.price_finding import rates_of  # noqa: PLC0415 - only new models need it

            rates = [msgspec.structs.astuple(rate) for model in new for rate in rates_of(model, self._prices)]
            if rates:
                self._insert("rates", " ".join(PRICE_COLUMNS.values()), rates)
            self._insert("priced_models", "VARCHAR", [(model,) for model in new])
            self._models |= set(new)

    def add(self, batches: Sequence[ColumnBatch], *, source: str, in_parts: bool, user: str | None = None) -> None:
        """Appends batches, in the order in which they were read; several are appended together, by all cores.

        `user` is whose the metrics are that name nobody.
        """
        self._begin()
        if self._waiting and (source, in_parts, user) != self._kind:
            self._append()
        self._kind = (source, in_parts, user)
        self._waiting += [batch for batch in batches if batch.length]
        self._find_prices(_models(batches))  # now, as there is little else to do before there are many rows
        if sum(batch.length for batch in self._waiting) >= _ROWS_TOGETHER:
            self._with_one_core()
            self._append()

    def add_frame(self, rows: Rows) -> None:
        """Adds rows of a journal, or of what is like one."""
        self.add([rows.batch], source=rows.source, in_parts=rows.in_parts, user=rows.user)

    def holds_rows(self) -> bool:
        """Whether there are any that weren't committed."""
        return bool(self.appended or self._waiting)

    def _with_one_core(self) -> None:
        """The other cores read logs, and two share this work badly."""
        if not self._one_core:
            self._connection.execute("SET threads = 1")  # takes milliseconds
            self._one_core = True

    def _with_all_cores(self) -> None:
        if self._one_core:
            self._store.use_all_its_cores()
            self._one_core = False

    def _prepare_for(self, rows: int) -> None:
        self._rows += rows
        if self._rows >= _MANY_ROWS:
            self._give_memory(memory.for_loading())

    def _append(self) -> None:
        if not self._waiting:
            return
        rows, first_seq = sum(batch.length for batch in self._waiting), self._last + self.appended + 1
        self._prepare_for(rows)
        source, in_parts, user = self._kind
        parameters: dict[str, Any] = {"source": source, "in_parts": in_parts}
        batch_stream = None
        if rows <= _ROWS_AS_LISTS:
            from tachograph.store.lists import BatchLists  # noqa: PLC0415 - only loading needs it

            lists = BatchLists(self._waiting, first_seq)
            columns, table = lists.columns(), lists.table()
            parameters |= lists.parameters()
        else:
            from tachograph.store.arrow import BatchStream  # noqa: PLC0415 - only loading needs it
            from tachograph.store.engine import let_it_scan  # noqa: PLC0415 - as above

            let_it_scan()
            batch_stream = BatchStream(self._waiting, first_seq)  # DuckDB finds it by its name
            columns, table = batch_stream.columns(), "batch_stream"
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
                f"INSERT INTO metrics ({names}, id_hash, source, in_parts, cost) "
                f"SELECT {chosen}, {'hash(id)' if self._hashed else 'NULL'}, source, in_parts, {cost} AS cost FROM ("
                f"SELECT {selected}, $source AS source, $in_parts AS in_parts FROM {table}) AS metrics {rates}",
                parameters,
            )
        if batch_stream is not None:
            batch_stream.let_go()
        if self._journal:
            for batch in self._waiting:
                self._journal.append(Rows(source, in_parts, user, batch.length, batch.columns))
        self._note(self._waiting)
        self.appended += rows
        self._uncommitted += rows
        self._waiting = []
        if rows >= _ROWS_ALONE:
            self._connection.commit()
            self._connection.begin()
            self._uncommitted = 0

    def _note(self, batches: Sequence[ColumnBatch]) -> None:
        """What there is among the rows that has to be looked after when they become metrics."""
        if not self._witnessed and any("witness" in batch.columns for batch in batches):
            say(self._connection, "witnessed", "1")
            self._witnessed = True
        self._types |= {kind for batch in batches for kind in batch.words("type") if kind is not None}

    def _pricing(self) -> tuple[str, str, dict[str, str]]:
        """How what waits is priced: the cost of a row, what is to be joined for it, and the parameters."""
        models = list(_models(self._waiting))
        which, given = ", ".join("?" * len(models)) or "NULL", list[Any](models)
        if len(models) > _FEW_MODELS:
            which, given = "SELECT unnest(?::VARCHAR[])", [models]
        found = self._connection.execute(f"SELECT * FROM rates WHERE model IN ({which})", given)
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
        *,
        position: int | None = None,
        said: Mapping[str, str] | None = None,
    ) -> None:
        """Makes what was appended metrics, and the ledger know it, in one transaction.

        `entries` replace those of the same path. First, `gone` are paths whose entries and rejects are forgotten (of
        files that are read again from their beginning), and `moved` are files that have another path now. `position`
        is where the commit ends in the journal, where it comes from there. What is `said` is put into `meta`.
        """
        self._begin()
        self._with_all_cores()
        self._append()
        rollup.forget_owned(self._connection)
        now = self._make_metrics()
        for name, value in (said or {}).items():
            say(self._connection, name, value)
        if self._journal and (self.appended or entries or gone or rejects or moved):
            self._journal.append(Commit(list(entries), list(gone), list(rejects), list(moved)))
            position = self._journal.position
        if position is not None:
            now |= copies.saying(self._generation, position)
        say_again(self._connection, now)
        if gone:
            self._forget("rejects", gone)
            self._forget("files", gone)
        for path, entry in moved:
            self._connection.execute("UPDATE rejects SET path = ? WHERE path = ?", [entry.path, path])
            self._forget("files", [path])
        entries = list({entry.path: entry for entry in [*(entry for _, entry in moved), *entries]}.values())
        if entries:
            self._forget("files", [entry.path for entry in entries])
            kinds = "VARCHAR VARCHAR BIGINT BIGINT BIGINT BIGINT VARCHAR VARCHAR BOOLEAN VARCHAR VARCHAR"
            self._insert("files", kinds, list(map(msgspec.structs.astuple, entries)))
        if rejects:
            self._insert("rejects", "VARCHAR BIGINT BIGINT VARCHAR", list(map(msgspec.structs.astuple, rejects)))
        self._connection.commit()
        self._last += self.appended
        appended, self._begun, self.appended, self._uncommitted = self.appended, False, 0, 0
        self._sum_up(appended)
        if self._store.somebody_waits():
            self._store.let_others_in()
            self._given = ""
            self._one_core = False

    def _make_metrics(self) -> dict[str, str]:
        """Makes what was appended metrics; what `meta` is to say after that."""
        if not self.appended:
            return {}
        self._load()
        return {"whole": str(self._last + self.appended)}

    def _sum_up(self, appended: int) -> None:
        """Brings the sums up to date after a commit, where that is due, and gives memory back that it freed."""
        if appended >= _MANY_ROWS:
            memory.give_back()
        if appended and rollup.is_due(self._connection, self._rolled, self._last):
            self._give_memory(memory.for_summing())
            rollup.roll_up(self._connection)

    def _load(self) -> None:
        any_condensed, any_claims = self._execute(self._sql["know_tables"]).fetchone() or (True, True)
        if any_condensed:
            self._run("drop_condensed")
        if self._witnessed:
            self._run("join_requests")
        if self._some("find_touched_by_few" if self.appended <= _FEW_ROWS else "find_touched"):
            self._run("gather_parts")
            is_repeated, is_shared, has_cost = self._execute(self._sql["know_parts"]).fetchone() or (None, None, None)
            if is_repeated:
                self._change("dirty_repeats", "keep_first_read")
            self._run("merge_parts" if has_cost else "merge_unpriced")
            if is_shared:  # else nobody contests anything
                self._run("insert_claims")
                any_claims = True
            self._change("dirty_merged", "delete_merged", "insert_merged")
        if not self._types.isdisjoint(_ENDING_RUNS):
            self._change("dirty_background_runs", "end_background_runs")
            if self._some("find_plain_runs"):
                self._change("dirty_plain_runs", "end_plain_runs")
        self._run("changed_sessions")
        if any_claims and self._some("have_claims"):
            self._run("insert_claimed_starts", "credit")
            self._change("dirty_credit", "apply_credit", "place_starts")
            self._change("dirty_starts", "apply_starts", "changed_claimants")
        if self._witnessed:
            self._run("find_outdone")
            self._change("dirty_outdone", "leave_out_outdone")
        self._run("delete_changed_sessions", "insert_changed_sessions")

    def _change(self, dirty: str, *names: str) -> None:
        """Changes rows; where there are sums, it is noted first which of them no longer hold."""
        if self._rolled:
            self._run(dirty)
        self._run(*names)

    def _run(self, *names: str) -> None:
        for name in names:
            self._execute(self._sql[name])

    def _some(self, name: str) -> bool:
        """Whether a statement gives something else than 0 or false; one that makes a table gives its number of rows."""
        row = self._execute(self._sql[name]).fetchone()
        return bool(row and row[0])

    def _execute(self, sql: str) -> DuckDBPyConnection:
        given = {"last": self._last, "rolled": self._rolled}
        return self._connection.execute(sql, {name: n for name, n in given.items() if f"${name}" in sql} or None)

    def _forget(self, table: str, paths: Sequence[str]) -> None:
        self._connection.execute(f"DELETE FROM {table} WHERE path IN (SELECT unnest(?::VARCHAR[]))", [list(paths)])

    def _insert(self, table: str, kinds: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Inserts rows as one list per column: a statement per row would take a thousand times as long."""
        lists = ", ".join(f"unnest(?::{kind}[])" for kind in kinds.split())
        self._connection.execute(
            f"INSERT INTO {table} SELECT {lists}", [list(column) for column in zip(*rows, strict=True)]
        )


def _models(batches: Iterable[ColumnBatch]) -> set[str]:
    return {model for batch in batches for model in batch.words("model") if model is not None}


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


def is_there(store: Path) -> bool:
    """Whether there is a store, or a copy of one, from which it is made again when it is opened."""
    return store.exists() or copies.StoreCopy(store).newest() is not None


def make_folder(store: Path) -> None:
    """Makes the folder of a store, if it isn't there. Raises `StoreUnusable` where it can't be made."""
    try:
        store.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnusable(
            f"its folder can't be made: {error.strerror}",
            where=str(store.parent),
            mend="choose another with --home",
        ) from None
