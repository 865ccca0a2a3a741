"""Random metrics logs and questions about them, for Hypothesis.

The alphabets are small, so that ids, sessions, windows and filters meet often. Moments lie around a few
anchors: clock changes of known zones, and the edges of days, weeks and months near them.
A log is a list of lines without line feeds: join them with b"\\n".

Some values are left out, as the contract doesn't decide them: a byte order mark, nesting between 50 and 5,000
levels, token kinds of one metric whose sum is beyond 64 bits, integers beyond 64 bits under unknown keys.
Totals of a log may be beyond 64 bits.
"""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache, partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from oracle import SELLERS


class Question(NamedTuple):
    """What is asked of a log: the arguments of an aggregation."""

    type: str
    start: datetime | None
    end: datetime | None
    filters: dict[str, str | list[str]]
    zone: str


class Anchor(NamedTuple):
    """A moment worth being near to, and the zone in which it is."""

    zone: str
    moment: datetime


def _anchor(zone: str, moment: str) -> Anchor:
    return Anchor(zone, datetime.fromisoformat(moment).replace(tzinfo=UTC))


# All of them past: what a later tzdata says of the future may differ.
ANCHORS = (
    _anchor("UTC", "2026-03-01T00:00"),
    _anchor("America/New_York", "2024-03-10T07:00"),  # 02:00 -> 03:00
    _anchor("America/New_York", "2024-11-03T06:00"),  # 02:00 -> 01:00
    _anchor("Australia/Lord_Howe", "2024-04-06T15:00"),  # 02:00 -> 01:30
    _anchor("Australia/Lord_Howe", "2024-10-05T15:30"),  # 02:00 -> 02:30
    _anchor("Asia/Kathmandu", "2026-03-01T18:15"),  # a midnight at a quarter past, in UTC
    _anchor("Asia/Kathmandu", "1985-12-31T18:30"),  # 00:00 -> 00:15
    _anchor("America/St_Johns", "2006-10-29T02:31"),  # 00:01 -> 23:01 of the day before
    _anchor("America/St_Johns", "2007-03-11T03:31"),  # 00:01 -> 01:01
    _anchor("America/Sao_Paulo", "2018-11-04T03:00"),  # 00:00 -> 01:00
    _anchor("America/Sao_Paulo", "2018-02-18T02:00"),  # 00:00 -> 23:00 of the day before
    _anchor("America/Havana", "2024-11-03T05:00"),  # 01:00 -> 00:00
    _anchor("America/Toronto", "1919-03-31T04:30"),  # 23:30 -> 00:30 of the next day
    _anchor("Pacific/Apia", "2011-12-30T10:00"),  # a whole day is left out
)
ZONES = tuple(dict.fromkeys(anchor.zone for anchor in ANCHORS))
FAR_MOMENTS = tuple(
    datetime.fromisoformat(text).replace(tzinfo=UTC)
    for text in ("0002-03-01", "1677-09-21", "1969-12-31T23:59:59.999999", "2262-04-12", "9998-11-30T23:30")
)

METRIC_TYPES = (
    "session_start",
    "session_end",
    "tool_use",
    "agent_execution",
    "checkpoint_created",
    "hook_triggered",
    "command_executed",
    "error_occurred",
    "token_usage",
    "performance",
)
AGGREGATIONS = (
    *("hourly", "daily", "weekly", "monthly"),
    *("by_session", "by_user", "by_tool", "by_agent", "by_project", "by_model"),
)

