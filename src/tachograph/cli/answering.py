"""From questions to answers: opens the store, picks up what is new, asks, and closes it again.

The store is closed when all was asked, not when it is printed: whoever pages through an answer would keep writers
waiting.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, ExitStack, contextmanager
from operator import attrgetter
from typing import TYPE_CHECKING, Generic, NamedTuple

import msgspec

from tachograph import __version__
from tachograph.cli.ending import closing
from tachograph.cli.home import listed, new_in, places, store_place, users
from tachograph.cli.kinds import Answer, Asked
from tachograph.cli.remembered import Memory
from tachograph.errors import NoLogs, StoreUnusable
from tachograph.ingest.listings import Listings
from tachograph.ingest.plan import Plan, plan
from tachograph.report.figures import several
from tachograph.store.duckdb import Store, make_folder
from tachograph.store.early import EarlyOpening
from tachograph.store.gate import Reading

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tachograph.cli.home import Places
    from tachograph.cli.kinds import Kind
    from tachograph.ingest.listings import Logs
    from tachograph.ingest.plan import Found, Skipped
    from tachograph.ingest.reader import Work
    from tachograph.ingest.workers import Worker
    from tachograph.store.ledger import FileEntry
    from tachograph.store.place import StorePlace

_TO_BEGIN = (
    "'tachograph sources' says where they would be; "
    "read others with 'tachograph ingest PATH', or look around with 'tachograph summary --demo'"
)

_DEMO = "This is the bundled demo history, made up and not stored."


class Answers(msgspec.Struct, Generic[Answer]):
    """The results, in the order of the questions; whether they are of the demo history; what to remark."""

    results: list[Answer]
    demo: bool = False
    remarks: list[str] = msgspec.field(default_factory=list)

    def remark(self) -> None:
        """Says on stderr what isn't a part of the answer."""
        for line in self.remarks:
            print(line, file=sys.stderr)


def answers(
    kind: Kind[Asked, Answer], questions: Sequence[Asked], options: Namespace, *, else_demo: bool = False
) -> Answers[Answer]:
    """Answers questions of one kind from the store, or from the demo history if that is wanted.

    Raises `NoLogs` where nothing was ever read and there is nothing to read, unless the demo stands in.
    """
    given = _given(kind, questions, options, else_demo=else_demo)
    return Answers(given.results, given.demo, [*given.remarks, *kind.remarks(given.results)])


def _given(
    kind: Kind[Asked, Answer], questions: Sequence[Asked], options: Namespace, *, else_demo: bool
) -> Answers[Answer]:
    if options.demo:
        return _from_demo(kind, questions, _DEMO)
    try:
        return _from_store(kind, questions, store_place(options), pick_up=not options.no_ingest)
    except _NothingThere as nothing:
        if not else_demo or options.no_ingest:
            raise
        looked = listed(nothing.looked)
        return _from_demo(kind, questions, f"No logs of {looked} on this machine. {_DEMO}")


@contextmanager
def opened(options: Namespace, remarks: list[str]) -> Iterator[Store]:
    """The store with all that is new in it, or the demo history, for as long as it is asked; adds what to remark.

    Raises `NoLogs` where nothing was ever read and there is nothing to read.
    """
    if options.demo:
        with _demo_store() as store:
            remarks.append(_DEMO)
            yield store
            return
    place = store_place(options)
    with trouble_with(place), ExitStack() as early:
        if options.no_ingest:
            with _as_it_is(place) as store:
                remarks += _remarks(store.rejected_count(), 0)
                yield store
                return
        looked = _look(place, early)
        store, skipped = _up_to_date(place, looked)
        with closing(store):
            remarks += _remarks(store.rejected_count(), len(skipped))
            yield store
            store.write_back_if_much()
        looked.listings.keep()


@contextmanager
def trouble_with(place: Path | StorePlace) -> Iterator[None]:
    """Whatever goes wrong with the store in this block is raised as `StoreUnusable`."""
    try:
        yield
    except OSError as error:
        where = str(error.filename or place)
        raise StoreUnusable(
            error.strerror or str(error), where=where, mend="choose another store with --home"
        ) from None
    except Exception as error:  # noqa: BLE001 - only the engine's are changed, which may not be imported
        raise _of_engine(error, place) or error from None


