"""The page of `tachograph sources`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from tachograph.cli.pages import new_console, print_table
from tachograph.report.figures import count, several, size
from tachograph.report.layouts import Column
from tachograph.report.printable import printable
from tachograph.report.zones import zone_name
from tachograph.sources import package_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tachograph.cli.sources import Overview
    from tachograph.ingest.inventory import SourceState
    from tachograph.report.layouts import Row

_NONE: Final = "–"
_LISTED_MAX: Final = 20
_NO_LOGS: Final = (
    "There are no logs yet. Once one of these agents has worked here, its logs are found by themselves.",
    "Name folders of metrics logs in TACHOGRAPH_METRICS, read any log with 'tachograph ingest PATH',",
    "or look around with 'tachograph summary --demo'.",
)


def sources_page(seen: Overview) -> None:
    """What there is of each source, where its logs are, and what needs attention."""
    console = new_console()
    console.print(Text(f"Sources, in {printable(zone_name(seen.zone))}", style="bold"))
    print_table(console, _SOURCES, [_source_row(state, seen) for state in seen.states])
    console.print(Text("\nPlaces", style="bold"))
    print_table(console, _PLACES, [row for state in seen.states for row in _place_rows(state, seen)])
    console.print()
    for line in _remarks(seen):
        console.print(line, soft_wrap=True)


def _shown(key: str, show: Callable[[Any], str], row: Row) -> str:
    return _NONE if row[key] is None else show(row[key])


_SOURCES: Final = (
    Column("source", partial(_shown, "title", printable), "name"),
    Column("name", partial(_shown, "name", printable), "name"),
    Column("metrics", partial(_shown, "metrics", count)),
    Column("rejected lines", partial(_shown, "rejected", count)),
    Column("whose", partial(_shown, "whose", printable), "name"),
    Column("from", partial(_shown, "from", printable), "name"),
)
_PLACES: Final = (
    Column("source", partial(_shown, "title", printable), "name"),
    Column("place", partial(_shown, "place", printable), "name"),
    Column("logs", partial(_shown, "logs", count)),
    Column("size", partial(_shown, "size", size)),
    Column("read", partial(_shown, "read", count)),
    Column("new", partial(_shown, "new", count)),
    Column("last change", partial(_shown, "changed", str), "label"),
)


def _title(state: SourceState) -> str:
    return state.source.title if state.source else state.name


def _source_row(state: SourceState, seen: Overview) -> Row:
    says_itself = "as each metric says" if state.source and state.source.names_users else None
    return {
        "title": _title(state),
        "name": state.name,
        "metrics": state.metrics,
        "rejected": state.rejected,
        "whose": seen.users.get(state.name) or says_itself,
        "from": package_of(state.name) or ("built in" if state.source else "a package that is gone"),
    }


def _place_rows(state: SourceState, seen: Overview) -> Iterator[Row]:
    """A row for each place, and one for what was read from elsewhere."""
    nothing = dict.fromkeys(("place", "logs", "size", "read", "new", "changed")) | {"title": _title(state)}
    for place in state.places:
        if not place.exists:
            yield nothing | {"place": place.path, "changed": "not there"}
            continue
        yield nothing | {
            "place": place.path,
            "logs": place.logs,
            "size": place.size,
            "read": place.read,
            "new": place.new,
            "changed": _minute(seen.when(place.changed_ns)),
        }
    far = state.elsewhere
    if far is not None:
        changed = _minute(seen.when(far.changed_ns))
        yield nothing | {"place": "elsewhere", "logs": far.logs, "size": far.size, "read": far.logs, "changed": changed}
    elif not state.places:
        yield nothing


def _minute(label: str | None) -> str | None:
    return f"{label[:10]} {label[11:16]}" if label else None


def _remarks(seen: Overview) -> Iterator[str]:
    """What is new or wrong, and what can be done about it."""
    places = [place for state in seen.states for place in state.places]
    elsewhere = [state.elsewhere for state in seen.states if state.elsewhere]
    new = sum(place.new for place in places)
    gone = sum(place.gone for place in places) + sum(far.gone for far in elsewhere)
    rejected = sum(state.rejected for state in seen.states)
    skipped = [each for state in seen.states for each in state.skipped]
    if not (elsewhere or gone or skipped or any(place.logs for place in places)):
        yield from _NO_LOGS
    elif not seen.has_store:
        yield f"Nothing was read yet: there is no store at {printable(seen.store)}"
    if new:
        yield f"{several(new, 'log')} with something new: read by tachograph ingest, and by any question"
    if elsewhere:
        yield "elsewhere: logs that were named to tachograph ingest; what is new in them is read when they are again"
    if gone:
        yield f"{several(gone, 'log')} deleted after the reading: what was read is kept"
    if rejected:
        yield f"{several(rejected, 'line')} could not be read: tachograph rejects"
    for each in skipped[:_LISTED_MAX]:
        yield f"skipped {printable(each.path)}: {printable(each.reason)}"
    if len(skipped) > _LISTED_MAX:
        yield f"… and {count(len(skipped) - _LISTED_MAX)} more skipped (--json lists all)"
