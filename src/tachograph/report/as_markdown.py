"""A report in Markdown, as GitHub and others show it.

Names come from logs and may hold anything: they stand in code spans, in which nothing is markup, a link or HTML.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tachograph.report.about_report import lines_above, made_by, section_title
from tachograph.report.shortening import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tachograph.report.layouts import Column, Row
    from tachograph.report.report import Figure, Report, Section

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|~&$])")
_NUMBERS: Final = frozenset({"number", "detail"})
_NAMES: Final = frozenset({"name", "id", "list"})


def render(report: Report) -> str:
    """The report, which ends with a line feed."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"# {_text(report.title)}"
    for line in lines_above(report):
        yield ""
        yield _text(line)
    if report.summary:
        yield from ("", "## Figures", "", *_summary(report.summary))
    for section in report.sections:
        yield from _section(section, section_title(report, section))
    if report.remarks:
        yield from ("", "## Remarks", "")
        yield from (f"- {_text(line)}" for line in report.remarks)
    yield from ("", f"*{_text(made_by(report))}*")


def _summary(figures: Sequence[Figure]) -> Iterator[str]:
    compared = any(figure.change is not None for figure in figures)
    yield from _head(["", "value", *(["before", "change"] if compared else [])], [False, True, True, True])
    for figure in figures:
        more = [figure.shown_before, figure.shown_change] if compared else []
        yield _row([_text(text) for text in (figure.title, figure.shown, *more)])


def _section(section: Section, title: str | None) -> Iterator[str]:
    if title is not None:
        yield from ("", f"## {_text(title)}")
    if section.rows or section.total is not None:
        yield ""
        numbers = [column.kind in _NUMBERS for column in section.columns]
        yield from _head([_text(column.title) for column in section.columns], numbers)
        for row in section.rows:
            yield _row([_cell(column, row) for column in section.columns])
        if section.total is not None:
            texts = [_text(column.text(section.total)) for column in section.columns]
            yield _row([f"**{text}**" if text else "" for text in texts])
    if section.note:
        yield from ("", _text(section.note))


def _head(titles: Sequence[str], numbers: Sequence[bool]) -> Iterator[str]:
    yield _row(titles)
    yield f"|{'|'.join('--:' if is_number else '---' for is_number, _ in zip(numbers, titles, strict=False))}|"


def _row(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _cell(column: Column, row: Row) -> str:
    text = column.text(row)
    return _code(text) if column.kind in _NAMES and text else _text(text)


def _text(text: str) -> str:
    """A text in which nothing is markup."""
    return _SPECIAL.sub(r"\\\1", shortened(text))


def _code(text: str) -> str:
    """A name as a code span in a table, with a fence that it doesn't hold itself."""
    name = shortened(text)
    fence = "`" * (max(map(len, re.findall("`+", name)), default=0) + 1)
    padding = " " if name.startswith("`") or name.endswith("`") or name != name.strip() else ""
    return f"{fence}{padding}{name}{padding}{fence}".replace("|", "\\|")
