"""What must be known of a rollout's earlier lines to understand the next one: the reader's memory, and three rules.

A thread that was forked from another, as sub-agents often are, begins with a copy of the other's lines. Nothing in a
copied line says so: it may be stamped anew or not, and the copy may be whole, cut or missing. What tells is the
thread's own birth, which its id holds (a UUID of version 7 begins with the millisecond in which it was made): the
ids of copied turns are older, and those of the thread's own are not. So the copy ends with the first turn that isn't
older than the thread. Where turns have no such ids, a copy is what is stamped before the birth or, being written in
one go, what follows the line before it within a second.
"""

# Without postponed annotations: msgspec would compile each of them when a decoder is made.

import re
from typing import Final, Literal

import msgspec

from tachograph.sources.codex_shapes import Usage

Totals = tuple[int, int, int, int, int]
"""Input, of it cached, of it written to the cache, output, of it reasoning."""

_ZERO: Final[Totals] = (0, 0, 0, 0, 0)
_PAUSE_US: Final = 1_000_000
"""So long apart are two lines that weren't copied together, in microseconds."""
_REMEMBERED_TOTALS: Final = 8
_REMEMBERED_CALLS: Final = 512
_REMEMBERED_SEARCHES: Final = 32
_DATED_ID: Final = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


class Thread(msgspec.Struct, omit_defaults=True):
    """A thread, as far as its file has been read. All of it is kept as JSON with the file's position."""

    id: str = ""
    session: str = ""
    """The thread at the root, whose session this is a part of."""
    is_agent: bool = False
    """Whether this is a sub-agent's thread."""
    known: bool = False
    """Whether the record has been read that says which thread this is."""
    born_ms: int = 0
    inherits: bool = False
    """Whether its totals may begin with another thread's."""
    phase: Literal["unsettled", "copy", "own"] = "unsettled"
    """Whether the lines are its own, as far as can be told; "own" is final."""
    dated: bool = False
    """Whether the copied turns have ids that hold their moments."""
    last_ts: int | None = None
    cwd: str | None = None
    model: str | None = None
    totals: Totals | None = None
    """What all calls so far have used, and those of the thread that this one is a copy of."""
    recent: list[Totals] = []
    resets: int = 0
    recorded: bool = False
    """Whether a response was recorded since the totals last grew."""
    turn: str | None = None
    turn_ts: int | None = None
    turn_failed: bool = False
    compacted: str | None = None
    """The record that told of the last compaction, until its twin is met."""
    calls: list[str] = []
    """The calls that have no result yet."""
    searches: list[str] = []
    """The searches whose end was told, and not yet the call."""
    worked_ms: float = 0

    def passes(self, ts: int) -> None:
        """Takes note of a line's moment: where nothing better tells a copy's end, a pause does."""
        if self.phase == "own":
            return
        if self.phase == "unsettled":
            if self.inherits and ts < self.born_ms * 1000:
                self.phase = "copy"
        elif not self.dated and self.last_ts is not None and ts >= max(self.born_ms * 1000, self.last_ts + _PAUSE_US):
            self.phase = "unsettled"
        self.last_ts = ts

    def begins_turn(self, turn: str | None, started_s: float | None) -> None:
        """Takes note of a turn, by the moment in its id or else the second in which it began: copied, or the own."""
        if self.phase == "own":
            return
        made_ms = dated_id(turn)
        if made_ms is None and started_s is None:
            return
        if made_ms is not None:
            is_own = made_ms >= self.born_ms
        else:
            is_own = started_s is not None and started_s >= self.born_ms // 1000
        if is_own:
            self.phase = "own"
        elif self.inherits:
            self.phase, self.dated = "copy", True

    def meets(self, thread: str | None) -> None:
        """Takes note of another record that says which thread this is: of another thread's, a copy follows."""
        if thread is not None and thread != self.id and self.phase == "unsettled":
            self.phase, self.inherits = "copy", True

    def uses(self, total: Usage | None, last: Usage | None) -> Totals | None:
        """What a call used, by the totals after it; None where it is told again, or is another thread's.

        Totals are told again when the rate limits change, and sometimes late. They start again when the context is
        full or, in a copy, with the thread's own first call; then what the last call used is all there is.
        """
        now = None if total is None else totals_of(total)
        if total is None or now is None or now in self.recent or (now == _ZERO and not total.total_tokens):
            return None
        before, self.totals = self.totals, now
        self.recent = [*self.recent[1 - _REMEMBERED_TOTALS :], now]
        last_call = None if last is None else totals_of(last)
        if before is None:
            return last_call if self.inherits else now
        if any(new < old for new, old in zip(now, before, strict=True)):
            self.resets += 1
            return last_call
        if now == last_call and before != _ZERO:
            self.resets += 1
            return last_call
        return difference(now, before)

    def calls_tool(self, call: str) -> None:
        """Takes note of a call, of which results are awaited."""
        self.calls = [*self.calls[1 - _REMEMBERED_CALLS :], call]

    def ends_search(self, search: str) -> None:
        """Takes note of a search whose end was told, and whose call is to come."""
        if search not in self.searches:
            self.searches = [*self.searches[1 - _REMEMBERED_SEARCHES :], search]

    def awaits(self, call: str) -> bool:
        """Whether that call's result is awaited."""
        return call in self.calls

    def answers(self, call: str) -> bool:
        """Takes note of a call's result, and says whether it was awaited."""
        if call not in self.calls:
            return False
        self.calls.remove(call)
        return True


def totals_of(usage: Usage) -> Totals:
    """The counters, each part no larger than what it is a part of."""
    entered = usage.input_tokens or 0
    cached = min(usage.cached_input_tokens or 0, entered)
    written = min(usage.cache_write_input_tokens or 0, entered - cached)
    answered = usage.output_tokens or 0
    return entered, cached, written, answered, min(usage.reasoning_output_tokens or 0, answered)


def difference(now: Totals, before: Totals) -> Totals:
    """By how much the totals have grown."""
    entered, cached, written, answered, reasoned = (new - old for new, old in zip(now, before, strict=True))
    return entered, cached, written, answered, reasoned


def dated_id(identifier: str | None) -> int | None:
    """The millisecond in which an id was made, where it is of the kind that says."""
    found = _DATED_ID.fullmatch(identifier or "")
    return int(found[1] + found[2], 16) if found else None