class _NothingThere(NoLogs):
    """Nothing was ever read, and the places that were looked at hold nothing."""

    def __init__(self, what: str, looked: Places, mend: str = _TO_BEGIN) -> None:
        super().__init__(what, mend=mend)
        self.looked = looked


def nothing_to_read(where: Places, what: Plan) -> NoLogs:
    """That nothing can be read in those places, and why."""
    if what.skipped:
        first = what.skipped[0]
        return NoLogs(
            f"no log could be read; the first of {several(len(what.skipped), 'trouble')}: {first.reason}",
            where=first.path,
        )
    return _NothingThere(f"no logs of {listed(where)} on this machine", where)


def _from_demo(kind: Kind[Asked, Answer], questions: Sequence[Asked], remark: str) -> Answers[Answer]:
    answer = kind.answerer()
    with _demo_store() as store:
        return Answers([answer(store, asked) for asked in questions], demo=True, remarks=[remark])


@contextmanager
def _demo_store() -> Iterator[Store]:
    """The bundled history, in memory."""
    from tachograph.demo import demo_history
    from tachograph.ingest.reader import plan_paths, read

    with Store.in_memory() as store:
        read(store, plan_paths(store, [demo_history()], "metrics-log"))
        yield store


class _Looked(NamedTuple):
    """What the places of this machine's agents hold, and who is ready to read it."""

    where: Places
    listings: Listings
    found: Logs
    skipped: list[Skipped]
    workers: Sequence[Worker]


def _look(place: StorePlace, early: ExitStack) -> _Looked:
    """Looks for logs. Where there is no store yet, those who will read them get ready in the meantime."""
    path = place.path
    workers = early.enter_context(_hired()) if not (place.address or path.exists()) else ()
    where = places(path)
    skipped: list[Skipped] = []
    listings = Listings(path.parent, __version__)
    return _Looked(where, listings, listings.find(where, skipped), skipped, workers)


def _from_store(
    kind: Kind[Asked, Answer], questions: Sequence[Asked], place: StorePlace, *, pick_up: bool
) -> Answers[Answer]:
    with trouble_with(place), ExitStack() as early:
        if not pick_up:
            answer = kind.answerer()
            with _as_it_is(place) as store:
                return Answers(
                    [answer(store, asked) for asked in questions], remarks=_remarks(store.rejected_count(), 0)
                )
        memory = Memory(None if place.address else place.path)
        opening = early.enter_context(_opening(place.path)) if memory.expects_news() else None
        looked = _look(place, early)
        memory.look_at(looked.found)
        known = None if looked.skipped else memory.recall(kind, questions)
        if known is not None:
            looked.listings.keep()
            return Answers(known[0], remarks=known[1])
        if memory.knows_other_logs():
            opening = opening or early.enter_context(_opening(place.path))
            _get_ready(looked.found.files())
        elif opening:
            opening.give_up()
            opening = None
        answer = kind.answerer()
        store, skipped = _read_up(place, looked, opening=opening) if opening else _up_to_date(place, looked)
        with closing(store):
            results = [answer(store, asked) for asked in questions]
            remarks = _remarks(store.rejected_count(), len(skipped))
            store.write_back_if_much()
            state = memory.state_now()
        looked.listings.keep()
        if not skipped:
            memory.keep(kind, state, questions, results, remarks)
        return Answers(results, remarks=remarks)


@contextmanager
def _opening(store: Path) -> Iterator[EarlyOpening]:
    """Opens a store that will probably be read into, while the logs are found; closes it where nobody takes it."""
    opening = EarlyOpening(store)
    try:
        yield opening
    finally:
        opening.give_up()


def _get_ready(found: Sequence[Found]) -> None:
    """Imports what reading will take, while the store is being opened, for the log that was written to last."""
    from tachograph.ingest import reader  # noqa: F401 - as said
    from tachograph.sources import source

    if found:
        source(max(found, key=attrgetter("mtime_ns")).source).reader()


