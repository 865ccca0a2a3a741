"""The page of `tachograph hooks show`."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Final

from tachograph.hooks.entries import entry
from tachograph.hooks.events import EVENTS
from tachograph.hooks.log import FAILURES
from tachograph.report.figures import several
from tachograph.report.printable import printable

if TYPE_CHECKING:
    from tachograph.cli.hooks import HooksState

_FAILURES_SHOWN: Final = 3


def hooks_page(state: HooksState) -> None:
    """What is installed, or would be; when each event was noted last; what is wrong."""
    place = printable(str(state.settings))
    if state.installed:
        print(f"Hooks of Claude Code in {place}\n")
        _table(state)
        print(f"\ncommand  {printable(str(state.command))}")
    else:
        print(f"No hooks are installed in {place}. 'tachograph hooks install' would put in:\n")
        wanted = {event.name: [entry(event, state.command)] for event in EVENTS if state.wanted[event.name]}
        print(json.dumps({"hooks": wanted}, indent=2))
        print()
    print(f"log      {printable(str(state.log))}")
    for trouble in state.troubles:
        print(f"trouble  {printable(trouble)}")
    if state.failures:
        shown = state.failures[-_FAILURES_SHOWN:]
        told = f"{several(len(state.failures), 'failure')} noted in {printable(str(state.log / FAILURES))}"
        print(f"\n{told}, the last {len(shown)}:")
        for line in shown:
            moment, _, why = line.partition(" ")
            print(f"  {_local(moment)}  {printable(why)}")
    elif state.installed and not state.troubles:
        print(_verdict(state))


def _table(state: HooksState) -> None:
    print(f"{'event':<20}{'hook':<16}last noted")
    for event in EVENTS:
        if event.name in state.installed:
            what = "installed"
        else:
            what = "not installed" if state.wanted[event.name] else "not known to it"
        last = state.last.get(event.name)
        print(f"{event.name:<20}{what:<16}{_local(last) if last else '–'}")


def _verdict(state: HooksState) -> str:
    if not state.last:
        return "\nNothing was noted yet: begin a session of Claude Code."
    return f"\nThey work: the last event was noted at {_local(max(state.last.values()))}."


def _local(moment: str) -> str:
    """A moment in the system's zone."""
    try:
        return f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return printable(moment)
