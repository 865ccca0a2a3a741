"""What a retention policy says, would do and did: for people, and as documents for programs."""

from __future__ import annotations

import sys
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from tachograph.aggregate.windows import label
from tachograph.report.figures import count, several, size
from tachograph.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tachograph.retention.detail import DetailPlan
    from tachograph.retention.logs import LogPlan, Step
    from tachograph.retention.policy import Given, Key
    from tachograph.retention.run import Plan, Report

_LISTED_MAX: Final = 20
_PAST: Final = {"compress": "compressed", "archive": "archived", "delete": "deleted"}


def policy_page(file: Path, said: Mapping[Key, Given]) -> None:
    """The policy in force, and where it is written."""
    print(f"The policy of {printable(str(file))}:")
    for key, given in said.items():
        print(f"  {key.section}.{key.name} = {printable(given.text)}   ({key.what})")
    if not said:
        print("  it says nothing: everything is kept")


def plan_page(plan: Plan) -> None:
    """What would be done."""
    logs, detail = plan.logs, plan.detail
    print(f"The metrics log in {printable(str(logs.folder))}: {_planned(logs.steps)}")
    _list([f"  {step.action} {_named(step)}: {step.why}" for step in logs.steps])
    _spared(logs)
    if detail is not None:
        print(_detail(detail, f"{several(detail.metrics, 'metric')} would be condensed"))


def report_page(report: Report) -> None:
    """What was done; what couldn't be is told on stderr."""
    logs, detail = report.plan.logs, report.plan.detail
    print(f"The metrics log in {printable(str(logs.folder))}: {several(len(report.done), 'file')} changed.")
    _list([
        f"  {_PAST[done.step.action]} {_named(done.step)}"
        + (f" to {printable(str(done.to))} ({size(done.size)})" if done.to else "")
        for done in report.done
    ])  # fmt: skip
    _spared(logs)
    if detail is not None:
        print(_detail(detail, f"{several(detail.metrics, 'metric')} condensed"))
        print(f"The store takes {size(report.store_after)}, before that {size(report.store_before)}.")
    for failed in report.failed:
        print(f"tachograph: {_named(failed.step)} was left: {printable(failed.why)}", file=sys.stderr)
    if report.store_trouble:
        print(f"tachograph: the store could not be made smaller: {printable(report.store_trouble)}", file=sys.stderr)


def _planned(steps: Sequence[Step]) -> str:
    parts = []
    for action in _PAST:
        files = [step.file for step in steps if step.action == action]
        if files:
            parts.append(f"{several(len(files), 'file')} ({size(sum(file.size for file in files))}) to {action}")
    return f"{', '.join(parts)}." if parts else "nothing to do."


def _spared(logs: LogPlan) -> None:
    _list([f"  keep {printable(spared.file.path.name)}: {spared.why}" for spared in logs.spared])


def _named(step: Step) -> str:
    return f"{printable(step.file.path.name)} ({size(step.file.size)})"


def _list(lines: Sequence[str]) -> None:
    for line in lines[:_LISTED_MAX]:
        print(line)
    if len(lines) > _LISTED_MAX:
        print(f"  … and {count(len(lines) - _LISTED_MAX)} more (--json lists all)")


def _detail(detail: DetailPlan, what: str) -> str:
    policy = detail.policy
    return (
        f"The store's detail before {label(detail.before_us, UTC)}: {what}, "
        f"to sums by {policy.resolution} in {policy.timezone}."
    )


def plan_document(plan: Plan) -> dict[str, Any]:
    """As a document: sizes in bytes, moments in ISO 8601."""
    logs = plan.logs
    return {
        "logs": {
            "folder": str(logs.folder),
            "steps": [_step(step) for step in logs.steps],
            "kept": [{"path": str(spared.file.path), "why": spared.why} for spared in logs.spared],
        },
        "detail": None if plan.detail is None else _detail_document(plan.detail),
    }


def report_document(report: Report) -> dict[str, Any]:
    """As a document: what was done, with which files, and what wasn't."""
    document = plan_document(report.plan)
    document["logs"]["steps"] = [
        {**_step(done.step), "to": str(done.to) if done.to else None, "bytes_after": done.size} for done in report.done
    ]
    document["logs"]["failed"] = [{**_step(failed.step), "failed": failed.why} for failed in report.failed]
    if report.plan.detail is not None:
        document["detail"] |= {"store_bytes_before": report.store_before, "store_bytes_after": report.store_after}
        document["detail"]["store_trouble"] = report.store_trouble
    return document


def _step(step: Step) -> dict[str, Any]:
    return {"action": step.action, "path": str(step.file.path), "bytes": step.file.size, "why": step.why}


def _detail_document(detail: DetailPlan) -> dict[str, Any]:
    return {
        "metrics": detail.metrics,
        "before": label(detail.before_us, UTC),
        "first": None if detail.first_us is None else label(detail.first_us, UTC),
        "last": None if detail.last_us is None else label(detail.last_us, UTC),
        "resolution": detail.policy.resolution,
        "timezone": detail.policy.timezone,
    }
