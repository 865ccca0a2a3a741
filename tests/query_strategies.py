"""Random histories and queries about them, for Hypothesis.

The alphabets are small, so that groups, windows and filters meet often. Durations, and sums of them, are exact as
floats: where rows stand by them, nothing is left to rounding.
"""

import json
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from strategies import ANCHORS, FAR_MOMENTS, METRIC_TYPES, SHIFTS, Anchor, window_edges
from tachograph.query.model import (
    AMOUNTS,
    CLOCK,
    MEASURES,
    NAMES,
    All,
    Any_,
    AnyOf,
    Between,
    Compare,
    Filter,
    NoneOf,
    Not,
    Pattern,
    Prefix,
    Query,
    Weekday,
)

Asking = tuple[list[bytes], list[Query]]


def _anchor(zone: str, moment: str) -> Anchor:
    return Anchor(zone, datetime.fromisoformat(moment).replace(tzinfo=UTC))


QUERY_ANCHORS = (
    *ANCHORS,
    _anchor("Europe/Rome", "2024-03-31T01:00"),  # 02:00 -> 03:00
    _anchor("Europe/Rome", "2024-10-27T01:00"),  # 03:00 -> 02:00
    _anchor("Africa/Monrovia", "1972-01-07T00:44:30"),  # 00:00 -> 00:44:30
    _anchor("UTC", "1970-01-01T00:00"),
)
ZONES: dict[str, tzinfo] = {anchor.zone: ZoneInfo(anchor.zone) for anchor in QUERY_ANCHORS} | {"UTC": UTC}

SESSIONS, USERS = ("s1", "s2", "s3", "S1"), ("ana", "bo", "\U0001f600")
TEXTS: dict[str, tuple[str, ...]] = {
    "tool_name": ("Bash", "Read", "", "mcp__a_b", "mcp__a%b", "a\nb", "[ab]", "\uff5e", "\U0001f600"),
    "agent_id": ("Explore", "Plan", "explore"),
    "agent_run_id": ("run-1", "run-2"),
    "command_name": ("/test", "/te*t"),
    "error_type": ("Timeout", "OSError"),
    "project_path": ("/home/ana/api", "/home/bo", ""),
    "model": ("claude-opus-4-5-20251101", "gpt-5.4", "deepseek-chat", "acme-1"),
    "operation": ("index", "query"),
    "hook_name": ("pre", "post"),
}
DURATIONS = (0, 0.125, 1, 10.5, 250, 250.0, 250, 1000, 86_400_000, 2**42, -5)
TOKEN_KINDS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
DATA_FIELDS: tuple[tuple[str, Any], ...] = (
    *((name, value) for name, values in TEXTS.items() for value in values),
    *((name, value) for name, values in TEXTS.items() for value in values[:2]),
    *((name, None) for name in ("tool_name", "project_path", "success", "duration_ms", "token_count")),
    *(("success", value) for value in (True, False) for _ in range(3)),
    *(("duration_ms", value) for value in DURATIONS),
    *(("duration_seconds", value) for value in (0.25, 2)),
    *(("token_count", value) for value in (0, 7, 7, 400, -3, 2**63 - 1)),
    *((name, n) for name in TOKEN_KINDS for n in (0, 1, 10, 30, 150_000)),
    *(("cache_write_1h_tokens", n) for n in (1, 10)),
    *(("cost_usd", value) for value in (0, 0.1, 0.25, 3, 1.23456789012e-7)),
)
NEAR = (*SHIFTS, *(timedelta(seconds=sign * n) for n in (0, 3, 240, 300, 301) for sign in (1, -1)))


def _moments(near: tuple[Anchor, ...], *, far: bool = False) -> SearchStrategy[datetime]:
    """Moments in UTC at and around window edges near these anchors; with `far`, some far away."""
    close = [edge for anchor in near for edge in (*window_edges(anchor), *[anchor.moment] * 6)]
    edges = st.sampled_from([*close, *FAR_MOMENTS] if far else close)
    return st.builds(lambda edge, shift: edge + shift, edges, st.sampled_from(NEAR))


def _line(number: int, at: datetime, type: str, session: str | None, user: str | None, data: dict[str, Any]) -> bytes:
    named = {"id": f"m{number:02}", "timestamp": at.isoformat(), "type": type, "session_id": session, "user_id": user}
    return json.dumps(named | {"data": data}, ensure_ascii=False).encode()