# Not in the same order by code point and by UTF-16 unit; one letter in two spellings; a name with a NUL.
ODD_NAMES = ("\uff5e", "\U0001f600", "caf\u00e9", "cafe\u0301", "a\x00b", " Bash", "bash", "'; --", '"\\')
IDS = (*(f"m{n}" for n in range(40)), "M1", "m1 ", "\u00e9", "e\u0301", "\U0001f600", "0", "None", "null")
SESSIONS = ("s1", "s2", "s3", "\u0441\u0435\u0441\u0441\u0438\u044f", "S1")
USERS = ("ana", "bo", "\U0001f600")
NULLS = (None, "")
NAMES = {
    "tool_name": ("Bash", "Read", "", *ODD_NAMES),
    "agent_id": ("Explore", "Plan", ""),
    "command_name": ("/test", "/\u0442\u0435\u0441\u0442"),
    "error_type": ("Timeout", "OSError", ""),
    "project_path": ("/home/ana/api", "/home/bo", "", "C:\\\u4f5c\u54c1"),
    "model": (*SELLERS, "acme-1", ""),
}
DURATIONS = (0, 1, 10.5, 250, 250.0, 0.125, 0.1, 1e3, -5, 86_400_000, 2**63, 1e15)
BIG_INTEGERS = (2**53 + 1, 2**62, 2**63 - 1, 2**63 - 2, -(2**63))
TOKEN_KINDS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
TOKEN_PARTS = ("reasoning_tokens", "cache_write_1h_tokens")
# None of them in the middle between two multiples of 1e-12: what is told is rounded to those.
ODD_COSTS = (1e-300, 4e-13, 6e-13, 1.23456789012e-7, 0.1, 3, 999_999_999.5, 1e9, 10**30, -0.25)

# Every pair is as likely as another: what is there more often counts more.
DATA_FIELDS: tuple[tuple[str, Any], ...] = (
    *((name, value) for name, values in NAMES.items() for value in values),
    *((name, values[0]) for name, values in NAMES.items() for _ in range(3)),
    *((name, None) for name in (*NAMES, "success", "duration_ms", "token_count", "input_tokens", "cost_usd")),
    *(("success", value) for value in (True, False) for _ in range(3)),
    *(("duration_ms", value) for value in (*DURATIONS, 250, 250, 250, 250)),
    *(("duration_seconds", value) for value in (0, 0.25, 2, 1.001)),
    *(("token_count", value) for value in (0, 1, 7, 7, 12, 50, 400, -3, *BIG_INTEGERS)),
    *((name, n) for name in TOKEN_KINDS for n in (0, 1, 10, 2**60)),
    *((name, n) for name in TOKEN_PARTS for n in (5, 2**63 - 1)),
    *(("cost_usd", value) for value in (0, 0.25, 1, *ODD_COSTS)),
    *(("operation", "index"), ("hook_name", "pre"), ("agent_run_id", "run-1")),
    ("mystery", {"nested": [1, 2.5, None, True, "\U0001f600", {"": {}}]}),
    *(("big_mystery", 2**63 - 1), ("duration", "NaN"), ("success_rate", "1e999"), ("", "")),
)

OFFSETS = (
    *(timezone(timedelta(minutes=minutes)) for minutes in (60, -210, 345, 840, -720)),
    timezone(timedelta(seconds=3690)),
)


def window_edges(anchor: Anchor) -> tuple[datetime, ...]:
    """The anchor's moment and the wall clock's midnights about it: days, Mondays, first days of months."""
    here = anchor.moment.astimezone(ZoneInfo(anchor.zone)).date()
    monday, first = here - timedelta(here.weekday()), here.replace(day=1)
    next_month = (first + timedelta(32)).replace(day=1)
    days: list[date] = [here + timedelta(n) for n in (-1, 0, 1, 2)]
    days += [monday, monday + timedelta(7), first, next_month]
    walls = [datetime.combine(day, time(), ZoneInfo(anchor.zone)) for day in days]
    midnights = [wall.replace(fold=fold).astimezone(UTC) for wall in walls for fold in (0, 1)]
    return tuple(dict.fromkeys([anchor.moment, *midnights]))


