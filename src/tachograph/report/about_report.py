"""What stands above and below the tables of a report, in words that its formats share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tachograph.report.layouts import minute
from tachograph.report.printable import printable
from tachograph.report.shortening import shortened

if TYPE_CHECKING:
    from tachograph.report.report import Period, Report, Section


_LONGEST: Final = 400


def said_period(period: Period) -> str:
    """From when to when, in whose days."""
    if period.start is None or period.end is None:
        return "Nothing was recorded in this period."
    return f"{minute(period.start)} to {minute(period.end)}, in {printable(period.timezone)}"


def lines_above(report: Report) -> list[str]:
    """The period, what it is compared with, and what else was asked."""
    compared = []
    if report.before is not None and report.before.start is not None and report.before.end is not None:
        compared = [f"compared with {minute(report.before.start)} to {minute(report.before.end)}"]
    about = [line for line in report.about if not (compared and line.startswith("compared with "))]
    return [said_period(report.period), *compared, *(shortened(printable(line), _LONGEST) for line in about)]


def section_title(report: Report, section: Section) -> str | None:
    """What stands above a table; None where the title of the report says the same of its only one."""
    return None if len(report.sections) == 1 and section.title == report.title else section.title


def made_by(report: Report) -> str:
    """Who made it, and when if that is told."""
    from tachograph import __version__  # noqa: PLC0415 - the package's own first lines

    when = "" if report.made is None else f" on {minute(report.made)} UTC{report.made[19:].removesuffix('+00:00')}"
    return f"Made by Tachograph {__version__}{when}."
