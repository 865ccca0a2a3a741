"""Conditions as text, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.errors import BadQuestion
from tachograph.query.expression import DEPTH_MAX, LENGTH_MAX, parse
from tachograph.query.model import (
    AMOUNTS,
    CLOCK,
    NAMES,
    All,
    Any_,
    AnyOf,
    Between,
    NoneOf,
    Not,
    Pattern,
    Prefix,
)
from tachograph.query.saying import said

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from tachograph.query.model import Filter

BASH = AnyOf("tool", ("Bash",))
READ = AnyOf("tool", ("Read",))
SLOW = Between("duration_ms", low=1000, low_outside=True)

READINGS: tuple[tuple[str, Any], ...] = (
    ("tool=Bash", BASH),
    ("  tool =\tBash\n", BASH),
    ("tool=Bash,Read", AnyOf("tool", ("Bash", "Read"))),
    ("tool = Bash , Read", AnyOf("tool", ("Bash", "Read"))),
    ("tool='Bash', \"Read\"", AnyOf("tool", ("Bash", "Read"))),
    ("project!='/home/ana/my project'", NoneOf("project", ("/home/ana/my project",))),
    ("command='it''s'", AnyOf("command", ("it's",))),
    ('command="say ""hi"""', AnyOf("command", ('say "hi"',))),
    ("user=''", AnyOf("user", ("",))),
    ("model^=claude-opus-4.5", Prefix("model", "claude-opus-4.5")),
    ("tool~'mcp__*'", Pattern("tool", "mcp__*")),
    ("tool~mcp__*", Pattern("tool", "mcp__*")),
    ("tool=and,or", AnyOf("tool", ("and", "or"))),
    ("project=/srv/a-b_c.d@e:f~g^h", AnyOf("project", ("/srv/a-b_c.d@e:f~g^h",))),
    (r"project=C:\code", AnyOf("project", (r"C:\code",))),
    ("hook=h\u00f6ok", AnyOf("hook", ("h\u00f6ok",))),
    ("hook='a\nb'", AnyOf("hook", ("a\nb",))),
    ("duration_ms>1000", SLOW),
    ("duration_ms>=1e3", Between("duration_ms", low=1000.0)),
    ("cost_usd<.5", Between("cost_usd", high=0.5, high_outside=True)),
    ("tokens<=-1", Between("tokens", high=-1)),
    ("tokens=0", Between("tokens", 0, 0)),
    ("tokens!=0", Not(Between("tokens", 0, 0))),
    ("1000<duration_ms", SLOW),
    ("100 <= duration_ms < 200", Between("duration_ms", 100, 200, high_outside=True)),
    ("-5<tokens<=-1", Between("tokens", -5, -1, low_outside=True)),
    ("hour_of_day=9,10", AnyOf("hour_of_day", (9, 10))),
    ("hour_of_day>=22", Between("hour_of_day", low=22)),
    ("weekday=sat,sun", AnyOf("weekday", (6, 7))),
    ("weekday!=Saturday,7", NoneOf("weekday", (6, 7))),
    ("weekday<=fri", Between("weekday", high=5)),
    ("9<=hour_of_day<18", Between("hour_of_day", 9, 18, high_outside=True)),
    ("tool=Bash and tool=Read or duration_ms>1000", Any_((All((BASH, READ)), SLOW))),
    ("duration_ms>1000 or tool=Bash and tool=Read", Any_((SLOW, All((BASH, READ))))),
    ("(duration_ms>1000 or tool=Bash) and tool=Read", All((Any_((SLOW, BASH)), READ))),
    ("tool=Bash and tool=Read and duration_ms>1000", All((BASH, READ, SLOW))),
    ("(tool=Bash and tool=Read) and duration_ms>1000", All((All((BASH, READ)), SLOW))),
    ("not tool=Bash and tool=Read", All((Not(BASH), READ))),
    ("not (tool=Bash and tool=Read)", Not(All((BASH, READ)))),
    ("NOT NOT tool=Bash OR tool=Read", Any_((Not(Not(BASH)), READ))),
    ("((tool=Bash))", BASH),
    ("not(tool=Bash)and(tool=Read)", All((Not(BASH), READ))),
)  # fmt: skip


@pytest.mark.parametrize(("text", "condition"), READINGS)
def test_a_text_says_a_condition(text: str, condition: Filter) -> None:
    assert parse(text) == condition