EDGES = {anchor: window_edges(anchor) for anchor in ANCHORS}
SHIFTS = (
    *(timedelta(0) for _ in range(8)),
    *(sign * timedelta(microseconds=n) for n in (1, 999_999) for sign in (1, -1)),
    *(sign * timedelta(seconds=n) for n in (1, 29, 60, 61) for sign in (1, -1)),
    *(sign * timedelta(minutes=n) for n in (15, 30, 45, 59, 60, 90, 120) for sign in (1, -1)),
    *(sign * timedelta(hours=n) for n in (12, 23, 24, 25) for sign in (1, -1)),
)


@cache
def moments(anchors: tuple[Anchor, ...], *, far: bool = False) -> SearchStrategy[datetime]:
    """Moments in UTC at and around the window edges near these anchors; with `far`, now and then far away."""
    near = [edge for anchor in anchors for edge in window_edges(anchor)]
    edges = st.sampled_from([*near * 6, *FAR_MOMENTS] if far else near)
    return st.builds(lambda edge, shift: edge + shift, edges, st.sampled_from(SHIFTS))


# Ways to write a moment, given in UTC, that datetime.fromisoformat reads.
SPELLINGS: tuple[Callable[[datetime, Anchor], str], ...] = (
    lambda moment, _: moment.isoformat(),
    lambda moment, _: _naive(moment),
    lambda moment, _: f"{_naive(moment)}Z",
    lambda moment, _: f"{_naive(moment, ' ')}Z",
    lambda moment, _: f"{_naive(moment, 'T', 'microseconds')}999Z",
    lambda moment, _: f"{_naive(moment, 'T', 'microseconds')}+00:00".replace(".", ","),
    lambda moment, _: f"{moment:%G-W%V-%uT%H:%M:%S.%f}Z".zfill(27),
    lambda moment, _: f"{moment:%Y%m%dT%H%M%S.%f}+0000".zfill(27),
    lambda moment, _: str(moment.date()) if moment.time() == time() else _naive(moment),
    lambda moment, near: moment.astimezone(ZoneInfo(near.zone)).isoformat(),
    lambda moment, near: moment.astimezone(ZoneInfo(near.zone)).isoformat(" "),
    *(lambda moment, _, offset=offset: moment.astimezone(offset).isoformat() for offset in OFFSETS),
)


def _naive(moment: datetime, separator: str = "T", precision: str = "auto") -> str:
    return moment.replace(tzinfo=None).isoformat(separator, precision)


ABSENT = object()
NO_DATA = ((ABSENT, None), (ABSENT, ABSENT))
# Counters of one request: below, at and above the sizes where a tier begins, more than any has, and none.
REQUESTS = st.fixed_dictionaries(
    {"model": st.sampled_from((*SELLERS, *SELLERS, "acme-1", None))},
    optional={
        "input_tokens": st.sampled_from((0, 3, 150_000, 200_000, 200_001, 272_000, 272_001, -1, 10**9, 10**9 + 1)),
        "output_tokens": st.sampled_from((0, 5, 1_003, 10**9)),
        "cache_read_tokens": st.sampled_from((0, 49_999, 50_000, 122_000)),
        "cache_write_tokens": st.sampled_from((0, 1, 7, 50_000, 100_001)),
        "cache_write_1h_tokens": st.sampled_from((0, 1, 7, 50_000)),
    },
)


def _payload(pairs: list[tuple[Any, Any]], request: dict[str, Any] | None) -> Any:
    fields = dict(pairs) | (request or {})
    return fields.get(ABSENT, fields)


