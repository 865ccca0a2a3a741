"""Insights for people: one page, three lines for each at most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from tachograph.cli.insight_words import WORDS
from tachograph.cli.pages import new_console
from tachograph.insights.judging import LEAST_PAST
from tachograph.report.figures import several, share
from tachograph.report.insight_command import command
from tachograph.report.printable import printable
from tachograph.report.zones import zone_name

if TYPE_CHECKING:
    from argparse import Namespace
    from datetime import date

    from tachograph.insights.insight import Also, Days, Explanation, Findings, Insight
    from tachograph.insights.parts import Contribution

_SHOWN: Final = 10
_EXPLANATIONS_SHOWN: Final = 2
_SENSES: Final = {"bad": "worse", "good": "better", "neutral": "other"}
_STYLES: Final = {"bad": "bold red", "good": "bold green", "neutral": "bold"}
_ARROWS: Final = {"up": "▲", "down": "▼"}
_DIMENSIONS: Final = {"error_type": "kind of error", "acting_agent": "agent"}


def insights_page(findings: Findings, days: Days, options: Namespace) -> None:
    """The insights, the most important first; or why there are none."""
    console = new_console()
    whose = "Insights of the bundled demo history (made up)" if options.demo else "Insights"
    heading = f"{whose}, {days.since} to {days.until}, in {printable(zone_name(days.zone))}"
    console.print(Text(heading, style="bold"))
    for line in _empty(findings, days):
        console.print(line)
    for insight in findings.insights[:_SHOWN]:
        console.print()
        console.print(_first_line(insight), soft_wrap=True)
        if insight.explanations:
            told = "; ".join(_explained(insight, one) for one in insight.explanations[:_EXPLANATIONS_SHOWN])
            console.print(f"  explained by {told}", soft_wrap=True)
        console.print(
            Text(f"  {printable(command(insight, demo=options.demo, home=options.home))}", style="dim"), soft_wrap=True
        )
    more = len(findings.insights) - _SHOWN
    if more > 0:
        console.print(f"\n{several(more, 'more insight')}: --json has all of them")


def _empty(findings: Findings, days: Days) -> list[str]:
    """Why there are no insights; nothing if there are."""
    if findings.insights:
        return []
    if not findings.active_days:
        if findings.latest is None:
            return ["Nothing happened on these days, nor on any other."]
        latest = findings.latest
        return [
            f"Nothing happened on these days; the last before today is {latest}: tachograph insights --until {latest}"
        ]
    if findings.comparisons:
        compared = several(findings.comparisons, "comparison")
        return [f"Nothing unusual in {compared} of a day's figure with those of the six weeks before it."]
    there = several(findings.past_days, "day")
    return [
        f"Too little history: at least {LEAST_PAST} days like it are needed in the six weeks before a day.",
        f"In those before {days.until} there are {there} with any metrics; weekends are not like other days,",
        "and days with few calls don't count for their rates and durations.",
    ]


def _first_line(insight: Insight) -> Text:
    words = WORDS[insight.measure]
    where = "overall" if insight.project is None else f"in {printable(insight.project)}"
    usual = f"usually {words.value(insight.usual)} ({words.value(insight.low)} to {words.value(insight.high)})"
    when = f"{_day(insight.day)}{'' if insight.is_over else ' so far'}"
    rest = "".join([_duration(insight), *map(_also, insight.also)])
    return Text.assemble(
        (f"{_ARROWS[insight.direction]} {_SENSES[insight.sense]}", _STYLES[insight.sense]),
        (f" {words.title}", "bold"),
        f" {where}: {words.value(insight.value)} on {when}, {usual}{rest}",
    )


def _duration(insight: Insight) -> str:
    """Since when, where it was more than one day."""
    if insight.days == 1:
        return ""
    return f"; on {insight.days} days in a row since {_day(insight.since)}"


def _also(other: Also) -> str:
    words = WORDS[other.measure]
    return f"; {words.title} {words.value(other.value)}, usually {words.value(other.usual)}"


def _day(day: date) -> str:
    return f"{day:%a} {day}"


def _explained(insight: Insight, explanation: Explanation) -> str:
    dimension = _DIMENSIONS.get(explanation.dimension, explanation.dimension)
    groups = ", ".join(
        f"{printable(one.group or '')} ({_part(one.share)}: {_change(insight, explanation, one)})"
        for one in explanation.groups
    )
    return f"{dimension} {groups}"


def _part(of_change: float) -> str:
    """What others took back isn't told."""
    return "all of it" if of_change > 0.995 else f"{of_change:.0%} of it".replace("%", " %")


def _change(insight: Insight, explanation: Explanation, one: Contribution) -> str:
    """What changed in a group: its amount, its own rate, or how much of everything it is."""
    words, amounts = WORDS[insight.measure], one.amounts
    if one.mix is None or one.own is None:
        now = f"{words.part(amounts.part_after)} {words.events}".rstrip()
        return f"{now}, usually {words.part(amounts.part_before)}"
    rate = f"{_ratio(amounts.part_after, amounts.whole_after)}{words.of_things}"
    if abs(one.own) > abs(one.mix):
        return f"{rate}, usually {_ratio(amounts.part_before, amounts.whole_before)}"
    part = _ratio(amounts.whole_after, explanation.whole_after)
    usual = _ratio(amounts.whole_before, explanation.whole_before)
    return f"{part} of the {words.things}, usually {usual}, at {rate}"


def _ratio(part: float, whole: float) -> str:
    return share(part / whole if whole else 0)