def _metrics(near: tuple[Anchor, ...], *, far: bool) -> SearchStrategy[tuple[Any, ...]]:
    return st.tuples(
        _moments(near, far=far),
        st.sampled_from((*METRIC_TYPES, "tool_use", "tool_use", "error_occurred", "token_usage", "token_usage")),
        st.sampled_from((*SESSIONS, *SESSIONS[:2], *SESSIONS[:2], None)),
        st.sampled_from((None, None, None, None, *USERS)),
        st.lists(st.sampled_from(DATA_FIELDS), max_size=10).map(dict),
    )


FIELD_VALUES: dict[str, tuple[str, ...]] = {
    "session": SESSIONS,
    "user": USERS,
    "project": TEXTS["project_path"],
    "type": ("tool_use", "error_occurred", "token_usage", "session_start"),
    "tool": TEXTS["tool_name"],
    "agent": TEXTS["agent_id"],
    "acting_agent": TEXTS["agent_id"],
    "model": TEXTS["model"],
    "source": ("metrics-log", "codex"),
    "error_type": TEXTS["error_type"],
    "command": TEXTS["command_name"],
    "operation": TEXTS["operation"],
    "hook": TEXTS["hook_name"],
    "outcome": ("success", "failure"),
}
GLOBS = ("*", "?", "B*", "*a*", "mcp__*", "mcp__a_?", "mcp__a%b", "a?b", "[ab]", "[ab]*", "s?", "*e", "", "tool_*")
BOUNDS: dict[str, tuple[float | int, ...]] = {
    "duration_ms": (-5, 0, 0.125, 10.5, 250, 86_400_000),
    "tokens": (-3, 0, 7, 10, 400, 2**63 - 1),
    "cost_usd": (0, 0.1, 0.25, 3),
    "hour_of_day": (0, 1, 2, 12, 23),
    "weekday": (1, 5, 6, 7),
}


@st.composite
def _conditions(draw: DrawFn) -> Filter:
    kind = draw(st.sampled_from(("any", "any", "none", "prefix", "pattern", "clock", "between")))
    if kind == "between":
        return _between(draw)
    if kind == "clock":
        hours = draw(st.booleans())
        numbers = st.integers(0, 23) if hours else st.integers(1, 7)
        shown = draw(st.lists(numbers, min_size=1, max_size=6, unique=True).map(tuple))
        return AnyOf(CLOCK[not hours], shown) if draw(st.booleans()) else NoneOf(CLOCK[not hours], shown)
    field = draw(st.sampled_from((*NAMES, "tool", "session", "outcome")))
    if kind == "pattern":
        return Pattern(field, draw(st.sampled_from(GLOBS)))
    values = draw(st.lists(st.sampled_from(FIELD_VALUES[field]), min_size=1, max_size=3, unique=True))
    if kind == "prefix":
        return Prefix(field, values[0][: draw(st.integers(0, 6))])
    return AnyOf(field, tuple(values)) if kind == "any" else NoneOf(field, tuple(values))


def _between(draw: DrawFn) -> Between:
    """A range that isn't empty by its own words."""
    field = draw(st.sampled_from((*AMOUNTS, *AMOUNTS, *CLOCK)))
    low, high = sorted((draw(st.sampled_from(BOUNDS[field])), draw(st.sampled_from(BOUNDS[field]))))
    given = draw(st.sampled_from(("both", "low", "high")))
    outside = st.booleans() if low < high else st.just(False)
    return Between(
        field,
        low=low if given != "high" else None,
        high=high if given != "low" else None,
        low_outside=given != "high" and draw(outside),
        high_outside=given != "low" and draw(outside),
    )


def _combined(parts: SearchStrategy[Filter]) -> SearchStrategy[Filter]:
    some = st.lists(parts, min_size=1, max_size=3).map(tuple)
    return st.builds(All, some) | st.builds(Any_, some) | st.builds(Not, parts)


FILTERS = st.recursive(_conditions(), _combined, max_leaves=5)
# Most of all those that most metrics have.
DIMENSIONS = st.sampled_from((*NAMES, *CLOCK, *("tool", "session", "type", "outcome", "user", "project") * 3))
PERCENTILES = st.sampled_from(("50", "95", "99", "99.9", "0.001", "99.999", "33.333", "25", "75", "12.5"))
MEASURE_NAMES = st.sampled_from((*MEASURES, "active_ms", "tokens_per_minute", "count")) | PERCENTILES.map(
    "duration_p{}".format
)
WINDOWS = (
    *("minute", "15 minutes", "7 minutes", "90 minutes", "hour", "hour", "6 hours", "5 hours"),
    *("day", "day", "day", "3 days", "7 days", "week", "week", "2 weeks", "month", "month", "3 months"),
)
# How far the ends of a range may be apart where each of its windows has a row.
SPANS = {"minute": timedelta(hours=3), "hour": timedelta(days=3), "day": timedelta(days=40)}
BEFORE = tuple(timedelta(seconds=n) for n in (0, 60, 900, 3599, 3600, 5400, 7200, 12 * 3600, 86_400))
LONGEST = timedelta(days=200)
WEEKDAYS: tuple[Weekday, ...] = ("monday", "monday", "tuesday", "thursday", "saturday", "sunday")
COMPARES: tuple[Compare | None, ...] = (None, None, None, "previous", "previous_weekdays")