@cache
def good_objects(anchors: tuple[Anchor, ...]) -> SearchStrategy[dict[str, Any]]:
    """The JSON objects of good lines: only id, timestamp and type are always there."""
    return st.builds(
        _object,
        moments(anchors, far=True),
        st.sampled_from(SPELLINGS),
        st.sampled_from(anchors),
        id=st.sampled_from(IDS),
        type=st.sampled_from((*METRIC_TYPES, "tool_use", "tool_use", "error_occurred", "token_usage", "token_usage")),
        session_id=st.sampled_from((*SESSIONS[:2], *SESSIONS[:2], *SESSIONS, *NULLS, ABSENT)),
        user_id=st.sampled_from((ABSENT, ABSENT, ABSENT, *NULLS, *USERS)),
        data=st.builds(_payload, st.lists(st.sampled_from((*DATA_FIELDS, *NO_DATA)), max_size=9), st.none() | REQUESTS),
        metadata=st.sampled_from((ABSENT, ABSENT, {}, None, {"host": "h\u00f6st", "n": [1, {"a": None}]})),
        new_field=st.sampled_from((ABSENT, ABSENT, ABSENT, ABSENT, None, [1, 2], {"tool_name": 5})),
    )


def _object(
    moment: datetime, spelling: Callable[[datetime, Anchor], str], near: Anchor, **fields: Any
) -> dict[str, Any]:
    line = {"timestamp": spelling(moment, near), **fields}
    return {name: value for name, value in line.items() if value is not ABSENT}


def _json(line: dict[str, Any], *, ascii_only: bool = False, separators: tuple[str, str] = (",", ":")) -> bytes:
    return json.dumps(line, ensure_ascii=ascii_only, separators=separators).encode()


def _after_other_values(line: dict[str, Any]) -> bytes:
    """The line after other values of its own keys, wrong ones: the last one of each wins."""
    hidden = {"id": 1, "type": "none", "timestamp": 5, "data": [], "metadata": 1, "user_id": 2}
    shown = {"data": {}, "metadata": {}, "user_id": None} | line
    return _json(hidden)[:-1] + b"," + _json(shown)[1:]


# Ways to write an object on a line, the plain ones more often.
WRITINGS: tuple[Callable[[dict[str, Any]], bytes], ...] = (
    *(_json for _ in range(6)),
    *(partial(_json, ascii_only=True, separators=(" , ", "\t: ")) for _ in range(2)),
    lambda line: _json(dict(reversed(line.items()))),
    lambda line: _json(line) + b"\r",
    lambda line: b" \t" + _json(line) + b"  ",
    lambda line: _json(line).replace(b'"id"', b'"\\u0069d"', 1),
    lambda line: _json({**line, "depth": None})[:-5] + b"[" * 50 + b"]" * 50 + b"}",
    _after_other_values,
)


@cache
def good_lines(anchors: tuple[Anchor, ...] = ANCHORS) -> SearchStrategy[bytes]:
    """Lines that are a metric, plainly or oddly written."""
    return st.builds(lambda line, written: written(line), good_objects(anchors), st.sampled_from(WRITINGS))