def _hired() -> AbstractContextManager[Sequence[Worker]]:
    """Where there is no store yet there is much to read: those who will do it get ready while the logs are found."""
    from tachograph.ingest.workers import hired

    return hired()


def say_waiting() -> None:
    """Says, to somebody who watches, why it takes long."""
    if sys.stderr is not None and sys.stderr.isatty():
        print("waiting for another tachograph that has the store", file=sys.stderr)


def _as_it_is(place: StorePlace) -> Store:
    mend = "leave out --no-ingest, or run 'tachograph ingest PATH'"
    if not place.is_there():
        raise NoLogs("there is no store yet", where=str(place), mend=mend)
    store = place.open(read_only=True, waits=say_waiting)
    if not store.holds_anything():
        store.close()
        raise NoLogs("nothing was read into the store yet", where=str(place), mend=mend)
    return store


def _up_to_date(place: StorePlace, looked: _Looked) -> tuple[Store, list[Skipped]]:
    """The store with all that was found, at today's prices; open for reading alone where it already is like that."""
    found, skipped = looked.found.files(), looked.skipped
    ledger: dict[str, FileEntry] = {}
    if place.is_there():
        store = place.open(read_only=True, waits=say_waiting)
        ledger = store.files()
        what = plan(found, ledger, skipped)
        is_filled = store.holds_anything()
        if is_filled and not (what.to_read or what.moved) and store.prices_are_current():
            return store, what.skipped
        store.close()
    else:
        what = plan(found, ledger, skipped)
        is_filled = False
    if not (is_filled or what.to_read):
        raise nothing_to_read(looked.where, what)
    return _read_up(place, looked, (what, ledger))


def _read_up(
    place: StorePlace,
    looked: _Looked,
    planned: tuple[Plan, Mapping[str, FileEntry]] | None = None,
    opening: EarlyOpening | None = None,
) -> tuple[Store, list[Skipped]]:
    """The store with all that was found, by the plan that was made with a ledger, if that still is the ledger."""
    from tachograph.cli.reading import read_into
    from tachograph.ingest.reader import begun

    make_folder(place.path)
    opened = opening.take() if opening else None
    with opened.reading if opened else Reading(place.path, say_waiting) as reading, ExitStack() as early:
        work = early.enter_context(begun(planned[0], looked.workers)) if planned else None
        if opened:
            store = Store.begun(place.path, opened)
        else:
            in_bulk = planned is not None and planned[0].is_much
            store = place.open(reading=reading, waits=say_waiting, in_bulk=in_bulk)
        try:
            ledger = store.files()
            what: Plan | Work
            if work is None or planned is None:
                what = plan(looked.found.files(), ledger, looked.skipped)
            elif planned[1] == ledger:
                what = work
            else:  # another process has read in between
                early.close()
                what = new_in(looked.where, ledger)
            summary = read_into(store, what, users(looked.where))
            store.price_again()
        except BaseException:
            store.close()
            raise
        return store, summary.skipped


def _remarks(rejected: int, skipped: int) -> list[str]:
    remarks = []
    if rejected:
        remarks.append(f"{several(rejected, 'line')} could not be read: tachograph rejects")
    if skipped:
        remarks.append(f"{several(skipped, 'file')} could not be read, or not to the end: tachograph ingest")
    return remarks


def _of_engine(error: Exception, place: Path | StorePlace) -> Exception | None:
    """What the engine's own errors mean to the user; None for what isn't one, and for Ctrl-C."""
    engine = sys.modules.get("tachograph.store.engine")  # which isn't imported for this
    if engine is None or not isinstance(error, engine.Error) or isinstance(error, engine.InterruptException):
        return None
    first_line = str(error).partition("\n")[0]
    if engine.is_out_of_memory(error) or "No space left" in first_line:
        mend = "free some disk space, allow more memory by TACHOGRAPH_MEMORY, or ask for a shorter range"
    else:
        mend = "if it is damaged, 'tachograph doctor --repair' makes it again from its copy"
    return StoreUnusable(f"DuckDB can't go on: {first_line}", where=str(place), mend=mend)