MISTAKES = (
    ("", "the text ends where a condition is missing at character 1: ▸ (a condition is such as tool=Bash or duration_ms>1000)"),
    ("   ", "the text ends where a condition is missing at character 4:"),
    ("tol=Bash", "there is no field 'tol' at character 1: ▸tol=Bash (did you mean tool? known are "),
    ("Tool=Bash", "there is no field 'Tool' at character 1: ▸Tool=Bash (did you mean tool? known are "),
    ("frobnitz=1", "(known are session, user, project, "),
    ("tool", "the text ends where an operator is missing at character 5: tool▸ (write one of = != ^= ~ < <= > >= and a value after tool)"),
    ("tool Bash", "'Bash' is no operator at character 6: tool ▸Bash"),
    ("tool==Bash", "'==' is no operator at character 5: tool▸==Bash (write =)"),
    ("tool<>Bash", "(write !=)"),
    ("tool=~Bash", "(write ~ and a pattern)"),
    ("tool!~Bash", "(write not before the field, and ~)"),
    ("tool=", "the text ends where a value is missing at character 6: tool=▸ (write it; an empty one is '')"),
    ("tool=Bash,", "the text ends where a value is missing at character 11"),
    ("tool=Bash, or tool=Read", "'tool' doesn't belong here at character 15: tool=Bash, or ▸tool=Read"),
    ("tool=Bash Read", "'Read' doesn't belong here at character 11: tool=Bash ▸Read (join conditions with and, or)"),
    ("tool=Bash & tool=Read", "'&' doesn't belong here at character 11: tool=Bash ▸& tool=Read (write and)"),
    ("tool=Bash || tool=Read", "(write or)"),
    ("!tool=Bash", "'!' is no field at character 1: ▸!tool=Bash (write not)"),
    ("tool=Bash)", "')' doesn't belong here at character 10: tool=Bash▸) (remove it)"),
    ("(tool=Bash", "the text ends at character 11: (tool=Bash▸ (close the ( of character 1 with ))"),
    ("(tool=Bash Read)", "'Read' doesn't belong here at character 12"),
    ("()", "')' is no field at character 2"),
    ("tool=Bash and", "the text ends where a condition is missing at character 14"),
    ("and tool=Bash", "'and' has no condition before it at character 1"),
    ("tool='Bash", "the quote ' isn't closed at character 6: tool=▸'Bash"),
    ("tool='it''s", "the quote ' isn't closed at character 6: tool=▸'it''s (close it; within quotes, write the quote itself twice)"),
    ("tool=a=b", "'=' doesn't belong here at character 7: tool=a▸=b"),
    ("tool=(a)", "'(' is no value at character 6: tool=▸(a) (quote values"),
    ("tool<Bash", "tool is a name: it isn't more or less than another at character 6"),
    ("duration_ms>fast", "'fast' is no number at character 13: duration_ms>▸fast (give duration_ms a number, such as 1000 or 0.5)"),
    ("duration_ms>1e999", "'1e999' is no number"),
    ("duration_ms>nan", "'nan' is no number"),
    ("tokens>9223372036854775808", "'9223372036854775808' is no number"),
    ("tokens=1,2", "',' doesn't belong here at character 9"),
    ("tokens^=1", "tokens is a number, and has no ^= at character 9"),
    ("weekday~s*", "weekday is a number, and has no ~"),
    ("weekday=8", "'8' is no weekday at character 9: weekday=▸8 (give 1 for Monday to 7, or mon to sun)"),
    ("weekday=s", "'s' is no weekday"),
    ("hour_of_day=24", "'24' is no hour_of_day at character 13: hour_of_day=▸24 (give 0 to 23)"),
    ("hour_of_day>-1", "'-1' is no hour_of_day"),
    ("model^=a,b", "^= takes one value at character 9: model^=a▸,b (write model^=… or model^=…)"),
    ("5>tokens", "'>' is no operator here at character 2: 5▸>tokens (begin with the field, or write it as in 100<=duration_ms<200)"),
    ("5<tokens>3", "'>' is no operator here at character 9"),
    ("5 tokens", "'tokens' is no operator at character 3"),
    ("5<tool", "tool is a name"),
    ("tool=Bash\x00tool=Read", "'=' doesn't belong here at character 15"),
    ("\ud800", "is no field at character 1"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "words"), MISTAKES)
def test_a_mistake_is_pointed_at_with_what_would_be_right(text: str, words: str) -> None:
    with pytest.raises(BadQuestion) as mistake:
        parse(text, "--where")
    assert str(mistake.value).startswith("--where: ")
    assert words in str(mistake.value)