# A value that is wrong in each known field of a line, or of its data.
NOT_TEXT: tuple[Any, ...] = (5, 1.5, True, [], {}, ["x"])
NOT_OBJECT: tuple[Any, ...] = (5, "", "{}", True, [], [{}])
NOT_INTEGER: tuple[Any, ...] = (5.0, 1e3, True, "5", "", [], {}, 2**63, -(2**63) - 1, 10**30)
NOT_NUMBER: tuple[Any, ...] = (True, "5", "", [], {}, 10**400)
NOT_BOOL: tuple[Any, ...] = (0, 1, 1.0, "true", "", [], {})
TEXT_FIELDS = (*NAMES, "operation", "hook_name", "agent_run_id")
WRONG_FIELDS: tuple[tuple[str, Any], ...] = (
    *((name, value) for name in ("session_id", "user_id") for value in NOT_TEXT),
    *((name, value) for name in ("data", "metadata") for value in NOT_OBJECT),
    *(("id", value) for value in (*NOT_TEXT, *NULLS)),
    *(("type", value) for value in (*NOT_TEXT, *NULLS, "tool_used", "TOOL_USE", " tool_use")),
    *(("timestamp", value) for value in (*NOT_TEXT, *NULLS, 1_767_225_600, "yesterday", "12:30")),
    *(("timestamp", f"2026-{rest}") for rest in ("02-30", "02-29T10:00Z", "13-01", "00-01", "W54-1", "3-1")),
    *(("timestamp", f"2026-03-01T{rest}") for rest in ("25:00Z", "10:60Z", "10:00:60Z", "10:00+24:00", "1 UTC")),
    *(("timestamp", text) for text in ("0001-01-01T00:00+01:00", "9999-12-31T23:59-00:01", "0000-01-01")),
)
WRONG_DATA: tuple[tuple[str, Any], ...] = (
    *((name, value) for name in TEXT_FIELDS for value in NOT_TEXT),
    *((name, value) for name in ("token_count", *TOKEN_KINDS, *TOKEN_PARTS) for value in NOT_INTEGER),
    *((name, value) for name in ("duration_ms", "duration_seconds", "cost_usd") for value in NOT_NUMBER),
    *(("success", value) for value in NOT_BOOL),
)
NO_NUMBERS = (b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"1.8e308")
NOT_A_VALUE = (
    *b"01 +1 .5 1. 0x10 1_000 1e --1 True None undefined 'a' 1, ,1 [1,] {1:2} 1//one /**/1".split(),
    *(b"", b'{"a":1,}', b"[" * 5000, b'"\\x41"', b'"\\u12"', b'"a\x01b"', b'"a\tb"', b'"open', b"\x00"),
    *(b'"\xe9"', b'"\xff"', b'"\xc0\xaf"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"', b"\xef\xbb\xbf1"),
    *(b'"\\ud800"', b'"\\udc00\\ud800"', b'{"\\udfff":1}', b'[["\\ud83d"]]'),
)
KEYS_FOR_THEM = (b"duration_ms", b"cost_usd", b"mystery", b"tool_name")
NOT_LINES = (
    *b"{ } {} [] [{}] {}{} \"{}\" 5 null true NaN - --- #comment {'id':1}".split(),
    *(b"not json", b"\xff\xfe{\x00}\x00", b"\x00" * 8, b"[" * 5000 + b"]" * 5000, b'{"a":' * 5000),
)
TAILS = (*b'} {} , x \x00 null [] # ; \\n " \xff'.split(), b" {}", b" x")
WAYS_TO_BE_BAD = ("not a line", "absent", "wrong", "wrong data", "value", "number", "tail", "cut", "list")


@st.composite
def bad_lines(draw: DrawFn, anchors: tuple[Anchor, ...] = ANCHORS) -> bytes:
    """Lines that can't be a metric, each for one reason of the contract; the rest of the line is good."""
    line = draw(good_objects(anchors))
    way = draw(st.sampled_from(WAYS_TO_BE_BAD))
    if way == "not a line":
        return draw(st.sampled_from(NOT_LINES))
    if way == "absent":
        del line[draw(st.sampled_from(("id", "timestamp", "type")))]
    elif way == "wrong":
        line |= [draw(st.sampled_from(WRONG_FIELDS))]
    elif way == "wrong data":
        line["data"] = (line.get("data") or {}) | dict([draw(st.sampled_from(WRONG_DATA))])
    text = _json(line)
    if way in ("value", "number"):
        key = draw(st.sampled_from(KEYS_FOR_THEM))
        value = draw(st.sampled_from(NO_NUMBERS if way == "number" else NOT_A_VALUE))
        # The last `data` wins; what an earlier one holds must be JSON all the same, but may be any number.
        pair = b'"data":{"' + key + b'":' + value + b"}"
        first = way == "value" and draw(st.booleans())
        return b"{" + pair + b"," + text[1:] if first else text[:-1] + b"," + pair + b"}"
    if way == "tail":
        return text + draw(st.sampled_from((*TAILS, text, b" " + text)))
    if way == "cut":
        return text[: draw(st.integers(1, len(text) - 1))]
    return b"[" + text + b"]" if way == "list" else text


