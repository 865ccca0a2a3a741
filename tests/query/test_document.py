"""A query as a document."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.errors import BadQuestion
from tachograph.query.document import document, read_document
from tachograph.query.expression import DEPTH_MAX, parse
from tachograph.query.keys import KEYS
from tachograph.query.model import All, Any_, AnyOf, Between, NoneOf, Not, Pattern, Prefix, Query
from tachograph.query.words import Words, checked_query, joined, query_of, words_of

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 11, 15, 30, tzinfo=UTC)
ROME = ZoneInfo("Europe/Rome")

EVERYTHING = {
    "measures": ["count", "duration_p95"],
    "by": ["day", "tool"],
    "since": "2026-03-01",
    "until": "2026-03-02T12:00",
    "timezone": "Europe/Rome",
    "where": "tool=Bash",
    "order": ["-day", "count"],
    "limit": 5,
    "other": True,
    "fill": False,
    "week_start": "sunday",
    "month_start": 15,
    "rolling": 7,
    "compare": "previous",
}


def query(text: str) -> Query:
    return query_of(document(text.encode(), "asked.toml"), NOW, UTC)


def test_a_json_document_may_say_everything() -> None:
    assert query(json.dumps(EVERYTHING)) == Query(
        measures=("count", "duration_p95"),
        by=("day", "tool"),
        start=datetime(2026, 3, 1, tzinfo=ROME),
        end=datetime(2026, 3, 2, 12, tzinfo=ROME),
        where=AnyOf("tool", ("Bash",)),
        order=("-day", "count"),
        limit=5,
        other=True,
        fill=False,
        zone=ROME,
        week_start="sunday",
        month_start=15,
        rolling=7,
        compare="previous",
    )


def test_toml_says_the_same() -> None:
    text = "\n".join(f"{key} = {json.dumps(value)}" for key, value in EVERYTHING.items())
    assert query(text) == query(json.dumps(EVERYTHING))


def test_toml_may_write_dates_as_such_and_lists_as_text() -> None:
    said = 'by = "day, 15 minutes"\nsince = 2026-03-01\nuntil = 2026-03-02T12:00:00+01:00'
    assert query(said) == Query(
        by=("day", "15 minutes"), start=datetime(2026, 3, 1, tzinfo=UTC), end=datetime(2026, 3, 2, 11, tzinfo=UTC)
    )


def test_nothing_is_the_count_of_everything() -> None:
    assert query("") == query("{}") == query("\ufeff # nothing") == Query()


def test_a_named_range_is_that_of_now_in_the_documents_zone_and_weeks() -> None:
    assert query('range = "this week"\nweek_start = "sun"\ntimezone = "Europe/Rome"') == Query(
        start=datetime(2026, 3, 8, tzinfo=ROME),
        end=datetime(2026, 3, 15, tzinfo=ROME),
        zone=ROME,
        week_start="sunday",
    )


CONDITIONS: tuple[tuple[str, Any], ...] = (
    ('{field = "tool", any_of = ["Bash", "Read"]}', AnyOf("tool", ("Bash", "Read"))),
    ('{field = "tool", none_of = ["a, b"]}', NoneOf("tool", ("a, b",))),
    ('{field = "model", prefix = "claude-"}', Prefix("model", "claude-")),
    ('{field = "tool", pattern = "mcp__*"}', Pattern("tool", "mcp__*")),
    ('{field = "duration_ms", at_least = 5}', Between("duration_ms", low=5)),
    ('{field = "duration_ms", above = 5, at_most = 9.5}', Between("duration_ms", 5, 9.5, low_outside=True)),
    ('{field = "hour_of_day", at_least = 9, below = 18}', Between("hour_of_day", 9, 18, high_outside=True)),
    ('{field = "weekday", any_of = [6, "sun"]}', AnyOf("weekday", (6, 7))),
    ('{field = "weekday", at_least = "sat"}', Between("weekday", low=6)),
    ('{not = "tool=Bash"}', Not(AnyOf("tool", ("Bash",)))),
    ('{all = ["tool=Bash", {field = "tokens", above = 0}]}', All((AnyOf("tool", ("Bash",)), Between("tokens", low=0, low_outside=True)))),
    ('{any = ["tool=Bash or tool=Read", {not = {all = ["user=ana"]}}]}', Any_((parse("tool=Bash or tool=Read"), Not(AnyOf("user", ("ana",)))))),
    ('["tool=Bash", "user=ana"]', parse("tool=Bash and user=ana")),
    ('"tool=Bash or user=ana"', parse("tool=Bash or user=ana")),
)  # fmt: skip


@pytest.mark.parametrize(("said", "condition"), CONDITIONS)
def test_a_condition_is_a_table_or_text(said: str, condition: Any) -> None:
    assert query(f"where = {said}").where == condition


MISTAKES = (
    ("by = [", "asked.toml: it is not TOML: "),
    ('{"by": ', "asked.toml: it is not JSON: Expecting value: line 1 column 8 (char 7) (docs/queries.md has examples)"),
    ('{"by": ["day"], "by": ["tool"]}', "it is not JSON: 'by' is said twice"),
    ('["day"', "asked.toml: it is not TOML: "),
    ('mesures = ["count"]', "asked.toml: there is no 'mesures' in a query (did you mean measures? known are "),
    ("frobnitz = 1", "there is no 'frobnitz' in a query (known are measures, by, since, "),
    ("measures = 5", "asked.toml: measures: 5 can't be meant (give names such as [\"count\", \"tokens\"])"),
    ("measures = []", "measures: [] can't be meant"),
    ('measures = ["count", 5]', "measures: ['count', 5] can't be meant"),
    ('by = ["day", " "]', "by: ['day', ' '] can't be meant"),
    ("since = 5", "since: 5 can't be meant (give \"2026-03-01\" or \"2026-03-01T09:30\")"),
    ("since = 07:30:00", "since: datetime.time(7, 30) can't be meant"),
    ('since = "soon"', "asked.toml: since: 'soon' is no date or moment of the calendar (give 2026-03-01, "),
    ('since = "2026-03-02"\nuntil = "2026-03-01"', "asked.toml: until 2026-03-01 is before asked.toml: since 2026-03-02 (swap them)"),
    ('range = "tody"', "asked.toml: range: 'tody' is no range of time (did you mean today? known are "),
    ('range = "today"\nsince = "2026-03-01"', "asked.toml: range: a range by name has its own start and end (give one of the two)"),
    ('timezone = "Mars"', "asked.toml: timezone: there is no time zone 'Mars' (give an IANA name such as Europe/Rome)"),
    ("limit = true", "limit: True can't be meant (give a whole number from 1 on)"),
    ("limit = 0", "limit: 0 can't be meant"),
    ("limit = 1.5", "limit: 1.5 can't be meant"),
    ('limit = "5"', "limit: '5' can't be meant"),
    ('other = "yes"', "other: 'yes' can't be meant (give true or false)"),
    ("fill = 1", "fill: 1 can't be meant"),
    ('week_start = "someday"', "week_start: 'someday' can't be meant (give a weekday such as sunday)"),
    ('week_start = "1"', "week_start: '1' can't be meant"),
    ("month_start = 29", "month_start: 29 can't be meant (give a day from 1 to 28)"),
    ("rolling = -1", "rolling: -1 can't be meant"),
    ('compare = "last"', "compare: 'last' can't be meant (give previous or previous_weekdays)"),
    ("compare = []", "compare: [] can't be meant"),
    ('where = "tol=Bash"', "asked.toml: where: there is no field 'tol' at character 1: ▸tol=Bash (did you mean tool? known are "),
    ("where = 5", 'asked.toml: where: 5 is no condition (write "tool=Bash", or {field = "tool", any_of = ["Bash"]})'),
    ("where = []", "asked.toml: where: [] is no condition"),
    ("where = {}", "asked.toml: where: a condition names no field"),
    ('where = {any_of = ["Bash"]}', "where: a condition names no field"),
    ('where = {field = "tool"}', "where: it doesn't say what tool is to be (add one of any_of, none_of, "),
    ('where = {field = "tol", any_of = ["Bash"]}', "where: there is no field 'tol' (did you mean tool? known are "),
    ('where = {field = ["tool"], any_of = ["Bash"]}', "where: there is no field ['tool']"),
    ('where = {field = "tool", anyof = ["Bash"]}', "where: a condition has no 'anyof' (did you mean any_of? known are "),
    ('where = {field = "tool", any_of = "Bash"}', "where.any_of: 'Bash' is no list of values (give one, such as [\"Bash\"])"),
    ('where = {field = "tool", any_of = []}', "where.any_of: [] is no list of values"),
    ('where = {field = "tool", any_of = [5]}', "where.any_of: 5 is no text (give texts for tool)"),
    ('where = {field = "tool", prefix = 5}', "where.prefix: 5 is no text"),
    ('where = {field = "tool", prefix = "a", pattern = "b"}', "where: prefix and pattern are two conditions (put them into two tables within all = [...])"),
    ('where = {field = "tokens", above = 5, prefix = "b"}', "where: above and prefix are two conditions"),
    ('where = {field = "tokens", above = 5, at_least = 6}', "where: at_least is said beside another lower bound (leave one out)"),
    ('where = {field = "tokens", above = "5"}', "where.above: '5' is no number (give tokens a number, such as 1000 or 0.5)"),
    ('where = {field = "tokens", above = true}', "where.above: True is no number"),
    ('where = {field = "tokens", above = inf}', "where.above: inf is no number"),
    ('where = {field = "tokens", above = 9223372036854775808}', "is no number"),
    ('where = {field = "tokens", any_of = [5]}', "where.any_of: tokens is an amount, and no list has it (use at_least, above, at_most, below)"),
    ('where = {field = "tokens", prefix = "5"}', "where: tokens is a number, and has no prefix"),
    ('where = {field = "tool", above = 5}', "where: tool is a name: it isn't more or less than another"),
    ('where = {field = "weekday", any_of = ["8"]}', "where.any_of: '8' is no weekday (give 1 for Monday to 7, or mon to sun)"),
    ('where = {field = "hour_of_day", at_least = 24}', "where: 24 is no hour_of_day (give 0 to 23)"),
    ('where = {field = "weekday", any_of = [true]}', "where.any_of: True is no weekday"),
    ('where = {all = "tool=Bash"}', "where.all: 'tool=Bash' is no list of conditions"),
    ("where = {any = []}", "where.any: [] is no list of conditions"),
    ('where = {any = ["tool=Bash"], field = "tool"}', "where: any stands alone in its table"),
    ('where = {any = ["tool=Bash", {not = "tol=Read"}]}', "where.any[1].not: there is no field 'tol' at character 1"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "words"), MISTAKES)
def test_a_mistake_is_named_with_file_and_key_and_what_would_be_right(text: str, words: str) -> None:
    with pytest.raises(BadQuestion) as mistake:
        query(text)
    assert str(mistake.value).startswith("asked.toml: ")
    assert words in str(mistake.value)
    assert "\n" not in str(mistake.value)


@pytest.mark.parametrize(
    "text",
    [
        '{"where": ' + '{"not": ' * (DEPTH_MAX + 1) + '"tool=Bash"' + "}" * (DEPTH_MAX + 2),
        '{"where": ' + '{"not": ' * 100_000,
        '{"by": ' + "[" * 100_000,
        "by = " + "[" * 100_000,
        "where = " + "{not = " * 1000 + '"tool=Bash"' + "}" * 1000,
    ],
)
def test_what_lies_too_deep_is_told(text: str) -> None:
    with pytest.raises(BadQuestion, match=r"within each other|it is not (JSON|TOML)"):
        query(text)


WORDS = st.sampled_from((*KEYS, "where", "field", "any_of", "prefix", "above", "at_most", "all", "any", "not"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(("tool", "tokens", "weekday", "tool=Bash", "today", "2026-03-01", "9999-12-31", "count", "day", "UTC")),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(WORDS, values, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(WORDS, VALUES, max_size=5))
def test_any_document_is_a_query_or_a_mistake_in_one_line(said: dict[str, Any]) -> None:
    try:
        checked_query(document(json.dumps(said).encode(), "asked.json"), NOW, UTC)
    except BadQuestion as mistake:
        told = str(mistake)
    else:
        told = ""
    assert not set(told) & set("\n\r\x1b")


def test_what_is_not_text_and_what_is_endless_is_told() -> None:
    with pytest.raises(BadQuestion, match="it is not UTF-8"):
        document(b"\xff\xfe", "asked.toml")
    with pytest.raises(BadQuestion, match="too long for a query"):
        document(b"#" * 10_000_001, "asked.toml")


def test_a_file_is_read_and_one_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = tmp_path / "slow.toml"
    with pytest.raises(BadQuestion, match=r"slow\.toml: it can't be read: No such file"):
        read_document(path)
    path.write_text('by = "tool"')
    assert read_document(path).by == ("tool",)


def test_what_is_said_first_wins_and_conditions_of_both_hold() -> None:
    first = said(by=["tool"], limit=3, where="user=ana")
    second = said(by=["day"], fill=True, measures=["tokens"], where="tool=Bash")
    assert query_of(joined(first, second), NOW, UTC) == Query(
        measures=("tokens",), by=("tool",), limit=3, fill=True, where=parse("tool=Bash and user=ana")
    )


def test_a_range_is_taken_from_one_of_both() -> None:
    named, written = said(range="today"), said(since="2026-01-01", until="2026-02-01")
    assert query_of(joined(named, written), NOW, UTC).start == datetime(2026, 3, 11, tzinfo=UTC)
    assert query_of(joined(written, named), NOW, UTC).start == datetime(2026, 1, 1, tzinfo=UTC)
    only_since = query_of(joined(said(since="2026-03-01"), written), NOW, UTC)
    assert (only_since.start, only_since.end) == (datetime(2026, 3, 1, tzinfo=UTC), None)


def said(where: str | None = None, **words: Any) -> Words:
    return words_of(words, (parse(where),) if where else (), lambda name: name)