def test_of_a_long_text_the_part_around_the_mistake_is_shown() -> None:
    text = " or ".join(["tool=Bash"] * 100)
    with pytest.raises(BadQuestion) as mistake:
        parse(f"{text} or tol=Bash or {text}")
    assert mistake.value.what == (
        "there is no field 'tol' at character 1301: …ol=Bash or tool=Bash or ▸tol=Bash or tool=Bash or…"
    )


@pytest.mark.parametrize("opening", ["(", "not ", "(not ", "not("])
def test_what_lies_too_deep_is_told_and_what_lies_just_so_deep_is_read(opening: str) -> None:
    levels = DEPTH_MAX // (opening.count("(") + opening.count("not"))
    parse(opening * levels + "tool=Bash" + ")" * opening.count("(") * levels)
    for times in (levels + 1, LENGTH_MAX // len(opening) - 10):
        with pytest.raises(BadQuestion, match="more than 50 parentheses and nots lie within each other"):
            parse(opening * times + "tool=Bash" + ")" * opening.count("(") * times if times < 100 else opening * times)


def test_siblings_are_no_levels() -> None:
    assert parse(" or ".join(["not (tool=Bash)"] * 1000)) == Any_((Not(BASH),) * 1000)


def test_a_text_without_end_is_not_read() -> None:
    with pytest.raises(BadQuestion, match="is too long"):
        parse("(" * (LENGTH_MAX + 1))


@given(st.text(alphabet=st.sampled_from("tol=BashRedurtion_ms><!~^()'\", andornot159.\n\x00é"), max_size=40))
def test_any_text_is_a_condition_or_a_mistake(text: str) -> None:
    try:
        condition = parse(text)
    except BadQuestion:
        return
    assert parse(said(condition)) == condition


def _tests() -> SearchStrategy[Filter]:
    names, words = (
        st.sampled_from(NAMES),
        st.text(max_size=12) | st.sampled_from(("and", "Not", "a,b", "'", '"', "-5", "&")),
    )
    numbers = st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    clock = {"hour_of_day": st.integers(0, 23), "weekday": st.integers(1, 7)}
    lists = st.sampled_from((AnyOf, NoneOf))
    return st.one_of(
        st.builds(lambda kind, field, values: kind(field, tuple(values)), lists, names, st.lists(words, min_size=1)),
        *(
            st.builds(
                lambda kind, values, field=field: kind(field, tuple(values)), lists, st.lists(clock[field], min_size=1)
            )
            for field in CLOCK
        ),
        st.builds(Prefix, names, words),
        st.builds(Pattern, names, words),
        *(_ranges(field, numbers) for field in AMOUNTS),
        *(_ranges(field, clock[field]) for field in CLOCK),
    )


def _ranges(field: str, numbers: SearchStrategy[Any]) -> SearchStrategy[Filter]:
    outside = st.booleans()
    return st.one_of(
        st.builds(lambda low, out: Between(field, low=low, low_outside=out), numbers, outside),
        st.builds(lambda high, out: Between(field, high=high, high_outside=out), numbers, outside),
        st.builds(lambda *bounds: Between(field, *bounds), numbers, numbers, outside, outside),
    )


def _groups(parts: SearchStrategy[Filter]) -> SearchStrategy[Filter]:
    several = st.lists(parts, min_size=2, max_size=4).map(tuple)
    return st.builds(All, several) | st.builds(Any_, several) | st.builds(Not, parts)


@given(st.recursive(_tests(), _groups, max_leaves=12))
def test_what_is_said_of_a_condition_says_the_same_condition(condition: Filter) -> None:
    assert parse(said(condition)) == condition


@pytest.mark.parametrize("group", [All, Any_])
def test_a_group_of_one_is_said_as_that_one(group: type[All | Any_]) -> None:
    assert said(group((BASH,))) == "tool=Bash"
    assert parse(said(Not(group((Any_((BASH, READ)),))))) == Not(Any_((BASH, READ)))


@pytest.mark.parametrize("nothing", [All(()), Any_(()), AnyOf("tool", ()), Not(All(())), Between("tokens")])
def test_a_condition_of_nothing_is_not_said(nothing: Filter) -> None:
    with pytest.raises(BadQuestion, match="nothing in it"):
        said(nothing)


def test_a_condition_without_end_is_not_said() -> None:
    deep: Filter = BASH
    for _ in range(5000):
        deep = Not(deep)
    with pytest.raises(BadQuestion, match="within more than 100 others"):
        said(deep)
