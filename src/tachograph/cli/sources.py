"""`tachograph sources`: where the logs are, how many of them were read, and what was skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.cli.answering import trouble_with
from tachograph.cli.asking import asked_zone
from tachograph.cli.home import places, store_place, users
from tachograph.cli.options import Parser, add_home, add_json
from tachograph.ingest.inventory import inventory
from tachograph.metric import moment
from tachograph.sources import all_sources, package_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

    from tachograph.ingest.inventory import LogsElsewhere, LogsThere, SourceState
    from tachograph.store.place import StorePlace

_EXAMPLES: Final = ("tachograph sources", "tachograph sources --json")


class Overview(msgspec.Struct, frozen=True):
    """What there is of every source, and what is needed to show it."""

    store: str
    has_store: bool
    states: list[SourceState]
    users: Mapping[str, str | None]
    """By the name of a source, whose its metrics are said to be."""
    zone: tzinfo

    def when(self, nanoseconds: int | None) -> str | None:
        """The moment of a change, to the second, with the zone's offset; None where no calendar has it."""
        try:
            return None if nanoseconds is None else _second(nanoseconds, self.zone)
        except OverflowError:
            return None


def run(command: str, arguments: Sequence[str]) -> int:
    """Says what there is of every source; nothing is read into the store."""
    parser = Parser(
        command,
        usage="tachograph sources [options]",
        description="Every known source of metrics: where its logs are, how many were read, what was skipped and why.\n"
        "Nothing is read by this: it only looks.",
        examples=_EXAMPLES,
    )
    add_home(parser)
    add_json(parser)
    options = parser.parse_args(arguments)
    seen = _overview(store_place(options), asked_zone(None))
    if options.json:
        from tachograph.cli.documents import write_json

        write_json(_document(seen))
    else:
        from tachograph.cli.source_pages import sources_page

        sources_page(seen)
    return 0


def _overview(place: StorePlace, zone: tzinfo) -> Overview:
    where = places(place.path)
    told = users(where)
    whose = {known.name: told(known.name, in_place=True) for known in all_sources()}
    shown = str(place)
    with trouble_with(place):
        if not place.is_there():
            return Overview(shown, has_store=False, states=inventory(where, None), users=whose, zone=zone)
        with place.open(read_only=True) as store:
            return Overview(shown, has_store=True, states=inventory(where, store), users=whose, zone=zone)


def _second(nanoseconds: int, zone: tzinfo) -> str:
    return moment(nanoseconds // 1000).astimezone(zone).isoformat(timespec="seconds")


def _document(seen: Overview) -> dict[str, Any]:
    return {
        "store": {"path": seen.store, "exists": seen.has_store},
        "sources": [_source(state, seen) for state in seen.states],
    }


def _source(state: SourceState, seen: Overview) -> dict[str, Any]:
    return {
        "name": state.name,
        "title": state.source.title if state.source else None,
        "package": package_of(state.name),
        "user": seen.users.get(state.name),
        "metrics": state.metrics,
        "lines_rejected": state.rejected,
        "places": [
            {"path": place.path, "exists": place.exists}
            | _logs(place, seen)
            | {"read": place.read, "new": place.new, "gone": place.gone}
            for place in state.places
        ],
        "elsewhere": _logs(state.elsewhere, seen) | {"gone": state.elsewhere.gone} if state.elsewhere else None,
        "skipped": [{"path": skipped.path, "reason": skipped.reason} for skipped in state.skipped],
    }


def _logs(logs: LogsThere | LogsElsewhere, seen: Overview) -> dict[str, Any]:
    return {"logs": logs.logs, "bytes": logs.size, "newest_change": seen.when(logs.changed_ns)}