BLANK_LINES = (b"", b" ", b"\r", b"\t \r")


@st.composite
def metric_logs(draw: DrawFn, anchors: tuple[Anchor, ...] | None = None, max_lines: int = 25) -> list[bytes]:
    """The lines of a log: mostly good ones, near one or two anchors; with bad, blank and repeated ones."""
    near = anchors or draw(SOME_ANCHORS)
    fewest = draw(st.sampled_from((0, max_lines // 4, max_lines // 2)))
    lines = draw(st.lists(_any_lines(near), min_size=fewest, max_size=max_lines))
    again = draw(st.lists(st.sampled_from(lines), max_size=2)) if lines else []
    return lines + again


@cache
def _any_lines(anchors: tuple[Anchor, ...]) -> SearchStrategy[bytes]:
    kinds = {"good": good_lines(anchors), "bad": bad_lines(anchors), "blank": st.sampled_from(BLANK_LINES)}
    return st.sampled_from(("good",) * 9 + ("bad", "bad", "blank")).flatmap(kinds.__getitem__)


SOME_ANCHORS = st.lists(st.sampled_from(ANCHORS), min_size=1, max_size=2, unique=True).map(tuple)

FILTER_VALUES: dict[str, tuple[str, ...]] = {
    **NAMES,
    "session_id": (*SESSIONS, "no such session"),
    "user_id": (*USERS, "nobody"),
    "type": ("tool_use", "error_occurred", *METRIC_TYPES),
}
# The first values are the most frequent ones in a log, and asked for the most.
FILTERS = {
    name: st.sampled_from((*values[:2], *values[:2], *values))
    | st.lists(st.sampled_from(values[1:]), max_size=4).map([values[0]].__add__)
    | st.lists(st.sampled_from(values), min_size=1, max_size=4, unique=True)
    for name, values in FILTER_VALUES.items()
}
FILTER_NAMES = st.sampled_from(
    (
        *[()] * 8,
        *((name,) for name in FILTER_VALUES),
        *(("session_id", "type"), ("tool_name", "user_id"), ("project_path", "model")),
    )
)


@st.composite
def questions(draw: DrawFn, anchors: tuple[Anchor, ...] | None = None, *, bounded: bool = False) -> Question:
    """Questions about logs near these anchors; the start is before the end.

    With `bounded` both ends are given and at most 60 days apart, so that the windows between can be filled.
    """
    near = anchors or draw(SOME_ANCHORS)
    zones = st.sampled_from((*(anchor.zone for anchor in near), *(anchor.zone for anchor in near), *ZONES))
    start, end = _range(draw, near[:1], bounded=bounded)
    return Question(
        type=draw(st.sampled_from(AGGREGATIONS)),
        start=start,
        end=end,
        filters={name: draw(FILTERS[name]) for name in draw(FILTER_NAMES)},
        zone=draw(zones),
    )


def _range(draw: DrawFn, near: tuple[Anchor, ...], *, bounded: bool) -> tuple[datetime | None, datetime | None]:
    bound = moments(near)
    start, end = draw(bound), draw(bound)
    if start > end:
        start, end = end, start
    if start == end:
        end += timedelta(hours=26)
    end = min(end, start + timedelta(days=60))
    in_zone = ZoneInfo(near[0].zone) if draw(st.booleans()) else UTC
    given = "both" if bounded else draw(st.sampled_from(("none", "none", "both", "start", "end")))
    return (
        start.astimezone(in_zone) if given in ("both", "start") else None,
        end.astimezone(in_zone) if given in ("both", "end") else None,
    )


@st.composite
def histories(draw: DrawFn, *, bounded: bool = False, max_lines: int = 25) -> tuple[list[bytes], Question]:
    """A log and a question about it, near the same anchors."""
    near = draw(SOME_ANCHORS)
    return draw(metric_logs(near, max_lines)), draw(questions(near, bounded=bounded))