def _unit(window: str) -> str:
    return window.rsplit(maxsplit=1)[-1].removesuffix("s")


@st.composite
def queries(draw: DrawFn, near: tuple[Anchor, ...], *, far: bool = False) -> Query:
    """Valid queries about histories near these anchors; with `far` some metrics are far away from them."""
    window = draw(st.sampled_from((None, *WINDOWS)))
    by = draw(
        st.lists(DIMENSIONS, max_size=3, unique=True)
        .map(lambda some: [*some, window] if window else some)
        .flatmap(st.permutations)
    )
    measures = draw(st.lists(MEASURE_NAMES, min_size=1, max_size=4, unique=True))
    rolling = draw(st.sampled_from((1, 1, 1, 2, 3, 4))) if window else 1
    fill = window is not None and draw(st.booleans())
    compare = draw(st.sampled_from(COMPARES))
    span = SPANS.get(_unit(window), LONGEST) if window and (fill or rolling > 1 or compare) else LONGEST
    many = (fill or rolling > 1) and (span < LONGEST or len(near) > 1 or far)
    start, end = _range(draw, near, span, bounded=compare is not None or many)
    limit = draw(st.sampled_from((None, None, None, 1, 1, 2, 5)))
    # What windows that are left out are compared with isn't defined.
    no_other = limit is None or (by == [window] and compare is not None)
    return Query(
        measures=tuple(measures),
        by=tuple(by),
        start=start,
        end=end,
        where=draw(FILTERS) if draw(st.sampled_from((True, False, False))) else None,
        order=tuple(_order(draw, measures, by)),
        limit=limit,
        other=not no_other and draw(st.sampled_from((True, True, False))),
        fill=fill,
        zone=ZONES[draw(st.sampled_from((*(anchor.zone for anchor in near) , *[near[0].zone] * 5, *ZONES)))],
        week_start=draw(st.sampled_from(WEEKDAYS)),
        month_start=draw(st.sampled_from((1, 1, 1, 2, 15, 28))),
        rolling=rolling,
        compare=compare,
    )  # fmt: skip


def _order(draw: DrawFn, measures: list[str], by: list[str]) -> list[str]:
    if not draw(st.booleans()):
        return []
    words = draw(st.lists(st.sampled_from((*measures, *by)), max_size=3, unique=True))
    return [draw(st.sampled_from(("", "-"))) + word for word in words]


def _range(
    draw: DrawFn, near: tuple[Anchor, ...], span: timedelta, *, bounded: bool
) -> tuple[datetime | None, datetime | None]:
    if span < timedelta(days=7):  # where most metrics are
        start = near[0].moment - draw(st.sampled_from(BEFORE))
        end = start + draw(st.sampled_from((span / 3, span, span)))
    else:
        exact = st.sampled_from(window_edges(near[0]))
        moments = exact if draw(st.booleans()) else _moments(near[:1])
        start, end = sorted((draw(moments), draw(moments)))
        end = min(end if start < end else end + timedelta(hours=26), start + span)
    given = "both" if bounded else draw(st.sampled_from(("none", "none", "both", "start", "end")))
    return (start if given in ("both", "start") else None), (end if given in ("both", "end") else None)


@st.composite
def askings(draw: DrawFn, max_metrics: int = 25, max_queries: int = 6) -> Asking:
    """The lines of a history, and queries about it."""
    near = tuple(draw(st.lists(st.sampled_from(QUERY_ANCHORS), min_size=1, max_size=2, unique=True)))
    fewest = draw(st.sampled_from((0, max_metrics // 2, 2 * max_metrics // 3)))
    far = draw(st.sampled_from((False, False, False, True)))
    metrics = draw(st.lists(_metrics(near, far=far), min_size=fewest, max_size=max_metrics))
    lines = [_line(number, *metric) for number, metric in enumerate(metrics)]
    return lines, draw(st.lists(queries(near, far=far), min_size=1, max_size=max_queries))
