"""A policy over a log's folder and a store: what it wants done, doing it, and what was done."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import structs

from tachograph.errors import StoreUnusable, TachographError
from tachograph.retention.detail import DetailPlan, condense_detail, plan_detail
from tachograph.retention.files import NotDone, do, locked, target
from tachograph.retention.logs import LogFile, LogPlan, has_all, plan_logs, was_read
from tachograph.store.compact import compact

if TYPE_CHECKING:
    from datetime import datetime

    from tachograph.retention.logs import Step
    from tachograph.retention.policy import DetailPolicy, Policy
    from tachograph.store.ledger import FileEntry
    from tachograph.store.place import StorePlace

_LOCK: Final = "retention.lock"


@dataclass(frozen=True, slots=True)
class Place:
    """What a policy is about: a log's folder, and a store, which needn't be there."""

    logs: Path
    store: StorePlace
    unread: bool = False
    """Whether files that the store hasn't read may be touched too."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done. `detail` is None where the policy says nothing of it, or there is no store."""

    logs: LogPlan
    detail: DetailPlan | None


@dataclass(frozen=True, slots=True)
class Done:
    """A file with which something was done: where it is now and what it takes there (None: nowhere)."""

    step: Step
    to: Path | None
    size: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A file with which something couldn't be done, and why."""

    step: Step
    why: str


@dataclass(slots=True)
class Report:
    """What was done, and what wasn't. The store's sizes are in bytes, as `StorePlace.taken`."""

    plan: Plan
    done: list[Done] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    store_before: int = 0
    store_after: int = 0
    store_trouble: str | None = None
    """Why the store's file couldn't be made smaller; None where it could, or needn't be."""


def planned(place: Place, policy: Policy, now: datetime) -> Plan:
    """What the policy wants done. Nothing is touched."""
    detail = None
    if policy.detail and place.store.is_there():
        with place.store.open(read_only=True) as store:
            detail = plan_detail(store, policy.detail, now)
    return Plan(_planned_logs(place, policy, now, _ledger(place.store)), detail)


def applied(place: Place, policy: Policy, now: datetime) -> Report:
    """Does what the policy wants done, in the store first; what fails with one file keeps nothing from the others.

    Raises `TachographError` where another process is doing the same, and `StoreUnusable` before any file is touched.
    """
    home = place.store.path.parent
    home.mkdir(parents=True, exist_ok=True)
    try:
        with locked(home, _LOCK, wait=False):
            return _applied(place, policy, now)
    except BlockingIOError:
        what, mend = "another 'tachograph retention apply' is at work", "wait for it to end"
        raise TachographError(what, where=str(home), mend=mend) from None


def _applied(place: Place, policy: Policy, now: datetime) -> Report:
    ledger = _ledger(place.store)
    report = Report(Plan(_planned_logs(place, policy, now, ledger), None))
    if policy.detail and place.store.is_there():
        _condense(place.store, policy.detail, now, report)
    for step in report.plan.logs.steps:
        _do(step, policy, report)
    with suppress(StoreUnusable):
        _tell_the_ledger(place.store, ledger, report)
    return report


def _ledger(place: StorePlace) -> dict[str, FileEntry]:
    if not place.is_there():
        return {}
    with place.open(read_only=True) as store:
        return {os.path.realpath(path): entry for path, entry in store.files().items()}


def _condense(place: StorePlace, policy: DetailPolicy, now: datetime, report: Report) -> None:
    report.store_before = place.taken()
    with place.open() as store:
        report.plan = Plan(report.plan.logs, condense_detail(store, policy, now))
    if place.address is None:  # a server gives back what was deleted by itself
        report.store_trouble = compact(place.path)
    report.store_after = place.taken()


def _tell_the_ledger(place: StorePlace, ledger: dict[str, FileEntry], report: Report) -> None:
    """That files which were compressed are those that were read; untold, they would be read again, in vain."""
    moved = []
    for done in report.done:
        entry = ledger.get(os.path.realpath(done.step.file.path))
        if done.step.action == "compress" and done.to and entry and has_all(entry, done.step.file):
            moved.append((entry.path, _compressed(entry, done.to)))
    if moved:
        with place.open() as store, store.loading() as loading:
            loading.commit([], moved=moved)


def _compressed(entry: FileEntry, to: Path) -> FileEntry:
    path = str(Path(entry.path).with_name(to.name))  # as the folder was spelled when it was read
    size, mtime_ns = to.stat().st_size, to.stat().st_mtime_ns
    return structs.replace(entry, path=path, size=size, mtime_ns=mtime_ns, compressed=True, head="", tail="")


def _planned_logs(place: Place, policy: Policy, now: datetime, ledger: dict[str, FileEntry]) -> LogPlan:
    def is_read(file: LogFile) -> bool:
        return place.unread or was_read(place.logs, ledger, file)

    return plan_logs(place.logs, policy.logs, now, is_read)


def _do(step: Step, policy: Policy, report: Report) -> None:
    to = target(step, policy.logs)
    try:
        for _ in do(step, policy.logs):
            pass
        report.done.append(Done(step, to, to.stat().st_size if to else 0))
    except NotDone as reason:
        report.failed.append(Failed(step, str(reason)))
    except OSError as error:
        place = f"{error.filename}: " if error.filename not in {None, str(step.file.path)} else ""
        report.failed.append(Failed(step, f"{place}{error.strerror or error}"))
